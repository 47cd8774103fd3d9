//! Whether it is them or us: when several unrelated targets fail at once, look at our own network before deciding.
//!
//! The guard against the oldest false alarm of all: the monitor's own cable.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Mono;

/// How many hosts must fail together before we suspect ourselves.
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

/// What was heard from which host lately, and of our own network.
#[derive(Clone, Debug, Default)]
pub struct Suspicion {
    failed: BTreeMap<String, Mono>,
    answered: BTreeMap<String, Mono>,
    asking: bool,
    verdict: Option<(Mono, bool)>,
}

impl Suspicion {
    /// Takes note that `host` answered, well or badly: our network works as far as there.
    pub fn answered(&mut self, host: &str, now: Mono) {
        self.failed.remove(host);
        self.answered.insert(host.to_owned(), now);
    }

    /// Takes note that `host` failed in a way that a dead network of ours would explain, and says what to do.
    ///
    /// Suspicion falls on us when, within `interval`, at least two hosts failed and they are more than half of those heard of.
    #[must_use]
    pub fn failed(&mut self, host: &str, interval: Duration, now: Mono) -> Advice {
        self.answered.remove(host);
        self.failed.insert(host.to_owned(), now);
        let recent = |at: &Mono| now.since(*at) <= interval;
        // What is older than the longest interval anybody could ask about is of no use to anyone.
        let kept = |at: &Mono| now.since(*at) <= Duration::from_secs(86_400);
        self.failed.retain(|_, at| kept(at));
        self.answered.retain(|_, at| kept(at));
        let failed = self.failed.values().filter(|at| recent(at)).count();
        let answered = self.answered.values().filter(|at| recent(at)).count();
        if failed < HOSTS || failed <= answered {
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
    fn others_that_answer_clear_us() {
        let mut suspicion = Suspicion::default();
        suspicion.answered("x", at(1));
        suspicion.answered("y", at(1));
        assert_eq!(suspicion.failed("a", MINUTE, at(2)), Advice::Decide);
        assert_eq!(suspicion.failed("b", MINUTE, at(2)), Advice::Decide);
        assert_eq!(suspicion.failed("c", MINUTE, at(2)), Advice::Hold { ask: true });
    }

    #[test]
    fn what_happened_long_ago_says_nothing() {
        let mut suspicion = Suspicion::default();
        assert_eq!(suspicion.failed("a", MINUTE, at(1)), Advice::Decide);
        assert_eq!(suspicion.failed("b", MINUTE, at(100)), Advice::Decide);
    }
}
