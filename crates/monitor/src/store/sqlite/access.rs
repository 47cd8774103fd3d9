//! Keys and remembered answers in `main.db`.

use allswell_core::Wall;
use async_trait::async_trait;

use super::{SqliteStore, main};
use crate::store::{AccessStore, Claim, KeyRow, NewKey, Once, Remembered, StoreError};

#[async_trait]
impl AccessStore for SqliteStore {
    async fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        self.read("read the keys", main::keys).await
    }

    async fn add_key(&self, key: NewKey, now: Wall) -> Result<KeyRow, StoreError> {
        self.write("write a key", move |connection, account| main::add_key(connection, account, &key, now)).await
    }

    async fn change_key(&self, key: KeyRow) -> Result<bool, StoreError> {
        self.write("write a key", move |connection, account| main::change_key(connection, account, &key)).await
    }

    async fn remove_key(&self, id: i64) -> Result<bool, StoreError> {
        self.write("delete a key", move |connection, account| main::remove_key(connection, account, id)).await
    }

    async fn key_used(&self, id: i64, at: Wall) -> Result<(), StoreError> {
        let work = move |connection: &_, account| main::key_used(connection, account, id, at);
        self.write("write that a key was used", work).await
    }

    async fn claim_once(&self, once: Once, now: Wall, forget: Wall) -> Result<Claim, StoreError> {
        let work = move |connection: &_, account| main::claim_once(connection, account, &once, now, forget);
        self.write("take a request that is to be done once", work).await
    }

    async fn settle_once(&self, once: Once, answer: Option<Remembered>) -> Result<(), StoreError> {
        let work = move |connection: &_, account| main::settle_once(connection, account, &once, answer.as_ref());
        self.write("remember an answer", work).await
    }
}
