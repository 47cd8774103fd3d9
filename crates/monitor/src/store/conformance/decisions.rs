//! Decisions: all or nothing, once, in order.

use allswell_core::telling::{Flapping, Telling, Told};

use super::*;
use crate::store::{Acknowledged, Acknowledgement, DeliveryFilter, OpenIncident, StoreError};

pub(crate) async fn a_decision_comes_back_after_a_restart(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let decision = down(id, 1, at(20_000), &["ops", "hook"]);
    store.commit(vec![decision.clone()]).await.unwrap();
    store.close().await.unwrap();
    let store = open();
    let enlisted = enlist(&*store, &["api"], at(99_000)).await.remove(0);
    assert_eq!((enlisted.id, enlisted.created, enlisted.memory), (id, at(0), decision.memory));
    assert_eq!((enlisted.seq, enlisted.presence), (1, Some(Presence::Down)));
    let incident = OpenIncident {
        id: IncidentId { monitor: id, seq: 1 },
        kind: incident::Kind::Down,
        began: at(10_000),
        cause: "it answered 503".to_owned(),
        acknowledged: false,
    };
    assert_eq!(enlisted.incident, Some(incident));
    let waiting = store.claim(at(20_000), LEASE, 9, &[]).await.unwrap();
    assert_eq!(waiting.into_iter().map(|claimed| claimed.row).collect::<Vec<_>>(), decision.outbox);
}

/// All that a decision can change.
async fn everything(store: &dyn Store) -> String {
    let (monitors, incidents) = (store.monitors().await.unwrap(), store.incidents(ALL).await.unwrap());
    format!("{monitors:#?} {incidents:#?} {:#?}", store.deliveries(DeliveryFilter::newest(99)).await.unwrap())
}

pub(crate) async fn the_same_decision_again_changes_nothing(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let first = down(id, 1, at(20_000), &["ops"]);
    let second = up(id, 1, 2, at(60_000), &["ops"]);
    store.commit(vec![first.clone()]).await.unwrap();
    store.commit(vec![second.clone()]).await.unwrap();
    let before = everything(&*store).await;
    store.commit(vec![first.clone()]).await.unwrap();
    store.commit(vec![first, second]).await.unwrap();
    assert_eq!(everything(&*store).await, before);
}

pub(crate) async fn another_decision_with_a_taken_number_is_dropped_as_a_whole(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(20_000), &["ops"])]).await.unwrap();
    let before = everything(&*store).await;
    let other = Decision { memory: memory(Status::Up), ..down(id, 1, at(30_000), &["other"]) };
    store.commit(vec![other]).await.unwrap();
    assert_eq!(everything(&*store).await, before);
}

pub(crate) async fn decisions_are_written_together_or_not_at_all(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let before = everything(&*store).await;
    let nobody = MonitorId(id.0 + 77);
    let refused = store.commit(vec![down(id, 1, at(20_000), &["ops"]), down(nobody, 1, at(20_000), &[])]).await;
    let Err(StoreError::Failed { source, .. }) = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains(&nobody.to_string()), "{source}");
    assert_eq!(everything(&*store).await, before);
}

pub(crate) async fn a_decision_that_does_not_follow_the_last_is_refused(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let before = everything(&*store).await;
    let refused = store.commit(vec![down(id, 2, at(20_000), &[])]).await;
    assert!(matches!(refused, Err(StoreError::Failed { .. })), "{refused:?}");
    assert_eq!(everything(&*store).await, before);
}

