//! TLS against certificates of every kind, and servers that break the handshake at every stage.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::{Read, Write};
use std::net::SocketAddr;

use allswell_core::Reason;
use allswell_probe::{Answer, Certificate};
use serde_json::{Value, json};
use support::tls::{self, Authority, Identity, Manners, NAMES, during, leaf};
use support::{ask, ask_briefly, fails, passes, raw, warns};
use tempfile::TempDir;

/// A root that is trusted, and the directory its file lies in.
struct World {
    directory: TempDir,
    root: Authority,
}

impl World {
    fn new() -> Self {
        let (directory, root) = (TempDir::new().expect("a directory"), tls::root("Test Root"));
        tls::pem_of(directory.path(), &root);
        Self { directory, root }
    }

    fn https(&self, address: SocketAddr) -> Value {
        let ca = self.directory.path().join("ca.pem");
        json!({ "http": { "url": format!("https://{address}/"), "tls": { "ca": ca } } })
    }

    async fn ask(&self, identity: &Identity) -> Answer {
        ask(self.https(tls::server(identity))).await
    }
}

fn certificate(answer: &Answer) -> &Certificate {
    answer.certificate.as_ref().expect("the certificate's facts are kept")
}

#[tokio::test]
async fn a_good_certificate_passes_and_its_facts_are_kept() {
    let world = World::new();
    let answer = world.ask(&tls::identity(leaf(&NAMES), &world.root, &[])).await;
    passes(&answer);
    assert!(answer.phases.tls.is_some());
    let facts = certificate(&answer);
    assert_eq!(facts.subject, "CN=localhost");
    assert_eq!(facts.issuer, "CN=Test Root");
    assert_eq!(facts.names, NAMES);
    assert_eq!(facts.days_left, 90);
    assert_eq!(facts.protocol.as_deref(), Some("TLSv1.3"));
    assert!(facts.trusted);
    assert_eq!(facts.fingerprint.len(), 64);
    assert_eq!(facts.chain.len(), 1);
}

#[tokio::test]
async fn a_chain_is_as_good_as_its_first_end() {
    let world = World::new();
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).expect("params");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Short Intermediate");
    let key = rcgen::KeyPair::generate().expect("a key");
    let short = Authority::signed_by(during(params, -1, 5), key, &world.root).expect("signed");
    let answer = world.ask(&tls::identity(leaf(&NAMES), &short, &[&short])).await;
    warns(&answer, Reason::CertificateExpiring);
    assert_eq!(certificate(&answer).days_left, 5);
    assert_eq!(certificate(&answer).chain[1].subject, "CN=Short Intermediate");
}

#[tokio::test]
async fn an_expired_certificate_beside_the_chosen_path_does_no_harm() {
    let world = World::new();
    let stranger = tls::root("Old Stranger");
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).expect("params");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Test Root");
    let key = rcgen::KeyPair::generate().expect("a key");
    let old = Authority::signed_by(during(params, -400, -5), key, &stranger).expect("signed");
    let answer = world.ask(&tls::identity(leaf(&NAMES), &world.root, &[&old])).await;
    passes(&answer);
    assert_eq!(certificate(&answer).days_left, 90);
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning() {
    let world = World::new();
    let check = async |days: i64, soon: bool| {
        let answer = world.ask(&tls::identity(during(leaf(&NAMES), -80, days), &world.root, &[])).await;
        assert_eq!(certificate(&answer).days_left, days);
        if soon {
            warns(&answer, Reason::CertificateExpiring)
        } else {
            passes(&answer)
        }
        answer
    };
    check(15, false).await;
    let answer = check(14, true).await;
    assert_eq!(answer.detail.as_deref(), Some("the certificate expires in 14 days"));
    check(0, true).await;
}

#[tokio::test]
async fn an_expired_certificate_fails_with_its_facts() {
    let world = World::new();
    let answer = world.ask(&tls::identity(during(leaf(&NAMES), -90, -3), &world.root, &[])).await;
    fails(&answer, Reason::TlsExpired);
    assert_eq!(answer.detail.as_deref(), Some("the certificate expired 3 days ago"));
    assert_eq!(certificate(&answer).days_left, -4);
    assert!(!certificate(&answer).trusted);
    assert_eq!(certificate(&answer).protocol, None);
    assert!(answer.phases.tls.is_some());
}

#[tokio::test]
async fn a_certificate_of_tomorrow_is_not_yet_valid() {
    let world = World::new();
    let answer = world.ask(&tls::identity(during(leaf(&NAMES), 3, 90), &world.root, &[])).await;
    fails(&answer, Reason::TlsNotYetValid);
    assert_eq!(answer.detail.as_deref(), Some("the certificate becomes valid in 3 days"));
}

