//! A Deployment and a Service with probes that do what they mean, for an app made with the library `allswell`.

use std::fmt::Write;
use std::time::Duration;

/// What the manifest is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Name of Deployment, Service and container.
    pub name: String,
    /// The image.
    pub image: String,
    /// Where the app serves requests.
    pub port: u16,
    /// Where health is served, when on a port of its own that answers while the app is busy.
    pub side_port: Option<u16>,
    /// How long the app takes to start, at worst.
    pub start: Duration,
    /// How long it needs to finish requests after SIGTERM, at worst.
    pub drain: Duration,
    /// How many pods.
    pub replicas: u32,
}

/// Why there can be no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnApp {
    /// Not a DNS label.
    #[error("`{0}` cannot name a Deployment: use lower case letters, digits and hyphens, at most 63, a letter first")]
    Name(String),
    /// Not an image.
    #[error("`{0}` cannot be an image: it is empty or holds spaces, quotes or line breaks")]
    Image(String),
}

/// How often the startup probe asks, in seconds.
const STARTUP_PERIOD_S: u64 = 2;

/// The pause before SIGTERM in seconds: endpoints are gone everywhere after it.
const PAUSE_S: u64 = 5;

/// The manifest as YAML.
///
/// The startup probe allows three times `start`, at least a minute; readiness reacts in 10 to 15 s, liveness takes three
/// times as long; the grace holds pause, drain and some air.
///
/// # Errors
/// [`NotAnApp`] when a name would not be taken.
pub fn manifest(app: &App) -> Result<String, NotAnApp> {
    let App { name, image, port, side_port, start, drain, replicas } = app;
    let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-');
    if !begins || name.len() > 63 || !name.chars().all(label) {
        return Err(NotAnApp::Name(name.clone()));
    }
    if image.is_empty() || image.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '#')) {
        return Err(NotAnApp::Image(image.clone()));
    }
    let startup = start.as_secs_f64().ceil() as u64 * 3;
    let failures = startup.max(60).div_ceil(STARTUP_PERIOD_S);
    let grace = (PAUSE_S + drain.as_secs_f64().ceil() as u64 + 5).max(30);
    let health = if side_port.is_some() { "health" } else { "http" };
    let side =
        side_port.map_or_else(String::new, |port| format!("\n        - name: health\n          containerPort: {port}"));
    // A container that hangs finishes nothing: it need not be given the time to.
    let hung = if grace > 60 { "\n          terminationGracePeriodSeconds: 30" } else { "" };
    let mut out = format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      # {PAUSE_S} s of pause, {drain_s} s to finish requests, and some air.
      terminationGracePeriodSeconds: {grace}
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: {name}
        image: {image}
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: [ALL]
        ports:
        - name: http
          containerPort: {port}{side}
        # Holds the other two back until the app is up: up to {allowed} s.
        startupProbe:
          httpGet:
            path: /startup
            port: {health}
          periodSeconds: {STARTUP_PERIOD_S}
          failureThreshold: {failures}
        # What the app needs: out of service after 10 to 15 s, back after 5.
        readinessProbe:
          httpGet:
            path: /ready
            port: {health}
          periodSeconds: 5
          timeoutSeconds: 2
          failureThreshold: 3
        # The process alone: restarted after 40 to 50 s.
        livenessProbe:
          httpGet:
            path: /health
            port: {health}
          periodSeconds: 10
          timeoutSeconds: 2
          failureThreshold: 5{hung}
        # Requests still come while endpoints are taken away.
        lifecycle:
          preStop:
            sleep:
              seconds: {PAUSE_S}
",
        drain_s = drain.as_secs_f64().ceil() as u64,
        allowed = failures * STARTUP_PERIOD_S,
    );
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
  - name: http
    port: 80
    targetPort: http
"
    );
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use crate::lint::{Facts, lint};

    fn app() -> App {
        App {
            name: "orders".to_owned(),
            image: "registry.example.com/orders:1.0".to_owned(),
            port: 8000,
            side_port: None,
            start: Duration::from_secs(20),
            drain: Duration::from_secs(10),
            replicas: 3,
        }
    }

    #[test]
    fn what_is_made_has_nothing_to_find() {
        let s = Duration::from_secs;
        for (start, drain, side_port, replicas) in
            [(1, 0, None, 2), (20, 10, Some(9000), 3), (80, 60, None, 3), (150, 5, Some(9000), 10)]
        {
            let app = App { start: s(start), drain: s(drain), side_port, replicas, ..app() };
            let text = manifest(&app).expect("it is an app");
            let facts = Facts { start: Some(app.start), drain: Some(app.drain) };
            let report = lint(&[Source::new("made.yaml", text.clone())], &facts);
            let found: Vec<String> = report.findings.iter().map(|f| format!("{} {}", f.rule.id, f.message)).collect();
            assert_eq!((report.workloads, found), (1, Vec::new()), "{text}");
        }
    }

    #[test]
    fn a_name_that_would_not_be_taken_is_refused() {
        for name in ["", "Orders", "-a", "a-", "a_b", "9a", "a: b"] {
            assert!(manifest(&App { name: name.to_owned(), ..app() }).is_err(), "{name}");
        }
        for image in ["", "a b", "a\nb", "a#b"] {
            assert!(manifest(&App { image: image.to_owned(), ..app() }).is_err(), "{image}");
        }
    }
}
