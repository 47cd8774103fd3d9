//! What the native thread has to tell Python away from the loop: lines for the log, changes of checks, a stack to look at.
//!
//! One Python thread waits here without the interpreter's lock. A queue that nobody reads drops its oldest lines.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use tracing::field::{Field, Visit};
use tracing::{Event as Line, Level, Metadata, Subscriber, span};

/// How many events wait at most.
const WAITING_MAX: usize = 1_000;

/// Something for Python.
#[derive(Debug)]
pub enum Event {
    /// A line for the log: Python's number for the level, and the text.
    Log { level: u8, text: String },
    /// A check of this engine changed: its name, what it said before, what it says now.
    Change { engine: u64, name: String, from: &'static str, to: &'static str },
    /// The loop of this engine is blocked: say where. The number goes back with the answer.
    Look { engine: u64, block: u64 },
}

static WAITING: Mutex<VecDeque<Event>> = Mutex::new(VecDeque::new());
static COME: Condvar = Condvar::new();

/// Tells Python something.
pub fn tell(event: Event) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.len() >= WAITING_MAX {
        waiting.pop_front();
    }
    waiting.push_back(event);
    COME.notify_one();
}

/// Waits for the next event, for `seconds` at most: its kind, the engine's number, and up to three texts or numbers.
#[pyfunction]
pub fn next_event(py: Python<'_>, seconds: f64) -> PyResult<Option<Bound<'_, PyAny>>> {
    let patience = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let event = py.detach(|| {
        let waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = COME.wait_timeout_while(waiting, patience, |waiting| waiting.is_empty());
        waited.unwrap_or_else(PoisonError::into_inner).0.pop_front()
    });
    let Some(event) = event else { return Ok(None) };
    let tuple = match event {
        Event::Log { level, text } => ("log", 0, level, text).into_pyobject(py)?.into_any(),
        Event::Change { engine, name, from, to } => ("change", engine, name, from, to).into_pyobject(py)?.into_any(),
        Event::Look { engine, block } => ("look", engine, block).into_pyobject(py)?.into_any(),
    };
    Ok(Some(tuple))
}

/// Sends what the crates log to Python's `logging`, unless this process has a subscriber already.
pub fn collect_logs() {
    tracing::subscriber::set_global_default(Logs).ok();
}

struct Logs;

impl Subscriber for Logs {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
            && ["allswell", "_native"].iter().any(|ours| metadata.target().starts_with(ours))
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, line: &Line<'_>) {
        let level = match *line.metadata().level() {
            Level::ERROR => 40,
            Level::WARN => 30,
            _ => 20,
        };
        let mut text = Text::default();
        line.record(&mut text);
        tell(Event::Log { level, text: text.message + &text.fields });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// `check is not well check.name=database status=error`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message.push_str(value),
            name if value.contains(' ') => self.put(name, format_args!("{value:?}")),
            name => self.put(name, format_args!("{value}")),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), format_args!("{value:.2}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => write!(self.message, "{value:?}").expect("writing into a string does not fail"),
            name => self.put(name, format_args!("{value:?}")),
        }
    }
}

impl Text {
    fn put(&mut self, name: &str, value: fmt::Arguments<'_>) {
        write!(self.fields, " {name}={value}").expect("writing into a string does not fail");
    }
}
