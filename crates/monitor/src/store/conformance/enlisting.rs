//! The list of monitors: who is in it, who was, and under which number.

use super::*;
use crate::store::{DeliveryFilter, StoreError};

pub(crate) async fn monitors_come_back_in_the_order_of_the_list(open: Open<'_>) {
    let store = open();
    let enlisted = enlist(&*store, &["b", "c", "a"], at(5)).await;
    let monitors = store.monitors().await.unwrap();
    let names: Vec<_> = monitors.iter().map(|row| row.enlistment.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "a"]);
    assert_eq!(monitors.iter().map(|row| row.enlisted.clone()).collect::<Vec<_>>(), enlisted);
    assert_eq!(monitors[1].enlistment, named("c"));
    let fresh = &enlisted[0];
    assert_eq!((fresh.created, fresh.seq, fresh.presence), (at(5), 0, None));
    assert_eq!((fresh.memory, fresh.incident.clone(), fresh.last_asked), (Memory::default(), None, None));
}

pub(crate) async fn a_name_keeps_its_number(open: Open<'_>) {
    let store = open();
    let before = enlist(&*store, &["a", "b"], at(0)).await;
    store.close().await.unwrap();
    let store = open();
    let mut changed = named("b");
    changed.target = "GET http://elsewhere.test/".to_owned();
    changed.interval = Duration::from_millis(1_500);
    changed.tags.clear();
    changed.group = None;
    let after = store.enlist(vec![changed.clone(), named("new"), named("a")], at(9)).await.unwrap();
    assert_eq!((&after[0], &after[2]), (&before[1], &before[0]));
    assert_eq!(after[1].created, at(9));
    assert_eq!(store.monitors().await.unwrap()[0].enlistment, changed);
}

pub(crate) async fn a_number_is_never_given_twice(open: Open<'_>) {
    let store = open();
    let first = enlist(&*store, &["a", "b"], at(0)).await;
    enlist(&*store, &[], at(1)).await;
    assert!(store.monitors().await.unwrap().is_empty());
    store.close().await.unwrap();
    let again = enlist(&*open(), &["a"], at(2)).await;
    assert!(first.iter().all(|monitor| monitor.id < again[0].id), "{first:?} {again:?}");
    assert_eq!(again[0].created, at(2));
}

pub(crate) async fn one_that_is_named_no_more_is_retired_and_its_incident_closed_in_silence(open: Open<'_>) {
    let store = open();
    let id = enlist(&*store, &["gone", "stays"], at(0)).await[0].id;
    store.commit(vec![down(id, 1, at(20_000), &["ops"])]).await.unwrap();
    store.record(vec![passed(id, at(100))]).await.unwrap();
    enlist(&*store, &["stays"], at(90_000)).await;
    let incident = &store.incidents(ALL).await.unwrap()[0];
    assert_eq!((incident.monitor_name.as_str(), incident.ended), ("gone", Some(at(90_000))));
    let last = incident.timeline.last().unwrap();
    assert_eq!((last.what.as_str(), last.at), ("closed", at(90_000)));
    assert_eq!(store.deliveries(DeliveryFilter::newest(9)).await.unwrap().len(), 1, "nobody is told of the end");
    assert_eq!(rows(&*store, id).await.len(), 1);
    let marks = store.marks(id, at(0)..at(HOUR)).await.unwrap();
    assert_eq!(marks.last().map(|mark| (mark.from, mark.presence)), Some((at(90_000), Presence::Unknown)));
}

