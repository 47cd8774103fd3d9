//! A store filled with what a small company's monitors may have seen, at a moment that stands still.

mod company;
mod story;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::{Mono, Now, Wall};
use allswell_monitor::access::{Keyring, Passwords, People};
use allswell_monitor::acknowledge::Acknowledger;
use allswell_monitor::audience::Bulletin;
use allswell_monitor::clock::Clock;
use allswell_monitor::config;
use allswell_monitor::fleet::Fleet;
use allswell_monitor::health::ServerHealth;
use allswell_monitor::heartbeats::{Heartbeats, TokenKey};
use allswell_monitor::links::Links;
use allswell_monitor::metrics::Metrics;
use allswell_monitor::model::AccountId;
use allswell_monitor::resources::{Addresses, Resources};
use allswell_monitor::store::sqlite::{SqliteStore, Timing};
use allswell_monitor::store::{AccountStore as _, Enlistment, Settlement, Store};
use allswell_probe::{AddressPolicy, Dialer};
use allswell_server::api::ApiState;
use allswell_server::pages::Console;
use allswell_server::status_page::{Press, StatusPages};
use tempfile::TempDir;

pub use self::company::company;
pub use self::story::{Outage, Story};

/// 2026-11-21T11:42:14.120Z.
pub const NOW: Wall = Wall::from_ms(1_795_261_334_120);
pub const DAY: Duration = Duration::from_secs(86_400);

/// A clock that stands still.
pub struct Still(pub Now);

impl Clock for Still {
    fn now(&self) -> Now {
        self.0
    }
}

/// The store, and what reads from it.
pub struct World {
    pub state: ApiState,
    _dir: TempDir,
}

impl World {
    /// A store without monitors, watched for ninety days and more.
    pub async fn empty() -> Self {
        let dir = tempfile::tempdir().expect("a directory for the test");
        let store = SqliteStore::open(dir.path(), NOW - DAY * 120, Timing::none()).expect("a new store opens");
        store.watching(NOW - DAY * 120, NOW).await.expect("the store writes");
        let now = Now { mono: Mono::after(DAY), wall: NOW };
        let health = ServerHealth::starting(now);
        health.started();
        health.ticked(AccountId::FIRST, now, Duration::ZERO);
        let token_key = TokenKey::of(dir.path()).expect("the directory can be written to");
        let heartbeats = Arc::new(Heartbeats::new(token_key).0);
        let store = Arc::new(store);
        let clock = Arc::new(Still(now));
        let people = People::open(store.clone(), Passwords::for_tests()).await.expect("the store reads");
        let keys = Keyring::open(store.clone(), None, people.clone()).await.expect("the store reads");
        let fleet = Arc::new(Fleet::new(clock.clone()));
        let bulletin = Arc::new(Bulletin::default());
        let status_pages =
            StatusPages::of(dir.path(), "https://status.example.com", clock.clone(), Addresses::default());
        let status_pages = Arc::new(status_pages.expect("the directory can be written to"));
        let mut accounts = store.accounts().await.expect("the store reads");
        let state = ApiState {
            account: Arc::new(accounts.remove(0)),
            keys,
            people,
            fleet,
            heartbeats,
            acknowledger: Acknowledger::new(store.clone(), clock.clone()).0,
            links: Links::of(dir.path(), "https://status.example.com").expect("the directory can be written to"),
            prober: Arc::new(allswell_probe::Prober::new(AddressPolicy::default())),
            press: Arc::new(Press::new(status_pages, store.clone(), Arc::clone(&bulletin))),
            store,
            bulletin,
            clock,
            metrics: Arc::new(Metrics::new("1.2.3")),
            health: Arc::new(health),
            resources: Arc::new(Resources::unconnected(Dialer::new(AddressPolicy::default()))),
            post: None,
            console: Console::default(),
            public_url: Some("https://status.example.com/".to_owned()),
            backups: None,
        };
        Self { state, _dir: dir }
    }

    /// The company.
    pub async fn company() -> Self {
        let world = Self::empty().await;
        world.play(&company()).await;
        world
    }

    /// Plays what happened to `stories`, which become the monitors 1, 2, 3, ...
    pub async fn play(&self, stories: &[Story]) {
        let store = &*self.state.store;
        let enlistments = stories.iter().map(Story::enlistment).collect();
        let before = stories.iter().map(|story| story.watched_for).max().unwrap_or(DAY);
        // Paused ones are watched first, and paused later.
        let watched: Vec<Enlistment> =
            stories.iter().map(|story| Enlistment { paused: false, ..story.enlistment() }).collect();
        let enlisted = store.enlist(watched, NOW - before).await.expect("the store writes");
        let mut decisions = Vec::new();
        for (story, enlisted) in stories.iter().zip(enlisted) {
            store.record(story.results(enlisted.id)).await.expect("the store writes");
            decisions.extend(story.decisions(enlisted.id));
        }
        decisions.sort_by_key(|decision| decision.at);
        store.commit(decisions).await.expect("the store writes");
        store.enlist(enlistments, NOW - DAY * 3).await.expect("the store writes");
        self.deliver(stories).await;
        self.state.fleet.changed();
        self.state.fleet.catch_up(store).await.expect("the store reads");
    }

    /// Has the status pages that `yaml` lists written, as the store is now.
    pub async fn publish(&self, yaml: &str) {
        let config = config::parse(yaml, Path::new("test.yaml"), &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
        self.state.bulletin.show(config.status_pages.into_iter().map(|one| one.page).collect());
        self.state.bulletin.plan(config.maintenance.into_iter().map(|one| one.maintenance).collect());
        self.state.press.publish().await.expect("the store reads");
    }

    /// Hands over what was told longer ago than a minute, each as its channel answers.
    async fn deliver(&self, stories: &[Story]) {
        let store = &*self.state.store;
        loop {
            let claimed = store.claim(NOW, Duration::from_secs(30), 100, &[]).await.expect("the store writes");
            if claimed.is_empty() || stories.is_empty() {
                return;
            }
            for message in claimed {
                let at = message.created + Duration::from_millis(400);
                let settlement = match message.row.channel.as_str() {
                    "ops" => Settlement::Sent { answer: "250 2.0.0 OK queued as 4F2A".to_owned() },
                    "pager" => Settlement::Dead { why: "404 Not Found".to_owned() },
                    _ => Settlement::Retry {
                        why: "503 Service Unavailable".to_owned(),
                        at: NOW + Duration::from_secs(12),
                    },
                };
                store.settle(message.id, message.token, settlement, at).await.expect("the store writes");
            }
        }
    }
}
