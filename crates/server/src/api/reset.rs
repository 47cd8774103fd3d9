//! `/api/v1/reset`: a new password for who has lost theirs, by a link in a mail.

use axum::http::StatusCode;
use utoipa::ToSchema;

use super::body::Fields;
use super::place::Place;
use super::sign_in::address;
use super::{Mine, NoQuery, Problem, openapi};

/// Who has lost their password.
#[derive(ToSchema)]
#[schema(as = Forgotten)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Forgotten {
    /// The mail address to sign in with.
    email: String,
}

/// A new password.
#[derive(ToSchema)]
#[schema(as = NewPassword)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Chosen {
    /// What stands in the link behind `token=`.
    #[schema(format = Password)]
    token: String,
    /// 12 to 256 characters.
    #[schema(format = Password)]
    password: String,
}

/// Ask for a new password
///
/// Whoever has the address gets a mail with a link that is good once, for an hour. The answer is the same whether anybody has it.
#[utoipa::path(post, path = "/api/v1/reset", operation_id = "ask_for_reset", tag = "users", request_body = Forgotten,
    responses((status = 202, description = "a mail is on its way, if anybody has the address"), openapi::RefusalsOfSignIn,
        openapi::RefusalsOfBody))]
pub(super) async fn ask(Mine(state): Mine, place: Place, _: NoQuery, fields: Fields) -> Result<StatusCode, Problem> {
    let fields = fields.only(&["email"])?;
    let address = address(&fields)?;
    let post = state.post.as_ref().ok_or_else(Problem::no_relay)?;
    let asked = post.forgot(address, place.from, state.now());
    asked.map_err(|wait| Problem::too_many("it was asked for too often from there", wait))?;
    Ok(StatusCode::ACCEPTED)
}

/// Choose a new password
///
/// With the link of a mail. Signs the user out everywhere; a second factor stays.
#[utoipa::path(post, path = "/api/v1/reset/password", operation_id = "reset_password", tag = "users", request_body = Chosen,
    responses((status = 204), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn choose(Mine(state): Mine, _: NoQuery, fields: Fields) -> Result<StatusCode, Problem> {
    let fields = fields.only(&["token", "password"])?;
    state.people.reset(&fields.secret("token")?, &fields.secret("password")?, state.now().wall).await?;
    Ok(StatusCode::NO_CONTENT)
}
