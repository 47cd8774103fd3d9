//! What was true when, and when anybody was watching.

use std::ops::Range;

use super::*;

pub(crate) async fn marks_begin_with_the_one_before_the_window(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    for (seq, presence) in (1..).zip([Presence::Up, Presence::Degraded, Presence::Down, Presence::Up]) {
        let now = at(i64::from(seq) * 100_000 + 10_000);
        let row = transition(seq, Presence::Unknown, presence, now);
        let decision = Decision { transition: Some(row), incident: None, ..down(ids[0], seq, now, &[]) };
        store.commit(vec![decision]).await.unwrap();
    }
    let check = async |id: MonitorId, window: Range<i64>, expected: &[(i64, Presence)]| {
        let marks = store.marks(id, at(window.start)..at(window.end)).await.unwrap();
        let marks: Vec<_> = marks.iter().map(|mark| (mark.from, mark.presence)).collect();
        let expected: Vec<_> = expected.iter().map(|&(from, presence)| (at(from), presence)).collect();
        assert_eq!(marks, expected, "{window:?}");
    };
    check(ids[0], 0..50_000, &[]).await;
    check(ids[0], 0..100_001, &[(100_000, Presence::Up)]).await;
    check(ids[0], 150_000..300_000, &[(100_000, Presence::Up), (200_000, Presence::Degraded)]).await;
    check(ids[0], 200_000..200_001, &[(200_000, Presence::Degraded)]).await;
    check(ids[0], 900_000..999_000, &[(400_000, Presence::Up)]).await;
    check(ids[1], 0..999_000, &[]).await;
}

pub(crate) async fn watched_stretches_are_in_order_and_do_not_overlap(open: Open<'_>) {
    let store = open();
    for (started, seen) in [(0, 10), (0, 50), (0, 40), (200, 300), (100, 120), (110, 150), (400, 390), (500, 900)] {
        store.watching(at(started), at(seen)).await.unwrap();
    }
    store.close().await.unwrap();
    let store = open();
    let check = async |window: Range<i64>, expected: &[Range<i64>]| {
        let watched = store.watched(at(window.start)..at(window.end)).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|range| at(range.start)..at(range.end)).collect();
        assert_eq!(watched, expected, "{window:?}");
    };
    check(-10..1_000, &[0..50, 100..150, 200..300, 500..900]).await;
    check(20..250, &[20..50, 100..150, 200..250]).await;
    check(50..100, &[]).await;
}

pub(crate) async fn planned_maintenance_is_laid_over_what_was_true(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let planned = |name: Option<&str>, now| Decision {
        maintenance: Some(name.map(str::to_owned)),
        ..Decision::nothing(id, now, memory(Status::Up))
    };
    // Beginning twice is beginning once.
    store.commit(vec![planned(Some("move"), at(5_000)), planned(Some("move"), at(6_000))]).await.unwrap();
    store.commit(vec![down(id, 1, at(20_000), &[])]).await.unwrap();
    store.close().await.unwrap();
    let store = open();
    assert_eq!(known(&*store, id).await.maintenance, Some(at(5_000)));
    store.commit(vec![planned(None, at(30_000)), planned(None, at(31_000))]).await.unwrap();
    assert_eq!(known(&*store, id).await.maintenance, None);
    let marks = store.marks(id, at(0)..at(HOUR)).await.unwrap();
    let marks: Vec<_> = marks.iter().map(|mark| (mark.from, mark.presence)).collect();
    assert_eq!(marks, [(at(5_000), Presence::Maintenance), (at(30_000), Presence::Down)]);
}
