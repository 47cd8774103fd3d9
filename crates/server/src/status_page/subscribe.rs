//! Subscribing to a page by e-mail: who asks gets one mail with a link, and only a yes there brings more (double opt-in).
//!
//! Links carry what the server's key makes of page, address and purpose, so nothing has to be kept to know them again. Opening one
//! changes nothing, since programs that look for viruses open all links; a button does. Programs that take somebody off a list do it
//! with one `POST` (RFC 8058).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use allswell_core::throttle::{Limit, Throttle};
use allswell_core::{Now, Wall, backoff};
use allswell_monitor::access::{Address, customer};
use allswell_monitor::model::AccountId;
use allswell_monitor::notify::Delivery;
use allswell_monitor::notify::email::{Mail, Mailer};
use allswell_monitor::secret_key::SecretKey;
use allswell_monitor::status_page::Page;
use allswell_monitor::store::subscriptions::ASKED_FOR;
use allswell_monitor::store::{PageMail, Store, StoreError};
use futures_util::StreamExt as _;
use hmac::Mac as _;
use tokio::sync::{Notify, Semaphore};
use tracing::{info, warn};

use super::access::{from_hex, hex};
use super::letters;
use super::news::{self, Item};
use super::view::View;
use crate::letters::Letter;

/// How often somebody may ask to be written to, from one place.
const BY_PLACE: Limit = Limit { burst: 10, every: Duration::from_secs(60) };
/// How often one address is asked, on whatever pages; what goes beyond is answered alike, and nothing is sent.
const BY_ADDRESS: Limit = Limit { burst: 5, every: Duration::from_secs(1_200) };
/// Of so many places, and of so many addresses, it is known how often they did.
const PLACES_MAX: usize = 20_000;
/// What happens within this after a mail with news waits for the next one.
const GATHER: Duration = Duration::from_secs(60);
/// So many mails of one account are sent at once.
const AT_ONCE: usize = 4;
/// So many of all.
const AT_ONCE_OF_ALL: usize = 16;
/// So many are read at once.
const READ: usize = 100;
/// After so many tries, more than half a day, a mail is given up.
const TRIES_MAX: u32 = 160;

/// What the subscriptions of all accounts share: whoever asks, it is one server that writes.
pub(super) struct PostRoom {
    mailer: Arc<Mailer>,
    places: Mutex<Throttle<IpAddr>>,
    addresses: Mutex<Throttle<Address>>,
    /// Mails take turns: those of one account wait for no more than a few of each other.
    turns: Semaphore,
}

impl PostRoom {
    pub(super) fn new(mailer: Arc<Mailer>) -> Self {
        let places = Mutex::new(Throttle::new(BY_PLACE, PLACES_MAX));
        let addresses = Mutex::new(Throttle::new(BY_ADDRESS, PLACES_MAX));
        Self { mailer, places, addresses, turns: Semaphore::new(AT_ONCE_OF_ALL) }
    }
}

/// Subscribers of the pages of one account, and the way to them.
pub(super) struct Subscriptions {
    store: Arc<dyn Store>,
    post: Arc<PostRoom>,
    key: SecretKey,
    /// When news of each page were told last, by the slug that it began with, as everything here.
    told: Mutex<HashMap<String, Wall>>,
    written: Notify,
}

/// What a link in a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To say yes.
    Confirm,
    /// To end it.
    Leave,
}

impl Purpose {
    /// The last part of its address.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Leave => "unsubscribe",
        }
    }

    /// The one with this address.
    pub(super) fn of(path: &str) -> Option<Self> {
        [Self::Confirm, Self::Leave].into_iter().find(|purpose| purpose.path() == path)
    }
}

/// A good link of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// What it is for.
    pub(super) purpose: Purpose,
    /// Whose it is.
    pub(super) address: Address,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A mail is on its way, unless that address subscribes already: who asks is not told which.
    Taken,
    /// It is no mail address.
    NoAddress,
    /// Too many asked from there.
    TooMany,
}

impl Subscriptions {
    pub(super) fn new(store: Arc<dyn Store>, post: Arc<PostRoom>, key: SecretKey) -> Self {
        Self { store, post, key, told: Mutex::default(), written: Notify::new() }
    }

