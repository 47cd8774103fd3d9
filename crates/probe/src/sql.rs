//! What the databases that speak SQL have in common: settings, when to speak TLS, what a query brought.

use std::fmt;

use allswell_core::Reason;
use secrecy::SecretString;
use serde::Deserialize;

use crate::draft::Draft;
use crate::dsn::{self, Dsn};
use crate::evidence::{Secrets, line};
use crate::fault::Fault;
use crate::question::{dial_options, joined};
use crate::stream::{Endpoint, Stream};
use crate::{QuestionError, dialer, tls};

/// How many rows are kept for conditions and as evidence.
const ROWS_MAX: usize = 20;
/// How much a server may say in one session; what is asked for is one row.
pub(crate) const BYTES_MAX: usize = 1 << 20;

/// What to ask a database.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `postgres://user:password@host:5432/database?sslmode=verify-full`, `mysql://...`.
    pub dsn: SecretString,
    /// The one query, `SELECT 1` when not given.
    #[serde(default)]
    pub query: Option<String>,
    /// What the first column of the first row must be.
    #[serde(default)]
    pub expect: Option<String>,
    /// How to speak TLS; what the `dsn` says comes first.
    #[serde(default)]
    pub tls: Option<tls::Options>,
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

/// How the `dsn` of one kind of database is written.
pub(crate) struct Dialect {
    /// What targets begin with.
    pub name: &'static str,
    pub schemes: &'static [&'static str],
    pub port: u16,
    /// What a good one looks like.
    pub like: &'static str,
    /// The options that say when to speak TLS; the first is the one that is named in messages.
    pub mode: &'static [&'static str],
    /// Options of drivers that mean nothing here and do no harm.
    pub ignored: &'static [&'static str],
}

/// When to speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Never,
    /// Where the server does.
    Offered,
    Always,
}

/// A question to a database, ready to be asked.
pub(crate) struct Prepared {
    /// Its client is for the handshake behind the server's consent.
    pub endpoint: Endpoint,
    pub when: When,
    /// Whether a certificate has to be trusted.
    pub verified: bool,
    pub secrets: Secrets,
    pub user: String,
    pub password: Option<SecretString>,
    pub database: Option<String>,
    pub query: String,
    pub expect: Option<String>,
    name: &'static str,
}

impl Prepared {
    /// Checks `settings` and reads the files they name.
    pub fn new(settings: &Settings, dialect: &Dialect) -> Result<Self, QuestionError> {
        let Dsn { host, port, user, password, path, options, secrets, .. } =
            dsn::read(&settings.dsn, dialect.schemes, dialect.port, dialect.like)?;
        let wrong = |why: &str| QuestionError::field("dsn", format!("{why}; write it like {}", dialect.like));
        let user = user.ok_or_else(|| wrong("names no user"))?;
        let mut mode = if settings.tls.is_some() { "verify-full".to_owned() } else { "prefer".to_owned() };
        for (key, value) in &options {
            match key.as_str() {
                key if dialect.mode.contains(&key) => mode = value.to_ascii_lowercase().replace('_', "-"),
                key if dialect.ignored.contains(&key) => {}
                _ => return Err(wrong(&format!("has an option other than `{}` behind the `?`", dialect.mode[0]))),
            }
        }
        let has_ca = settings.tls.as_ref().is_some_and(|tls| tls.ca.is_some());
        let (when, verified) = match mode.as_str() {
            "disable" | "disabled" => (When::Never, false),
            "allow" | "prefer" | "preferred" => (When::Offered, false),
            "require" | "required" => (When::Always, has_ca),
            "verify-ca" | "verify-full" | "verify-identity" => (When::Always, true),
            _ => {
                let known = "known are disable, prefer, require and verify-full";
                return Err(wrong(&format!("has an unknown `{}`; {known}", dialect.mode[0])));
            }
        };
        let mut tls = settings.tls.clone().unwrap_or_default();
        tls.insecure |= !verified;
        let verified = verified && !tls.insecure;
        let client = match when {
            When::Never => None,
            _ => Some(Box::new(tls::Client::new(&tls, &[])?)),
        };
        let query = settings.query.clone().unwrap_or_else(|| "SELECT 1".to_owned());
        if query.trim().is_empty() || query.contains('\0') {
            return Err(QuestionError::field("query", "is no query; write one like SELECT 1"));
        }
        let dial = dial_options(settings.ip_version, settings.resolver.as_deref())?;
        let database = Some(path).filter(|path| !path.is_empty());
        let endpoint = Endpoint { host, port, dial, client };
        let expect = settings.expect.clone();
        Ok(Self { endpoint, when, verified, secrets, user, password, database, query, expect, name: dialect.name })
    }

    /// `postgres db.example.com:5432/app`.
    pub fn target(&self) -> String {
        let database = self.database.as_ref().map(|database| format!("/{database}")).unwrap_or_default();
        format!("{} {}{database}", self.name, joined(&self.endpoint.host, self.endpoint.port))
    }

    /// Whether nobody between the server and us can read along or stand in for the server.
    pub fn is_private(&self, stream: &Stream, draft: &Draft) -> bool {
        matches!(stream, Stream::Tls(_)) && self.verified
            || draft.progress.address.is_some_and(|address| address.ip().is_loopback())
    }
}

/// What a query brought.
#[derive(Default)]
pub(crate) struct Rows {
    /// The first column of the first row, when there is a row.
    first: Option<Option<String>>,
    kept: Vec<String>,
}

impl Rows {
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub fn is_full(&self) -> bool {
        self.kept.len() >= ROWS_MAX
    }

    pub fn push(&mut self, columns: Vec<Option<String>>) {
        self.first.get_or_insert_with(|| columns.first().cloned().flatten());
        self.kept.push(columns.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("\t"));
    }

    /// Keeps the rows in `draft` and holds the first value against what `question` expects.
    pub fn judge(self, question: &Prepared, draft: &mut Draft) -> Result<(), Fault> {
        draft.said = self.kept.join("\n").into_bytes();
        let Some(expected) = &question.expect else { return Ok(()) };
        let found = match self.first {
            Some(Some(value)) if value == *expected => return Ok(()),
            Some(Some(value)) => format!("`{}`", line(&value, &question.secrets)),
            Some(None) => "NULL".to_owned(),
            None => "no row".to_owned(),
        };
        Err(Fault::new(Reason::Expectation, format!("the query gave {found}, expected `{expected}`")))
    }
}

/// A session that says more than [`BYTES_MAX`].
pub(crate) fn too_much() -> Fault {
    Fault::new(Reason::BodyTooLarge, "the answer is larger than 1 MiB; ask for one row, with LIMIT 1")
}

/// The server does not let us in.
pub(crate) fn refused(why: &str) -> Fault {
    Fault::new(Reason::Authentication, why)
}
