//! A process that writes is killed at a random place, again and again: what it was told is written, is written.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use allswell_core::check::Memory;
use allswell_core::uptime::Presence;
use allswell_core::{Phases, Verdict, Wall, incident};

use super::super::{SqliteStore, Timing};
use super::check;
use crate::model::{IncidentId, MonitorId};
use crate::notification::Kind;
use crate::store::{
    Decision, DeliveryFilter, Enlistment, IncidentChange, IncidentFilter, OutboxRow, ResultRow, Store, StoreError,
    TransitionRow,
};

/// Where the process to be killed finds its data directory. That process is this same test, called again.
const DIRECTORY: &str = "ALLSWELL_TEST_KILL_DIR";
/// After how many answers it is killed, round by round.
const ROUNDS: [usize; 12] = [1, 2, 40, 3, 150, 7, 400, 30, 5, 90, 220, 17];

#[tokio::test]
async fn what_was_answered_outlives_the_process() {
    if let Some(dir) = std::env::var_os(DIRECTORY) {
        return write_without_end(Path::new(&dir)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut decided, mut recorded) = (0, BTreeSet::new());
    for round in ROUNDS {
        let mut child = victim(dir.path());
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut taken = 0;
        for answer in answers.by_ref() {
            taken += note(&answer, &mut decided, &mut recorded);
            if taken == round {
                break;
            }
        }
        assert_eq!(taken, round, "it did not end by itself");
        let refused = SqliteStore::open(dir.path(), Wall::default(), Timing::none()).err();
        assert!(matches!(refused, Some(StoreError::InUse { .. })), "{refused:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts as well.
        answers.for_each(|answer| {
            note(&answer, &mut decided, &mut recorded);
        });
        look_after(dir.path(), decided, &recorded).await;
    }
    check(dir.path());
}

fn victim(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "store::sqlite::tests::kill::what_was_answered_outlives_the_process"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Takes down an answer; returns how many there were in the line, the test harness's own lines being none.
fn note(answer: &str, decided: &mut u32, recorded: &mut BTreeSet<i64>) -> usize {
    match answer.split_once(' ') {
        Some(("decided", seq)) => *decided = seq.parse().unwrap(),
        Some(("recorded", asked)) => drop(recorded.insert(asked.parse().unwrap())),
        _ => return 0,
    }
    1
}

/// Looks at what the killed process left.
async fn look_after(dir: &Path, decided: u32, recorded: &BTreeSet<i64>) {
    let store = SqliteStore::open(dir, Wall::default(), Timing::none()).unwrap();
    let monitor = &store.monitors().await.unwrap()[0].enlisted;
    // The last decision may have been written without the answer being heard.
    assert!((decided..=decided + 1).contains(&monitor.seq), "{} of {decided}", monitor.seq);
    let incidents =
        store.incidents(IncidentFilter { monitor: None, open_only: false, limit: usize::MAX }).await.unwrap();
    assert_eq!(incidents.len() as u32, monitor.seq.div_ceil(2));
    assert_eq!(incidents.iter().filter(|incident| incident.ended.is_none()).count() as u32, monitor.seq % 2);
    let deliveries = store.deliveries(DeliveryFilter::newest(usize::MAX)).await.unwrap();
    assert_eq!(deliveries.len() as u32, monitor.seq);
    let all = Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX);
    let results = store.results(monitor.id, all, usize::MAX).await.unwrap();
    let found: BTreeSet<i64> = results.iter().map(|result| result.asked.ms()).collect();
    assert_eq!(found.len(), results.len(), "nothing comes twice");
    assert!(found.is_superset(recorded), "lost: {:?}", recorded.difference(&found).collect::<Vec<_>>());
    store.close().await.unwrap();
}

/// Writes and says so on standard output, one line for each answer, until it is killed.
async fn write_without_end(dir: &Path) {
    let store = SqliteStore::open(dir, Wall::default(), Timing::none()).unwrap();
    let named = Enlistment {
        name: "api".to_owned(),
        kind: "tcp".to_owned(),
        target: "127.0.0.1:1".to_owned(),
        interval: Duration::from_secs(300),
        tags: Vec::new(),
        group: None,
        paused: false,
        renamed_from: None,
    };
    let monitor = store.enlist(vec![named], Wall::default()).await.unwrap().remove(0);
    let (mut seq, mut asked) = (monitor.seq, monitor.last_asked.unwrap_or_default());
    loop {
        asked = asked + Duration::from_secs(300);
        seq += 1;
        let (recorded, decided) = tokio::join!(
            store.record(vec![result(monitor.id, asked)]),
            store.commit(vec![decision(monitor.id, seq, asked)]),
        );
        recorded.unwrap();
        decided.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "recorded {}\ndecided {seq}", asked.ms()).unwrap();
        out.flush().unwrap();
    }
}

fn result(monitor: MonitorId, asked: Wall) -> ResultRow {
    ResultRow {
        monitor,
        asked,
        verdict: Verdict::Pass,
        reason: None,
        status: None,
        phases: Phases::default(),
        total: Duration::from_millis(1),
        detail: None,
    }
}

/// Odd ones open an incident, even ones close it; each tells one channel.
fn decision(monitor: MonitorId, seq: u32, at: Wall) -> Decision {
    let opens = seq % 2 == 1;
    let incident = IncidentId { monitor, seq: if opens { seq } else { seq - 1 } };
    let (from, to) = if opens { (Presence::Up, Presence::Down) } else { (Presence::Down, Presence::Up) };
    let change = if opens {
        let (cause, evidence) = ("refused".to_owned(), "{}".to_owned());
        IncidentChange::Open { kind: incident::Kind::Down, began: at, cause, evidence }
    } else {
        IncidentChange::Close
    };
    Decision {
        transition: Some(TransitionRow { seq, from, to, began: at, at, reason: None }),
        incident: Some((incident, change)),
        outbox: vec![OutboxRow {
            key: format!("{monitor}:{seq}"),
            incident,
            channel: "ops".to_owned(),
            kind: if opens { Kind::Down } else { Kind::Up },
            body: "{}".to_owned(),
            together: None,
        }],
        ..Decision::nothing(monitor, at, Memory::default())
    }
}
