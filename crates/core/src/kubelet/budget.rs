//! What a probe's numbers mean in seconds: the arithmetic behind every finding of the linter.
//!
//! Derived from [`super::worker`] and [`super::ticker`]: liveness and startup look at ticks that began before the
//! container did, readiness at ticks that began when the container was seen.

use std::fmt;

use super::worker::Spec;

/// From the best case to the worst, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The best case.
    pub from_s: i64,
    /// The worst case.
    pub to_s: i64,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from_s == self.to_s {
            true => write!(f, "{} s", self.from_s),
            false => write!(f, "{} to {} s", self.from_s, self.to_s),
        }
    }
}

impl Span {
    fn plus(self, from_s: i64, to_s: i64) -> Self {
        Self { from_s: self.from_s.saturating_add(from_s), to_s: self.to_s.saturating_add(to_s) }
    }
}

/// When readiness is asked first, counted from the container's start.
pub fn first_readiness_look_s(spec: &Spec) -> i64 {
    let (delay, period) = (delay(spec), period(spec));
    (delay + period - 1) / period * period
}

/// When liveness or startup is asked first, counted from the container's start.
pub fn first_look(spec: &Spec) -> Span {
    Span { from_s: delay(spec), to_s: delay(spec) + period(spec) }
}

/// When the container is killed if this probe fails from its start on and the refusal comes at once.
pub fn killed_after_start(spec: &Spec) -> Span {
    let rest = period(spec).saturating_mul(failures(spec) - 1);
    first_look(spec).plus(rest, rest)
}

/// How long a fault goes on until the threshold is reached, when asking fails at once.
pub fn failing(spec: &Spec) -> Span {
    let step = period(spec);
    Span { from_s: step.saturating_mul(failures(spec) - 1), to_s: step.saturating_mul(failures(spec)) }
}

/// How long a fault goes on until the threshold is reached, when asking hangs until its timeout.
pub fn hanging(spec: &Spec) -> Span {
    let step = period(spec).max(timeout(spec));
    let span = Span { from_s: step.saturating_mul(failures(spec) - 1), to_s: step.saturating_mul(failures(spec)) };
    span.plus(timeout(spec), timeout(spec))
}

/// The best case of a fault that fails at once, and the worst of one that hangs.
pub fn reaction(spec: &Spec) -> Span {
    Span { from_s: failing(spec).from_s, to_s: hanging(spec).to_s }
}

/// How long readiness stays away after a fault has ended.
pub fn recovery(spec: &Spec) -> Span {
    let (step, wanted) = (period(spec), i64::from(spec.success_threshold.max(1)));
    Span { from_s: step.saturating_mul(wanted - 1), to_s: step.saturating_mul(wanted) }
}

/// How long a start may take under this startup probe (or liveness without one) before it is killed in the best case.
pub fn start_allowance_s(spec: &Spec) -> i64 {
    killed_after_start(spec).from_s
}

fn delay(spec: &Spec) -> i64 {
    i64::from(spec.initial_delay_s).max(0)
}

fn period(spec: &Spec) -> i64 {
    i64::from(spec.period_s).max(1)
}

fn timeout(spec: &Spec) -> i64 {
    i64::from(spec.timeout_s).max(1)
}

fn failures(spec: &Spec) -> i64 {
    i64::from(spec.failure_threshold).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(delay: i32, period: i32, timeout: i32, failures: i32) -> Spec {
        Spec {
            initial_delay_s: delay,
            period_s: period,
            timeout_s: timeout,
            failure_threshold: failures,
            ..Spec::default()
        }
    }

    #[test]
    fn a_guide_s_numbers_in_seconds() {
        let liveness = spec(15, 20, 5, 3);
        assert_eq!(first_look(&liveness).to_string(), "15 to 35 s");
        assert_eq!(killed_after_start(&liveness).to_string(), "55 to 75 s");
        assert_eq!(failing(&liveness).to_string(), "40 to 60 s");
        assert_eq!(hanging(&liveness).to_string(), "45 to 65 s");
        let readiness = spec(5, 10, 5, 3);
        assert_eq!(first_readiness_look_s(&readiness), 10);
        assert_eq!(failing(&readiness).to_string(), "20 to 30 s");
    }

    #[test]
    fn a_delay_of_zero_is_asked_at_once() {
        assert_eq!(first_readiness_look_s(&spec(0, 10, 1, 3)), 0);
        assert_eq!(first_readiness_look_s(&spec(20, 10, 1, 3)), 20);
    }

    #[test]
    fn numbers_at_the_edge_of_their_range_do_not_overflow() {
        let all = i32::MAX;
        let spec = spec(all, all, all, all);
        assert!(killed_after_start(&spec).to_s > 0);
        assert!(hanging(&spec).to_s > 0);
    }
}
