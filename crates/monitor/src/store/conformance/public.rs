//! What status pages read.

use super::*;
use crate::store::{PublicMonitor, Wanted};

pub(crate) async fn monitors_are_found_by_name_group_and_tag_in_the_order_of_the_list(open: Open<'_>) {
    let store = open();
    let list = vec![
        Enlistment { group: None, ..named("c") },
        Enlistment { tags: vec!["it's \"odd\"".to_owned()], group: None, ..named("b") },
        Enlistment { tags: Vec::new(), ..named("a") },
        Enlistment { tags: Vec::new(), group: None, ..named("gone") },
        Enlistment { tags: Vec::new(), group: None, ..named("private") },
    ];
    store.enlist(list.clone(), at(0)).await.unwrap();
    let left = list.into_iter().filter(|one| one.name != "gone").collect();
    let ids = store.enlist(left, at(1)).await.unwrap();
    let owned = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let find = |names: &[&str], groups: &[&str], tags: &[&str]| {
        store.public_monitors(Wanted { names: owned(names), groups: owned(groups), tags: owned(tags) })
    };
    let first = PublicMonitor { id: ids[0].id, name: "c".into(), group: None, tags: owned(&["eu", "c"]) };
    assert_eq!(find(&["c", "gone"], &[], &[]).await.unwrap(), [first]);
    let names = |found: Vec<PublicMonitor>| found.into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names(find(&[], &["shop"], &["it's \"odd\"", "eu"]).await.unwrap()), ["c", "b", "a"]);
    assert!(find(&[], &[], &[]).await.unwrap().is_empty());
}

pub(crate) async fn incidents_without_their_causes_are_those_that_are_open_or_ended_lately(open: Open<'_>) {
    let store = open();
    let ids: Vec<MonitorId> = enlist(&*store, &["api", "web", "other"], at(0)).await.iter().map(|one| one.id).collect();
    let [api, web, other] = ids[..] else { panic!("three") };
    store.commit(vec![down(api, 1, at(20_000), &[]), up(api, 1, 2, at(40_000), &[])]).await.unwrap();
    store.commit(vec![down(api, 3, at(120_000), &[]), down(web, 1, at(90_000), &[])]).await.unwrap();
    store.commit(vec![down(other, 1, at(100_000), &[])]).await.unwrap();
    let found = async |since, limit| {
        let incidents = store.public_incidents(vec![api, web], since, limit).await.expect("they are read");
        incidents.into_iter().map(|one| (one.id.monitor, one.id.seq, one.ended.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(found(at(0), 10).await, [(api, 3, false), (web, 1, false), (api, 1, true)]);
    assert_eq!(found(at(0), 1).await, [(api, 3, false)]);
    assert_eq!(found(at(60_000), 10).await, [(api, 3, false), (web, 1, false)]);
    let incident = store.public_incidents(vec![api], at(0), 1).await.unwrap().remove(0);
    assert_eq!((incident.kind, incident.turned, incident.began), (incident::Kind::Down, false, at(110_000)));
    assert!(incident.updates.is_empty(), "what the machine noted is no update: {:?}", incident.updates);
}
