//! `/probe?target=&module=`: one asking as Prometheus' blackbox_exporter gives it, for those who come from there.
//!
//! Modules have the names and the meaning of its example configuration; metrics its names. What is asked keeps to the
//! server's address policy.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::{Phase, Verdict};
use allswell_probe::{Answer, Prober, Question, QuestionError};
use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Mine, Problem, Query};

/// Prometheus says in this header how long it waits.
const PATIENCE_HEADER: &str = "x-prometheus-scrape-timeout-seconds";
/// What blackbox_exporter takes off of it, so that its answer is there in time.
const EARLIER: Duration = Duration::from_millis(500);
/// How long an asking may take when nobody says.
const TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT_MAX: Duration = Duration::from_secs(25);

const MODULES: &str = "http_2xx, http_post_2xx, tcp_connect, tls_connect, ssh_banner, icmp, grpc, grpc_plain";

pub(super) async fn probe(Mine(state): Mine, query: RawQuery, headers: HeaderMap) -> Result<Response, Problem> {
    let query = Query::read(query, &["target", "module", "debug"])?;
    let target = query.value("target").filter(|target| !target.is_empty());
    let target = target.ok_or_else(|| {
        Problem::parameter(
            "target",
            "`target` is missing",
            "write it like /probe?target=https://example.com&module=http_2xx",
        )
    })?;
    let module = query.value("module").unwrap_or("http_2xx");
    let question = question(module, target)?;
    let answer = ask(&state.prober, &question, patience(&headers)).await;
    let mut response = page(module, &answer).into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

async fn ask(prober: &Arc<Prober>, question: &Question, within: Duration) -> Answer {
    prober.ask(question, deadline(within)).await
}

#[expect(clippy::disallowed_methods, reason = "the prober's deadline is on tokio's clock")]
fn deadline(within: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + within
}

fn patience(headers: &HeaderMap) -> Duration {
    let said = headers.get(PATIENCE_HEADER).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let said = said.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).filter(|said| *said > EARLIER);
    said.map_or(TIMEOUT, |said| said - EARLIER).min(TIMEOUT_MAX)
}

/// The question that a module asks of a target.
fn question(module: &str, target: &str) -> Result<Question, Problem> {
    let bare =
        |target: &str| target.split_once("://").map_or(target, |(_, rest)| rest).trim_end_matches('/').to_owned();
    let settings = match module {
        "http_2xx" | "http_post_2xx" => {
            // As there: without a scheme it is http.
            let url = if target.contains("://") { target.to_owned() } else { format!("http://{target}") };
            json!({ "http": { "url": url, "method": if module == "http_2xx" { "GET" } else { "POST" } } })
        }
        "tcp_connect" => json!({ "tcp": { "address": bare(target) } }),
        "ssh_banner" => json!({ "tcp": { "address": bare(target), "expect": "SSH-2.0-" } }),
        "tls_connect" => json!({ "tls": { "address": bare(target) } }),
        "icmp" => json!({ "ping": { "host": bare(target), "count": 1 } }),
        "grpc" => json!({ "grpc": { "address": bare(target), "tls": {} } }),
        "grpc_plain" => json!({ "grpc": { "address": bare(target) } }),
        _ => return Err(Problem::parameter("module", "there is no such `module`", format!("there are {MODULES}"))),
    };
    made(settings).map_err(|error| {
        let why = match error {
            QuestionError::Field { why, .. } | QuestionError::Condition { why, .. } => why,
        };
        Problem::parameter(
            "target",
            format!("`target`: {why}"),
            "write a URL for http modules, host:port for the others",
        )
    })
}

fn made(settings: Value) -> Result<Question, QuestionError> {
    let settings = serde_json::from_value(settings)
        .map_err(|error| QuestionError::Field { field: "target".to_owned(), why: error.to_string() })?;
    Question::new(settings, &[], 0)
}

/// The metrics of one asking.
fn page(module: &str, answer: &Answer) -> String {
    let mut page = Page::default();
    let seconds = |phase: Phase| answer.phases.of(phase).unwrap_or_default().as_secs_f64();
    page.gauge(
        "probe_dns_lookup_time_seconds",
        "Returns the time taken for probe dns lookup in seconds",
        seconds(Phase::Dns),
    );
    page.gauge(
        "probe_duration_seconds",
        "Returns how long the probe took to complete in seconds",
        answer.outcome.latency.as_secs_f64(),
    );
    if let Some(status) = answer.status {
        http(&mut page, answer, status);
    }
    if module == "icmp" {
        let help = "Duration of icmp request by phase";
        page.phases(
            "probe_icmp_duration_seconds",
            help,
            &[("resolve", seconds(Phase::Dns)), ("rtt", seconds(Phase::FirstByte)), ("setup", 0.0)],
        );
    }
    let protocol = answer.address.map(|address| if address.is_ipv4() { 4.0 } else { 6.0 }).unwrap_or_default();
    page.gauge("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6", protocol);
    if let Some(certificate) = &answer.certificate {
        let earliest = certificate.chain.iter().map(|link| link.not_after_ms).min().unwrap_or(certificate.not_after_ms);
        page.gauge(
            "probe_ssl_earliest_cert_expiry",
            "Returns last SSL chain expiry in unixtime",
            earliest as f64 / 1e3,
        );
        if let Some(protocol) = &certificate.protocol {
            let version = protocol.replace("TLSv", "TLS ");
            page.labelled(
                "probe_tls_version_info",
                "Returns the TLS version used or NaN when unknown",
                "version",
                &version,
            );
        }
    }
    let well = matches!(answer.outcome.verdict, Verdict::Pass | Verdict::Warn);
    page.gauge("probe_success", "Displays whether or not the probe was a success", f64::from(u8::from(well)));
    page.0
}

fn http(page: &mut Page, answer: &Answer, status: u16) {
    let seconds = |phase: Phase| answer.phases.of(phase).unwrap_or_default().as_secs_f64();
    let phases = [
        ("connect", seconds(Phase::Connect)),
        ("processing", seconds(Phase::FirstByte)),
        ("resolve", seconds(Phase::Dns)),
        ("tls", seconds(Phase::Tls)),
        ("transfer", seconds(Phase::Transfer)),
    ];
    page.phases("probe_http_duration_seconds", "Duration of http request by phase, summed over all redirects", &phases);
    page.gauge(
        "probe_http_ssl",
        "Indicates if SSL was used for the final redirect",
        f64::from(u8::from(answer.phases.tls.is_some())),
    );
    page.gauge("probe_http_status_code", "Response HTTP status code", status.into());
    let bytes = answer.body_bytes.unwrap_or_default() as f64;
    page.gauge("probe_http_uncompressed_body_length", "Length of uncompressed response body", bytes);
    let version = match answer.http_version {
        Some("HTTP/2") => 2.0,
        Some("HTTP/1.0") => 1.0,
        _ => 1.1,
    };
    page.gauge("probe_http_version", "Returns the version of HTTP of the probe response", version);
}

/// Metrics in Prometheus' text format.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn phases(&mut self, name: &str, help: &str, phases: &[(&str, f64)]) {
        self.head(name, help);
        for (phase, value) in phases {
            let _ = writeln!(self.0, "{name}{{phase=\"{phase}\"}} {value}");
        }
    }

    fn labelled(&mut self, name: &str, help: &str, label: &str, value: &str) {
        self.head(name, help);
        let _ = writeln!(self.0, "{name}{{{label}=\"{value}\"}} 1");
    }
}
