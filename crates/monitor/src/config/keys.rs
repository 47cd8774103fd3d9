//! Every key of a configuration: what it takes, its bounds, its default, and why.
//!
//! This one list is what a file is read by and what `docs/configuration.md` is made of.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(366 * 86_400);
/// RFC 2181, 8: a time to live has 31 bits.
const TTL_MAX: Duration = Duration::from_secs(0x7fff_ffff);

/// What is used where nothing is written.
pub(super) mod default {
    use std::time::Duration;

    pub const INTERVAL: Duration = Duration::from_secs(60);
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    pub const FAILURE_THRESHOLD: u32 = 2;
    pub const SUCCESS_THRESHOLD: u32 = 1;
    pub const INITIAL_DELAY: Duration = Duration::ZERO;
    pub const CERTIFICATE_DAYS: u32 = 14;
    pub const RETENTION: Duration = Duration::from_secs(90 * 86_400);
}

/// The most conditions of one monitor.
pub(super) const CONDITIONS_MAX: usize = 20;
/// The longest name, in characters.
pub(super) const NAME_MAX: usize = 128;
/// The most monitors of one server.
const MONITORS_MAX: usize = 10_000;
/// The most channels of one server.
const CHANNELS_MAX: usize = 1_000;
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
    /// A block whose keys depend on its `type`.
    Typed(&'static [(&'static str, &'static Block)]),
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
            Kind::Names { of: &Kind::Typed(CHANNELS), most: CHANNELS_MAX },
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

static DEFAULTS: Block = Block {
    title: "defaults",
    keys: &[
        INTERVAL,
        TIMEOUT,
        FAILURE_THRESHOLD,
        SUCCESS_THRESHOLD,
        INITIAL_DELAY,
        DEGRADED_ABOVE,
        CERTIFICATE_DAYS,
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
             a renamed monitor is a new one.",
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
        key("paused", Kind::Flag, Given::Words("`false`"), "Whether it is not asked for now."),
    ],
};

const IP_VERSION: Key = key(
    "ip_version",
    Kind::Word(&["any", "ipv4", "ipv6"]),
    Given::Words("`any`"),
    "Which addresses of the name to try.",
);
const RESOLVER: Key = key(
    "resolver",
    TEXT,
    Given::Words("the system's"),
    "The address of a DNS server to ask: `192.0.2.53` or `192.0.2.53:5353`.",
);
const TLS_OPTIONS: Key = key("tls", Kind::Block(&TLS_BLOCK), Given::Nothing, "How to speak TLS.");
const ADDRESS: Key = key("address", TEXT, Given::Required, "`host:port`; IPv6 in brackets: `[::1]:5432`.");

/// Asking over HTTP.
pub(super) static HTTP: Block = Block {
    title: "http",
    keys: &[
        key("url", TEXT, Given::Required, "`http://` or `https://`."),
        key("method", Kind::Text { most: 32 }, Given::Words("`GET`"), "The method."),
        key(
            "headers",
            Kind::Names { of: &SECRET, most: 64 },
            Given::Nothing,
            "Headers to send. Their values are kept like passwords.",
        ),
        key("body", SECRET, Given::Nothing, "The body to send."),
        key("basic_auth", Kind::Block(&BASIC_AUTH), Given::Nothing, "User and password for basic authentication."),
        key("bearer_token", SECRET, Given::Nothing, "A bearer token."),
        key(
            "max_redirects",
            Kind::Number { least: 0, most: 20 },
            Given::Number(10),
            "How many redirects to follow. Browsers give up after twenty; 0 follows none.",
        ),
        key(
            "expected_status",
            Kind::List { of: &Kind::Text { most: 32 }, most: 64 },
            Given::Words("`[2xx]`, unless a condition names `status`"),
            "The status codes that are well: `200`, `2xx`, `200-204`.",
        ),
        key(
            "max_body",
            Kind::Number { least: 1, most: 10 << 20 },
            Given::Words("1048576 (1 MiB)"),
            "The largest body in bytes, counted after decompression; a larger one fails. What is read lies in memory.",
        ),
        IP_VERSION,
        RESOLVER,
        key(
            "connect",
            TEXT,
            Given::Words("the URL's"),
            "Connect to this `host:port` instead; the name in TLS and the Host header stay.",
        ),
        TLS_OPTIONS,
    ],
};

static BASIC_AUTH: Block = Block {
    title: "basic_auth",
    keys: &[key("user", TEXT, Given::Required, "The user."), key("password", SECRET, Given::Required, "The password.")],
};

/// Asking over TCP.
pub(super) static TCP: Block = Block {
    title: "tcp",
    keys: &[
        ADDRESS,
        key(
            "send",
            TEXT,
            Given::Nothing,
            "What to say after connecting; `\\r`, `\\n`, `\\t`, `\\\\` and `\\xNN` are understood.",
        ),
        key("expect", TEXT, Given::Nothing, "What the answer must contain, within its first 64 KiB."),
        IP_VERSION,
        RESOLVER,
    ],
};

/// Asking over TLS.
pub(super) static TLS: Block = Block {
    title: "tls",
    keys: &[
        ADDRESS,
        key(
            "starttls",
            Kind::Word(&["smtp", "imap", "pop3", "postgres"]),
            Given::Words("TLS from the first byte"),
            "The protocol to leave by STARTTLS.",
        ),
        TLS_OPTIONS,
        IP_VERSION,
        RESOLVER,
    ],
};

/// Asking a DNS server.
pub(super) static DNS: Block = Block {
    title: "dns",
    keys: &[
        key("name", TEXT, Given::Required, "The name to ask for; for `type: PTR` an IP address will do."),
        key(
            "type",
            Kind::Word(&["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "SRV", "CAA", "PTR"]),
            Given::Words("`A`"),
            "The type of record. An answer without any record of it fails.",
        ),
        key(
            "server",
            TEXT,
            Given::Words("the system's"),
            "The server to ask: `192.0.2.53`, `192.0.2.53:5353` or `ns1.example.com`. The silence of the system's own is \
             our trouble and alerts nobody; that of a server named here is a failure.",
        ),
        key(
            "transport",
            Kind::Word(&["udp", "tcp", "tls"]),
            Given::Words("`udp`"),
            "`udp` turns to TCP when the answer does not fit; `tls` is RFC 7858, port 853, and needs a `server`.",
        ),
        key(
            "expect",
            Kind::List { of: &TEXT, most: 64 },
            Given::Words("any value"),
            "The values the records must have, in any order, as a zone file writes them: `10 mail.example.com`.",
        ),
        key(
            "match",
            Kind::Word(&["set", "subset"]),
            Given::Words("`set`"),
            "`set`: these values and no others; `subset`: others may stand beside them.",
        ),
        key(
            "rcode",
            Kind::Word(&["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"]),
            Given::Words("`NOERROR`"),
            "The response code that is well. `NXDOMAIN` watches that a name is gone.",
        ),
        key(
            "authoritative",
            Kind::Flag,
            Given::Words("either is well"),
            "Whether the answer must, or must not, be authoritative.",
        ),
        key(
            "min_ttl",
            Kind::Duration { least: Duration::ZERO, most: TTL_MAX },
            Given::Nothing,
            "The shortest time to live of a record that is well. A resolver counts it down; ask the authoritative server.",
        ),
        key(
            "max_ttl",
            Kind::Duration { least: Duration::ZERO, most: TTL_MAX },
            Given::Nothing,
            "The longest time to live of a record that is well.",
        ),
        TLS_OPTIONS,
        IP_VERSION,
        RESOLVER,
    ],
};

/// Sending echo requests.
pub(super) static PING: Block = Block {
    title: "ping",
    keys: &[
        key("host", TEXT, Given::Required, "A name or an address."),
        key("count", Kind::Number { least: 1, most: 100 }, Given::Number(3), "How many packets; 100 last 20 s."),
        key(
            "gap",
            Kind::Duration { least: Duration::from_millis(2), most: Duration::from_secs(60) },
            Given::Duration(Duration::from_millis(200)),
            "From one packet to the next. More packets a second are a flood.",
        ),
        key(
            "wait",
            Kind::Duration { least: Duration::from_millis(1), most: Duration::from_secs(60) },
            Given::Duration(Duration::from_secs(1)),
            "How long to wait for replies after the last packet, as far as the timeout lets. What is not here then is lost.",
        ),
        key(
            "max_loss",
            Kind::Number { least: 0, most: 99 },
            Given::Number(50),
            "How many packets of a hundred may be lost. More fail, fewer are a warning.",
        ),
        IP_VERSION,
        RESOLVER,
    ],
};

/// Asking a gRPC server.
pub(super) static GRPC: Block = Block {
    title: "grpc",
    keys: &[
        ADDRESS,
        key(
            "service",
            TEXT,
            Given::Words("the whole server"),
            "Whose health to ask for, as `grpc.health.v1` names it: `orders.v1.Orders`.",
        ),
        key(
            "metadata",
            Kind::Names { of: &SECRET, most: 64 },
            Given::Nothing,
            "Metadata to send. Their values are kept like passwords.",
        ),
        key(
            "tls",
            Kind::Block(&TLS_BLOCK),
            Given::Words("none: plain text"),
            "How to speak TLS; `{}` speaks it as the system trusts.",
        ),
        IP_VERSION,
        RESOLVER,
    ],
};

/// Opening a WebSocket.
pub(super) static WEBSOCKET: Block = Block {
    title: "websocket",
    keys: &[
        key("url", TEXT, Given::Required, "`ws://` or `wss://`."),
        key("subprotocol", Kind::Text { most: 128 }, Given::Nothing, "The subprotocol that the server must agree to."),
        key(
            "headers",
            Kind::Names { of: &SECRET, most: 64 },
            Given::Nothing,
            "Headers of the handshake. Their values are kept like passwords.",
        ),
        key("send", SECRET, Given::Nothing, "The text message to send once it is open."),
        key(
            "expect",
            TEXT,
            Given::Nothing,
            "What one of the messages that come must contain; each has at most 64 KiB, all of them together too.",
        ),
        key(
            "connect",
            TEXT,
            Given::Words("the URL's"),
            "Connect to this `host:port` instead; the name in TLS and the Host header stay.",
        ),
        TLS_OPTIONS,
        IP_VERSION,
        RESOLVER,
    ],
};

const QUERY: Key =
    key("query", TEXT, Given::Words("`SELECT 1`"), "The one query. Give the user no more rights than it needs.");
const QUERY_EXPECT: Key =
    key("expect", TEXT, Given::Words("anything"), "What the first column of the first row must be, as text.");

/// Asking a PostgreSQL server.
pub(super) static POSTGRES: Block = Block {
    title: "postgres",
    keys: &[
        key(
            "dsn",
            SECRET,
            Given::Required,
            "`postgres://user:password@host:5432/database?sslmode=verify-full`, kept like a password. `sslmode` is `disable`, \
             `prefer` (TLS where the server speaks it, any certificate), `require` (TLS, any certificate) or `verify-full`; \
             `prefer` when it is not said, `verify-full` with a `tls` block.",
        ),
        QUERY,
        QUERY_EXPECT,
        TLS_OPTIONS,
        IP_VERSION,
        RESOLVER,
    ],
};

/// Asking a MySQL or MariaDB server.
pub(super) static MYSQL: Block = Block {
    title: "mysql",
    keys: &[
        key(
            "dsn",
            SECRET,
            Given::Required,
            "`mysql://user:password@host:3306/database?ssl-mode=verify-full`, kept like a password. `ssl-mode` takes the words of \
             PostgreSQL's `sslmode` and MySQL's own (`REQUIRED`, `VERIFY_IDENTITY`); `prefer` when it is not said, `verify-full` \
             with a `tls` block.",
        ),
        QUERY,
        QUERY_EXPECT,
        TLS_OPTIONS,
        IP_VERSION,
        RESOLVER,
    ],
};

/// Asking a Redis server.
pub(super) static REDIS: Block = Block {
    title: "redis",
    keys: &[
        key(
            "dsn",
            SECRET,
            Given::Required,
            "`redis://user:password@host:6379/0`, kept like a password; `redis://:password@host` without a user; \
             `rediss://` speaks TLS.",
        ),
        TLS_OPTIONS,
        IP_VERSION,
        RESOLVER,
    ],
};

/// Waiting to be called.
pub(super) static HEARTBEAT: Block = Block {
    title: "heartbeat",
    keys: &[
        key(
            "period",
            Kind::Duration { least: SECOND, most: YEAR },
            Given::Words("one of `period`, `cron` and `on_calendar` must be written"),
            "Calls are expected each time this long after the one before.",
        ),
        key("cron", TEXT, Given::Words("as `period`"), "Calls are expected when this line of cron says: `0 3 * * *`."),
        key(
            "on_calendar",
            TEXT,
            Given::Words("as `period`"),
            "Calls are expected when systemd's `OnCalendar` says: `Mon..Fri 02:30`, `daily`.",
        ),
        key("timezone", TEXT, Given::Words("`UTC`"), "The time zone of `cron` and `on_calendar`: `Europe/Berlin`."),
        key(
            "grace",
            Kind::Duration { least: Duration::ZERO, most: YEAR },
            Given::Duration(Duration::from_secs(300)),
            "How much later than expected a call is in time.",
        ),
        key(
            "max_run",
            Kind::Duration { least: SECOND, most: YEAR },
            Given::Words("`grace`, or until the next call is due, whichever is later"),
            "How long a run may take from its `/start`.",
        ),
        key(
            "token",
            SECRET,
            Given::Words("made from the name and a key in the data directory"),
            "Who knows it may call. 16 to 128 letters, digits, dashes and underscores. `allswell heartbeats` lists the addresses.",
        ),
    ],
};

/// How to speak TLS.
pub(super) static TLS_BLOCK: Block = Block {
    title: "tls",
    keys: &[
        key("ca", Kind::File, Given::Words("the system's roots"), "A PEM file with the roots to trust instead."),
        key("client_cert", Kind::File, Given::Nothing, "A PEM file with the client's certificate chain."),
        key("client_key", Kind::File, Given::Nothing, "A PEM file with the client's key."),
        key("server_name", TEXT, Given::Words("the host's"), "The name to ask for and to verify."),
        key(
            "insecure",
            Kind::Flag,
            Given::Words("`false`"),
            "Accept any certificate. What is wrong with it is still recorded and shown.",
        ),
    ],
};

/// The kinds of channels by their `type`.
pub(super) static CHANNELS: &[(&str, &Block)] = &[("email", &EMAIL), ("webhook", &WEBHOOK)];

const TYPE: Key = key("type", Kind::Word(&["email", "webhook"]), Given::Required, "The kind of channel.");
const CHANNEL_CA: Key =
    key("ca", Kind::File, Given::Words("the system's roots"), "A PEM file with the roots to trust instead.");

static EMAIL: Block = Block {
    title: "a channel of type email",
    keys: &[
        TYPE,
        key(
            "smtp",
            SECRET,
            Given::Required,
            "The relay: `smtp://user:password@host:port`, `smtps://` (TLS from the first byte, port 465) or \
             `smtp+starttls://` (never in the clear, port 587).",
        ),
        key("from", TEXT, Given::Required, "The sender: `allswell@example.com` or `Allswell <allswell@example.com>`."),
        key(
            "to",
            Kind::List { of: &TEXT, most: 50 },
            Given::Required,
            "The recipients. More are a mailing list's job.",
        ),
        key(
            "starttls",
            Kind::Word(&["auto", "required", "off"]),
            Given::Words("`auto` for `smtp://`"),
            "Whether to turn to TLS after a greeting in the clear. A password never leaves in the clear but to this machine.",
        ),
        key("username", TEXT, Given::Nothing, "The user, when not in the URL."),
        key("password", SECRET, Given::Nothing, "The password, when not in the URL."),
        CHANNEL_CA,
    ],
};

static WEBHOOK: Block = Block {
    title: "a channel of type webhook",
    keys: &[
        TYPE,
        key(
            "url",
            SECRET,
            Given::Required,
            "`http://` or `https://`. Who knows it may write to it, so it is kept like a password.",
        ),
        key("secret", SECRET, Given::Nothing, "Signs each request with HMAC-SHA256; unsigned when there is none."),
        key(
            "secrets",
            Kind::List { of: &SECRET, most: 2 },
            Given::Nothing,
            "Two secrets, while one replaces the other.",
        ),
        key("headers", Kind::Names { of: &SECRET, most: 64 }, Given::Nothing, "More headers to send."),
        CHANNEL_CA,
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
            "retention",
            Kind::Duration { least: DAY, most: Duration::from_secs(3_660 * 86_400) },
            Given::Duration(default::RETENTION),
            "How long single results are kept. Incidents and uptime are kept for good.",
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
            "Which addresses may be connected to, checked for every resolved address of every hop.",
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
            "Whether addresses that are not globally routable are refused. Right where strangers may add monitors.",
        ),
        key(
            "allow",
            Kind::List { of: &TEXT, most: 256 },
            Given::Nothing,
            "Networks that are allowed all the same: `10.1.0.0/16`, `fd00::/8`, `192.0.2.7`.",
        ),
    ],
};
