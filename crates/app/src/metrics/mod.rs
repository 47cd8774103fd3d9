//! Request metrics: counted by a tower layer, kept in a fixed set of atomics, written for Prometheus and for people.

mod expose;
mod layer;
mod recorder;

pub(crate) use expose::{Dialect, write};
pub use layer::{Measured, MetricsLayer, MetricsService, Tracked};
pub(crate) use recorder::{Method, Recorder};
