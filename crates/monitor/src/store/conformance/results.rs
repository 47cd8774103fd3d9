//! Results: each comes back once, in order, whatever happened meanwhile.

use super::*;
use crate::store::StoreError;

pub(crate) async fn results_come_back_newest_first_within_range_and_limit(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    let written: Vec<_> = (0..20).map(|n| passed(ids[n % 2], at(1_000 * i64::try_from(n).unwrap()))).collect();
    for part in written.chunks(7) {
        store.record(part.to_vec()).await.unwrap();
    }
    let mut expected: Vec<_> = written.into_iter().filter(|row| row.monitor == ids[1]).collect();
    expected.reverse();
    assert_eq!(rows(&*store, ids[1]).await, expected);
    let part = store.results(ids[1], at(3_000)..at(9_000), 99).await.unwrap();
    assert_eq!(part, expected[6..9], "the end of the range is not part of it");
    let newest = store.results(ids[1], at(0)..at(9_000), 2).await.unwrap();
    assert_eq!(newest, expected[6..8]);
    assert!(store.results(ids[1], at(0)..at(9_000), 0).await.unwrap().is_empty());
    let backwards = store.results(ids[1], at(9_000)..at(0), 9).await.unwrap();
    assert!(backwards.is_empty());
    assert!(store.results(MonitorId(4_000_000_000), at(0)..at(9_000), 9).await.unwrap().is_empty());
}

pub(crate) async fn nothing_changes_when_the_hour_turns_or_the_process_restarts(open: Open<'_>) {
    let mut store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b", "c"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    let mut expected: Vec<Vec<ResultRow>> = vec![Vec::new(); 3];
    // Eight hours, asked every 240 s, 300 s and 1 000 s; restarts at odd moments of the sweep.
    for step in 0..120_i64 {
        for (number, every) in [(0, 1), (1, 2), (2, 5)] {
            if step % every == 0 {
                let row = passed(ids[number], at(step * 240_000 + i64::try_from(number).unwrap()));
                store.record(vec![row.clone()]).await.unwrap();
                expected[number].insert(0, row);
            }
        }
        if step % 13 == 0 {
            store.close().await.unwrap();
            store = open();
        }
        for (id, expected) in ids.iter().zip(&expected) {
            assert_eq!(&rows(&*store, *id).await, expected, "step {step}");
        }
    }
    let day = store.results(ids[0], at(2 * HOUR)..at(4 * HOUR), 1_000).await.unwrap();
    assert_eq!(day.len(), 30);
    let page = store.results(ids[0], at(0)..at(7 * HOUR), 40).await.unwrap();
    assert_eq!(page, expected[0][15..55]);
}

pub(crate) async fn a_detail_is_good_until_the_next_one(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    let mut expected = Vec::new();
    for hour in 0..4 {
        for (minute, detail) in [(0, None), (10, Some(format!("version {hour}"))), (20, None), (30, None)] {
            let asked = at(hour * HOUR + minute * 60_000);
            let good = match (hour, minute) {
                (0, 0) => None,
                (_, 0) => Some(format!("version {}", hour - 1)),
                _ => Some(format!("version {hour}")),
            };
            store.record(vec![ResultRow { detail, ..passed(ids[0], asked) }, passed(ids[1], asked)]).await.unwrap();
            expected.insert(0, (asked, good));
        }
    }
    let details = |rows: Vec<ResultRow>| rows.into_iter().map(|row| (row.asked, row.detail)).collect::<Vec<_>>();
    assert_eq!(details(rows(&*store, ids[0]).await), expected);
    assert!(rows(&*store, ids[1]).await.iter().all(|row| row.detail.is_none()));
    store.close().await.unwrap();
    let store = open();
    // After a restart the engine says again what it knows.
    let again = ResultRow { detail: Some("version 3".to_owned()), ..passed(ids[0], at(4 * HOUR)) };
    store.record(vec![again.clone()]).await.unwrap();
    expected.insert(0, (again.asked, again.detail));
    assert_eq!(details(rows(&*store, ids[0]).await), expected);
    let part = store.results(ids[0], at(HOUR + 1)..at(HOUR + 25 * 60_000), 9).await.unwrap();
    assert_eq!(details(part), expected[10..12]);
}

