//! Every key of a configuration: what it takes, its bounds, its default, and why.
//!
//! This one list is what a file is read by and what `docs/configuration.md` is made of.

pub(super) mod channels;
pub(super) mod definitions;
mod kinds;
mod maintenance;
mod status_pages;

use std::time::Duration;

use self::kinds::{DNS, GRPC, HEARTBEAT, HTTP, MYSQL, PING, POSTGRES, REDIS, TCP, TLS, WEBSOCKET};
pub(super) use self::maintenance::MAINTENANCE;
pub(crate) use self::status_pages::FORMERLY_MAX;
pub(super) use self::status_pages::STATUS_PAGE;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(366 * 86_400);

/// What is used where nothing is written.
pub(super) mod default {
    use std::time::Duration;

    pub const INTERVAL: Duration = Duration::from_secs(60);
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    pub const FAILURE_THRESHOLD: u32 = 2;
    pub const SUCCESS_THRESHOLD: u32 = 1;
    pub const INITIAL_DELAY: Duration = Duration::ZERO;
    pub const CERTIFICATE_DAYS: u32 = 14;
    pub const FLAP_AFTER: u32 = 5;
    pub const ACCOUNTS: u32 = 1_000;
    pub const GATHER: Duration = Duration::from_secs(10);
    pub const RETENTION: Duration = Duration::from_secs(90 * 86_400);
}

/// The most conditions of one monitor.
pub(super) const CONDITIONS_MAX: usize = 20;
/// The longest name, in characters.
pub(super) const NAME_MAX: usize = 128;
/// The longest tag, in characters.
const TAG_MAX: usize = 64;
/// The most monitors of one server.
const MONITORS_MAX: usize = 10_000;
/// The most windows of planned maintenance.
const MAINTENANCE_MAX: usize = 1_000;
/// The most channels of one server.
const CHANNELS_MAX: usize = 1_000;
/// The most status pages of one server.
const STATUS_PAGES_MAX: usize = 200;
/// The most plans.
const PLANS_MAX: usize = 100;
/// The longest text where nothing else is said, in characters.
const TEXT_MAX: usize = 4_096;
/// The longest secret or body, in characters.
const SECRET_MAX: usize = 65_536;

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub default: Given,
    /// What it means, and the reason of its bounds, in one or two sentences.
    pub about: &'static str,
}

/// What is used when a key is not written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given {
    /// It must be written.
    Required,
    /// Nothing.
    Nothing,
    Duration(Duration),
    Number(u32),
    /// Something that depends on other things, in words.
    Words(&'static str),
}

