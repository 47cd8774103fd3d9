//! Whatever order of results, hours, failures and crashes: what was recorded is there, once, until it is forgotten.

use std::time::Duration;

use allswell_core::{Phases, Verdict, Wall};
use proptest::prelude::*;
use rusqlite::Connection;

use super::super::key::hour;
use super::super::ledger::Ledger;
use super::super::{read, replay};
use crate::model::MonitorId;
use crate::store::ResultRow;

/// What happens to the ledger.
#[derive(Clone, Debug)]
enum Step {
    /// Results of these monitors, each so many minutes after the last.
    Record(Vec<(u32, i64)>),
    /// The disk refuses to write, while somebody records.
    Refuse,
    /// The process ends in the middle of it and starts again.
    Crash,
    /// Results older than so many hours are deleted.
    Forget(i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let minutes = prop_oneof![8 => 0..20_i64, 2 => 20..90_i64, 1 => -90..0_i64, 1 => Just(-100_000), 1 => Just(60_000)];
    prop_oneof![
        20 => prop::collection::vec((0..8_u32, minutes), 1..12).prop_map(Step::Record),
        2 => Just(Step::Refuse),
        3 => Just(Step::Crash),
        1 => (0..40_i64).prop_map(Step::Forget),
    ]
}

/// A ledger on a database in memory, and what must be in it.
struct World {
    connection: Connection,
    ledger: Ledger,
    least: usize,
    now: i64,
    /// How many results there were; each one's number is its `total`.
    count: u64,
    expected: Vec<ResultRow>,
}

impl World {
    fn new(least: usize) -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../schema/results-001.sql")).unwrap();
        let ledger = replay::open(&mut connection, least).unwrap();
        Self { connection, ledger, least, now: 1_785_600_000_000, count: 0, expected: Vec::new() }
    }

    fn row(&mut self, monitor: u32) -> ResultRow {
        self.count += 1;
        ResultRow {
            monitor: MonitorId(monitor),
            asked: Wall::from_ms(self.now),
            verdict: Verdict::Pass,
            reason: None,
            status: Some(200),
            phases: Phases::default(),
            total: Duration::from_millis(self.count),
            detail: None,
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Record(results) => {
                let mut rows = Vec::new();
                for &(monitor, minutes) in results {
                    self.now += minutes * 60_000;
                    rows.push(self.row(monitor));
                    self.expected.extend(rows.last().cloned());
                }
                self.ledger.record(&mut self.connection, &rows).unwrap();
            }
            Step::Refuse => {
                let row = ResultRow { asked: Wall::from_ms(self.now + 3_600_000), ..self.row(3) };
                self.connection.pragma_update(None, "query_only", true).unwrap();
                assert!(self.ledger.record(&mut self.connection, &[row]).is_err());
                self.connection.pragma_update(None, "query_only", false).unwrap();
            }
            Step::Crash => self.ledger = replay::open(&mut self.connection, self.least).unwrap(),
            Step::Forget(hours) => {
                let before = Wall::from_ms(self.now - hours * 3_600_000);
                self.ledger.forget(&mut self.connection, before).unwrap();
                // What is still in memory stays until its hour is swept.
                let kept = self.found();
                let old = |row: &ResultRow| hour(row.asked.ms()) < hour(before.ms());
                self.expected.retain(|row| !old(row) || kept.contains(row));
            }
        }
    }

    fn found(&mut self) -> Vec<ResultRow> {
        let all = Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX);
        let heads = self.ledger.heads();
        (0..8).flat_map(|id| read(&mut self.connection, &heads, MonitorId(id), &all, usize::MAX).unwrap()).collect()
    }

    fn check(&mut self) {
        let mut found = self.found();
        for rows in found.chunk_by(|a, b| a.monitor == b.monitor) {
            assert!(rows.is_sorted_by(|newer, older| newer.asked >= older.asked), "newest first");
        }
        found.sort_by_key(|row| row.total);
        let numbers = |rows: &[ResultRow]| rows.iter().map(|row| row.total.as_millis()).collect::<Vec<_>>();
        assert_eq!(numbers(&found), numbers(&self.expected));
        assert_eq!(found, self.expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(steps in prop::collection::vec(any_step(), 1..40), least in 1..4_usize) {
        let mut world = World::new(least);
        for step in &steps {
            world.take(step);
            world.check();
        }
        let damaged: i64 = world.connection.query_row("SELECT count(*) FROM damaged", [], |row| row.get(0)).unwrap();
        prop_assert_eq!(damaged, 0);
    }
}

#[test]
fn the_tail_goes_when_its_results_stand_in_blocks() {
    let mut world = World::new(2);
    for _ in 0..100 {
        world.take(&Step::Record((0..8).map(|id| (id, 0)).chain([(0, 1)]).collect()));
    }
    let count = |world: &World, table: &str| -> i64 {
        world.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    // 100 minutes: 60 commits were swept, and the last 40 stand in the tail alone.
    assert_eq!((count(&world, "tail"), count(&world, "block")), (41, 8));
    let counted: i64 = world.connection.query_row("SELECT sum(n) FROM block", [], |row| row.get(0)).unwrap();
    assert_eq!(counted, 59 * 9);
    world.check();
}
