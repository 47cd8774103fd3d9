//! `/api/v1/users`: who may sign in, and what each may do.

use allswell_monitor::access::{NewPerson, PasswordError, PeopleError, PersonChange, Role};
use allswell_monitor::store::{UserRow, Which};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::invitations::may_ask_in;
use super::sign_in::address;
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi, wire};

/// The longest name of a user.
pub(super) const NAME_CHARACTERS_MAX: usize = 100;

/// All users, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Users)]
pub(super) struct List {
    users: Vec<One>,
}

/// Somebody who may sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct One {
    id: i64,
    email: String,
    name: String,
    #[schema(schema_with = openapi::role)]
    role: &'static str,
    #[schema(format = DateTime)]
    created: String,
    /// Whether signing in asks them for a code beside the password.
    second_factor: bool,
    /// In how many browsers they are signed in.
    sessions: usize,
    /// When one of these was used last, give or take a minute; `null` while there is none.
    #[schema(format = DateTime)]
    last_seen: Option<String>,
}

/// What a user is to be.
#[derive(ToSchema)]
#[schema(as = NewUser)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct New {
    /// The mail address to sign in with; no two users have the same.
    email: String,
    /// What people call them; what stands before the `@` when nothing is said.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What they may do. The first user is an owner.
    #[schema(schema_with = openapi::role)]
    role: String,
    /// 12 to 256 characters.
    #[schema(format = Password)]
    password: String,
}

/// What is different about a user from now on; what is not there stays as it is.
#[derive(ToSchema)]
#[schema(as = UserPatch)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Patch {
    /// What people call them.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What they may do.
    #[schema(schema_with = openapi::role)]
    role: Option<String>,
    /// 12 to 256 characters; signs them out everywhere.
    #[schema(format = Password)]
    password: Option<String>,
}

impl One {
    async fn of(state: &ApiState, row: UserRow) -> Result<Self, Problem> {
        let second_factor = state.store.factor(row.id).await?.is_some();
        Ok(Self::with(state, row, second_factor))
    }

    fn with(state: &ApiState, row: UserRow, second_factor: bool) -> Self {
        let sessions = state.people.sessions_of(row.id, state.now().wall);
        Self {
            id: row.id,
            email: row.user.address.to_string(),
            name: row.user.name,
            role: row.user.role.as_str(),
            second_factor,
            created: wire::time(row.created),
            last_seen: sessions.first().map(|row| wire::time(row.used)),
            sessions: sessions.len(),
        }
    }
}

/// Users
#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "users",
    responses((status = 200, body = List), openapi::Refusals))]
pub(super) async fn list(Mine(state): Mine, _: NoQuery) -> Result<Json<List>, Problem> {
    let with_factor = state.store.with_factor().await?;
    let one = |row: UserRow| {
        let second_factor = with_factor.contains(&row.id);
        One::with(&state, row, second_factor)
    };
    Ok(Json(List { users: state.people.all().into_iter().map(one).collect() }))
}

/// Make a user
///
/// From the first one on, `/api/v1` and the pages are closed to who is neither signed in nor has an API key. An account but the
/// first makes as many as it asks in: 20, and then one every ten minutes, both together.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "create_user", tag = "users", request_body = New,
    responses((status = 201, body = One), openapi::Refusals, openapi::RefusalsOfBody, openapi::RefusalsOfHaste))]
pub(super) async fn create(Mine(state): Mine, _: NoQuery, fields: Fields) -> Result<Response, Problem> {
    let fields = fields.only(&["email", "name", "role", "password"])?;
    let wish = NewPerson {
        address: address(&fields)?,
        name: fields.text("name", NAME_CHARACTERS_MAX)?,
        role: needed_role(&fields)?,
        password: fields.secret("password")?,
    };
    may_ask_in(&state)?;
    let row = state.people.create(wish, state.now().wall).await?;
    let place = [(header::LOCATION, format!("/api/v1/users/{}", row.id))];
    Ok((StatusCode::CREATED, place, Json(One::of(&state, row).await?)).into_response())
}

/// One user
#[utoipa::path(get, path = "/api/v1/users/{id}", operation_id = "get_user", tag = "users", params(openapi::OneUser),
    responses((status = 200, body = One), openapi::RefusalsOfOne))]
pub(super) async fn one(Mine(state): Mine, key: Key, _: NoQuery) -> Result<Json<One>, Problem> {
    let row = find(&state, &key)?;
    Ok(Json(One::of(&state, row).await?))
}

