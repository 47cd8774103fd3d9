//! What Allswell decides, and nothing else.
//!
//! Every part is a plain value with one function that takes the moment as an argument and returns what changed:
//! no I/O, no clock, no async, no log. The doors (monitor, app, kube) share these parts and do the work around them.

pub mod backoff;
#[cfg(feature = "calendar")]
pub mod calendar;
pub mod check;
pub mod connectivity;
pub mod dependency;
pub mod gather;
#[cfg(feature = "calendar")]
pub mod heartbeat;
pub mod incident;
pub mod kubelet;
#[cfg(feature = "calendar")]
pub mod maintenance;
pub mod outcome;
pub mod series;
pub mod streak;
pub mod telling;
pub mod throttle;
pub mod time;
pub mod uptime;

pub use outcome::{Outcome, Phase, Phases, Reason, Verdict};
pub use time::{Mono, Now, Wall};
