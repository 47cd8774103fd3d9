//! Request metrics: counted by a tower layer, kept in a fixed set of atomics, written for Prometheus and for people.

mod expose;
mod layer;
mod recorder;
mod response_time;

pub use expose::Dialect;
#[cfg(feature = "host")]
pub use expose::Exposition;
pub(crate) use expose::write;
pub use layer::{Measured, MetricsLayer, MetricsService, Tracked};
#[cfg(feature = "host")]
pub use recorder::{BOUNDS, CLASSES, Class, Ended, METHODS, Row};
pub use recorder::{Method, Recorder};
#[cfg(feature = "host")]
pub use response_time::ResponseTime;
