//! The real engine and the real store in virtual time, under crashes, stepped clocks, a dead network of our own and flapping
//! targets; judged by an oracle that knows the truth of the world and nothing of the engine.
//!
//! A failing run prints its seed; `ALLSWELL_SIMULATION_SEED=n` runs that one alone.

mod world;

use std::time::Duration;

use world::{Faults, Run, simulate};

const HOUR: Duration = Duration::from_secs(3_600);

fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("ALLSWELL_SIMULATION_SEED") {
        Ok(seed) => vec![seed.parse().expect("ALLSWELL_SIMULATION_SEED is a number")],
        Err(_) => (1..=count).collect(),
    }
}

fn holds(count: u64, faults: Faults) {
    for seed in seeds(count) {
        let run = simulate(Run { seed, monitors: 20, time: HOUR * 8, faults });
        let violations = run.violations();
        assert!(violations.is_empty(), "seed {seed}, {} askings:\n{}", run.askings(), violations.join("\n"));
        assert!(run.askings() > 3_000, "seed {seed}: the run must do something, {} askings", run.askings());
        assert!(run.incidents() > 10, "seed {seed}: the world must be bad enough, {} incidents", run.incidents());
    }
}

#[test]
fn in_a_calm_process_every_outage_is_told_and_nothing_else() {
    holds(2, Faults::default());
}

#[test]
fn crashes_at_any_moment_lose_no_alert_and_invent_none() {
    holds(4, Faults { crash: 0.002, ..Faults::default() });
}

#[test]
fn a_stepped_wall_clock_changes_nothing_but_stamps() {
    holds(2, Faults { clock_step: 0.000_5, ..Faults::default() });
}

#[test]
fn when_our_own_network_dies_nobody_is_told_that_others_did() {
    holds(2, Faults { own_network: 0.000_3, ..Faults::default() });
}

#[test]
fn everything_at_once() {
    holds(3, Faults { crash: 0.001, clock_step: 0.000_3, own_network: 0.000_2 });
}

#[test]
fn the_oracle_finds_a_lost_alert_and_an_invented_one() {
    let run = simulate(Run { seed: 1, monitors: 5, time: HOUR * 4, faults: Faults::default() });
    assert!(run.violations().is_empty());
    assert!(!run.clone().without_one_message().violations().is_empty());
    assert!(!run.clone().with_an_invented_incident().violations().is_empty());
    assert!(!run.without_one_incident().violations().is_empty());
}