#[tokio::test]
async fn a_certificate_for_others_has_the_wrong_name() {
    let world = World::new();
    let answer = world.ask(&tls::identity(leaf(&["other.test", "*.more.test"]), &world.root, &[])).await;
    fails(&answer, Reason::TlsWrongName);
    assert_eq!(answer.detail.as_deref(), Some("the certificate is for other.test, *.more.test, not for `127.0.0.1`"));
    assert_eq!(certificate(&answer).names, ["other.test", "*.more.test"]);
}

#[tokio::test]
async fn a_self_signed_certificate_is_called_so() {
    let world = World::new();
    let (identity, _) = tls::self_signed(leaf(&NAMES));
    fails(&world.ask(&identity).await, Reason::TlsSelfSigned);
    // Against the system's roots as well.
    let system = json!({ "http": { "url": format!("https://{}/", tls::server(&identity)) } });
    fails(&ask(system).await, Reason::TlsSelfSigned);
}

#[tokio::test]
async fn a_self_signed_certificate_can_be_its_own_authority() {
    let world = World::new();
    for is_authority in [false, true] {
        let mut params = leaf(&NAMES);
        if is_authority {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        let (identity, certificate) = tls::self_signed(params);
        tls::file(&world.directory, "ca.pem", &certificate.pem());
        passes(&world.ask(&identity).await);
    }
    let (expired, certificate) = tls::self_signed(during(leaf(&NAMES), -9, -2));
    tls::file(&world.directory, "ca.pem", &certificate.pem());
    fails(&world.ask(&expired).await, Reason::TlsExpired);
    let (wrong, certificate) = tls::self_signed(leaf(&["other.test"]));
    tls::file(&world.directory, "ca.pem", &certificate.pem());
    fails(&world.ask(&wrong).await, Reason::TlsWrongName);
}

#[tokio::test]
async fn a_missing_intermediate_is_told_from_an_unknown_root() {
    let world = World::new();
    let between = tls::intermediate("Between", &world.root);
    passes(&world.ask(&tls::identity(leaf(&NAMES), &between, &[&between])).await);
    let answer = world.ask(&tls::identity(leaf(&NAMES), &between, &[])).await;
    fails(&answer, Reason::TlsIncompleteChain);
    assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains("CN=Between")), "{:?}", answer.detail);

    let unknown = tls::root("Unknown Root");
    let below = tls::intermediate("Below", &unknown);
    fails(&world.ask(&tls::identity(leaf(&NAMES), &below, &[&below])).await, Reason::TlsUntrusted);
    let answer = world.ask(&tls::identity(leaf(&NAMES), &unknown, &[&unknown])).await;
    fails(&answer, Reason::TlsUntrusted);
    assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains("CN=Unknown Root")), "{:?}", answer.detail);
}

#[tokio::test]
async fn insecure_accepts_everything_and_shows_what_is_wrong() {
    let world = World::new();
    let check = async |identity: &Identity| {
        let mut settings = world.https(tls::server(identity));
        settings["http"]["tls"]["insecure"] = json!(true);
        ask(settings).await
    };
    let (self_signed, _) = tls::self_signed(leaf(&["other.test"]));
    let answer = check(&self_signed).await;
    assert_eq!(support::outcome(&answer), (allswell_core::Verdict::Pass, None));
    assert!(!certificate(&answer).trusted);
    let detail = answer.detail.expect("what is wrong is shown");
    assert!(detail.starts_with("not trusted, but accepted") && detail.contains("other.test"), "{detail}");
    let answer = check(&tls::identity(during(leaf(&NAMES), -90, -3), &world.root, &[])).await;
    warns(&answer, Reason::CertificateExpiring);
    assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains("has expired")), "{:?}", answer.detail);
}

#[tokio::test]
async fn another_name_can_be_verified() {
    let world = World::new();
    let address = tls::server(&tls::identity(leaf(&["good.test"]), &world.root, &[]));
    fails(&ask(world.https(address)).await, Reason::TlsWrongName);
    let mut settings = world.https(address);
    settings["http"]["tls"]["server_name"] = json!("good.test");
    passes(&ask(settings).await);
}

#[tokio::test]
async fn tls_1_2_alone_is_enough() {
    let world = World::new();
    let identity = tls::identity(leaf(&NAMES), &world.root, &[]);
    let manners = Manners { version: Some(&rustls::version::TLS12), ..Manners::default() };
    let answer = ask(world.https(tls::mannered(&identity, &manners))).await;
    passes(&answer);
    assert_eq!(certificate(&answer).protocol.as_deref(), Some("TLSv1.2"));
}

#[tokio::test]
async fn nothing_in_common_is_unsupported() {
    let world = World::new();
    let identity = tls::identity(leaf(&NAMES), &world.root, &[]);
    let manners = Manners { alpn: &["acme-tls/1"], ..Manners::default() };
    fails(&ask(world.https(tls::mannered(&identity, &manners))).await, Reason::TlsUnsupported);
    // A fatal alert: 70 is protocol_version, 40 is handshake_failure.
    for alert in [70, 40] {
        let address = raw::server(move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, alert]);
            raw::finish(stream);
        });
        fails(&ask(world.https(address)).await, Reason::TlsUnsupported);
    }
}

