//! What the server counts about itself, for Prometheus to read.
//!
//! Labels come from closed lists, never from a monitor's name or address: a thousand monitors make no more series than one.
//! Whoever does the work calls the method here; what can be read from the store is read when somebody asks (`api::metrics`).

mod process;
mod text;

use std::time::Duration;

use allswell_core::uptime::Presence;
use allswell_core::{Verdict, Wall};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::store::{MonitorRow, OutboxGauge};

pub use text::Format;

/// How an attempt to deliver ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// The other side took it.
    Sent,
    /// Not now; it is tried again.
    Retried,
    /// The other side refused for good.
    Refused,
}

impl Delivered {
    /// All, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Sent, Self::Retried, Self::Refused];

    /// The word used as a label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Refused => "refused",
        }
    }
}

/// A file of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Status, incidents, outbox.
    Main,
    /// Results.
    Results,
}

impl File {
    /// The word used as a label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Results => "results",
        }
    }
}

/// One label with a value out of a closed list, under the name that the metric gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    channel_type: String,
    result: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FileLabel {
    file: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

/// A gauge of seconds with fractions.
type Seconds = Gauge<f64, std::sync::atomic::AtomicU64>;

/// What the server counts about itself; one for the whole process, shared by everybody who works.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    durations: Family<KindLabel, Histogram>,
    results: Family<ResultLabels, Counter>,
    lateness: Histogram,
    overdue: Gauge,
    in_flight: Gauge,
    results_dropped: Counter,
    connected: Gauge,
    outbox_waiting: Gauge,
    outbox_oldest_age: Seconds,
    outbox_refused: Gauge,
    deliveries: Family<DeliveryLabels, Counter>,
    commits: Family<FileLabel, Histogram>,
    monitors: Family<StatusLabel, Gauge>,
    incidents_open: Gauge,
    configuration_well: Gauge,
    configuration_loaded: Seconds,
}

