//! Vectors that speak to a TLS server, which signs for itself and answers `ok` with what it was asked.

use std::sync::Arc;
use std::time::Duration;

use allswell_kube::ask::http::Get;
use allswell_kube::ask::{Asked, Question};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig, SupportedProtocolVersion};

use super::asking::{dialer, listener};

/// A fatal alert in a record of TLS 1.0: `protocol_version`, RFC 5246 7.2.2.
const PROTOCOL_VERSION: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];

/// What Go's server says to those who do not speak TLS with it.
const NOT_HTTPS: &str = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Asks as the vector says.
pub async fn measured(vector: &Value) -> Asked {
    match vector["id"].as_str().expect("an id") {
        "m-http-https-self-signed" => https(rustls::ALL_VERSIONS).await,
        "m-http-https-tls-1.2" => https(&[&rustls::version::TLS12]).await,
        "m-http-redirect-http-to-https-same-host" => redirected().await,
        "m-http-https-tls-1.0" => raw("HTTPS", &PROTOCOL_VERSION).await,
        "m-http-http-to-https-port" => raw("HTTP", NOT_HTTPS.as_bytes()).await,
        other => panic!("nobody runs the vector `{other}`"),
    }
}

async fn https(versions: &[&'static SupportedProtocolVersion]) -> Asked {
    let (listener, port) = listener().await;
    during(ask("HTTPS", port, "/ok"), serve(listener, versions)).await
}

/// From a plain server to a TLS server on the same host.
async fn redirected() -> Asked {
    let ((plain, first), (secured, port)) = (listener().await, listener().await);
    let location = format!("https://127.0.0.1:{port}/ok");
    let path = format!("/to?u={location}");
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let both = async {
        tokio::join!(say(plain, answer.as_bytes()), serve(secured, rustls::ALL_VERSIONS));
    };
    during(ask("HTTP", first, &path), both).await
}

async fn raw(scheme: &str, bytes: &[u8]) -> Asked {
    let (listener, port) = listener().await;
    during(ask(scheme, port, "/ok"), say(listener, bytes)).await
}

async fn ask(scheme: &str, port: u16, path: &str) -> Asked {
    let (scheme, host, path) = (scheme.to_owned(), "127.0.0.1".to_owned(), path.to_owned());
    let question = Question::Http(Get { scheme, host, port, path, headers: Vec::new() });
    question.ask(&dialer(), Duration::from_secs(5)).await
}

async fn during(asking: impl Future<Output = Asked>, server: impl Future<Output = ()>) -> Asked {
    tokio::select! {
        asked = asking => asked,
        () = server => unreachable!("it serves for ever"),
    }
}

async fn say(listener: TcpListener, bytes: &[u8]) {
    loop {
        let (mut stream, _) = listener.accept().await.expect("it listens");
        stream.read_buf(&mut Vec::with_capacity(4_096)).await.expect("somebody asks");
        stream.write_all(bytes).await.expect("somebody listens");
    }
}

async fn serve(listener: TcpListener, versions: &[&'static SupportedProtocolVersion]) {
    let acceptor = TlsAcceptor::from(config(versions));
    loop {
        let (stream, _) = listener.accept().await.expect("it listens");
        let stream = acceptor.accept(stream).await.expect("a handshake");
        answer(stream).await;
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        assert!(stream.read_buf(&mut request).await.expect("a request") > 0);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let header = |name: &str| request.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").trim().to_owned();
    let body = format!("ok host={} ref={}", header("Host:"), header("Referer:"));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.expect("somebody listens");
    stream.shutdown().await.expect("it can be closed");
}

fn config(versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["example.com".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("signed").der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("versions");
    Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).expect("they fit"))
}
