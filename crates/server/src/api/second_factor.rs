//! `/api/v1/me/second-factor`: what somebody must have who signs in, beside what they know.

use allswell_monitor::access::PeopleError;
use axum::Json;
use axum::extract::Extension;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::gate::Caller;
use super::me::signed_in;
use super::place::Place;
use super::users::{about_password, find};
use super::{Key, Mine, NoQuery, Problem, openapi};

/// The second factor of who asks.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactor)]
pub(super) struct Shown {
    /// Whether a code is asked for.
    on: bool,
    /// How many codes on paper were not used yet.
    recovery_codes_left: usize,
}

/// What an app must know to make codes. It is shown here and never again.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactorSecret)]
pub(super) struct Begun {
    /// For typing: Base32.
    secret: String,
    /// For apps: an address that begins with `otpauth://`.
    uri: String,
}

/// Codes on paper for who has lost the app, each good once. They are shown here and never again.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub(super) struct Codes {
    recovery_codes: Vec<String>,
}

/// Proof that it is the user who asks.
#[derive(ToSchema)]
#[schema(as = PasswordProof)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Proof {
    #[schema(format = Password)]
    password: String,
}

/// A code that the app shows.
#[derive(ToSchema)]
#[schema(as = SecondFactorCode)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Code {
    /// Six digits.
    code: String,
}

/// One's second factor
#[utoipa::path(get, path = "/api/v1/me/second-factor", operation_id = "get_second_factor", tag = "users",
    responses((status = 200, body = Shown), openapi::Refusals, openapi::RefusalsOfChange))]
pub(super) async fn show(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    _: NoQuery,
) -> Result<Json<Shown>, Problem> {
    let factor = state.store.factor(signed_in(caller)?.user).await?;
    let left = factor.as_ref().map_or(0, |factor| factor.recovery.len());
    Ok(Json(Shown { on: factor.is_some(), recovery_codes_left: left }))
}

/// Begin with a second factor
///
/// Nothing is asked for before a code of the app has confirmed it, within ten minutes.
#[utoipa::path(post, path = "/api/v1/me/second-factor", operation_id = "begin_second_factor", tag = "users",
    request_body = Proof, responses((status = 200, body = Begun), openapi::RefusalsOfSignIn, openapi::RefusalsOfBody))]
pub(super) async fn begin(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    place: Place,
    _: NoQuery,
    fields: Fields,
) -> Result<Json<Begun>, Problem> {
    let fields = fields.only(&["password"])?;
    let visitor = signed_in(caller)?;
    let begun = state.people.begin_factor(visitor.user, place.from, fields.secret("password")?, state.now()).await;
    let (secret, address) = begun.map_err(|error| about_password(error, "password", "password"))?;
    Ok(Json(Begun { secret: secret.text(), uri: secret.uri(&address) }))
}

/// Confirm the second factor
///
/// From now on signing in asks for a code. The codes on paper that come back take its place when the app is lost.
#[utoipa::path(post, path = "/api/v1/me/second-factor/confirm", operation_id = "confirm_second_factor", tag = "users",
    request_body = Code, responses((status = 200, body = Codes), openapi::Refusals, openapi::RefusalsOfBody))]
pub(super) async fn confirm(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    _: NoQuery,
    fields: Fields,
) -> Result<Json<Codes>, Problem> {
    let fields = fields.only(&["code"])?;
    let visitor = signed_in(caller)?;
    let code = fields.needed_text("code", 50)?;
    match state.people.confirm_factor(visitor.user, &code, state.now()).await {
        Ok(recovery_codes) => Ok(Json(Codes { recovery_codes })),
        Err(error @ PeopleError::CodeWrong) => {
            Err(Problem::field("code", error.to_string(), "write the six digits that the app shows now"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Do without the second factor
#[utoipa::path(post, path = "/api/v1/me/second-factor/end", operation_id = "end_second_factor", tag = "users",
    request_body = Proof, responses((status = 204), openapi::RefusalsOfSignIn, openapi::RefusalsOfBody))]
pub(super) async fn end(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    place: Place,
    _: NoQuery,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let fields = fields.only(&["password"])?;
    let visitor = signed_in(caller)?;
    let proved = state.people.prove(visitor.user, place.from, fields.secret("password")?, state.now()).await;
    proved.map_err(|error| about_password(error, "password", "password"))?;
    state.people.drop_factor(visitor.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a user's second factor away
///
/// For who has lost the app and the codes on paper. The password alone signs them in then.
#[utoipa::path(delete, path = "/api/v1/users/{id}/second-factor", operation_id = "end_second_factor_of_user", tag = "users",
    params(openapi::OneUser), responses((status = 204), openapi::RefusalsOfOne))]
pub(super) async fn take_away(Mine(state): Mine, key: Key, _: NoQuery) -> Result<StatusCode, Problem> {
    state.people.drop_factor(find(&state, &key)?.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
