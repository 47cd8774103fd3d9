//! The engine of one application in one process: the native thread, and what Python may ask of it.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use allswell::host::{Class, Dialect, Memory, Method, Recorder};
use allswell::{Cause, Health, Outcome, Probe};
use allswell_core::Mono;
use axum::Router;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tokio::runtime::{Builder as RuntimeBuilder, Handle};
use tokio::sync::oneshot;

use crate::Misuse;
use crate::answer::{self, Asked, Question};
use crate::culprit::Frame;
use crate::events::{self, Event};
use crate::group::{self, Group};
use crate::host::Loop;
use crate::inbox::{Inbox, Message};
use crate::route::Labels;
use crate::settings::{Settings, Spec};
use crate::told::{message_for, result_for};
use crate::watch::{self, Watch};
use crate::{clock, thread};

/// How long the thread has to end.
const END_PATIENCE: Duration = Duration::from_secs(2);

static ENGINES: AtomicU64 = AtomicU64::new(1);

/// The engine; made in the process that serves, when its loop runs.
#[pyclass(frozen)]
pub struct Engine {
    number: u64,
    health: Health,
    router: Router,
    inbox: Arc<Inbox>,
    watch: Arc<Watch>,
    runtime: Handle,
    by_signal: bool,
    /// Where requests are counted.
    pub labels: Labels,
    thread: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
    pid: u32,
}

#[pymethods]
impl Engine {
    /// Starts the native thread. No check is asked before it is added.
    #[new]
    fn new(settings: Settings) -> PyResult<Self> {
        let runtime = RuntimeBuilder::new_current_thread().enable_all().build()?;
        let number = ENGINES.fetch_add(1, Ordering::Relaxed);
        let inbox = Arc::new(Inbox::new()?);
        let group = settings.group.as_deref().map(|folder| {
            group::sweep(Path::new(folder));
            Group::join(Path::new(folder))
        });
        let watch =
            Watch::new(number, inbox.clone(), settings.watchdog()?, settings.in_flight_max(), group.transpose()?);
        let watch = Arc::new(watch);
        let host = Loop { inbox: inbox.clone(), watch: watch.clone() };
        let builder = settings.builder()?.host(Arc::new(host)).runtime(runtime.handle().clone());
        let health = builder.build().map_err(|misuse| Misuse::new_err(misuse.to_string()))?;
        health.on_change(move |change| {
            let (from, to) = (change.from.as_str(), change.result.status.as_str());
            events::tell(Event::Change { engine: number, name: change.result.name.to_string(), from, to });
        });
        let engine = Self {
            number,
            router: health.router(),
            runtime: runtime.handle().clone(),
            by_signal: settings.by_signal(),
            labels: Labels::default(),
            thread: Mutex::default(),
            pid: std::process::id(),
            inbox,
            watch,
            health,
        };
        let (end, ended) = oneshot::channel();
        let (health, watch) = (engine.health.clone(), engine.watch.clone());
        let address = settings.side_port.clone();
        let run = move || thread::run(&runtime, ended, health, watch, address);
        let thread = std::thread::Builder::new().name("allswell".to_owned()).spawn(run)?;
        *engine.thread() = Some((end, thread));
        Ok(engine)
    }

    /// The engine's number.
    #[getter]
    fn number(&self) -> u64 {
        self.number
    }

    /// What the loop is to watch.
    #[getter]
    fn descriptor(&self) -> i32 {
        self.inbox.descriptor()
    }

    /// The number of the signal that asks for a stack, above the first of the real-time signals.
    #[getter]
    fn signal(&self) -> Option<i32> {
        self.by_signal.then_some(watch::SIGNAL)
    }

    /// The side port once it is served by this process.
    #[getter]
    fn side_port(&self) -> Option<u16> {
        self.watch.side_port()
    }

    /// Stacks may be asked for by signal from now on; they are written to this file descriptor.
    fn stacks_in(&self, descriptor: i32) -> PyResult<()> {
        self.watch.stacks_in(File::open(format!("/proc/self/fd/{descriptor}"))?);
        Ok(())
    }

