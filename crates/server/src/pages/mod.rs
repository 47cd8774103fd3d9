//! The console's page and files (`console.rs`), and the plain pages: what is wrong now, one monitor, one incident.
//!
//! The plain ones live below `/plain/` and are rendered here, no script, no build step. They read what the JSON reads
//! (`api::read`) and say it in the same words. Addresses are relative, so the pages work below any path a proxy gives them. All
//! text of others is made visible (`text::visible`) and then escaped by the templates.

mod acknowledge;
pub(crate) mod assets;
mod certificate;
mod console;
mod evidence;
mod form;
mod incident;
mod join;
mod monitor;
mod overview;
mod reference;
mod reset;
mod seen;
mod sign_in;
mod sign_up;
mod strip;
pub(crate) mod text;
mod told;

use allswell_core::Wall;
use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::accounts::{Accounts, Mine};
use crate::api::{ApiState, Problem, wire};

pub use console::{Console, File};
pub(crate) use reference::page as reference;
pub(crate) use sign_in::way_to_sign_in;

/// The pages and what they need.
pub(crate) fn router() -> Router<Accounts> {
    Router::new()
        .merge(of_console())
        .route("/plain", get(async || Redirect::temporary("plain/")))
        .route("/plain/", get(overview::show))
        .route("/plain/m/{id}", get(monitor::show))
        .route("/plain/i/{id}", get(incident::show))
        .route(
            "/acknowledge/{incident}/{channel}/{until}/{signature}",
            get(acknowledge::ask).post(acknowledge::confirm),
        )
        .route("/join", get(join::ask).post(join::join))
        .route("/reset", get(reset::ask).post(reset::take))
        .route("/sign-in", get(sign_in::ask).post(sign_in::sign_in))
        .route("/sign-up", get(sign_up::ask).post(sign_up::take))
        .route("/plain/assets/plain.css", get(assets::css))
        .route("/plain/assets/icon.svg", get(assets::icon))
}

/// The addresses of the console. The messages that are sent name some of them: they stay.
fn of_console() -> Router<Accounts> {
    let pages = [
        "/",
        "/m/{id}",
        "/m/{id}/edit",
        "/i/{id}",
        "/incidents",
        "/k8s",
        "/add",
        "/alerting",
        "/maintenance",
        "/settings",
        "/settings/me",
        "/settings/people",
        "/settings/backup",
        "/welcome",
        "/pages",
    ];
    let router = pages.into_iter().fold(Router::new(), |router, path| router.route(path, get(console::page)));
    router
        .route("/theme.js", get(console::file))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/assets/{file}", get(console::file))
}

/// The answer to a path that leads nowhere: a page for a browser, a problem document for a program.
pub(crate) async fn not_found(Mine(state): Mine, request: Request) -> Response {
    let path = request.uri().path();
    let detail = format!("there is nothing at {path}");
    let problem = Problem::not_found(detail, "the pages begin at /, the JSON at /api/v1/monitors");
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if path.starts_with("/api/") || !accepted.contains("text/html") {
        return problem.into_response();
    }
    let root = format!("{}plain/", "../".repeat(path.matches('/').count().saturating_sub(1)));
    refusal_page(&state, &problem, root, state.now().wall)
}

/// What every page knows.
struct Page {
    /// The way to `/plain/`: empty or `../`.
    root: String,
    css: &'static str,
    /// How to get the console; empty where it is.
    console: &'static str,
    /// Whether it reads itself again every ten seconds.
    refresh: bool,
    /// The address that changes that; empty on a page that stays as it is.
    turn: String,
    /// When it was made, for people and for programs.
    time: String,
    datetime: String,
}

impl Page {
    fn new(state: &ApiState, root: impl Into<String>, now: Wall) -> Self {
        Self {
            root: root.into(),
            css: &assets::CSS_VERSION,
            console: if state.console.is_there() { "" } else { console::HOW },
            refresh: false,
            turn: String::new(),
            time: text::clock(now, now),
            datetime: wire::time(now),
        }
    }

    /// A page that reads itself again once the reader wants that, and not before: what changes under a reader takes their place in
    /// it away (WCAG 2.2, 2.2.1). `kept` is the rest of its query.
    fn refreshing(self, follow: bool, kept: &str) -> Self {
        let turn = match (follow, kept) {
            (true, _) => format!("?{kept}"),
            (false, "") => "?follow=true".to_owned(),
            (false, _) => format!("?{kept}&follow=true"),
        };
        Self { refresh: follow, turn, ..self }
    }
}

/// The page, or one that says why there is none.
fn shown(state: &ApiState, page: Result<Response, Problem>, root: &str, now: Wall) -> Response {
    page.unwrap_or_else(|problem| refusal_page(state, &problem, root, now))
}

#[derive(Template)]
#[template(path = "refusal.html", whitespace = "minimize")]
struct RefusalPage {
    page: Page,
    title: &'static str,
    detail: String,
    hint: String,
}

fn refusal_page(state: &ApiState, problem: &Problem, root: impl Into<String>, now: Wall) -> Response {
    let (detail, hint) = problem.sentences();
    let page = RefusalPage {
        page: Page::new(state, root, now),
        title: problem.status().canonical_reason().unwrap_or("Not possible"),
        detail: text::sentence(detail),
        hint: hint.map(text::sentence).unwrap_or_default(),
    };
    (problem.status(), html(&page)).into_response()
}

fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot write a page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
