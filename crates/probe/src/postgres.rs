//! Asks a PostgreSQL server: connect, authenticate (SCRAM, md5, password), one query.

mod ask;
mod session;

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;

use crate::dsn::{self, Dsn};
use crate::evidence::Secrets;
use crate::question::{dial_options, joined};
use crate::stream::Endpoint;
use crate::{QuestionError, dialer, tls};

pub(crate) use ask::ask;

const LIKE: &str = "postgres://user:password@host:5432/database?sslmode=verify-full";

/// What to ask a PostgreSQL server.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `postgres://user:password@host:5432/database?sslmode=verify-full`.
    pub dsn: SecretString,
    /// The one query, `SELECT 1` when not given.
    #[serde(default)]
    pub query: Option<String>,
    /// What the first column of the first row must be.
    #[serde(default)]
    pub expect: Option<String>,
    /// How to speak TLS; what `sslmode` says comes first.
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

/// When to speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Never,
    /// Where the server does.
    Offered,
    Always,
}

/// A PostgreSQL question, ready to be asked.
pub(crate) struct Prepared {
    /// Its client is for the handshake behind the server's consent.
    pub endpoint: Endpoint,
    pub when: When,
    /// Whether a certificate has to be trusted.
    pub verified: bool,
    pub secrets: Secrets,
    pub user: String,
    pub password: Option<SecretString>,
    pub database: String,
    pub query: String,
    pub expect: Option<String>,
}

impl Prepared {
    /// Checks `settings` and reads the files they name.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let Dsn { host, port, user, password, path, options, secrets, .. } =
            dsn::read(&settings.dsn, &["postgres", "postgresql"], 5432, LIKE)?;
        let wrong = |why: &str| QuestionError::field("dsn", format!("{why}; write it like {LIKE}"));
        let user = user.ok_or_else(|| wrong("names no user"))?;
        let mut mode = if settings.tls.is_some() { "verify-full" } else { "prefer" };
        for (key, value) in &options {
            match key.as_str() {
                "sslmode" => mode = value,
                // What clients call themselves and how long they wait is ours to say.
                "application_name" | "connect_timeout" => {}
                _ => return Err(wrong("has an option other than `sslmode` behind the `?`")),
            }
        }
        let (when, verified) = match mode {
            "disable" => (When::Never, false),
            "allow" | "prefer" => (When::Offered, false),
            "require" => (When::Always, settings.tls.as_ref().is_some_and(|tls| tls.ca.is_some())),
            "verify-ca" | "verify-full" => (When::Always, true),
            _ => return Err(wrong("has an unknown `sslmode`; known are disable, prefer, require and verify-full")),
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
        Ok(Self {
            endpoint: Endpoint { host, port, dial, client },
            when,
            verified,
            secrets,
            database: if path.is_empty() { user.clone() } else { path },
            user,
            password,
            query,
            expect: settings.expect.clone(),
        })
    }

    /// `postgres db.example.com:5432/app`; a database that is only the user's name is not shown.
    pub fn target(&self) -> String {
        let place = joined(&self.endpoint.host, self.endpoint.port);
        match self.database == self.user {
            true => format!("postgres {place}"),
            false => format!("postgres {place}/{}", self.database),
        }
    }
}
