//! `/sign-in`: where a browser is sent that shows neither a key nor a session. A form, no script.

use allswell_monitor::access::{Address, PeopleError, SignIn, SignedIn};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Page;
use super::form::{self, FROM_ELSEWHERE, Form, field, said};
use crate::accounts::{Accounts, Mine};
use crate::api::{ApiState, Cookie, Place, Problem, agent, is_same_origin};

#[derive(Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
struct SignInPage {
    page: Page,
    /// Whether there is anybody who could.
    has_users: bool,
    /// Whether a new password comes by mail.
    has_post: bool,
    /// Whether people make accounts for themselves.
    has_sign_up: bool,
    /// What went wrong the last time; empty the first time.
    wrong: String,
    email: String,
    /// Where it goes on: a path here.
    next: String,
}

/// The way to the form from the page at `uri`, and back: relative, so that it holds below any path that a proxy gives us.
pub(crate) fn way_to_sign_in(uri: &Uri) -> String {
    let up = "../".repeat(uri.path().matches('/').count().saturating_sub(1));
    let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
    format!("{up}sign-in?next={}", utf8_percent_encode(asked, NON_ALPHANUMERIC))
}

/// Shows the form.
pub(super) async fn ask(Mine(state): Mine, State(accounts): State<Accounts>, RawQuery(query): RawQuery) -> Response {
    let next = field(query.unwrap_or_default().as_bytes(), "next");
    page(&state, &accounts, StatusCode::OK, String::new(), String::new(), &next)
}

/// Signs in who sent the form, or says why not.
pub(super) async fn sign_in(
    Mine(state): Mine,
    State(accounts): State<Accounts>,
    place: Place,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let (email, next) = (form.field("email"), form.field("next"));
    if !is_same_origin(&headers, &state) {
        let wrong = FROM_ELSEWHERE.to_owned();
        return page(&state, &accounts, StatusCode::FORBIDDEN, wrong, email, &next);
    }
    let attempt = Address::new(&email).map(|address| SignIn {
        address,
        password: form.field("password").into(),
        code: Some(form.field("code")),
        from: place.from,
        agent: agent(&headers).to_owned(),
    });
    let signed = match attempt {
        Ok(attempt) => state.people.sign_in(attempt, state.now()).await,
        Err(_) => Err(PeopleError::Refused),
    };
    match signed {
        Ok(signed) => goes_on(&state, &signed, &next),
        Err(error) => {
            let problem = Problem::from(error);
            page(&state, &accounts, problem.status(), said(&problem), email, &next)
        }
    }
}

/// Has the browser keep the session, and sends it on to `next`.
pub(super) fn goes_on(state: &ApiState, signed: &SignedIn, next: &str) -> Response {
    let cookie = Cookie::of(state).set(&signed.secret);
    (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(&format!(".{}", own(next)))).into_response()
}

/// `next` when it is a path here, else the first page: nobody is sent elsewhere with our word for it.
fn own(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain { next } else { "/" }
}

fn page(
    state: &ApiState,
    accounts: &Accounts,
    status: StatusCode,
    wrong: String,
    email: String,
    next: &str,
) -> Response {
    let page = SignInPage {
        page: Page::new(state, "plain/", state.now().wall),
        has_users: !state.people.is_empty(),
        has_post: state.post.is_some(),
        has_sign_up: accounts.sign_up().is_ok(),
        wrong,
        email,
        next: own(next).to_owned(),
    };
    form::page(status, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_there_is_relative_and_knows_the_way_back() {
        let check = |uri: &str, expected: &str| assert_eq!(way_to_sign_in(&uri.parse().expect("a path")), expected);
        check("/", "sign-in?next=%2F");
        check("/m/12?range=24h", "../sign-in?next=%2Fm%2F12%3Frange%3D24h");
        check("/plain/i/12-7", "../../sign-in?next=%2Fplain%2Fi%2F12%2D7");
    }

    #[test]
    fn it_goes_on_here_and_nowhere_else() {
        let check = |next: &str, expected: &str| assert_eq!(own(next), expected, "{next}");
        check("/m/12?a=b", "/m/12?a=b");
        for elsewhere in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nb", "javascript:1"] {
            check(elsewhere, "/");
        }
    }
}
