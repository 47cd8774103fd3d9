//! What Python is told, as objects of its own.

use allswell::CheckResult;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::inbox::Message;

/// A message to the loop: its kind, a number, and what belongs to it.
pub fn message_for(py: Python<'_>, message: Message) -> PyResult<Bound<'_, PyTuple>> {
    match message {
        Message::Ask { ticket, name } => ("ask", ticket, &*name).into_pyobject(py),
        Message::Cancel { ticket } => ("cancel", ticket).into_pyobject(py),
        Message::Answered { token, code, media_type, body } => {
            ("answered", token, code, PyBytes::new(py, media_type.as_bytes()), PyBytes::new(py, &body))
                .into_pyobject(py)
        }
        Message::Block { seconds } => ("block", seconds).into_pyobject(py),
    }
}

/// What is held to be true of a check.
pub fn result_for<'py>(py: Python<'py>, result: &CheckResult) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("name", &*result.name)?;
    dict.set_item("status", result.status.as_str())?;
    dict.set_item("critical", result.critical)?;
    dict.set_item("response_time_ms", result.response_time.map(|took| (took.as_secs_f64() * 1e5).round() / 1e2))?;
    dict.set_item("message", result.message.as_deref())?;
    dict.set_item("detail", result.detail.as_deref())?;
    dict.set_item("time_ms", result.time.map(allswell_core::Wall::ms))?;
    dict.set_item("age_ms", result.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)))?;
    dict.set_item("consecutive_failures", result.consecutive_failures)?;
    dict.set_item("since_ms", result.since.map(allswell_core::Wall::ms))?;
    Ok(dict)
}