#[tokio::test]
async fn a_wanted_client_certificate_is_named_and_can_be_given() {
    let world = World::new();
    let identity = tls::identity(leaf(&NAMES), &world.root, &[]);
    let client = tls::identity(leaf(&["client.test"]), &world.root, &[]);
    let (chain, key) = (&client.chain[0], client.key.serialize_pem());
    let pem = pem("CERTIFICATE", chain);
    let (chain, key) = (tls::file(&world.directory, "client.pem", &pem), tls::file(&world.directory, "key.pem", &key));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let clients_of = Some(world.root.der().clone());
        let address = tls::mannered(&identity, &Manners { version: Some(version), clients_of, alpn: &[] });
        let answer = ask(world.https(address)).await;
        fails(&answer, Reason::TlsHandshake);
        assert!(
            answer.detail.as_ref().is_some_and(|detail| detail.contains("client certificate")),
            "{:?}",
            answer.detail
        );
        assert!(answer.certificate.is_some());
        let mut settings = world.https(address);
        settings["http"]["tls"]["client_cert"] = json!(chain);
        settings["http"]["tls"]["client_key"] = json!(key);
        passes(&ask(settings).await);
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

#[tokio::test]
async fn handshakes_that_break_say_how() {
    let world = World::new();
    let stalled = raw::server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let answer = ask_briefly(world.https(stalled)).await;
    fails(&answer, Reason::TlsTimeout);
    assert!(answer.phases.tls.is_some());
    fails(&ask(world.https(raw::server(raw::reset))).await, Reason::ConnectionLost);
    let closed = raw::server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
    });
    fails(&ask(world.https(closed)).await, Reason::ConnectionLost);
    let plain = raw::server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        raw::finish(stream);
    });
    let answer = ask(world.https(plain)).await;
    fails(&answer, Reason::TlsHandshake);
    assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains("does not speak TLS")), "{:?}", answer.detail);
    let internal_error = raw::server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 80]);
        raw::finish(stream);
    });
    fails(&ask(world.https(internal_error)).await, Reason::TlsHandshake);
}

#[tokio::test]
async fn a_dripping_handshake_ends_with_the_deadline() {
    let world = World::new();
    let dripping = raw::server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        // A handshake record that announces 16 KiB and brings a byte at a time.
        let _ = stream.write_all(&[22, 3, 3, 0x40, 0]);
        while stream.write_all(&[2]).is_ok() {
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    });
    fails(&ask_briefly(world.https(dripping)).await, Reason::TlsTimeout);
}

#[tokio::test]
async fn a_tls_question_needs_no_http() {
    let world = World::new();
    let ca = world.directory.path().join("ca.pem");
    let tls = |address: SocketAddr| json!({ "tls": { "address": address.to_string(), "tls": { "ca": ca } } });
    let good = tls::server(&tls::identity(leaf(&NAMES), &world.root, &[]));
    let answer = ask(tls(good)).await;
    passes(&answer);
    assert_eq!((answer.status, certificate(&answer).trusted), (None, true));
    fails(
        &ask(tls(tls::server(&tls::identity(during(leaf(&NAMES), -9, -2), &world.root, &[])))).await,
        Reason::TlsExpired,
    );
}

#[tokio::test]
async fn https_does_not_become_http() {
    let world = World::new();
    let identity = tls::identity(leaf(&NAMES), &world.root, &[]);
    let config = tls::config(&identity, &Manners::default());
    let address = raw::server(move |stream| {
        let mut stream = tls::secured(stream, &config);
        raw::head(&mut stream);
        let _ = stream.write_all(raw::http("302 Found", "Location: http://127.0.0.1/\r\n", "").as_bytes());
        let _ = stream.flush();
        raw::finish(stream.sock);
    });
    let answer = ask(world.https(address)).await;
    fails(&answer, Reason::RedirectRefused);
    assert!(answer.detail.as_ref().is_some_and(|detail| detail.contains("from https to http")), "{:?}", answer.detail);
}

#[tokio::test]
async fn odd_certificates_are_refused_and_break_nothing() {
    let world = World::new();
    let mut identity = tls::identity(leaf(&NAMES), &world.root, &[]);
    let mut params = leaf(&NAMES);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "A\u{1b}[31m, \"B\" \u{202e}");
    let odd = tls::identity(params, &world.root, &[]);
    let answer = world.ask(&odd).await;
    passes(&answer);
    assert_eq!(certificate(&answer).subject, "O=A\u{fffd}[31m\\, \\\"B\\\" \u{fffd},CN=localhost");
    // Rubbish behind the leaf: what cannot be read is not needed.
    identity.chain.push(vec![0x30, 0x03, 1, 1, 1].into());
    let answer = world.ask(&identity).await;
    assert!(matches!(answer.outcome.reason, None | Some(Reason::TlsHandshake | Reason::TlsUntrusted)), "{answer:?}");
}
