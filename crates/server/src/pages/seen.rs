//! What the engine kept of an answer, read back for the pages.
//!
//! Read leniently: what an older or newer version wrote and this one does not know is left out, never an error.

use allswell_probe::{Certificate, condition, health};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The detail of a result.
#[derive(Clone, Debug, Default)]
pub(super) struct Detail {
    pub(super) message: Option<String>,
    pub(super) address: Option<String>,
    pub(super) http_version: Option<String>,
    pub(super) final_url: Option<String>,
    pub(super) health: Option<health::Document>,
    pub(super) certificate: Option<Certificate>,
    pub(super) failed_conditions: Vec<condition::Failed>,
}

/// The evidence of an incident.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// The answer in one line.
    pub(super) answer: Option<String>,
    pub(super) said: Option<allswell_probe::Evidence>,
    pub(super) detail: Detail,
}

impl Detail {
    pub(super) fn read(json: Option<&str>) -> Self {
        json.and_then(|json| serde_json::from_str(json).ok()).map(Self::of).unwrap_or_default()
    }

    fn of(value: Value) -> Self {
        Self {
            message: field(&value, "message"),
            address: field(&value, "address"),
            http_version: field(&value, "http_version"),
            final_url: field(&value, "final_url"),
            health: field(&value, "health"),
            certificate: field(&value, "certificate"),
            failed_conditions: field(&value, "failed_conditions").unwrap_or_default(),
        }
    }

    /// The app's version.
    pub(super) fn version(&self) -> Option<&str> {
        self.health.as_ref()?.version.as_deref()
    }
}

impl Evidence {
    pub(super) fn read(json: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(json) else { return Self::default() };
        Self {
            answer: field(&value, "answer"),
            said: field(&value, "said"),
            detail: value.get("detail").cloned().map(Detail::of).unwrap_or_default(),
        }
    }
}

/// One field on its own, so that one that cannot be read does not hide the others.
fn field<T: DeserializeOwned>(value: &Value, name: &str) -> Option<T> {
    T::deserialize(value.get(name)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_field_does_not_hide_the_others() {
        let json = r#"{"message":"503","health":{"format":"of tomorrow"},"more":1,"address":"127.0.0.1:80"}"#;
        let detail = Detail::read(Some(json));
        assert_eq!(detail.message.as_deref(), Some("503"));
        assert_eq!(detail.address.as_deref(), Some("127.0.0.1:80"));
        assert!(detail.health.is_none());
        assert!(Detail::read(Some("no json")).message.is_none());
        assert!(Detail::read(None).message.is_none());
    }

    #[test]
    fn evidence_is_read_as_the_engine_writes_it() {
        let json = r#"{"answer":"503 in 5 ms","said":{"status_line":"HTTP/1.1 503","headers":[["a","b"]],"body":"{}",
            "body_truncated":false},"detail":{"health":{"format":"plain","status":"error","version":"1.42.0",
            "release_id":null,"detail":null,"checks":[]}}}"#;
        let evidence = Evidence::read(json);
        assert_eq!(evidence.answer.as_deref(), Some("503 in 5 ms"));
        assert_eq!(evidence.said.map(|said| said.headers.len()), Some(1));
        assert_eq!(evidence.detail.version(), Some("1.42.0"));
    }
}
