//! What a person sees: a picture of each page.

use super::{UNHEALTHY, answering, check};
use crate::support::dns::{self, Reply};
use crate::support::tls::{self, NAMES, during, leaf};
use crate::support::{self, allswell, raw};

/// Asks, compares the exit code and then the page with its picture.
#[track_caller]
fn picture(name: &str, arguments: &str, code: i32) {
    let ran = check(arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{}", ran.stdout);
    support::picture(&format!("check_{name}"), &ran.stdout);
}

#[test]
fn a_service_that_is_well_takes_few_lines() {
    let url = answering("200 OK", r#"{"status":"healthy","version":"1.42.0","checks":{"database":"ok"}}"#);
    picture("up", &format!("{url}/ready"), 0);
}

#[test]
fn an_unhealthy_service_names_the_dependency_and_its_version() {
    let url = answering("503 Service Unavailable", UNHEALTHY);
    picture("unhealthy", &format!("{url}/ready"), 1);
}

#[test]
fn an_app_that_says_degraded_is_a_warning_and_no_failure() {
    let body = r#"{"status":"degraded","checks":{"cache":{"status":"warn","message":"cold"},"database":"ok"}}"#;
    picture("degraded", &answering("200 OK", body), 0);
}

#[test]
fn an_answer_that_is_no_health_document_is_quoted() {
    let url = answering("404 Not Found", "<h1>nothing\n here</h1>");
    picture("not_found", &url, 1);
}

#[test]
fn each_condition_that_does_not_hold_says_why() {
    let url = answering("200 OK", r#"{"queue":{"length":1001}}"#);
    let conditions = ["status == 200", "body.queue.length < 1000", "body.queue.lag == 0", "!(body.queue.lag == 0)"];
    let mut arguments = vec!["check", &url];
    arguments.extend(conditions.iter().flat_map(|condition| ["--expect", condition]));
    let ran = allswell(&arguments);
    assert_eq!(ran.code, 1);
    let told = ran.stdout.split_once("  3 conditions do not hold\n").expect("three").1;
    insta::assert_snapshot!(told, @r"
        ■ body.queue.length < 1000
          body.queue.length is 1001
        ■ body.queue.lag == 0
          body.queue has no field lag
        ■ !(body.queue.lag == 0)
          body.queue has no field lag
    ");
}

#[test]
fn a_service_that_does_not_answer_in_time_says_in_which_phase() {
    let address = raw::server(|stream| drop(std::io::Read::read_to_end(&mut &stream, &mut Vec::new())));
    picture("no_answer", &format!("http://{address}/ --timeout 300ms"), 1);
}

#[test]
fn an_expired_certificate_is_shown_with_its_dates() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = tls::root("Test Root");
    let ca = tls::file(&directory, "root.pem", &root.pem());
    let server = tls::server(&tls::identity(during(leaf(&NAMES), -30, -3), &root, &[]));
    picture("expired", &format!("https://localhost:{} --ca {}", server.port(), ca.display()), 1);
}

#[test]
fn a_certificate_that_signed_itself_is_refused_and_accepted_only_when_asked_to() {
    let (identity, _) = tls::self_signed(leaf(&NAMES));
    let server = tls::server(&identity);
    picture("self_signed", &format!("tls://localhost:{}", server.port()), 1);
    picture("insecure", &format!("tls://localhost:{} --insecure", server.port()), 0);
}

#[test]
fn a_certificate_that_ends_soon_is_a_warning() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = tls::root("Test Root");
    let ca = tls::file(&directory, "root.pem", &root.pem());
    let server = tls::server(&tls::identity(during(leaf(&NAMES), -80, 9), &root, &[]));
    picture("ends_soon", &format!("tls://localhost:{} --ca {}", server.port(), ca.display()), 0);
}

#[test]
fn a_name_that_does_not_exist_is_the_target_s_trouble() {
    let resolver = dns::server(|_, _| Reply::NxDomain);
    picture("no_such_name", &format!("http://gone.test/ --resolver {resolver}"), 1);
}

#[test]
fn a_resolver_that_is_silent_says_nothing_about_the_target() {
    let resolver = dns::server(|_, _| Reply::Silence);
    picture("silent_resolver", &format!("http://some.test/ --resolver {resolver} --timeout 500ms"), 3);
}

#[test]
fn a_port_is_open_or_closed() {
    let open = raw::server(drop);
    picture("open_port", &open.to_string(), 0);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
    picture("closed_port", &format!("tcp://{closed}"), 1);
}

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let body =
        "{\"status\":\"unhealthy\",\"version\":\"1\u{1b}[31m\",\"checks\":{\"da\\u001b[2Jta\":\"\u{9b}31m\\u202e\"}}";
    for (status, body) in
        [("503 x", body), ("500 \u{1b}]0;x\u{7}", "\u{1b}[31mred"), ("302 x\r\nLocation: /\u{1b}[1m", "")]
    {
        let url = answering(status, body);
        for arguments in [url.clone(), format!("{url} --json")] {
            let said = check(&arguments).said();
            let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!said.contains(obeyed), "{said:?}");
        }
    }
}
