//! Puts the health of a service together, and refuses what cannot work, with a sentence that says what to do.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::check::Check;
use crate::fault_endpoints::FaultAccess;
use crate::groups::{self, Group};
use crate::health::Health;
use crate::page::{Details, Identity, Style};
use crate::watch::Watchdog;

/// Why the health of a service cannot be built, or a check not be added: a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse(pub(crate) String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// The paths that are answered. The first of each is the one to write into manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Is the process alive?
    pub liveness: Vec<String>,
    /// May it have traffic? `/{check}` and `/{group}` below the first one ask for one check and for one group.
    pub readiness: Vec<String>,
    /// Did it start?
    pub startup: Vec<String>,
    /// Everything.
    pub status: Vec<String>,
    /// The metrics.
    pub metrics: Vec<String>,
}

impl Default for Paths {
    fn default() -> Self {
        let paths = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Self {
            liveness: paths(&["/health", "/livez", "/health/live"]),
            readiness: paths(&["/ready", "/readyz", "/health/ready"]),
            startup: paths(&["/startup", "/startupz", "/health/startup"]),
            status: paths(&["/status"]),
            metrics: paths(&["/metrics"]),
        }
    }
}

impl Paths {
    /// All paths below `prefix`, which starts with `/` and does not end with one.
    pub fn below(prefix: &str) -> Self {
        let mut paths = Self::default();
        paths.lists_mut().into_iter().flatten().for_each(|path| path.insert_str(0, prefix));
        paths
    }

    /// The first path of each alone, for services that use the others themselves.
    #[must_use]
    pub fn without_aliases(mut self) -> Self {
        self.lists_mut().into_iter().for_each(|list| list.truncate(1));
        self
    }

    fn lists_mut(&mut self) -> [&mut Vec<String>; 5] {
        [&mut self.liveness, &mut self.readiness, &mut self.startup, &mut self.status, &mut self.metrics]
    }

    pub(crate) fn lists(&self) -> [&Vec<String>; 5] {
        [&self.liveness, &self.readiness, &self.startup, &self.status, &self.metrics]
    }

    fn misuse(&self) -> Option<String> {
        let mut seen = HashSet::new();
        for path in self.lists().into_iter().flatten() {
            if !path.starts_with('/') || path.contains(['{', '}', '?', ' ']) {
                return Some(format!(
                    "path `{path}` cannot be served; write it with a leading `/` and without placeholders"
                ));
            }
            if !seen.insert(path) {
                return Some(format!("path `{path}` is given to two endpoints; give each endpoint paths of its own"));
            }
        }
        None
    }
}

/// The numbers and words that the health of a service follows.
#[derive(Clone)]
pub(crate) struct Settings {
    pub style: Style,
    pub details: Details,
    pub token: Option<String>,
    pub paths: Paths,
    pub probe_deadline: Duration,
    pub response_time_header: bool,
    pub watchdog: Watchdog,
    pub in_flight_max: Option<usize>,
    pub faults: Option<FaultAccess>,
    pub groups: Vec<Group>,
}

/// Puts the health of a service together; see [`Health::builder`].
#[must_use = "nothing is checked before `build`"]
pub struct Builder {
    pub(crate) identity: Identity,
    pub(crate) checks: Vec<Check>,
    pub(crate) settings: Settings,
    pub(crate) holds: Vec<Arc<str>>,
    pub(crate) runtime: Option<Handle>,
    #[cfg(feature = "host")]
    pub(crate) host: Option<Arc<dyn crate::host::Host>>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity, checks, holds, .. } = self;
        f.debug_struct("Builder")
            .field("identity", identity)
            .field("checks", checks)
            .field("holds", holds)
            .finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            identity: Identity::default(),
            checks: Vec::new(),
            settings: Settings {
                style: Style::default(),
                details: Details::default(),
                token: None,
                paths: Paths::default(),
                probe_deadline: Duration::from_millis(800),
                response_time_header: true,
                watchdog: Watchdog::default(),
                in_flight_max: None,
                faults: None,
                groups: Vec::new(),
            },
            holds: Vec::new(),
            runtime: None,
            #[cfg(feature = "host")]
            host: None,
        }
    }
}

