//! How the server itself is: what its workers say of themselves, and what that comes to.
//!
//! What is said expires by itself: a scheduler that no longer ticks is not well because it once was.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use allswell_core::time::humane;
use allswell_core::{Mono, Now, Wall};

use crate::model::AccountId;

/// A scheduler without a tick for this long is late: the server is not ready.
const LATE: Duration = Duration::from_secs(5);
/// A scheduler without a tick for this long is dead: the process is of no use any more. Busy is not dead.
const DEAD: Duration = Duration::from_secs(60);

/// What the workers say of themselves; shared by all of them and by the pages.
#[derive(Debug)]
pub struct ServerHealth {
    began: Now,
    state: Mutex<State>,
    schedulers: Mutex<BTreeMap<AccountId, Pulse>>,
}

/// What the scheduler of one account says of itself.
#[derive(Clone, Copy, Debug)]
struct Pulse {
    tick: Now,
    late_since: Option<Now>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    started: bool,
    draining: bool,
    store_failing_since: Option<Now>,
    last_tick: Option<Now>,
    late_since: Option<Now>,
}

impl ServerHealth {
    /// A server that begins to start at `now`.
    pub fn starting(now: Now) -> Self {
        Self { began: now, state: Mutex::default(), schedulers: Mutex::default() }
    }

    /// The configuration is loaded, the store is open, the engine runs.
    pub fn started(&self) {
        self.state().started = true;
    }

    /// The scheduler of an account is alive. Called at every tick and at least once a second.
    ///
    /// `latest` is how late the check that has waited longest is at `now`; zero when none waits.
    pub fn ticked(&self, account: AccountId, now: Now, latest: Duration) {
        let mut schedulers = self.schedulers();
        let before = schedulers.get(&account).and_then(|pulse| pulse.late_since);
        let late_since = if latest < LATE { None } else { before.or(Some(now)) };
        schedulers.insert(account, Pulse { tick: now, late_since });
    }

    /// The scheduler of an account has ended for good.
    pub fn ended(&self, account: AccountId) {
        self.schedulers().remove(&account);
    }

    /// The store could not write.
    pub fn store_failed(&self, now: Now) {
        self.state().store_failing_since.get_or_insert(now);
    }

    /// The store has written.
    pub fn store_worked(&self) {
        self.state().store_failing_since = None;
    }

    /// The server has been told to stop and takes no new work.
    pub fn draining(&self) {
        self.state().draining = true;
    }

    /// How the server is at `now`: as well as the account that fares worst.
    pub fn look(&self, now: Now) -> Look {
        let mut state = *self.state();
        {
            let schedulers = self.schedulers();
            state.last_tick = schedulers.values().map(|pulse| pulse.tick).min_by_key(|tick| tick.mono);
            state.late_since = schedulers.values().filter_map(|pulse| pulse.late_since).min_by_key(|since| since.mono);
        }
        // Before the first tick the time counts from the beginning: a scheduler that never starts is as dead as one that stops.
        let tick = state.last_tick.unwrap_or(self.began);
        Look { began: self.began.wall, now: now.wall, silent: now.mono.since(tick.mono), state, at: now.mono }
    }

    fn schedulers(&self) -> MutexGuard<'_, BTreeMap<AccountId, Pulse>> {
        self.schedulers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the server is at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// When it began to start.
    pub began: Wall,
    /// The moment.
    pub now: Wall,
    /// For how long the scheduler has not run.
    pub silent: Duration,
    at: Mono,
    state: State,
}

impl Look {
    /// Whether the process is of use at all.
    pub fn is_alive(&self) -> bool {
        self.silent < DEAD
    }

    /// Whether it has started.
    pub fn is_started(&self) -> bool {
        self.state.started
    }

    /// Why the server is not ready, in one sentence; `None` when it is.
    pub fn not_ready(&self) -> Option<String> {
        if self.state.draining {
            return Some("the server is stopping".to_owned());
        }
        if !self.state.started {
            return Some("the server is starting".to_owned());
        }
        self.trouble()
    }

    /// What keeps the server from its work though it runs; `None` when nothing does.
    pub fn trouble(&self) -> Option<String> {
        self.store_trouble().or_else(|| self.scheduler_trouble())
    }

    /// Why nothing can be kept; `None` when all is written.
    pub fn store_trouble(&self) -> Option<String> {
        let since = self.state.store_failing_since?;
        Some(format!("the store has not been able to write for {}", humane(self.at.since(since.mono))))
    }

