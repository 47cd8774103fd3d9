//! The metrics of the loops and of the workers: what counts is added up over all that are and were, what is so now is told of
//! each that lives.

use std::sync::PoisonError;
use std::time::Duration;

use allswell::host::{Exposition, Row};
use allswell::{CheckResult, Status};

use super::Watch;
use crate::clock::mono;
use crate::group::{Counts, Worker};
use crate::inbox::LAG_BOUNDS_US;

/// The workers that live, this one first, and the counts of all.
#[derive(Debug, Default)]
pub struct Scraped {
    workers: Vec<Worker>,
    counts: Counts,
}

impl Watch {
    /// Reads what all workers say of themselves; what is written after is taken from it. Returns the requests.
    pub fn scrape(&self, own: Vec<Row>, checks: &[CheckResult]) -> Vec<Row> {
        let state = self.state();
        let mut workers = vec![self.ourselves(&state, self.silent_for(&state, mono()), checks)];
        let mut counts = self.counts(&state, own, checks);
        drop(state);
        if let Some(group) = &self.group {
            let (others, theirs) = group.others();
            workers.extend(others);
            counts.add(theirs);
        }
        let rows = std::mem::take(&mut counts.rows);
        *self.scraped.lock().unwrap_or_else(PoisonError::into_inner) = Scraped { workers, counts };
        rows
    }

    /// Writes the checks of all workers: each has its own pool, and its own view of what it depends on.
    pub fn write_checks(&self, text: &mut Exposition) {
        let Scraped { workers, counts } = &*self.scraped.lock().unwrap_or_else(PoisonError::into_inner);
        text.family("allswell_check_status", "gauge", "1 for the status that the check has, 0 for the others");
        for worker in workers {
            for check in &worker.checks {
                for status in [Status::Ok, Status::Warn, Status::Error, Status::Unknown] {
                    let value = f64::from(u8::from(check.status == status));
                    let labels = [("check", check.name.as_str()), ("status", status.as_str())];
                    self.sample_of(text, "allswell_check_status", &labels, worker, value);
                }
            }
        }
        text.family("allswell_check_duration_seconds", "gauge", "How long the last asking took");
        for worker in workers {
            for check in &worker.checks {
                if let Some(took) = check.took {
                    let labels = [("check", check.name.as_str())];
                    self.sample_of(text, "allswell_check_duration_seconds", &labels, worker, took.as_secs_f64());
                }
            }
        }
        text.counter("allswell_check_runs", "Askings by their outcome");
        for runs in &counts.runs {
            for (outcome, count) in ["pass", "warn", "fail"].into_iter().zip(runs.outcomes) {
                let labels = [("check", runs.check.as_str()), ("outcome", outcome)];
                text.sample("allswell_check_runs_total", &labels, count as f64);
            }
        }
    }

    /// Writes the metrics of the loops and of the workers.
    pub fn write(&self, text: &mut Exposition) {
        let Scraped { workers, counts } = &*self.scraped.lock().unwrap_or_else(PoisonError::into_inner);
        lags(text, &counts.lags);
        text.counter("allswell_loop_blocks", "How often an event loop was blocked");
        text.sample("allswell_loop_blocks_total", &[], counts.blocks as f64);
        text.counter("allswell_loop_blocked_seconds", "How long event loops were blocked");
        text.sample("allswell_loop_blocked_seconds_total", &[], counts.blocked.as_secs_f64());
        text.gauge("allswell_workers", "Workers that live", workers.len() as f64);
        let report_after = self.limits.map_or(Duration::MAX, |limits| limits.report_after);
        let blocked = workers.iter().filter(|worker| worker.stuck_for() >= report_after).count();
        text.gauge("allswell_workers_blocked", "Workers whose event loop is blocked", blocked as f64);
        text.family("http_requests_in_flight", "gauge", "Requests that began and did not end, by worker");
        for worker in workers {
            let pid = worker.pid.to_string();
            text.sample("http_requests_in_flight", &[("pid", &pid)], worker.in_flight as f64);
        }
        let families = [
            ("allswell_threads_used", "Threads of the pool in use"),
            ("allswell_threads", "Threads of the pool"),
            ("allswell_threads_waiting", "Calls that wait for a thread of the pool"),
        ];
        for ((name, help), at) in families.into_iter().zip(0..) {
            text.family(name, "gauge", help);
            for worker in workers {
                self.sample_of(text, name, &[], worker, worker.threads[at] as f64);
            }
        }
        self.write_machine(text);
    }

    /// What is one for all workers: they share the listening socket and the memory.
    fn write_machine(&self, text: &mut Exposition) {
        let state = self.state();
        if let Some(queue) = state.queue {
            let help = "Connections that wait to be accepted";
            text.gauge("allswell_accept_queue_connections", help, queue.waiting as f64);
            if let Some(limit) = queue.limit {
                text.gauge("allswell_accept_queue_limit_connections", "How many may wait", limit as f64);
            }
        }
        if let Some(bytes) = state.memory {
            text.gauge("allswell_memory_bytes", "Memory in use, as the limit counts it", bytes as f64);
        }
    }

    /// A sample of one worker, told apart by its process where there may be several.
    fn sample_of(&self, text: &mut Exposition, name: &str, labels: &[(&str, &str)], worker: &Worker, value: f64) {
        let pid = worker.pid.to_string();
        let mut labels = labels.to_vec();
        if self.group.is_some() {
            labels.push(("pid", &pid));
        }
        text.sample(name, &labels, value);
    }
}

fn lags(text: &mut Exposition, lags: &[u64; LAG_BOUNDS_US.len() + 2]) {
    let name = "allswell_loop_lag_seconds";
    text.family(name, "histogram", "How late event loops showed signs of life");
    let (buckets, sum_us) = lags.split_at(LAG_BOUNDS_US.len() + 1);
    let mut count = 0;
    for (bucket, at) in buckets.iter().zip(0..) {
        count += bucket;
        let bound = LAG_BOUNDS_US.get(at).map_or_else(|| "+Inf".to_owned(), |us| format!("{:?}", *us as f64 / 1e6));
        text.sample(&format!("{name}_bucket"), &[("le", &bound)], count as f64);
    }
    text.sample(&format!("{name}_sum"), &[], sum_us[0] as f64 / 1e6);
    text.sample(&format!("{name}_count"), &[], count as f64);
}
