//! An app as a model, and many runs of a pod against it on a virtual clock.

use std::time::Duration;

use allswell_core::backoff;
use allswell_core::kubelet::pod::Chance;
use allswell_core::kubelet::simulate::{self, App, Asking, Run};
use allswell_core::kubelet::{Answer, Kind, Note};
use allswell_core::time::parse_duration;

use super::fault::{self, Fault};
use super::{Policy, Subject, Verdict};

/// From the best case to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The best case.
    pub from: Duration,
    /// The worst case.
    pub to: Duration,
}

impl Range {
    /// Reads `80s` or `40s..90s`; `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let (from, to) = (parse_duration(from).ok()?, parse_duration(to).ok()?);
        (from <= to).then_some(Self { from, to })
    }
}

/// An app as a model.
#[derive(Clone, Debug)]
pub struct Model {
    /// How long it takes to start: any time in this range.
    pub start: Range,
    /// How long it takes to answer: the median, and what one answer in a hundred exceeds.
    pub latency: Range,
    /// What goes wrong; `NAME-down` fails readiness, and whatever asks the same as readiness.
    pub faults: Vec<Fault>,
}

/// How many runs and how long.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// How many.
    pub runs: u32,
    /// How long each, counted from the first start.
    pub length: Duration,
    /// Decides what is left to chance.
    pub seed: u64,
}

/// What many runs came to.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    /// How many runs.
    pub runs: u32,
    /// Times to ready of those that came up, sorted.
    pub ready_after: Vec<Duration>,
    /// Restarts of each run, sorted.
    pub restarts: Vec<u32>,
    /// Kills by probes: the container's age, sorted.
    pub kill_ages: Vec<Duration>,
    /// Time out of service after the first time in it, sorted.
    pub unready: Vec<Duration>,
    /// Runs in which a probe killed an app that was up, with no fault under way or just over.
    pub false_kills: u32,
    /// Runs that the policy counts as failed.
    pub failed: u32,
    /// Probes asked in all.
    pub askings: u64,
}

/// Runs the pod of `subject` against `model` many times.
pub fn simulate(subject: &Subject, model: &Model, series: &Series, policy: &Policy) -> Distribution {
    let mut all = Distribution { runs: series.runs, ..Distribution::default() };
    let same = |kind| subject.handler(kind).is_some() && subject.handler(kind) == subject.handler(Kind::Readiness);
    let shares = Kind::ALL.map(|kind| kind == Kind::Readiness || same(kind));
    for index in 0..u64::from(series.runs) {
        let seed = series.seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut player = Player { model, seed, rolled: 0, shares, now: Duration::ZERO };
        let run = simulate::run(&subject.plan, &mut player, Chance::of(seed), series.length, None);
        all.take(&run, model, series, seed, policy);
    }
    all.sort();
    all
}

impl Distribution {
    fn take(&mut self, run: &Run, model: &Model, series: &Series, seed: u64, policy: &Policy) {
        let ready = run.first_ready();
        self.ready_after.extend(ready);
        self.restarts.push(run.restarts);
        self.askings += run.askings;
        let unready = ready.map(|ready| (series.length - ready.min(series.length)).saturating_sub(run.in_service));
        self.unready.extend(unready);
        let (mut started, mut instance, mut false_kill) = (Duration::ZERO, 0, false);
        for happened in &run.story {
            match happened.what {
                Note::Started { restarts } => (started, instance) = (happened.at, restarts),
                Note::Killing { by: Some(_), .. } => {
                    let age = happened.at.saturating_sub(started);
                    self.kill_ages.push(age);
                    let up = age > model.start_of(seed, instance);
                    false_kill |= up && !model.is_troubled(happened.at);
                }
                _ => {}
            }
        }
        self.false_kills += u32::from(false_kill);
        let verdict = Verdict {
            ready_after: ready,
            restarts: run.restarts,
            unready: unready.unwrap_or_default(),
            ..Verdict::default()
        };
        self.failed += u32::from(!policy.broken_by(&verdict).is_empty());
    }

