//! `/api/v1/me`: who asks, and what they may change about themselves.

use allswell_core::Wall;
use allswell_monitor::access::{LIFETIME, Need, PersonChange, Scope, Visitor};
use allswell_monitor::store::{SessionRow, UserRow, Which};
use axum::Json;
use axum::extract::Extension;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::gate::Caller;
use super::place::Place;
use super::users::NAME_CHARACTERS_MAX;
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi, wire};

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// The user who has signed in; `null` for an API key, and where nobody is asked.
    user: Option<Oneself>,
    /// The number of the session; `null` like `user`.
    session: Option<i64>,
    /// What who asks may do: `read`, `write`, `heartbeat`, and `own`: say who else may do what.
    may: Vec<&'static str>,
}

/// The user who asks.
#[derive(Serialize, ToSchema)]
struct Oneself {
    id: i64,
    email: String,
    name: String,
    #[schema(schema_with = openapi::role)]
    role: &'static str,
}

/// Who asks, and the account in which they do.
#[derive(Serialize, ToSchema)]
pub(super) struct MeInFull {
    #[serde(flatten)]
    me: Me,
    /// The API key that asks; `null` for a user, for the key that the server was started with, and where nobody is asked.
    key: Option<OwnKey>,
    account: Account,
}

/// The API key that asks.
#[derive(Serialize, ToSchema)]
struct OwnKey {
    id: i64,
    name: String,
    scopes: Vec<&'static str>,
}

/// An account.
#[derive(Serialize, ToSchema)]
struct Account {
    id: u32,
    name: String,
    /// By which it is kept; `null` for no limits.
    plan: Option<OwnPlan>,
    /// How many monitors there are.
    monitors: usize,
}

/// A plan.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountPlan)]
struct OwnPlan {
    name: String,
    /// The most monitors; `null` for no limit.
    monitors: Option<usize>,
    /// The shortest time from one asking of a monitor to the next; `null` for no limit.
    min_interval_s: Option<u64>,
}

impl MeInFull {
    fn of(state: &ApiState, caller: Caller) -> Self {
        let user = caller.visitor().and_then(|visitor| Some((state.people.user(visitor.user)?, visitor)));
        let me = match user {
            Some((row, visitor)) => Me::user(&row, visitor.session),
            None => Me { user: None, session: None, may: words(|need| caller.may(need)) },
        };
        let key = caller.key().and_then(|id| state.keys.key(id));
        let key = key.map(|key| OwnKey { id: key.id, name: key.name, scopes: key.scopes.words() });
        let plan = state.resources.kept_to().map(|plan| OwnPlan {
            name: plan.name,
            monitors: plan.limits.monitors,
            min_interval_s: plan.limits.min_interval.map(|least| least.as_secs()),
        });
        let (id, name) = (state.account.id.0, state.account.name.clone());
        Self { me, key, account: Account { id, name, plan, monitors: state.resources.counts().0 } }
    }
}

impl Me {
    /// A user.
    pub(super) fn user(row: &UserRow, session: i64) -> Self {
        let user = Oneself {
            id: row.id,
            email: row.user.address.to_string(),
            name: row.user.name.clone(),
            role: row.user.role.as_str(),
        };
        Self { user: Some(user), session: Some(session), may: words(|need| row.user.role.allows(need)) }
    }
}

fn words(may: impl Fn(Need) -> bool) -> Vec<&'static str> {
    let scopes = Scope::ALL.into_iter().map(|scope| (Need::Scope(scope), scope.as_str()));
    scopes.chain([(Need::Owner, "own")]).filter(|(need, _)| may(*need)).map(|(_, word)| word).collect()
}

/// The sessions of who asks, the one that was used last first.
#[derive(Serialize, ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<Session>,
}

/// A browser in which somebody is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    id: i64,
    /// Whether it is the one that asks.
    current: bool,
    /// The address from which it was begun.
    from: String,
    /// What the browser said of itself.
    agent: String,
    #[schema(format = DateTime)]
    began: String,
    /// When it was used last, give or take a minute.
    #[schema(format = DateTime)]
    used: String,
    /// When it ends if nobody uses it.
    #[schema(format = DateTime)]
    ends: String,
}

