//! The health of a service: the handle that everything hangs on.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use allswell_core::check::Transition;
use allswell_core::{Mono, Now, Wall};
use tokio::runtime::Handle;

use crate::builder::{Builder, Misuse, Settings, duplicate};
use crate::cache::Cache;
use crate::check::Check;
use crate::clock::{Clock, rfc3339};
use crate::endpoints::Door;
use crate::entry::Entry;
use crate::fault_endpoints::is_fault_path;
use crate::judge::{Probe, Situation, waiting};
use crate::lifecycle::Hold;
use crate::metrics::Recorder;
use crate::page::{Details, Identity, Page, View};
use crate::result::{CheckResult, Status};
use crate::run;
use crate::watch::{self, Slots, Strain};

/// The health of a service. Cheap to clone; all clones are one.
///
/// ```
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// use allswell::{Check, Health};
/// use axum::{Router, routing::get};
///
/// let health = Health::builder()
///     .version(env!("CARGO_PKG_VERSION"))
///     .check(Check::new("database", || async { Ok::<(), std::io::Error>(()) }))
///     .build()?;
/// let app: Router = Router::new().route("/", get(|| async { "hello" })).merge(health.router());
/// # let _ = app; Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "checks end when the last handle is dropped"]
pub struct Health(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub clock: Clock,
    pub settings: Settings,
    pub identity: Arc<Identity>,
    pub cache: [Cache; Door::ALL.len()],
    pub recorder: Recorder,
    pub slots: Slots,
    pub started_at: Wall,
    pub runtime: Handle,
    #[cfg(feature = "host")]
    pub host: Option<Arc<dyn crate::host::Host>>,
    entries: RwLock<Arc<Vec<Arc<Entry>>>>,
    holds: Mutex<Vec<Arc<str>>>,
    started: AtomicBool,
    draining: AtomicBool,
    /// Until when requests are refused, in microseconds; zero when they are not.
    refusing_us: AtomicU64,
    version: AtomicU64,
    listeners: RwLock<Vec<Listener>>,
    strain: RwLock<Strain>,
    listening: OnceLock<SocketAddr>,
    watchdog: OnceLock<Sender<()>>,
}

type Listener = Arc<dyn Fn(&Change) + Send + Sync>;

/// A change of what a check says.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it said before.
    pub from: Status,
    /// What it says now, with the reason.
    pub result: CheckResult,
}

