//! Shows the mails that were caught: a list, each mail as a person would see it, and as it came over the wire.

use std::net::SocketAddr;
use std::sync::Arc;

use allswell_monitor::mail_catcher::{Mail, Mails};
use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::error;

use crate::pages::assets;

/// The running page; it ends when this is dropped.
#[derive(Debug)]
pub struct MailPage {
    /// Where it is.
    pub address: SocketAddr,
    _task: JoinSet<()>,
}

impl MailPage {
    /// Serves `mails` on a free port of this machine.
    ///
    /// # Errors
    /// When no port of the loopback address can be had.
    pub async fn start(mails: Mails) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            if let Err(error) = axum::serve(listener, router(mails)).await {
                error!(%error, "the page of caught mails has ended");
            }
        });
        Ok(Self { address, _task: task })
    }
}

fn router(mails: Mails) -> Router {
    Router::new()
        .route("/", get(list))
        // Browsers ask for it by themselves, also for a mail.
        .route("/favicon.ico", get(assets::icon))
        .route("/{number}", get(mail))
        .route("/{number}/text", get(text))
        .route("/{number}/source", get(source))
        .with_state(mails)
}

#[derive(Template)]
#[template(path = "mails.html")]
struct MailsPage {
    mails: Vec<Line>,
    /// Whether the page reads itself again every three seconds.
    follow: bool,
}

/// A mail in the list.
struct Line {
    number: u64,
    at: String,
    to: String,
    subject: String,
}

async fn list(State(mails): State<Mails>, RawQuery(query): RawQuery) -> Response {
    let follow = query.as_deref() == Some("follow=true");
    let mails = mails.list().iter().map(line).collect();
    match (MailsPage { mails, follow }).render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn line(mail: &Arc<Mail>) -> Line {
    Line { number: mail.number, at: time_of_day(mail.received), to: mail.to.join(", "), subject: mail.subject.clone() }
}

fn time_of_day(at: allswell_core::Wall) -> String {
    let zoned = jiff::Timestamp::from_millisecond(at.ms()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::system());
    zoned.strftime("%H:%M:%S").to_string()
}

async fn mail(State(mails): State<Mails>, Path(number): Path<u64>) -> Response {
    // What a mail brings along may not run or load anything here.
    let policy =
        [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups")];
    shown(&mails, number, |mail| (policy, Html(mail.html.clone().unwrap_or_default())).into_response())
}

async fn text(State(mails): State<Mails>, Path(number): Path<u64>) -> Response {
    shown(&mails, number, |mail| (PLAIN, mail.text.clone().unwrap_or_default()).into_response())
}

async fn source(State(mails): State<Mails>, Path(number): Path<u64>) -> Response {
    shown(&mails, number, |mail| (PLAIN, mail.raw.clone()).into_response())
}

const PLAIN: [(HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];

fn shown(mails: &Mails, number: u64, show: impl FnOnce(&Mail) -> Response) -> Response {
    match mails.find(number) {
        Some(mail) => show(&mail),
        None => (StatusCode::NOT_FOUND, "no such mail, or it was dropped for newer ones\n").into_response(),
    }
}