/// What a key takes.
#[derive(Debug)]
pub(super) enum Kind {
    /// `30s`, `1m30s`.
    Duration { least: Duration, most: Duration },
    /// A whole number.
    Number { least: u64, most: u64 },
    /// `true` or `false`.
    Flag,
    /// Text of 1 to so many characters.
    Text { most: usize },
    /// Text of at most so many characters that is never shown.
    Secret { most: usize },
    /// A file, relative to the configuration's directory.
    File,
    /// A file as [`Self::File`], or the picture itself as a `data:` URL.
    Picture,
    /// A directory, relative to the configuration's.
    Directory,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of at most so many.
    List { of: &'static Kind, most: usize },
    /// Names that the writer chooses, each with a value.
    Names { of: &'static Kind, most: usize },
    /// A block with its own keys.
    Block(&'static Block),
    /// A channel: a block whose keys depend on its `type`.
    Channel,
}

/// A block and its keys.
#[derive(Debug)]
pub(super) struct Block {
    /// What it is, for messages: `a monitor`, `http`.
    pub title: &'static str,
    pub keys: &'static [Key],
}

impl Block {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

const TEXT: Kind = Kind::Text { most: TEXT_MAX };
const SECRET: Kind = Kind::Secret { most: SECRET_MAX };

const fn key(name: &'static str, kind: Kind, default: Given, about: &'static str) -> Key {
    Key { name, kind, default, about }
}

/// The whole file.
pub(super) static FILE: Block = Block {
    title: "a configuration",
    keys: &[
        key(
            "defaults",
            Kind::Block(&DEFAULTS),
            Given::Nothing,
            "What monitors have that do not say it themselves, those given as URLs on the command line included.",
        ),
        key(
            "channels",
            Kind::Names { of: &Kind::Channel, most: CHANNELS_MAX },
            Given::Nothing,
            "Who is told, by name.",
        ),
        key(
            "monitors",
            Kind::List { of: &Kind::Block(&MONITOR), most: MONITORS_MAX },
            Given::Nothing,
            "What is watched. More than 10,000 belong on several servers.",
        ),
        key(
            "maintenance",
            Kind::List { of: &Kind::Block(&MAINTENANCE), most: MAINTENANCE_MAX },
            Given::Nothing,
            "Planned maintenance: checks go on, nobody is told, uptime counts the time apart.",
        ),
        key(
            "status_pages",
            Kind::List { of: &Kind::Block(&STATUS_PAGE), most: STATUS_PAGES_MAX },
            Given::Nothing,
            "What strangers are told, see [status pages](status-pages.md).",
        ),
        key(
            "plans",
            Kind::Names { of: &Kind::Block(&PLAN), most: PLANS_MAX },
            Given::Nothing,
            "What accounts may have, by the name of the plan, see [accounts](accounts.md#plans). An account without a plan has \
             no limits.",
        ),
        key(
            "server",
            Kind::Block(&SERVER),
            Given::Nothing,
            "The server itself. What the command line says comes first.",
        ),
    ],
};

const INTERVAL: Key = key(
    "interval",
    Kind::Duration { least: SECOND, most: DAY },
    Given::Duration(default::INTERVAL),
    "From one asking to the next. Shorter than a second is a load test; longer than a day goes unnoticed.",
);
const TIMEOUT: Key = key(
    "timeout",
    Kind::Duration { least: Duration::from_millis(100), most: DAY },
    Given::Duration(default::TIMEOUT),
    "The one deadline of an asking, over all phases and redirects. Longer than the interval is refused; one that is \
     inherited is shortened to the interval.",
);
const FAILURE_THRESHOLD: Key = key(
    "failure_threshold",
    Kind::Number { least: 1, most: 100 },
    Given::Number(default::FAILURE_THRESHOLD),
    "Failures in a row until it is down. Two, so that one lost packet wakes nobody.",
);
const SUCCESS_THRESHOLD: Key = key(
    "success_threshold",
    Kind::Number { least: 1, most: 100 },
    Given::Number(default::SUCCESS_THRESHOLD),
    "Successes in a row until it is up again.",
);
const INITIAL_DELAY: Key = key(
    "initial_delay",
    Kind::Duration { least: Duration::ZERO, most: DAY },
    Given::Duration(default::INITIAL_DELAY),
    "How long a new monitor waits before it is asked for the first time.",
);
const DEGRADED_ABOVE: Key = key(
    "degraded_above",
    Kind::Duration { least: Duration::from_millis(1), most: DAY },
    Given::Nothing,
    "A pass slower than this is a warning. Less than the timeout, or it never could be.",
);
const CERTIFICATE_DAYS: Key = key(
    "certificate_days",
    Kind::Number { least: 0, most: 3_650 },
    Given::Number(default::CERTIFICATE_DAYS),
    "A certificate that ends within so many days is a warning. 0 warns never; an expired one fails all the same.",
);

const REMIND_EVERY: Key = key(
    "remind_every",
    Kind::Duration { least: Duration::from_secs(60), most: Duration::from_secs(30 * 86_400) },
    Given::Nothing,
    "How long until people are reminded of what lasts and nobody has acknowledged; again and again.",
);
const FLAP_AFTER: Key = key(
    "flap_after",
    Kind::Number { least: 0, most: 100 },
    Given::Number(default::FLAP_AFTER),
    "Outages within half an hour that are told as one that comes and goes: then once an hour, and when it has been the same \
     for 15 minutes. 0 tells each outage.",
);

pub(super) static DEFAULTS: Block = Block {
    title: "defaults",
    keys: &[
        INTERVAL,
        TIMEOUT,
        FAILURE_THRESHOLD,
        SUCCESS_THRESHOLD,
        INITIAL_DELAY,
        DEGRADED_ABOVE,
        CERTIFICATE_DAYS,
        REMIND_EVERY,
        FLAP_AFTER,
        key("channels", Kind::List { of: &TEXT, most: 20 }, Given::Nothing, "The channels of monitors that name none."),
    ],
};

/// One monitor.
pub(super) static MONITOR: Block = Block {
    title: "a monitor",
    keys: &[
        key(
            "name",
            TEXT,
            Given::Required,
            "Its name: 1 to 128 characters, no control characters, unlike any other. Its history belongs to the name: \
             one that is renamed says what it was called in `renamed_from`, else it is a new one.",
        ),
        key(
            "renamed_from",
            TEXT,
            Given::Nothing,
            "The name it had before. Its number and its history go on under the new name; once that is done the key means \
             nothing and may stay or go.",
        ),
        key("http", Kind::Block(&HTTP), Given::Words("one of the kinds must be written"), "Ask over HTTP."),
        key("tcp", Kind::Block(&TCP), Given::Words("as `http`"), "Connect over TCP."),
        key("tls", Kind::Block(&TLS), Given::Words("as `http`"), "Speak TLS and look at the certificate."),
        key("dns", Kind::Block(&DNS), Given::Words("as `http`"), "Ask a DNS server for records."),
        key("ping", Kind::Block(&PING), Given::Words("as `http`"), "Send echo requests (ICMP)."),
        key("grpc", Kind::Block(&GRPC), Given::Words("as `http`"), "Ask the health service of a gRPC server."),
        key("websocket", Kind::Block(&WEBSOCKET), Given::Words("as `http`"), "Open a WebSocket."),
        key(
            "postgres",
            Kind::Block(&POSTGRES),
            Given::Words("as `http`"),
            "Log in to a PostgreSQL server and send it one query.",
        ),
        key(
            "mysql",
            Kind::Block(&MYSQL),
            Given::Words("as `http`"),
            "Log in to a MySQL or MariaDB server and send it one query.",
        ),
        key("redis", Kind::Block(&REDIS), Given::Words("as `http`"), "Log in to a Redis server and PING it."),
        key(
            "heartbeat",
            Kind::Block(&HEARTBEAT),
            Given::Words("as `http`"),
            "Wait to be called. Down after the first call that does not come, unless `failure_threshold` says otherwise; `interval`, \
             `timeout` and `initial_delay` mean nothing for it.",
        ),
        INTERVAL,
        TIMEOUT,
        FAILURE_THRESHOLD,
        SUCCESS_THRESHOLD,
        INITIAL_DELAY,
        DEGRADED_ABOVE,
        CERTIFICATE_DAYS,
        REMIND_EVERY,
        FLAP_AFTER,
        key(
            "conditions",
            Kind::List { of: &TEXT, most: CONDITIONS_MAX },
            Given::Nothing,
            "What must hold of an answer, in CEL; all of it. What cannot be evaluated does not hold.",
        ),
        key(
            "channels",
            Kind::List { of: &TEXT, most: 20 },
            Given::Words("those of `defaults`"),
            "The names of the channels that are told. `[]` tells nobody.",
        ),
        key(
            "tags",
            Kind::List { of: &Kind::Text { most: TAG_MAX }, most: 20 },
            Given::Nothing,
            "Words it can be found by: letters, digits, `-`, `_`, `.`, `:` and `/`.",
        ),
        key(
            "group",
            Kind::Text { most: NAME_MAX },
            Given::Nothing,
            "What it belongs to: a service, a customer, a team. At most one, named as monitors are.",
        ),
        key(
            "depends_on",
            Kind::List { of: &TEXT, most: 20 },
            Given::Nothing,
            "The names of monitors without which it cannot be well. While one of them is down, nobody is told of this one by \
             itself.",
        ),
        key("paused", Kind::Flag, Given::Words("`false`"), "Whether it is not asked for now."),
    ],
};

/// One plan.
static PLAN: Block = Block {
    title: "a plan",
    keys: &[
        key(
            "monitors",
            Kind::Number { least: 0, most: 100_000 },
            Given::Words("no limit"),
            "The most monitors, those that are paused included.",
        ),
        key(
            "min_interval",
            Kind::Duration { least: SECOND, most: DAY },
            Given::Words("no limit"),
            "The shortest `interval` of a monitor; also what a monitor has that does not say its own, where the defaults say less.",
        ),
    ],
};

static SERVER: Block = Block {
    title: "server",
    keys: &[
        key("listen", TEXT, Given::Words("`127.0.0.1:7878`"), "The address to serve pages and the API at."),
        key(
            "data",
            Kind::Directory,
            Given::Words("as `--data` says"),
            "The directory of the databases; created if missing.",
        ),
        key("public_url", TEXT, Given::Nothing, "Where people reach the server, for links in messages."),
        key(
            "channels_dir",
            Kind::Directory,
            Given::Nothing,
            "A directory with definitions of channels, `NAME.yaml` each; one with the name of a built-in type takes its place.",
        ),
        key(
            "mail",
            Kind::Block(&channels::MAIL),
            Given::Nothing,
            "The relay for what the server itself writes to people: to those who subscribe to a status page, and to users.",
        ),
        key(
            "sign_up",
            Kind::Block(&SIGN_UP),
            Given::Words("nobody makes an account by themselves"),
            "Lets whoever has a mail address make an account of their own, see [accounts](accounts.md#let-people-sign-up). Needs `mail`.",
        ),
        key(
            "retention",
            Kind::Duration { least: DAY, most: Duration::from_secs(3_660 * 86_400) },
            Given::Duration(default::RETENTION),
            "How long single results are kept. Incidents and uptime are kept for good.",
        ),
        key(
            "gather",
            Kind::Duration { least: Duration::ZERO, most: Duration::from_secs(60) },
            Given::Duration(default::GATHER),
            "How long messages to a channel that people read wait for each other when they follow another one, to go as one that \
             names them all. The first goes at once. `0s` sends each by itself.",
        ),
        key(
            "connectivity",
            Kind::Block(&CONNECTIVITY),
            Given::Nothing,
            "How the server finds out whether it is itself cut off.",
        ),
        key(
            "address_policy",
            Kind::Block(&ADDRESS_POLICY),
            Given::Nothing,
            "Which addresses may be connected to, checked for every resolved address of every hop and for every DNS server that a \
             monitor names.",
        ),
    ],
};

static SIGN_UP: Block = Block {
    title: "sign_up",
    keys: &[
        key("plan", TEXT, Given::Required, "The plan of new accounts, one of `plans`."),
        key(
            "accounts",
            Kind::Number { least: 2, most: 10_000 },
            Given::Number(default::ACCOUNTS),
            "How many accounts the server has at most; nobody makes another when they are there. An idle one costs a few tasks.",
        ),
        key(
            "private_networks",
            Kind::Flag,
            Given::Words("`false`"),
            "Whether monitors and channels of all accounts but the first may connect to addresses that are not globally routable, as \
             far as `address_policy` lets the server itself.",
        ),
    ],
};

static CONNECTIVITY: Block = Block {
    title: "connectivity",
    keys: &[key(
        "anchors",
        Kind::List { of: &TEXT, most: 16 },
        Given::Words("the gateway and the resolvers"),
        "Addresses (`host:port`) that prove that the network works; a refused connection proves it as well.",
    )],
};

static ADDRESS_POLICY: Block = Block {
    title: "address_policy",
    keys: &[
        key(
            "deny_private",
            Kind::Flag,
            Given::Words("`false`"),
            "Whether addresses that are not globally routable are refused. Right where strangers may add monitors. A \
             `dns` monitor without `server` then asks only those of the system's name servers that are not refused.",
        ),
        key(
            "allow",
            Kind::List { of: &TEXT, most: 256 },
            Given::Nothing,
            "Networks that are allowed all the same: `10.1.0.0/16`, `fd00::/8`, `192.0.2.7`.",
        ),
    ],
};
