//! Whether it is them or us: when several unrelated targets fail at once, look at our own network before deciding.
//!
//! The guard against the oldest false alarm of all: the monitor's own cable.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Mono;

/// How many hosts must fail, and nobody answer in between, before we suspect ourselves.
const HOSTS: usize = 2;
/// How long an answer about our own network stays good.
const FRESH: Duration = Duration::from_secs(5);

/// What to do with an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It may be judged as it is.
    Decide,
    /// Hold it back until our own connectivity is known; `ask` says whether somebody must look now.
    Hold {
        /// Whether a look at our own connectivity must begin; one is under way otherwise.
        ask: bool,
    },
    /// Our own network was found dead a moment ago: the outcome is unknown.
    Ours,
}

/// Which hosts failed since anybody answered, and what is known of our own network.
#[derive(Clone, Debug, Default)]
pub struct Suspicion {
    failed: BTreeMap<String, Mono>,
    asking: bool,
    verdict: Option<(Mono, bool)>,
}

impl Suspicion {
    /// Takes note that a host answered, well or badly: our network works, whoever failed before did so alone.
    pub fn answered(&mut self) {
        self.failed.clear();
    }

    /// Takes note that `host` failed in a way that a dead network of ours would explain, and says what to do.
    ///
    /// Suspicion falls on us when at least two hosts failed within `interval` and nobody answered in between.
    #[must_use]
    pub fn failed(&mut self, host: &str, interval: Duration, now: Mono) -> Advice {
        self.failed.insert(host.to_owned(), now);
        let recent = self.failed.values().filter(|at| now.since(**at) <= interval).count();
        if recent < HOSTS {
            return Advice::Decide;
        }
        match self.verdict {
            Some((at, well)) if now.since(at) <= FRESH => {
                if well {
                    Advice::Decide
                } else {
                    Advice::Ours
                }
            }
            _ => Advice::Hold { ask: !std::mem::replace(&mut self.asking, true) },
        }
    }

    /// Takes what the look at our own connectivity found.
    pub fn looked(&mut self, well: bool, now: Mono) {
        self.asking = false;
        self.verdict = Some((now, well));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Mono {
        Mono::after(Duration::from_secs(seconds))
    }

    #[test]
    fn one_host_alone_is_its_own_fault() {
        let mut suspicion = Suspicion::default();
        for second in 0..100 {
            assert_eq!(suspicion.failed("a", MINUTE, at(second)), Advice::Decide);
        }
    }

    #[test]
    fn two_hosts_at_once_make_us_look_and_only_once() {
        let mut suspicion = Suspicion::default();
        assert_eq!(suspicion.failed("a", MINUTE, at(1)), Advice::Decide);
        assert_eq!(suspicion.failed("b", MINUTE, at(2)), Advice::Hold { ask: true });
        assert_eq!(suspicion.failed("c", MINUTE, at(2)), Advice::Hold { ask: false });
        suspicion.looked(false, at(3));
        assert_eq!(suspicion.failed("a", MINUTE, at(4)), Advice::Ours);
        assert_eq!(suspicion.failed("a", MINUTE, at(20)), Advice::Hold { ask: true });
        suspicion.looked(true, at(21));
        assert_eq!(suspicion.failed("a", MINUTE, at(22)), Advice::Decide);
    }

    #[test]
    fn anybody_who_answers_clears_us() {
        let mut suspicion = Suspicion::default();
        assert_eq!(suspicion.failed("a", MINUTE, at(2)), Advice::Decide);
        suspicion.answered();
        assert_eq!(suspicion.failed("b", MINUTE, at(3)), Advice::Decide);
        assert_eq!(suspicion.failed("a", MINUTE, at(4)), Advice::Hold { ask: true });
    }

    #[test]
    fn what_happened_long_ago_says_nothing() {
        let mut suspicion = Suspicion::default();
        assert_eq!(suspicion.failed("a", MINUTE, at(1)), Advice::Decide);
        assert_eq!(suspicion.failed("b", MINUTE, at(100)), Advice::Decide);
    }
}
