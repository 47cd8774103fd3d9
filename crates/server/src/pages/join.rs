//! `/join`: where the link of an invitation leads. Looking at it changes nothing, for mail programs look at links too.

use allswell_monitor::access::{Join, PeopleError};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Page;
use super::form::{self, Form, field, said};
use super::sign_in::goes_on;
use crate::accounts::Mine;
use crate::api::{ApiState, Place, Problem, agent, is_same_origin};

/// The longest name that is taken.
const NAME_CHARACTERS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "join.html", whitespace = "minimize")]
struct JoinPage {
    page: Page,
    /// Who was asked in; empty when the invitation is not good.
    email: String,
    token: String,
    name: String,
    /// What went wrong; empty the first time.
    wrong: String,
}

/// Shows who was asked in, and the form.
pub(super) async fn ask(Mine(state): Mine, RawQuery(query): RawQuery) -> Response {
    let token = field(query.unwrap_or_default().as_bytes(), "token");
    page(&state, token, String::new(), None).await
}

/// Makes the user who sent the form, or says why not.
pub(super) async fn join(Mine(state): Mine, place: Place, headers: HeaderMap, form: Form) -> Response {
    let (token, name) = (form.field("token"), form.field("name"));
    if !is_same_origin(&headers, &state) {
        let problem = Problem::not_allowed("a page from elsewhere asked for it", "open the link again");
        return page(&state, token, name, Some(problem)).await;
    }
    let name = self::name(&name);
    let join = Join {
        token: token.clone().into(),
        name: Some(name.clone()).filter(|name| !name.is_empty()),
        password: form.field("password").into(),
        from: place.from,
        agent: agent(&headers).to_owned(),
    };
    match state.people.join(join, state.now().wall).await {
        Ok(signed) => goes_on(&state, &signed, "/"),
        Err(error) => page(&state, token, name, Some(error.into())).await,
    }
}

/// A name out of a form.
pub(super) fn name(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS_MAX).collect()
}

async fn page(state: &ApiState, token: String, name: String, problem: Option<Problem>) -> Response {
    let found = state.people.invitation(&token, state.now().wall).await;
    let (email, problem) = match found {
        Ok(row) => (row.invitation.address.to_string(), problem),
        Err(error @ PeopleError::NotInvited) => (String::new(), Some(error.into())),
        Err(error) => (String::new(), Some(Problem::from(error))),
    };
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let page = JoinPage {
        page: Page::new(state, "plain/", state.now().wall),
        email,
        token,
        name,
        wrong: problem.as_ref().map(said).unwrap_or_default(),
    };
    form::page(status, &page)
}
