//! The gate: who asks, and whether they may.
//!
//! A key comes as `Authorization: Bearer KEY`; browsers send it as the password of `Basic`, with any user. A user who has signed
//! in shows a cookie. As long as there is neither key nor user everything is open, but not to pages from elsewhere that a
//! browser on this machine has open.

use allswell_monitor::access::{Admission, Need, Role, Scopes, Visitor};
use allswell_monitor::model::AccountId;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::cookie::Cookie;
use super::need::need;
use super::{ApiState, Problem, wire};
use crate::accounts::Accounts;
use crate::pages;

/// What is there for the account of who runs the server alone: asking whatever one likes, which accounts there are, and all that
/// they have.
const OF_SERVER: [&str; 3] = ["/probe", "/api/v1/accounts", "/api/v1/backups"];

/// Who asks, for those behind the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody was asked who they are.
    Anybody,
    /// Who has a key.
    Key {
        /// The account whose key it is.
        account: AccountId,
        /// Its number; `None` for the one that the server was started with.
        id: Option<i64>,
        /// What it is good for.
        scopes: Scopes,
    },
    /// A user who has signed in.
    User(Visitor),
}

impl Caller {
    /// The account in which they may do something; the first one where nobody is asked who they are.
    const fn account(self) -> AccountId {
        match self {
            Self::Anybody => AccountId::FIRST,
            Self::Key { account, .. } => account,
            Self::User(visitor) => visitor.account,
        }
    }

    /// The user, when one asks.
    pub(super) const fn visitor(self) -> Option<Visitor> {
        match self {
            Self::User(visitor) => Some(visitor),
            Self::Anybody | Self::Key { .. } => None,
        }
    }

    /// The number of the key that asks, when one does that was made here.
    pub(super) const fn key(self) -> Option<i64> {
        match self {
            Self::Key { id, .. } => id,
            Self::Anybody | Self::User(_) => None,
        }
    }

    /// Whether they may do what needs `need`.
    pub(super) const fn may(self, need: Need) -> bool {
        match self {
            Self::Anybody => true,
            Self::Key { scopes, .. } => need.is_met_by(scopes),
            Self::User(visitor) => visitor.role.allows(need),
        }
    }

    /// The number under which their answers are remembered: that of a key, that of a user below zero, 0 for all others.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Anybody => 0,
            Self::Key { id, .. } => id.unwrap_or_default(),
            Self::User(visitor) => -visitor.user,
        }
    }
}

/// Lets a request through to the parts of the account of who asks, or says why not.
pub(super) async fn gate(State(accounts): State<Accounts>, mut request: Request, next: Next) -> Response {
    let first = accounts.first();
    let path = request.uri().path();
    let admitted = admit(first, request.method(), path, request.headers()).await;
    match admitted.and_then(|caller| Ok((caller, parts(&accounts, caller, path)?))) {
        Ok((caller, state)) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(state);
            next.run(request).await
        }
        Err(problem) => refused(first, problem, request.method(), request.uri(), request.headers()),
    }
}

/// The parts of the caller's account that answer `path`.
fn parts(accounts: &Accounts, caller: Caller, path: &str) -> Result<ApiState, Problem> {
    let account = caller.account();
    if account != AccountId::FIRST && OF_SERVER.iter().any(|root| path.starts_with(root)) {
        let detail = format!("there is nothing at {path} for this account");
        return Err(Problem::not_found(detail, "it belongs to the account of who runs the server"));
    }
    // Between being written and being opened, an account is there for nobody.
    accounts.of(account).ok_or_else(Problem::busy)
}

async fn admit(state: &ApiState, method: &Method, path: &str, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(needed) = need(method, path) else {
        // Whoever signs somebody in from elsewhere's page reads later what they wrote as somebody else.
        let signs_in = !method.is_safe() && path.starts_with("/api/v1/");
        return if signs_in && !is_same_origin(headers, state) { Err(elsewhere()) } else { Ok(Caller::Anybody) };
    };
    if state.keys.is_open() {
        // What is an owner's holds secrets: a page whose name was made to point here reads none.
        let is_for_all = method.is_safe() && needed != Need::Owner;
        return if is_for_all || is_from_here(headers, state) { Ok(Caller::Anybody) } else { Err(elsewhere()) };
    }
    match Credentials::of(headers, state) {
        Some(Credentials::Key { text, ambient }) => {
            let caller = by_key(state, &text, needed).await?;
            // A browser sends a password to us whatever page asks it to; a bearer's key is sent by who has it.
            let is_forged = ambient && !method.is_safe() && !is_same_origin(headers, state);
            if is_forged { Err(elsewhere()) } else { Ok(caller) }
        }
        Some(Credentials::Session(text)) => {
            let visitor = state.people.admit(text, state.now().wall).await.ok_or_else(|| over(needed))?;
            if !visitor.role.allows(needed) {
                return Err(not_your_role(visitor.role, needed));
            }
            if !method.is_safe() && !is_known_origin(headers, state) {
                return Err(elsewhere());
            }
            Ok(Caller::User(visitor))
        }
        None => Err(nobody(needed, state)),
    }
}