    fn sort(&mut self) {
        self.ready_after.sort();
        self.restarts.sort_unstable();
        self.kill_ages.sort();
        self.unready.sort();
    }

    /// The distribution for eyes.
    pub fn text(&self) -> String {
        let runs = f64::from(self.runs.max(1));
        let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / runs);
        let spread = |sorted: &[Duration]| match (quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.last()) {
            (Some(half), Some(most), Some(worst)) => {
                let s = |d: Duration| format!("{:.1} s", d.as_secs_f64());
                format!("half {}, 99 % {}, worst {}", s(half), s(most), s(*worst))
            }
            _ => "never".to_owned(),
        };
        let never = self.runs as usize - self.ready_after.len();
        let restarted = self.restarts.iter().filter(|count| **count > 0).count();
        let total: u64 = self.restarts.iter().map(|count| u64::from(*count)).sum();
        let mut out = format!("{} runs, {} probes asked\n\n", self.runs, self.askings);
        let mut row = |name: &str, value: String| out.push_str(&format!("  {name:<20} {value}\n"));
        row("ready after", spread(&self.ready_after));
        row("never ready", share(never));
        row("restarted", format!("{} of the runs, {:.2} restarts each", share(restarted), total as f64 / runs));
        if !self.kill_ages.is_empty() {
            row("killed at an age of", spread(&self.kill_ages));
        }
        row("false restarts", format!("{} of the runs: killed while well", share(self.false_kills as usize)));
        if self.unready.last().is_some_and(|worst| *worst > Duration::ZERO) {
            row("not ready for", spread(&self.unready));
        }
        row("failed by --fail-on", share(self.failed as usize));
        out
    }

    /// The distribution for programs.
    pub fn json(&self) -> serde_json::Value {
        let spread = |sorted: &[Duration]| {
            let at = |q| quantile(sorted, q).map(|d| d.as_secs_f64());
            serde_json::json!({"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": at(1.0)})
        };
        serde_json::json!({
            "runs": self.runs,
            "probes": self.askings,
            "ready_after_seconds": spread(&self.ready_after),
            "never_ready_runs": self.runs as usize - self.ready_after.len(),
            "restarted_runs": self.restarts.iter().filter(|count| **count > 0).count(),
            "restarts_max": self.restarts.last(),
            "killed_age_seconds": spread(&self.kill_ages),
            "false_kill_runs": self.false_kills,
            "unready_seconds": spread(&self.unready),
            "failed_runs": self.failed,
        })
    }
}

fn quantile(sorted: &[Duration], share: f64) -> Option<Duration> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[((last as f64) * share).round() as usize])
}

impl Model {
    /// How long one instance takes to start.
    fn start_of(&self, seed: u64, instance: u32) -> Duration {
        let fraction = backoff::fraction(seed ^ (u64::from(instance) << 40) ^ 0x57A2);
        self.start.from + (self.start.to - self.start.from).mul_f64(fraction)
    }

    /// Whether a fault goes on, or was over only a minute ago.
    fn is_troubled(&self, at: Duration) -> bool {
        const AFTER: Duration = Duration::from_secs(60);
        self.faults.iter().any(|fault| at >= fault.from && at < fault.to.unwrap_or(fault.from) + AFTER)
    }
}

/// One run's app.
struct Player<'m> {
    model: &'m Model,
    seed: u64,
    rolled: u64,
    /// Which probes fail with a dependency.
    shares: [bool; 3],
    now: Duration,
}

impl Player<'_> {
    fn active(&self, at: Duration) -> impl Iterator<Item = &Fault> {
        self.model.faults.iter().filter(move |fault| at >= fault.from && fault.to.is_some_and(|to| at < to))
    }

    fn latency(&mut self) -> Duration {
        self.rolled += 1;
        let Range { from, to } = self.model.latency;
        let (median, tail) = (from.as_secs_f64().max(1e-6), to.as_secs_f64().max(1e-6));
        let uniform = |salt: u64| backoff::fraction(self.seed ^ (self.rolled << 8) ^ salt).max(1e-12);
        // Log-normal through the median and the 99th percentile, 2.326 standard deviations out; normal by Box and Muller.
        let normal = (-2.0 * uniform(1).ln()).sqrt() * (std::f64::consts::TAU * uniform(2)).cos();
        let seconds = median * ((tail / median).ln() / 2.326 * normal).exp();
        Duration::from_secs_f64(seconds.min(3_600.0))
    }
}

