//! What is asked: the settings as a person wrote them, checked and made ready once.

use std::fmt;

use serde::Deserialize;

use crate::condition::Condition;
use crate::dialer::{self, IpVersion, Resolver};
use crate::evidence::Secrets;
use crate::{dns, grpc, heartbeat, http, mysql, ping, postgres, redis, sql, tcp, tls, websocket};

/// One of the kinds of asking, as written in a configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settings {
    /// `http: { url: ... }`
    Http(http::Settings),
    /// `tcp: { address: ... }`
    Tcp(tcp::Settings),
    /// `tls: { address: ... }`
    Tls(tls::Settings),
    /// `dns: { name: ... }`
    Dns(Box<dns::Settings>),
    /// `grpc: { address: ... }`
    Grpc(Box<grpc::Settings>),
    /// `websocket: { url: ... }`
    Websocket(Box<websocket::Settings>),
    /// `ping: { host: ... }`
    Ping(Box<ping::Settings>),
    /// `postgres: { dsn: ... }`
    Postgres(Box<sql::Settings>),
    /// `mysql: { dsn: ... }`, for MariaDB as well
    Mysql(Box<sql::Settings>),
    /// `redis: { dsn: ... }`
    Redis(Box<redis::Settings>),
    /// `heartbeat: { period: ... }`, which waits and is never asked
    Heartbeat(Box<heartbeat::Settings>),
}

impl Settings {
    /// Says what keeps a condition from ever being held against an answer of this kind.
    fn can_answer(&self, condition: &Condition) -> Result<(), String> {
        let (kind, known): (_, &[_]) = match self {
            Self::Http(_) => return Ok(()),
            Self::Tcp(settings) if settings.expect.is_some() => ("tcp", &["time", "text", "body"]),
            Self::Tcp(_) if condition.mentions("text") || condition.mentions("body") => {
                return Err("nothing is read from a tcp target without `expect`; write what the answer must contain, \
                            or look at `time` alone"
                    .to_owned());
            }
            Self::Tcp(_) => ("tcp", &["time"]),
            Self::Tls(_) => ("tls", &["time", "certificate"]),
            Self::Dns(settings) if settings.transport == dns::Transport::Tls => {
                ("dns", &["time", "text", "certificate"])
            }
            Self::Dns(_) => ("dns", &["time", "text"]),
            Self::Grpc(_) => ("grpc", &["time", "certificate"]),
            Self::Websocket(settings) if settings.expect.is_some() => ("websocket", &["time", "text", "certificate"]),
            Self::Websocket(_) => ("websocket", &["time", "certificate"]),
            Self::Ping(_) => ("ping", &["time", "text", "body"]),
            Self::Postgres(_) => ("postgres", &["time", "text", "certificate"]),
            Self::Mysql(_) => ("mysql", &["time", "text", "certificate"]),
            Self::Heartbeat(_) => return Err("a heartbeat has no answer to hold it against; remove it".to_owned()),
            Self::Redis(_) => ("redis", &["time", "certificate"]),
        };
        match condition.names().iter().find(|name| !known.contains(name)) {
            Some(name) => {
                Err(format!("the answer of a {kind} target has no `{name}`; there is `{}`", known.join("`, `")))
            }
            None => Ok(()),
        }
    }
}

/// Why a question cannot be asked. Found when it is saved.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// A value that cannot be used.
    #[error("`{field}`: {why}")]
    Field {
        /// The path of the field below the kind: `url`, `tls.ca`, `headers.X-Key`.
        field: String,
        /// What is wrong with the value, with the value and the way out.
        why: String,
    },
    /// A condition that cannot be meant.
    #[error("condition {index}: {why}")]
    Condition {
        /// Which one, from 0 on.
        index: usize,
        /// Where in its text, in characters from 1 on, when known.
        column: Option<usize>,
        /// What is wrong, and the way out.
        why: String,
    },
}

impl QuestionError {
    pub(crate) fn field(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Field { field: field.into(), why: why.into() }
    }
}

/// Settings that were checked and made ready for asking.
pub struct Question {
    pub(crate) kind: Kind,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) certificate_days: u32,
    pub(crate) explains: bool,
    target: String,
    host: String,
}

