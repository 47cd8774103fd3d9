//! Subscribers of status pages in `main.db`.

use std::collections::HashMap;

use allswell_core::Wall;
use async_trait::async_trait;

use super::{SqliteStore, main};
use crate::access::Address;
use crate::store::{News, PageMail, StoreError, SubscriptionStore};

#[async_trait]
impl SubscriptionStore for SqliteStore {
    async fn ask_subscriber(&self, page: String, address: Address, now: Wall) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::ask_subscriber(connection, account, &page, &address, now);
        self.write("write a subscriber", work).await
    }

    async fn confirm_subscriber(&self, page: String, address: Address, now: Wall) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::confirm_subscriber(connection, account, &page, &address, now);
        self.write("write a subscriber", work).await
    }

    async fn remove_subscriber(&self, page: String, address: Address) -> Result<bool, StoreError> {
        let work = move |connection: &_, account| main::remove_subscriber(connection, account, &page, &address);
        self.write("forget a subscriber", work).await
    }

    async fn subscribers(&self) -> Result<HashMap<String, usize>, StoreError> {
        self.read("count the subscribers", main::subscribers).await
    }

    async fn tell_subscribers(&self, page: String, news: Vec<News>, now: Wall) -> Result<usize, StoreError> {
        let work = move |connection: &_, account| main::tell_subscribers(connection, account, &page, &news, now);
        self.write("write mails to subscribers", work).await
    }

    async fn due_mails(&self, now: Wall, limit: usize) -> Result<Vec<PageMail>, StoreError> {
        let work = move |connection: &_, account| main::due_mails(connection, account, now, limit);
        self.read("read the mails to subscribers", work).await
    }

    async fn next_mail(&self) -> Result<Option<Wall>, StoreError> {
        self.read("read the mails to subscribers", main::next_mail).await
    }

    async fn settle_mail(&self, id: i64, again: Option<Wall>) -> Result<(), StoreError> {
        let work = move |connection: &_, account| main::settle_mail(connection, account, id, again);
        self.write("write what became of a mail", work).await
    }
}
