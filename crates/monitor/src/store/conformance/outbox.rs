//! The outbox: at least once, in order, by one sender at a time.

use std::collections::HashSet;

use super::*;
use crate::store::{
    Acknowledged, Acknowledgement, Claimed, DeliveryFilter, DeliveryState, OutboxGauge, Settlement, Together,
};

fn sent() -> Settlement {
    Settlement::Sent { answer: "250 ok".to_owned() }
}

async fn claim(store: &dyn Store, now: Wall) -> Vec<Claimed> {
    store.claim(now, LEASE, 99, &[]).await.expect("claiming works")
}

fn keys(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(|claimed| claimed.row.key.as_str()).collect()
}

pub(crate) async fn a_message_is_claimed_when_it_is_due(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    assert_eq!(store.next_due(&[]).await.unwrap(), None);
    store.commit(vec![down(id, 1, at(20_000), &["ops", "hook"])]).await.unwrap();
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(20_000)));
    assert!(claim(&*store, at(19_999)).await.is_empty());
    assert!(store.claim(at(20_000), LEASE, 0, &[]).await.unwrap().is_empty());
    let one = store.claim(at(20_000), LEASE, 1, &[]).await.unwrap();
    assert_eq!((one.len(), one[0].attempts, one[0].created), (1, 0, at(20_000)));
    assert_eq!(one[0].row.incident, IncidentId { monitor: id, seq: 1 });
    let rest = claim(&*store, at(20_000)).await;
    assert_eq!(rest.len(), 1);
    assert_ne!(rest[0].id, one[0].id);
    assert!(claim(&*store, at(20_001)).await.is_empty());
}

pub(crate) async fn a_message_with_a_known_key_is_not_written_again(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    let twice = Decision {
        outbox: vec![message(IncidentId { monitor: id, seq: 1 }, Kind::Down, "ops"); 2],
        ..down(id, 1, at(1), &[])
    };
    store.commit(vec![twice]).await.unwrap();
    assert_eq!(store.deliveries(DeliveryFilter::newest(9)).await.unwrap().len(), 1);
}

pub(crate) async fn messages_to_channels_left_out_stay_and_do_not_count(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(20_000), &["ops", "it's \"hook\""])]).await.unwrap();
    let hook = ["it's \"hook\"".to_owned()];
    let ops = store.claim(at(30_000), LEASE, 9, &hook).await.unwrap();
    assert_eq!(keys(&ops), ["1-1:down:ops"]);
    assert_eq!(store.next_due(&hook).await.unwrap(), Some(at(90_000)), "the lease");
    assert_eq!(store.next_due(&["ops".to_owned()]).await.unwrap(), Some(at(20_000)));
    assert_eq!(store.next_due(&["ops".to_owned(), hook[0].clone()]).await.unwrap(), None);
    assert_eq!(claim(&*store, at(30_000)).await.len(), 1);
}

pub(crate) async fn nobody_overtakes_within_an_incident_and_a_channel(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store
        .commit(vec![down(id, 1, at(20_000), &["ops", "hook"]), up(id, 1, 2, at(30_000), &["ops", "hook"])])
        .await
        .unwrap();
    store.commit(vec![down(id, 3, at(40_000), &["ops"])]).await.unwrap();
    let now = at(50_000);
    let first = claim(&*store, now).await;
    assert_eq!(keys(&first), ["1-1:down:ops", "1-1:down:hook", "1-3:down:ops"], "another incident does not wait");
    let later = Settlement::Retry { why: "451 later".to_owned(), at: at(90_000) };
    assert!(store.settle(first[0].id, first[0].token, later, now).await.unwrap());
    assert!(store.settle(first[1].id, first[1].token, sent(), now).await.unwrap());
    assert_eq!(keys(&claim(&*store, now).await), ["1-1:up:hook"], "an end waits for its beginning");
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(90_000)));
}

pub(crate) async fn channels_that_have_no_place_left_are_passed_over(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(0), &["ops", "it's", "hook"])]).await.unwrap();
    let except = ["ops".to_owned(), "it's".to_owned(), "nobody".to_owned()];
    assert_eq!(keys(&store.claim(at(0), LEASE, 9, &except).await.unwrap()), ["1-1:down:hook"]);
    assert_eq!(keys(&store.claim(at(0), LEASE, 9, &[]).await.unwrap()), ["1-1:down:ops", "1-1:down:it's"]);
}

