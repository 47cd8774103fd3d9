//! Puts replicas, faults and the end of a rehearsal together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::kubelet::pod::Chance;
use allswell_core::kubelet::{Answer, Kind, Note};
use allswell_probe::AddressPolicy;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::fault::Schedule;
use super::replica::{Clock, Order};
use super::rollout::{self, Step, View};
use super::simulation::Token;
use super::stage::{Context, Stage};
use super::timeline::{Entry, What};
use super::traffic::{Load, Traffic};
use super::{Error, Fault, Subject, Verdict};

/// How long all is left alone before a rolling update and after it.
const CALM: Duration = Duration::from_secs(3);

/// How long a rehearsal with a rolling update takes at most when nobody says.
const ROLLOUT_LENGTH: Duration = Duration::from_secs(600);

/// How long the effects of the last fault are waited for.
const AFTER_FAULTS: Duration = Duration::from_secs(90);

/// How long a rehearsal takes at most when nobody says.
pub const USUAL_LENGTH: Duration = Duration::from_secs(90);

/// How a rehearsal is done.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What starts the app; the manifest's command when empty. `{port}` and `{replica}` are replaced.
    pub command: Vec<String>,
    /// How many pods.
    pub replicas: usize,
    /// Where the app listens; 0 for a free port each. The manifest's port when `None`.
    pub port: Option<u16>,
    /// How long, counted from the first start; until all is well, or [`USUAL_LENGTH`], when `None`.
    pub length: Option<Duration>,
    /// Decides what is left to chance.
    pub seed: u64,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// What the app needs, as far as faults name it; of the others, the app is asked to play that they fail.
    pub dependencies: Vec<Dependency>,
    /// The token of the app's fault endpoints.
    pub fault_token: Option<Token>,
    /// Whether all pods are replaced once they are ready, as the workload's strategy says.
    pub rollout: bool,
    /// Requests through a balancer meanwhile.
    pub load: Option<Load>,
    /// The directory for what the apps write; to the terminal when `None`.
    pub output: Option<PathBuf>,
}

/// Something the app needs and finds through a variable.
#[derive(Clone, PartialEq, Eq)]
pub struct Dependency {
    /// As faults call it.
    pub name: String,
    /// The variable.
    pub variable: String,
    /// Its value: `host:port`, or a URL. It may hold a password.
    pub value: String,
    /// Where the dependency is.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl std::fmt::Debug for Dependency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, variable, host, port, .. } = self;
        write!(f, "{name}={variable} ({host}:{port})")
    }
}

impl Dependency {
    /// Reads where the dependency is from the variable's value; `None` when it says no host and port.
    pub fn new(name: &str, variable: &str, value: &str) -> Option<Self> {
        let authority = value.split_once("://").map_or(value, |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next()?;
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let (host, port) = address.rsplit_once(':')?;
        let (name, variable, value) = (name.to_owned(), variable.to_owned(), value.to_owned());
        Some(Self { name, variable, value, host: host.to_owned(), port: port.parse().ok()? })
    }

    /// The value with the dependency at another port of this machine.
    pub(super) fn moved_to(&self, port: u16) -> String {
        self.value.replacen(&format!("{}:{}", self.host, self.port), &format!("127.0.0.1:{port}"), 1)
    }
}

/// A rehearsal that is over.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// Everything that happened, in order.
    pub entries: Vec<Entry>,
    /// The first start.
    pub zero: Duration,
    /// How many pods there were in all.
    pub replicas: usize,
    /// What it came to.
    pub verdict: Verdict,
}

/// Rehearses. `stop` is told once to delete the pods, twice to do so without grace; `each` sees every entry as it comes.
///
/// # Errors
/// [`Error`] when it cannot begin, or when the app does not play a fault; what the app does wrong is in the verdict.
pub async fn rehearse(
    subject: &Arc<Subject>,
    settings: &Settings,
    mut stop: mpsc::Receiver<()>,
    each: impl FnMut(&Entry, Duration),
) -> Result<Rehearsed, Error> {
    let (tell, mut entries) = mpsc::channel(256);
    let mut show = Show::begin(subject, settings, tell, each)?;
    let clock = show.clock;
    let mut listening = true;
    loop {
        show.move_on()?;
        let (heard_next, calm_until) = (show.heard_next(), show.calm_until);
        tokio::select! {
            Some(entry) = entries.recv() => show.saw(entry),
            ended = show.stage.replicas.next() => if ended.is_none() {
                break;
            },
            told = stop.recv(), if listening => match told {
                Some(()) => show.interrupt(),
                None => listening = false,
            },
            Some(()) = show.stage.proxies.next() => {}
            () = clock.until(show.faults.next()), if !show.ending && !show.faults.is_over() => show.fault(),
            () = at(clock, heard_next) => show.hear(),
            () = at(clock, calm_until) => show.calm_until = None,
            () = clock.until(show.limit), if !show.ending => show.ending = true,
        }
    }
    while let Ok(entry) = entries.try_recv() {
        show.saw(entry);
    }
    show.conclude()
}

