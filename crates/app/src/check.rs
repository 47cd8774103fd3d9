//! A check: one question that the service asks about itself or about what it depends on, and the numbers it follows.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::Policy;

use crate::outcome::{IntoOutcome, Outcome};

/// Names that no check may have, for `/ready/{check}` and labels must be unambiguous.
const NAME_MAX: usize = 64;

pub(crate) type Asking = Pin<Box<dyn Future<Output = Outcome> + Send>>;
pub(crate) type Asker = Arc<dyn Fn(CheckContext) -> Asking + Send + Sync>;

/// What a check may know about the asking under way.
#[derive(Clone, Debug)]
pub struct CheckContext {
    name: Arc<str>,
    timeout: Duration,
}

impl CheckContext {
    pub(crate) fn new(name: Arc<str>, timeout: Duration) -> Self {
        Self { name, timeout }
    }

    /// The check's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The time the asking has; it is dropped when it takes longer, and counts as failed.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// A check as a type of its own, where a closure is not enough.
///
/// ```
/// use allswell::{CheckContext, HealthCheck, Outcome};
///
/// struct Queue { length: usize }
///
/// impl HealthCheck for Queue {
///     fn name(&self) -> &str { "queue" }
///     async fn check(&self, _: &CheckContext) -> Outcome {
///         if self.length < 1_000 { Outcome::pass() } else { Outcome::warn("too long") }
///     }
/// }
/// # let _ = allswell::Check::of(Queue { length: 3 });
/// ```
pub trait HealthCheck: Send + Sync + 'static {
    /// The name it has unless [`Check::named`] gives another one.
    fn name(&self) -> &str;

    /// Asks once. Runs detached from requests and never twice at a time; it is dropped when its time is over.
    fn check(&self, context: &CheckContext) -> impl Future<Output = Outcome> + Send;
}

/// What a failure of a check does to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The service cannot do its job without: 503.
    Critical,
    /// The service does less than all: `degraded`, and 200.
    Degrades,
}

/// When a check is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// Again and again, at moments spread by a draw.
    Every(Duration),
    /// When a request wants it and the last result is older.
    OnDemand { max_age: Duration },
}

impl Timing {
    /// From one asking to the next, or how old a result may be.
    pub const fn period(self) -> Duration {
        match self {
            Self::Every(interval) => interval,
            Self::OnDemand { max_age } => max_age,
        }
    }
}

/// Which probes look at a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub liveness: bool,
    pub readiness: bool,
    pub startup: bool,
}

/// One question asked again and again, with the numbers that turn its outcomes into a status.
///
/// Without further words a check belongs to readiness, is critical, is asked every 10 s with 5 s of time, fails after three
/// failures in a row and recovers with the first success. Its very first outcome counts at once.
///
/// ```
/// # use std::time::Duration;
/// # use allswell::Check;
/// # struct Pool;
/// # impl Pool { async fn ping(&self) -> Result<(), std::io::Error> { Ok(()) } }
/// # let pool = std::sync::Arc::new(Pool);
/// let database = Check::new("database", move || { let pool = pool.clone(); async move { pool.ping().await } })
///     .interval(Duration::from_secs(5))
///     .timeout(Duration::from_secs(2));
/// ```
#[derive(Clone)]
pub struct Check {
    pub(crate) name: Arc<str>,
    pub(crate) ask: Asker,
    pub(crate) weight: Weight,
    pub(crate) members: Membership,
    pub(crate) timing: Timing,
    pub(crate) timeout: Option<Duration>,
    pub(crate) failure_threshold: u32,
    pub(crate) success_threshold: u32,
    pub(crate) initial_delay: Duration,
    pub(crate) degraded_above: Option<Duration>,
    pub(crate) looks_inside: bool,
    pub(crate) restart_after: Option<Duration>,
    pub(crate) component: &'static str,
}

