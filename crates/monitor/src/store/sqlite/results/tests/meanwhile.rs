//! Whatever is written while somebody reads: the list is read to its end, and each result has its own detail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use allswell_core::{Phases, Verdict, Wall};
use rusqlite::Connection;
use tempfile::TempDir;

use super::super::ledger::Ledger;
use super::super::{SharedHeads, last, replay};
use crate::model::MonitorId;
use crate::store::ResultRow;

const BEGIN: i64 = 1_785_600_000_000;

/// A ledger, and somebody else who reads its database.
struct World {
    writer: Arc<Mutex<(Ledger, Connection)>>,
    heads: SharedHeads,
    reader: Connection,
    monitors: Vec<MonitorId>,
    _data: TempDir,
}

impl World {
    /// Each monitor has one result, which stands in a block.
    fn of(monitors: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("results.db");
        let mut connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch(include_str!("../../schema/results-001.sql")).unwrap();
        let mut ledger = replay::open(&mut connection, 128).unwrap();
        let rows: Vec<_> = (0..monitors).map(|monitor| row(monitor, 0, "first")).collect();
        ledger.record(&mut connection, &rows).unwrap();
        for minutes in [60, 120, 121] {
            // Nothing is left to be swept after the last.
            ledger.record(&mut connection, &[row(monitors, minutes, "another")]).unwrap();
        }
        Self {
            heads: ledger.heads(),
            writer: Arc::new(Mutex::new((ledger, connection))),
            reader: Connection::open(path).unwrap(),
            monitors: (0..monitors).map(MonitorId).collect(),
            _data: data,
        }
    }

    /// Reads the newest results; `meanwhile` is done again and again while the database works, with the count of these times,
    /// and says whether that is enough.
    fn last(&mut self, mut meanwhile: impl FnMut(u32) -> bool + Send + 'static) -> Option<Vec<ResultRow>> {
        let mut times = 0;
        let handler = move || {
            times += 1;
            meanwhile(times)
        };
        self.reader.progress_handler(1, Some(handler)).unwrap();
        let found = last(&mut self.reader, &self.heads, &self.monitors);
        self.reader.progress_handler(1, None::<fn() -> bool>).unwrap();
        Some(found.ok()?.into_iter().map(|row| row.expect("each has one")).collect())
    }

    /// How often the database works while nobody writes.
    fn calm(&mut self) -> u32 {
        let count = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&count);
        self.last(move |times| {
            *counted.lock().unwrap() = times;
            false
        });
        *count.lock().unwrap()
    }
}

fn row(monitor: u32, minutes: i64, detail: &str) -> ResultRow {
    ResultRow {
        monitor: MonitorId(monitor),
        asked: Wall::from_ms(BEGIN + minutes * 60_000),
        verdict: Verdict::Pass,
        reason: None,
        status: Some(200),
        phases: Phases::default(),
        total: Duration::from_millis(5),
        detail: Some(detail.to_owned()),
    }
}

#[test]
fn a_long_list_is_read_to_its_end_while_slices_are_swept() {
    let mut world = World::of(64);
    let (calm, heads, writer) = (world.calm(), Arc::clone(&world.heads), Arc::clone(&world.writer));
    let swept = move |times: u32| {
        if times.is_multiple_of(calm / 8) {
            writer.lock().unwrap().1.execute("UPDATE sweep SET generation = generation + 1", []).unwrap();
            heads.write().unwrap().generation += 1;
        }
        times > calm * 8
    };
    let found = world.last(swept).expect("it does not begin again and again");
    assert_eq!(found, (0..64).map(|monitor| row(monitor, 0, "first")).collect::<Vec<_>>());
}

#[test]
fn a_result_that_comes_while_a_list_is_read_has_its_own_detail() {
    let calm = World::of(2).calm();
    for moment in 1..=calm {
        let mut world = World::of(2);
        let writer = Arc::clone(&world.writer);
        let found = world.last(move |times| {
            if times == moment {
                let (ledger, connection) = &mut *writer.lock().unwrap();
                let rows = [0, 1].map(|monitor| row(monitor, 122, "second"));
                ledger.record(connection, &rows).unwrap();
            }
            false
        });
        for (monitor, found) in (0..).zip(found.expect("nobody ends it")) {
            let (first, second) = (row(monitor, 0, "first"), row(monitor, 122, "second"));
            assert!(found == first || found == second, "at moment {moment}: {found:?}");
        }
    }
}
