//! What programs may read and write: monitors, results, uptime, incidents and deliveries as JSON, the server's own health, its
//! metrics.
//!
//! What is read comes through the [`Store`] and [`ServerHealth`], what is written goes through [`Resources`]; nothing here
//! decides. What goes over the wire has its types here, beside the handler that writes it. Errors are problem documents (RFC 9457).

mod accounts;
mod backups;
mod body;
mod bulk;
mod change;
mod channels;
mod code;
mod configured;
mod cookie;
mod deliveries;
mod etag;
mod events;
mod fleet;
mod gate;
mod health;
mod heartbeat;
mod heartbeats;
mod history;
mod incidents;
mod invitations;
mod keys;
mod maintenance;
mod me;
mod monitors;
mod need;
mod once;
mod openapi;
mod own;
mod page;
mod place;
mod probe;
mod problem;
mod query;
pub(crate) mod read;
mod reset;
mod results;
mod second_factor;
mod series;
mod sign_in;
mod sign_up;
mod status_pages;
mod stay;
mod trial;
mod uptime;
mod users;
mod whole;
pub(crate) mod wire;
mod written;

use std::sync::Arc;
use std::time::Duration;

use allswell_core::Now;
use allswell_monitor::access::{Keyring, People};
use allswell_monitor::acknowledge::Acknowledger;
use allswell_monitor::audience::Bulletin;
use allswell_monitor::backup::Backups;
use allswell_monitor::clock::Clock;
use allswell_monitor::fleet::Fleet;
use allswell_monitor::health::ServerHealth;
use allswell_monitor::heartbeats::Heartbeats;
use allswell_monitor::links::Links;
use allswell_monitor::metrics::Metrics;
use allswell_monitor::resources::Resources;
use allswell_monitor::store::{AccountRow, Store};
use allswell_probe::Prober;
use axum::Router;
use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::Accounts;
use crate::pages;
use crate::post::Post;
use crate::status_page::{self, Press};

pub(crate) use crate::accounts::Mine;
pub(crate) use cookie::Cookie;
pub(crate) use gate::is_same_origin;
pub(crate) use place::Place;
pub use problem::Problem;
pub(crate) use query::{Key, NoQuery, Query};
pub(crate) use sign_in::agent;

/// What the interface and the pages of one account read from: nothing in it knows of another.
#[derive(Clone)]
pub struct ApiState {
    /// The account that all of this is of.
    pub account: Arc<AccountRow>,
    /// What outlasts the process.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How the server itself is.
    pub health: Arc<ServerHealth>,
    /// Asks, for `/probe`.
    pub prober: Arc<Prober>,
    /// Takes acknowledgements of incidents.
    pub acknowledger: Acknowledger,
    /// Knows the links that messages carry.
    pub links: Links,
    /// Who may do what.
    pub keys: Keyring,
    /// Who may sign in, and who has.
    pub people: People,
    /// What is configured, and the way to change it.
    pub resources: Arc<Resources>,
    /// What is true of all monitors now.
    pub fleet: Arc<Fleet>,
    /// Who may call.
    pub heartbeats: Arc<Heartbeats>,
    /// Writes what strangers are told.
    pub press: Arc<Press>,
    /// Where it is said that something changed for them.
    pub bulletin: Arc<Bulletin>,
    /// Writes to users; `None` where the server has no relay.
    pub post: Option<Post>,
    /// The files of the console, if it was built with one.
    pub console: pages::Console,
    /// Where people find this server's pages, `https://status.example.com`, when it knows.
    pub public_url: Option<String>,
    /// The backups of the whole server, for the account of who runs it alone.
    pub backups: Option<Arc<Backups>>,
}

impl ApiState {
    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }
}

/// The whole interface of all `accounts`: `/api/v1`, the pages, `/health`, `/ready` and `/metrics`.
pub fn router(accounts: impl Into<Accounts>) -> Router {
    let accounts = accounts.into();
    let status_pages = Arc::clone(accounts.first().press.pages());
    let (interface, mut document) = documented().split_for_parts();
    openapi::secure(&mut document, &Cookie::of(accounts.first()).name());
    interface
        .merge(openapi::router(document))
        .merge(for_others())
        .merge(pages::router())
        .fallback(pages::not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(etag::etag))
        .layer(middleware::from_fn_with_state(accounts.clone(), once::once))
        .layer(middleware::from_fn(whole::whole))
        .layer(middleware::from_fn_with_state(accounts.clone(), gate::gate))
        .layer(compression())
        .layer(middleware::from_fn(guard))
        .layer(middleware::from_fn_with_state(status_pages, status_page::serve))
        .with_state(accounts)
}