impl fmt::Debug for Question {
    /// Shows the target alone: everything else may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("target", &self.target).finish_non_exhaustive()
    }
}

pub(crate) enum Kind {
    Http(Box<http::Prepared>),
    Tcp(tcp::Prepared),
    Tls(Box<tls::Prepared>),
    Dns(Box<dns::Prepared>),
    Grpc(Box<grpc::Prepared>),
    Websocket(Box<websocket::Prepared>),
    Ping(Box<ping::Prepared>),
    Postgres(Box<sql::Prepared>),
    Mysql(Box<sql::Prepared>),
    Redis(Box<redis::Prepared>),
    Heartbeat(Box<heartbeat::Awaited>),
}

impl Question {
    /// All kinds, by the word that [`Self::kind`] gives.
    pub const KINDS: [&'static str; 11] =
        ["http", "tcp", "tls", "dns", "ping", "grpc", "websocket", "postgres", "mysql", "redis", "heartbeat"];

    /// Checks `settings`, parses `conditions` and reads the files they name.
    ///
    /// `certificate_days`: from how many days left on a certificate is a warning.
    ///
    /// # Errors
    /// [`QuestionError`] names the field or the condition, and the way out.
    pub fn new(settings: Settings, conditions: &[String], certificate_days: u32) -> Result<Self, QuestionError> {
        let conditions = parse(conditions)?;
        for (index, condition) in conditions.iter().enumerate() {
            settings.can_answer(condition).map_err(|why| QuestionError::Condition { index, column: None, why })?;
        }
        let kind = match &settings {
            Settings::Http(settings) => {
                let conditions_decide = conditions.iter().any(|condition| condition.mentions("status"));
                Kind::Http(Box::new(http::Prepared::new(settings, conditions_decide)?))
            }
            Settings::Tcp(settings) => Kind::Tcp(tcp::Prepared::new(settings)?),
            Settings::Tls(settings) => Kind::Tls(Box::new(tls::Prepared::new(settings)?)),
            Settings::Dns(settings) => Kind::Dns(Box::new(dns::Prepared::new(settings)?)),
            Settings::Grpc(settings) => Kind::Grpc(Box::new(grpc::Prepared::new(settings)?)),
            Settings::Websocket(settings) => Kind::Websocket(Box::new(websocket::Prepared::new(settings)?)),
            Settings::Ping(settings) => Kind::Ping(Box::new(ping::Prepared::new(settings)?)),
            Settings::Postgres(settings) => Kind::Postgres(Box::new(sql::Prepared::new(settings, &postgres::DIALECT)?)),
            Settings::Mysql(settings) => Kind::Mysql(Box::new(sql::Prepared::new(settings, &mysql::DIALECT)?)),
            Settings::Heartbeat(settings) => Kind::Heartbeat(Box::new(heartbeat::Awaited::new(settings)?)),
            Settings::Redis(settings) => Kind::Redis(Box::new(redis::Prepared::new(settings)?)),
        };
        Ok(Self {
            target: kind.target(),
            host: kind.host().to_owned(),
            kind,
            conditions,
            certificate_days,
            explains: false,
        })
    }

    /// Has its answers tell everything, also when all is well: of each condition what was there, and what the other side said.
    pub const fn explain(&mut self) {
        self.explains = true;
    }

    /// The word that names the kind in a configuration: `http`, `tcp`, `dns`.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Http(_) => "http",
            Kind::Tcp(_) => "tcp",
            Kind::Tls(_) => "tls",
            Kind::Dns(_) => "dns",
            Kind::Grpc(_) => "grpc",
            Kind::Websocket(_) => "websocket",
            Kind::Ping(_) => "ping",
            Kind::Postgres(_) => "postgres",
            Kind::Mysql(_) => "mysql",
            Kind::Redis(_) => "redis",
            Kind::Heartbeat(_) => "heartbeat",
        }
    }

    /// What is asked, for people, secrets masked: `GET https://api.example.com/ready`, `tcp 127.0.0.1:5432`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The host that is asked, lower case, without port and brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The conditions that its answers are held against, as they are written.
    pub fn conditions(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().map(Condition::text)
    }

    /// What is waited for, when nothing is asked.
    pub fn heartbeat(&self) -> Option<&heartbeat::Awaited> {
        if let Kind::Heartbeat(awaited) = &self.kind { Some(awaited) } else { None }
    }

    /// `text` with the secrets of the question masked, and without anything that a terminal would obey.
    pub fn masked(&self, text: &str) -> String {
        crate::evidence::printable(&self.secrets().mask(text), true)
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        static NONE: std::sync::LazyLock<Secrets> = std::sync::LazyLock::new(Secrets::default);
        match &self.kind {
            Kind::Http(question) => &question.secrets,
            Kind::Tcp(question) => &question.secrets,
            Kind::Grpc(question) => &question.secrets,
            Kind::Websocket(question) => question.secrets(),
            Kind::Postgres(question) | Kind::Mysql(question) => &question.secrets,
            Kind::Redis(question) => &question.secrets,
            Kind::Heartbeat(awaited) => &awaited.secrets,
            Kind::Tls(_) | Kind::Dns(_) | Kind::Ping(_) => &NONE,
        }
    }
}