impl Health {
    /// Puts the health of a service together.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start(builder: Builder) -> Result<Self, Misuse> {
        let runtime = builder.runtime.or_else(|| Handle::try_current().ok());
        let Some(runtime) = runtime else {
            let sentence =
                "there is no runtime for the checks; call `build` inside of tokio, or give it one with `.runtime(...)`";
            return Err(Misuse(sentence.to_owned()));
        };
        let clock = Clock::start();
        let health = Self(Arc::new(Inner {
            clock,
            identity: Arc::new(completed(builder.identity, clock)),
            settings: builder.settings,
            cache: Default::default(),
            recorder: Recorder::default(),
            slots: Slots::of(&runtime),
            started_at: clock.now().wall,
            runtime,
            #[cfg(feature = "host")]
            host: builder.host,
            entries: RwLock::default(),
            holds: Mutex::new(builder.holds),
            started: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            refusing_us: AtomicU64::new(0),
            version: AtomicU64::new(0),
            listeners: RwLock::default(),
            strain: RwLock::default(),
            listening: OnceLock::new(),
            watchdog: OnceLock::new(),
        }));
        builder.checks.into_iter().try_for_each(|check| health.add(check))?;
        if health.0.is_hosted() {
            return Ok(health);
        }
        match watch::start(Arc::downgrade(&health.0)) {
            Ok(thread) => drop(health.0.watchdog.set(thread)),
            Err(error) => tracing::error!(%error, "cannot start the watchdog: stuck workers will not be seen"),
        }
        Ok(health)
    }

    /// Registers a check while the service runs; it is asked at once. It belongs to no group.
    ///
    /// # Errors
    /// [`Misuse`] as in [`Builder::build`].
    pub fn add(&self, check: Check) -> Result<(), Misuse> {
        if let Some(sentence) = check.misuse() {
            return Err(Misuse(sentence));
        }
        let inner = &self.0;
        let mut entries = inner.entries.write().unwrap_or_else(PoisonError::into_inner);
        let grouped = inner.settings.groups.iter().any(|group| group.name == check.name);
        if grouped || entries.iter().any(|entry| entry.check.name == check.name) {
            return Err(Misuse(duplicate(check.name())));
        }
        let entry = Arc::new(Entry::new(check, seed(), inner.clock.now()));
        run::start(&inner.runtime, Arc::downgrade(inner), &entry);
        let mut list = Vec::clone(&entries);
        list.push(entry);
        *entries = Arc::new(list);
        drop(entries);
        inner.touched();
        Ok(())
    }

    /// Removes a check, and ends its asking. `false` when no check has this name.
    pub fn remove(&self, name: &str) -> bool {
        let mut entries = self.0.entries.write().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = entries.iter().position(|entry| &*entry.check.name == name) else { return false };
        let mut list = Vec::clone(&entries);
        list.remove(at).stop();
        *entries = Arc::new(list);
        drop(entries);
        self.0.touched();
        true
    }

    /// What is held to be true of a check now; `None` when no check has this name. Asks nothing.
    pub fn result(&self, name: &str) -> Option<CheckResult> {
        let now = self.0.clock.now();
        self.0.entries().iter().find(|entry| &*entry.check.name == name).map(|entry| entry.result(now))
    }

    /// What is held to be true of all checks now, in the order of their registration. Asks nothing.
    pub fn results(&self) -> Vec<CheckResult> {
        self.0.results()
    }

    /// Whether the service may have traffic.
    pub fn is_ready(&self) -> bool {
        self.0.page(Probe::Readiness, View { details: Details::None, trusted: false }, &[]).judgement.ready
    }

    /// Calls `listener` with every change of what a check says, in the task of that check. It must not block.
    pub fn on_change(&self, listener: impl Fn(&Change) + Send + Sync + 'static) {
        self.0.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(listener));
    }

    /// Holds the start: the service is not ready before the hold is released. Holds of one name count each for itself.
    ///
    /// A start that is over cannot be held again; the hold then holds nothing.
    pub fn startup_hold(&self, name: impl AsRef<str>) -> Hold {
        let name: Arc<str> = name.as_ref().into();
        self.0.holds().push(name.clone());
        self.0.touched();
        Hold::new(self.clone(), name)
    }

    /// Releases a hold by its name, for holds that were named in the builder. `false` when none has it.
    pub fn release(&self, name: &str) -> bool {
        let mut holds = self.0.holds();
        let Some(at) = holds.iter().position(|hold| &**hold == name) else { return false };
        holds.remove(at);
        drop(holds);
        tracing::info!(hold.name = name, "startup hold released");
        self.0.touched();
        true
    }

    /// Has the watchdog look at the queue of connections that wait at the service's own listener.
    pub fn watch_listener(&self, address: SocketAddr) {
        if self.0.listening.set(address).is_err() {
            tracing::warn!(%address, "one listener is watched already; this one is not");
        }
    }

    /// Says that the service is on its way out: readiness is 503 from now on, everything else goes on.
    pub fn start_draining(&self) {
        if !self.0.draining.swap(true, Ordering::SeqCst) {
            tracing::info!("draining: not ready any more, still serving");
        }
        self.0.touched();
    }
}

impl Inner {
    pub(crate) fn entries(&self) -> Arc<Vec<Arc<Entry>>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether somebody else's watchdog looks.
    pub(crate) const fn is_hosted(&self) -> bool {
        #[cfg(feature = "host")]
        return self.host.is_some();
        #[cfg(not(feature = "host"))]
        false
    }