/// What programs read. A path that is not in the OpenAPI document cannot be served from here.
fn documented() -> OpenApiRouter<Accounts> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(monitors::list, change::create))
        .routes(routes!(monitors::one, change::replace, change::patch, change::delete))
        .routes(routes!(change::pause))
        .routes(routes!(change::resume))
        .routes(routes!(change::check))
        .routes(routes!(bulk::change))
        .routes(routes!(trial::once))
        .routes(routes!(channels::list, channels::create))
        .routes(routes!(channels::one, channels::replace, channels::patch, channels::delete))
        .routes(routes!(channels::test))
        .routes(routes!(maintenance::list, maintenance::create))
        .routes(routes!(maintenance::one, maintenance::replace, maintenance::patch, maintenance::delete))
        .routes(routes!(maintenance::end))
        .routes(routes!(status_pages::list, status_pages::create))
        .routes(routes!(status_pages::preview))
        .routes(routes!(status_pages::previewed))
        .routes(routes!(status_pages::one, status_pages::replace, status_pages::patch, status_pages::delete))
        .routes(routes!(code::plan))
        .routes(routes!(code::apply))
        .routes(routes!(code::export))
        .routes(routes!(results::list))
        .routes(routes!(uptime::one))
        .routes(routes!(uptime::list))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::one))
        .routes(routes!(deliveries::list))
        .routes(routes!(heartbeats::list))
        .routes(routes!(history::history))
        .routes(routes!(series::series))
        .routes(routes!(series::percentiles))
        .routes(routes!(fleet::show))
        .routes(routes!(fleet::strips))
        .routes(routes!(fleet::tags))
        .routes(routes!(fleet::groups))
        .routes(routes!(events::list, events::create))
        .routes(routes!(events::remove))
        .routes(routes!(incidents::acknowledge))
        .routes(routes!(incidents::note))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::one, keys::change, keys::remove))
        .routes(routes!(sign_in::state, sign_in::create))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(me::show, me::change))
        .routes(routes!(me::password))
        .routes(routes!(me::sessions, me::end_others))
        .routes(routes!(me::end_one))
        .routes(routes!(second_factor::show, second_factor::begin))
        .routes(routes!(second_factor::confirm))
        .routes(routes!(second_factor::end))
        .routes(routes!(second_factor::take_away))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::one, users::change, users::remove))
        .routes(routes!(users::sign_out))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::remove))
        .routes(routes!(invitations::join))
        .routes(routes!(reset::ask))
        .routes(routes!(reset::choose))
        .routes(routes!(sign_up::ask))
        .routes(routes!(sign_up::create))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::change, accounts::remove))
        .routes(routes!(backups::list, backups::create))
        .routes(routes!(backups::download, backups::remove))
        .routes(routes!(deliveries::one))
        .routes(routes!(own::health))
        .routes(routes!(own::ready))
        .routes(routes!(own::metrics))
}

/// What is not read by programs of ours: where jobs call in, and what Prometheus asks in blackbox_exporter's stead.
fn for_others() -> Router<Accounts> {
    Router::new()
        .route("/heartbeat/{token}", get(heartbeat::plain).post(heartbeat::plain))
        .route("/heartbeat/{token}/{what}", get(heartbeat::telling).post(heartbeat::telling))
        .route("/probe", get(probe::probe))
}

async fn method_not_allowed(request: Request) -> Problem {
    Problem::method_not_allowed(request.method().as_str())
}

/// Long lists are compressed, at little cost, for who takes them so. What is short stays as its `ETag` names it, to the byte.
fn compression() -> CompressionLayer<impl Predicate> {
    let is_json = |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
    };
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(LONG).and(is_json))
}

/// From how many bytes on an answer is long.
const LONG: u16 = 16 << 10;

/// Headers that every answer carries: nothing is guessed, framed, cached unasked or told to others.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = answered(next.run(request), PATIENCE).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The answer, or a problem when it takes longer than `patience`: a disk that hangs must not gather readers without end.
async fn answered(answer: impl Future<Output = Response>, patience: Duration) -> Response {
    tokio::time::timeout(patience, answer).await.unwrap_or_else(|_| Problem::took_too_long(patience).into_response())
}

/// How long a reader waits at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// No script, no frame, no form, nothing from elsewhere: what a monitored server smuggles into a page can do nothing.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

#[cfg(test)]
mod tests;
