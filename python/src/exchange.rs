//! One request of the service and its answer: what the layer gives the service to send with.
//!
//! A request is counted once: when the last message of its answer is handed to the server, else when its handling breaks, else
//! when nobody holds it any more.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use allswell::host::{Class, ResponseTime};
use allswell_core::Mono;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use pyo3::{PyTraverseError, PyVisit};

use crate::clock;
use crate::engine::Engine;
use crate::layer::text;

/// A request that began; called with a message, it sends it.
#[pyclass(frozen)]
pub struct Exchange {
    engine: Py<Engine>,
    scope: Py<PyDict>,
    /// How many bytes of the path belong to whoever mounted the service.
    root: usize,
    send: Py<PyAny>,
    start: Mono,
    with_header: bool,
    status: AtomicU16,
    counted: AtomicBool,
}

impl Exchange {
    /// A request that began at `start`.
    pub fn begin(
        engine: Py<Engine>,
        scope: Py<PyDict>,
        root: usize,
        send: Py<PyAny>,
        start: Mono,
        with_header: bool,
    ) -> Self {
        engine.get().began(start);
        let (status, counted) = (AtomicU16::new(0), AtomicBool::new(false));
        Self { engine, scope, root, send, start, with_header, status, counted }
    }

    /// Adds the header to an answer's first message. The list is the service's, which may send it again.
    fn head(&self, message: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = message.py();
        if let Some(status) = message.get_item(intern!(py, "status"))? {
            self.status.store(status.extract()?, Ordering::Relaxed);
        }
        if !self.with_header {
            return Ok(());
        }
        let headers = match message.get_item(intern!(py, "headers"))? {
            Some(headers) => match headers.cast::<PyList>() {
                Ok(list) => list.get_slice(0, list.len()),
                Err(_) => PyList::new(py, headers.try_iter()?.collect::<PyResult<Vec<_>>>()?)?,
            },
            None => PyList::empty(py),
        };
        headers.append(response_time(py, self.start))?;
        message.set_item(intern!(py, "headers"), headers)
    }

    /// Counts the request, unless it was.
    fn end(&self, py: Python<'_>, complete: bool, failed: bool) {
        if self.counted.swap(true, Ordering::Relaxed) {
            return;
        }
        let scope = self.scope.bind(py);
        let engine = self.engine.get();
        let method = scope.get_item(intern!(py, "method")).unwrap_or_default();
        let counts = engine.labels.of(scope, self.root, text(method.as_ref()), engine.recorder());
        let status = self.status.load(Ordering::Relaxed);
        let class = match status {
            0 if failed => Class::Panicked,
            0 => Class::Abandoned,
            status => Class::Answered(status),
        };
        engine.ended(&counts, class, clock::mono().since(self.start), !complete && status != 0);
    }
}

#[pymethods]
impl Exchange {
    /// Sends a message. Returns what the server's own function does.
    fn __call__<'py>(&self, message: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = message.py();
        let kind = message.get_item(intern!(py, "type"))?;
        match text(kind.as_ref()) {
            "http.response.start" => self.head(message)?,
            "http.response.body" => {
                let more = message.get_item(intern!(py, "more_body"))?;
                if !more.is_some_and(|more| more.is_truthy().unwrap_or_default()) {
                    self.end(py, true, false);
                }
            }
            _ => {}
        }
        self.send.bind(py).call1((message,))
    }

    /// Handling it ended without that: `failed` with an exception, else it was cancelled.
    fn broken(&self, py: Python<'_>, failed: bool) {
        self.end(py, false, failed);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.engine)?;
        visit.call(&self.scope)?;
        visit.call(&self.send)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !*self.counted.get_mut() {
            Python::try_attach(|py| self.end(py, false, false));
        }
    }
}

/// The header with the seconds since the request began, to four places.
fn response_time(py: Python<'_>, start: Mono) -> (Bound<'_, PyBytes>, Bound<'_, PyBytes>) {
    let seconds = ResponseTime::new(clock::mono().since(start));
    (PyBytes::new(py, b"x-response-time"), PyBytes::new(py, seconds.as_bytes()))
}