impl Session {
    fn of(row: SessionRow, visitor: Visitor) -> Self {
        let ends = (row.used + LIFETIME.idle).min(row.began + LIFETIME.whole);
        Self {
            id: row.id,
            current: row.id == visitor.session,
            from: row.session.from,
            agent: row.session.agent,
            began: wire::time(row.began),
            used: wire::time(row.used),
            ends: wire::time(ends),
        }
    }
}

/// What is different about oneself from now on.
#[derive(ToSchema)]
#[schema(as = MePatch)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Patch {
    /// What people call one.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Another password.
#[derive(ToSchema)]
#[schema(as = PasswordChange)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Change {
    /// The one that was good until now.
    #[schema(format = Password)]
    current: String,
    /// 12 to 256 characters.
    #[schema(format = Password)]
    new: String,
}

/// Who asks
///
/// With the account, what its plan allows, and how much of it is used.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "get_me", tag = "users",
    responses((status = 200, body = MeInFull), openapi::Refusals))]
pub(super) async fn show(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    _: NoQuery,
) -> Result<Json<MeInFull>, Problem> {
    Ok(Json(MeInFull::of(&state, caller)))
}

/// Change one's own name
///
/// What one may do, and the address, are changed by owners.
#[utoipa::path(patch, path = "/api/v1/me", operation_id = "change_me", tag = "users", request_body = Patch,
    responses((status = 200, body = MeInFull), openapi::Refusals, openapi::RefusalsOfChange, openapi::RefusalsOfBody))]
pub(super) async fn change(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    _: NoQuery,
    fields: Fields,
) -> Result<Json<MeInFull>, Problem> {
    let fields = fields.only(&["name"])?;
    let visitor = signed_in(caller)?;
    let name = fields.needed_text("name", NAME_CHARACTERS_MAX)?;
    state.people.change(visitor.user, PersonChange { name: Some(name), ..PersonChange::default() }).await?;
    Ok(Json(MeInFull::of(&state, caller)))
}

/// Choose another password
///
/// Signs the user out everywhere else.
#[utoipa::path(post, path = "/api/v1/me/password", operation_id = "change_password", tag = "users", request_body = Change,
    responses((status = 204), openapi::RefusalsOfSignIn, openapi::RefusalsOfBody))]
pub(super) async fn password(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    place: Place,
    _: NoQuery,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let fields = fields.only(&["current", "new"])?;
    let visitor = signed_in(caller)?;
    let (current, new) = (fields.secret("current")?, fields.secret("new")?);
    let changed = state.people.change_password(visitor, place.from, current, &new, state.now()).await;
    changed.map_err(|error| super::users::about_password(error, "current", "new"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where one is signed in
#[utoipa::path(get, path = "/api/v1/me/sessions", operation_id = "list_sessions", tag = "users",
    responses((status = 200, body = Sessions), openapi::Refusals))]
pub(super) async fn sessions(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    _: NoQuery,
) -> Result<Json<Sessions>, Problem> {
    let now: Wall = state.now().wall;
    let of = |visitor: Visitor| {
        state.people.sessions_of(visitor.user, now).into_iter().map(move |row| Session::of(row, visitor))
    };
    Ok(Json(Sessions { sessions: caller.visitor().into_iter().flat_map(of).collect() }))
}

/// Sign out everywhere else
#[utoipa::path(delete, path = "/api/v1/me/sessions", operation_id = "end_sessions", tag = "users",
    responses((status = 204), openapi::Refusals, openapi::RefusalsOfChange))]
pub(super) async fn end_others(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    let visitor = signed_in(caller)?;
    state.people.end(visitor.user, Which::But(visitor.session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out in one place
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", operation_id = "end_session", tag = "users",
    params(openapi::OneSession), responses((status = 204), openapi::RefusalsOfOne, openapi::RefusalsOfChange))]
pub(super) async fn end_one(
    Mine(state): Mine,
    Extension(caller): Extension<Caller>,
    Key(wanted): Key,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found(format!("there is no session `{wanted}`"), "see /api/v1/me/sessions");
    let visitor = caller.visitor().ok_or_else(missing)?;
    let session: i64 = wanted.parse().map_err(|_| missing())?;
    match state.people.end(visitor.user, Which::One(session)).await? {
        0 => Err(missing()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// The user who asks, for what only a user has.
pub(super) fn signed_in(caller: Caller) -> Result<Visitor, Problem> {
    let nobody = || {
        Problem::conflict("no user asks: an API key has neither password nor sessions", "sign in: POST /api/v1/sign-in")
    };
    caller.visitor().ok_or_else(nobody)
}