    /// Adds a check; it is asked at once.
    fn add(&self, spec: Spec) -> PyResult<()> {
        let check = spec.check(&self.inbox)?;
        self.health.add(check).map_err(|misuse| Misuse::new_err(misuse.to_string()))
    }

    /// Removes a check.
    fn remove(&self, name: &str) -> bool {
        self.health.remove(name)
    }

    /// The loop's sign of life. Returns what it has to do, or `None`.
    fn pong<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let messages = self.inbox.pong();
        if messages.is_empty() {
            return Ok(None);
        }
        let list = PyList::empty(py);
        for message in messages {
            list.append(message_for(py, message)?)?;
        }
        Ok(Some(list))
    }

    /// Takes how an asking ended: 0 pass, 1 warn, 2 fail; what everybody may read, and what the log keeps.
    fn finished(&self, ticket: u64, verdict: u8, public: Option<String>, detail: Option<&str>) {
        let cause = |public: Option<String>| {
            let cause = Cause::public(public.unwrap_or_else(|| "failed".to_owned()));
            detail.map_or_else(|| cause.clone(), |detail| cause.clone().with_detail(detail))
        };
        let outcome = match verdict {
            0 => Outcome::pass(),
            1 => Outcome::warn(cause(public)),
            _ => Outcome::fail(cause(public)),
        };
        self.inbox.finished(ticket, outcome);
    }

    /// Answers a request: `(status, media type, body)`, or the number under which the loop will be told the answer.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: &str,
        query: &[u8],
        accept: Option<&[u8]>,
        authorization: Option<&[u8]>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _entered = self.runtime.enter();
        match answer::ask(&self.router, Question { method, path, query, accept, authorization }) {
            Asked::Now(answer) => {
                let body = PyBytes::new(py, &answer.body);
                Ok((answer.code, PyBytes::new(py, answer.media_type.as_bytes()), body).into_pyobject(py)?.into_any())
            }
            Asked::Later(waiting) => {
                let token = self.inbox.number();
                let inbox = self.inbox.clone();
                self.runtime.spawn(async move {
                    let answer::Answer { code, media_type, body } = waiting.await;
                    inbox.tell(Message::Answered { token, code, media_type, body });
                });
                Ok(token.into_pyobject(py)?.into_any())
            }
        }
    }

    /// Threads of the pool that are in use, that there are, and calls that wait for one.
    fn threads(&self, used: u64, total: u64, waiting: u64) {
        self.watch.threads.iter().zip([used, total, waiting]).for_each(|(at, now)| at.store(now, Ordering::Relaxed));
    }

    /// Python begins or ends a collection of garbage.
    fn collecting(&self, now: bool) {
        self.watch.collecting.store(now, Ordering::Release);
    }

    /// What Python saw of the loop's stack, innermost first.
    fn looked(&self, block: u64, frames: Vec<Frame>) {
        self.watch.looked(block, frames);
    }

    /// What is held to be true of the checks, in the order of their registration.
    fn results<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.health.results().iter().map(|result| result_for(py, result)).collect()
    }

    /// What is held to be true of one check.
    fn result<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.health.result(name).map(|result| result_for(py, &result)).transpose()
    }

    /// The document of a probe with everything in it, as JSON; `probe` is `liveness`, `readiness`, `startup` or `status`.
    fn document<'py>(&self, py: Python<'py>, probe: &str) -> PyResult<Bound<'py, PyBytes>> {
        let probe = match probe {
            "liveness" => Probe::Liveness,
            "readiness" => Probe::Readiness,
            "startup" => Probe::Startup,
            "status" => Probe::Status,
            other => return Err(Misuse::new_err(format!("no probe is named `{other}`"))),
        };
        Ok(PyBytes::new(py, self.health.full_document(probe).as_bytes()))
    }

    /// Whether the service may have traffic.
    fn is_ready(&self) -> bool {
        self.health.is_ready()
    }

    /// The metrics as Prometheus' text.
    fn metrics(&self) -> String {
        self.health.metrics(Dialect::Prometheus)
    }

    /// Requests that ended with an answer of ours or of nobody's fault, and those that failed.
    fn requests(&self) -> (u64, u64) {
        let rows = self.health.recorder().rows();
        let ended = || rows.iter().flat_map(|row| &row.ended);
        let errors = ended().filter(|ended| ended.is_error()).map(allswell::host::Ended::count).sum();
        (ended().map(allswell::host::Ended::count).sum(), errors)
    }

    /// Holds the start under this name.
    fn hold(&self, name: &str) {
        // Released by its name, or never.
        std::mem::forget(self.health.startup_hold(name));
    }

    /// Releases a hold.
    fn release(&self, name: &str) -> bool {
        self.health.release(name)
    }

    /// Not ready any more, and still serving.
    fn drain(&self) {
        self.health.start_draining();
    }

    /// Simulates a fault: `fail`, `slow`, `hang` and `recover` with a check, `refuse`, `block` and `leak` without.
    #[pyo3(signature = (kind, check, lasting, by = 0.0))]
    fn fault(&self, kind: &str, check: Option<&str>, lasting: f64, by: f64) -> PyResult<()> {
        let seconds = |number: f64| {
            let wrong = || Misuse::new_err(format!("{number} is no time; give a number of seconds, zero or more"));
            Duration::try_from_secs_f64(number).map_err(|_| wrong())
        };
        let (faults, lasting, check) = (self.health.faults(), seconds(lasting)?, check.unwrap_or_default());
        let done = match kind {
            "fail" => faults.fail(check, lasting),
            "slow" => faults.slow(check, seconds(by)?, lasting),
            "hang" => faults.hang(check, lasting),
            "recover" => faults.recover(check),
            "refuse" => {
                faults.refuse(lasting);
                Ok(())
            }
            "block" => {
                faults.block_worker(lasting);
                Ok(())
            }
            "leak" => {
                faults.leak(by as usize, lasting);
                Ok(())
            }
            other => return Err(Misuse::new_err(format!("no fault is named `{other}`"))),
        };
        done.map_err(|misuse| Misuse::new_err(misuse.to_string()))
    }

    /// Takes a measurement of memory as if it had been made so many seconds after the start: for tests of what is made of it.
    fn remember_memory(&self, seconds: f64, used: u64, limit: u64) -> PyResult<()> {
        let at = clock::seconds(seconds).ok_or_else(|| Misuse::new_err(format!("{seconds} is no time")))?;
        self.watch.remember(at, Memory { used, limit: Some(limit) });
        Ok(())
    }

    /// Ends the native thread, and with it all askings and the side port.
    fn stop(&self, py: Python<'_>) {
        let Some((end, thread)) = self.thread().take() else { return };
        // Threads do not come along into a forked child.
        if self.pid != std::process::id() {
            std::mem::forget((end, thread));
            return;
        }
        drop(end);
        py.detach(|| {
            let deadline = crate::clock::mono() + END_PATIENCE;
            while !thread.is_finished() && crate::clock::mono() < deadline {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            if thread.is_finished() {
                thread.join().ok();
            }
        });
    }
}

impl Engine {
    /// Whether a simulation refuses requests.
    pub fn refuses(&self) -> bool {
        self.health.refuses_requests()
    }

    /// A request began.
    pub fn began(&self, now: Mono) {
        self.inbox.touch(now);
        self.watch.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A request that began ended, to be counted here. `cut`: the client did not get all of the answer.
    pub fn ended(&self, counts: &Method, class: Class, took: Duration, cut: bool) {
        self.watch.in_flight.fetch_sub(1, Ordering::Relaxed);
        counts.begin();
        counts.end(class, took, cut);
    }

    /// The counts of requests.
    pub fn recorder(&self) -> &Recorder {
        self.health.recorder()
    }

    fn thread(&self) -> std::sync::MutexGuard<'_, Option<(oneshot::Sender<()>, JoinHandle<()>)>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.thread().take() {
            // The thread ends by itself; a forked child has none.
            std::mem::forget((self.pid != std::process::id()).then_some((end, thread)));
        }
    }
}
