//! The server's own account of what happened, by its API.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::judge::Incident;
use crate::http::get_list;
use crate::time::from_rfc3339;

/// More rows than a run makes.
const ROWS_MAX: usize = 100_000;

/// A message of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its idempotency key.
    pub key: String,
    /// The incident it is about.
    pub incident: String,
    /// `down`, `up`.
    pub kind: String,
    /// `waiting`, `sent`, `refused`.
    pub state: String,
    /// The key of the message that told this one too.
    pub carrier: Option<String>,
}

impl Delivery {
    /// The Message-ID of its mail: half of SHA-256 over the word `message` and the key, each with its length before it, at the
    /// sender's domain.
    pub fn message_id(&self, domain: &str) -> String {
        let mut hash = Sha256::new();
        for part in ["message", &self.key] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("<{hex}@{domain}>")
    }
}

/// Whether all `monitors` are up and no message waits.
pub fn is_calm(address: SocketAddr, monitors: usize) -> Result<bool> {
    let list = get_list(address, "/api/v1/monitors", "monitors")?;
    let up = list.iter().filter(|row| row["status"] == "up").count();
    Ok(up == monitors && deliveries(address)?.iter().all(|row| row.state != "waiting"))
}

/// The whole outbox.
pub fn deliveries(address: SocketAddr) -> Result<Vec<Delivery>> {
    let rows = get_list(address, &format!("/api/v1/deliveries?limit={ROWS_MAX}"), "deliveries")?;
    let read = |row: &Value| {
        let (key, incident) = (text(row, "key")?, text(row, "incident")?);
        let carrier = row["carrier"].as_str().map(str::to_owned);
        Ok(Delivery { key, incident, kind: text(row, "kind")?, state: text(row, "state")?, carrier })
    };
    rows.iter().map(read).collect()
}

/// All incidents.
pub fn incidents(address: SocketAddr) -> Result<Vec<Incident>> {
    let rows = get_list(address, &format!("/api/v1/incidents?limit={ROWS_MAX}"), "incidents")?;
    let moment = |row: &Value, name: &str| row[name].as_str().and_then(from_rfc3339);
    let read = |row: &Value| {
        let began_ms = moment(row, "began").with_context(|| format!("an incident without `began`: {row}"))?;
        Ok(Incident { id: text(row, "id")?, monitor: text(row, "monitor")?, began_ms, ended_ms: moment(row, "ended") })
    };
    rows.iter().map(read).collect()
}

fn text(row: &Value, name: &str) -> Result<String> {
    row[name].as_str().map(str::to_owned).with_context(|| format!("no `{name}` in {row}"))
}
