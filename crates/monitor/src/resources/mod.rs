//! What is configured, whoever says so: the server's own file, and what was written through the API and is kept in the store.
//!
//! One model for file, API and code. Resources of the file are read here and changed there; all others are changed here: read
//! against what is known of the rest, written in one transaction, and followed by the running engine. Only what a change
//! names is read again.

mod addresses;
mod dependencies;
mod draft;
mod model;
mod pages;
mod plan;
mod refused;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use allswell_core::maintenance::Window;
use allswell_probe::{Answer, Question};
use tokio::sync::{MutexGuard, mpsc, oneshot};
use tracing::info;

use crate::audience::Bulletin;
use crate::config::document::{self, Documents};
use crate::config::resource::{self, Known};
use crate::config::{Author, Config, MonitorConfig, Spec};
use crate::engine::Awaits;
use crate::model::MonitorId;
use crate::notify::{Channel, Switch};
use crate::runner::{AskNow, ChangeMonitors, Configure, Order};
use crate::store::{Owner, ResourceKind, Store, StoreError};

use self::draft::Draft;
use self::model::{Model, Stored};
use self::refused::Stopping;

pub use self::addresses::Addresses;
pub use self::draft::{Edit, Given};
pub use self::pages::ShownPage;
pub use self::plan::{Difference, Plan, Step};
pub use self::refused::{FollowError, Refused};

/// All resources in force.
pub struct Resources {
    orders: Mutex<Option<mpsc::Sender<Order>>>,
    channels: Switch,
    /// Where it is said which status pages there are.
    bulletin: Arc<Bulletin>,
    /// Which addresses its status pages may have, beside those of other accounts.
    addresses: Addresses,
    model: RwLock<Model>,
    /// Held while something changes: one change after the other.
    changing: tokio::sync::Mutex<()>,
}

/// A resource for those who may read it, secrets masked.
#[derive(Clone)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Who says what it is.
    pub owner: Owner,
    /// The server's file, where that says what it is.
    pub file: Option<String>,
    /// The number of the change that wrote it last; `None` for those of the file.
    pub revision: Option<u64>,
    /// As it is written.
    pub spec: Spec,
    /// Why it is not in force, in a sentence.
    pub problem: Option<String>,
}

/// What became of one edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The name the resource has now, or had when it was deleted.
    pub name: String,
    /// The number of the monitor, when it is one and still there.
    pub id: Option<MonitorId>,
    /// The number of the change.
    pub revision: u64,
}

/// A heartbeat that waits to be called.
pub struct Waiting {
    /// Its name.
    pub name: String,
    /// When and by which token.
    pub question: Arc<Question>,
    /// For what.
    pub awaits: Awaits,
}

