//! `/api/v1/accounts`: all accounts of a server, for who runs it.

use allswell_monitor::model::AccountId;
use allswell_monitor::store::CountedAccount;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::page::not_a_cursor;
use super::{Key, Mine, NoQuery, Problem, Query, openapi, wire};
use crate::accounts::Accounts;

/// The longest name of a plan.
const PLAN_CHARACTERS_MAX: usize = 50;
const DEFAULT: usize = 100;
const MOST: usize = 1_000;

/// Accounts by their number.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerAccounts)]
pub(super) struct List {
    accounts: Vec<One>,
    /// Where the next page is; `null` on the last one.
    next: Option<String>,
}

/// Which page of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document of what `Query` reads by name")]
pub(super) struct Part {
    /// At most so many.
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<usize>,
    /// Where to go on: `next` of the page before has it.
    cursor: Option<String>,
}

/// An account of the server.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerAccount)]
pub(super) struct One {
    id: u32,
    name: String,
    /// The plan by which it is kept; `null` for no limits.
    plan: Option<String>,
    /// How many monitors there are in it.
    monitors: usize,
    /// How many users it has.
    users: usize,
    #[schema(format = DateTime)]
    created: String,
}

/// What is different about an account from now on.
#[derive(ToSchema)]
#[schema(as = ServerAccountPatch)]
#[expect(dead_code, reason = "the document of what `Fields` reads by name")]
pub(super) struct Patch {
    /// The plan by which it is kept, one of `plans` in the server's own file; `null` for no limits.
    #[schema(required = true)]
    plan: Option<String>,
}

impl From<CountedAccount> for One {
    fn from(counted: CountedAccount) -> Self {
        let CountedAccount { account, monitors, users } = counted;
        Self {
            id: account.id.0,
            name: account.name,
            plan: account.plan,
            monitors,
            users,
            created: wire::time(account.created),
        }
    }
}

/// Accounts of the server
///
/// For owners of the first account, and for its keys that may write.
#[utoipa::path(get, path = "/api/v1/accounts", operation_id = "list_accounts", tag = "users", params(Part),
    responses((status = 200, body = List), openapi::RefusalsOfOne))]
pub(super) async fn list(Mine(state): Mine, query: RawQuery) -> Result<Json<List>, Problem> {
    let query = Query::read(query, &["limit", "cursor"])?;
    let limit = query.limit(DEFAULT, MOST)?;
    let first = match query.value("cursor").map(str::parse) {
        None => AccountId::FIRST,
        Some(Ok(number)) => AccountId(number),
        Some(Err(_)) => return Err(not_a_cursor("`cursor` is none of ours")),
    };
    // One more than is wanted: the next page begins with it.
    let mut found = state.store.counted_accounts(first, limit + 1).await?;
    let next = if found.len() > limit { found.pop() } else { None };
    let next = next.map(|next| format!("/api/v1/accounts?limit={limit}&cursor={}", next.account.id.0));
    Ok(Json(List { accounts: found.into_iter().map(One::from).collect(), next }))
}

/// Keep an account by another plan
///
/// Holds at once. What the account has already stays, also when it is more than the plan allows.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", operation_id = "change_account", tag = "users",
    params(openapi::OneAccount), request_body = Patch,
    responses((status = 200, body = One), openapi::RefusalsOfOne, openapi::RefusalsOfBody))]
pub(super) async fn change(
    Mine(state): Mine,
    State(accounts): State<Accounts>,
    Key(wanted): Key,
    _: NoQuery,
    fields: Fields,
) -> Result<Json<One>, Problem> {
    let fields = fields.only(&["plan"])?;
    if !fields.has("plan") && !fields.is_null("plan") {
        let way_out = "write {\"plan\": \"...\"}, or {\"plan\": null} for no limits";
        return Err(Problem::field("plan", "`plan` is missing", way_out));
    }
    let plan = fields.text("plan", PLAN_CHARACTERS_MAX)?;
    let id = number(&wanted)?;
    if !accounts.keeper()?.keep_to(id, plan).await? {
        return Err(missing(&wanted));
    }
    let found = state.store.counted_accounts(id, 1).await?.pop().filter(|one| one.account.id == id);
    Ok(Json(found.ok_or_else(|| missing(&wanted))?.into()))
}

/// Delete an account
///
/// With all that belongs to it: its monitors are not asked any more, its users and keys are not let in, its status pages are gone.
/// The first account stays.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}", operation_id = "delete_account", tag = "users",
    params(openapi::OneAccount), responses((status = 204), openapi::RefusalsOfOne, openapi::RefusalsOfChange))]
pub(super) async fn remove(
    State(accounts): State<Accounts>,
    Key(wanted): Key,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    let is_gone = accounts.keeper()?.remove(number(&wanted)?).await?;
    if is_gone { Ok(StatusCode::NO_CONTENT) } else { Err(missing(&wanted)) }
}

/// The number of the account that `wanted` means.
fn number(wanted: &str) -> Result<AccountId, Problem> {
    wanted.parse().map(AccountId).map_err(|_| missing(wanted))
}

fn missing(wanted: &str) -> Problem {
    Problem::not_found(format!("there is no account `{wanted}`"), "give its number as in /api/v1/accounts")
}
