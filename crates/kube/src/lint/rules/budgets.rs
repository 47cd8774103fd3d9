//! What the numbers mean in seconds, and which of them cannot be meant.

use allswell_core::kubelet::{Kind, Spec, budget};

use super::super::{Finding, Fix, Severity, fix};
use super::{Subject, both, numbers};
use crate::Source;
use crate::manifest::{Container, Probe};

/// PRB103 to PRB112.
pub(super) fn container(subject: &Subject<'_, '_>, container: &Container<'_>, findings: &mut Vec<Finding>) {
    let source = subject.source;
    for probe in &container.probes {
        findings.extend(timeout(source, probe));
    }
    if let Some(readiness) = container.probe(Kind::Readiness) {
        findings.extend(delay(source, readiness));
        findings.extend(slow_unready(source, readiness));
        findings.extend(slow_return(readiness));
    }
    if let Some(liveness) = container.probe(Kind::Liveness) {
        let race = both(container).and_then(|(liveness, readiness)| separation(source, liveness, readiness));
        let raced = race.is_some();
        findings.extend(race);
        findings.extend(hasty(source, liveness).filter(|_| !raced));
        findings.extend(slow_kill(liveness));
        findings.extend(carry_over(container, liveness));
    }
}

/// PRB103.
fn delay(source: &Source, readiness: &Probe<'_>) -> Option<Finding> {
    let (written, first) = (i64::from(readiness.spec.initial_delay_s), budget::first_readiness_look_s(&readiness.spec));
    if written == first {
        return None;
    }
    let message = format!(
        "readiness is first asked {first} s after the start, not {written}: the delay ends between two periods of {} s",
        readiness.spec.period_s
    );
    let edits = fix::set(source, readiness.node, "initialDelaySeconds", &first.to_string());
    let fix = Fix::safe(format!("write {first}, which is what happens"), edits.into_iter().collect());
    let label = format!("in effect {first} s");
    Some(Finding::new("PRB103", readiness.place("initialDelaySeconds"), message).label(label).fix(fix))
}

/// PRB104.
fn timeout(source: &Source, probe: &Probe<'_>) -> Option<Finding> {
    let Spec { timeout_s, period_s, .. } = probe.spec;
    if timeout_s < period_s || (timeout_s == 1 && period_s == 1) {
        return None;
    }
    let message = format!(
        "timeoutSeconds {timeout_s} is not shorter than periodSeconds {period_s}: while the app hangs, a {} probe follows the \
         last at once, every {timeout_s} s",
        probe.kind.as_str()
    );
    let edits = fix::set(source, probe.node, "periodSeconds", &(i64::from(timeout_s) + 1).to_string());
    let fix = Fix::proposal("ask less often than one asking may take", edits.into_iter().collect());
    Some(Finding::new("PRB104", probe.place("timeoutSeconds"), message).fix(fix))
}

/// PRB106: an error when liveness can be first, and silent when it takes three times as long.
fn separation(source: &Source, liveness: &Probe<'_>, readiness: &Probe<'_>) -> Option<Finding> {
    let (kill, unready) = (budget::failing(&liveness.spec), budget::failing(&readiness.spec));
    if kill.from_s > unready.from_s.saturating_add(i64::from(readiness.spec.period_s)) {
        return None;
    }
    let message = format!(
        "unready after {unready}, killed after {kill}: liveness ({}) can be as quick as readiness ({})",
        numbers(&liveness.spec),
        numbers(&readiness.spec)
    );
    let period = i64::from(liveness.spec.period_s.max(1));
    let failures = unready.to_s.saturating_mul(3).div_euclid(period).saturating_add(1);
    let edits = fix::set(source, liveness.node, "failureThreshold", &failures.to_string());
    let fix = Fix::proposal(
        format!("raise the failureThreshold of liveness to {failures}: three times as long as readiness"),
        edits.into_iter().collect(),
    );
    let label = format!("kills after {kill}");
    Some(Finding::new("PRB106", liveness.place("failureThreshold"), message).label(label).fix(fix))
}

/// PRB107.
fn hasty(source: &Source, liveness: &Probe<'_>) -> Option<Finding> {
    let (kill, hang) = (budget::failing(&liveness.spec), budget::hanging(&liveness.spec));
    let once = liveness.spec.failure_threshold == 1;
    if kill.to_s >= 10 && !once {
        return None;
    }
    let how = if once { "by one failed probe".to_owned() } else { format!("{kill} after it stops answering") };
    let message = format!("killed {how} ({hang} when it hangs): a pause is enough for a restart");
    let period = i64::from(liveness.spec.period_s.max(1));
    let failures = (30 + period - 1) / period;
    let edits = fix::set(source, liveness.node, "failureThreshold", &failures.max(3).to_string());
    let fix = Fix::proposal("allow half a minute", edits.into_iter().collect());
    Some(Finding::new("PRB107", liveness.place("failureThreshold"), message).fix(fix))
}

/// PRB108.
fn slow_unready(source: &Source, readiness: &Probe<'_>) -> Option<Finding> {
    let unready = budget::reaction(&readiness.spec);
    if budget::failing(&readiness.spec).to_s <= 60 {
        return None;
    }
    let message = format!("stays in service for {unready} after it breaks ({})", numbers(&readiness.spec));
    let edits = fix::set(source, readiness.node, "periodSeconds", "5");
    let fix = Fix::proposal("ask more often", edits.into_iter().collect());
    Some(Finding::new("PRB108", readiness.place("periodSeconds"), message).fix(fix))
}

/// PRB109.
fn slow_kill(liveness: &Probe<'_>) -> Option<Finding> {
    let kill = budget::reaction(&liveness.spec);
    if budget::failing(&liveness.spec).to_s <= 300 {
        return None;
    }
    let message = format!("restarted {kill} after it hangs ({})", numbers(&liveness.spec));
    Some(Finding::new("PRB109", liveness.place("periodSeconds"), message))
}

/// PRB111.
fn slow_return(readiness: &Probe<'_>) -> Option<Finding> {
    let back = budget::recovery(&readiness.spec);
    if readiness.spec.success_threshold <= 1 || back.to_s <= 30 {
        return None;
    }
    let message = format!("back in service {back} after it has recovered");
    Some(Finding::new("PRB111", readiness.place("successThreshold"), message))
}

/// PRB112.
fn carry_over(container: &Container<'_>, liveness: &Probe<'_>) -> Option<Finding> {
    if liveness.spec.failure_threshold < 2 || container.probe(Kind::Startup).is_some() {
        return None;
    }
    let message = format!(
        "failures counted before a crash count for the next instance: with {} collected, its first failed probe kills it",
        liveness.spec.failure_threshold - 1
    );
    Some(Finding::new("PRB112", liveness.place("failureThreshold"), message).severity(Severity::Info))
}
