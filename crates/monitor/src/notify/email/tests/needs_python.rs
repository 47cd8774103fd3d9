//! Mails to a real server in a process of its own: STARTTLS, TLS from the first byte, logins.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::*;
use crate::notify::testing::python;

/// A server that prints what it takes, one line of JSON for each mail.
struct Server {
    port: u16,
    ca: PathBuf,
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts it with these words of `smtp_server.py`; `None` where there is no Python.
    async fn start(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(python()?)
            .args(["-c", include_str!("smtp_server.py"), folder.path().to_str().unwrap()])
            .args(options)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().unwrap().parse().unwrap();
        Some(Self { port, ca: folder.path().join("ca.pem"), lines, _process: process, _folder: folder })
    }

    fn settings(&self, scheme: &str, login: &str) -> Settings {
        with_roots(self.ca.clone(), &format!("{scheme}://{login}127.0.0.1:{}", self.port))
    }

    async fn took(&mut self) -> Value {
        serde_json::from_str(&self.lines.next_line().await.unwrap().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn starttls_and_a_login() {
    let Some(mut server) = Server::start(&["starttls", "login"]).await else { return };
    for scheme in ["smtp", "smtp+starttls"] {
        let delivery = send(&server.settings(scheme, "watch:s3c%20ret@"), &samples::down(), "12-7:down:8:ops").await;
        assert!(matches!(&delivery, Delivery::Accepted { answer } if answer.contains("taken")), "{delivery:?}");
        let mail = server.took().await;
        assert_eq!(mail["tls"], "TLSv1.3");
        assert_eq!(mail["login"], "watch");
        assert_eq!(mail["to"][0], "ops@example.com");
        assert_eq!(mail["subject"], "■ Down: payments-api says its database timed out");
        assert_eq!(mail["types"], serde_json::json!(["text/plain", "text/html"]));
        assert_eq!(mail["defects"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let Some(mut server) = Server::start(&["tls"]).await else { return };
    let delivery = send(&server.settings("smtps", ""), &samples::up(), "12-7:up:9:ops").await;
    assert!(matches!(delivery, Delivery::Accepted { .. }), "{delivery:?}");
    let mail = server.took().await;
    assert_eq!(
        (&mail["tls"], &mail["subject"]),
        (&"TLSv1.3".into(), &"● Up again: payments-api after 4 m 12 s".into())
    );
}

#[tokio::test]
async fn a_wrong_password_is_refused_for_good() {
    let Some(server) = Server::start(&["starttls", "login"]).await else { return };
    let delivery = send(&server.settings("smtp", "watch:wrong@"), &samples::down(), "k").await;
    let Delivery::Refused { why } = delivery else { panic!("{delivery:?}") };
    assert!(why.contains("did not take username and password: 535"), "{why}");
}

#[tokio::test]
async fn a_certificate_of_nobody_known_stops_the_mail() {
    let Some(server) = Server::start(&["starttls"]).await else { return };
    let settings = settings(&format!("smtp://127.0.0.1:{}", server.port));
    let delivery = send(&settings, &samples::down(), "k").await;
    let Delivery::Unreachable { why, .. } = delivery else { panic!("{delivery:?}") };
    assert!(why.contains("certificate") || why.contains("trust"), "{why}");
}

#[tokio::test]
async fn a_server_in_the_clear_is_used_when_no_tls_is_offered() {
    let Some(mut server) = Server::start(&[]).await else { return };
    let delivery = send(&server.settings("smtp", ""), &samples::certificate(), "k").await;
    assert!(matches!(delivery, Delivery::Accepted { .. }), "{delivery:?}");
    assert_eq!(server.took().await["subject"], "▲ Certificate: payments-api ends in 9 days");
}