impl Check {
    /// A check that asks by calling `ask` and awaiting what it returns.
    ///
    /// `name` is what documents, metrics and logs call it: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub fn new<F, R>(name: impl AsRef<str>, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoOutcome,
    {
        Self::asking(name.as_ref(), move |_| {
            let asking = ask();
            Box::pin(async move { asking.await.into_outcome() })
        })
    }

    /// A check that asks by a function that blocks; it runs on tokio's blocking threads, one at a time.
    ///
    /// A function that outlives its timeout cannot be stopped: the check fails, and is not asked again before it returned.
    pub fn blocking<R: IntoOutcome>(name: impl AsRef<str>, ask: impl Fn() -> R + Send + Sync + 'static) -> Self {
        let ask = Arc::new(ask);
        // Held by the blocking thread: an asking that was given up still keeps the next one from beginning.
        let one = Arc::new(tokio::sync::Mutex::new(()));
        Self::asking(name.as_ref(), move |_| {
            let (ask, one) = (ask.clone(), one.clone());
            Box::pin(async move {
                let alone = one.lock_owned().await;
                let asking = move || {
                    let _alone = alone;
                    ask().into_outcome()
                };
                match tokio::task::spawn_blocking(asking).await {
                    Ok(outcome) => outcome,
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => Outcome::fail("the runtime is shutting down"),
                }
            })
        })
    }

    /// A check that is a type of its own.
    pub fn of(check: impl HealthCheck) -> Self {
        let check = Arc::new(check);
        let name = check.name().to_owned();
        Self::asking(&name, move |context| {
            let check = check.clone();
            Box::pin(async move { check.check(&context).await })
        })
    }

    fn asking(name: &str, ask: impl Fn(CheckContext) -> Asking + Send + Sync + 'static) -> Self {
        Self {
            name: name.into(),
            ask: Arc::new(ask),
            weight: Weight::Critical,
            members: Membership { liveness: false, readiness: true, startup: false },
            timing: Timing::Every(Duration::from_secs(10)),
            timeout: None,
            failure_threshold: 3,
            success_threshold: 1,
            initial_delay: Duration::ZERO,
            degraded_above: None,
            looks_inside: false,
            restart_after: None,
            component: "component",
        }
    }

    /// Gives it another name.
    #[must_use]
    pub fn named(mut self, name: impl AsRef<str>) -> Self {
        self.name = name.as_ref().into();
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its failure makes the service `degraded` (200) instead of not ready (503).
    #[must_use]
    pub fn degrades(mut self) -> Self {
        self.weight = Weight::Degrades;
        self
    }

    /// Its failure makes the service not ready (503). This is so unless [`degrades`](Self::degrades) was said.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.weight = Weight::Critical;
        self
    }