impl Builder {
    /// The version people speak of, usually `env!("CARGO_PKG_VERSION")`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.identity.version = Some(version.into());
        self
    }

    /// The commit or the image it was made of. Without it, the variables that platforms set are looked at: `GIT_COMMIT`,
    /// `GIT_SHA`, `SOURCE_VERSION`, `RENDER_GIT_COMMIT`, `RAILWAY_GIT_COMMIT_SHA`, `HEROKU_SLUG_COMMIT`, `K_REVISION`.
    pub fn release_id(mut self, release_id: impl Into<String>) -> Self {
        self.identity.release_id = Some(release_id.into());
        self
    }

    /// The name of this instance: host name and process id unless it is given.
    pub fn instance(mut self, instance: impl Into<String>) -> Self {
        self.identity.instance = instance.into();
        self
    }

    /// Registers a check. Documents show the checks in the order in which they were registered.
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Puts checks into a group of this name: `/ready/{group}` answers for them alone, in every form that `/ready` has.
    ///
    /// A check may be in several groups; the probes look at it as before.
    pub fn group(mut self, name: impl AsRef<str>, members: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.settings.groups.push(Group::new(name.as_ref(), members));
        self
    }

    /// The words of the documents: [`Style::Uptime`] unless said otherwise.
    pub fn style(mut self, style: Style) -> Self {
        self.settings.style = style;
        self
    }

    /// How much those without the token see: [`Details::Names`] unless said otherwise.
    pub fn details(mut self, details: Details) -> Self {
        self.settings.details = details;
        self
    }

    /// Whoever sends `Authorization: Bearer <token>` sees everything, with the texts of the log.
    pub fn details_token(mut self, token: impl Into<String>) -> Self {
        self.settings.token = Some(token.into());
        self
    }

    /// The paths that are answered.
    pub fn paths(mut self, paths: Paths) -> Self {
        self.settings.paths = paths;
        self
    }

    /// How long a request waits for checks that are asked on demand: 800 ms, below the kubelet's default of one second.
    pub fn probe_deadline(mut self, deadline: Duration) -> Self {
        self.settings.probe_deadline = deadline;
        self
    }

    /// Leaves the header `X-Response-Time` (seconds, four digits) out of the answers.
    pub fn without_response_time_header(mut self) -> Self {
        self.settings.response_time_header = false;
        self
    }

    /// When stuck workers count.
    pub fn watchdog(mut self, watchdog: Watchdog) -> Self {
        self.settings.watchdog = watchdog;
        self
    }

    /// The service is not ready while more requests than this are in flight for ten seconds. Needs [`Health::layer`].
    pub fn in_flight_max(mut self, requests: usize) -> Self {
        self.settings.in_flight_max = Some(requests);
        self
    }

    /// Allows to simulate faults over HTTP: `POST /faults/fail/{check}?for=30s` (also `slow`, `hang`, `recover`),
    /// `/faults/refuse`, `/faults/block_worker`, `/faults/leak`, and the `/simulate_...` paths of guides. Off without this call.
    pub fn fault_endpoints(mut self, access: FaultAccess) -> Self {
        self.settings.faults = Some(access);
        self
    }

    /// The service is not started before this hold is released by [`Health::release`] or its [`Hold`](crate::Hold).
    pub fn startup_hold(mut self, name: impl AsRef<str>) -> Self {
        self.holds.push(name.as_ref().into());
        self
    }

    /// The runtime that the checks run on; the one that `build` is called in unless it is given.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Starts the checks.
    ///
    /// # Errors
    /// [`Misuse`] for duplicate or unfit names, unknown members of groups, a dependency in liveness, numbers of zero, a timeout longer than its interval,
    /// paths that clash, an empty token, and when there is no runtime.
    pub fn build(self) -> Result<Health, Misuse> {
        self.misuse().map_or_else(|| Health::start(self), |sentence| Err(Misuse(sentence)))
    }

    const fn is_hosted(&self) -> bool {
        #[cfg(feature = "host")]
        return self.host.is_some();
        #[cfg(not(feature = "host"))]
        false
    }

    pub(crate) fn misuse(&self) -> Option<String> {
        let mut names = HashSet::new();
        for check in &self.checks {
            if let Some(sentence) = check.misuse() {
                return Some(sentence);
            }
            if !names.insert(check.name()) {
                return Some(duplicate(check.name()));
            }
        }
        // A host adds its checks later, and says itself what is wrong with its groups.
        if !self.is_hosted()
            && let Some(sentence) = groups::misuse(&self.settings.groups, &self.checks)
        {
            return Some(sentence);
        }
        let mut holds = HashSet::new();
        if let Some(hold) = self.holds.iter().find(|hold| !holds.insert(*hold)) {
            return Some(format!("startup hold `{hold}` is named twice; give each hold a name of its own"));
        }
        if self.settings.token.as_ref().is_some_and(|token| token.trim().is_empty()) {
            return Some(
                "the details token is empty, so nobody could be told apart; give a secret or leave it out".to_owned(),
            );
        }
        if self.settings.probe_deadline.is_zero() {
            return Some(
                "the probe deadline is zero, so no check on demand could be asked; give it a value above zero"
                    .to_owned(),
            );
        }
        if let Some(sentence) = self.settings.faults.as_ref().and_then(FaultAccess::misuse) {
            return Some(sentence);
        }
        if self.settings.in_flight_max == Some(0) {
            return Some(
                "in_flight_max is zero, so the first request would be one too many; give it a value above zero"
                    .to_owned(),
            );
        }
        let Watchdog { report_after, unready_after, dead_after } = self.settings.watchdog;
        if report_after.is_zero() || unready_after < report_after || dead_after < unready_after {
            return Some("the watchdog's times are out of order; give them so that 0 < report_after <= unready_after <= dead_after".to_owned());
        }
        self.settings.paths.misuse()
    }
}

pub(crate) fn duplicate(name: &str) -> String {
    format!("check `{name}` is registered twice; give each check a name of its own with `.named(...)`")
}
