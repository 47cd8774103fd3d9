//! The native half of the Python package `allswell`.
//!
//! One thread with a runtime of its own schedules the checks, serves the side port and watches the service's event loop. It
//! never takes the interpreter's lock: it tells the loop what is due by an event file descriptor, so it goes on answering while
//! Python code holds the lock or blocks the loop. What is decided is decided by the crates `allswell` and `allswell-core`.

mod answer;
mod clock;
mod culprit;
mod engine;
mod events;
mod exchange;
mod group;
mod host;
mod inbox;
mod layer;
mod listeners;
mod route;
mod settings;
mod thread;
mod throttle;
mod told;
mod watch;

use pyo3::prelude::*;

pyo3::create_exception!(
    allswell,
    Misuse,
    pyo3::exceptions::PyValueError,
    "Why the health of a service cannot be put together: a sentence that says what to do."
);

/// The native half of `allswell`; use the package, not this.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::Misuse;
    #[pymodule_export]
    use super::culprit::culprit_in;
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::events::next_event;
    #[pymodule_export]
    use super::layer::Door;
    #[pymodule_export]
    use super::settings::{validate_check, validate_settings};

    #[pymodule_init]
    fn init() {
        super::events::collect_logs();
    }
}
