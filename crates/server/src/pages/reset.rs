//! `/reset`: where a new password is asked for, and where the link of the mail leads. Looking at it changes nothing, for mail programs
//! look at links too.

use allswell_monitor::access::{Address, PeopleError};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Page;
use super::form::{self, FROM_ELSEWHERE, Form, field, said};
use crate::api::{ApiState, Mine, Place, Problem, is_same_origin};

#[derive(Template)]
#[template(path = "reset.html", whitespace = "minimize")]
struct ResetPage {
    page: Page,
    step: Step,
    /// What went wrong; empty the first time.
    wrong: String,
}

/// How far somebody is on the way to a new password.
enum Step {
    /// There is no relay, so there is no way.
    NoRelay,
    /// They say who they are.
    Who { email: String },
    /// A mail is on its way, if anybody has that address.
    LookIntoYourMail,
    /// They have a good link, and choose.
    Choose { email: String, token: String },
    /// Their link is not good.
    NoLink,
    /// They have another password.
    Done,
}

/// Shows the form that fits: for an address, or for a password where the link of a mail leads here.
pub(super) async fn ask(Mine(state): Mine, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let token = field(query.as_bytes(), "token");
    if token.is_empty() {
        return page(&state, StatusCode::OK, first(&state, String::new()), String::new());
    }
    choosing(&state, token, None).await
}

/// Takes an address, or a password with the token of a mail.
pub(super) async fn take(Mine(state): Mine, place: Place, headers: HeaderMap, form: Form) -> Response {
    let (token, email) = (form.field("token"), form.field("email"));
    if !is_same_origin(&headers, &state) {
        let wrong = FROM_ELSEWHERE.to_owned();
        return page(&state, StatusCode::FORBIDDEN, first(&state, email), wrong);
    }
    if !token.is_empty() {
        let chosen = state.people.reset(&token.clone().into(), &form.field("password").into(), state.now().wall).await;
        return match chosen {
            Ok(()) => page(&state, StatusCode::OK, Step::Done, String::new()),
            Err(error) => choosing(&state, token, Some(error)).await,
        };
    }
    let Some(post) = &state.post else { return page(&state, StatusCode::OK, Step::NoRelay, String::new()) };
    let Ok(address) = Address::new(&email) else {
        let wrong = "That is no mail address: write it like ada@example.com.".to_owned();
        return page(&state, StatusCode::UNPROCESSABLE_ENTITY, first(&state, email), wrong);
    };
    match post.forgot(address, place.from, state.now()) {
        Ok(()) => page(&state, StatusCode::ACCEPTED, Step::LookIntoYourMail, String::new()),
        Err(wait) => {
            let problem = Problem::too_many("it was asked for too often from there", wait);
            page(&state, problem.status(), first(&state, email), said(&problem))
        }
    }
}

fn first(state: &ApiState, email: String) -> Step {
    if state.post.is_some() { Step::Who { email } } else { Step::NoRelay }
}

/// The form for a password, when the link is still good.
async fn choosing(state: &ApiState, token: String, before: Option<PeopleError>) -> Response {
    match state.people.resetting(&token, state.now().wall).await {
        Ok(user) => {
            let problem = before.map(Problem::from);
            let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
            let wrong = problem.as_ref().map(said).unwrap_or_default();
            page(state, status, Step::Choose { email: user.user.address.to_string(), token }, wrong)
        }
        Err(error) => {
            let problem = Problem::from(error);
            page(state, problem.status(), Step::NoLink, said(&problem))
        }
    }
}

fn page(state: &ApiState, status: StatusCode, step: Step, wrong: String) -> Response {
    let page = ResetPage { page: Page::new(state, "plain/", state.now().wall), step, wrong };
    form::page(status, &page)
}
