//! Where redirects lead, and what they are not told.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::net::{SocketAddr, TcpListener};

use allswell_core::{Reason, Verdict};
use allswell_probe::{AddressPolicy, Prober};
use serde_json::{Value, json};
use support::raw::{self, http};
use support::{ask, fails, outcome, passes, soon};

fn get(address: SocketAddr, path: &str) -> Value {
    json!({ "http": { "url": format!("http://{address}{path}") } })
}

fn redirect(status: &str, location: &str) -> String {
    http(status, &format!("Location: {location}\r\n"), "elsewhere")
}

/// A server that redirects `/` to `location` and answers well elsewhere; and the heads it was sent.
fn once(status: &'static str, location: &str) -> (SocketAddr, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let location = location.to_owned();
    raw::recording(move |head| match head.split(' ').nth(1) {
        Some("/") => redirect(status, &location),
        _ => http("200 OK", "", "here"),
    })
}

#[tokio::test]
async fn a_redirect_is_followed_to_its_end() {
    for location in ["/next?token=abc", "next?token=abc", "?token=abc"] {
        let (address, _) = once("302 Found", location);
        let answer = ask(get(address, "/")).await;
        passes(&answer);
        assert_eq!(answer.status, Some(200));
        let end = answer.final_url.expect("elsewhere");
        assert!(end.starts_with(&format!("http://{address}/")) && end.ends_with("?token=***"), "{end}");
    }
}

#[tokio::test]
async fn following_can_be_left_to_others() {
    let (address, heads) = once("302 Found", "/next");
    let mut settings = get(address, "/");
    settings["http"]["max_redirects"] = json!(0);
    let answer = ask(settings.clone()).await;
    fails(&answer, Reason::Status);
    assert_eq!(answer.status, Some(302));
    settings["http"]["expected_status"] = json!(["3xx"]);
    passes(&ask(settings).await);
    let mut expected = get(address, "/");
    expected["http"]["expected_status"] = json!(["302"]);
    passes(&ask(expected).await);
    assert_eq!(heads.lock().expect("lock").len(), 3, "nobody was to follow");
}

#[tokio::test]
async fn a_circle_is_named() {
    let address = raw::replying(|head| match head.split(' ').nth(1) {
        Some("/a") => redirect("302 Found", "/b"),
        Some("/b") => redirect("302 Found", "/c"),
        _ => redirect("302 Found", "/b"),
    });
    let answer = ask(get(address, "/a")).await;
    fails(&answer, Reason::TooManyRedirects);
    let wanted = format!("http://{address}/b -> http://{address}/c -> http://{address}/b");
    assert!(answer.detail.as_ref().is_some_and(|detail| detail.ends_with(&wanted)), "{:?}", answer.detail);
}

#[tokio::test]
async fn redirects_have_a_limit() {
    let address = raw::replying(|head| {
        let at: u32 = head.split(['/', ' ']).nth(2).and_then(|number| number.parse().ok()).unwrap_or(0);
        if at == 10 { http("200 OK", "", "") } else { redirect("302 Found", &format!("/{}", at + 1)) }
    });
    passes(&ask(get(address, "/0")).await);
    let mut fewer = get(address, "/0");
    fewer["http"]["max_redirects"] = json!(9);
    fails(&ask(fewer).await, Reason::TooManyRedirects);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_good_are_refused() {
    let check = async |answer: String, wanted: &str| {
        let answer = ask(get(raw::answering(answer), "/")).await;
        fails(&answer, Reason::RedirectRefused);
        assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains(wanted)), "{:?}", answer.detail);
        assert!(answer.evidence.is_some());
    };
    check(redirect("302 Found", "ftp://example.com/"), "neither http nor https").await;
    check(redirect("302 Found", "javascript:alert(1)"), "neither http nor https").await;
    check(redirect("302 Found", "http://[broken/"), "no URL").await;
    check(redirect("302 Found", &format!("/{}", "a".repeat(9000))), "no request can carry").await;
    check(http("301 Moved", "", ""), "no Location").await;
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_address_ends_there() {
    let canary = TcpListener::bind("127.0.0.2:0").expect("bind");
    canary.set_nonblocking(true).expect("settable");
    let forbidden = canary.local_addr().expect("an address");
    let (address, _) = once("302 Found", &format!("http://{forbidden}/latest/meta-data"));
    let policy = AddressPolicy { deny_private: true, allow: vec!["127.0.0.1/32".parse().expect("a network")] };
    let answer = Prober::new(policy).ask(&support::question(get(address, "/"), &[]), soon()).await;
    fails(&answer, Reason::AddressForbidden);
    assert_eq!(answer.status, None);
    assert!(canary.accept().is_err(), "somebody came");
    let (address, _) = once("302 Found", "http://169.254.169.254/latest/meta-data");
    fails(&ask(get(address, "/")).await, Reason::AddressForbidden);
}