pub(crate) async fn results_that_come_late_find_their_place(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let mut expected = Vec::new();
    let minute = 60_000;
    let order = [0, 30, 61, 59, 62, 125, 5, 126, 1, 190, 2, 250];
    for at_minute in order {
        let row = passed(id, at(at_minute * minute));
        store.record(vec![row.clone()]).await.unwrap();
        expected.push(row);
        expected.sort_by_key(|row| std::cmp::Reverse(row.asked));
        assert_eq!(rows(&*store, id).await, expected, "after minute {at_minute}");
    }
    store.close().await.unwrap();
    let store = open();
    assert_eq!(rows(&*store, id).await, expected);
    let newest = store.results(id, at(0)..at(3 * HOUR), 3).await.unwrap();
    assert_eq!(newest, expected[2..5]);
}

pub(crate) async fn a_clock_that_was_wrong_for_a_moment_loses_nothing(open: Open<'_>) {
    let mut store = open();
    let id = enlist(&*store, &["api"], at(0)).await[0].id;
    let mut expected = Vec::new();
    let days = 24 * HOUR;
    for (step, jump) in [0, 0, 30_000 * days, 0, 0, -400 * days, -400 * days, 0, 0].into_iter().enumerate() {
        let row = passed(id, at(jump + i64::try_from(step).unwrap() * 20 * 60_000));
        store.record(vec![row.clone()]).await.unwrap();
        expected.push(row);
        expected.sort_by_key(|row| std::cmp::Reverse(row.asked));
        assert_eq!(rows(&*store, id).await, expected, "step {step}");
        store.close().await.unwrap();
        store = open();
        assert_eq!(rows(&*store, id).await, expected, "step {step}, restarted");
    }
}

pub(crate) async fn durations_are_kept_in_ten_microseconds_and_extremes_do_not_break_anything(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let micros = Duration::from_micros;
    let fine = ResultRow {
        phases: Phases { dns: Some(micros(19)), connect: Some(micros(9)), ..Phases::default() },
        total: micros(1_234_567),
        ..passed(id, at(0))
    };
    let endless = ResultRow {
        verdict: Verdict::Unknown,
        reason: Some(Reason::OwnFault),
        status: Some(u16::MAX),
        phases: Phases { tls: Some(Duration::MAX), transfer: Some(Duration::MAX), ..Phases::default() },
        total: Duration::MAX,
        ..passed(id, Wall::from_ms(i64::MAX - 1))
    };
    let earliest = ResultRow { total: Duration::ZERO, ..passed(id, Wall::from_ms(i64::MIN)) };
    store.record(vec![fine, endless.clone(), earliest.clone()]).await.unwrap();
    store.record(vec![passed(id, at(2 * HOUR))]).await.unwrap();
    let found = rows(&*store, id).await;
    assert_eq!(found.len(), 4);
    assert_eq!((found[0].asked, found[0].status, found[0].reason), (endless.asked, endless.status, endless.reason));
    assert!(found[0].total > Duration::from_secs(86_400 * 365 * 1_000), "{:?}", found[0].total);
    assert_eq!(found[3], earliest);
    let fine = &found[2];
    assert_eq!((fine.phases.dns, fine.phases.connect), (Some(micros(10)), Some(Duration::ZERO)));
    assert_eq!(fine.total, micros(1_234_560));
}

