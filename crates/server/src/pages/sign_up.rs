//! `/sign-up`: where an account of one's own is asked for, and where the link of the mail leads. Looking at it changes nothing, for mail
//! programs look at links too.

use allswell_monitor::access::{Address, SignUp};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Page;
use super::form::{self, FROM_ELSEWHERE, Form, field, said};
use super::join::name;
use super::sign_in::goes_on;
use crate::accounts::Accounts;
use crate::api::{ApiState, Mine, Place, Problem, agent, is_same_origin};
use crate::keeper::Keeper;

#[derive(Template)]
#[template(path = "sign_up.html", whitespace = "minimize")]
struct SignUpPage {
    page: Page,
    step: Step,
    /// What went wrong; empty the first time.
    wrong: String,
}

/// How far somebody is on the way to an account.
enum Step {
    /// There is no way.
    Closed,
    /// They say who they are.
    Who { email: String },
    /// A mail is on its way.
    LookIntoYourMail,
    /// They have a good link, and choose.
    Choose { email: String, coming: Coming },
    /// Their link is not good.
    NoLink,
}

/// What the form says beside the password.
#[derive(Default)]
struct Coming {
    token: String,
    account: String,
    name: String,
}

/// Shows the form that fits: for an address, or for a password where the link of a mail leads here.
pub(super) async fn ask(Mine(state): Mine, State(accounts): State<Accounts>, RawQuery(query): RawQuery) -> Response {
    if let Err(problem) = accounts.sign_up() {
        return refused(&state, Step::Closed, &problem);
    }
    let token = field(query.unwrap_or_default().as_bytes(), "token");
    if token.is_empty() {
        return page(&state, StatusCode::OK, Step::Who { email: String::new() }, String::new());
    }
    choosing(&state, Coming { token, ..Coming::default() }, None).await
}

/// Takes an address, or a password with the token of a mail.
pub(super) async fn take(
    Mine(state): Mine,
    State(accounts): State<Accounts>,
    place: Place,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let keeper = match accounts.sign_up() {
        Ok(keeper) => keeper,
        Err(problem) => return refused(&state, Step::Closed, &problem),
    };
    if !is_same_origin(&headers, &state) {
        let wrong = FROM_ELSEWHERE.to_owned();
        return page(&state, StatusCode::FORBIDDEN, Step::Who { email: form.field("email") }, wrong);
    }
    let coming =
        Coming { token: form.field("token"), account: name(&form.field("account")), name: name(&form.field("name")) };
    if coming.token.is_empty() {
        return asked(&state, form.field("email"), place);
    }
    make(&state, &keeper, coming, form.field("password"), place, agent(&headers)).await
}

fn asked(state: &ApiState, email: String, place: Place) -> Response {
    let Ok(address) = Address::new(&email) else {
        let wrong = "That is no mail address: write it like ada@example.com.".to_owned();
        return page(state, StatusCode::UNPROCESSABLE_ENTITY, Step::Who { email }, wrong);
    };
    let Some(post) = &state.post else { return refused(state, Step::Closed, &Problem::no_relay()) };
    match post.wants_account(address, place.from, state.now()) {
        Ok(()) => page(state, StatusCode::ACCEPTED, Step::LookIntoYourMail, String::new()),
        Err(wait) => {
            refused(state, Step::Who { email }, &Problem::too_many("it was asked for too often from there", wait))
        }
    }
}

async fn make(
    state: &ApiState,
    keeper: &Keeper,
    coming: Coming,
    password: String,
    place: Place,
    agent: &str,
) -> Response {
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let wanted = SignUp {
        token: coming.token.clone().into(),
        password: password.into(),
        name: said(&coming.name),
        account: said(&coming.account),
    };
    match keeper.sign_up(wanted, place, agent).await {
        Ok(signed) => goes_on(state, &signed, "/"),
        Err(problem) => choosing(state, coming, Some(problem)).await,
    }
}

/// The form for a password, when the link is still good.
async fn choosing(state: &ApiState, coming: Coming, before: Option<Problem>) -> Response {
    match state.people.signing_up(&coming.token, state.now().wall).await {
        Ok(address) => {
            let step = Step::Choose { email: address.to_string(), coming };
            match before {
                Some(problem) => refused(state, step, &problem),
                None => page(state, StatusCode::OK, step, String::new()),
            }
        }
        Err(error) => refused(state, Step::NoLink, &Problem::from(error)),
    }
}

fn refused(state: &ApiState, step: Step, problem: &Problem) -> Response {
    page(state, problem.status(), step, said(problem))
}

fn page(state: &ApiState, status: StatusCode, step: Step, wrong: String) -> Response {
    let page = SignUpPage { page: Page::new(state, "plain/", state.now().wall), step, wrong };
    form::page(status, &page)
}