    /// Since when the store cannot write.
    pub fn store_failing_since(&self) -> Option<Wall> {
        self.state.store_failing_since.map(|since| since.wall)
    }

    /// Why checks do not begin in time; `None` when they do.
    pub fn scheduler_trouble(&self) -> Option<String> {
        if self.silent >= LATE {
            return Some(format!("the scheduler has not run for {}", humane(self.silent)));
        }
        let since = self.state.late_since?;
        let behind = humane(self.at.since(since.mono));
        Some(format!("checks have begun more than {} late for {behind}", humane(LATE)))
    }

    /// Since when checks do not begin in time; `None` when they do.
    pub fn scheduler_late_since(&self) -> Option<Wall> {
        self.scheduler_trouble()?;
        self.state.late_since.or(self.state.last_tick).map(|since| since.wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now::default() + Duration::from_secs(seconds)
    }

    fn running(until: u64) -> ServerHealth {
        let health = ServerHealth::starting(at(0));
        health.started();
        health.ticked(AccountId::FIRST, at(until), Duration::ZERO);
        health
    }

    #[test]
    fn a_server_is_ready_once_it_has_started() {
        let health = ServerHealth::starting(at(0));
        assert_eq!(health.look(at(1)).not_ready().as_deref(), Some("the server is starting"));
        assert!(health.look(at(1)).is_alive());
        health.started();
        health.ticked(AccountId::FIRST, at(2), Duration::ZERO);
        assert_eq!(health.look(at(2)).not_ready(), None);
    }

    #[test]
    fn a_silent_scheduler_is_first_late_and_then_dead() {
        let health = running(10);
        assert_eq!(health.look(at(14)).not_ready(), None);
        let late = health.look(at(15));
        assert_eq!(late.not_ready().as_deref(), Some("the scheduler has not run for 5.0 s"));
        assert_eq!(late.scheduler_late_since(), Some(at(10).wall));
        assert!(late.is_alive());
        assert!(!health.look(at(70)).is_alive());
    }

    #[test]
    fn a_scheduler_that_never_ran_is_dead_in_the_end() {
        let health = ServerHealth::starting(at(0));
        assert!(!health.look(at(61)).is_alive());
    }

    #[test]
    fn checks_that_wait_too_long_make_the_server_unready_until_they_catch_up() {
        let health = running(10);
        health.ticked(AccountId::FIRST, at(11), Duration::from_secs(6));
        health.ticked(AccountId::FIRST, at(13), Duration::from_secs(8));
        let look = health.look(at(14));
        assert_eq!(look.not_ready().as_deref(), Some("checks have begun more than 5.0 s late for 3.0 s"));
        health.ticked(AccountId::FIRST, at(15), Duration::from_millis(20));
        assert_eq!(health.look(at(15)).not_ready(), None);
    }

    #[test]
    fn the_account_that_fares_worst_speaks_for_all() {
        let health = running(10);
        health.ticked(AccountId(2), at(20), Duration::ZERO);
        assert_eq!(health.look(at(21)).not_ready().as_deref(), Some("the scheduler has not run for 11 s"));
        health.ticked(AccountId::FIRST, at(21), Duration::ZERO);
        health.ticked(AccountId(2), at(21), Duration::from_secs(6));
        health.ticked(AccountId::FIRST, at(23), Duration::ZERO);
        let look = health.look(at(24));
        assert_eq!(look.not_ready().as_deref(), Some("checks have begun more than 5.0 s late for 3.0 s"));
        health.ended(AccountId(2));
        assert_eq!(health.look(at(24)).not_ready(), None, "what is gone keeps nobody waiting");
    }

    #[test]
    fn a_store_that_fails_is_said_with_its_time() {
        let health = running(10);
        health.store_failed(at(10));
        health.store_failed(at(12));
        let look = health.look(at(13));
        assert_eq!(look.not_ready().as_deref(), Some("the store has not been able to write for 3.0 s"));
        assert_eq!(look.store_failing_since(), Some(at(10).wall));
        assert!(look.is_alive(), "a restart would not mend the disk");
        health.store_worked();
        assert_eq!(health.look(at(13)).not_ready(), None);
    }

    #[test]
    fn a_server_that_stops_takes_no_new_work_and_is_alive() {
        let health = running(10);
        health.draining();
        assert_eq!(health.look(at(11)).not_ready().as_deref(), Some("the server is stopping"));
        assert!(health.look(at(11)).is_alive());
    }
}
