//! The gate: who asks, and whether they may.
//!
//! A key comes as `Authorization: Bearer KEY`; browsers send it as the password of `Basic`, with any user. As long as there is
//! no key at all everything is open, but not to pages from elsewhere that a browser on this machine has open.

use allswell_monitor::access::{Admission, Scope, Scopes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::need::need;
use super::{ApiState, Problem, wire};

/// Who asks, for those behind the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The number of the key; `None` for who needs none, and for the key that the server was started with.
    pub(super) key: Option<i64>,
}

/// Lets a request through, or says why not.
pub(super) async fn gate(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let needed = need(request.method(), request.uri().path());
    match admit(&state, request.method(), request.headers(), needed).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => refused(problem, request.uri().path()),
    }
}

async fn admit(
    state: &ApiState,
    method: &Method,
    headers: &HeaderMap,
    needed: Option<Scope>,
) -> Result<Caller, Problem> {
    let Some(needed) = needed else { return Ok(Caller { key: None }) };
    if state.keys.is_empty() {
        return if method.is_safe() || is_from_here(headers, state) {
            Ok(Caller { key: None })
        } else {
            Err(elsewhere())
        };
    }
    let Some(credentials) = Credentials::of(headers) else { return Err(nobody(needed)) };
    match state.keys.admit(&credentials.key, state.now().wall).await {
        Admission::Known { scopes, .. } if !scopes.allow(needed) => Err(too_little(scopes, needed)),
        // A browser sends a password to us whatever page asks it to; a bearer's key is sent by who has it.
        Admission::Known { .. } if credentials.ambient && !method.is_safe() && !is_same_origin(headers, state) => {
            Err(elsewhere())
        }
        Admission::Known { key, .. } => Ok(Caller { key }),
        Admission::Expired { at } => {
            let detail = format!("the key expired at {}", wire::time(at));
            Err(Problem::not_signed_in(detail, "make a new one with `allswell keys create`, or POST /api/v1/keys"))
        }
        Admission::Unknown => Err(Problem::not_signed_in(
            "nobody here has this key",
            "`allswell keys ls` lists the keys of a server; a key was shown once, when it was made",
        )),
    }
}

fn nobody(needed: Scope) -> Problem {
    Problem::not_signed_in(
        format!("a key with the scope `{needed}` is needed"),
        "send it as `Authorization: Bearer KEY`; `allswell keys create` makes one",
    )
}

fn too_little(scopes: Scopes, needed: Scope) -> Problem {
    Problem::not_allowed(
        format!("the scope `{needed}` is needed; this key has `{}`", scopes.words().join("`, `")),
        format!("use a key with the scope `{needed}`: `allswell keys create --scope {needed}`"),
    )
}

fn elsewhere() -> Problem {
    Problem::not_allowed(
        "a page from elsewhere asked a browser to change something here",
        "open the server at its own address; where a proxy changes that, set `server.public_url`",
    )
}

/// How a refusal looks to who was refused: browsers ask for a password, programs read.
fn refused(problem: Problem, path: &str) -> Response {
    let is_unknown = problem.status() == axum::http::StatusCode::UNAUTHORIZED;
    let mut response = problem.into_response();
    if is_unknown {
        let challenge = if path.starts_with("/api/") {
            "Bearer realm=\"allswell\""
        } else {
            "Basic realm=\"Allswell: any user, an API key as password\""
        };
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

/// A key as it came.
struct Credentials {
    key: String,
    /// Whether a browser sends it by itself.
    ambient: bool,
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self { key: rest.to_owned(), ambient: false });
        }
        let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest).ok())??;
        let pair = String::from_utf8(pair).ok()?;
        Some(Self { key: pair.split_once(':')?.1.to_owned(), ambient: true })
    }
}

/// Whether who asks an open server is on its own machine or at its own address, and no page of somebody else's whose name was
/// made to point here.
fn is_from_here(headers: &HeaderMap, state: &ApiState) -> bool {
    let host = host(headers);
    let bare = host.rsplit_once(':').map_or(host, |(bare, port)| if port.ends_with(']') { host } else { bare });
    let is_address = bare.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    let is_named = bare.is_empty() || bare.eq_ignore_ascii_case("localhost") || Some(host) == public(state).as_deref();
    (is_address || is_named) && is_same_origin(headers, state)
}

/// Whether no browser says that the request comes from another site.
fn is_same_origin(headers: &HeaderMap, state: &ApiState) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (Some(_), _) => false,
        (None, Some(origin)) => {
            let origin = Url::parse(origin).ok().map(|origin| origin.authority().to_owned());
            origin.is_some_and(|origin| origin == host(headers) || Some(origin) == public(state))
        }
    }
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// `host:port` of the address at which people find us.
fn public(state: &ApiState) -> Option<String> {
    let url = Url::parse(state.public_url.as_deref()?).ok()?;
    Some(url.authority().to_owned())
}

/// Whether `method` at `path` changes something that should be done once.
pub(super) fn is_once(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.starts_with("/api/v1/")
}
