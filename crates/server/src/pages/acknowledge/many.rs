//! The link in a message that tells of many: all of them are acknowledged, or those that still need somebody.

use allswell_core::Wall;
use allswell_monitor::store::{Acknowledged, ToldIncident};
use askama::Template;
use axum::response::Response;

use super::super::{Page, html, text};
use super::ROOT;
use crate::api::{ApiState, Problem};

#[derive(Template)]
#[template(path = "acknowledge_many.html", whitespace = "minimize")]
struct ManyPage {
    page: Page,
    title: &'static str,
    said: String,
    /// Whether there is still something to say.
    asks: bool,
    lines: Vec<Line>,
}

/// One of the incidents.
struct Line {
    id: String,
    name: String,
    state: String,
}

/// Shows what would be said.
pub(super) async fn asked(state: &ApiState, message: i64) -> Result<Response, Problem> {
    let told = told(state, message).await?;
    let open = told.iter().filter(|told| told.needs_somebody()).count();
    let (title, said) = match open {
        0 => ("Nothing is left to look after", "Each of them is over, or somebody is looking after it.".to_owned()),
        open => {
            let of = if open < told.len() { format!("{open} of these") } else { "these".to_owned() };
            let said = format!(
                "Nobody looks after {of} {} yet. Nobody is reminded of them any more once you say so.",
                text::count(told.len(), "incident")
            );
            ("Are you looking after them?", said)
        }
    };
    Ok(page(state, &told, title, said, open > 0))
}

/// Says it.
pub(super) async fn confirmed(state: &ApiState, message: i64, by: &str) -> Result<Response, Problem> {
    let incidents = told(state, message).await?.iter().map(|told| told.id).collect();
    let done = state.acknowledger.acknowledge_all(incidents, by).await?;
    let now = done.iter().filter(|done| **done == Acknowledged::Now).count();
    let (title, said) = match (now, done.len() - now) {
        (0, _) => ("Somebody was faster", "Each of them is over, or somebody is looking after it.".to_owned()),
        (_, 0) => ("Noted", "You are looking after all of them. It is on their timelines.".to_owned()),
        (now, _) => {
            ("Noted", format!("You are looking after {now} of them. The rest is over, or somebody was faster."))
        }
    };
    Ok(page(state, &told(state, message).await?, title, said, false))
}

async fn told(state: &ApiState, message: i64) -> Result<Vec<ToldIncident>, Problem> {
    let told = state.store.told(message).await?;
    if told.is_empty() {
        return Err(Problem::not_found(
            "the message of this link is not known any more",
            "see /api/v1/incidents?open=true for what is open, and acknowledge it with `allswell ack`",
        ));
    }
    Ok(told)
}

fn page(state: &ApiState, told: &[ToldIncident], title: &'static str, said: String, asks: bool) -> Response {
    let now = state.now().wall;
    let lines = told.iter().map(|told| line(told, now)).collect();
    html(&ManyPage { page: Page::new(state, ROOT, now), title, said, asks, lines })
}

fn line(told: &ToldIncident, now: Wall) -> Line {
    let state = match (&told.acknowledged, told.ended) {
        (_, Some(ended)) => format!("ended at {}", text::clock(ended, now)),
        (Some(seen), None) => format!("{} is looking after it", text::visible(&seen.by)),
        (None, None) => "open".to_owned(),
    };
    Line { id: told.id.to_string(), name: text::visible(&told.monitor_name), state }
}
