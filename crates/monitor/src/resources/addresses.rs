//! The addresses of status pages, one list for all accounts: a slug leads to one page of the server, whoever's it is.
//!
//! An account takes the slugs of its pages before they are written and gives back what its pages do not have any more when they
//! are, so of two who want the same one at the same time one is refused. Slugs are public; whose one is, nobody is told.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::model::Stored;
use super::plan;
use crate::model::AccountId;
use crate::store::{ResourceKind, Store, StoreError};

/// The addresses of all status pages, as one account sees them. A copy is as good as the first.
#[derive(Clone, Debug)]
pub struct Addresses {
    account: AccountId,
    owners: Arc<Mutex<HashMap<String, AccountId>>>,
}

impl Default for Addresses {
    /// No page has any yet; the view of the first account.
    fn default() -> Self {
        Self { account: AccountId::FIRST, owners: Arc::default() }
    }
}

impl Addresses {
    /// The same addresses, as `account` sees them.
    pub fn of(&self, account: AccountId) -> Self {
        Self { account, owners: Arc::clone(&self.owners) }
    }

    /// The account whose view it is.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Whose page `slug` leads to, as far as one has taken it.
    pub fn owner(&self, slug: &str) -> Option<AccountId> {
        self.owners().get(slug).copied()
    }

    /// The first of `slugs` that another account has.
    pub fn taken<'s>(&self, slugs: impl IntoIterator<Item = &'s str>) -> Option<&'s str> {
        self.first_of_others(&self.owners(), slugs)
    }

    /// Takes all of `slugs`, or none when another account has one of them.
    ///
    /// # Errors
    /// The one that another account has.
    pub fn take<'s>(&self, slugs: impl IntoIterator<Item = &'s str, IntoIter: Clone>) -> Result<(), &'s str> {
        let (slugs, mut owners) = (slugs.into_iter(), self.owners());
        match self.first_of_others(&owners, slugs.clone()) {
            Some(taken) => Err(taken),
            None => {
                owners.extend(slugs.map(|slug| (slug.to_owned(), self.account)));
                Ok(())
            }
        }
    }

    /// Gives back all that the account has but `slugs`.
    pub fn keep<'s>(&self, slugs: impl IntoIterator<Item = &'s str>) {
        let slugs: HashSet<&str> = slugs.into_iter().collect();
        self.owners().retain(|slug, owner| *owner != self.account || slugs.contains(slug.as_str()));
    }

    /// Takes what the pages of all accounts of `store` but the first have, of two who have the same for the older one.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub async fn take_those_of_others(&self, store: &dyn Store) -> Result<(), StoreError> {
        for row in store.accounts().await?.into_iter().filter(|row| row.id != AccountId::FIRST) {
            let stored = store.of(row.id).resources().await?;
            self.of(row.id).take_stored(&stored.into_iter().map(Stored::from).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// Takes what the pages among `stored` have, as far as it is free; of the others it is told when they are to be in force.
    pub(super) fn take_stored(&self, stored: &[Stored]) {
        for page in stored.iter().filter(|stored| stored.kind == ResourceKind::StatusPage) {
            let _ = self.take(plan::slugs(&page.spec.spec()).iter().map(String::as_str));
        }
    }

    fn first_of_others<'s>(
        &self,
        owners: &HashMap<String, AccountId>,
        slugs: impl IntoIterator<Item = &'s str>,
    ) -> Option<&'s str> {
        slugs.into_iter().find(|slug| owners.get(*slug).is_some_and(|owner| *owner != self.account))
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<String, AccountId>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_once_and_free_again_when_it_is_given_back() {
        let ours = Addresses::default();
        let theirs = ours.of(AccountId(2));
        assert_eq!(ours.take(["acme", "shop"]), Ok(()));
        assert_eq!(ours.take(["acme"]), Ok(()), "one's own is no hindrance");
        assert_eq!(theirs.take(["new", "shop"]), Err("shop"));
        assert_eq!((theirs.owner("new"), theirs.owner("shop")), (None, Some(AccountId::FIRST)), "all or none is taken");
        assert_eq!((theirs.taken(["new", "acme"]), ours.taken(["acme"])), (Some("acme"), None));
        theirs.keep([]);
        assert_eq!(ours.owner("acme"), Some(AccountId::FIRST), "what others have is not given back");
        ours.keep(["acme"]);
        assert_eq!(theirs.take(["shop"]), Ok(()));
        assert_eq!(ours.take(["shop"]), Err("shop"));
    }

    #[test]
    fn of_many_who_want_the_same_at_once_one_has_it() {
        let addresses = Addresses::default();
        let taken = std::thread::scope(|scope| {
            let wanting = |account| addresses.of(AccountId(account)).take(["acme", "shop"]).is_ok();
            let all: Vec<_> = (1..=8).map(|account| scope.spawn(move || wanting(account))).collect();
            all.into_iter().map(|one| one.join().expect("it ends")).filter(|taken| *taken).count()
        });
        assert_eq!(taken, 1);
    }
}
