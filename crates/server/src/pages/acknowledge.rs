//! `/acknowledge/...`: the link in a message, about one incident or about all that the message tells of (`many.rs`). Looking at it
//! changes nothing, for mail programs look at links too; the button does.

mod many;

use allswell_monitor::links::{NotGood, Said, Subject};
use allswell_monitor::model::IncidentId;
use allswell_monitor::store::Acknowledged;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::form::{self, Form};
use super::{Page, text};
use crate::accounts::Accounts;
use crate::api::{ApiState, Problem, read};

/// The way to the plain pages from here.
const ROOT: &str = "../../../../plain/";

/// The parts of a link.
type Parts = Path<(String, String, String, String)>;

#[derive(Template)]
#[template(path = "acknowledge.html", whitespace = "minimize")]
struct AcknowledgePage {
    page: Page,
    id: String,
    name: String,
    cause: String,
    title: &'static str,
    said: String,
    /// Whether there is still something to say.
    asks: bool,
}

/// Shows what would be said.
pub(super) async fn ask(State(accounts): State<Accounts>, parts: Parts) -> Response {
    answered(accounts.first(), asked(&accounts, parts).await)
}

/// Says it.
pub(super) async fn confirm(State(accounts): State<Accounts>, parts: Parts, form: Form) -> Response {
    answered(accounts.first(), confirmed(&accounts, parts, &form).await)
}

fn answered(state: &ApiState, page: Result<Response, Problem>) -> Response {
    form::sendable(super::shown(state, page, ROOT, state.now().wall))
}

fn said(state: &ApiState, Path((incident, channel, until, signature)): Parts) -> Result<Said, Problem> {
    state.links.read(&incident, &channel, &until, &signature, state.now().wall).map_err(|why| match why {
        NotGood::Expired => Problem::not_found(
            "this link is older than a week",
            "open the incident's page, or acknowledge it with `allswell ack`",
        ),
        NotGood::Unknown => Problem::not_found(
            "this link was not made here",
            "copy it whole; links of another server or of a data directory that is gone are not known",
        ),
    })
}

/// The parts of the account that a link is about.
async fn whose(accounts: &Accounts, subject: Subject) -> Result<ApiState, Problem> {
    let store = &accounts.first().store;
    let account = match subject {
        Subject::Incident(id) => store.whose_monitor(id.monitor).await?,
        Subject::Message(message) => store.whose_message(message).await?,
    };
    let gone = || Problem::not_found("what this link is about is not known any more", "see /api/v1/incidents");
    account.and_then(|account| accounts.of(account)).ok_or_else(gone)
}

async fn asked(accounts: &Accounts, parts: Parts) -> Result<Response, Problem> {
    let subject = said(accounts.first(), parts)?.subject;
    let state = &whose(accounts, subject).await?;
    match subject {
        Subject::Incident(id) => asked_one(state, id).await,
        Subject::Message(message) => many::asked(state, message).await,
    }
}

async fn asked_one(state: &ApiState, id: IncidentId) -> Result<Response, Problem> {
    let row = read::incident(&*state.store, &id.to_string()).await?;
    let (title, text, asks) = match (&row.acknowledged, row.ended) {
        (_, Some(ended)) => {
            ("This incident is over", format!("It ended at {}.", text::clock(ended, state.now().wall)), false)
        }
        (Some(seen), None) => (
            "Somebody is looking after it",
            format!("{} said so at {}.", text::visible(&seen.by), text::clock(seen.at, state.now().wall)),
            false,
        ),
        (None, None) => {
            ("Are you looking after it?", "Nobody is reminded of it any more once you say so.".to_owned(), true)
        }
    };
    Ok(page(state, &row, title, text, asks))
}

async fn confirmed(accounts: &Accounts, parts: Parts, form: &Form) -> Result<Response, Problem> {
    let said = said(accounts.first(), parts)?;
    let state = &whose(accounts, said.subject).await?;
    let by = match form.field("by").trim() {
        "" => format!("somebody with the link to {}", said.channel),
        by => format!("{by} (link to {})", said.channel),
    };
    match said.subject {
        Subject::Incident(id) => confirmed_one(state, id, &by).await,
        Subject::Message(message) => many::confirmed(state, message, &by).await,
    }
}

async fn confirmed_one(state: &ApiState, id: IncidentId, by: &str) -> Result<Response, Problem> {
    let done = state.acknowledger.acknowledge(id, by, None).await?;
    let row = read::incident(&*state.store, &id.to_string()).await?;
    let at = |at| text::clock(at, state.now().wall);
    let (title, text) = match done {
        Acknowledged::Now => ("Noted", "You are looking after it. It is on the incident's timeline.".to_owned()),
        Acknowledged::Before(seen) => {
            ("Somebody was faster", format!("{} said so at {}.", text::visible(&seen.by), at(seen.at)))
        }
        Acknowledged::Ended { at: ended } => ("This incident is over", format!("It ended at {}.", at(ended))),
        Acknowledged::Unknown => ("This incident is gone", "It is not known any more.".to_owned()),
    };
    Ok(page(state, &row, title, text, false))
}

fn page(
    state: &ApiState,
    row: &allswell_monitor::store::IncidentRow,
    title: &'static str,
    said: String,
    asks: bool,
) -> Response {
    super::html(&AcknowledgePage {
        page: Page::new(state, ROOT, state.now().wall),
        id: row.id.to_string(),
        name: text::visible(&row.monitor_name),
        cause: text::sentence(super::incident::cause_now(row)),
        title,
        said,
        asks,
    })
}
