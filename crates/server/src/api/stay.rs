//! How long somebody may stay: an answer without end ends with the right to ask for it.

use std::time::Duration;

use allswell_core::Wall;
use allswell_monitor::access::{LIFETIME, Need};

use super::ApiState;
use super::gate::Caller;

/// A clock that is set is noticed at the latest after this.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// So long a browser has, when a server that was open is so no more, to learn that it has just made the first user.
const GRACE: Duration = Duration::from_secs(2);

/// Waits until `caller`, who was let in to `state`, may do no more what needs `needed`: signed out, deleted, expired, or with
/// another role. Nothing is read from the store for it.
pub(super) async fn over(state: ApiState, caller: Caller, needed: Need) {
    let (mut people, mut keys) = (state.people.changes(), state.keys.changes());
    while let Some(rest) = rest(&state, caller, needed, state.now().wall) {
        tokio::select! {
            _ = people.changed() => {}
            _ = keys.changed() => {}
            () = tokio::time::sleep(rest.min(LOOK_AGAIN)) => {}
        }
    }
    if caller == Caller::Anybody {
        tokio::time::sleep(GRACE).await;
    }
}

/// How much longer the caller may do it if nothing changes; `None` when they may not.
fn rest(state: &ApiState, caller: Caller, needed: Need, now: Wall) -> Option<Duration> {
    let until = match caller {
        Caller::Anybody => state.keys.is_open().then_some(None)?,
        Caller::Key { id: None, .. } => None,
        Caller::Key { id: Some(id), .. } => {
            let key = state.keys.key(id)?;
            needed.is_met_by(key.scopes).then_some(key.expires)?
        }
        Caller::User(visitor) => {
            let user = state.people.user(visitor.user).filter(|row| row.user.role.allows(needed))?;
            let session = state.people.session(user.id, visitor.session, now)?;
            Some((session.used + LIFETIME.idle).min(session.began + LIFETIME.whole))
        }
    };
    match until {
        None => Some(LOOK_AGAIN),
        Some(until) if until > now => Some(until.since(now)),
        Some(_) => None,
    }
}
