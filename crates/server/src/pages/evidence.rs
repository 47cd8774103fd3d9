//! What the other side said at the first failure, as the pages show it. All of it was written by strangers.

use allswell_core::Wall;
use allswell_monitor::store::IncidentRow;

use super::seen;
use super::text;

/// Evidence, made visible.
pub(super) struct Evidence {
    /// When the first failure was.
    pub(super) time: String,
    /// The answer in one line.
    pub(super) answer: String,
    /// What was wrong with it.
    pub(super) message: String,
    pub(super) status_line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// What is left out of the body.
    pub(super) note: &'static str,
    /// The conditions that did not hold, and why.
    pub(super) conditions: Vec<(String, String)>,
}

impl Evidence {
    pub(super) fn of(seen: &seen::Evidence, incident: &IncidentRow, now: Wall) -> Self {
        let said = seen.said.clone().unwrap_or_default();
        let line = |text: Option<&str>| text::visible(text.unwrap_or_default());
        Self {
            time: text::clock(incident.began, now),
            answer: line(seen.answer.as_deref()),
            message: line(seen.detail.message.as_deref()),
            status_line: line(said.status_line.as_deref()),
            headers: said.headers.iter().map(|(name, value)| (text::visible(name), text::visible(value))).collect(),
            body: text::visible_lines(&said.body),
            note: if said.body_truncated { "the beginning of the body, secrets masked" } else { "secrets masked" },
            conditions: seen.detail.failed_conditions.iter().map(condition).collect(),
        }
    }

    /// Whether there is anything that was said.
    pub(super) fn is_empty(&self) -> bool {
        self.answer.is_empty() && self.message.is_empty() && self.status_line.is_empty() && self.body.is_empty()
    }
}

fn condition(failed: &allswell_probe::condition::Failed) -> (String, String) {
    (text::visible(&failed.condition), text::visible(&failed.why))
}
