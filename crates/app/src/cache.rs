//! Answers that were written a moment ago: most requests get the same bytes as the one before.
//!
//! An answer is good while nothing changed and for a tenth of a second at most, so that ages and stale results stay true.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use allswell_core::Mono;
use bytes::Bytes;

use crate::judge::Probe;

/// How long an answer is given again.
const LIFETIME: Duration = Duration::from_millis(100);

/// A written answer.
#[derive(Clone, Debug)]
pub struct Written {
    /// The HTTP status.
    pub code: u16,
    /// The body.
    pub body: Bytes,
}

/// The last answer to each probe.
#[derive(Debug, Default)]
pub struct Cache([RwLock<Option<Kept>>; Probe::ALL.len()]);

#[derive(Debug)]
struct Kept {
    version: u64,
    at: Mono,
    written: Written,
}

impl Cache {
    /// The answer to `probe` that was given before, or what `write` gives.
    pub fn get(&self, probe: Probe, version: u64, now: Mono, write: impl FnOnce() -> Written) -> Written {
        let slot = &self.0[probe as usize];
        {
            let kept = slot.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = kept.as_ref().filter(|kept| kept.version == version && now.since(kept.at) < LIFETIME) {
                return kept.written.clone();
            }
        }
        let written = write();
        *slot.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Kept { version, at: now, written: written.clone() });
        written
    }
}
