//! What runs out slowly: threads, room for requests, connections that wait, memory, processor time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use allswell::host::Memory;
use allswell_core::Mono;

use super::{State, Watch};
use crate::clock::mono;

/// How often memory is measured.
const MEMORY_EVERY: Duration = Duration::from_secs(10);

/// How long saturation must last before it counts.
const SATURATED_AFTER: Duration = Duration::from_secs(10);

impl Watch {
    /// Looks at what does not change from one moment to the next.
    pub(super) fn look_slowly(&self, state: &mut State, now: Mono) {
        let [used, total, waiting] = [0, 1, 2].map(|at: usize| self.threads[at].load(Ordering::Relaxed));
        let crowded = self.in_flight_max.is_some_and(|max| self.in_flight.load(Ordering::Relaxed) > max as i64);
        since(&mut state.crowded, crowded, now);
        since(&mut state.exhausted, waiting > 0 && used >= total, now);
        state.queue = state.listeners.queue(self.side_port());
        if let Some(group) = &self.group
            && let Err(error) = group.fold()
        {
            tracing::warn!(%error, "cannot keep the counts of workers that are gone");
        }
        if state.measured.is_none_or(|measured| now.since(measured) >= MEMORY_EVERY) {
            state.measured = Some(now);
            let Some(memory) = allswell::host::memory() else { return };
            remember(state, now.since_origin(), memory);
        }
    }

    /// Takes measurements of memory that were made elsewhere.
    pub fn remember(&self, at: Duration, memory: Memory) {
        let mut state = self.state();
        state.measured = Some(mono());
        remember(&mut state, at, memory);
    }

    /// What is used up for so long that no more requests should come.
    pub(super) fn saturated(&self, state: &State) -> Option<String> {
        let lasting = |since: Option<Mono>| since.is_some_and(|since| mono().since(since) >= SATURATED_AFTER);
        if lasting(state.crowded) {
            let in_flight = self.in_flight.load(Ordering::Relaxed);
            return Some(format!("saturated: {in_flight} requests in flight, {} allowed", self.in_flight_max?));
        }
        let [used, _, waiting] = [0, 1, 2].map(|at: usize| self.threads[at].load(Ordering::Relaxed));
        lasting(state.exhausted)
            .then(|| format!("saturated: all {used} threads in use, {waiting} requests wait for one"))
    }
}

fn since(moment: &mut Option<Mono>, holds: bool, now: Mono) {
    *moment = holds.then(|| moment.unwrap_or(now));
}

fn remember(state: &mut State, at: Duration, memory: Memory) {
    state.memory = Some(memory.used);
    state.growth.sample(at, memory.used);
    state.worry = state.growth.worry(memory.limit);
}
