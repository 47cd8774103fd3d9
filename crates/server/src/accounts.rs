//! The parts of every account, for who is let in. The gate says whose are asked for; a handler gets those (`Mine`) and cannot name
//! another account's.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use allswell_monitor::model::AccountId;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::api::{ApiState, Problem};
use crate::keeper::Keeper;

/// All accounts by their number. A copy is as good as the first.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    first: ApiState,
    others: RwLock<BTreeMap<AccountId, ApiState>>,
    /// Who opens more of them; nobody where there is no server around.
    keeper: OnceLock<Weak<Keeper>>,
}

impl From<ApiState> for Accounts {
    /// A server with this account alone.
    fn from(first: ApiState) -> Self {
        Self(Arc::new(Inner { first, others: RwLock::default(), keeper: OnceLock::new() }))
    }
}

impl Accounts {
    /// The account of who runs the server.
    pub fn first(&self) -> &ApiState {
        &self.0.first
    }

    /// Says who opens more of them.
    pub(crate) fn kept_by(&self, keeper: &Arc<Keeper>) {
        // Said once, when the server starts.
        let _ = self.0.keeper.set(Arc::downgrade(keeper));
    }

    /// Who opens more of them.
    ///
    /// # Errors
    /// [`Problem::busy`] while the server stops.
    pub(crate) fn keeper(&self) -> Result<Arc<Keeper>, Problem> {
        self.0.keeper.get().and_then(Weak::upgrade).ok_or_else(Problem::busy)
    }

    /// Who makes an account for whoever asks for one.
    ///
    /// # Errors
    /// [`Problem`] where nobody does, with the way out.
    pub(crate) fn sign_up(&self) -> Result<Arc<Keeper>, Problem> {
        let keeper = self.keeper().ok().filter(|keeper| keeper.signs_up()).ok_or_else(Problem::no_sign_up)?;
        if self.first().keys.is_open() { Err(Problem::no_owner()) } else { Ok(keeper) }
    }

    /// Has another account answer from now on.
    pub fn enter(&self, state: ApiState) {
        let mut others = self.0.others.write().unwrap_or_else(PoisonError::into_inner);
        others.insert(state.store.account(), state);
    }

    /// Has an account answer no more.
    pub(crate) fn leave(&self, account: AccountId) {
        self.0.others.write().unwrap_or_else(PoisonError::into_inner).remove(&account);
    }

    /// The parts of `account`; `None` while it is not there.
    pub fn of(&self, account: AccountId) -> Option<ApiState> {
        if account == AccountId::FIRST {
            return Some(self.0.first.clone());
        }
        self.0.others.read().unwrap_or_else(PoisonError::into_inner).get(&account).cloned()
    }

    /// What `look` finds in the account that has it, the oldest first.
    pub(crate) fn find<T>(&self, look: impl Fn(&ApiState) -> Option<T>) -> Option<(ApiState, T)> {
        let others = self.0.others.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = std::iter::once(&self.0.first).chain(others.values());
        all.find_map(|state| Some((state.clone(), look(state)?)))
    }
}

/// The parts of the account of who asks; of the first one where nobody is asked who they are.
pub(crate) struct Mine(pub(crate) ApiState);

impl FromRequestParts<Accounts> for Mine {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &Accounts) -> Result<Self, Infallible> {
        let state = parts.extensions.get::<ApiState>().cloned();
        Ok(Self(state.expect("the gate puts them into every request")))
    }
}
