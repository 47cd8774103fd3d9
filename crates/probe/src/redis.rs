//! Asks a Redis server, or one that speaks as it does (Valkey, KeyDB): AUTH, SELECT, PING.
//!
//! RESP2, as every version understands it: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use std::fmt;

use allswell_core::{Phase, Reason};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::dialer::{self, Dialer};
use crate::draft::Draft;
use crate::dsn::{self, Dsn};
use crate::evidence::Secrets;
use crate::fault::Fault;
use crate::question::{dial_options, joined};
use crate::stream::{Endpoint, Stream, lost};
use crate::{QuestionError, tls};

const LIKE: &str = "redis://user:password@host:6379/0, or rediss:// for TLS";
/// The longest line of an answer that is read.
const LINE_BYTES_MAX: usize = 1024;

/// What to ask a Redis server.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `redis://user:password@host:6379/0`; `rediss://` speaks TLS.
    pub dsn: SecretString,
    /// How to speak TLS, with `rediss://`.
    #[serde(default)]
    pub tls: tls::Options,
    /// `any` (the default), `ipv4`, `ipv6`.
    #[serde(default)]
    pub ip_version: dialer::IpVersion,
    /// The address of a DNS server to ask, instead of the system's.
    #[serde(default)]
    pub resolver: Option<String>,
}

impl fmt::Debug for Settings {
    /// Shows nothing: the one thing that matters holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

/// A Redis question, ready to be asked.
pub(crate) struct Prepared {
    pub endpoint: Endpoint,
    pub secrets: Secrets,
    user: Option<String>,
    password: Option<SecretString>,
    database: Option<u32>,
}

impl Prepared {
    /// Checks `settings` and reads the files they name.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let Dsn { scheme, host, port, user, password, path, options, secrets } =
            dsn::read(&settings.dsn, &["redis", "rediss"], 6379, LIKE)?;
        let wrong = |why: &str| QuestionError::field("dsn", format!("{why}; write it like {LIKE}"));
        if !options.is_empty() {
            return Err(wrong("has options behind a `?`, which mean nothing here"));
        }
        if user.is_some() && password.is_none() {
            return Err(wrong("names a user without a password"));
        }
        let database = Some(path.as_str()).filter(|path| !path.is_empty()).map(str::parse);
        let database = database.transpose().map_err(|_| wrong("names a database that is no number"))?;
        let client = match scheme.as_str() {
            "rediss" => Some(Box::new(tls::Client::new(&settings.tls, &[])?)),
            _ => None,
        };
        let dial = dial_options(settings.ip_version, settings.resolver.as_deref())?;
        Ok(Self { endpoint: Endpoint { host, port, dial, client }, secrets, user, password, database })
    }

    /// `redis 127.0.0.1:6379/0`.
    pub fn target(&self) -> String {
        let database = self.database.map(|database| format!("/{database}")).unwrap_or_default();
        format!("redis {}{database}", joined(&self.endpoint.host, self.endpoint.port))
    }
}

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let mut stream = question.endpoint.open(dialer, deadline, draft).await?;
    draft.progress.begin(Phase::FirstByte);
    if let Some(password) = &question.password {
        let mut words = vec!["AUTH"];
        words.extend(question.user.as_deref());
        words.push(password.expose_secret());
        expect(&mut stream, &words, "+OK", draft).await?;
    }
    if let Some(database) = question.database.filter(|database| *database > 0) {
        expect(&mut stream, &["SELECT", &database.to_string()], "+OK", draft).await?;
    }
    expect(&mut stream, &["PING"], "+PONG", draft).await?;
    draft.progress.end();
    Ok(())
}

async fn expect(stream: &mut Stream, words: &[&str], wanted: &str, draft: &mut Draft) -> Result<(), Fault> {
    let broke = |error: std::io::Error| lost(&error, &format!("before the answer to {}", words[0]));
    stream.write_all(&command(words)).await.map_err(broke)?;
    stream.flush().await.map_err(broke)?;
    draft.said.clear();
    while !draft.said.ends_with(b"\r\n") {
        if draft.said.len() >= LINE_BYTES_MAX {
            return Err(Fault::new(Reason::Protocol, "the other side does not speak the protocol of Redis"));
        }
        draft.said.push(stream.read_u8().await.map_err(broke)?);
        // Answers begin with their type; anything else never ends in a way we would understand.
        if !b"+-:$*".contains(&draft.said[0]) {
            return Err(Fault::new(Reason::Protocol, "the other side does not speak the protocol of Redis"));
        }
    }
    let line = String::from_utf8_lossy(&draft.said).trim_end().to_owned();
    if line == wanted {
        return Ok(());
    }
    let Some(error) = line.strip_prefix('-') else {
        let why = format!("the answer to {} is `{line}`, expected `{wanted}`", words[0]);
        return Err(Fault::new(Reason::Protocol, why));
    };
    let credentials = ["NOAUTH", "WRONGPASS", "ERR invalid password", "ERR AUTH", "ERR Client sent AUTH"];
    let reason = match words[0] {
        "AUTH" => Reason::Authentication,
        _ if credentials.iter().any(|begin| error.starts_with(begin)) => Reason::Authentication,
        _ => Reason::Refused,
    };
    Err(Fault::new(reason, format!("the server answered {} with an error: {error}", words[0])))
}

/// A command as RESP has it: an array of strings, each behind its length.
fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}