pub(crate) async fn a_refused_message_makes_room_for_the_next(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(20_000), &["ops"]), up(id, 1, 2, at(30_000), &["ops"])]).await.unwrap();
    let first = claim(&*store, at(50_000)).await;
    let dead = Settlement::Dead { why: "550 no such user".to_owned() };
    assert!(store.settle(first[0].id, first[0].token, dead, at(51_000)).await.unwrap());
    assert_eq!(keys(&claim(&*store, at(51_000)).await), ["1-1:up:ops"]);
    let row = &store.deliveries(DeliveryFilter::newest(9)).await.unwrap()[1];
    assert_eq!((row.state.as_str(), row.sent, row.next), ("refused", None, None));
    assert_eq!(row.last_answer.as_deref(), Some("550 no such user"));
}

pub(crate) async fn a_lease_that_ran_out_is_given_to_the_next_and_the_old_token_is_worth_nothing(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(0), &["ops"])]).await.unwrap();
    let old = claim(&*store, at(0)).await.remove(0);
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(60_000)));
    assert!(claim(&*store, at(59_999)).await.is_empty());
    let new = claim(&*store, at(60_000)).await.remove(0);
    assert_eq!((new.id, new.attempts), (old.id, 1));
    assert!(new.token > old.token);
    for settlement in [sent(), Settlement::Dead { why: "no".to_owned() }] {
        assert!(!store.settle(old.id, old.token, settlement, at(61_000)).await.unwrap());
    }
    assert_eq!(store.outbox().await.unwrap().waiting, 1);
    assert!(store.settle(new.id, new.token, sent(), at(62_000)).await.unwrap());
    assert_eq!(store.outbox().await.unwrap(), OutboxGauge::default());
    assert!(!store.settle(999, 1, sent(), at(62_000)).await.unwrap(), "nothing is known of a message that never was");
}

pub(crate) async fn every_attempt_is_kept_with_its_end_and_one_cut_off_without(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(0), &["ops"])]).await.unwrap();
    let cut_off = claim(&*store, at(0)).await.remove(0);
    let second = claim(&*store, at(60_000)).await.remove(0);
    let retry = Settlement::Retry { why: "451 later".to_owned(), at: at(70_000) };
    assert!(store.settle(second.id, second.token, retry, at(60_400)).await.unwrap());
    let third = claim(&*store, at(70_000)).await.remove(0);
    let (row, tries) = store.delivery(third.id).await.unwrap().unwrap();
    assert_eq!((row.id, row.attempts, tries.len()), (third.id, 3, 3));
    assert_eq!(
        (tries[0].number, tries[0].began, tries[0].ended, &tries[0].result),
        (cut_off.token, at(0), None, &None)
    );
    assert_eq!((tries[1].began, tries[1].ended), (at(60_000), Some(at(60_400))));
    assert_eq!((tries[1].result.as_deref(), tries[1].said.as_deref()), (Some("retried"), Some("451 later")));
    assert!(!store.settle(cut_off.id, cut_off.token, sent(), at(70_100)).await.unwrap());
    assert!(store.settle(third.id, third.token, sent(), at(70_200)).await.unwrap());
    let (_, tries) = store.delivery(third.id).await.unwrap().unwrap();
    assert_eq!((tries[2].result.as_deref(), tries[2].ended), (Some("sent"), Some(at(70_200))));
    assert_eq!(tries[0].ended, None, "an end that comes too late is not noted");
    store.forget(at(80_000)).await.unwrap();
    assert_eq!(store.delivery(third.id).await.unwrap(), None, "its attempts go with it");
    assert_eq!(store.delivery(999).await.unwrap(), None);
}

pub(crate) async fn many_claimers_never_hold_the_same_message(open: Open<'_>) {
    let store = open();
    let names: Vec<String> = (0..60).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let enlisted = enlist(&*store, &names, at(0)).await;
    store.commit(enlisted.iter().map(|monitor| down(monitor.id, 1, at(1), &["ops", "hook"])).collect()).await.unwrap();
    let mut claimers = tokio::task::JoinSet::new();
    for claimer in 0..8 {
        let store = Arc::clone(&store);
        claimers.spawn(async move {
            let mut held = Vec::new();
            for _ in 0..40 {
                let claimed = store.claim(at(2), LEASE, 1 + claimer % 3, &[]).await.unwrap();
                for message in &claimed {
                    assert!(store.settle(message.id, message.token, sent(), at(3)).await.unwrap());
                }
                held.extend(claimed.into_iter().map(|message| message.id));
            }
            held
        });
    }
    let held: Vec<i64> = claimers.join_all().await.into_iter().flatten().collect();
    assert_eq!((held.len(), held.iter().collect::<HashSet<_>>().len()), (120, 120));
    assert!(
        store
            .deliveries(DeliveryFilter::newest(999))
            .await
            .unwrap()
            .iter()
            .all(|row| row.attempts == 1 && row.state == "sent")
    );
}