impl Resources {
    /// What the store holds, kept to `plan`; in force once [`Self::follow`] has said what the file holds. The addresses of its status pages are
    /// taken from now on, so who is opened first has them.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub async fn open(
        store: &dyn Store,
        orders: mpsc::Sender<Order>,
        channels: Switch,
        bulletin: Arc<Bulletin>,
        addresses: Addresses,
        plan: Option<crate::plan::Plan>,
    ) -> Result<Self, StoreError> {
        let stored: Vec<Stored> = store.resources().await?.into_iter().map(Stored::from).collect();
        addresses.take_stored(&stored);
        let mut model = Model::stored(Author::of(store.account()), stored);
        model.keep_to(plan);
        Ok(Self {
            orders: Mutex::new(Some(orders)),
            channels,
            bulletin,
            addresses,
            model: RwLock::new(model),
            changing: tokio::sync::Mutex::default(),
        })
    }

    /// Resources of no running server: there are none, and none can be written.
    pub fn unconnected(dialer: allswell_probe::Dialer) -> Self {
        Self {
            orders: Mutex::default(),
            channels: Switch::unconnected(dialer),
            bulletin: Arc::default(),
            addresses: Addresses::default(),
            model: RwLock::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Keeps what is written from now on to `plan`; `None` for no limits. What is there stays, and monitors that say no interval
    /// have the one that they would have if they were written now.
    ///
    /// # Errors
    /// [`Refused`] when these cannot be written; they follow with the next change of the plan, or the next start.
    pub async fn keep_to(&self, plan: Option<crate::plan::Plan>) -> Result<(), Refused> {
        let _one = self.turn().await?;
        self.model.write().unwrap_or_else(PoisonError::into_inner).keep_to(plan);
        let draft = Draft::new(&self.model(), &self.addresses).with_other_intervals();
        if !draft.monitors.is_empty() {
            self.carry_out(&draft).await?;
        }
        Ok(())
    }

    /// The plan that the account is kept to.
    pub fn kept_to(&self) -> Option<crate::plan::Plan> {
        self.model().plan.clone()
    }

    /// Makes what `config` says, and what was written through the API, the resources in force.
    ///
    /// # Errors
    /// [`FollowError`]; then the ones before stay in force.
    pub async fn follow(&self, config: Config) -> Result<(), FollowError> {
        let _one = self.turn().await?;
        let mut next = self.model().with_file(config);
        next.take_addresses(&self.addresses);
        let followed = self.put_in_force(next).await;
        self.keep_addresses();
        followed
    }

    async fn put_in_force(&self, mut next: Model) -> Result<(), FollowError> {
        let maintenance = next.windows();
        next.set_aside().for_each(|(what, why)| tracing::error!("{what} is not in force: {why}"));
        // Channels first: what the new monitors decide must find them.
        self.channels
            .configure(&next.channel_settings())
            .map_err(|(name, source)| FollowError::Channel { name, source })?;
        let (done, configured) = oneshot::channel();
        let (names, monitors, aside) = next.all_monitors();
        let gathering = next.gathering(&next.channel_settings());
        self.order(Order::Configure(Configure { monitors, maintenance, gathering, aside, done })).await?;
        let ids = configured.await.map_err(|_| FollowError::Stopping)??;
        next.number(names.into_iter().zip(ids));
        self.bulletin.show(next.pages().cloned().collect());
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// Does all of `edits`, in order, or nothing; returns what became of each.
    ///
    /// # Errors
    /// [`Refused`] says which of them cannot be done, and why; then nothing was changed.
    pub async fn edit(&self, edits: Vec<Edit>) -> Result<Vec<Edited>, Refused> {
        let _one = self.turn().await?;
        let (draft, outcomes) = {
            let model = self.model();
            let mut draft = Draft::new(&model, &self.addresses);
            let mut outcomes = Vec::with_capacity(edits.len());
            for (index, edit) in edits.into_iter().enumerate() {
                outcomes.push(draft.take(edit).map_err(|refused| refused.at(index))?);
            }
            (draft.finish()?, outcomes)
        };
        let revision = self.take_over(&draft).await?;
        let model = self.model();
        Ok(outcomes.into_iter().map(|outcome| model.edited(outcome, revision)).collect())
    }

    /// Does those of `edits` that can be done, in one change, and says of each what became of it.
    ///
    /// # Errors
    /// [`Refused`] when none can be done together; then nothing was changed.
    pub async fn edit_each(&self, edits: Vec<Edit>) -> Result<Vec<Result<Edited, Refused>>, Refused> {
        let _one = self.turn().await?;
        let (draft, outcomes) = {
            let model = self.model();
            let mut draft = Draft::new(&model, &self.addresses);
            let outcomes: Vec<_> = edits.into_iter().map(|edit| draft.take(edit)).collect();
            (draft.finish()?, outcomes)
        };
        let revision = self.take_over(&draft).await?;
        let model = self.model();
        Ok(outcomes.into_iter().map(|outcome| Ok(model.edited(outcome?, revision))).collect())
    }

    /// What applying `files`, each a name and a text, would do.
    ///
    /// # Errors
    /// [`Refused`] with all that is wrong with the files, or the reason why they cannot be in force here.
    pub fn plan(&self, files: Vec<(String, String)>, prune: bool) -> Result<Plan, Refused> {
        let (plan, draft) = plan::think(&self.model(), &self.addresses, files, prune)?;
        match self.addresses.taken(draft.slugs()) {
            Some(slug) => Err(draft.address_taken(slug)),
            None => Ok(plan),
        }
    }

    /// Applies `files`: all of what [`Self::plan`] shows, or nothing. `shown` is the fingerprint of the plan that was shown.
    ///
    /// # Errors
    /// As [`Self::plan`]; and when the plan is another one by now.
    pub async fn apply(&self, files: Vec<(String, String)>, prune: bool, shown: Option<&str>) -> Result<Plan, Refused> {
        let _one = self.turn().await?;
        let (plan, draft) = plan::think(&self.model(), &self.addresses, files, prune)?;
        if shown.is_some_and(|shown| shown != plan.fingerprint) {
            return Err(Refused::conflict("the server changed since the plan was made", "plan again, and look at it"));
        }
        self.take_over(&draft).await?;
        Ok(plan)
    }

    /// All resources as one file; those of the server's own file only when `all` are wanted. Secrets as `***`.
    pub fn export(&self, all: bool) -> String {
        let model = self.model();
        let wanted = |owner: Owner| all || owner != Owner::File;
        let channels = model.channels.iter().filter(|(_, held)| wanted(held.owner));
        let monitors = model.monitors.values().filter(|held| wanted(held.owner));
        let maintenance = model.maintenance.values().filter(|held| wanted(held.owner));
        let pages = model.pages.values().filter(|held| wanted(held.owner));
        document::export(&Documents {
            defaults: model.own_defaults.as_ref().map(|held| held.spec.spec()),
            channels: channels.map(|(name, held)| (name.clone(), resource::shown_channel(&held.spec.spec()))).collect(),
            monitors: monitors.map(|held| resource::shown_monitor(&held.spec.spec())).collect(),
            maintenance: maintenance.map(|held| held.spec.spec()).collect(),
            status_pages: pages.map(|held| resource::shown_status_page(&held.spec.spec())).collect(),
        })
    }

    /// Commits a change and has everybody follow it; returns its number.
    async fn take_over(&self, draft: &draft::Finished) -> Result<u64, Refused> {
        if draft.is_empty() {
            return Ok(0);
        }
        self.addresses.take(draft.slugs()).map_err(|slug| draft.address_taken(slug))?;
        let revision = self.carry_out(draft).await;
        if !draft.pages.is_empty() {
            self.keep_addresses();
        }
        let revision = revision?;
        info!(revision, resources = draft.writes.len(), "configuration changed through the API");
        Ok(revision)
    }

    /// Gives back what the pages that are there do not have: those of before have it no more, or those that were wanted did not come.
    fn keep_addresses(&self) {
        self.addresses.keep(self.model().slugs().iter().map(String::as_str));
    }

    async fn carry_out(&self, draft: &draft::Finished) -> Result<u64, Refused> {
        if let Some(union) = &draft.channels_meanwhile {
            self.channels.configure(union).map_err(|(name, source)| Refused::channel(&name, &source))?;
        }
        let committed = self.commit(draft).await;
        {
            let mut model = self.model.write().unwrap_or_else(PoisonError::into_inner);
            if let Ok((revision, ids)) = &committed {
                model.take(draft, *revision, ids);
                if !draft.pages.is_empty() {
                    self.bulletin.show(model.pages().cloned().collect());
                }
            }
        }
        if draft.channels_meanwhile.is_some() {
            let settings = self.model().channel_settings();
            self.channels.configure(&settings).map_err(|(name, source)| Refused::channel(&name, &source))?;
        }
        Ok(committed?.0)
    }

    async fn commit(&self, draft: &draft::Finished) -> Result<(u64, Vec<MonitorId>), Refused> {
        let (done, changed) = oneshot::channel();
        let (writes, monitors, removed) = (draft.writes.clone(), draft.monitors.clone(), draft.removed.clone());
        let maintenance = draft.windows.clone();
        // What goes through a channel that is just going is told as before.
        let gathering = draft.channels_meanwhile.as_ref().map(|channels| self.model().gathering(channels));
        self.order(Order::Change(ChangeMonitors { writes, monitors, removed, maintenance, gathering, done })).await?;
        Ok(changed.await.map_err(|_| Refused::Stopping)??)
    }

    /// Asks a monitor now and returns the answer, which counts like any other. `None` when the server stops meanwhile.
    ///
    /// # Errors
    /// [`Refused`] for one that is paused, that waits to be called, or that is not there.
    pub async fn ask_now(&self, id: MonitorId) -> Result<Answer, Refused> {
        self.model().may_be_asked(id)?;
        let (done, answered) = oneshot::channel();
        self.order(Order::Ask(AskNow { monitor: id, done })).await?;
        answered.await.map_err(|_| Refused::Stopping)
    }

    /// The heartbeats that wait to be called, and what each waits for, by name.
    ///
    /// # Errors
    /// [`Refused`] when the server stops meanwhile.
    pub async fn heartbeats(&self) -> Result<Vec<Waiting>, Refused> {
        let (done, answered) = oneshot::channel();
        self.order(Order::Awaits(done)).await?;
        let awaits = answered.await.map_err(|_| Refused::Stopping)?;
        let model = self.model();
        let waiting = awaits.into_iter().filter_map(|awaits| {
            let question = Arc::clone(&model.monitor(awaits.monitor)?.config.as_ref()?.question);
            Some(Waiting { name: model.name(awaits.monitor)?.to_owned(), question, awaits })
        });
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(waiting)
    }

    /// Reads a monitor that is not kept. What it leaves open is as it is for monitors that are; a mask stands for what the
    /// monitor called `like` has.
    ///
    /// # Errors
    /// [`Refused`] with all that is wrong with it.
    pub fn read(&self, spec: Spec, like: Option<MonitorId>) -> Result<MonitorConfig, Refused> {
        let model = self.model();
        let mut spec = match like.and_then(|id| model.monitor(id)) {
            Some(held) => resource::meant_monitor(spec, &held.spec.spec()),
            None => spec,
        };
        if spec.get("name").is_none() {
            spec.set("name", Spec::Text("try".to_owned()));
        }
        let channels = model.channel_names();
        let known = Known { channels: &channels, defaults: model.defaults(), tagged: model.tagged() };
        resource::monitor(&spec, model.author, &known).map_err(|problems| Refused::wrong("the monitor", problems))
    }

    /// The monitor with this number.
    pub fn monitor(&self, id: MonitorId) -> Option<Shown> {
        let model = self.model();
        let held = model.monitor(id)?;
        Some(model.shown(model.name(id)?, held, resource::shown_monitor(&held.spec.spec())))
    }

    /// A channel by its name.
    pub fn channel(&self, name: &str) -> Option<Shown> {
        let model = self.model();
        let held = model.channels.get(name)?;
        Some(model.shown(name, held, resource::shown_channel(&held.spec.spec())))
    }

    /// All channels, by name.
    pub fn channels(&self) -> Vec<Shown> {
        let model = self.model();
        let shown = |(name, held): (&String, &model::HeldChannel)| {
            model.shown(name, held, resource::shown_channel(&held.spec.spec()))
        };
        model.channels.iter().map(shown).collect()
    }

    /// Planned maintenance by its name, and when it is; `None` for the window when it is not in force.
    pub fn maintenance(&self, name: &str) -> Option<(Shown, Option<Window>)> {
        let model = self.model();
        let held = model.maintenance.get(name)?;
        Some(window(&model, name, held))
    }

    /// All planned maintenance, by name.
    pub fn all_maintenance(&self) -> Vec<(Shown, Option<Window>)> {
        let model = self.model();
        model.maintenance.iter().map(|(name, held)| window(&model, name, held)).collect()
    }

    /// The way to people that a channel is; `None` when there is no such channel in force.
    pub fn way(&self, name: &str) -> Option<Arc<dyn Channel>> {
        self.channels.channel(name)
    }

    /// The names of the monitors that `wanted` says yes to.
    pub fn monitors_where(&self, wanted: impl Fn(&MonitorConfig) -> bool) -> Vec<String> {
        let model = self.model();
        let found = model.monitors.iter().filter(|(_, held)| held.config.as_ref().is_some_and(&wanted));
        found.map(|(name, _)| name.clone()).collect()
    }

    /// The number of the monitor that `key` means: its number, or else its name.
    pub fn id(&self, key: &str) -> Option<MonitorId> {
        let model = self.model();
        let number = key.parse().ok().map(MonitorId).filter(|id| model.monitor(*id).is_some());
        number.or_else(|| model.id(key))
    }

    /// What is asked of a monitor; `None` when it is not in force.
    pub fn question(&self, id: MonitorId) -> Option<Arc<Question>> {
        let model = self.model();
        Some(Arc::clone(&model.monitor(id)?.config.as_ref()?.question))
    }

    /// How many monitors and channels are in force.
    pub fn counts(&self) -> (usize, usize) {
        self.model().counts()
    }

    /// Takes no more changes: the engine is to stop, and must not have stopped yet. Returns when no change is under way any more.
    pub async fn close(&self) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(self.changing.lock().await);
    }

    /// Waits until nothing else changes; then nothing does while what comes back is held. Whoever passed the door before it was
    /// closed is turned away here, before anything is taken.
    async fn turn(&self) -> Result<MutexGuard<'_, ()>, Stopping> {
        let one = self.changing.lock().await;
        self.orders()?;
        Ok(one)
    }

    async fn order(&self, order: Order) -> Result<(), Stopping> {
        self.orders()?.send(order).await.map_err(|_| Stopping)
    }

    fn orders(&self) -> Result<mpsc::Sender<Order>, Stopping> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Stopping)
    }

    fn model(&self) -> RwLockReadGuard<'_, Model> {
        self.model.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn window(model: &Model, name: &str, held: &model::HeldMaintenance) -> (Shown, Option<Window>) {
    let window = held.config.as_ref().map(|maintenance| maintenance.window.clone());
    (model.shown(name, held, held.spec.spec()), window)
}

/// What a kind of resource is called with its name: "the monitor `api`".
fn called(kind: ResourceKind, name: &str) -> String {
    match kind {
        ResourceKind::Defaults => "the defaults".to_owned(),
        _ => format!("the {} `{name}`", kind.title()),
    }
}

/// Channels by name, as the deliverer takes them.
type ChannelSettings = BTreeMap<String, crate::notify::Settings>;
