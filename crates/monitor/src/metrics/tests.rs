use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

/// Everything that can be counted, counted once.
fn busy() -> Metrics {
    let metrics = Metrics::new("1.2.3");
    metrics.asked("http", Verdict::Fail, Duration::from_millis(120));
    metrics.late(Duration::from_millis(3));
    metrics.overdue(2);
    metrics.in_flight(7);
    metrics.connected(false);
    metrics.delivered("email", Delivered::Retried);
    metrics.committed(File::Main, Duration::from_micros(800));
    metrics.configured(true, Wall::from_ms(1_700_000_000_500));
    let gauge = OutboxGauge { waiting: 4, oldest: Some(Wall::from_ms(10_000)), refused: 1 };
    metrics.outbox(&gauge, Wall::from_ms(12_500));
    metrics
}

fn line<'a>(text: &'a str, series: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
        .unwrap_or_else(|| panic!("no series {series} in:\n{text}"))
}

#[test]
fn what_was_counted_is_written() {
    let text = busy().write(Format::Prometheus);
    let check = |series: &str, value: &str| assert_eq!(line(&text, series), value, "{series}");
    check(r#"allswell_build_info{version="1.2.3"}"#, "1");
    check(r#"allswell_probe_results_total{kind="http",outcome="fail"}"#, "1");
    check(r#"allswell_probe_results_total{kind="tls",outcome="pass"}"#, "0");
    check(r#"allswell_probe_duration_seconds_bucket{le="0.1",kind="http"}"#, "0");
    check(r#"allswell_probe_duration_seconds_bucket{le="0.25",kind="http"}"#, "1");
    check(r#"allswell_scheduler_lateness_seconds_count"#, "1");
    check("allswell_scheduler_overdue", "2");
    check("allswell_asking_in_flight", "7");
    check("allswell_connectivity", "0");
    check(r#"allswell_deliveries_total{channel_type="email",result="retried"}"#, "1");
    check(r#"allswell_store_commit_seconds_bucket{le="0.001",file="main"}"#, "1");
    check("allswell_configuration_loaded_timestamp_seconds", "1700000000.5");
    check("allswell_outbox_depth", "4");
    check("allswell_outbox_oldest_age_seconds", "2.5");
    check("allswell_outbox_refused", "1");
}

#[test]
fn an_empty_outbox_has_no_age() {
    let metrics = busy();
    metrics.outbox(&OutboxGauge::default(), Wall::from_ms(99_000));
    assert_eq!(line(&metrics.write(Format::Prometheus), "allswell_outbox_oldest_age_seconds"), "0.0");
}

#[test]
fn every_name_of_ours_has_our_prefix() {
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let text = busy().write(format);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.starts_with("allswell_") || line.starts_with("process_"), "{line}");
        }
    }
}

/// `cargo xtask test` provides the tool, or leaves this out and says so.
mod needs_promtool {
    use super::*;

    #[test]
    fn prometheus_finds_nothing_to_complain_about() {
        let promtool = std::env::var_os("ALLSWELL_TEST_PROMTOOL").unwrap_or_else(|| "promtool".into());
        let mut check = Command::new(promtool)
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool is installed; `cargo xtask test` fetches it");
        let text = busy().write(Format::Prometheus);
        check.stdin.take().expect("piped").write_all(text.as_bytes()).expect("promtool reads what it is given");
        let output = check.wait_with_output().expect("promtool ends");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.trim().is_empty(), "{said}\n{text}");
    }
}