pub(crate) async fn pausing_and_resuming_are_changes(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let mut decided = down(id, 1, at(20_000), &[]);
    decided.incident = None;
    store.commit(vec![decided]).await.unwrap();
    let paused = Enlistment { paused: true, ..named("api") };
    for _ in 0..2 {
        store.enlist(vec![paused.clone()], at(30_000)).await.unwrap();
    }
    let monitor = known(&*store, id).await;
    assert_eq!((monitor.seq, monitor.presence), (2, Some(Presence::Paused)));
    // What is asked next is news again, and what was in a row before the pause is so no more.
    assert_eq!((monitor.memory.status(), monitor.memory.confirmed), (Status::Unknown, Status::Down));
    assert_eq!((monitor.memory.since, monitor.memory.failures), (at(30_000), Streak::default()));
    for _ in 0..2 {
        store.enlist(vec![named("api")], at(40_000)).await.unwrap();
    }
    let monitor = known(&*store, id).await;
    assert_eq!((monitor.seq, monitor.presence), (3, Some(Presence::Unknown)));
    let marks = store.marks(id, at(0)..at(HOUR)).await.unwrap();
    let marks: Vec<_> = marks.iter().map(|mark| (mark.from, mark.presence)).collect();
    assert_eq!(marks, [(at(10_000), Presence::Down), (at(30_000), Presence::Paused), (at(40_000), Presence::Unknown)]);
    let next = Decision { incident: None, ..down(id, 4, at(60_000), &[]) };
    store.commit(vec![next]).await.unwrap();
    assert_eq!(known(&*store, id).await.seq, 4);
}

pub(crate) async fn a_name_given_twice_is_refused_and_nothing_changed(open: Open<'_>) {
    let (store, _) = with_one(open).await;
    let before = store.monitors().await.unwrap();
    let refused = store.enlist(vec![named("x"), named("y"), named("x")], at(1)).await;
    let Err(StoreError::Failed { source, .. }) = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("`x`"), "{source}");
    assert_eq!(store.monitors().await.unwrap(), before);
}

pub(crate) async fn a_monitor_is_found_by_its_number_before_its_name(open: Open<'_>) {
    let store = open();
    let enlisted = enlist(&*store, &["2", "b", "c"], at(0)).await;
    let found = async |key: &str| store.monitor(key).await.unwrap().map(|row| row.enlisted.id);
    assert_eq!(enlisted[1].id.to_string(), "2");
    assert_eq!(found("2").await, Some(enlisted[1].id));
    assert_eq!(found("c").await, Some(enlisted[2].id));
    assert_eq!(found("d").await, None);
    enlist(&*store, &["2", "c"], at(1)).await;
    // The second is no more; now the name counts.
    assert_eq!(found("2").await, Some(enlisted[0].id));
    let row = store.monitor("c").await.unwrap().unwrap();
    assert_eq!(row, store.monitors().await.unwrap().remove(1));
}

pub(crate) async fn many_are_told_of_at_once_as_each_is_alone(open: Open<'_>) {
    let store = open();
    let enlisted = enlist(&*store, &["a", "b"], at(0)).await;
    let (a, b) = (enlisted[0].id, enlisted[1].id);
    store.commit(vec![down(b, 1, at(5), &[])]).await.unwrap();
    store.record(vec![passed(b, at(5)), passed(b, at(6))]).await.unwrap();
    let window = at(0)..at(100);
    let standings = store.standings(vec![b, MonitorId(99), a], window.clone()).await.unwrap();
    let ids: Vec<_> = standings.iter().map(|standing| standing.monitor.enlisted.id).collect();
    assert_eq!(ids, [b, a]);
    let histories = store.histories(vec![b, MonitorId(99), a], window.clone()).await.unwrap();
    assert!(histories.into_iter().eq(standings.iter().map(|one| (one.monitor.clone(), one.marks.clone()))));
    for standing in standings {
        let id = standing.monitor.enlisted.id;
        assert_eq!(standing.marks, store.marks(id, window.clone()).await.unwrap());
        let ever = Wall::from_ms(i64::MIN)..Wall::from_ms(i64::MAX);
        assert_eq!(standing.last, store.results(id, ever, 1).await.unwrap().pop());
        assert_eq!(standing.last.is_some(), id == b);
    }
}
