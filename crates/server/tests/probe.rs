//! `/probe`, held against blackbox_exporter: the same targets, the same metrics, the same values.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use allswell_monitor::config;
use allswell_server::server::{Options, Server};

async fn server(data: &Path) -> Server {
    let config = config::parse("", Path::new("test.yaml"), &|_| None).expect("a good configuration");
    Server::start(Options::alone(data), config).await.expect("starts")
}

/// A server that answers each request with this status and body.
fn target(status: &'static str, body: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                head.push(byte[0]);
            }
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    address
}

/// Reads `path`; status and body.
fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("connects");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}

/// The values by name and labels.
fn metrics(page: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    let pair =
        |line: &str| line.rsplit_once(' ').map(|(name, value)| (name.to_owned(), value.parse().unwrap_or(f64::NAN)));
    lines.filter_map(pair).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_asked_and_what_it_did_is_told_in_metrics() {
    let data = tempfile::tempdir().expect("a directory");
    let server = server(data.path()).await;
    let probe = |query: &str| metrics(&get(server.address(), &format!("/probe?{query}")).1);
    let well = probe(&format!("target=http://{}/", target("200 OK", "well")));
    assert_eq!((well["probe_success"], well["probe_http_status_code"]), (1.0, 200.0));
    assert_eq!((well["probe_http_uncompressed_body_length"], well["probe_ip_protocol"]), (4.0, 4.0));
    assert!(well["probe_duration_seconds"] > 0.0 && well["probe_http_duration_seconds{phase=\"connect\"}"] > 0.0);
    let ill = probe(&format!("target={}&module=http_2xx", target("503 Service Unavailable", "")));
    assert_eq!((ill["probe_success"], ill["probe_http_status_code"]), (0.0, 503.0));
    let open = target("200 OK", "");
    assert_eq!(probe(&format!("target={open}&module=tcp_connect"))["probe_success"], 1.0);
    assert_eq!(probe(&format!("target={open}&module=tls_connect"))["probe_success"], 0.0);
    assert_eq!(probe("target=127.0.0.1:1&module=tcp_connect")["probe_success"], 0.0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_probed_is_refused_with_the_way_out() {
    let data = tempfile::tempdir().expect("a directory");
    let server = server(data.path()).await;
    for (query, part) in [
        ("", "`target` is missing"),
        ("?target=", "`target` is missing"),
        ("?target=127.0.0.1&module=pop3s_banner", "there is no such `module`"),
        ("?target=127.0.0.1&module=tcp_connect", "has no port"),
        ("?target=ftp://127.0.0.1&module=http_2xx", "`target`"),
    ] {
        let (status, body) = get(server.address(), &format!("/probe{query}"));
        assert_eq!(status, 400, "{query}: {body}");
        assert!(body.contains(part) && body.contains("\"hint\""), "{query}: {body}");
    }
    server.stop().await;
}

mod needs_blackbox {
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A blackbox_exporter with Debian's example configuration; it ends with this value.
    struct Blackbox {
        address: SocketAddr,
        child: Child,
    }

    impl Blackbox {
        fn start(directory: &Path) -> Self {
            let program = std::env::var_os("ALLSWELL_TEST_BLACKBOX").expect("set by `cargo xtask test`");
            let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
            let config = directory.join("blackbox.yml");
            let modules =
                "modules:\n  http_2xx: { prober: http }\n  tcp_connect: { prober: tcp }\n  icmp: { prober: icmp }\n";
            std::fs::write(&config, modules).expect("writable");
            let mut command = Command::new(program);
            command.arg(format!("--web.listen-address={address}")).arg(format!("--config.file={}", config.display()));
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
            while TcpStream::connect(address).is_err() {
                std::thread::yield_now();
            }
            Self { address, child }
        }
    }

    impl Drop for Blackbox {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_blackbox_exporter_says_is_said_here_too() {
        let data = tempfile::tempdir().expect("a directory");
        let server = server(data.path()).await;
        let blackbox = Blackbox::start(data.path());
        let well = target("200 OK", "well");
        let ill = target("404 Not Found", "where?");
        let cases = [
            format!("target=http://{well}/&module=http_2xx"),
            format!("target={well}&module=http_2xx"),
            format!("target=http://{ill}/&module=http_2xx"),
            "target=http://127.0.0.1:1/&module=http_2xx".to_owned(),
            format!("target={well}&module=tcp_connect"),
            "target=127.0.0.1:1&module=tcp_connect".to_owned(),
        ];
        for query in cases {
            let theirs = metrics(&get(blackbox.address, &format!("/probe?{query}")).1);
            let ours = metrics(&get(server.address(), &format!("/probe?{query}")).1);
            for name in
                ["probe_success", "probe_http_status_code", "probe_http_version", "probe_http_ssl", "probe_ip_protocol"]
            {
                // What it says of an answer that never came is no value but a zero.
                let (theirs, ours) = (theirs.get(name).copied().unwrap_or(0.0), ours.get(name).copied().unwrap_or(0.0));
                assert_eq!(ours, theirs, "{query}: {name}");
            }
            if theirs["probe_success"] > 0.0 {
                let missing: Vec<_> = ours.keys().filter(|name| !theirs.contains_key(*name)).collect();
                assert!(missing.is_empty(), "{query}: blackbox_exporter has no {missing:?}, only {:?}", theirs.keys());
            }
        }
        server.stop().await;
    }
}
