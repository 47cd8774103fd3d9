//! Resources over a real store, and an engine that does what it is told at once.

use allswell_core::Wall;
use allswell_probe::Dialer;
use futures_util::FutureExt;

use super::*;
use crate::config::{self, Written};
use crate::model::AccountId;
use crate::store::sqlite::{SqliteStore, Timing};
use crate::store::{Change, ResourceWrite};

const NOW: Wall = Wall::from_ms(1_795_261_334_120);

struct World {
    resources: Resources,
    engine: Engine,
    /// As another account sees them.
    addresses_of_others: Addresses,
    _folder: tempfile::TempDir,
}

/// The other end of the orders.
struct Engine {
    orders: mpsc::Receiver<Order>,
    revision: u64,
    /// Whether its store takes what it is to write.
    can_store: bool,
}

impl Engine {
    /// What `change` comes to while the engine obeys.
    async fn serving<T>(&mut self, change: impl Future<Output = T>) -> T {
        let mut change = std::pin::pin!(change);
        loop {
            tokio::select! {
                done = &mut change => break done,
                Some(order) = self.orders.recv() => self.obey(order),
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let failed = || StoreError::Failed { what: "write", source: "the disk is full".into() };
        let numbers = |count: usize| (1..=u32::try_from(count).expect("a few")).map(MonitorId).collect::<Vec<_>>();
        match order {
            Order::Configure(Configure { monitors, aside, done, .. }) => {
                let told = if self.can_store { Ok(numbers(monitors.len() + aside.len())) } else { Err(failed()) };
                assert!(done.send(told).is_ok(), "nobody waits for it");
            }
            Order::Change(ChangeMonitors { monitors, done, .. }) => {
                self.revision += 1;
                let told = if self.can_store { Ok((self.revision, numbers(monitors.len()))) } else { Err(failed()) };
                assert!(done.send(told).is_ok(), "nobody waits for it");
            }
            Order::Awaits(_) | Order::Ask(_) => unreachable!("no test asks"),
        }
    }
}

impl World {
    /// The first account, with `stored` in its store and no file, in force.
    async fn start(stored: &[(ResourceKind, &str, &str)]) -> Self {
        Self::beside(&[], stored).await
    }

    /// One on a server where another account has the addresses `taken`.
    async fn beside(taken: &[&str], stored: &[(ResourceKind, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let store = SqliteStore::open(folder.path(), NOW, Timing::none()).expect("the store opens");
        let written = stored.iter().map(|(kind, name, spec)| ResourceWrite::Put {
            kind: *kind,
            name: (*name).to_owned(),
            before: None,
            owner: Owner::Api,
            spec: (*spec).to_owned(),
        });
        let change = Change { writes: written.collect(), ..Change::default() };
        store.change(change, NOW).await.expect("the store writes");
        let (sender, orders) = mpsc::channel(1);
        let addresses = Addresses::default();
        let addresses_of_others = addresses.of(AccountId(2));
        addresses_of_others.take(taken.iter().copied()).expect("nobody has them");
        let channels = Switch::unconnected(Dialer::default());
        let resources = Resources::open(&store, sender, channels, Arc::default(), addresses, None).await;
        let resources = resources.expect("the store reads");
        let engine = Engine { orders, revision: 1, can_store: true };
        let mut world = Self { resources, engine, addresses_of_others, _folder: folder };
        world.follow("").await.expect("it is in force");
        world
    }

    async fn follow(&mut self, yaml: &str) -> Result<(), FollowError> {
        self.engine.serving(self.resources.follow(file(yaml))).await
    }

    async fn edit(&mut self, edit: Edit) -> Result<Vec<Edited>, Refused> {
        self.engine.serving(self.resources.edit(vec![edit])).await
    }

    /// The page called `slug`: its former slugs, and why it is not in force.
    fn page(&self, slug: &str) -> (Vec<String>, Option<String>) {
        let model = self.resources.model();
        let held = model.pages.get(slug).expect("it is there");
        (plan::formerly(&held.spec.spec()), held.problem.clone())
    }
}

fn file(yaml: &str) -> Config {
    config::parse(yaml, "test.yaml".as_ref(), &|_| None).expect("a good configuration")
}

fn spec(json: &str) -> Spec {
    Written::stored(json).spec()
}

fn whole(kind: ResourceKind, name: Option<&str>, json: &str) -> Edit {
    Edit { kind, name: name.map(str::to_owned), given: Some(Given::Whole(spec(json))), expected: None, owner: None }
}

fn patch(kind: ResourceKind, name: &str, json: &str) -> Edit {
    let given = Some(Given::Patch(spec(json)));
    Edit { kind, name: Some(name.to_owned()), given, expected: None, owner: None }
}

/// A page with more keys, each behind a comma.
fn page(slug: &str, more: &str) -> String {
    format!(r#"{{"slug":"{slug}","title":"Acme","sections":[{{"tags":["public"]}}]{more}}}"#)
}

const PAGE: ResourceKind = ResourceKind::StatusPage;

#[tokio::test]
async fn once_closed_nothing_changes_and_no_address_is_taken() {
    let mut world = World::start(&[(PAGE, "acme", &page("acme", ""))]).await;
    world.resources.close().await;
    let is_stopping = |refused: Option<Refused>| assert!(matches!(refused, Some(Refused::Stopping)), "{refused:?}");
    is_stopping(world.edit(whole(PAGE, None, &page("new", ""))).await.err());
    is_stopping(world.edit(patch(PAGE, "acme", "{}")).await.err());
    is_stopping(world.engine.serving(world.resources.edit_each(Vec::new())).await.err());
    is_stopping(world.engine.serving(world.resources.keep_to(None)).await.err());
    let files = vec![("a.yaml".to_owned(), String::new())];
    is_stopping(world.engine.serving(world.resources.apply(files, false, None)).await.err());
    let filed = world.follow("status_pages: [{ slug: filed, title: F, sections: [{ tags: [public] }] }]").await;
    assert!(matches!(filed, Err(FollowError::Stopping)), "{filed:?}");
    // Whoever deletes the account gives its addresses back now.
    world.resources.addresses.keep([]);
    assert_eq!(world.addresses_of_others.take(["acme", "new", "filed"]), Ok(()));
}

#[tokio::test]
async fn who_closes_waits_for_the_change_that_is_under_way() {
    let mut world = World::start(&[]).await;
    let mut edit = std::pin::pin!(world.resources.edit(vec![whole(PAGE, None, &page("acme", ""))]));
    assert!((&mut edit).now_or_never().is_none(), "the engine has not answered");
    let mut close = std::pin::pin!(world.resources.close());
    assert!((&mut close).now_or_never().is_none(), "it did not wait");
    let edited = world.engine.serving(edit).await;
    assert!(edited.is_ok(), "what was begun is done: {edited:?}");
    close.await;
    assert_eq!(world.addresses_of_others.taken(["acme"]), Some("acme"));
}

#[tokio::test]
async fn a_configuration_that_is_refused_gives_back_the_addresses_it_wanted() {
    let mut world = World::start(&[(PAGE, "acme", &page("acme", ""))]).await;
    let wanted = "status_pages: [{ slug: wanted, title: W, sections: [{ tags: [public] }] }]";
    world.engine.can_store = false;
    let refused = world.follow(wanted).await;
    assert!(matches!(refused, Err(FollowError::Store(_))), "{refused:?}");
    assert_eq!(world.addresses_of_others.take(["wanted"]), Ok(()));
    assert_eq!(world.addresses_of_others.taken(["acme"]), Some("acme"), "what was in force keeps its own");
    world.addresses_of_others.keep([]);
    world.engine.can_store = true;
    world.follow(wanted).await.expect("it is in force");
    assert_eq!(world.addresses_of_others.taken(["wanted"]), Some("wanted"));
    world.follow("").await.expect("it is in force");
    assert_eq!(world.addresses_of_others.taken(["wanted", "acme"]), Some("acme"));
}

#[tokio::test]
async fn a_monitor_that_is_set_aside_hinders_no_change_of_what_others_inherit() {
    let url = r#""http":{"url":"https://example.com/${env:ALLSWELL_NOBODY_SETS_THIS}"}"#;
    let broken = format!(r#"{{"name":"broken",{url}}}"#);
    let sound = r#"{"name":"sound","http":{"url":"https://example.com/"}}"#;
    let kind = ResourceKind::Monitor;
    let mut world = World::start(&[(kind, "broken", &broken), (kind, "sound", sound)]).await;
    let interval = |world: &World| {
        let model = world.resources.model();
        model.monitors["sound"].config.as_ref().map(|config| config.policy.interval.as_secs())
    };
    world.edit(whole(ResourceKind::Defaults, None, r#"{"interval":"7s"}"#)).await.expect("others may change");
    assert_eq!(interval(&world), Some(7));
    let hook = r#"{"name":"hook","type":"webhook","url":"https://example.com/hook","tags":["public"]}"#;
    world.edit(whole(ResourceKind::Channel, None, hook)).await.expect("others may change");
    let model = world.resources.model();
    let broken = &model.monitors["broken"];
    assert!(broken.config.is_none() && broken.problem.is_some(), "it is set aside as before");
}

#[tokio::test]
async fn a_channel_that_is_set_aside_is_mended_by_what_it_was() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("hook");
    let hook = format!(r#"{{"name":"hook","type":"webhook","url":"${{file:{}}}"}}"#, file.display());
    let mut world = World::start(&[(ResourceKind::Channel, "hook", &hook)]).await;
    let is_aside = |world: &World| world.resources.model().channels["hook"].config.is_none();
    assert!(is_aside(&world), "its file is not there");
    std::fs::write(&file, "https://example.com/hook").expect("written");
    world.edit(whole(ResourceKind::Channel, Some("hook"), &hook)).await.expect("it is mended");
    assert!(!is_aside(&world));
}

#[tokio::test]
async fn a_page_that_is_set_aside_keeps_its_former_slugs_when_it_is_mended() {
    let more = r#","formerly":["first","second"],"password":"${env:ALLSWELL_NOBODY_SETS_THIS}""#;
    let stored = page("acme", more);
    let check = async |edit: Edit, slug: &str, expected: &[&str]| {
        let mut world = World::start(&[(PAGE, "acme", &stored)]).await;
        assert!(world.page("acme").1.is_some(), "its password is not there");
        world.edit(edit).await.expect("it is mended");
        assert_eq!(world.page(slug), (expected.iter().map(|slug| (*slug).to_owned()).collect(), None));
    };
    check(whole(PAGE, Some("acme"), &page("acme", "")), "acme", &["first", "second"]).await;
    check(whole(PAGE, Some("acme"), &page("new", "")), "new", &["first", "second", "acme"]).await;
    check(whole(PAGE, Some("acme"), &page("acme", r#","formerly":[]"#)), "acme", &[]).await;
    check(patch(PAGE, "acme", r#"{"password":null}"#), "acme", &["first", "second"]).await;
    let applied = Edit { owner: Some(Owner::Apply), ..whole(PAGE, Some("acme"), &page("acme", "")) };
    check(applied, "acme", &["first", "second"]).await;
}

#[tokio::test]
async fn a_page_whose_address_is_taken_is_mended_by_leaving_it() {
    let check = async |stored: &str, way_out: &str, edit: Edit, slug: &str, expected: &[&str]| {
        let mut world = World::beside(&["taken"], &[(PAGE, &edit.name.clone().expect("a slug"), stored)]).await;
        let (_, problem) = world.page(edit.name.as_deref().expect("a slug"));
        assert_eq!(problem, Some(format!("the address `/s/taken/` is taken ({way_out})")));
        world.edit(edit).await.expect("it is mended");
        assert_eq!(world.page(slug), (expected.iter().map(|slug| (*slug).to_owned()).collect(), None));
        assert_eq!(world.addresses_of_others.take(["taken"]), Ok(()), "it stays where it was");
        assert_eq!(world.addresses_of_others.taken([slug]), Some(slug));
    };
    let choose = "choose another slug";
    check(&page("taken", ""), choose, patch(PAGE, "taken", r#"{"slug":"new"}"#), "new", &[]).await;
    let stored = page("taken", r#","formerly":["first"]"#);
    check(&stored, choose, whole(PAGE, Some("taken"), &page("new", "")), "new", &["first"]).await;
    let stored = page("acme", r#","formerly":["first","taken"]"#);
    check(&stored, "take it out of `formerly`", patch(PAGE, "acme", r#"{"title":"Mine"}"#), "acme", &["first"]).await;
}