async fn at(clock: Clock, moment: Option<Duration>) {
    match moment {
        Some(moment) => clock.until(moment).await,
        None => std::future::pending().await,
    }
}

/// Whatever the kubelet may connect to. The pods are on this machine, and the manifest is the user's own.
pub(super) fn local_addresses() -> AddressPolicy {
    AddressPolicy::default()
}

/// A rehearsal under way.
struct Show<F> {
    subject: Arc<Subject>,
    settings: Arc<Settings>,
    clock: Clock,
    stage: Stage,
    traffic: Option<Traffic>,
    faults: Schedule,
    zero: Duration,
    limit: Duration,
    each: F,
    seen: Vec<Entry>,
    pods: Vec<Pod>,
    /// Until when nothing is done on purpose.
    calm_until: Option<Duration>,
    update: Update,
    ending: bool,
    deleted: bool,
    /// Why what is seen is not what was wanted.
    failure: Option<Error>,
}

/// How far the rolling update is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Update {
    /// None is wanted.
    None,
    /// The old pods come up.
    Before,
    /// All is left alone for a moment.
    Soon,
    /// Pods are replaced.
    Under,
    /// All new pods are ready.
    After,
}

/// One replica, as the conductor sees it.
#[derive(Clone, Copy, Default)]
struct Pod {
    view: View,
    alive: bool,
}

impl<F: FnMut(&Entry, Duration)> Show<F> {
    fn begin(subject: &Arc<Subject>, settings: &Settings, tell: mpsc::Sender<Entry>, each: F) -> Result<Self, Error> {
        let (clock, settings) = (Clock::start(), Arc::new(settings.clone()));
        let context = Context { subject: subject.clone(), settings: settings.clone(), clock, tell };
        let mut stage = Stage::set(context)?;
        let mut traffic = None;
        if let Some(load) = &settings.load {
            let system = |cause| Error::System { what: "listen for the load".to_owned(), cause };
            let (begun, flowing) = Traffic::begin(load, clock).map_err(system)?;
            stage.proxies.extend(flowing);
            traffic = Some(begun);
        }
        let zero = Chance::of(settings.seed).lead;
        let faults = Schedule::new(&settings.faults, zero);
        let after_faults = faults.end().map_or(Duration::ZERO, |end| end - zero + AFTER_FAULTS);
        let usual = if settings.rollout { ROLLOUT_LENGTH } else { USUAL_LENGTH.max(after_faults) };
        Ok(Self {
            pods: vec![Pod::default(); settings.replicas],
            update: if settings.rollout { Update::Before } else { Update::None },
            limit: zero + settings.length.unwrap_or(usual),
            subject: subject.clone(),
            settings,
            clock,
            stage,
            traffic,
            faults,
            zero,
            each,
            seen: Vec::new(),
            calm_until: None,
            ending: false,
            deleted: false,
            failure: None,
        })
    }

    /// Does what can be done now.
    fn move_on(&mut self) -> Result<(), Error> {
        if let Some(traffic) = &mut self.traffic {
            traffic.endpoints(self.clock.elapsed(), &self.stage.endpoints());
        }
        if self.ending && !self.deleted {
            // The end of the rehearsal is no loss of the app's.
            let quiet = self.traffic.as_ref().is_none_or(|traffic| {
                traffic.stop();
                traffic.is_quiet()
            });
            if quiet {
                self.deleted = true;
                self.tell(What::Remark("the rehearsal is over: what runs is deleted".to_owned()));
                self.stage.order(&Order::Delete);
            }
            return Ok(());
        }
        if self.calm_until.is_none() && !self.ending {
            self.update()?;
        }
        Ok(())
    }

