//! `/api/v1/accounts`: all accounts of a server, for who runs it.

use allswell_monitor::model::AccountId;
use allswell_monitor::store::AccountRow;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Fields;
use super::{ApiState, Key, Mine, NoQuery, Problem, openapi, wire};
use crate::accounts::Accounts;

/// The longest name of a plan.
const PLAN_CHARACTERS_MAX: usize = 50;

/// All accounts by their number.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerAccounts)]
pub(super) struct List {
    accounts: Vec<One>,
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

impl One {
    async fn of(state: &ApiState, accounts: &Accounts, row: AccountRow) -> Result<Self, Problem> {
        let monitors = match accounts.of(row.id) {
            Some(open) => open.resources.counts().0,
            None => state.store.of(row.id).monitors().await?.len(),
        };
        let users = state.people.of(row.id).all().len();
        let AccountRow { id, name, plan, created } = row;
        Ok(Self { id: id.0, name, plan, monitors, users, created: wire::time(created) })
    }
}

/// All accounts of the server
///
/// For owners of the first account, and for its keys that may write.
#[utoipa::path(get, path = "/api/v1/accounts", operation_id = "list_accounts", tag = "users",
    responses((status = 200, body = List), openapi::RefusalsOfOne))]
pub(super) async fn list(
    Mine(state): Mine,
    State(accounts): State<Accounts>,
    _: NoQuery,
) -> Result<Json<List>, Problem> {
    let mut told = Vec::new();
    for row in state.store.accounts().await? {
        told.push(One::of(&state, &accounts, row).await?);
    }
    Ok(Json(List { accounts: told }))
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
    let missing =
        || Problem::not_found(format!("there is no account `{wanted}`"), "give its number as in /api/v1/accounts");
    let fields = fields.only(&["plan"])?;
    if !fields.has("plan") && !fields.is_null("plan") {
        let way_out = "write {\"plan\": \"...\"}, or {\"plan\": null} for no limits";
        return Err(Problem::field("plan", "`plan` is missing", way_out));
    }
    let plan = fields.text("plan", PLAN_CHARACTERS_MAX)?;
    let id = wanted.parse().map(AccountId).map_err(|_| missing())?;
    if !accounts.keeper()?.keep_to(id, plan).await? {
        return Err(missing());
    }
    let row = state.store.accounts().await?.into_iter().find(|row| row.id == id).ok_or_else(missing)?;
    Ok(Json(One::of(&state, &accounts, row).await?))
}