#[tokio::test]
async fn another_origin_is_told_no_secret() {
    let (other, told) = raw::recording(|_| http("401 Unauthorized", "", ""));
    let (address, first) = once("307 Temporary Redirect", &format!("http://{other}/here"));
    let settings = json!({ "http": {
        "url": format!("http://{address}/"),
        "headers": { "Cookie": "sid=1", "X-Api-Key": "k3yk3yk3y", "X-Anything": "else", "Accept": "text/plain", "Host": "a.test" },
        "bearer_token": "t0psecret",
    }});
    let answer = ask(settings).await;
    fails(&answer, Reason::Status);
    assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains("another origin")), "{:?}", answer.detail);
    let (first, told) = (first.lock().expect("lock")[0].clone(), told.lock().expect("lock")[0].clone());
    for secret in ["cookie:", "x-api-key:", "x-anything:", "authorization:", "host: a.test"] {
        assert!(first.contains(&format!("\r\n{secret}")), "{secret} in {first}");
        assert!(!told.contains(&format!("\r\n{secret}")), "{secret} in {told}");
    }
    assert!(told.contains("\r\naccept: text/plain\r\n") && told.contains(&format!("\r\nhost: {other}\r\n")));
}

#[tokio::test]
async fn the_same_origin_is_told_again() {
    let (address, heads) = once("302 Found", "/next");
    let mut settings = get(address, "/");
    settings["http"]["bearer_token"] = json!("t0psecret");
    passes(&ask(settings).await);
    assert!(heads.lock().expect("lock").iter().all(|head| head.contains("authorization: Bearer t0psecret")));
}

#[tokio::test]
async fn methods_change_as_browsers_change_them() {
    let check = async |status: &'static str, method: &str, wanted: &str| {
        let (address, heads) = once(status, "/next");
        let settings = json!({ "http": { "url": format!("http://{address}/"), "method": method, "body": "payload" } });
        passes(&ask(settings).await);
        let head = heads.lock().expect("lock")[1].clone();
        assert!(head.starts_with(wanted), "{head}");
        assert_eq!(head.contains("content-length: 7"), wanted.starts_with(method) && method != "GET", "{head}");
    };
    check("302 Found", "POST", "GET /next").await;
    check("303 See Other", "PUT", "GET /next").await;
    check("301 Moved", "PUT", "PUT /next").await;
    check("307 Temporary", "POST", "POST /next").await;
    check("308 Permanent", "PATCH", "PATCH /next").await;
}

#[tokio::test]
async fn a_body_is_not_sent_to_another_origin() {
    let (other, told) = raw::recording(|_| http("200 OK", "", ""));
    let (address, _) = once("307 Temporary Redirect", &format!("http://{other}/here"));
    let settings = json!({ "http": { "url": format!("http://{address}/"), "method": "POST", "body": "secret" } });
    fails(&ask(settings).await, Reason::RedirectRefused);
    assert!(told.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn a_users_name_in_a_redirect_is_not_taken_up() {
    let (other, told) = raw::recording(|_| http("200 OK", "", ""));
    let (address, _) = once("302 Found", &format!("http://user:pass@{other}/here"));
    assert_eq!(outcome(&ask(get(address, "/")).await), (Verdict::Pass, None));
    assert!(!told.lock().expect("lock")[0].contains("authorization"));
}
