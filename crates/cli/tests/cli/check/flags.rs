//! Each flag does what it says.

use super::{answering, check};
use crate::support::raw;
use crate::support::tls::{self, Manners, NAMES, leaf};

/// Runs and expects `code`; all that was printed.
#[track_caller]
fn ends_with(code: i32, arguments: &str) -> String {
    let ran = check(arguments);
    assert_eq!(ran.code, code, "{arguments}: {}", ran.said());
    ran.said()
}

#[test]
fn the_request_is_as_the_flags_say() {
    let (address, heads) = raw::recording(|_| raw::http("200 OK", "", ""));
    ends_with(0, &format!("http://{address}/a -X put -H X-Team:payments --user me:p:w"));
    let head = heads.lock().expect("lock").pop().expect("a request").to_lowercase();
    assert!(head.starts_with("put /a http/1.1\r\n"), "{head}");
    assert!(head.contains("x-team: payments\r\n"), "{head}");
    assert!(head.contains("authorization: basic bwu6cdp3\r\n"), "{head}");
}

#[test]
fn another_address_is_asked_under_the_url_s_name() {
    let (address, heads) = raw::recording(|_| raw::http("200 OK", "", ""));
    ends_with(0, &format!("http://api.example.com/ --connect {address}"));
    let head = heads.lock().expect("lock").pop().expect("a request").to_lowercase();
    assert!(head.contains("host: api.example.com\r\n"), "{head}");
}

#[test]
fn a_body_that_is_too_large_fails_and_names_the_flag() {
    let url = answering("200 OK", "12345678901");
    assert!(ends_with(1, &format!("{url} --max-body 10")).contains("--max-body BYTES"));
    ends_with(0, &format!("{url} --max-body 11"));
}

#[test]
fn redirects_are_followed_as_far_as_was_said() {
    let address = raw::replying(|head| match head.starts_with("GET /there ") {
        true => raw::http("200 OK", "", "here"),
        false => raw::http("302 Found", "Location: /there\r\n", ""),
    });
    let said = ends_with(0, &format!("http://{address}/"));
    assert!(said.contains(&format!("redirected to http://{address}/there")), "{said}");
    ends_with(1, &format!("http://{address}/ --max-redirects 0"));
}

#[test]
fn private_addresses_are_left_alone_when_asked_to_unless_they_are_allowed() {
    let url = answering("200 OK", "");
    let said = ends_with(1, &format!("{url} --deny-private"));
    assert!(said.contains("address forbidden") && said.contains("--allow CIDR"), "{said}");
    ends_with(0, &format!("{url} --deny-private --allow 127.0.0.0/8"));
    ends_with(0, &format!("{url} --deny-private --allow 127.0.0.1"));
}

#[test]
fn a_client_s_certificate_is_shown_to_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = tls::root("Test Root");
    let ca = tls::file(&directory, "root.pem", &root.pem());
    let manners = Manners { clients_of: Some(root.der().clone()), ..Manners::default() };
    let server = tls::mannered(&tls::identity(leaf(&NAMES), &root, &[]), &manners);
    let key = rcgen::KeyPair::generate().expect("a key");
    let client = leaf(&["client.test"]).signed_by(&key, &root).expect("signed");
    let certificate = tls::file(&directory, "client.pem", &client.pem());
    let key = tls::file(&directory, "client.key", &key.serialize_pem());
    let url = format!("https://{server}/ --ca {}", ca.display());
    ends_with(1, &url);
    ends_with(0, &format!("{url} --client-cert {} --client-key {}", certificate.display(), key.display()));
}

#[test]
fn one_family_of_addresses_is_used_when_asked_to() {
    let url = answering("200 OK", "");
    ends_with(0, &format!("{url} --ipv4"));
    assert!(ends_with(1, &format!("{url} --ipv6")).contains("is no IPv6 address"));
}