/// Change a user
///
/// Another role holds at once. The last owner stays one.
#[utoipa::path(patch, path = "/api/v1/users/{id}", operation_id = "change_user", tag = "users", params(openapi::OneUser),
    request_body = Patch, responses((status = 200, body = One), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn change(Mine(state): Mine, key: Key, _: NoQuery, fields: Fields) -> Result<Json<One>, Problem> {
    let fields = fields.only(&["name", "role", "password"])?;
    let id = find(&state, &key)?.id;
    let (name, role) = (fields.text("name", NAME_CHARACTERS_MAX)?, role(&fields)?);
    let password = if fields.has("password") { Some(fields.secret("password")?) } else { None };
    let row = state.people.change(id, PersonChange { name, role, password }).await?;
    Ok(Json(One::of(&state, row).await?))
}

/// Delete a user
///
/// Signs them out everywhere. The last owner cannot be deleted.
#[utoipa::path(delete, path = "/api/v1/users/{id}", operation_id = "delete_user", tag = "users", params(openapi::OneUser),
    responses((status = 204), openapi::RefusalsOfOne, openapi::RefusalsOfChange))]
pub(super) async fn remove(Mine(state): Mine, key: Key, _: NoQuery) -> Result<StatusCode, Problem> {
    state.people.remove(find(&state, &key)?.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign a user out everywhere
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions", operation_id = "end_sessions_of_user", tag = "users",
    params(openapi::OneUser), responses((status = 204), openapi::RefusalsOfOne))]
pub(super) async fn sign_out(Mine(state): Mine, key: Key, _: NoQuery) -> Result<StatusCode, Problem> {
    state.people.end(find(&state, &key)?.id, Which::All).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn known() -> String {
    format!("known are {}", Role::ALL.map(Role::as_str).join(", "))
}

/// The role in `role`, which must be there.
pub(super) fn needed_role(fields: &Fields) -> Result<Role, Problem> {
    role(fields)?.ok_or_else(|| Problem::field("role", "`role` is missing", known()))
}

/// The role in `role`.
fn role(fields: &Fields) -> Result<Option<Role>, Problem> {
    let Some(word) = fields.text("role", 50)? else { return Ok(None) };
    let wrong = || Problem::field("role", format!("there is no role `{word}`"), known());
    Role::from_word(&word).map(Some).ok_or_else(wrong)
}

/// The user that `wanted` means: their number, or else their address.
pub(super) fn find(state: &ApiState, Key(wanted): &Key) -> Result<UserRow, Problem> {
    let users = state.people.all();
    let number: Option<i64> = wanted.parse().ok();
    let address = wanted.to_lowercase();
    let found = users.iter().find(|row| Some(row.id) == number);
    let found = found.or_else(|| users.iter().find(|row| row.user.address.as_str() == address));
    let missing = || {
        Problem::not_found(format!("there is no user `{wanted}`"), "give their number or address as in /api/v1/users")
    };
    found.cloned().ok_or_else(missing)
}

/// What went wrong with passwords, when `current` and `new` are the fields that hold them.
pub(super) fn about_password(error: PeopleError, current: &str, new: &str) -> Problem {
    match error {
        PeopleError::Refused => Problem::field(current, "this is not the password", "write the one you sign in with"),
        PeopleError::NotAPassword(why) => Problem::field(new, why.to_string(), "choose another one"),
        other => other.into(),
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        let said = error.to_string();
        match error {
            PeopleError::Store(error) => Self::store(&error),
            PeopleError::Missing => Self::not_found(said, "see /api/v1/users"),
            PeopleError::Taken(_) => Self::field_taken("email", said, "change that user, or delete it first"),
            PeopleError::First => Self::field("role", said, "make an owner, and the others after it"),
            PeopleError::LastOwner => Self::conflict(said, "make another one an owner first"),
            PeopleError::NotAPassword(_) => Self::field("password", said, "choose another one"),
            PeopleError::Refused => Self::not_signed_in(said, "an owner can give you another password"),
            PeopleError::CodeNeeded => Self::code(said, "write the six digits that your app shows, or a code on paper"),
            PeopleError::CodeWrong => Self::code(said, "wait for the next one; a code on paper is good once"),
            PeopleError::ManyInvited { .. } => {
                Self::conflict(said, "take one back first, or wait until somebody comes: each is good for a week")
            }
            PeopleError::NotInvited => Self::not_found(said, "ask an owner for another one"),
            PeopleError::NotReset => Self::not_found(said, "ask for another one at /reset"),
            PeopleError::NotSigningUp => Self::not_found(said, "ask for another one at /sign-up"),
            PeopleError::NotBegun => Self::conflict(said, "begin with POST /api/v1/me/second-factor"),
            PeopleError::TooMany { wait } => Self::too_many(said, wait),
            PeopleError::Password(PasswordError::Busy) | PeopleError::Random(_) => Self::busy(),
            PeopleError::Password(PasswordError::System(error)) => {
                tracing::error!(error = &*error as &dyn std::error::Error, "cannot work on a password");
                Self::busy()
            }
        }
    }
}
