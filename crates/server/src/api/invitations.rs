//! `/api/v1/invitations` and `/api/v1/join`: asking somebody in by a link that is good once.

use allswell_monitor::access::{Join, Secret};
use allswell_monitor::store::{InvitationRow, NewInvitation};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::me::Me;
use super::place::Place;
use super::sign_in::{address, agent, answered};
use super::users::{NAME_CHARACTERS_MAX, needed_role};
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi, wire};
use crate::post::Invited;

/// The invitations that nobody has come with yet, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitations)]
pub(super) struct List {
    invitations: Vec<One>,
}

/// Somebody who was asked in.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct One {
    id: i64,
    email: String,
    #[schema(schema_with = openapi::role)]
    role: &'static str,
    #[schema(format = DateTime)]
    made: String,
    /// From when on it is good no more.
    #[schema(format = DateTime)]
    expires: String,
}

/// An invitation that was just made.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedInvitation)]
pub(super) struct Made {
    #[serde(flatten)]
    one: One,
    /// The link, to hand over. It is shown here and never again.
    link: String,
    /// Whether it is on its way by mail as well: where the server has a relay, and that address was not written to too often.
    mailed: bool,
}

/// Who is asked in.
#[derive(ToSchema)]
#[schema(as = NewInvitation)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct New {
    /// The mail address that they will sign in with.
    email: String,
    /// What they may do.
    #[schema(schema_with = openapi::role)]
    role: String,
}

/// Who comes.
#[derive(ToSchema)]
#[schema(as = Join)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Coming {
    /// What stands in the link behind `token=`.
    #[schema(format = Password)]
    token: String,
    /// What people call them; what stands before the `@` when nothing is said.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// 12 to 256 characters.
    #[schema(format = Password)]
    password: String,
}

impl One {
    fn of(row: InvitationRow) -> Self {
        Self {
            id: row.id,
            email: row.invitation.address.to_string(),
            role: row.invitation.role.as_str(),
            made: wire::time(row.made),
            expires: wire::time(row.invitation.expires),
        }
    }
}

/// Invitations
#[utoipa::path(get, path = "/api/v1/invitations", operation_id = "list_invitations", tag = "users",
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, _: NoQuery) -> Result<Json<List>, Problem> {
    let rows = state.people.invitations(state.now().wall).await?;
    Ok(Json(List { invitations: rows.into_iter().map(One::of).collect() }))
}

/// Ask somebody in
///
/// Where the server has a relay, they get the link by mail; hand it over otherwise. Whoever has it chooses the password. It is good
/// once, for a week; another one for the same address takes its place. An account but the first asks in 20 people and then
/// one every ten minutes, and at most 50 who have not come yet.
#[utoipa::path(post, path = "/api/v1/invitations", operation_id = "create_invitation", tag = "users",
    request_body = New, responses((status = 201, body = Made), openapi::Refusals, openapi::RefusalsOfBody,
        openapi::RefusalsOfHaste))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, fields: Fields) -> Result<Response, Problem> {
    let fields = fields.only(&["email", "role"])?;
    let (address, role, now) = (address(&fields)?, needed_role(&fields)?, state.now());
    may_ask_in(&state)?;
    let (row, secret) = state.people.invite(address, role, now.wall).await?;
    let place = [(header::LOCATION, format!("/api/v1/invitations/{}", row.id))];
    let link = link(&state, &secret);
    let NewInvitation { address, role, expires, .. } = row.invitation.clone();
    let invited = Invited { address, role, secret, expires };
    let mailed = state.post.as_ref().is_some_and(|post| post.invite(state.account.id, invited, now));
    let made = Made { one: One::of(row), link, mailed };
    Ok((StatusCode::CREATED, place, Json(made)).into_response())
}

/// Refuses those who ask in too many. What comes of it tells them, too, who is a user of other accounts.
pub(super) fn may_ask_in(state: &ApiState) -> Result<(), Problem> {
    let asked = state.post.as_ref().map_or(Ok(()), |post| post.may_invite(state.account.id, state.now()));
    asked.map_err(|wait| Problem::too_many("this account asked too many people in lately", wait))
}

fn link(state: &ApiState, secret: &Secret) -> String {
    let root = state.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
    format!("{root}/join?token={}", secret.text())
}

/// Take an invitation back
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", operation_id = "delete_invitation", tag = "users",
    params(openapi::OneInvitation), responses((status = 204), openapi::RefusalsOfOne))]
pub(super) async fn remove(Mine(state): Mine, Key(wanted): Key, _: NoQuery) -> Result<StatusCode, Problem> {
    let missing = || {
        Problem::not_found(format!("there is no invitation `{wanted}`"), "give its number as in /api/v1/invitations")
    };
    let id: i64 = wanted.parse().map_err(|_| missing())?;
    state.people.take_back(id).await.map_err(|error| match error {
        allswell_monitor::access::PeopleError::NotInvited => missing(),
        other => other.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Come with an invitation
///
/// Makes the user and signs them in, as signing in does.
#[utoipa::path(post, path = "/api/v1/join", operation_id = "join", tag = "users", request_body = Coming,
    responses((status = 201, body = Me), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn join(
    Mine(state): Mine,
    place: Place,
    _: NoQuery,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let fields = fields.only(&["token", "name", "password"])?;
    let join = Join {
        token: fields.secret("token")?,
        name: fields.text("name", NAME_CHARACTERS_MAX)?,
        password: fields.secret("password")?,
        from: place.from,
        agent: agent(&headers).to_owned(),
    };
    let signed = state.people.join(join, state.now().wall).await?;
    Ok((StatusCode::CREATED, answered(&state, &signed)).into_response())
}