    /// The time one asking has: 5 s, or the interval if that is shorter.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// From one asking to the next: 10 s. The moments of different checks are spread.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.timing = Timing::Every(interval);
        self
    }

    /// Asks only when a request wants the result and the last one is older than `max_age`; requests that come together
    /// wait for one asking.
    #[must_use]
    pub fn on_demand(mut self, max_age: Duration) -> Self {
        self.timing = Timing::OnDemand { max_age };
        self
    }

    /// Failures in a row until its status is `error`: 3.
    #[must_use]
    pub fn failure_threshold(mut self, failures: u32) -> Self {
        self.failure_threshold = failures;
        self
    }

    /// Successes in a row until its status is `ok` again: 1.
    #[must_use]
    pub fn success_threshold(mut self, successes: u32) -> Self {
        self.success_threshold = successes;
        self
    }

    /// How long after its registration it is asked for the first time: at once.
    #[must_use]
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// A success slower than this is a warning.
    #[must_use]
    pub fn degraded_above(mut self, latency: Duration) -> Self {
        self.degraded_above = Some(latency);
        self
    }

    /// The service is not started before this check passed once.
    #[must_use]
    pub fn startup(mut self) -> Self {
        self.members.startup = true;
        self
    }

    /// Readiness does not look at it; it is shown by `/status`, and by the other probes it belongs to.
    #[must_use]
    pub fn not_in_readiness(mut self) -> Self {
        self.members.readiness = false;
        self
    }

    /// Says that it looks at this process and at nothing outside, so that it may be in liveness.
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.looks_inside = true;
        self
    }

    /// Liveness looks at it: when it fails, the process is restarted.
    ///
    /// Refused at build time unless it is [`internal`](Self::internal) or [`restart_after`](Self::restart_after) was said:
    /// a restart does not mend a database, it only takes every replica down together.
    #[must_use]
    pub fn liveness(mut self) -> Self {
        self.members.liveness = true;
        self
    }

    /// Liveness looks at it, and fails once it failed without a break for this long: for what only a restart mends, such as
    /// a pool that never recovers.
    #[must_use]
    pub fn restart_after(mut self, failing_for: Duration) -> Self {
        self.members.liveness = true;
        self.restart_after = Some(failing_for);
        self
    }

    /// What it is, as `application/health+json` names it: `datastore`, `system` or `component`.
    #[must_use]
    pub fn component(mut self, kind: &'static str) -> Self {
        self.component = kind;
        self
    }

    /// The time one asking has.
    pub(crate) fn deadline(&self) -> Duration {
        self.timeout.unwrap_or_else(|| Duration::from_secs(5).min(self.timing.period()))
    }

    /// How old a result may be before it says nothing any more.
    pub(crate) fn stale_after(&self) -> Duration {
        let period = self.timing.period();
        (period * 3).max(period + self.deadline())
    }

    /// The numbers it follows; the first outcomes count at once.
    pub(crate) fn policy(&self, first: bool) -> Policy {
        Policy {
            interval: self.timing.period(),
            timeout: self.deadline(),
            failure_threshold: if first { 1 } else { self.failure_threshold },
            success_threshold: if first { 1 } else { self.success_threshold },
            initial_delay: self.initial_delay,
            degraded_above: self.degraded_above,
        }
    }

    /// Why it cannot be registered, as a sentence that says what to do.
    pub(crate) fn misuse(&self) -> Option<String> {
        let name = &self.name;
        if let Some(sentence) = name_misuse("check", name) {
            return Some(sentence);
        }
        let number = match self.timing {
            Timing::Every(interval) if interval.is_zero() => "an interval",
            Timing::OnDemand { max_age } if max_age.is_zero() => "a max_age",
            _ if self.timeout.is_some_and(|timeout| timeout.is_zero()) => "a timeout",
            _ if self.failure_threshold == 0 => "a failure threshold",
            _ if self.success_threshold == 0 => "a success threshold",
            _ => "",
        };
        if !number.is_empty() {
            return Some(format!("check `{name}` has {number} of zero; give it a value above zero"));
        }
        if self.timeout.is_some_and(|timeout| timeout > self.timing.period() && matches!(self.timing, Timing::Every(_)))
        {
            return Some(format!(
                "check `{name}` has a timeout longer than its interval; make the timeout shorter or the interval longer"
            ));
        }
        if self.members.liveness && !self.looks_inside && self.restart_after.is_none() {
            return Some(format!(
                "check `{name}` is in liveness and may ask a dependency, which a restart does not mend; take `.liveness()` \
                 away, or say `.internal()` if it looks at this process only, or `.restart_after(...)` if a restart mends it"
            ));
        }
        None
    }
}

/// Why a check or a group cannot have this name.
pub(crate) fn name_misuse(what: &str, name: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(fits) {
        return None;
    }
    Some(format!(
        "{what} `{name}` has a name that paths and labels cannot carry; use 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`"
    ))
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, weight, members, timing, .. } = self;
        f.debug_struct("Check")
            .field("name", name)
            .field("weight", weight)
            .field("members", members)
            .field("timing", timing)
            .field("timeout", &self.deadline())
            .finish_non_exhaustive()
    }
}
