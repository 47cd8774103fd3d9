//! `allswell check`.

mod flags;
mod line;
mod page;
mod refused;

use crate::support::{Ran, allswell, raw};

/// What a service answers whose database does not.
const UNHEALTHY: &str = r#"{"status":"unhealthy","version":"1.42.0","checks":{
  "database":{"status":"error","message":"timeout after 5.0 s","response_time_ms":5003},
  "redis":{"status":"ok","response_time_ms":0.8}}}"#;

/// Runs `allswell check` with `arguments`, which are separated by spaces.
fn check(arguments: &str) -> Ran {
    let words: Vec<_> = std::iter::once("check").chain(arguments.split(' ')).collect();
    allswell(&words)
}

/// A server that answers everything with `status` and a body of JSON; its URL.
fn answering(status: &str, body: &str) -> String {
    format!("http://{}", raw::answering(raw::http(status, "Content-Type: application/json\r\n", body)))
}
