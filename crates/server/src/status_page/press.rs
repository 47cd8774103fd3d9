//! The pages of one account: written whenever something changes, from that account's view of the store, at a pace of their own.
//! What goes wrong here, or takes long, is no hindrance to the pages of others.

use std::sync::{Arc, Mutex};

use allswell_core::Mono;
use allswell_monitor::audience::Bulletin;
use allswell_monitor::model::AccountId;
use allswell_monitor::status_page::Page;
use allswell_monitor::store::{Store, StoreError};
use tokio::sync::watch;
use tracing::warn;

use super::gather::{self, Responses};
use super::preview::Previews;
use super::published::Published;
use super::subscribe::Subscriptions;
use super::view::{COMPONENTS_MAX, View};
use super::{PAUSE, REFRESH, SHARE, StatusPages};

/// Writes the status pages of one account.
pub struct Press {
    pub(super) pages: Arc<StatusPages>,
    pub(super) store: Arc<dyn Store>,
    /// Says which pages there are.
    pub(super) bulletin: Arc<Bulletin>,
    /// Pages that were looked at before they are kept.
    pub(super) previews: Mutex<Previews>,
    /// Who is written to; `None` where the server has no relay.
    subscriptions: Option<Arc<Subscriptions>>,
    /// Held while pages are written: older ones never take the place of newer ones.
    kept: tokio::sync::Mutex<Kept>,
}

/// What is kept from one writing to the next.
#[derive(Default)]
struct Kept {
    responses: Responses,
    /// When the response times were read, and for which pages.
    read: Option<(Mono, Arc<[Page]>)>,
    /// Which monitors were missing, so that it is told once.
    missing: Vec<(String, String)>,
}

impl Press {
    /// For the pages of which `bulletin` says that they are there, as soon as they are [published](Self::publish); what they show is
    /// read from `store`, the view of their account.
    pub fn new(pages: Arc<StatusPages>, store: Arc<dyn Store>, bulletin: Arc<Bulletin>) -> Self {
        let subscriptions = pages
            .post
            .as_ref()
            .map(|post| Arc::new(Subscriptions::new(Arc::clone(&store), Arc::clone(post), pages.door.key().clone())));
        let (previews, kept) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { pages, store, bulletin, previews, subscriptions, kept }
    }

    /// All pages of the server, with those of this account.
    pub const fn pages(&self) -> &Arc<StatusPages> {
        &self.pages
    }

    fn account(&self) -> AccountId {
        self.store.account()
    }

    /// Writes all pages of the account as they are now.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read; then the pages stay as they were.
    pub async fn publish(&self) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().await;
        let shown = self.bulletin.pages();
        let settings = self.settings(&shown);
        if settings.is_empty() {
            self.pages.show(self.account(), Vec::new());
            return Ok(());
        }
        let (store, now) = (&*self.store, self.pages.clock.now());
        let is_known =
            |(read, pages): &(Mono, Arc<[Page]>)| now.mono.since(*read) < REFRESH && Arc::ptr_eq(pages, &shown);
        if !kept.read.as_ref().is_some_and(is_known) {
            kept.responses = gather::responses(store, &settings).await?;
            kept.read = Some((now.mono, shown));
        }
        let mut gathered = gather::gather(store, &settings, &kept.responses, now.wall).await?;
        gathered.planned = self.bulletin.planned();
        let views: Vec<View> = settings.iter().map(|page| View::of(page, &gathered)).collect();
        kept.tell(&settings, &views);
        let published = settings.iter().zip(&views).map(|(page, view)| self.published(page, view));
        self.pages.show(self.account(), published.collect());
        let Some(subscriptions) = &self.subscriptions else { return Ok(()) };
        for (page, view) in settings.iter().zip(&views).filter(|(page, _)| page.subscribe) {
            subscriptions.tell(page, view).await?;
        }
        Ok(())
    }

    fn published(&self, page: &Page, view: &View) -> Arc<Published> {
        Arc::new(Published::of(page, &self.pages.address(page), view, self.subscriptions.clone()))
    }

    /// Writes all pages as they are now; when the store cannot be read they follow as soon as it can.
    pub(crate) async fn publish_now(&self) {
        if let Err(error) = self.publish().await {
            self.cannot_write(&error);
        }
    }

    fn cannot_write(&self, error: &StoreError) {
        let error = error as &dyn std::error::Error;
        warn!(error, account = self.account().0, "cannot write the status pages, they stay as they were");
    }

    /// Writes to subscribers what they are to be told, until `stop` says so.
    pub(crate) async fn write_mails(&self, mut stop: watch::Receiver<bool>) {
        let Some(subscriptions) = &self.subscriptions else { return };
        let clock = &self.pages.clock;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = subscriptions.wait(clock.now().wall) => {}
            }
            let settings = self.settings(&self.bulletin.pages()).into_iter();
            let pages: Vec<(Page, String)> = settings.map(|page| (page.clone(), self.pages.address(&page))).collect();
            let mut stopping = stop.clone();
            let stopped = async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            };
            if let Err(error) = subscriptions.send_due(&pages, clock.now().wall, stopped).await {
                let account = self.account().0;
                warn!(error = &error as &dyn std::error::Error, account, "cannot write to subscribers yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Writes the pages whenever something changes, and now and then while there are any, until `stop` says so.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        loop {
            let has_pages = !self.bulletin.pages().is_empty();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.bulletin.changed() => {}
                () = tokio::time::sleep(REFRESH), if has_pages => {}
            }
            let clock = &self.pages.clock;
            let began = clock.now().mono;
            self.publish_now().await;
            let took = clock.now().mono.since(began);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(PAUSE.max(took * SHARE)) => {}
            }
        }
    }

    /// The pages that there are; without a relay nobody can subscribe to them.
    pub(super) fn settings(&self, shown: &[Page]) -> Vec<Page> {
        // A relay that came with a new configuration is there after a restart.
        let can = self.subscriptions.is_some();
        shown.iter().map(|page| Page { subscribe: page.subscribe && can, ..page.clone() }).collect()
    }
}

impl Kept {
    /// Tells the log, once, what pages name that is not there, and what finds no room on them.
    fn tell(&mut self, settings: &[Page], views: &[View]) {
        let mut missing = Vec::new();
        for (page, view) in settings.iter().zip(views) {
            missing.extend(view.missing.iter().map(|monitor| (page.slug.clone(), monitor.clone())));
            if view.left_out > 0 {
                missing.push((page.slug.clone(), format!("{} components beyond {COMPONENTS_MAX}", view.left_out)));
            }
        }
        for (page, what) in missing.iter().filter(|one| !self.missing.contains(one)) {
            warn!(page, what, "a status page cannot show what its configuration names");
        }
        self.missing = missing;
    }
}
