//! The keys of each kind of monitor: what is asked, and how.

use std::time::Duration;

use super::{Block, Given, Key, Kind, SECOND, SECRET, TEXT, YEAR, key};

/// RFC 2181, 8: a time to live has 31 bits.
const TTL_MAX: Duration = Duration::from_secs(0x7fff_ffff);

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
const CONNECT: Key = key(
    "connect",
    TEXT,
    Given::Words("the URL's"),
    "Connect to this `host:port` instead; the name in TLS and the Host header stay.",
);
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
        CONNECT,
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
        CONNECT,
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
    title: "tls options",
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
