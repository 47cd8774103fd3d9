//! Keys in the store of a server that does not run.

use std::path::Path;

use allswell_core::Wall;
use allswell_monitor::access::{Keyring, Passwords, People, Scopes};
use allswell_monitor::store::{AccessStore, KeyRow};
use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::place::{self, with_store};

/// Makes a key and gives its secret.
pub fn create(data: &Path, name: &str, scopes: &[&str], expires: Option<jiff::Timestamp>) -> anyhow::Result<String> {
    let scopes = Scopes::from_words(&scopes.join(" ")).context("clap knows the scopes")?;
    let expires = expires.map(|moment| Wall::from_ms(moment.as_millisecond()));
    with_store(data, async |store, now| {
        let people = People::open(store.clone(), Passwords::default()).await?;
        let keys = Keyring::open(store, None, people).await?;
        let (_, secret) = keys.create(name.to_owned(), scopes, expires, now).await?;
        Ok(secret.text().to_owned())
    })
}

/// All keys, as the API lists them.
pub fn list(data: &Path) -> anyhow::Result<Vec<Value>> {
    with_store(data, async |store, now| Ok(store.keys().await?.iter().map(|key| told(key, now)).collect()))
}

fn told(key: &KeyRow, now: Wall) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes.words(),
        "created": place::told(key.created),
        "expires": key.expires.and_then(place::told),
        "expired": key.expires.is_some_and(|at| at <= now),
        "last_used": key.used.and_then(place::told),
    })
}

/// Deletes a key, also the last one.
pub fn remove(data: &Path, wanted: &str) -> anyhow::Result<()> {
    with_store(data, async |store, _| {
        let number: Option<i64> = wanted.parse().ok();
        let keys = store.keys().await?;
        let found =
            keys.iter().find(|key| Some(key.id) == number).or_else(|| keys.iter().find(|key| key.name == wanted));
        let Some(key) = found else {
            bail!("there is no key `{wanted}`\n  try: `allswell keys ls --data DIR` lists them")
        };
        store.remove_key(key.id).await?;
        Ok(())
    })
}
