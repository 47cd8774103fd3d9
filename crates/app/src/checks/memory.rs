//! Whether memory runs out: of the control group when there is a limit, else of the machine.

use crate::check::Check;
use crate::outcome::{Cause, Outcome};
use crate::watch::memory as measure;

/// Warns when more than `percent` of the memory that this process may use is in use.
///
/// The limit is the control group's, without the cache that can be given back; without a limit, the process is measured
/// against the machine. It only warns, for a service that works with little memory left still works. Where nothing can be
/// measured, nothing is said. Its name is `memory`.
pub fn memory(percent: f64) -> Check {
    Check::blocking("memory", move || ask(percent)).internal().degrades().component("system")
}

fn ask(percent: f64) -> Outcome {
    let Some((used, limit)) = measure().and_then(|memory| Some((memory.used, memory.limit?))) else {
        return Outcome::pass();
    };
    let share = used as f64 / limit as f64 * 100.0;
    if share <= percent {
        return Outcome::pass();
    }
    let mib = |bytes: u64| bytes >> 20;
    let detail = format!("{} of {} MiB are in use, more than {percent} %", mib(used), mib(limit));
    Outcome::warn(Cause::public(format!("{share:.0} % in use")).with_detail(&detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Verdict;

    #[test]
    fn more_than_nothing_is_always_in_use() {
        assert_eq!(ask(100.0).verdict, Verdict::Pass);
        let outcome = ask(0.0);
        assert_eq!(outcome.verdict, Verdict::Warn);
        assert!(outcome.cause.unwrap().as_public().ends_with(" % in use"));
    }
}
