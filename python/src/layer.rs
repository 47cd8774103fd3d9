//! The native half of the outermost layer: which requests are the service's, and what they are followed with.
//!
//! What runs here runs for each request, between Python code that has just emptied the processor's caches: few steps count for
//! more than quick ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use allswell_core::Mono;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::clock;
use crate::engine::Engine;
use crate::exchange::Exchange;

/// How often it is looked whether the loop that asks is the one that is known.
const LOOK_EVERY_US: u64 = 50_000;

/// What of a service runs in this process, as its layer must know it.
#[pyclass(frozen)]
pub struct Door {
    /// Starts what runs on the loop that asks, and opens this door.
    start: Py<PyAny>,
    event_loop: Py<PyAny>,
    with_header: bool,
    present: Mutex<Option<Present>>,
    /// When it was last seen that the loop is the one that is known, in microseconds; zero for not yet. Asking costs a system call on some Pythons.
    looked: AtomicU64,
}

struct Present {
    engine: Py<Engine>,
    event_loop: Py<PyAny>,
    own: Vec<String>,
    prefixes: Vec<String>,
}

#[pymethods]
impl Door {
    /// A closed one. `start` is called without arguments when a request comes on another loop than the one that is known.
    #[new]
    fn new(py: Python<'_>, start: Py<PyAny>, with_header: bool) -> PyResult<Self> {
        let event_loop = py.import("asyncio")?.getattr("get_running_loop")?.unbind();
        Ok(Self { start, event_loop, with_header, present: Mutex::default(), looked: AtomicU64::new(0) })
    }

    /// This engine runs on this loop, and answers these paths and what begins with these.
    fn open(&self, engine: Py<Engine>, event_loop: Py<PyAny>, own: Vec<String>, prefixes: Vec<String>) {
        let before = self.present().replace(Present { engine, event_loop, own, prefixes });
        // Not while the lock is held: what it keeps may run Python when it goes.
        drop(before);
    }

    /// Nothing runs.
    fn close(&self) {
        self.looked.store(0, Ordering::Relaxed);
        let before = self.present().take();
        drop(before);
    }

    /// Follows a request of the service: what it is to send with. `None` for what is no HTTP, for our own paths, and while a
    /// simulation refuses requests.
    fn begin(&self, scope: &Bound<'_, PyDict>, send: Py<PyAny>) -> PyResult<Option<Exchange>> {
        let kind = scope.get_item(intern!(scope.py(), "type"))?;
        if text(kind.as_ref()) != "http" {
            return Ok(None);
        }
        self.followed(scope, send, true)
    }

    /// Follows a request that is refused.
    fn refuse(&self, scope: &Bound<'_, PyDict>, send: Py<PyAny>) -> PyResult<Option<Exchange>> {
        self.followed(scope, send, false)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.start)?;
        visit.call(&self.event_loop)?;
        if let Ok(present) = self.present.try_lock()
            && let Some(present) = &*present
        {
            visit.call(&present.engine)?;
            visit.call(&present.event_loop)?;
        }
        Ok(())
    }
}

impl Door {
    /// Follows a request unless it asks for one of our paths or, with `unless_refused`, a simulation refuses it.
    fn followed(&self, scope: &Bound<'_, PyDict>, send: Py<PyAny>, unless_refused: bool) -> PyResult<Option<Exchange>> {
        let py = scope.py();
        let now = clock::mono();
        let looked = self.looked.load(Ordering::Relaxed);
        if looked == 0 || clock::micros(now).saturating_sub(looked) > LOOK_EVERY_US {
            self.look(py, now)?;
        }
        let path = scope.get_item(intern!(py, "path"))?;
        let root = scope.get_item(intern!(py, "root_path"))?;
        let (path, root) = (text(path.as_ref()), text(root.as_ref()));
        let inside = path.strip_prefix(root).unwrap_or(path);
        let present = self.present();
        let Some(Present { engine, own, prefixes, .. }) = &*present else {
            return Err(PyRuntimeError::new_err("the health of this service does not run on the loop that asks"));
        };
        let ours = own.iter().any(|own| own == inside) || prefixes.iter().any(|prefix| inside.starts_with(prefix));
        if ours || (unless_refused && engine.get().refuses()) {
            return Ok(None);
        }
        let engine = engine.clone_ref(py);
        Ok(Some(Exchange::begin(engine, scope.clone().unbind(), root.len(), send, now, self.with_header)))
    }

    /// Starts what runs on the loop that asks, if it is not the one that is known: after a fork there is none.
    fn look(&self, py: Python<'_>, now: Mono) -> PyResult<()> {
        let here = self.event_loop.bind(py).call0()?;
        let known = self.present().as_ref().is_some_and(|present| present.event_loop.is(&here));
        if !known {
            self.start.bind(py).call0()?;
        }
        self.looked.store(clock::micros(now), Ordering::Relaxed);
        Ok(())
    }

    fn present(&self) -> MutexGuard<'_, Option<Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text of a scope or a message; empty when it is missing, or no text that a path can be.
pub fn text<'a>(object: Option<&'a Bound<'_, PyAny>>) -> &'a str {
    object.and_then(|object| object.cast::<PyString>().ok()).and_then(|text| text.to_str().ok()).unwrap_or_default()
}
