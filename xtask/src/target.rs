//! A service that does as its script says: each path answers 200 or 503, and the changes are remembered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use crate::http;
use crate::time::wall_ms;

/// One stretch in which a path answered 503.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The path without its slash, which is also the monitor's name.
    pub monitor: String,
    /// When it began.
    pub from_ms: i64,
    /// When it ended; `None` while it lasts.
    pub to_ms: Option<i64>,
}

#[derive(Debug, Default)]
struct Script {
    /// The index of the outage that lasts, by path.
    down: BTreeMap<String, usize>,
    outages: Vec<Outage>,
}

/// The service; listens until the process ends.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Target {
    /// Listens on a free loopback port; every path is well at first.
    pub fn start() -> Result<Self> {
        let script = Arc::<Mutex<Script>>::default();
        let shared = Arc::clone(&script);
        let address = http::serve(move |request| {
            let script = shared.lock().unwrap_or_else(PoisonError::into_inner);
            match script.down.contains_key(request.path.trim_start_matches('/')) {
                true => Some((503, "{\"status\":\"down\"}".into())),
                false => Some((200, "{\"status\":\"up\"}".into())),
            }
        })?;
        Ok(Self { address, script })
    }

    /// Turns a path to 503, or back to 200. Returns the moment.
    pub fn set(&self, monitor: &str, down: bool) -> i64 {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let now = wall_ms();
        match (down, script.down.get(monitor).copied()) {
            (true, None) => {
                let index = script.outages.len();
                script.down.insert(monitor.to_owned(), index);
                script.outages.push(Outage { monitor: monitor.to_owned(), from_ms: now, to_ms: None });
            }
            (false, Some(index)) => {
                script.down.remove(monitor);
                script.outages[index].to_ms = Some(now);
            }
            _ => {}
        }
        now
    }

    /// All outages so far, in the order in which they began.
    pub fn outages(&self) -> Vec<Outage> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).outages.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_fails_for_itself_and_is_remembered() {
        let target = Target::start().expect("loopback is there");
        target.set("a", true);
        target.set("a", true);
        assert!(http::get(target.address, "/a").is_err());
        assert!(http::get(target.address, "/b").is_ok());
        target.set("a", false);
        assert!(http::get(target.address, "/a").is_ok());
        let outages = target.outages();
        assert_eq!(outages.len(), 1);
        assert!(outages[0].to_ms >= Some(outages[0].from_ms));
    }
}