pub(crate) async fn settling_twice_is_settling_once(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(0), &["ops"])]).await.unwrap();
    let held = claim(&*store, at(0)).await.remove(0);
    for second in [1_000, 2_000] {
        assert!(store.settle(held.id, held.token, sent(), at(second)).await.unwrap());
    }
    let row = store.deliveries(DeliveryFilter::newest(9)).await.unwrap().remove(0);
    assert_eq!((row.state.as_str(), row.sent, row.attempts), ("sent", Some(at(1_000)), 1));
    let timeline = store.incidents(ALL).await.unwrap().remove(0).timeline;
    let lines: Vec<_> = timeline.iter().map(|line| (line.what.as_str(), line.text.as_str())).collect();
    assert_eq!(lines, [("opened", "it answered 503"), ("sent", "down to ops: 250 ok")]);
}

pub(crate) async fn a_retry_waits_and_the_timeline_tells_the_same_answer_once(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(0), &["ops"])]).await.unwrap();
    for (attempt, why) in ["451 later", "451 later", "no answer"].into_iter().enumerate() {
        let now = at(1_000 * i64::try_from(attempt).unwrap());
        let held = claim(&*store, now).await.remove(0);
        assert_eq!(held.attempts as usize, attempt);
        let again = now + Duration::from_secs(1);
        let retry = Settlement::Retry { why: why.to_owned(), at: again };
        assert!(store.settle(held.id, held.token, retry, now).await.unwrap());
        assert!(claim(&*store, now).await.is_empty());
        assert_eq!(store.next_due(&[]).await.unwrap(), Some(again));
        let row = store.deliveries(DeliveryFilter::newest(9)).await.unwrap().remove(0);
        assert_eq!((row.state.as_str(), row.next, row.last_answer.as_deref()), ("waiting", Some(again), Some(why)));
    }
    let timeline = store.incidents(ALL).await.unwrap().remove(0).timeline;
    let retried: Vec<_> = timeline.iter().filter(|line| line.what == "retried").map(|line| line.at).collect();
    assert_eq!(retried, [at(0), at(2_000)]);
}

pub(crate) async fn a_restart_frees_what_was_claimed(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(0), &["ops"])]).await.unwrap();
    let before = claim(&*store, at(0)).await.remove(0);
    store.close().await.unwrap();
    let store = open();
    let after = claim(&*store, at(1)).await.remove(0);
    assert_eq!((after.id, after.row.key), (before.id, before.row.key));
    assert!(after.token > before.token);
}

pub(crate) async fn the_gauge_counts_what_waits_and_what_was_refused(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    assert_eq!(store.outbox().await.unwrap(), OutboxGauge::default());
    store.commit(vec![down(id, 1, at(0), &["a", "b", "c"]), up(id, 1, 2, at(9), &["c"])]).await.unwrap();
    let held = claim(&*store, at(0)).await;
    assert_eq!(store.outbox().await.unwrap(), OutboxGauge { waiting: 4, oldest: Some(at(0)), refused: 0 });
    store.settle(held[0].id, held[0].token, sent(), at(1)).await.unwrap();
    store.settle(held[1].id, held[1].token, Settlement::Dead { why: "no".to_owned() }, at(1)).await.unwrap();
    store.settle(held[2].id, held[2].token, sent(), at(1)).await.unwrap();
    assert_eq!(store.outbox().await.unwrap(), OutboxGauge { waiting: 1, oldest: Some(at(9)), refused: 1 });
}

pub(crate) async fn only_what_was_delivered_long_ago_is_forgotten(open: Open<'_>) {
    let (store, id) = with_one(open).await;
    store.commit(vec![down(id, 1, at(0), &["sent", "dead", "late", "waits"])]).await.unwrap();
    for held in claim(&*store, at(0)).await {
        let (settlement, now) = match held.row.channel.as_str() {
            "sent" => (sent(), at(1_000)),
            "late" => (sent(), at(2_000)),
            "dead" => (Settlement::Dead { why: "no".to_owned() }, at(1_000)),
            _ => continue,
        };
        store.settle(held.id, held.token, settlement, now).await.unwrap();
    }
    store.forget(at(2_000)).await.unwrap();
    let rows = store.deliveries(DeliveryFilter::newest(9)).await.unwrap();
    let left: Vec<_> = rows.iter().map(|row| row.channel.as_str()).collect();
    assert_eq!(left, ["waits", "late", "dead"]);
    assert_eq!(store.incidents(ALL).await.unwrap().len(), 1, "decisions stay");
}

