//! Accounts in `main.db`, and the view of each.

use std::sync::Arc;

use allswell_core::Wall;
use async_trait::async_trait;

use super::{SqliteStore, main};
use crate::access::{Address, Digest};
use crate::model::{AccountId, MonitorId};
use crate::store::{AccountRow, AccountStore, CountedAccount, NewAccount, NewSignUp, Store, StoreError, UserRow};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.read("read the accounts", |connection, _| main::accounts(connection)).await
    }

    async fn find_account(&self, account: AccountId) -> Result<Option<AccountRow>, StoreError> {
        self.read("read an account", move |connection, _| main::find_account(connection, account)).await
    }

    async fn counted_accounts(&self, first: AccountId, limit: usize) -> Result<Vec<CountedAccount>, StoreError> {
        self.read("count what is in accounts", move |connection, _| main::counted_accounts(connection, first, limit))
            .await
    }

    async fn add_account(&self, account: NewAccount, now: Wall) -> Result<(AccountRow, UserRow), StoreError> {
        self.write("write an account", move |connection, _| main::add_account(connection, &account, now)).await
    }

    async fn set_plan(&self, account: AccountId, plan: Option<String>) -> Result<bool, StoreError> {
        let work = move |connection: &_, _| main::set_plan(connection, account, plan.as_deref());
        self.write("write the plan of an account", work).await
    }

    async fn remove_account(&self, account: AccountId, now: Wall) -> Result<bool, StoreError> {
        self.write("delete an account", move |connection, _| main::remove_account(connection, account, now)).await
    }

    async fn add_sign_up(&self, sign_up: NewSignUp, now: Wall) -> Result<(), StoreError> {
        let work = move |connection: &_, _| main::add_sign_up(connection, &sign_up, now);
        self.write("write a way to an account", work).await
    }

    async fn whose_sign_up(&self, digest: Digest, now: Wall) -> Result<Option<Address>, StoreError> {
        let work = move |connection: &_, _| main::whose_sign_up(connection, digest, now);
        self.read("read a way to an account", work).await
    }

    async fn sign_up(
        &self,
        digest: Digest,
        account: NewAccount,
        now: Wall,
    ) -> Result<Option<(AccountRow, UserRow)>, StoreError> {
        let work = move |connection: &_, _| main::sign_up(connection, digest, &account, now);
        self.write("write an account", work).await
    }

    async fn whose_monitor(&self, monitor: MonitorId) -> Result<Option<AccountId>, StoreError> {
        self.read("read whose a monitor is", move |connection, _| main::whose_monitor(connection, monitor)).await
    }

    async fn whose_message(&self, message: i64) -> Result<Option<AccountId>, StoreError> {
        self.read("read whose a message is", move |connection, _| main::whose_message(connection, message)).await
    }

    async fn whose_invitation(&self, digest: Digest) -> Result<Option<AccountId>, StoreError> {
        self.read("read whose an invitation is", move |connection, _| main::whose_invitation(connection, digest)).await
    }

    fn of(&self, account: AccountId) -> Arc<dyn Store> {
        Arc::new(self.view(account))
    }
}