    fn update(&mut self) -> Result<(), Error> {
        let wanted = self.settings.replicas;
        match self.update {
            Update::None
                if self.settings.length.is_none()
                    && self.traffic.is_none()
                    && self.faults.is_over()
                    && self.is_well() =>
            {
                self.ending = true
            }
            Update::Before if self.pods.iter().all(|pod| pod.view.ready) => self.wait_then(Update::Soon),
            Update::Soon => {
                self.update = Update::Under;
                self.tell(What::Remark("the rolling update begins".to_owned()));
                self.replace(wanted)?;
            }
            Update::Under => self.replace(wanted)?,
            Update::After => self.ending = true,
            Update::None | Update::Before => {}
        }
        Ok(())
    }

    fn wait_then(&mut self, next: Update) {
        (self.update, self.calm_until) = (next, Some(self.clock.elapsed() + CALM));
    }

    fn replace(&mut self, wanted: usize) -> Result<(), Error> {
        let views = |pods: &[Pod]| pods.iter().map(|pod| pod.view).collect::<Vec<_>>();
        while let Some(step) = rollout::next(self.subject.strategy, wanted, &views(&self.pods)) {
            match step {
                Step::Create => {
                    self.stage.add_replica()?;
                    self.pods.push(Pod { view: View { new: true, ..View::default() }, alive: false });
                }
                Step::Delete(replica) => {
                    self.pods[replica].view.deleted = true;
                    self.stage.order_one(replica, Order::Delete);
                }
            }
        }
        if rollout::is_done(wanted, &views(&self.pods)) {
            self.tell(What::Remark("the rolling update is done".to_owned()));
            self.wait_then(Update::After);
        }
        Ok(())
    }

    /// Whether every pod has come up and its liveness has been seen to pass.
    fn is_well(&self) -> bool {
        let no_liveness = self.subject.spec(Kind::Liveness).is_none();
        self.pods.iter().all(|pod| pod.view.ready && (pod.alive || no_liveness))
    }

    fn saw(&mut self, entry: Entry) {
        (self.each)(&entry, self.zero);
        let pod = &mut self.pods[entry.replica];
        match &entry.what {
            What::Note(Note::Ready) => pod.view.ready = true,
            What::Note(Note::Unready | Note::Started { .. }) => (pod.view.ready, pod.alive) = (false, false),
            What::Note(Note::Over) => pod.view.gone = true,
            What::NotPlayed { name, why } => {
                self.failure = Some(Error::NotPlayed { name: name.clone(), refusals: why.clone() });
                self.ending = true;
            }
            What::Probed { kind: Kind::Liveness, answer, .. } => pod.alive = *answer == Answer::Success,
            _ => {}
        }
        self.seen.push(entry);
    }

    fn tell(&mut self, what: What) {
        let entry = Entry { at: self.clock.elapsed(), replica: 0, what };
        (self.each)(&entry, self.zero);
        self.seen.push(entry);
    }

    fn interrupt(&mut self) {
        if self.ending {
            self.deleted = true;
            self.stage.order(&Order::DeleteNow);
        }
        self.ending = true;
    }

    fn fault(&mut self) {
        let (fault, begins) = self.faults.take();
        self.stage.fault(&fault, begins);
        self.tell(What::Fault { name: fault.name, begins });
        self.pods.iter_mut().for_each(|pod| pod.alive = false);
    }

    fn heard_next(&self) -> Option<Duration> {
        self.traffic.as_ref().and_then(Traffic::next)
    }

    /// The balancer hears of a change of endpoints.
    fn hear(&mut self) {
        let Self { traffic: Some(traffic), stage, .. } = self else {
            return;
        };
        let ready = traffic.hear(|replica| stage.door(replica));
        if !self.ending {
            self.tell(What::Endpoints { ready });
        }
    }

    fn conclude(self) -> Result<Rehearsed, Error> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let mut verdict = Verdict::of(&self.seen, self.pods.len(), self.zero, self.clock.elapsed());
        verdict.requests = self.traffic.as_ref().map(Traffic::requests);
        verdict.losses = self.traffic.as_ref().map(Traffic::reasons).unwrap_or_default();
        Ok(Rehearsed { entries: self.seen, zero: self.zero, replicas: self.pods.len(), verdict })
    }
}
