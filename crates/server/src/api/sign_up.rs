//! `/api/v1/sign-up`: an account of one's own for who has a mail address, by a link in a mail.

use allswell_monitor::access::SignUp;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

use super::body::Fields;
use super::me::Me;
use super::place::Place;
use super::sign_in::{address, agent, answered};
use super::users::NAME_CHARACTERS_MAX;
use super::{Mine, NoQuery, Problem, openapi};
use crate::accounts::Accounts;

/// Who wants an account.
#[derive(ToSchema)]
#[schema(as = AccountAsked)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Asked {
    /// The mail address to sign in with.
    email: String,
}

/// A new account.
#[derive(ToSchema)]
#[schema(as = NewAccount)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Coming {
    /// What stands in the link behind `token=`.
    #[schema(format = Password)]
    token: String,
    /// 12 to 256 characters.
    #[schema(format = Password)]
    password: String,
    /// What people call its owner; what stands before the `@` when nothing is said.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What the account is called; the mail address when nothing is said.
    #[schema(min_length = 1, max_length = 100)]
    account: Option<String>,
}

/// Ask for an account
///
/// Where the server lets people sign up, a mail goes to the address with a link that is good once, for a day; one who has a user there
/// is told so. The answer is the same for both.
#[utoipa::path(post, path = "/api/v1/sign-up", operation_id = "ask_for_account", tag = "users", request_body = Asked,
    responses((status = 202, description = "a mail is on its way"), openapi::RefusalsOfOne, openapi::RefusalsOfSignIn,
        openapi::RefusalsOfBody))]
pub(super) async fn ask(
    Mine(state): Mine,
    State(accounts): State<Accounts>,
    place: Place,
    _: NoQuery,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    accounts.sign_up()?;
    let fields = fields.only(&["email"])?;
    let address = address(&fields)?;
    let post = state.post.as_ref().ok_or_else(Problem::no_relay)?;
    let asked = post.wants_account(address, place.from, state.now());
    asked.map_err(|wait| Problem::too_many("it was asked for too often from there", wait))?;
    Ok(StatusCode::ACCEPTED)
}

/// Make an account
///
/// With the link of a mail. Makes the account and its owner, and signs them in, as signing in does.
#[utoipa::path(post, path = "/api/v1/sign-up/account", operation_id = "create_account", tag = "users", request_body = Coming,
    responses((status = 201, body = Me), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn create(
    Mine(state): Mine,
    State(accounts): State<Accounts>,
    place: Place,
    _: NoQuery,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let keeper = accounts.sign_up()?;
    let fields = fields.only(&["token", "password", "name", "account"])?;
    let wanted = SignUp {
        token: fields.secret("token")?,
        password: fields.secret("password")?,
        name: fields.text("name", NAME_CHARACTERS_MAX)?,
        account: fields.text("account", NAME_CHARACTERS_MAX)?,
    };
    let signed = keeper.sign_up(wanted, place, agent(&headers)).await?;
    Ok((StatusCode::CREATED, answered(&state, &signed)).into_response())
}