pub(crate) async fn old_results_are_forgotten_and_their_last_detail_stays_good(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    for hour in 0..10 {
        let detail =
            [(1, "one"), (3, "three")].into_iter().find(|&(at, _)| at == hour).map(|(_, text)| text.to_owned());
        store.record(vec![ResultRow { detail, ..passed(id, at(hour * HOUR)) }]).await.unwrap();
    }
    store.forget(at(5 * HOUR)).await.unwrap();
    let found = rows(&*store, id).await;
    assert_eq!(found.iter().map(|row| row.asked).collect::<Vec<_>>(), [9, 8, 7, 6, 5].map(|hour| at(hour * HOUR)));
    assert!(found.iter().all(|row| row.detail.as_deref() == Some("three")));
    // What was recorded last is old as well, once nobody is asked any more.
    store.forget(at(100 * HOUR)).await.unwrap();
    assert!(rows(&*store, id).await.is_empty());
    assert_eq!(known(&*store, id).await.last_asked, Some(at(9 * HOUR)));
    store.record(vec![passed(id, at(101 * HOUR))]).await.unwrap();
    assert_eq!(rows(&*store, id).await[0].detail.as_deref(), Some("three"));
}

pub(crate) async fn the_last_asking_is_known_after_a_restart(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b", "c"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    store.record(vec![passed(ids[0], at(0)), passed(ids[1], at(5))]).await.unwrap();
    store.record(vec![passed(ids[0], at(90 * HOUR))]).await.unwrap();
    store.record(vec![passed(ids[0], at(91 * HOUR))]).await.unwrap();
    let expected = [Some(at(91 * HOUR)), Some(at(5)), None];
    let asked = |enlisted: Vec<Enlisted>| enlisted.into_iter().map(|monitor| monitor.last_asked).collect::<Vec<_>>();
    assert_eq!(asked(enlist(&*store, &["a", "b", "c"], at(0)).await), expected);
    store.close().await.unwrap();
    let store = open();
    assert_eq!(asked(enlist(&*store, &["a", "b", "c"], at(0)).await), expected);
    assert_eq!(known(&*store, ids[1]).await.last_asked, Some(at(5)));
}

pub(crate) async fn reads_beside_writes_see_each_result_once(open: Open<'_>) {
    let store = open();
    let names: Vec<String> = (0..300).map(|number| format!("m{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ids: Vec<_> = enlist(&*store, &names, at(0)).await.iter().map(|monitor| monitor.id).collect();
    let mut readers = tokio::task::JoinSet::new();
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    for reader in 0..3 {
        let (store, done, id) = (Arc::clone(&store), Arc::clone(&done), ids[reader * 140]);
        readers.spawn(async move {
            let mut seen = 0;
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                let found = rows(&*store, id).await;
                // No gap, nothing twice, and never fewer than before.
                for (place, row) in found.iter().rev().enumerate() {
                    assert_eq!(row.asked, at(i64::try_from(place).unwrap() * 600_000));
                }
                assert!(found.len() >= seen, "{} after {seen}", found.len());
                seen = found.len();
            }
        });
    }
    for step in 0..200 {
        let asked = at(step * 600_000);
        for part in ids.chunks(150) {
            store.record(part.iter().map(|&id| passed(id, asked)).collect()).await.unwrap();
        }
    }
    done.store(true, std::sync::atomic::Ordering::Release);
    readers.join_all().await;
}

pub(crate) async fn a_closed_store_says_so(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.close().await.unwrap();
    let closed = [
        store.enlist(vec![named("x")], at(0)).await.err(),
        store.commit(vec![]).await.err(),
        store.record(vec![passed(id, at(0))]).await.err(),
        store.watching(at(0), at(1)).await.err(),
        store.claim(at(0), LEASE, 1, &[]).await.err(),
        store.next_due(&[]).await.err(),
        store.results(id, at(0)..at(1), 1).await.err(),
        store.monitors().await.err(),
        store.forget(at(0)).await.err(),
        store.close().await.err(),
    ];
    for error in closed {
        assert!(matches!(error, Some(StoreError::Closed)), "{error:?}");
    }
    assert_eq!(open().monitors().await.unwrap().len(), 1);
}
