//! Asks the health service of gRPC: kubernetes v1.36 `pkg/probe/grpc/grpc.go`.
//!
//! Plain text only, as there. The two messages of `grpc.health.v1` are small enough to be written by hand.

use std::time::Duration;

use allswell_core::kubelet::Answer;
use allswell_probe::Dialer;
use allswell_probe::dialer::Options;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tokio::net::TcpStream;

use super::{Asked, USER_AGENT, deadline, go_duration, tcp};

/// How long to wait before connecting again, as long as there is time.
const AGAIN: Duration = Duration::from_millis(100);

/// Asks for the health of `service` at `host:port`; one timeout covers connecting and asking.
pub async fn ask(address: &str, service: &str, dialer: &Dialer, timeout: Duration) -> Asked {
    let mut connected = false;
    let asked = tokio::time::timeout(timeout, connect_and_ask(address, service, dialer, timeout, &mut connected)).await;
    match asked {
        Ok(Ok(asked)) => asked,
        Ok(Err(why)) => Asked::new(Answer::Failure, why),
        Err(_) if connected => {
            Asked::new(Answer::Failure, format!("timeout: health rpc did not complete within {}", go_duration(timeout)))
        }
        Err(_) => Asked::new(
            Answer::Failure,
            format!(
                "timeout: failed to connect service {address:?} within {}: context deadline exceeded",
                go_duration(timeout)
            ),
        ),
    }
}

/// Connects again and again until somebody speaks HTTP/2, as a blocking dial does, then asks.
async fn connect_and_ask(
    address: &str,
    service: &str,
    dialer: &Dialer,
    timeout: Duration,
    connected: &mut bool,
) -> Result<Asked, String> {
    loop {
        if let Some((host, port)) = tcp::split(address).filter(|(host, _)| !host.is_empty())
            && let Ok(dialled) = dialer.connect(host, port, &Options::default(), deadline(timeout)).await
            && speaks_http2(&dialled.stream).await
        {
            *connected = true;
            return check(dialled.stream, address, service).await;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// A server of HTTP/2 speaks first: its settings (RFC 9113 3.4). Nothing is read away.
async fn speaks_http2(stream: &TcpStream) -> bool {
    // The client's preface may be waited for, so it is sent by the handshake that follows; most servers do not wait.
    let mut head = [0_u8; 4];
    match tokio::time::timeout(Duration::from_millis(200), stream.peek(&mut head)).await {
        Ok(Ok(count)) => count == 0 || head[..count] != b"HTTP"[..count],
        Ok(Err(_)) => false,
        Err(_) => true,
    }
}

async fn check(stream: TcpStream, address: &str, service: &str) -> Result<Asked, String> {
    let rpc_failed = |why: &dyn std::fmt::Display| format!("error: health rpc probe failed: {why}");
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let handshake = hyper::client::conn::http2::Builder::new(executor).handshake(io).await;
    let (mut sender, connection) = handshake.map_err(|error| rpc_failed(&error))?;
    let request = ::http::Request::post(format!("http://{address}/grpc.health.v1.Health/Check"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", USER_AGENT)
        .body(Full::new(frame(service)))
        .map_err(|error| rpc_failed(&error))?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(|error| rpc_failed(&error))?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| rpc_failed(&error))?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let read = |name: &str| trailers.get(name).or_else(|| parts.headers.get(name)).and_then(|v| v.to_str().ok());
        let code = read("grpc-status").unwrap_or("2").to_owned();
        let message = read("grpc-message").unwrap_or("").to_owned();
        Ok(judge(&code, &message, &body.to_bytes()))
    };
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        asked = &mut exchange => asked,
        _ = connection => exchange.await,
    }
}

fn judge(code: &str, message: &str, body: &[u8]) -> Asked {
    let failure = |output: String| Asked::new(Answer::Failure, output);
    match code {
        "0" => match status(body) {
            Some(1) => Asked::new(Answer::Success, "service healthy"),
            status => {
                let word = match status {
                    Some(2) => "NOT_SERVING",
                    Some(3) => "SERVICE_UNKNOWN",
                    _ => "UNKNOWN",
                };
                failure(format!("service unhealthy (responded with \"{word}\")"))
            }
        },
        "12" => failure(format!(
            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {message}"
        )),
        code => failure(format!("error: health rpc probe failed: rpc error: code = {code} desc = {message}")),
    }
}

/// A `HealthCheckRequest` in its five-byte envelope; `service` is field 1.
fn frame(service: &str) -> Bytes {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0A);
        varint(service.len(), &mut message);
        message.extend_from_slice(service.as_bytes());
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[0], length.as_slice(), &message].concat().into()
}

fn varint(mut number: usize, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// The status of a `HealthCheckResponse`: field 1, 0 when it is not there.
fn status(body: &[u8]) -> Option<u8> {
    match body.get(5..)? {
        [] => Some(0),
        [0x08, status, ..] => Some(*status),
        _ => None,
    }
}
