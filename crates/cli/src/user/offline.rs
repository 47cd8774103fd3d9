//! Users in the store of a server that does not run.

use std::path::Path;

use allswell_core::Wall;
use allswell_monitor::access::{Address, NewPerson, Passwords, People, PersonChange, Role};
use allswell_monitor::store::{UserRow, Which};
use anyhow::bail;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::place::{self, with_store};

fn with_people<T>(data: &Path, work: impl AsyncFnOnce(People, Wall) -> anyhow::Result<T>) -> anyhow::Result<T> {
    with_store(data, async |store, now| work(People::open(store, Passwords::default()).await?, now).await)
}

/// Makes a user.
pub fn add(data: &Path, email: &str, name: Option<String>, role: Role, password: SecretString) -> anyhow::Result<()> {
    let address = Address::new(email)?;
    with_people(data, async |people, now| {
        people.create(NewPerson { address, name, role, password }, now).await?;
        Ok(())
    })
}

/// All users, as the API lists them.
pub fn list(data: &Path) -> anyhow::Result<Vec<Value>> {
    with_people(data, async |people, now| Ok(people.all().iter().map(|row| told(&people, row, now)).collect()))
}

fn told(people: &People, row: &UserRow, now: Wall) -> Value {
    let sessions = people.sessions_of(row.id, now);
    json!({
        "id": row.id,
        "email": row.user.address.as_str(),
        "name": row.user.name,
        "role": row.user.role.as_str(),
        "created": place::told(row.created),
        "sessions": sessions.len(),
        "last_seen": sessions.first().and_then(|session| place::told(session.used)),
    })
}

/// Gives a user another role.
pub fn change_role(data: &Path, wanted: &str, role: Role) -> anyhow::Result<()> {
    with_people(data, async |people, _| {
        people.change(find(&people, wanted)?, PersonChange { role: Some(role), ..PersonChange::default() }).await?;
        Ok(())
    })
}

/// Gives a user another password.
pub fn set_password(
    data: &Path,
    wanted: &str,
    password: &SecretString,
    without_second_factor: bool,
) -> anyhow::Result<()> {
    with_people(data, async |people, _| {
        let user = find(&people, wanted)?;
        people.set_password(user, password, Which::All).await?;
        if without_second_factor {
            people.drop_factor(user).await?;
        }
        Ok(())
    })
}

/// Deletes a user.
pub fn remove(data: &Path, wanted: &str) -> anyhow::Result<()> {
    with_people(data, async |people, _| {
        people.remove(find(&people, wanted)?).await?;
        Ok(())
    })
}

fn find(people: &People, wanted: &str) -> anyhow::Result<i64> {
    let users = people.all();
    let (number, address) = (wanted.parse::<i64>().ok(), wanted.to_lowercase());
    let found = users.iter().find(|row| Some(row.id) == number);
    match found.or_else(|| users.iter().find(|row| row.user.address.as_str() == address)) {
        Some(row) => Ok(row.id),
        None => bail!("there is no user `{wanted}`\n  try: `allswell user ls --data DIR` lists them"),
    }
}