impl Metrics {
    /// Counters at zero, in a process of this `version`.
    pub fn new(version: &str) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            durations: Family::new_with_constructor(|| Histogram::new(PROBE_SECONDS)),
            results: Family::default(),
            lateness: Histogram::new(LATENESS_SECONDS),
            overdue: Gauge::default(),
            in_flight: Gauge::default(),
            results_dropped: Counter::default(),
            connected: Gauge::default(),
            outbox_waiting: Gauge::default(),
            outbox_oldest_age: Seconds::default(),
            outbox_refused: Gauge::default(),
            deliveries: Family::default(),
            commits: Family::new_with_constructor(|| Histogram::new(COMMIT_SECONDS)),
            monitors: Family::default(),
            incidents_open: Gauge::default(),
            configuration_well: Gauge::default(),
            configuration_loaded: Seconds::default(),
        };
        metrics.begin_at_zero();
        let mut registry = Registry::default();
        // What the process is to the system keeps the names that every dashboard knows, without our prefix.
        registry.register_collector(Box::new(process::Process));
        let ours = registry.sub_registry_with_prefix("allswell");
        ours.register("build", "The version that runs", Info::new(vec![("version", version.to_owned())]));
        metrics.register_asking(ours);
        metrics.register_telling(ours);
        metrics.register_state(ours);
        metrics.registry = registry;
        metrics
    }

    /// Counts one asking of a monitor of this `kind` (`http`, `tcp`, `tls`) that took so long.
    pub fn asked(&self, kind: &'static str, verdict: Verdict, took: Duration) {
        self.durations.get_or_create(&KindLabel { kind }).observe(took.as_secs_f64());
        self.results.get_or_create(&ResultLabels { kind, outcome: verdict.as_str() }).inc();
    }

    /// Takes note of how long after its due moment an asking began.
    pub fn late(&self, by: Duration) {
        self.lateness.observe(by.as_secs_f64());
    }

    /// How many checks are due and have not begun.
    pub fn overdue(&self, checks: usize) {
        self.overdue.set(signed(checks));
    }

    /// How many askings are under way.
    pub fn in_flight(&self, askings: usize) {
        self.in_flight.set(signed(askings));
    }

    /// Counts results that were not kept, because the store had fallen too far behind.
    pub fn results_dropped(&self, results: usize) {
        self.results_dropped.inc_by(u64::try_from(results).unwrap_or(u64::MAX));
    }

    /// Whether the network around us was working when we last looked.
    pub fn connected(&self, well: bool) {
        self.connected.set(i64::from(well));
    }

    /// Counts one attempt to deliver through a channel of this type (`email`, `webhook`, `slack`).
    pub fn delivered(&self, channel_type: &str, result: Delivered) {
        let labels = DeliveryLabels { channel_type: channel_type.to_owned(), result: result.as_str() };
        self.deliveries.get_or_create(&labels).inc();
    }

    /// Takes note of how long a transaction took, from its begin until it was durable.
    pub fn committed(&self, file: File, took: Duration) {
        self.commits.get_or_create(&FileLabel { file: file.as_str() }).observe(took.as_secs_f64());
    }

    /// Takes note of an attempt to load the configuration, and of when it was.
    pub fn configured(&self, well: bool, at: Wall) {
        self.configuration_well.set(i64::from(well));
        if well {
            self.configuration_loaded.set(at.ms() as f64 / 1e3);
        }
    }

    /// How full the outbox is at `now`.
    pub fn outbox(&self, gauge: &OutboxGauge, now: Wall) {
        self.outbox_waiting.set(i64::try_from(gauge.waiting).unwrap_or(i64::MAX));
        self.outbox_refused.set(i64::try_from(gauge.refused).unwrap_or(i64::MAX));
        self.outbox_oldest_age.set(gauge.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64()));
    }

    /// What is true of all monitors.
    pub fn fleet(&self, monitors: &[MonitorRow]) {
        let shown = |monitor: &MonitorRow| match monitor.enlistment.paused {
            true => Presence::Paused.as_str(),
            false => monitor.enlisted.memory.status().as_str(),
        };
        for status in STATUSES {
            let count = monitors.iter().filter(|monitor| shown(monitor) == status).count();
            self.monitors.get_or_create(&StatusLabel { status }).set(signed(count));
        }
        let open = monitors.iter().filter(|monitor| monitor.enlisted.incident.is_some()).count();
        self.incidents_open.set(signed(open));
    }

    /// Everything, as text in `format`.
    pub fn write(&self, format: Format) -> String {
        let mut open_metrics = String::new();
        prometheus_client::encoding::text::encode(&mut open_metrics, &self.registry)
            .expect("writing to a string cannot fail");
        match format {
            Format::OpenMetrics => open_metrics,
            Format::Prometheus => text::classic(&open_metrics),
        }
    }

    /// Makes every series of the closed lists, so that a rate over the first event is right.
    fn begin_at_zero(&self) {
        for kind in allswell_probe::Question::KINDS {
            drop(self.durations.get_or_create(&KindLabel { kind }));
            for verdict in [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Unknown] {
                drop(self.results.get_or_create(&ResultLabels { kind, outcome: verdict.as_str() }));
            }
        }
        for channel_type in ["email", "webhook"] {
            for result in Delivered::ALL {
                let labels = DeliveryLabels { channel_type: channel_type.to_owned(), result: result.as_str() };
                drop(self.deliveries.get_or_create(&labels));
            }
        }
        for file in [File::Main, File::Results] {
            drop(self.commits.get_or_create(&FileLabel { file: file.as_str() }));
        }
        self.fleet(&[]);
        self.connected(true);
        self.configuration_well.set(1);
    }

    fn register_asking(&self, registry: &mut Registry) {
        registry.register_with_unit("probe_duration", "How long askings took", Unit::Seconds, self.durations.clone());
        registry.register("probe_results", "Askings by what they said", self.results.clone());
        registry.register_with_unit(
            "scheduler_lateness",
            "From the moment a check was due until its asking began",
            Unit::Seconds,
            self.lateness.clone(),
        );
        registry.register("scheduler_overdue", "Checks that are due and have not begun", self.overdue.clone());
        registry.register("asking_in_flight", "Askings under way", self.in_flight.clone());
        registry.register(
            "results_dropped",
            "Results not kept, because the store was too slow or failed",
            self.results_dropped.clone(),
        );
        registry.register("connectivity", "1 if our own network worked when last looked at", self.connected.clone());
    }

    fn register_telling(&self, registry: &mut Registry) {
        registry.register("outbox_depth", "Messages not yet taken", self.outbox_waiting.clone());
        registry.register_with_unit(
            "outbox_oldest_age",
            "Age of the oldest message not yet taken",
            Unit::Seconds,
            self.outbox_oldest_age.clone(),
        );
        registry.register("outbox_refused", "Messages refused for good", self.outbox_refused.clone());
        registry.register("deliveries", "Attempts to deliver by how they ended", self.deliveries.clone());
    }

    fn register_state(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "store_commit",
            "How long transactions took until they were durable",
            Unit::Seconds,
            self.commits.clone(),
        );
        registry.register("monitors", "Monitors by status", self.monitors.clone());
        registry.register("incidents_open", "Incidents that are open", self.incidents_open.clone());
        registry.register(
            "configuration_loaded",
            "1 if the configuration was good when last loaded; the one before stays in use otherwise",
            self.configuration_well.clone(),
        );
        registry.register_with_unit(
            "configuration_loaded_timestamp",
            "When a good configuration was last loaded",
            Unit::Seconds,
            self.configuration_loaded.clone(),
        );
    }
}

/// From a loopback answer to the longest timeout anybody sets.
const PROBE_SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Around the tick of 50 ms and the promise of 250 ms.
const LATENESS_SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// From a write to memory to a disk that is in trouble.
const COMMIT_SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What may be shown of a monitor.
const STATUSES: [&str; 6] = ["up", "degraded", "down", "unknown", "maintenance", "paused"];

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