/// The monitor goes down, and its message to `ops` goes together with others at `due`.
fn gathered(monitor: MonitorId, seq: u32, now: Wall, due: Wall) -> Decision {
    let mut decision = down(monitor, seq, now, &["ops"]);
    decision.outbox[0].together = Some(Together { name: "not-well:1:1".to_owned(), due });
    decision
}

pub(crate) async fn messages_that_go_together_wait_and_then_go_as_one(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b", "c"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    store.commit(vec![gathered(ids[0], 1, at(1_000), at(10_000))]).await.unwrap();
    store
        .commit(vec![gathered(ids[1], 1, at(2_000), at(12_000)), gathered(ids[2], 1, at(3_000), at(11_000))])
        .await
        .unwrap();
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(12_000)), "the latest that one of them says");
    assert_eq!(store.claim(at(11_999), LEASE, 9, &[]).await.unwrap(), []);
    // A process that ends while they wait loses none of them.
    store.close().await.unwrap();
    let store = open();
    let mut claimed = store.claim(at(12_000), LEASE, 9, &[]).await.unwrap();
    let one = claimed.pop().unwrap();
    assert_eq!((claimed.len(), one.row.key.as_str()), (0, "1-1:down:ops"));
    let carried: Vec<_> = one.carried.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(carried, ["2-1:down:ops", "3-1:down:ops"]);
    // Sent again after a lease ran out, it is the same message with the same others, whatever came meanwhile.
    store.commit(vec![gathered(ids[0], 2, at(13_000), at(14_000))]).await.unwrap_err();
    let again = store.claim(at(90_000), LEASE, 9, &[]).await.unwrap().remove(0);
    assert_eq!((&again.row, &again.carried), (&one.row, &one.carried));
    let sent = Settlement::Sent { answer: "250 ok".to_owned() };
    assert!(store.settle(again.id, again.token, sent, at(91_000)).await.unwrap());
    let deliveries = store.deliveries(DeliveryFilter::newest(9)).await.unwrap();
    assert!(deliveries.iter().all(|row| row.state == "sent" && row.last_answer.as_deref() == Some("250 ok")));
    let carriers: Vec<_> = deliveries.iter().map(|row| row.carrier.as_deref()).collect();
    assert_eq!(carriers, [Some("1-1:down:ops"), Some("1-1:down:ops"), None]);
    assert_eq!((store.outbox().await.unwrap().waiting, store.next_due(&[]).await.unwrap()), (0, None));
    let told = store.incidents(ALL).await.unwrap();
    assert!(told.iter().all(|incident| incident.timeline.last().unwrap().what == "sent"), "{told:?}");
}

pub(crate) async fn nobody_overtakes_by_going_together(open: Open<'_>) {
    let store = open();
    let names = ["a", "b", "c"];
    let ids: Vec<_> = enlist(&*store, &names, at(0)).await.iter().map(|monitor| monitor.id).collect();
    store.commit(ids.iter().map(|id| down(*id, 1, at(1_000), &["ops"])).collect()).await.unwrap();
    let first = store.claim(at(1_000), LEASE, 9, &[]).await.unwrap();
    let well = |monitor: &MonitorId| {
        let mut decision = up(*monitor, 1, 2, at(2_000), &["ops"]);
        decision.outbox[0].together = Some(Together { name: "well:1:1".to_owned(), due: at(5_000) });
        decision
    };
    store.commit(ids.iter().map(well).collect()).await.unwrap();
    let sent = Settlement::Sent { answer: String::new() };
    assert!(store.settle(first[1].id, first[1].token, sent.clone(), at(3_000)).await.unwrap());
    // Two are still on their way, so their recoveries must wait for them; the other one need not.
    let claimed = store.claim(at(5_000), LEASE, 9, &[]).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.row.incident.monitor).collect::<Vec<_>>(), [ids[1]]);
    assert!(claimed[0].carried.is_empty());
    for claimed in [&first[0], &first[2]] {
        assert!(store.settle(claimed.id, claimed.token, sent.clone(), at(6_000)).await.unwrap());
    }
    // They waited together, and go together.
    assert_eq!(store.next_due(&[]).await.unwrap(), Some(at(10_000)));
    let later = store.claim(at(10_000), LEASE, 9, &[]).await.unwrap();
    assert_eq!(later.iter().map(|claimed| claimed.row.incident.monitor).collect::<Vec<_>>(), [ids[0]]);
    assert_eq!(later[0].carried.iter().map(|row| row.incident.monitor).collect::<Vec<_>>(), [ids[2]]);
}