impl Kind {
    fn target(&self) -> String {
        match self {
            Self::Http(question) => question.target(),
            Self::Tcp(question) => format!("tcp {}", joined(&question.host, question.port)),
            Self::Tls(question) => match question.starttls {
                None => format!("tls {}", joined(&question.host, question.port)),
                Some(before) => format!("tls {} (starttls {})", joined(&question.host, question.port), before.as_str()),
            },
            Self::Dns(question) => question.target(),
            Self::Grpc(question) => question.target(),
            Self::Websocket(question) => question.target(),
            Self::Ping(question) => format!("ping {}", question.host),
            Self::Postgres(question) | Self::Mysql(question) => question.target(),
            Self::Redis(question) => question.target(),
            Self::Heartbeat(awaited) => awaited.target(),
        }
    }

    fn host(&self) -> &str {
        match self {
            Self::Http(question) => question.host(),
            Self::Tcp(question) => &question.host,
            Self::Tls(question) => &question.host,
            Self::Dns(question) => question.host(),
            Self::Grpc(question) => &question.endpoint.host,
            Self::Websocket(question) => question.request.host(),
            Self::Ping(question) => &question.host,
            Self::Postgres(question) | Self::Mysql(question) => &question.endpoint.host,
            Self::Redis(question) => &question.endpoint.host,
            Self::Heartbeat(_) => "",
        }
    }
}

fn parse(conditions: &[String]) -> Result<Vec<Condition>, QuestionError> {
    let parse = |(index, text): (usize, &String)| {
        Condition::parse(text).map_err(|wrong| QuestionError::Condition { index, column: wrong.column, why: wrong.why })
    };
    conditions.iter().enumerate().map(parse).collect()
}

/// `host:port`, an IPv6 address in brackets.
pub(crate) fn joined(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Reads `host:port`; the host comes back in lower case and without brackets.
pub(crate) fn host_and_port(field: &str, text: &str) -> Result<(String, u16), QuestionError> {
    let wrong = |why: &str| {
        QuestionError::field(field, format!("`{text}` {why}; write host:port, like db.example.com:5432 or [::1]:5432"))
    };
    if text.contains("://") {
        return Err(wrong("is a URL"));
    }
    let (host, port) = text.trim().rsplit_once(':').ok_or_else(|| wrong("has no port"))?;
    let port = port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| wrong("has no port from 1 to 65535"))?;
    let host = match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) => name,
        Ok(url::Host::Ipv4(address)) => address.to_string(),
        Ok(url::Host::Ipv6(address)) => address.to_string(),
        Err(_) => return Err(wrong("has no good host")),
    };
    Ok((host, port))
}

/// Checks how to find the address.
pub(crate) fn dial_options(ip_version: IpVersion, resolver: Option<&str>) -> Result<dialer::Options, QuestionError> {
    let resolver = resolver.map(Resolver::chosen).transpose().map_err(|why| QuestionError::field("resolver", why))?;
    Ok(dialer::Options { ip_version, resolver })
}
