//! `Idempotency-Key`: what was done once is not done again when the answer was lost on its way.
//!
//! A key and its answer are kept for a day, durably: also a server that ended in the middle does nothing twice. Only what went
//! well is kept; what was refused changed nothing and may be sent again.

use std::time::Duration;

use allswell_monitor::store::{Claim, Once, Remembered};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::body::BODY_BYTES_MAX;
use super::gate::{Caller, is_once};
use super::{ApiState, Mine, Problem};

/// The header.
const HEADER: &str = "idempotency-key";
/// So long an answer is remembered.
const KEPT: Duration = Duration::from_secs(86_400);
const KEY_CHARACTERS_MAX: usize = 255;
/// What lies below these holds secrets, in what is asked or in what is answered: not even a digest is kept.
const SECRET: [&str; 9] = [
    "/api/v1/keys",
    "/api/v1/setup",
    "/api/v1/sign-in",
    "/api/v1/users",
    "/api/v1/me",
    "/api/v1/invitations",
    "/api/v1/join",
    "/api/v1/reset",
    "/api/v1/sign-up",
];
/// The headers of an answer that come back with it.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// Does a request, or gives the answer of the first one like it.
pub(super) async fn once(Mine(state): Mine, request: Request, next: Next) -> Response {
    if !request.headers().contains_key(HEADER) || !is_once(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    done(&state, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn done(state: &ApiState, request: Request, next: Next) -> Result<Response, Problem> {
    let (request, once) = taken(request).await?;
    let now = state.now().wall;
    match state.store.claim_once(once.clone(), now, now - KEPT).await? {
        Claim::Done(remembered) => Ok(again(remembered)),
        Claim::Other => Err(Problem::field(
            HEADER,
            "this idempotency key was used for another request",
            "make a new key for each request that is to be done",
        )),
        Claim::Begun => Err(Problem::conflict(
            "a request with this idempotency key was begun, and nobody knows yet how it ended",
            "try again in a moment; if it stays so, the server ended in the middle: look whether it was done, and use a new key",
        )),
        Claim::First => first(state, once, next.run(request).await).await,
    }
}

/// The request with its body at hand, and what makes it this one.
async fn taken(request: Request) -> Result<(Request, Once), Problem> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if SECRET.iter().any(|secret| path.starts_with(secret)) {
        return Err(Problem::parameter(
            HEADER,
            "what holds passwords, or the secret of a key, is kept nowhere, so this answer cannot be given again",
            "leave the header out; no name is given to two keys, and no address to two users",
        ));
    }
    let key = head.headers.get(HEADER).and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if key.is_empty() || key.len() > KEY_CHARACTERS_MAX {
        let hint = "write something that is different for each request, like a UUID";
        return Err(Problem::parameter(HEADER, "an idempotency key has 1 to 255 characters of ASCII", hint));
    }
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| super::body::too_large())?;
    let mut digest = Sha256::new();
    for part in
        [head.method.as_str().as_bytes(), path.as_bytes(), head.uri.query().unwrap_or_default().as_bytes(), &body]
    {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let caller = head.extensions.get::<Caller>().map(|caller| caller.number()).unwrap_or_default();
    let once = Once { caller, key, digest: digest.finalize().into() };
    Ok((Request::from_parts(head, Body::from(body)), once))
}

/// Remembers the answer to the first one, when it went well.
async fn first(state: &ApiState, once: Once, response: Response) -> Result<Response, Problem> {
    if !response.status().is_success() {
        state.store.settle_once(once, None).await?;
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let headers = HEADERS.iter().filter_map(|name| {
        let value = head.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let remembered = Remembered { status: head.status.as_u16(), headers: headers.collect(), body: body.to_vec() };
    state.store.settle_once(once, Some(remembered)).await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn again(remembered: Remembered) -> Response {
    let mut response = HttpResponse::new(Body::from(Bytes::from(remembered.body)));
    *response.status_mut() = StatusCode::from_u16(remembered.status).unwrap_or(StatusCode::OK);
    for (name, value) in remembered.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
