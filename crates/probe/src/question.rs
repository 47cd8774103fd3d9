//! What is asked: the settings as a person wrote them, checked and made ready once.

use serde::Deserialize;

use crate::{http, tcp, tls};

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
#[derive(Debug)]
pub struct Question {
    settings: Settings,
}

impl Question {
    /// Checks `settings`, parses `conditions` and reads the files they name.
    ///
    /// `certificate_days`: from how many days left on a certificate is a warning.
    ///
    /// # Errors
    /// [`QuestionError`] names the field or the condition, and the way out.
    pub fn new(settings: Settings, conditions: &[String], certificate_days: u32) -> Result<Self, QuestionError> {
        let _ = (conditions, certificate_days);
        Ok(Self { settings })
    }

    /// `http`, `tcp`, `tls`.
    pub fn kind(&self) -> &'static str {
        match self.settings {
            Settings::Http(_) => "http",
            Settings::Tcp(_) => "tcp",
            Settings::Tls(_) => "tls",
        }
    }

    /// What is asked, for people, secrets masked: `GET https://api.example.com/ready`, `tcp 127.0.0.1:5432`.
    pub fn target(&self) -> &str {
        todo!("probe")
    }

    /// The host that is asked, lower case, without port.
    pub fn host(&self) -> &str {
        todo!("probe")
    }
}
