//! An app to rehearse with: `allswell rehearse deploy.yaml -- target/debug/examples/sample_app`.
//!
//! It listens on `PORT` after `START_SECONDS`. `/health` looks at the process alone, `/ready` and `/db` connect to
//! `DATABASE` (`127.0.0.1:5432`) when it is set, and fail between `/simulate_db_failure` and `/simulate_db_recovery`.
//! `/stuck` begins a body and never ends it, `/elsewhere` leads to another host. On SIGTERM it serves on for
//! `DRAIN_SECONDS`, or for ever when that is `ignore`; without it, it ends at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Whether the database is played down.
static DOWN: AtomicBool = AtomicBool::new(false);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::process::exit(runtime.block_on(run()));
}

fn seconds(name: &str) -> Option<Duration> {
    std::env::var(name).ok()?.parse().ok().map(Duration::from_secs_f64)
}

/// Serves until it is told to end; returns the exit code.
pub async fn run() -> i32 {
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("signals can be heard");
    tokio::select! {
        () = tokio::time::sleep(seconds("START_SECONDS").unwrap_or_default()) => {}
        _ = terminate.recv() => return 143,
    }
    let port = std::env::var("PORT").expect("PORT says where to listen");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("the port is free");
    println!("listening on {port}");
    let served = async {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream));
            }
            while connections.try_join_next().is_some() {}
        }
    };
    let told = async {
        terminate.recv().await;
        match std::env::var("DRAIN_SECONDS").as_deref() {
            Ok("ignore") => std::future::pending().await,
            _ => tokio::time::sleep(seconds("DRAIN_SECONDS").unwrap_or_default()).await,
        }
    };
    tokio::select! {
        () = served => 1,
        () = told => 0,
    }
}

async fn serve(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(count) if count > 0 => {}
            _ => return,
        }
    }
    let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or("/").to_owned();
    let (head, body) = match path.as_str() {
        "/ready" | "/db" if !database_answers().await => ("503 Service Unavailable", "the database does not answer\n"),
        "/faults/fail/db?for=1h" | "/faults/recover/db" => ("404 Not Found", "not here\n"),
        "/simulate_db_failure" | "/simulate_db_recovery" => {
            DOWN.store(path.ends_with("failure"), Ordering::Relaxed);
            ("200 OK", "as you wish\n")
        }
        "/elsewhere" => ("302 Found\r\nLocation: http://example.com/", "look there\n"),
        _ => ("200 OK", "ok\n"),
    };
    let length = if path == "/stuck" { 1_000 } else { body.len() };
    let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes()).await;
    if path == "/stuck" {
        std::future::pending::<()>().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "an app of its own, which knows no dialler")]
async fn database_answers() -> bool {
    if DOWN.load(Ordering::Relaxed) {
        return false;
    }
    let Ok(address) = std::env::var("DATABASE") else {
        return true;
    };
    matches!(tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(address)).await, Ok(Ok(_)))
}
