//! `allswell account`: the accounts of a server, and by which plan each is kept.
//!
//! A running server is asked through its API, and keeps to another plan at once. With `--data` the store of a server that does not
//! run is read and written.

use std::path::Path;
use std::process::ExitCode;

use allswell_monitor::model::AccountId;
use allswell_monitor::store::{AccountStore, CountedAccount};
use anyhow::anyhow;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Failure;
use crate::place::{Ls, Place, told, with_store};
use crate::table::{self, Cell, Column};

/// What can be asked for with `--json`: a promise.
const FIELDS: [&str; 6] = ["id", "name", "plan", "created", "monitors", "users"];

/// Accounts.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the accounts
    Ls(Ls),
    /// Keep an account by another plan
    Plan(Plan),
    /// Delete an account with all that belongs to it
    Rm(Rm),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell account plan 2 pro
  allswell account plan 2 --none
  allswell account plan 1 free --data /var/lib/allswell

A plan is a name under `plans` in the configuration.
Exit code: 0 done, 2 there is no such account or plan, 3 cannot reach the server, 4 not allowed.")]
struct Plan {
    /// The account's number
    #[arg(value_name = "ACCOUNT")]
    account: u32,
    /// The plan
    #[arg(value_name = "PLAN", required_unless_present = "none")]
    plan: Option<String>,
    /// Without limits
    #[arg(long, conflicts_with = "plan")]
    none: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell account rm 2
  allswell account rm 2 --data /var/lib/allswell

Its monitors, channels, status pages, users and keys go with it. The first account stays.
Exit code: 0 done, 1 it is the first account, 2 there is no such account, 3 cannot reach the server, 4 not allowed.")]
struct Rm {
    /// The account's number
    #[arg(value_name = "ACCOUNT")]
    account: u32,
    #[command(flatten)]
    place: Place,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Ls(args) => list(args),
        Command::Plan(args) => set_plan(args),
        Command::Rm(args) => remove(args),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn list(args: &Ls) -> anyhow::Result<()> {
    let fields = args.format.fields(&FIELDS)?;
    let accounts = args.place.list("/api/v1/accounts?limit=1000", "accounts", offline)?;
    let columns = [
        Column::right("ID"),
        Column::long("NAME"),
        Column::left("PLAN"),
        Column::right("MONITORS"),
        Column::right("USERS"),
        Column::left("CREATED"),
    ];
    table::print(&accounts, fields.as_ref(), &columns, Account::row)
}

/// All accounts in the store in `data`, as the API lists them.
fn offline(data: &Path) -> anyhow::Result<Vec<Value>> {
    with_store(data, async |store, _| {
        Ok(store.counted_accounts(AccountId::FIRST, usize::MAX).await?.iter().map(tell).collect())
    })
}

/// An account as it is told of.
#[derive(Deserialize)]
struct Account {
    id: u32,
    name: String,
    plan: Option<String>,
    monitors: usize,
    users: usize,
    created: Option<String>,
}

impl Account {
    fn row(self) -> Vec<Cell> {
        let plan = self.plan.unwrap_or_else(|| "-".to_owned());
        let created = self.created.unwrap_or_default().chars().take(10).collect();
        let (id, monitors, users) = (self.id.to_string(), self.monitors.to_string(), self.users.to_string());
        [id, self.name, plan, monitors, users, created].into_iter().map(Cell::of).collect()
    }
}

fn tell(counted: &CountedAccount) -> Value {
    let CountedAccount { account: row, monitors, users } = counted;
    json!({
        "id": row.id.0,
        "name": row.name,
        "plan": row.plan,
        "created": told(row.created),
        "monitors": monitors,
        "users": users,
    })
}

fn set_plan(args: &Plan) -> anyhow::Result<()> {
    let Some(data) = &args.place.data else {
        let path = format!("/api/v1/accounts/{}", args.account);
        let change = json!({ "plan": args.plan });
        args.place.reach.client()?.send(http::Method::PATCH, &path, Some(&change), &[])?;
        return Ok(());
    };
    with_store(data, async |store, _| {
        if store.set_plan(AccountId(args.account), args.plan.clone()).await? {
            return Ok(());
        }
        Err(missing(args.account))
    })
}

fn remove(args: &Rm) -> anyhow::Result<()> {
    args.place
        .delete(&format!("/api/v1/accounts/{}", args.account), |data| remove_offline(data, AccountId(args.account)))
}

fn remove_offline(data: &Path, account: AccountId) -> anyhow::Result<()> {
    if account == AccountId::FIRST {
        return Err(Failure::no("the first account is that of who runs the server, and stays").into());
    }
    with_store(data, async |store, now| {
        let is_gone = store.remove_account(account, now).await?;
        if is_gone { Ok(()) } else { Err(missing(account.0)) }
    })
}

fn missing(account: u32) -> anyhow::Error {
    anyhow!("there is no account {account}\n  try: `allswell account ls --data DIR` lists them")
}
