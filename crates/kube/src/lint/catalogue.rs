//! All rules: what each finds and why it matters.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It does not work as written.
    Error,
    /// It will hurt some day.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// `error`, `warning`, `info`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `PRB101`.
    pub id: &'static str,
    /// How bad a finding of it is, unless the finding says otherwise.
    pub severity: Severity,
    /// What it finds.
    pub title: &'static str,
    /// Why it matters, and the way out.
    pub why: &'static str,
    /// Names of the same thing in kube-linter and kube-score.
    pub aliases: &'static [&'static str],
}

/// The rule with this id or alias.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(name) || rule.aliases.contains(&name))
}

/// The rule with this id, which is known to exist.
pub(super) fn rule(id: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.id == id).expect("only ids of the catalogue are used")
}

macro_rules! rules {
    ($($id:literal $severity:ident $title:literal $why:literal $([$($alias:literal),+])?;)+) => {
        /// Every rule, in the order of their ids.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id,
            severity: Severity::$severity,
            title: $title,
            why: $why,
            aliases: &[$($($alias),+)?],
        },)+];
    };
}

rules! {
    "PRB000" Error "the text cannot be read as YAML"
        "What cannot be read cannot be applied; the other documents of the text were looked at.";
    "PRB001" Error "the probe's port name is not in this container's ports"
        "The kubelet looks the name up in the same container only. It fails with an error each time, and errors are thrown \
         away: liveness never fires, readiness never becomes ready. Name one of this container's ports, or use a number."
        ["liveness-port", "readiness-port", "startup-port"];
    "PRB002" Error "the API server refuses it"
        "It fails when it is applied, in these words."
        ["schema-validation"];
    "PRB004" Warning "unknown probe field"
        "The API server ignores fields it does not know (with a warning that pipelines swallow): the default is in force.";
    "PRB005" Warning "an explicit 0 counts as unset"
        "The API server replaces 0 by the default: timeoutSeconds 1, periodSeconds 10, thresholds 1 and 3. Write what is meant.";
    "PRB006" Error "a path or header that the prober sends differently, or cannot send"
        "The path is parsed as a URL: a fragment is dropped, //host/x loses its host, broken escapes are escaped again. A header \
         value with a line break passes the API server and then fails every probe.";
    "PRB007" Warning "the probe leaves the pod"
        "With `host` the kubelet asks another machine than the pod. Pod Security baseline refuses it since 1.34. For a virtual \
         host set the Host header instead.";
    "PRB009" Error "a probe or hook on an init container"
        "Only init containers with restartPolicy: Always keep running and may be probed; the API server refuses the others.";
    "PRB101" Error "the start-up budget is shorter than the start"
        "Without a startup probe liveness counts from the start of the container. An app that needs longer is killed, again and \
         again, and each restart begins from nothing. A startup probe holds liveness back until the app is up.";
    "PRB102" Warning "a long initialDelaySeconds stands in for a startup probe"
        "Each restart waits all of it before liveness looks at all, and one second more of start-up is still a cliff. A startup \
         probe ends as soon as the app is up.";
    "PRB103" Info "the first readiness probe comes later than initialDelaySeconds"
        "Readiness is asked when the container is seen and then once each period; what falls before the delay is passed over. The \
         delay is rounded up to a multiple of the period.";
    "PRB104" Warning "timeoutSeconds is not shorter than periodSeconds"
        "Probes of one kind never overlap: while one hangs the others wait, and the next follows at once. The period means nothing.";
    "PRB106" Error "liveness can kill before readiness has taken the container out of service"
        "Traffic goes on to a container that is being killed, and there is no time to drain or to recover. Let liveness take at \
         least three times as long as readiness.";
    "PRB107" Warning "liveness kills after a moment"
        "A garbage collection, a throttled CPU or a slow disk is enough for a restart, which makes everything slower still.";
    "PRB108" Warning "a broken container stays in service for long"
        "Until readiness fails failureThreshold times, its share of the requests fails.";
    "PRB109" Warning "a hung container stays for minutes"
        "Liveness needs that long to restart it.";
    "PRB110" Info "the startup probe allows more than the rollout waits"
        "progressDeadlineSeconds (600 when not given) ends first: the rollout is reported as failed while the app still starts.";
    "PRB111" Warning "readiness comes back slowly"
        "With successThreshold above 1 a pod stays out of service for more periods after each blip; and the count is carried over a \
         crash, so a fresh container may need one success only.";
    "PRB112" Info "failures are counted over a crash"
        "The counter belongs to the worker, not to the container: after a crash the first failed probe of the new instance may be \
         the last that was missing. A startup probe protects the new instance.";
    "PRB201" Error "liveness asks for more than the process"
        "When a database or another service is down, liveness restarts every pod, which helps nobody and makes the recovery slower. \
         Liveness looks at the process alone; readiness may look at what it needs."
        ["pod-probes-identical"];
    "PRB202" Warning "liveness and readiness ask the same, and liveness is nearly as quick"
        "What should only take the container out of service restarts it. Ask an endpoint of its own, or give liveness at least \
         three times as long."
        ["pod-probes-identical"];
    "PRB203" Error "traffic comes before the app is up"
        "Without a readiness probe a container is ready the moment it runs: requests are refused during each start."
        ["no-readiness-probe", "pod-probes"];
    "PRB204" Info "no liveness probe"
        "Many apps need none: a process that dies is restarted anyway. Add one if yours can hang."
        ["no-liveness-probe"];
    "PRB205" Warning "readiness fails with a dependency that all replicas share"
        "When it is down all pods are unready at once and the Service is empty: clients see refused connections instead of an \
         honest answer. Degrade instead.";
    "PRB206" Warning "a TCP liveness probe on an HTTP server"
        "The kernel accepts connections for a process that is stuck: a blocked event loop is never found.";
    "PRB207" Warning "an expensive exec probe"
        "Each one starts processes inside the container, on its CPU quota. httpGet and grpc cost next to nothing.";
    "PRB210" Info "liveness on a sidecar"
        "It keeps running while the pod is shut down: a sidecar that stops answering early is restarted in the middle of it.";
    "PRB301" Info "no pause before SIGTERM"
        "Endpoints are taken away while SIGTERM is sent. An app that stops at once refuses the requests that still come. A preStop \
         sleep of 5 s, or going on to serve that long after SIGTERM, loses none.";
    "PRB302" Error "the hook leaves no time to end"
        "preStop counts into terminationGracePeriodSeconds. What is left (never less than 2 s) must do for the requests under way; \
         then comes SIGKILL.";
    "PRB303" Warning "a preStop hook that needs a shell or sleep in the image"
        "In an image without them the hook fails and there is no pause at all. `sleep: {seconds: 5}` needs nothing (1.30 and \
         newer; stable since 1.34).";
    "PRB304" Warning "a hung container is given minutes to end"
        "After a liveness failure the pod's whole grace is waited for. A terminationGracePeriodSeconds of the probe itself ends it sooner.";
    "PRB305" Warning "a rollout or a drained node takes the whole service away"
        "With one replica, Recreate, or maxUnavailable of all of them, nobody answers in between; with a disruption budget that allows \
         none, nodes cannot be drained."
        ["minimum-three-replicas", "no-rolling-update-strategy", "pdb-max-unavailable", "pdb-min-available",
         "deployment-replicas", "deployment-strategy"];
    "PRB307" Info "the kubelet may not reach the probe"
        "With hostNetwork the port is the node's and may be another process's.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_there_once() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
    }

    #[test]
    fn names_of_other_linters_lead_here() {
        assert_eq!(find("no-readiness-probe").map(|rule| rule.id), Some("PRB203"));
        assert_eq!(find("prb101").map(|rule| rule.id), Some("PRB101"));
        assert_eq!(find("no-such-thing"), None);
    }
}
