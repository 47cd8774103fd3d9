//! `allswell user`: who may sign in to a server, and what each may do.
//!
//! A running server is asked through its API. With `--data` the store of a server that does not run is written: so the first
//! owner of a server comes to be that others can reach, and so one gets in again who lost the password.

mod ask;
mod offline;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Reach, segment};
use crate::place::{Ls, Place};
use crate::table::{self, Cell, Column};

/// What can be asked for with `--json`: a promise.
const FIELDS: [&str; 7] = ["id", "email", "name", "role", "created", "sessions", "last_seen"];

/// Users.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a user; the password is asked for, or read from standard input
    Add(Add),
    /// Ask somebody in: prints a link, good once and for a week, at which they choose their password
    Invite(Invite),
    /// List the users
    Ls(Ls),
    /// Give a user another role
    Role(Role),
    /// Give a user another password and sign them out everywhere
    Password(Password),
    /// Delete a user and sign them out everywhere
    Rm(One),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  allswell user add --role owner ada@example.com --data /var/lib/allswell
  allswell user add --role viewer bob@example.com < bob.password

The first user is an owner. From the first user on the server asks everybody who they are.
Exit code: 0 made, 1 there is a user with this address, 2 a mistake in the command, 3 cannot reach the server, 4 not allowed.")]
struct Add {
    /// The mail address to sign in with
    #[arg(value_name = "EMAIL")]
    email: String,
    /// What they may do: see (viewer), change (editor), say who may do what (owner)
    #[arg(long, value_name = "ROLE")]
    role: RoleWord,
    /// What people call them; what stands before the @ when not given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
struct Invite {
    /// The mail address that they will sign in with
    #[arg(value_name = "EMAIL")]
    email: String,
    /// What they may do: see (viewer), change (editor), say who may do what (owner)
    #[arg(long, value_name = "ROLE")]
    role: RoleWord,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, clap::Args)]
struct Role {
    /// The user's address or number
    #[arg(value_name = "USER")]
    user: String,
    /// What they may do from now on
    #[arg(value_name = "ROLE")]
    role: RoleWord,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The user's address or number
    #[arg(value_name = "USER")]
    user: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
struct Password {
    /// The user's address or number
    #[arg(value_name = "USER")]
    user: String,
    /// Also take the second factor away, for who has lost it
    #[arg(long)]
    without_second_factor: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleWord {
    Viewer,
    Editor,
    Owner,
}

impl RoleWord {
    const fn role(self) -> allswell_monitor::access::Role {
        match self {
            Self::Viewer => allswell_monitor::access::Role::Viewer,
            Self::Editor => allswell_monitor::access::Role::Editor,
            Self::Owner => allswell_monitor::access::Role::Owner,
        }
    }
}

/// A user as the server tells of them.
#[derive(Deserialize)]
struct User {
    id: i64,
    email: String,
    name: String,
    role: String,
    last_seen: Option<String>,
}

/// Runs the subcommand.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Add(args) => add(args),
        Command::Invite(args) => invite(args),
        Command::Ls(args) => list(args),
        Command::Role(args) => change_role(args),
        Command::Password(args) => set_password(args),
        Command::Rm(args) => remove(args),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn add(args: &Add) -> anyhow::Result<()> {
    let password = ask::password(&args.email)?;
    let role = args.role.role();
    if let Some(data) = &args.place.data {
        return offline::add(data, &args.email, args.name.clone(), role, password);
    }
    let wish =
        json!({ "email": args.email, "name": args.name, "role": role.as_str(), "password": ask::text(&password) });
    args.place.reach.client()?.send(http::Method::POST, "/api/v1/users", Some(&wish), &[])?;
    Ok(())
}

fn invite(args: &Invite) -> anyhow::Result<()> {
    let wish = json!({ "email": args.email, "role": args.role.role().as_str() });
    let made: Value = args.reach.client()?.send(http::Method::POST, "/api/v1/invitations", Some(&wish), &[])?.json()?;
    let link = made["link"].as_str().context("the server's answer holds no link")?;
    // Nobody reads a closed standard output.
    let _ = writeln!(std::io::stdout().lock(), "{link}");
    if made["mailed"] == true {
        let _ = writeln!(std::io::stderr().lock(), "it is on its way by mail as well");
    }
    Ok(())
}

fn list(args: &Ls) -> anyhow::Result<()> {
    let fields = args.format.fields(&FIELDS)?;
    let users = args.place.list("/api/v1/users", "users", offline::list)?;
    let columns = [
        Column::right("ID"),
        Column::long("E-MAIL"),
        Column::left("NAME"),
        Column::left("ROLE"),
        Column::left("LAST SEEN"),
    ];
    table::print(&users, fields.as_ref(), &columns, User::row)
}

impl User {
    fn row(self) -> Vec<Cell> {
        let seen = self.last_seen.map_or_else(|| "-".to_owned(), |moment| moment.chars().take(10).collect());
        [self.id.to_string(), self.email, self.name, self.role, seen].into_iter().map(Cell::of).collect()
    }
}

fn change_role(args: &Role) -> anyhow::Result<()> {
    let role = args.role.role();
    match &args.place.data {
        Some(data) => offline::change_role(data, &args.user, role),
        None => patch(&args.place, &args.user, &json!({ "role": role.as_str() })),
    }
}

fn set_password(args: &Password) -> anyhow::Result<()> {
    let password = ask::password(&args.user)?;
    if let Some(data) = &args.place.data {
        return offline::set_password(data, &args.user, &password, args.without_second_factor);
    }
    if args.without_second_factor {
        let path = format!("/api/v1/users/{}/second-factor", segment(&args.user));
        args.place.reach.client()?.send(http::Method::DELETE, &path, None, &[])?;
    }
    patch(&args.place, &args.user, &json!({ "password": ask::text(&password) }))
}

fn patch(place: &Place, user: &str, change: &Value) -> anyhow::Result<()> {
    let path = format!("/api/v1/users/{}", segment(user));
    place.reach.client()?.send(http::Method::PATCH, &path, Some(change), &[])?;
    Ok(())
}

fn remove(args: &One) -> anyhow::Result<()> {
    args.place.delete(&format!("/api/v1/users/{}", segment(&args.user)), |data| offline::remove(data, &args.user))
}