    /// Somebody at `from` asks for the news of `page` at `address`.
    pub(super) async fn ask(&self, page: &Page, address: &str, from: IpAddr, now: Now) -> Result<Asked, StoreError> {
        let Ok(address) = Address::new(address) else { return Ok(Asked::NoAddress) };
        let may = self.post.places.lock().unwrap_or_else(PoisonError::into_inner).take(&customer(from), now.mono);
        if may.is_err() {
            return Ok(Asked::TooMany);
        }
        let addresses = &self.post.addresses;
        if addresses.lock().unwrap_or_else(PoisonError::into_inner).take(&address, now.mono).is_err() {
            return Ok(Asked::Taken);
        }
        if self.store.ask_subscriber(page.origin().to_owned(), address, now.wall).await? {
            self.written.notify_one();
        }
        Ok(Asked::Taken)
    }

    /// Does what `link` is for. Gives whether the address was known.
    pub(super) async fn follow(&self, page: &Page, link: Link, now: Wall) -> Result<bool, StoreError> {
        let page = page.origin().to_owned();
        match link.purpose {
            Purpose::Confirm => self.store.confirm_subscriber(page, link.address, now).await,
            Purpose::Leave => self.store.remove_subscriber(page, link.address).await,
        }
    }

    /// The link to `page` that has this purpose and query; `None` when it is not ours, or too old.
    pub(super) fn read_link(&self, page: &Page, purpose: Purpose, query: &str, now: Wall) -> Option<Link> {
        let value = |name: &str| url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        let (address, until) = (value("address")?.1, value("until")?.1);
        let signature = from_hex(&value("signature")?.1)?;
        self.mac(page, purpose, &address, &until).verify_slice(&signature).ok()?;
        let is_good = until.parse::<i64>().is_ok_and(|until| until == 0 || now.ms().div_euclid(1_000) <= until);
        let address = Address::new(&address).ok().filter(|_| is_good)?;
        Some(Link { purpose, address })
    }

    fn link(&self, page: &Page, base: &str, purpose: Purpose, address: &Address, until: i64) -> String {
        let (path, until) = (purpose.path(), until.to_string());
        let signature = hex(&self.mac(page, purpose, address.as_str(), &until).finalize().into_bytes());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("address", address.as_str())
            .append_pair("until", &until)
            .append_pair("signature", &signature);
        format!("{base}{path}?{}", query.finish())
    }

    fn mac(&self, page: &Page, purpose: Purpose, address: &str, until: &str) -> hmac::Hmac<sha2::Sha256> {
        // A link is good for the page of one account, also when another has its address later.
        let account = self.store.account();
        let whose = if account == AccountId::FIRST { String::new() } else { format!("{}:", account.0) };
        self.key.mac(&["subscription", purpose.path(), &format!("{whose}{}", page.origin()), address, until])
    }

    /// Has subscribers told what `view` shows and they do not know, unless they were told something a moment ago.
    pub(super) async fn tell(&self, page: &Page, view: &View) -> Result<(), StoreError> {
        let now = view.at;
        let is_quiet = |last: &Wall| *last > now || now.since(*last) >= GATHER;
        if self
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(page.origin())
            .is_some_and(|last| !is_quiet(last))
        {
            return Ok(());
        }
        if self.store.tell_subscribers(page.origin().to_owned(), news::of(view), now).await? > 0 {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(page.origin().to_owned(), now);
            self.written.notify_one();
        }
        Ok(())
    }

