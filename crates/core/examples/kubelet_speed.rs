//! How many probe decisions the simulator makes in a second: `cargo run --release -p allswell-core --example kubelet_speed`.

use std::time::{Duration, Instant};

use allswell_core::kubelet::pod::{Chance, Plan};
use allswell_core::kubelet::simulate::{App, Asking, run};
use allswell_core::kubelet::{Answer, Spec};

/// Up after 80 s, as in the guide that is killed for ever.
struct Slow;

impl App for Slow {
    fn answer(&mut self, asking: &Asking) -> (Answer, Duration) {
        let well = asking.age > Duration::from_secs(80);
        (if well { Answer::Success } else { Answer::Failure }, Duration::from_millis(3))
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() {
    let liveness = Spec { initial_delay_s: 15, period_s: 20, timeout_s: 5, ..Spec::default() };
    let readiness = Spec { initial_delay_s: 5, timeout_s: 5, ..Spec::default() };
    let plan = Plan { liveness: Some(liveness), readiness: Some(readiness), grace_s: Some(30), ..Plan::default() };
    let begin = Instant::now();
    let (mut askings, mut runs) = (0, 0);
    while begin.elapsed() < Duration::from_secs(3) {
        askings += run(&plan, &mut Slow, Chance::of(runs), Duration::from_secs(3_600), None).askings;
        runs += 1;
    }
    let seconds = cpu_seconds().unwrap_or_else(|| begin.elapsed().as_secs_f64());
    let per_second = askings as f64 / seconds;
    println!("{runs} pods of one hour, {askings} probe decisions, {per_second:.0} decisions per CPU second");
}

/// What this process has used so far; Linux only.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}
