//! Answers who asks for a status page: from memory, before everything else that the server does with a request.

use std::sync::Arc;
use std::time::Duration;

use allswell_monitor::status_page::{Access, Page};
use allswell_monitor::store::StoreError;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::warn;

use super::access::{Tried, token};
use super::badge::NoBadge;
use super::published::{File, Policy, Published, SVG};
use super::render::Said;
use super::subscribe::{Asked, Link, Purpose, Subscriptions};
use super::{StatusPages, render};
use crate::api::Place;

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 4_096;
/// How long a form may take to come.
const FORM_PATIENCE: Duration = Duration::from_secs(30);
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers requests to status pages, and passes all others on.
pub(crate) async fn serve(State(pages): State<Arc<StatusPages>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let by_host = pages.index().by_host(request.headers());
    let (published, rest) = match by_host {
        Some(published) => (published, path.trim_start_matches('/')),
        None => {
            let Some(below) = path.strip_prefix("/s/") else { return next.run(request).await };
            let (slug, rest) = below.split_once('/').unwrap_or((below, ""));
            let by_slug = pages.index().by_slug(slug);
            let Some(published) = by_slug else { return next.run(request).await };
            if !below.contains('/') {
                return moved(&published.page.slug, request.uri().query());
            }
            if slug != published.page.slug && Purpose::of(rest).is_none() {
                return moved_from(rest, &published.page.slug, request.uri().query());
            }
            (published, rest)
        }
    };
    if let (Some(purpose), Some(subscriptions)) = (Purpose::of(rest), published.subscriptions.as_ref()) {
        let link = subscriptions.read_link(&published.page, purpose, query(&request), pages.clock.now().wall);
        let method = request.method().clone();
        return follow(&pages, subscriptions, &published.page, link, &method).await;
    }
    match *request.method() {
        Method::GET | Method::HEAD => get(&pages, &published, rest, &request),
        Method::POST if rest.is_empty() && matches!(published.page.access, Access::Password(_)) => {
            let is_secure = is_secure(request.headers());
            sign_in(&pages, &published, request.into_body(), is_secure).await
        }
        Method::POST if rest == "subscribe" => subscribe(&pages, &published, request).await,
        _ => with(StatusCode::METHOD_NOT_ALLOWED, TEXT, "a status page is only read: use GET\n"),
    }
}

fn get(pages: &StatusPages, published: &Published, path: &str, request: &Request) -> Response {
    let (headers, query) = (request.headers(), query(request));
    let page = &published.page;
    // What the form is made of is no secret.
    if path != "page.css" && !pages.door.is_open(page, headers, query, pages.clock.now()) {
        return refused(published, path);
    }
    if path.is_empty() && matches!(page.access, Access::Token(_)) && token(query).is_some() {
        return remembered(pages, published, is_secure(headers));
    }
    if let Some(file) = published.file(path) {
        return file.answer(headers);
    }
    match badge(published, path, query) {
        Some(Ok(drawing)) => {
            let is_public = page.access == Access::Public;
            File::of(SVG, Policy::Picture { is_public }, drawing.into()).answer(headers)
        }
        Some(Err(NoBadge::Wrong(why))) => with(StatusCode::BAD_REQUEST, TEXT, &format!("{why}\n")),
        Some(Err(NoBadge::NoComponent)) | None => with(StatusCode::NOT_FOUND, TEXT, "there is nothing here\n"),
    }
}

fn query(request: &Request) -> &str {
    request.uri().query().unwrap_or_default()
}

fn badge(published: &Published, path: &str, query: &str) -> Option<Result<String, NoBadge>> {
    let component = match path {
        "badge.svg" => None,
        _ => Some(path.strip_prefix("badge/")?.strip_suffix(".svg")?),
    };
    Some(published.badges.draw(component, query))
}

/// The page begins with a slash, so that all links on it can be relative.
fn moved(slug: &str, query: Option<&str>) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    to(&format!("{slug}/{query}"), StatusCode::PERMANENT_REDIRECT, None)
}

/// The page has another slug by now. Links in old mails are followed at once, since programs that use them follow no redirect.
fn moved_from(rest: &str, slug: &str, query: Option<&str>) -> Response {
    let (up, query) = ("../".repeat(rest.matches('/').count() + 1), query.map(|query| format!("?{query}")));
    to(&format!("{up}{slug}/{rest}{}", query.unwrap_or_default()), StatusCode::PERMANENT_REDIRECT, None)
}

/// Takes the token out of the address: it would be in the history, and in what people copy.
fn remembered(pages: &StatusPages, published: &Published, is_secure: bool) -> Response {
    let cookie = pages.door.cookie_for_token(&published.page, pages.clock.now().wall);
    to("./", StatusCode::SEE_OTHER, cookie.map(|cookie| secured(cookie, is_secure)))
}

async fn sign_in(pages: &StatusPages, published: &Published, body: Body, is_secure: bool) -> Response {
    let body = form(body, FORM_PATIENCE).await;
    let password = url::form_urlencoded::parse(&body).find(|(name, _)| name == "password").map(|(_, value)| value);
    let page = &published.page;
    let (status, wrong) = match pages.door.try_password(page, &password.unwrap_or_default(), pages.clock.now()) {
        Tried::Right(cookie) => return to("./", StatusCode::SEE_OTHER, Some(secured(cookie, is_secure))),
        Tried::Wrong => (StatusCode::UNAUTHORIZED, "That is not the password."),
        Tried::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many passwords were tried. Try again in a minute."),
    };
    with(status, HTML, &render::sign_in(page, wrong))
}