    /// Waits until there may be mails to send.
    pub(super) async fn wait(&self, now: Wall) {
        let due = self.store.next_mail().await.unwrap_or(Some(now + Duration::from_secs(30)));
        let sleep =
            due.map_or(Duration::from_secs(3_600), |due| if due > now { due.since(now) } else { Duration::ZERO });
        tokio::select! {
            () = self.written.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }

    /// Sends what is due; `pages` are all that there are, each with its own address.
    pub(super) async fn send_due(
        &self,
        pages: &[(Page, String)],
        now: Wall,
        stopped: impl Future<Output = ()>,
    ) -> Result<(), StoreError> {
        let mails = self.store.due_mails(now, READ).await?;
        futures_util::stream::iter(mails)
            .take_until(stopped)
            .map(|mail| self.send(mail, pages, now))
            .buffer_unordered(AT_ONCE)
            .fold(Ok(()), |all, one| async move { all.and(one) })
            .await
    }

    async fn send(&self, mail: PageMail, pages: &[(Page, String)], now: Wall) -> Result<(), StoreError> {
        let page = pages.iter().find(|(page, _)| page.origin() == mail.page && page.subscribe);
        let Some((page, base)) = page else {
            // The page is no more, or has no subscribers any more.
            return self.store.settle_mail(mail.id, None).await;
        };
        let sent = {
            let _turn = self.post.turns.acquire().await.expect("it is never closed");
            self.post.mailer.send(&self.mail(&mail, page, base)).await
        };
        let again = match sent {
            Delivery::Accepted { .. } => None,
            Delivery::Refused { why } => {
                info!(page = page.slug, why, "a mail to a subscriber was refused");
                None
            }
            Delivery::Unreachable { why, .. } | Delivery::Later { why, .. } | Delivery::Ambiguous { why } => {
                let attempts = mail.attempts + 1;
                warn!(page = page.slug, why, attempts, "a mail to a subscriber could not be sent");
                (attempts < TRIES_MAX).then(|| now + backoff::delay(attempts, mail.id.unsigned_abs()))
            }
        };
        self.store.settle_mail(mail.id, again).await
    }

    fn mail(&self, mail: &PageMail, page: &Page, base: &str) -> Mail {
        let items: Vec<Item> = serde_json::from_str(&mail.body).unwrap_or_default();
        let (letter, unsubscribe) = if items.is_empty() {
            let until = (mail.created + ASKED_FOR).ms().div_euclid(1_000);
            (letters::asks(&page.title, &self.link(page, base, Purpose::Confirm, &mail.address, until)), None)
        } else {
            let leave = self.link(page, base, Purpose::Leave, &mail.address, 0);
            (letters::news(&page.title, base, &items, &leave), Some(leave))
        };
        let Letter { subject, text, html } = letter;
        let (to, key) = (mail.address.to_string(), format!("page:{}:{}", page.slug, mail.id));
        Mail { to, key, subject, text, html, unsubscribe, at: mail.created }
    }
}

#[cfg(test)]
mod tests {
    use allswell_core::uptime::Presence;
    use allswell_monitor::notify::email::RelaySettings;
    use allswell_monitor::secret_key::KeyFile;
    use allswell_monitor::store::sqlite::{SqliteStore, Timing};
    use allswell_probe::dialer::Dialer;

    use super::super::tests::page;
    use super::super::view::IncidentView;
    use super::super::words::Summary;
    use super::*;

    const NOW: Wall = Wall::from_ms(1_795_261_155_000);

    fn view(seconds: u64, incidents: &[(&str, u64)]) -> View {
        let at = |seconds| NOW + Duration::from_secs(seconds);
        let incident = |(id, began): &(&str, u64)| IncidentView {
            id: (*id).to_owned(),
            component: "Payments".to_owned(),
            presence: Presence::Down,
            began: at(*began),
            ended: None,
            updates: Vec::new(),
        };
        View {
            at: at(seconds),
            summary: Summary::of(&[("Payments", Presence::Down)]),
            sections: Vec::new(),
            incidents: incidents.iter().map(incident).collect(),
            planned: Vec::new(),
            missing: Vec::new(),
            left_out: 0,
        }
    }

    #[tokio::test]
    async fn what_follows_within_a_minute_comes_in_one_mail() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path(), NOW, Timing::none()).expect("a store"));
        let from = "status@acme.dev".to_owned();
        let smtp = "smtp://127.0.0.1:1".into();
        let relay = RelaySettings { smtp, starttls: None, username: None, password: None, from, ca: None };
        let mailer = Arc::new(Mailer::new(&relay, Dialer::default()).expect("good settings"));
        let key = SecretKey::of(folder.path(), KeyFile::StatusPages).expect("the folder is writable");
        let subscriptions = Subscriptions::new(Arc::clone(&store), Arc::new(PostRoom::new(mailer)), key);
        let acme = page("acme", Vec::new());
        let ann = Address::new("ann@example.com").expect("an address");
        store.ask_subscriber("acme".to_owned(), ann.clone(), NOW).await.expect("written");
        store.confirm_subscriber("acme".to_owned(), ann, NOW).await.expect("written");
        let mut mails = Vec::new();
        for view in [
            view(0, &[]),
            view(1, &[("a", 1)]),
            view(2, &[("a", 1), ("b", 2)]),
            view(60, &[("a", 1), ("b", 2), ("c", 59)]),
            view(61, &[("a", 1), ("b", 2), ("c", 59)]),
        ] {
            subscriptions.tell(&acme, &view).await.expect("written");
            let all = store.due_mails(view.at, 100).await.expect("read");
            mails.push(
                all.iter().filter(|mail| mail.body != "[]").map(|mail| mail.body.matches("#").count()).sum::<usize>(),
            );
        }
        assert_eq!(mails, [0, 1, 1, 1, 3], "items that were written in all");
    }
}
