//! The configuration: one YAML file, read once into types. What is wrong with it is told all at once, each with its place,
//! the value and the way out.
//!
//! [`Code`] lists what can be wrong, `keys` what can be written; `docs/configuration.md` is made of both.
//! What a question, a condition or a channel may be is decided by `allswell_probe` and [`crate::notify`].

mod ask;
mod channel;
mod command_line;
mod definition;
pub mod document;
mod file;
mod keys;
mod logo;
mod maintenance;
mod monitor;
mod page;
mod plan;
mod problem;
mod read;
mod reference;
pub mod resource;
pub mod schema;
mod server;
mod source;
mod spec;
mod status_page;
#[cfg(test)]
mod tests;
mod tree;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::check::Policy;
use allswell_core::telling;
use allswell_probe::Question;

pub use channel::ChannelConfig;
pub use file::{load, parse};
pub(crate) use keys::FORMERLY_MAX;
pub use keys::channels::ChannelKinds;
pub use maintenance::{Covered, MaintenanceConfig};
pub use problem::{Code, Errors, FieldProblem, Paint, Problem};
pub use read::written;
pub use reference::Author;
pub use resource::Written;
pub use server::{Server, SignUp};
pub use spec::Spec;
pub use status_page::{PageHost, StatusPageConfig};
pub use watch::Watcher;

/// The reference of all keys and codes in Markdown: `docs/configuration.md`.
pub fn reference() -> String {
    page::page()
}

/// What is watched, who is told, and how the server runs.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What is watched, in the order of the file.
    pub monitors: Vec<MonitorConfig>,
    /// Who is told, by name.
    pub channels: BTreeMap<String, ChannelConfig>,
    /// The defaults as they are written.
    pub defaults_spec: Option<Written>,
    /// The file it was read from, as it was named.
    pub origin: Option<String>,
    /// When nobody is to be told.
    pub maintenance: Vec<MaintenanceConfig>,
    /// What strangers are told, in the order of the file.
    pub status_pages: Vec<StatusPageConfig>,
    /// What accounts may have, by the name of their plan.
    pub plans: BTreeMap<String, crate::plan::Limits>,
    /// The server itself.
    pub server: Server,
    /// What monitors have that do not say it themselves.
    pub defaults: Defaults,
    /// What channels there may be.
    pub kinds: ChannelKinds,
    /// The files whose contents went into it besides its own: secrets, certificates, keys. Each once.
    pub files: Vec<PathBuf>,
}

/// A monitor as it is configured.
#[derive(Clone)]
pub struct MonitorConfig {
    /// Its name, unlike any other.
    pub name: String,
    /// What is asked.
    pub question: Arc<Question>,
    /// The numbers that turn outcomes into a status.
    pub policy: Policy,
    /// The names of the channels that are told, each once.
    pub channels: Vec<String>,
    /// Words it can be found by, sorted, each once.
    pub tags: Vec<String>,
    /// What it belongs to: a service, a customer, a team.
    pub group: Option<String>,
    /// How the people on its channels want to be told.
    pub telling: telling::Policy,
    /// The names of the monitors without which it cannot be well.
    pub depends_on: Vec<String>,
    /// Whether it is not asked for now.
    pub paused: bool,
    /// The name it had before, when it was renamed.
    pub renamed_from: Option<String>,
    /// As it is written, without what it was renamed from.
    pub spec: Written,
    /// Equal as long as nothing of it changed, the contents of its secrets and files included.
    pub fingerprint: Fingerprint,
}

impl fmt::Debug for MonitorConfig {
    /// Leaves the question out: it holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            question,
            policy,
            channels,
            tags,
            group,
            telling,
            depends_on,
            paused,
            renamed_from,
            spec: _,
            fingerprint,
        } = self;
        f.debug_struct("MonitorConfig")
            .field("name", name)
            .field("kind", &question.kind())
            .field("policy", policy)
            .field("channels", channels)
            .field("tags", tags)
            .field("group", group)
            .field("telling", telling)
            .field("depends_on", depends_on)
            .field("paused", paused)
            .field("renamed_from", renamed_from)
            .field("fingerprint", fingerprint)
            .finish()
    }
}

/// A digest of all settings of a monitor. Only good for comparing: nothing can be read out of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    /// Four bytes of it: enough to see a change, too little to try out what a secret might be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What monitors have that do not say it themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// From one asking to the next.
    pub interval: Duration,
    /// The deadline of one asking; never longer than the interval of a monitor that inherits it.
    pub timeout: Duration,
    /// Failures in a row until it is down.
    pub failure_threshold: u32,
    /// Successes in a row until it is up again.
    pub success_threshold: u32,
    /// How long a new monitor waits before it is asked for the first time.
    pub initial_delay: Duration,
    /// A pass slower than this is a warning.
    pub degraded_above: Option<Duration>,
    /// A certificate that ends within so many days is a warning.
    pub certificate_days: u32,
    /// How the people on the channels want to be told.
    pub telling: telling::Policy,
    /// The names of the channels that are told.
    pub channels: Vec<String>,
}

impl Default for Defaults {
    fn default() -> Self {
        use keys::default;
        Self {
            interval: default::INTERVAL,
            timeout: default::TIMEOUT,
            failure_threshold: default::FAILURE_THRESHOLD,
            success_threshold: default::SUCCESS_THRESHOLD,
            initial_delay: default::INITIAL_DELAY,
            degraded_above: None,
            certificate_days: default::CERTIFICATE_DAYS,
            telling: telling::Policy { remind_every: None, flap_after: Some(default::FLAP_AFTER) },
            channels: Vec::new(),
        }
    }
}

/// The names of the channels that are told besides of monitors with a tag, by tag.
pub type Tagged = BTreeMap<String, BTreeSet<String>>;

impl Config {
    /// A monitor for each URL (`http://`, `https://`, `tcp://host:port`, `tls://host:port`) and nothing else.
    ///
    /// # Errors
    /// [`Errors`] names each URL that cannot be asked; its lines are the URLs, counted from 1.
    pub fn from_urls(urls: &[String], defaults: Defaults) -> Result<Self, Errors> {
        let mut config = Self { defaults, ..Self::default() };
        config.add_urls(urls)?;
        Ok(config)
    }

    /// Adds a monitor for each URL, named after its host and path. Follows the configuration's own defaults.
    ///
    /// # Errors
    /// [`Errors`] names each URL that cannot be asked; nothing is added then.
    pub fn add_urls(&mut self, urls: &[String]) -> Result<(), Errors> {
        let added = command_line::monitors(urls, self)?;
        self.monitors.extend(added);
        Ok(())
    }
}