/// Takes note of who wants the news of a page.
async fn subscribe(pages: &StatusPages, published: &Published, request: Request) -> Response {
    let (page, now) = (&published.page, pages.clock.now());
    let Some(subscriptions) = published.subscriptions.as_ref().filter(|_| page.subscribe) else {
        return with(StatusCode::NOT_FOUND, TEXT, "there is nothing here\n");
    };
    let (mut parts, body) = request.into_parts();
    if !pages.door.is_open(page, &parts.headers, parts.uri.query().unwrap_or_default(), now) {
        return refused(published, "subscribe");
    }
    let Ok(place) = Place::from_request_parts(&mut parts, &()).await;
    let body = form(body, FORM_PATIENCE).await;
    let address = url::form_urlencoded::parse(&body).find(|(name, _)| name == "address").map(|(_, value)| value);
    let (status, said) = match subscriptions.ask(page, &address.unwrap_or_default(), place.from, now).await {
        Ok(Asked::Taken) => (StatusCode::ACCEPTED, Said::LookIntoYourMail),
        Ok(Asked::NoAddress) => (StatusCode::BAD_REQUEST, Said::NoAddress),
        Ok(Asked::TooMany) => (StatusCode::TOO_MANY_REQUESTS, Said::TooMany),
        Err(error) => (cannot(&error), Said::CannotNow),
    };
    with(status, HTML, &render::subscription(page, said))
}

/// The form in `body`; an empty one when it is too large, breaks off or takes longer than `patience` to come.
async fn form(body: Body, patience: Duration) -> Bytes {
    let read = tokio::time::timeout(patience, to_bytes(body, FORM_BYTES_MAX)).await;
    read.ok().and_then(Result::ok).unwrap_or_default()
}

/// Shows what a link of a mail does, and does it when its button is used. Who has the link needs no password.
async fn follow(
    pages: &StatusPages,
    subscriptions: &Subscriptions,
    page: &Page,
    link: Option<Link>,
    method: &Method,
) -> Response {
    let Some(link) = link else {
        return with(StatusCode::NOT_FOUND, HTML, &render::subscription(page, Said::NoLink));
    };
    let purpose = link.purpose;
    let (status, said) = match *method {
        Method::GET | Method::HEAD => (StatusCode::OK, Said::Ask(purpose)),
        Method::POST => match subscriptions.follow(page, link, pages.clock.now().wall).await {
            Ok(is_known) if is_known || purpose == Purpose::Leave => (StatusCode::OK, Said::Done(purpose)),
            Ok(_) => (StatusCode::NOT_FOUND, Said::NoLink),
            Err(error) => (cannot(&error), Said::CannotNow),
        },
        _ => return with(StatusCode::METHOD_NOT_ALLOWED, TEXT, "use GET or POST\n"),
    };
    with(status, HTML, &render::subscription(page, said))
}

fn cannot(error: &StoreError) -> StatusCode {
    warn!(error = error as &dyn std::error::Error, "cannot keep what a subscriber said");
    StatusCode::SERVICE_UNAVAILABLE
}

/// What a stranger gets: a form, or a few words.
fn refused(published: &Published, path: &str) -> Response {
    let page = &published.page;
    match (page.access, path) {
        (Access::Password(_), "" | "history") => with(StatusCode::UNAUTHORIZED, HTML, &render::sign_in(page, "")),
        (Access::Password(_), _) => {
            let mut response =
                with(StatusCode::UNAUTHORIZED, TEXT, "the password of this page is needed, with any user\n");
            let challenge = HeaderValue::from_static("Basic realm=\"status page: any user\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
        (_, "" | "history") => with(StatusCode::FORBIDDEN, HTML, &render::not_for_you(page)),
        _ => with(StatusCode::FORBIDDEN, TEXT, "the token of this page is needed: ?token=TOKEN\n"),
    }
}

fn secured(cookie: String, is_secure: bool) -> String {
    if is_secure { cookie + "; Secure" } else { cookie }
}

/// Whether the browser came to us, or to the proxy before us, by TLS.
fn is_secure(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
}

fn to(place: &str, status: StatusCode, cookie: Option<String>) -> Response {
    let mut response = with(status, TEXT, "");
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("./")));
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What is answered once and kept by nobody.
fn with(status: StatusCode, kind: &'static str, body: &str) -> Response {
    let mut response =
        File::of(kind, Policy::Page { is_public: false }, body.to_owned().into()).answer(&HeaderMap::new());
    *response.status_mut() = status;
    response.headers_mut().remove(header::ETAG);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.into_response()
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};

    use super::*;

    #[tokio::test]
    async fn a_form_that_does_not_come_is_waited_for_no_longer() {
        let begun = stream::iter([Ok::<_, axum::Error>("password=")]).chain(stream::pending());
        assert!(form(Body::from_stream(begun), Duration::from_millis(1)).await.is_empty());
        assert_eq!(form(Body::from("password=a"), FORM_PATIENCE).await, "password=a");
    }
}
