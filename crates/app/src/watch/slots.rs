//! Where each worker is: one slot for each, written by the layer around every poll, read by the watchdog.

use std::sync::atomic::{AtomicU64, Ordering};

use allswell_core::Mono;
use tokio::runtime::Handle;

use crate::metrics::Method;

/// The slots of all workers of a runtime.
#[derive(Debug)]
pub struct Slots(Box<[Slot]>);

/// Zero in `since` says that the worker is in no request. The place is written before, so that a reader that sees a moment
/// sees a place that was true then or later.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Slot {
    since_us: AtomicU64,
    place: AtomicU64,
}

/// What a slot said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Since when, in microseconds of the process's clock.
    pub since_us: u64,
    /// The numbers of the route and the method.
    pub place: (u32, u8),
}

/// Leaves the request when it is dropped, also when the handler panics.
#[derive(Debug)]
pub struct Here<'a> {
    slot: Option<&'a Slot>,
    before: (u64, u64),
}

impl Slots {
    /// A slot for each worker.
    pub fn of(runtime: &Handle) -> Self {
        Self((0..runtime.metrics().num_workers()).map(|_| Slot::default()).collect())
    }

    /// Says that this worker is in a request from now on. Threads that are no workers have no slot.
    pub fn enter(&self, method: &Method, now: impl FnOnce() -> Mono) -> Here<'_> {
        let Some(slot) = tokio::runtime::worker_index().and_then(|index| self.0.get(index)) else {
            return Here { slot: None, before: (0, 0) };
        };
        let before = (slot.since_us.load(Ordering::Relaxed), slot.place.load(Ordering::Relaxed));
        slot.place.store(u64::from(method.route) << 8 | u64::from(method.method), Ordering::Relaxed);
        slot.since_us.store(micros(now()), Ordering::Release);
        Here { slot: Some(slot), before }
    }

    /// How many workers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Where a worker is; `None` when it is in no request.
    pub fn see(&self, index: usize) -> Option<Seen> {
        let slot = self.0.get(index)?;
        let since_us = slot.since_us.load(Ordering::Acquire);
        let place = slot.place.load(Ordering::Relaxed);
        (since_us != 0).then_some(Seen { since_us, place: ((place >> 8) as u32, place as u8) })
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            let (since_us, place) = self.before;
            slot.place.store(place, Ordering::Relaxed);
            slot.since_us.store(since_us, Ordering::Release);
        }
    }
}

/// Never zero.
pub fn micros(moment: Mono) -> u64 {
    u64::try_from(moment.since_origin().as_micros()).unwrap_or(u64::MAX).max(1)
}