    fn holds(&self) -> MutexGuard<'_, Vec<Arc<str>>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn results(&self) -> Vec<CheckResult> {
        let now = self.clock.now();
        self.entries().iter().map(|entry| entry.result(now)).collect()
    }

    /// What the watchdog saw last.
    pub(crate) fn strain(&self) -> Strain {
        self.strain.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The watchdog looked again. What it says of stuck workers is logged when it begins and when it ends.
    pub(crate) fn strained(&self, strain: Strain) {
        let mut last = self.strain.write().unwrap_or_else(PoisonError::into_inner);
        match (&last.stuck, &strain.stuck) {
            (None, Some(stuck)) => tracing::error!(reason = stuck, "the runtime is stuck"),
            (Some(_), None) => tracing::info!("the runtime moves again"),
            _ => {}
        }
        let changed =
            strain.workers != last.workers || strain.saturated != last.saturated || strain.worry != last.worry;
        *last = strain;
        drop(last);
        if changed {
            self.touched();
        }
    }

    /// The address of the service's own listener.
    pub(crate) fn listening_on(&self) -> Option<SocketAddr> {
        self.listening.get().copied()
    }

    /// Requests are refused until then, and readiness is 503.
    pub(crate) fn refuse_until(&self, until: Mono) {
        self.refusing_us.store(watch::micros(until), Ordering::Relaxed);
        self.touched();
    }

    fn is_refusing(&self, now: Mono) -> bool {
        self.refusing_us.load(Ordering::Relaxed) > watch::micros(now)
    }

    /// Whether a request to this route is refused: a simulation says so, and the route is none of ours.
    pub(crate) fn refuses(&self, route: Option<&str>) -> bool {
        // Most services never simulate anything; the clock is not read for them.
        self.refusing_us.load(Ordering::Relaxed) != 0
            && self.is_refusing(self.clock.mono())
            && !route.is_some_and(|route| self.is_ours(route))
    }

    fn is_ours(&self, route: &str) -> bool {
        let paths = &self.settings.paths;
        let below = |prefix: &String| route.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('/'));
        paths.lists().into_iter().flatten().any(|path| path == route)
            || paths.readiness.first().is_some_and(below)
            || is_fault_path(route)
    }

    /// Something changed that documents show.
    pub(crate) fn touched(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Changes whenever [`touched`](Self::touched) was called.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The page of a probe at this moment, without the checks named in `excluded`.
    pub(crate) fn page(&self, probe: Probe, view: View, excluded: &[&str]) -> Page {
        let (now, mut checks, situation) = self.seen();
        checks.retain(|check| !excluded.contains(&&*check.name));
        Page::new(probe, self.settings.style, view, now, checks, &situation, self.identity.clone())
    }

    /// The moment, the results and the situation.
    pub(crate) fn seen(&self) -> (Now, Vec<CheckResult>, Situation) {
        let now = self.clock.now();
        let checks: Vec<_> = self.entries().iter().map(|entry| entry.result(now)).collect();
        let situation = self.situation(&checks, now.mono);
        (now, checks, situation)
    }

    /// What is known beside the checks. The start, once over, is over for good.
    fn situation(&self, checks: &[CheckResult], now: Mono) -> Situation {
        let strain = self.strain();
        let mut situation = Situation {
            workers: strain.workers,
            stuck: strain.stuck,
            dead: strain.dead,
            saturated: strain.saturated,
            worry: strain.worry,
            pending: self.holds().clone(),
            started: self.started.load(Ordering::Acquire),
            draining: self.draining.load(Ordering::Acquire),
            refusing: self.is_refusing(now),
        };
        if !situation.started && waiting(checks, &situation).is_empty() {
            self.started.store(true, Ordering::Release);
            situation.started = true;
        }
        situation
    }

    /// Says once, in the log and to listeners, that a check changed.
    pub(crate) fn tell(&self, entry: &Entry, transition: Transition) {
        let result = entry.result(self.clock.now());
        let from = Status::from(transition.from);
        log(from, &result);
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner).clone();
        let change = Change { from, result };
        listeners.iter().for_each(|listener| listener(&change));
    }
}

fn log(from: Status, result: &CheckResult) {
    let (name, to) = (&*result.name, result.status.as_str());
    let took_ms = result.response_time.unwrap_or_default().as_secs_f64() * 1e3;
    let reason = result.detail.as_deref().unwrap_or_default();
    match result.status {
        Status::Ok => {
            tracing::info!(check.name = name, status = to, before = from.as_str(), took_ms, "check is well");
        }
        _ => {
            let public = result.message.as_deref().unwrap_or_default();
            tracing::warn!(
                check.name = name,
                status = to,
                before = from.as_str(),
                took_ms,
                public,
                reason,
                "check is not well"
            );
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let results = self.results();
        let words: HashMap<&str, &str> = results.iter().map(|result| (&*result.name, result.status.as_str())).collect();
        f.debug_struct("Health").field("checks", &words).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.entries().iter().for_each(|entry| entry.stop());
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A draw that differs between checks and between instances, so that they do not ask in step.
fn seed() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0)
}

fn completed(mut identity: Identity, clock: Clock) -> Identity {
    const VARIABLES: [&str; 7] = [
        "GIT_COMMIT",
        "GIT_SHA",
        "SOURCE_VERSION",
        "RENDER_GIT_COMMIT",
        "RAILWAY_GIT_COMMIT_SHA",
        "HEROKU_SLUG_COMMIT",
        "K_REVISION",
    ];
    let from_platform = || VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    identity.release_id = identity.release_id.or_else(from_platform);
    identity.started_at = rfc3339(clock.now().wall);
    if identity.instance.is_empty() {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { "localhost" } else { host.trim() };
        identity.instance = format!("{host}/{}", std::process::id());
    }
    identity
}
