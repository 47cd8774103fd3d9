//! Status pages: what strangers are told of monitors, in HTML without a script, as feeds, as JSON and as badges.
//!
//! What a page shows comes from the store through [`PublicStore`](allswell_monitor::store::PublicStore), which knows no cause, no target and no
//! evidence; how a page is chosen and called, through the configuration ([`Page`]). All pages are written when something changes, at
//! most once a second, and answered from memory before anything else is done with a request: they stay up while the store is busy,
//! and even while it fails.

mod access;
mod badge;
mod bars;
mod days;
mod feeds;
mod gather;
mod letters;
mod news;
mod planned;
mod preview;
mod render;
mod serve;
mod snapshot;
mod subscribe;
mod view;
mod words;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use allswell_core::Mono;
use allswell_monitor::audience::Bulletin;
use allswell_monitor::clock::Clock;
use allswell_monitor::notify::email::Mailer;
use allswell_monitor::secret_key::SecretKey;
use allswell_monitor::status_page::Page;
use allswell_monitor::store::{Store, StoreError};
use tokio::sync::watch;
use tracing::warn;

use self::access::Door;
use self::gather::Responses;
use self::preview::Previews;
use self::snapshot::{Published, Snapshot};
use self::subscribe::Subscriptions;
use self::view::{COMPONENTS_MAX, View};

pub(crate) use preview::POLICY as PREVIEW_POLICY;
pub(crate) use serve::serve;

/// Where the key of cookies lies below the data directory.
const KEY_FILE: &str = "status-pages.key";
/// How often pages are written when nothing changes: the time goes on, and uptime with it.
const REFRESH: Duration = Duration::from_secs(30);
/// The shortest time between two writings.
const PAUSE: Duration = Duration::from_secs(1);
/// What writing may take of one processor: one part of so many.
const SHARE: u32 = 20;

/// All status pages of a server.
pub struct StatusPages {
    clock: Arc<dyn Clock>,
    door: Door,
    /// Where people find the server, with a slash at its end.
    base: String,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Says which pages there are.
    bulletin: Arc<Bulletin>,
    /// Pages that were looked at before they are kept.
    previews: Mutex<Previews>,
    /// Who is written to; `None` where the server has no relay.
    subscriptions: Option<Subscriptions>,
    /// Held while pages are written: older ones never take the place of newer ones.
    press: tokio::sync::Mutex<Press>,
}

/// What is kept from one writing to the next.
#[derive(Default)]
struct Press {
    responses: Responses,
    /// When the response times were read, and for which pages.
    read: Option<(Mono, Arc<[Page]>)>,
    /// Which monitors were missing, so that it is told once.
    missing: Vec<(String, String)>,
}

impl StatusPages {
    /// The pages of which `bulletin` says that they are there, as soon as they are [published](Self::publish). `public_url` is
    /// where people find the server.
    ///
    /// # Errors
    /// The system's, when the key of cookies in the data directory can neither be read nor written.
    pub fn of(data: &Path, public_url: &str, clock: Arc<dyn Clock>, bulletin: Arc<Bulletin>) -> io::Result<Self> {
        Ok(Self {
            clock,
            door: Door::new(SecretKey::of(data, KEY_FILE)?),
            base: format!("{}/", public_url.trim_end_matches('/')),
            snapshot: RwLock::default(),
            bulletin,
            previews: Mutex::default(),
            subscriptions: None,
            press: tokio::sync::Mutex::default(),
        })
    }

    /// The same, with subscribers who are kept in `store` and written to by `mailer`.
    pub fn with_mail(mut self, store: Arc<dyn Store>, mailer: Arc<Mailer>) -> Self {
        self.subscriptions = Some(Subscriptions::new(store, mailer, self.door.key().clone()));
        self
    }

    /// Writes all pages as they are now.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read; then the pages stay as they were.
    pub async fn publish(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mut press = self.press.lock().await;
        let shown = self.bulletin.pages();
        let settings = self.settings(&shown);
        if settings.is_empty() {
            *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
            return Ok(());
        }
        let now = self.clock.now();
        let is_known =
            |(read, pages): &(Mono, Arc<[Page]>)| now.mono.since(*read) < REFRESH && Arc::ptr_eq(pages, &shown);
        if !press.read.as_ref().is_some_and(is_known) {
            press.responses = gather::responses(store, &settings).await?;
            press.read = Some((now.mono, shown));
        }
        let mut gathered = gather::gather(store, &settings, &press.responses, now.wall).await?;
        gathered.planned = self.bulletin.planned();
        let views: Vec<View> = settings.iter().map(|page| View::of(page, &gathered)).collect();
        press.tell(&settings, &views);
        let published = settings.iter().zip(&views).map(|(page, view)| Published::of(page, &self.address(page), view));
        let snapshot = Arc::new(Snapshot::of(published.collect()));
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        let Some(subscriptions) = &self.subscriptions else { return Ok(()) };
        for (page, view) in settings.iter().zip(&views).filter(|(page, _)| page.subscribe) {
            subscriptions.tell(page, view).await?;
        }
        Ok(())
    }

    /// Writes all pages as they are now; when the store cannot be read they follow as soon as it can.
    pub(crate) async fn publish_now(&self, store: &dyn Store) {
        if let Err(error) = self.publish(store).await {
            warn!(error = &error as &dyn std::error::Error, "cannot write the status pages yet");
        }
    }

    /// Writes to subscribers what they are to be told, until `stop` says so.
    pub(crate) async fn write_mails(&self, mut stop: watch::Receiver<bool>) {
        let Some(subscriptions) = &self.subscriptions else { return };
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = subscriptions.wait(self.clock.now().wall) => {}
            }
            let settings = self.settings(&self.bulletin.pages()).into_iter();
            let pages: Vec<(Page, String)> = settings.map(|page| (page.clone(), self.address(&page))).collect();
            if let Err(error) = subscriptions.send_due(&pages, self.clock.now().wall).await {
                warn!(error = &error as &dyn std::error::Error, "cannot write to subscribers yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Writes the pages whenever something changes, and now and then, until `stop` says so.
    pub(crate) async fn run(&self, store: &dyn Store, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.bulletin.changed() => {}
                () = tokio::time::sleep(REFRESH) => {}
            }
            let began = self.clock.now().mono;
            if let Err(error) = self.publish(store).await {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot write the status pages, they stay as they were"
                );
            }
            let took = self.clock.now().mono.since(began);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(PAUSE.max(took * SHARE)) => {}
            }
        }
    }

    /// The pages that there are; without a relay nobody can subscribe to them.
    fn settings(&self, shown: &[Page]) -> Vec<Page> {
        // A relay that came with a new configuration is there after a restart.
        let can = self.subscriptions.is_some();
        shown.iter().map(|page| Page { subscribe: page.subscribe && can, ..page.clone() }).collect()
    }

    /// Where a page is found, with a slash at its end.
    pub(crate) fn address(&self, page: &Page) -> String {
        match &page.domain {
            Some(domain) => format!("https://{domain}/"),
            None => format!("{}s/{}/", self.base, page.slug),
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Press {
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

#[cfg(test)]
mod tests {
    use allswell_monitor::status_page::{Access, Section};

    use super::*;

    /// A page that everybody may see.
    pub(super) fn page(slug: &str, sections: Vec<Section>) -> Page {
        Page {
            slug: slug.to_owned(),
            formerly: Vec::new(),
            title: "Acme status".to_owned(),
            description: None,
            link: None,
            logo: None,
            logo_dark: None,
            accent: None,
            accent_dark: None,
            domain: None,
            access: Access::Public,
            subscribe: false,
            sections,
        }
    }
}