impl App for Player<'_> {
    fn answer(&mut self, asking: &Asking) -> (Answer, Duration) {
        const REFUSED: (Answer, Duration) = (Answer::Failure, Duration::from_millis(1));
        self.now = asking.at;
        if asking.age < self.model.start_of(self.seed, asking.instance) {
            return REFUSED;
        }
        let mut took = self.latency();
        let mut answer = Answer::Success;
        let born = asking.at.saturating_sub(asking.age);
        for fault in self.active(asking.at) {
            match &fault.kind {
                // A container that was started since then is another process.
                fault::Kind::Hang if born <= fault.from => return (Answer::Failure, Duration::MAX / 4),
                fault::Kind::Slow(delay) => took += *delay,
                fault::Kind::Refuse => return REFUSED,
                fault::Kind::Down(_) if self.shares[asking.kind as usize] => answer = Answer::Failure,
                _ => {}
            }
        }
        (answer, took)
    }

    fn dies(&mut self, instance: u32) -> Option<(Duration, i32)> {
        let kill = self.model.faults.iter().find(|fault| fault.kind == fault::Kind::Kill)?;
        (instance == 0).then_some((kill.from, 137))
    }

    fn ends_after_term(&mut self) -> Option<Duration> {
        let hangs = self.active(self.now).any(|fault| fault.kind == fault::Kind::Hang);
        (!hangs).then_some(Duration::from_millis(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::subject::Choice;
    use crate::yaml;

    fn play(text: &str, start: &str, faults: &str) -> Distribution {
        let (documents, _) = yaml::read(text);
        let subject = Subject::choose(&documents, &Choice::default()).expect("it can be rehearsed");
        let of = |text: &str| Range::parse(text).expect("a range");
        let faults = if faults.is_empty() { Vec::new() } else { fault::parse(faults).expect("they can be read") };
        let model = Model { start: of(start), latency: of("5ms..50ms"), faults };
        let series = Series { runs: 200, length: Duration::from_secs(600), seed: 1 };
        simulate(&subject, &model, &series, &Policy::default())
    }

    const GUIDE: &str = include_str!("../../../../examples/kubernetes/guide.yaml");
    const WELL: &str = include_str!("../../../../examples/kubernetes/well.yaml");
    const DEEP: &str = include_str!("../../../../examples/kubernetes/deep-liveness.yaml");

    #[test]
    fn the_guide_s_numbers_are_a_cliff() {
        assert_eq!(play(GUIDE, "50s", "").failed, 0);
        assert_eq!(play(GUIDE, "80s", "").ready_after.len(), 0);
        let between = play(GUIDE, "50s..75s", "").failed;
        assert!((1..200).contains(&between), "{between}");
    }

    #[test]
    fn a_database_that_is_down_restarts_nothing_unless_liveness_asks_it() {
        let well = play(WELL, "5s", "db-down@60s..300s");
        assert_eq!(well.restarts.last(), Some(&0));
        assert!(well.unready.first().is_some_and(|time| time.as_secs() > 200));
        // The same question as readiness: what fails one fails the other.
        let shared = DEEP.replace("/db", "/ready");
        assert!(play(&shared, "5s", "db-down@60s..300s").restarts.first().is_some_and(|count| *count > 2));
    }

    #[test]
    fn the_same_seed_gives_the_same_runs() {
        let (one, two) = (play(GUIDE, "40s..70s", "hang@200s..300s"), play(GUIDE, "40s..70s", "hang@200s..300s"));
        assert_eq!(one.text(), two.text());
    }
}
