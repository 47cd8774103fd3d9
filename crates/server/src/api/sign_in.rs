//! `/api/v1/setup`, `/api/v1/sign-in`, `/api/v1/sign-out`: how a browser comes to show who its user is.

use allswell_monitor::access::{Address, NewPerson, Role, SignIn, SignedIn};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::cookie::Cookie;
use super::gate::{Caller, is_from_here};
use super::me::Me;
use super::place::Place;
use super::{ApiState, Mine, NoQuery, Problem, openapi};
use crate::accounts::Accounts;
use crate::api::users::NAME_CHARACTERS_MAX;

/// How far the server is set up.
#[derive(Serialize, ToSchema)]
pub(super) struct Setup {
    /// Whether everything is open: there is neither a user nor an API key.
    open: bool,
    /// Whether there are users who can sign in.
    users: bool,
    /// Whether whoever has a mail address may make an account of their own.
    sign_up: bool,
}

/// The first user.
#[derive(ToSchema)]
#[schema(as = FirstUser)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct First {
    /// The mail address to sign in with.
    email: String,
    /// What people call them; what stands before the `@` when nothing is said.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// 12 to 256 characters.
    #[schema(format = Password)]
    password: String,
}

/// Who wants to sign in.
#[derive(ToSchema)]
#[schema(as = SignIn)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Credentials {
    /// The mail address.
    email: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
    /// Where the user has a second factor: the six digits of the app, or a code on paper. A 401 whose `field` is `code` asks
    /// for it.
    code: Option<String>,
}

/// How far the server is set up
#[utoipa::path(get, path = "/api/v1/setup", operation_id = "get_setup", tag = "users",
    responses((status = 200, body = Setup), openapi::Refusals))]
pub(super) async fn state(
    Mine(state): Mine,
    State(accounts): State<Accounts>,
    _: NoQuery,
) -> Result<Json<Setup>, Problem> {
    let sign_up = accounts.sign_up().is_ok();
    Ok(Json(Setup { open: state.keys.is_open(), users: !state.people.is_empty(), sign_up }))
}

/// Make the first user, an owner
///
/// While the server is open, this is done from the machine it runs on; with API keys, who has none that may write makes nobody.
/// The browser is signed in by the cookie that comes back. From then on everybody is asked who they are.
#[utoipa::path(post, path = "/api/v1/setup", operation_id = "set_up", tag = "users", request_body = First,
    responses((status = 201, body = Me), openapi::RefusalsOfSignIn, openapi::RefusalsOfBody))]
pub(super) async fn create(
    Mine(state): Mine,
    place: Place,
    _: NoQuery,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let fields = fields.only(&["email", "name", "password"])?;
    if !state.people.is_empty() {
        return Err(Problem::conflict("there are users already", "sign in; owners make others"));
    }
    if !state.keys.is_empty() || !place.is_here || !is_from_here(&headers, &state) {
        return Err(Problem::not_allowed(
            "the first user is made on the machine that the server runs on",
            "open it there, at http://localhost and its port; with an API key that may write, POST /api/v1/users; \
             with the server stopped, `allswell user add --role owner EMAIL --data DIR`",
        ));
    }
    let address = address(&fields)?;
    let name = fields.text("name", NAME_CHARACTERS_MAX)?;
    let password = fields.secret("password")?;
    let now = state.now().wall;
    let user = state.people.create(NewPerson { address, name, role: Role::Owner, password }, now).await?;
    let signed = state.people.begin(user, place.from, agent(&headers), now).await?;
    Ok((StatusCode::CREATED, answered(&state, &signed)).into_response())
}

/// Sign in
///
/// The browser shows by the cookie that comes back who its user is: `HttpOnly`, `SameSite=Lax`, and where `server.public_url`
/// is https, `Secure` and bound to the host. What changes something is then taken from pages of this server only.
#[utoipa::path(post, path = "/api/v1/sign-in", operation_id = "sign_in", tag = "users", request_body = Credentials,
    responses((status = 200, body = Me), openapi::RefusalsOfSignIn, openapi::RefusalsOfBody))]
pub(super) async fn sign_in(
    Mine(state): Mine,
    place: Place,
    _: NoQuery,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let fields = fields.only(&["email", "password", "code"])?;
    let attempt = SignIn {
        address: address(&fields)?,
        password: fields.secret("password")?,
        code: fields.text("code", 50)?,
        from: place.from,
        agent: agent(&headers).to_owned(),
    };
    let signed = state.people.sign_in(attempt, state.now()).await?;
    Ok(answered(&state, &signed).into_response())
}

/// Sign out
///
/// Ends the session of the browser that asks; who came with an API key has none to end.
#[utoipa::path(post, path = "/api/v1/sign-out", operation_id = "sign_out", tag = "users",
    responses((status = 204), openapi::Refusals))]
pub(super) async fn sign_out(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    _: NoQuery,
) -> Result<Response, Problem> {
    if let Some(visitor) = caller.visitor() {
        state.people.end(visitor.user, allswell_monitor::store::Which::One(visitor.session)).await?;
    }
    let cookie = Cookie::of(&state).clear();
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])).into_response())
}

pub(super) fn answered(state: &ApiState, signed: &SignedIn) -> impl IntoResponse + use<> {
    let cookie = Cookie::of(state).set(&signed.secret);
    (AppendHeaders([(header::SET_COOKIE, cookie)]), Json(Me::user(&signed.user, signed.session.id)))
}

/// What a browser says of itself.
pub(crate) fn agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
}

/// The address in `email`.
pub(super) fn address(fields: &Fields) -> Result<Address, Problem> {
    let text = fields.needed_text("email", 320)?;
    let wrong = || Problem::field("email", format!("`{text}` is no mail address"), "write it like ada@example.com");
    Address::new(&text).map_err(|_| wrong())
}
