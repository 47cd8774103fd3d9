//! Writes the metrics: Prometheus' text format 0.0.4, OpenMetrics 1.0, or the short JSON that guides show.

use std::fmt::Write as _;

use super::recorder::{BOUNDS, Row};
use crate::health::Inner;
use crate::json::Json;
use crate::judge::Probe;
use crate::page::{Details, View};
use crate::result::{CheckResult, Status};

/// A form of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Prometheus' text format 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// `{"requests_total","errors_total","avg_latency_seconds"}`.
    Json,
}

impl Dialect {
    /// The form that `Accept` asks for.
    pub fn wanted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Self::OpenMetrics
        } else if accept.contains("application/json") {
            Self::Json
        } else {
            Self::Prometheus
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// Writes everything there is to measure.
pub fn write(inner: &Inner, dialect: Dialect) -> String {
    let rows = rows(inner);
    if dialect == Dialect::Json {
        return short(&rows);
    }
    let mut text = Exposition { text: String::with_capacity(4_096), open_metrics: dialect == Dialect::OpenMetrics };
    requests(&mut text, &rows);
    service(&mut text, inner);
    #[cfg(feature = "host")]
    if let Some(host) = &inner.host {
        host.write_checks(&mut text);
        host.write(&mut text);
        return text.finish();
    }
    checks(&mut text, &inner.results());
    in_flight(&mut text, &rows);
    runtime(&mut text, inner);
    text.finish()
}

/// The counts of this process, or those of all workers of a host.
fn rows(inner: &Inner) -> Vec<Row> {
    let own = inner.recorder.rows();
    #[cfg(feature = "host")]
    if let Some(host) = &inner.host {
        return host.rows(own, &inner.results());
    }
    own
}

fn short(rows: &[Row]) -> String {
    let ended = || rows.iter().flat_map(|row| &row.ended);
    let requests: u64 = ended().map(super::recorder::Ended::count).sum();
    let errors: u64 = ended().filter(|ended| ended.is_error()).map(super::recorder::Ended::count).sum();
    let seconds: f64 = ended().map(|ended| ended.sum.as_secs_f64()).sum();
    let average = if requests == 0 { 0.0 } else { seconds / requests as f64 };
    let mut json = Json::default();
    json.object(|json| {
        json.name("requests_total").whole(requests).name("errors_total").whole(errors);
        json.name("avg_latency_seconds").number((average * 1e4).round() / 1e4);
    });
    json.into_text()
}

fn requests(text: &mut Exposition, rows: &[Row]) {
    text.family(
        "http_request_duration_seconds",
        "histogram",
        "Time to the last byte of the answer, by route, method and class",
    );
    for row in rows {
        for ended in &row.ended {
            let labels = [("method", row.method), ("route", &*row.route), ("status", ended.class)];
            let mut count = 0;
            for (bucket, at) in ended.buckets.iter().zip(0..) {
                count += bucket;
                let bound = BOUNDS.get(at).map_or_else(|| "+Inf".to_owned(), |bound| format!("{bound:?}"));
                let [method, route, status] = labels;
                text.sample(
                    "http_request_duration_seconds_bucket",
                    &[method, route, status, ("le", &bound)],
                    count as f64,
                );
            }
            text.sample("http_request_duration_seconds_sum", &labels, ended.sum.as_secs_f64());
            text.sample("http_request_duration_seconds_count", &labels, count as f64);
        }
    }
    text.counter("http_requests_cut", "Answers of which the client did not take everything");
    for row in rows {
        text.sample("http_requests_cut_total", &[("method", row.method), ("route", &row.route)], row.cut as f64);
    }
}

fn in_flight(text: &mut Exposition, rows: &[Row]) {
    text.family("http_requests_in_flight", "gauge", "Requests that began and did not end");
    for row in rows {
        text.sample("http_requests_in_flight", &[("method", row.method), ("route", &row.route)], row.in_flight as f64);
    }
}

fn service(text: &mut Exposition, inner: &Inner) {
    let page = inner.page(Probe::Status, View { details: Details::None, trusted: false }, &[]);
    let judgement = &page.judgement;
    let mut flag = |name: &str, help: &str, value: bool| text.gauge(name, help, f64::from(u8::from(value)));
    flag("allswell_up", "Whether the process is alive as liveness sees it", judgement.up);
    flag("allswell_ready", "Whether the service may have traffic", judgement.ready);
    flag("allswell_started", "Whether the start is over", judgement.started);
    text.family("allswell_build_info", "gauge", "Version and release of the service; always 1");
    let (version, release) = (inner.identity.version.as_deref(), inner.identity.release_id.as_deref());
    let labels = [("version", version.unwrap_or_default()), ("release_id", release.unwrap_or_default())];
    text.sample("allswell_build_info", &labels, 1.0);
    let started = inner.started_at.ms() as f64 / 1e3;
    text.gauge("allswell_start_time_seconds", "When the health of the service was built, since the epoch", started);
}

fn checks(text: &mut Exposition, results: &[CheckResult]) {
    text.family("allswell_check_status", "gauge", "1 for the status that the check has, 0 for the others");
    for result in results {
        for status in [Status::Ok, Status::Warn, Status::Error, Status::Unknown] {
            let labels = [("check", &*result.name), ("status", status.as_str())];
            text.sample("allswell_check_status", &labels, f64::from(u8::from(result.status == status)));
        }
    }
    text.family("allswell_check_duration_seconds", "gauge", "How long the last asking took");
    for result in results {
        if let Some(took) = result.response_time {
            text.sample("allswell_check_duration_seconds", &[("check", &result.name)], took.as_secs_f64());
        }
    }
    text.counter("allswell_check_runs", "Askings by their outcome");
    for result in results {
        for (outcome, count) in ["pass", "warn", "fail"].into_iter().zip(result.runs) {
            text.sample("allswell_check_runs_total", &[("check", &result.name), ("outcome", outcome)], count as f64);
        }
    }
}

fn runtime(text: &mut Exposition, inner: &Inner) {
    let metrics = inner.runtime.metrics();
    text.gauge("allswell_runtime_workers", "Workers of the runtime", metrics.num_workers() as f64);
    text.gauge("allswell_runtime_tasks", "Tasks that are alive", metrics.num_alive_tasks() as f64);
    text.gauge(
        "allswell_runtime_queue_tasks",
        "Tasks that wait in the shared queue",
        metrics.global_queue_depth() as f64,
    );
    let strain = inner.strain();
    text.gauge("allswell_runtime_workers_stuck", "Workers that do not come back", strain.workers.len() as f64);
    let longest = strain.workers.iter().map(|worker| worker.stuck_for.as_secs_f64()).fold(0.0, f64::max);
    text.gauge("allswell_runtime_stuck_seconds", "How long the worker is stuck that is so for longest", longest);
    text.gauge(
        "allswell_runtime_lag_seconds",
        "How long a new task waited to run, or has been waiting",
        strain.lag.as_secs_f64(),
    );
    text.gauge(
        "allswell_blocking_lag_seconds",
        "How long a new blocking task waited to run",
        strain.blocking_lag.as_secs_f64(),
    );
    if let Some(queue) = strain.accept_queue {
        text.gauge("allswell_accept_queue_connections", "Connections that wait to be accepted", queue.waiting as f64);
        if let Some(limit) = queue.limit {
            text.gauge("allswell_accept_queue_limit_connections", "How many may wait", limit as f64);
        }
    }
    if let Some(bytes) = strain.memory_bytes {
        text.gauge("allswell_memory_bytes", "Memory in use, as the limit counts it", bytes as f64);
    }
}

/// The text of the metrics under construction.
#[derive(Debug)]
pub struct Exposition {
    text: String,
    open_metrics: bool,
}

impl Exposition {
    /// Begins a family: `gauge`, `counter` or `histogram`.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.put(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// Begins a family of counters, `name` without `_total`.
    ///
    /// A counter's family is named without `_total` in OpenMetrics, and with it before.
    pub fn counter(&mut self, name: &str, help: &str) {
        let suffix = if self.open_metrics { "" } else { "_total" };
        self.family(&format!("{name}{suffix}"), "counter", help);
    }

    /// A gauge without labels.
    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// One sample of the family that was begun last.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            self.put(format_args!("{label}=\""));
            self.escape(value);
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.put(format_args!(" {value}\n"));
    }

    fn escape(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                c => self.text.push(c),
            }
        }
    }

    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.text.write_fmt(arguments).expect("writing into a string does not fail");
    }

    fn finish(mut self) -> String {
        if self.open_metrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}