async fn by_key(state: &ApiState, text: &str, needed: Need) -> Result<Caller, Problem> {
    match state.keys.admit(text, state.now().wall).await {
        Admission::Known { scopes, .. } if !needed.is_met_by(scopes) => Err(too_little(scopes, needed)),
        Admission::Known { account, key, scopes } => Ok(Caller::Key { account, id: key, scopes }),
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

fn nobody(needed: Need, state: &ApiState) -> Problem {
    let hint = "send it as `Authorization: Bearer KEY`; `allswell keys create` makes one";
    let detail = format!("a key with the scope `{}` is needed", needed.scope());
    if state.people.is_empty() {
        return Problem::not_signed_in(detail, hint);
    }
    Problem::not_signed_in(
        format!("{detail}, or a user who has signed in"),
        format!("{hint}; people sign in at /sign-in"),
    )
}

fn over(needed: Need) -> Problem {
    Problem::not_signed_in(
        "nobody is signed in here any more",
        format!("sign in again, or send a key with the scope `{}` as `Authorization: Bearer KEY`", needed.scope()),
    )
}

fn not_your_role(role: Role, needed: Need) -> Problem {
    let least = Role::ALL.into_iter().find(|role| role.allows(needed)).unwrap_or(Role::Owner);
    Problem::not_allowed(
        format!("the role `{least}` is needed; yours is `{role}`"),
        "ask an owner to do it, or to give you the role",
    )
}

fn too_little(scopes: Scopes, needed: Need) -> Problem {
    let needed = needed.scope();
    Problem::not_allowed(
        format!("the scope `{needed}` is needed; this key has `{}`", scopes.words().join("`, `")),
        format!("use a key with the scope `{needed}`: `allswell keys create --scope {needed}`"),
    )
}

fn elsewhere() -> Problem {
    Problem::not_allowed(
        "a page from elsewhere asked a browser to read or change something here",
        "open the server at its own address; where a proxy changes that, set `server.public_url`",
    )
}

/// How a refusal looks to who was refused: browsers are shown where to sign in or ask for a password, programs read.
fn refused(state: &ApiState, problem: Problem, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let is_unknown = problem.status() == axum::http::StatusCode::UNAUTHORIZED;
    let is_page = !uri.path().starts_with("/api/");
    if is_unknown && is_page && method.is_safe() && !state.people.is_empty() && is_browser(headers) {
        return Redirect::to(&pages::way_to_sign_in(uri)).into_response();
    }
    let mut response = problem.into_response();
    if is_unknown && is_page {
        let challenge = "Basic realm=\"Allswell: any user, an API key as password\"";
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn is_browser(headers: &HeaderMap) -> bool {
    let has = |name, text: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(text))
    };
    has(header::ACCEPT, "text/html") && !headers.contains_key(header::AUTHORIZATION)
}

/// What came to say who asks.
enum Credentials<'a> {
    /// A key.
    Key {
        text: String,
        /// Whether a browser sends it by itself.
        ambient: bool,
    },
    /// What a browser has whose user signed in.
    Session(&'a str),
}

impl<'a> Credentials<'a> {
    fn of(headers: &'a HeaderMap, state: &ApiState) -> Option<Self> {
        match headers.get(header::AUTHORIZATION) {
            Some(authorization) => Self::of_key(authorization),
            None => Cookie::of(state).read(headers).map(Self::Session),
        }
    }

    fn of_key(authorization: &HeaderValue) -> Option<Self> {
        let (scheme, rest) = authorization.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self::Key { text: rest.to_owned(), ambient: false });
        }
        let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest).ok())??;
        let pair = String::from_utf8(pair).ok()?;
        Some(Self::Key { text: pair.split_once(':')?.1.to_owned(), ambient: true })
    }
}

/// Whether who asks an open server is on its own machine or at its own address, and no page of somebody else's whose name was
/// made to point here.
pub(super) fn is_from_here(headers: &HeaderMap, state: &ApiState) -> bool {
    let host = host(headers);
    let bare = host.rsplit_once(':').map_or(host, |(bare, port)| if port.ends_with(']') { host } else { bare });
    let is_address = bare.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    let is_named = bare.is_empty() || bare.eq_ignore_ascii_case("localhost") || Some(host) == public(state).as_deref();
    (is_address || is_named) && is_same_origin(headers, state)
}

/// Whether a browser says that the request comes from one of our own pages. All say so of what changes something.
fn is_known_origin(headers: &HeaderMap, state: &ApiState) -> bool {
    let is_said = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    is_said && is_same_origin(headers, state)
}

/// Whether no browser says that the request comes from another site.
pub(crate) fn is_same_origin(headers: &HeaderMap, state: &ApiState) -> bool {
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
