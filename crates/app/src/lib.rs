//! Health from inside an axum or tower service.
//!
//! A few lines give a service `/health`, `/ready` and `/startup` that tell the truth, cheaply.
//!
//! ```
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use allswell::{Check, Health};
//! use axum::{Router, routing::get};
//!
//! let health = Health::builder()
//!     .version(env!("CARGO_PKG_VERSION"))
//!     .check(Check::new("database", || async { Ok::<(), std::io::Error>(()) }))
//!     .check(Check::new("offers", || async { true }).degrades())
//!     .build()?;
//! let app: Router = Router::new().route("/", get(|| async { "hello" })).merge(health.router());
//! # let _ = app; Ok(())
//! # }
//! ```
//!
//! Checks run away from requests: each in its own task, never twice at a time, with a deadline; a panic or a hang is that
//! check's `error`. A request reads what is known. What was last known too long ago is `unknown`, never "still fine".

mod builder;
mod cache;
mod check;
pub mod checks;
mod clock;
mod demand;
mod endpoints;
mod entry;
mod extract;
mod fault_endpoints;
mod faults;
mod forms;
mod groups;
mod health;
#[cfg(feature = "host")]
pub mod host;
mod json;
mod judge;
mod lifecycle;
#[cfg(feature = "logs")]
pub mod logs;
mod metrics;
#[cfg(feature = "utoipa")]
mod openapi;
mod outcome;
mod page;
mod redact;
mod report;
mod result;
mod run;
mod warm_up;
mod watch;

pub use builder::{Builder, Misuse, Paths};
pub use check::{Check, CheckContext, HealthCheck, Weight};
pub use extract::{CheckName, Checked, NotAvailable, Required};
pub use fault_endpoints::FaultAccess;
pub use faults::Faults;
pub use health::{Change, Health};
pub use judge::{Overall, Probe};
pub use lifecycle::Hold;
pub use metrics::{Measured, MetricsLayer, MetricsService, Tracked};
pub use outcome::{Cause, IntoOutcome, Outcome, Verdict};
pub use page::{Details, Style};
pub use report::{CheckDetail, CheckReport, HealthReport, WorkerReport};
pub use result::{CheckResult, Status};
pub use watch::Watchdog;
