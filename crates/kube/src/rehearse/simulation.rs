//! Faults that the app plays itself: the endpoints that our library serves for it, and those that guides show.
//!
//! `/faults/fail/NAME` and `/faults/recover/NAME` are tried first, then `/simulate_NAME_failure` and
//! `/simulate_NAME_recovery`.

use std::fmt;
use std::time::Duration;

use allswell_probe::Dialer;

use crate::ask::http;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an app that does not listen yet is left alone.
const PAUSE: Duration = Duration::from_millis(50);

/// The token that fault endpoints ask for.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// What an app is told about one of the things it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Simulation {
    /// As faults call it.
    pub(super) name: String,
    /// Whether it fails from now on.
    pub(super) fails: bool,
}

impl Simulation {
    fn paths(&self) -> [String; 2] {
        let Self { name, fails } = self;
        match fails {
            true => [format!("/faults/fail/{name}?for=1h"), format!("/simulate_{name}_failure")],
            false => [format!("/faults/recover/{name}"), format!("/simulate_{name}_recovery")],
        }
    }

    /// Tells the app at one of these ports, as soon as it listens.
    ///
    /// # Errors
    /// What it answered, when no endpoint takes it.
    pub(super) async fn tell(self, ports: Vec<u16>, token: Option<Token>, dialer: Dialer) -> Result<(), String> {
        let bearer = token.map(|Token(token)| ("Authorization".to_owned(), format!("Bearer {token}")));
        let headers: Vec<(String, String)> = bearer.into_iter().collect();
        loop {
            let mut refusals = Vec::new();
            for (port, path) in ports.iter().flat_map(|port| self.paths().map(|path| (*port, path))) {
                match http::post("127.0.0.1", port, &path, &headers, &dialer, PATIENCE).await {
                    Ok(200..=299) => return Ok(()),
                    Ok(status) => refusals.push(format!("POST {path} was answered with {status}")),
                    // It does not listen yet, or was cut off: it may hear it the next time.
                    Err(_) => {}
                }
            }
            if !refusals.is_empty() {
                return Err(refusals.join(", "));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", Token("hunter2".to_owned())), "Token(***)");
    }

    #[test]
    fn the_library_s_endpoints_come_before_those_of_guides() {
        let paths = |fails| Simulation { name: "db".to_owned(), fails }.paths();
        assert_eq!(paths(true), ["/faults/fail/db?for=1h", "/simulate_db_failure"]);
        assert_eq!(paths(false), ["/faults/recover/db", "/simulate_db_recovery"]);
    }
}
