//! `results.db`: what every asking gave. A tail in the order of arrival, swept into one block per monitor and hour.
//!
//! A result is encoded twice when it comes: into its commit's row of the tail, and into its monitor's head in memory. When
//! the hour turns, heads are swept into blocks in the order of monitors, a slice per commit; then the tail's rows go. After
//! a crash the tail is replayed. Time is the results' own: nothing here reads a clock.

mod block;
mod bytes;
mod column;
mod heads;
mod key;
mod ledger;
mod read;
mod replay;
mod sample;
mod scribe;
mod sweep;
#[cfg(test)]
mod tests;

pub(super) use ledger::SharedHeads;
pub(super) use read::{last, last_asked, read, read_samples};
pub(super) use scribe::{ResultsJob, ResultsScribe};