pub(crate) async fn all_that_a_message_tells_of_is_acknowledged_at_once(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b", "c"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    store.commit(ids.iter().map(|id| gathered(*id, 1, at(1_000), at(2_000))).collect()).await.unwrap();
    let carrier = store.claim(at(2_000), LEASE, 9, &[]).await.unwrap().remove(0).id;
    let incidents: Vec<_> = ids.iter().map(|id| IncidentId { monitor: *id, seq: 1 }).collect();
    store.acknowledge(incidents[1], "bob".to_owned(), None, at(3_000)).await.unwrap();
    store.commit(vec![up(ids[2], 1, 2, at(4_000), &[])]).await.unwrap();
    let told = store.told(carrier).await.unwrap();
    assert_eq!(
        told.iter().map(|told| (told.id, told.monitor_name.as_str())).collect::<Vec<_>>(),
        [(incidents[0], "a"), (incidents[1], "b"), (incidents[2], "c")]
    );
    assert_eq!(told.iter().map(|told| told.needs_somebody()).collect::<Vec<_>>(), [true, false, false]);
    let done = store.acknowledge_all(incidents.clone(), "ann".to_owned(), at(5_000)).await.unwrap();
    let bob = Acknowledgement { by: "bob".to_owned(), at: at(3_000) };
    assert_eq!(
        done,
        [Acknowledged::Now, Acknowledged::Before(bob), Acknowledged::Ended { at: told[2].ended.unwrap() }]
    );
    let row = store.incident(incidents[0]).await.unwrap().unwrap();
    assert_eq!(row.acknowledged.map(|seen| (seen.by, seen.at)), Some(("ann".to_owned(), at(5_000))));
    assert_eq!(row.timeline.last().unwrap().text, "by ann");
    assert_eq!(store.told(carrier + 1).await.unwrap().len(), 1, "one that is carried tells of its own");
    assert_eq!(store.told(99).await.unwrap(), []);
}

pub(crate) async fn deliveries_are_found_by_what_they_are_about(open: Open<'_>) {
    let store = open();
    let ids: Vec<_> = enlist(&*store, &["a", "b"], at(0)).await.iter().map(|monitor| monitor.id).collect();
    let channels = ["ops", "hook", "pager"];
    store.commit(vec![down(ids[0], 1, at(1_000), &channels), down(ids[1], 1, at(1_000), &["ops"])]).await.unwrap();
    store.commit(vec![up(ids[0], 1, 2, at(2_000), &["ops"])]).await.unwrap();
    store.commit(vec![down(ids[0], 3, at(3_000), &["ops"])]).await.unwrap();
    for claimed in store.claim(at(1_000), LEASE, 9, &[]).await.unwrap() {
        let settlement = match claimed.row.channel.as_str() {
            "ops" => sent(),
            "hook" => Settlement::Dead { why: "404".to_owned() },
            _ => Settlement::Retry { why: "503".to_owned(), at: at(9_000) },
        };
        assert!(store.settle(claimed.id, claimed.token, settlement, at(4_000)).await.unwrap());
    }
    let found = async |filter: DeliveryFilter| {
        let rows = store.deliveries(filter).await.unwrap();
        rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    let all = || DeliveryFilter::newest(9);
    let first = IncidentId { monitor: ids[0], seq: 1 };
    assert_eq!(
        found(DeliveryFilter { incident: Some(first), ..all() }).await,
        ["1-1:up:ops", "1-1:down:pager", "1-1:down:hook", "1-1:down:ops"]
    );
    assert_eq!(found(DeliveryFilter { monitor: Some(ids[1]), ..all() }).await, ["2-1:down:ops"]);
    assert_eq!(found(DeliveryFilter { monitor: Some(ids[1]), incident: Some(first), ..all() }).await.len(), 0);
    assert_eq!(found(DeliveryFilter { channel: Some("hook".to_owned()), ..all() }).await, ["1-1:down:hook"]);
    let state = |state| DeliveryFilter { state: Some(state), ..all() };
    assert_eq!(found(state(DeliveryState::Refused)).await, ["1-1:down:hook"]);
    assert_eq!(found(state(DeliveryState::Sent)).await, ["2-1:down:ops", "1-1:down:ops"]);
    assert_eq!(
        found(DeliveryFilter { limit: 2, ..state(DeliveryState::Waiting) }).await,
        ["1-3:down:ops", "1-1:up:ops"]
    );
    let ops = DeliveryFilter { channel: Some("ops".to_owned()), monitor: Some(ids[0]), ..state(DeliveryState::Sent) };
    assert_eq!(found(ops).await, ["1-1:down:ops"]);
}