pub(crate) async fn one_bad_decision_does_not_spoil_those_beside_it(open: Open<'_>) {
    let store = open();
    let names: Vec<String> = (0..40).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let enlisted = enlist(&*store, &names, at(0)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for (number, monitor) in enlisted.iter().enumerate() {
        let (store, seq) = (Arc::clone(&store), if number % 3 == 0 { 5 } else { 1 });
        let decision = down(monitor.id, seq, at(20_000), &["ops"]);
        tasks.spawn(async move { (seq, store.commit(vec![decision]).await) });
    }
    for (seq, done) in tasks.join_all().await {
        assert_eq!(done.is_ok(), seq == 1, "{done:?}");
    }
    for (number, row) in store.monitors().await.unwrap().iter().enumerate() {
        assert_eq!(row.enlisted.seq, u32::from(number % 3 != 0));
    }
    assert_eq!(store.deliveries(DeliveryFilter::newest(99)).await.unwrap().len(), 26);
}

pub(crate) async fn what_a_retired_monitor_decides_is_dropped(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    enlist(&*store, &["other"], at(1)).await;
    let before = everything(&*store).await;
    store.commit(vec![down(id, 2, at(20_000), &["ops"])]).await.unwrap();
    assert_eq!(everything(&*store).await, before);
}

pub(crate) async fn an_incident_opens_turns_and_closes(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let incident = IncidentId { monitor: id, seq: 1 };
    store.commit(vec![down(id, 1, at(20_000), &[])]).await.unwrap();
    let turn = IncidentChange::Turn {
        kind: incident::Kind::Degraded,
        cause: "it is slow".to_owned(),
        evidence: "{}".to_owned(),
    };
    let better = Decision {
        transition: Some(transition(2, Presence::Down, Presence::Degraded, at(40_000))),
        incident: Some((incident, turn)),
        ..down(id, 2, at(40_000), &[])
    };
    // Without a transition nothing says that it was taken already, but the change itself.
    let replayed = Decision { transition: None, ..better.clone() };
    store.commit(vec![better, replayed]).await.unwrap();
    assert_eq!(known(&*store, id).await.incident.unwrap().kind, incident::Kind::Degraded);
    let loose = Decision {
        transition: None,
        incident: None,
        outbox: vec![message(incident, Kind::Degraded, "ops")],
        ..down(id, 9, at(50_000), &[])
    };
    store.commit(vec![loose]).await.unwrap();
    assert_eq!(
        store.deliveries(DeliveryFilter::newest(1)).await.unwrap()[0].incident,
        incident,
        "a message belongs to its incident"
    );
    store.commit(vec![up(id, 1, 3, at(60_000), &[])]).await.unwrap();
    assert_eq!(known(&*store, id).await.incident, None);
    let row = store.incidents(ALL).await.unwrap().remove(0);
    assert_eq!((row.id, row.monitor_name.as_str(), row.kind), (incident, "api", incident::Kind::Degraded));
    assert_eq!((row.began, row.opened, row.ended), (at(10_000), at(20_000), Some(at(50_000))));
    assert_eq!((row.cause.as_str(), row.evidence.as_str()), ("it answered 503", r#"{"status":503}"#));
    let timeline: Vec<_> = row.timeline.iter().map(|line| (line.at, line.what.as_str(), line.text.as_str())).collect();
    assert_eq!(
        timeline,
        [
            (at(20_000), "opened", "it answered 503"),
            (at(40_000), "turned", "it is slow"),
            (at(60_000), "closed", "lasted 40 s"),
        ]
    );
}

pub(crate) async fn incidents_are_found_by_monitor_and_by_being_open(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    store.commit(vec![down(ids[0], 1, at(20_000), &[]), up(ids[0], 1, 2, at(30_000), &[])]).await.unwrap();
    store.commit(vec![down(ids[1], 1, at(40_000), &[]), down(ids[0], 3, at(50_000), &[])]).await.unwrap();
    let check = async |filter: IncidentFilter, expected: &[(MonitorId, u32)]| {
        let found = store.incidents(filter).await.unwrap();
        let found: Vec<_> = found.iter().map(|incident| (incident.id.monitor, incident.id.seq)).collect();
        assert_eq!(found, expected, "{filter:?}");
    };
    check(ALL, &[(ids[0], 3), (ids[1], 1), (ids[0], 1)]).await;
    check(IncidentFilter { open_only: true, ..ALL }, &[(ids[0], 3), (ids[1], 1)]).await;
    check(IncidentFilter { monitor: Some(ids[0]), ..ALL }, &[(ids[0], 3), (ids[0], 1)]).await;
    check(IncidentFilter { limit: 1, ..ALL }, &[(ids[0], 3)]).await;
}

pub(crate) async fn the_first_who_sees_to_an_incident_is_noted_for_good(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let incident = IncidentId { monitor: id, seq: 1 };
    let acknowledge = async |store: &dyn Store, by: &str, note: Option<&str>, now| {
        store.acknowledge(incident, by.to_owned(), note.map(str::to_owned), now).await.unwrap()
    };
    assert_eq!(acknowledge(&*store, "ann", None, at(1)).await, Acknowledged::Unknown);
    store.commit(vec![down(id, 1, at(20_000), &[])]).await.unwrap();
    assert_eq!(acknowledge(&*store, "ann", Some("the disk is full"), at(30_000)).await, Acknowledged::Now);
    store.close().await.unwrap();
    let store = open();
    let first = Acknowledgement { by: "ann".to_owned(), at: at(30_000) };
    assert_eq!(acknowledge(&*store, "bob", None, at(40_000)).await, Acknowledged::Before(first.clone()));
    let row = store.incidents(ALL).await.unwrap().remove(0);
    assert_eq!(row.acknowledged, Some(first));
    let lines: Vec<_> = row.timeline.iter().map(|line| (line.what.as_str(), line.text.as_str())).collect();
    assert_eq!(lines, [("opened", "it answered 503"), ("acknowledged", "by ann: the disk is full")]);
}

pub(crate) async fn an_incident_that_has_ended_is_seen_to_by_nobody(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(20_000), &[]), up(id, 1, 2, at(50_000), &[])]).await.unwrap();
    let incident = IncidentId { monitor: id, seq: 1 };
    let late = store.acknowledge(incident, "ann".to_owned(), None, at(60_000)).await.unwrap();
    assert_eq!(late, Acknowledged::Ended { at: at(40_000) });
    let row = store.incidents(ALL).await.unwrap().remove(0);
    assert_eq!((row.acknowledged, row.timeline.len()), (None, 2));
}

pub(crate) async fn what_people_were_told_comes_back_and_so_does_why_they_were_not(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let telling = Telling {
        told: Some(Told { seq: 1, kind: incident::Kind::Down, began: at(1), at: at(2), reminders: 3 }),
        recent: vec![at(4), at(5)],
        flapping: Some(Flapping { since: at(6), outages: 7, digests: 8, changed: at(9) }),
    };
    let incident = IncidentId { monitor: id, seq: 1 };
    let decision = Decision {
        telling: Some(telling.clone()),
        silence: Some((incident, "nobody is told: planned maintenance `move`".to_owned())),
        ..down(id, 1, at(20_000), &[])
    };
    store.commit(vec![decision]).await.unwrap();
    store.close().await.unwrap();
    let store = open();
    assert_eq!(known(&*store, id).await.telling, telling);
    store.commit(vec![Decision::nothing(id, at(30_000), memory(Status::Down))]).await.unwrap();
    assert_eq!(known(&*store, id).await.telling, telling, "a decision that says nothing of it changes nothing of it");
    let lines: Vec<_> =
        store.incidents(ALL).await.unwrap().remove(0).timeline.into_iter().map(|line| line.what).collect();
    assert_eq!(lines, ["opened", "silenced"]);
}
