//! Puts replicas, faults and the end of a rehearsal together.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::kubelet::pod::Chance;
use allswell_core::kubelet::status::endpoint;
use allswell_core::kubelet::{Answer, Kind, Note};
use allswell_probe::AddressPolicy;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};

use super::process::Recipe;
use super::proxy::{Mode, Proxy};
use super::replica::{Clock, Order, Replica, Setup};
use super::timeline::{Entry, What};
use super::{Error, Fault, Subject, Verdict, fault};
use crate::ask::exec::expand;

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
    /// What the app needs, as far as faults name it.
    pub dependencies: Vec<Dependency>,
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
    fn moved_to(&self, port: u16) -> String {
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
    /// What it came to.
    pub verdict: Verdict,
}

/// Rehearses. `stop` is told once to delete the pods, twice to do so without grace; `each` sees every entry as it comes.
///
/// # Errors
/// [`Error`] when it cannot begin; what the app does wrong is in the verdict.
pub async fn rehearse(
    subject: &Arc<Subject>,
    settings: &Settings,
    mut stop: mpsc::Receiver<()>,
    mut each: impl FnMut(&Entry, Duration),
) -> Result<Rehearsed, Error> {
    let (tell, mut entries) = mpsc::channel(256);
    let clock = Clock::start();
    let mut stage = Stage::set(subject, settings, clock, &tell)?;
    drop(tell);
    let zero = stage.lead;
    let mut faults = Schedule::new(&settings.faults, zero);
    let usual = USUAL_LENGTH.max(faults.end().map_or(Duration::ZERO, |end| end - zero + AFTER_FAULTS));
    let limit = zero + settings.length.unwrap_or(usual);
    let mut deleted = false;
    let mut seen: Vec<Entry> = Vec::new();
    let mut calm: Vec<Calm> = (0..settings.replicas).map(|_| Calm::default()).collect();
    let mut listening = true;
    loop {
        tokio::select! {
            Some(entry) = entries.recv() => {
                each(&entry, zero);
                calm[entry.replica].take(&entry.what);
                seen.push(entry);
                if !deleted && settings.length.is_none() && faults.is_over() && calm.iter().all(|one| one.is_calm(subject)) {
                    deleted = true;
                    stage.order(&Order::Delete);
                }
            }
            ended = stage.replicas.next() => if ended.is_none() {
                break;
            },
            told = stop.recv(), if listening => match told {
                Some(()) if !deleted => {
                    deleted = true;
                    stage.order(&Order::Delete);
                }
                Some(()) => stage.order(&Order::DeleteNow),
                None => listening = false,
            },
            () = clock.until(faults.next()), if !deleted && !faults.is_over() => {
                let (fault, begins) = faults.take();
                stage.fault(&fault, begins);
                let entry = Entry { at: clock.elapsed(), replica: 0, what: What::Fault { name: fault.name, begins } };
                each(&entry, zero);
                seen.push(entry);
                calm.iter_mut().for_each(|one| one.alive = false);
            }
            Some(()) = stage.proxies.next() => {}
            () = clock.until(limit), if !deleted => {
                deleted = true;
                stage.order(&Order::Delete);
            }
        }
    }
    while let Ok(entry) = entries.try_recv() {
        each(&entry, zero);
        seen.push(entry);
    }
    let verdict = Verdict::of(&seen, settings.replicas, zero, clock.elapsed());
    Ok(Rehearsed { entries: seen, zero, verdict })
}

/// Whatever the kubelet may connect to. The pods are on this machine, and the manifest is the user's own.
pub(super) fn local_addresses() -> AddressPolicy {
    AddressPolicy::default()
}

type Running = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// The replicas and the ways to them.
struct Stage {
    replicas: FuturesUnordered<Running>,
    orders: Vec<mpsc::Sender<Order>>,
    proxies: FuturesUnordered<Running>,
    app: watch::Sender<Mode>,
    dependencies: Vec<(String, watch::Sender<Mode>)>,
    lead: Duration,
}

impl Stage {
    fn set(
        subject: &Arc<Subject>,
        settings: &Settings,
        clock: Clock,
        tell: &mpsc::Sender<Entry>,
    ) -> Result<Self, Error> {
        let chance = Chance::of(settings.seed);
        let mut stage = Self {
            replicas: FuturesUnordered::new(),
            orders: Vec::new(),
            proxies: FuturesUnordered::new(),
            app: watch::channel(Mode::Pass).0,
            dependencies: Vec::new(),
            lead: chance.lead,
        };
        let variables = stage.put_before_dependencies(settings)?;
        for index in 0..settings.replicas {
            let ports = ports(subject, settings)?;
            let mut recipe = recipe(subject, settings, index, &ports)?;
            recipe.environment.extend(variables.clone());
            let (orders, receiver) = mpsc::channel(16);
            let setup = Setup {
                index,
                subject: subject.clone(),
                recipe,
                ports: stage.put_before_app(settings, ports)?,
                clock,
                chance: Chance { seed: settings.seed.wrapping_add(index as u64), ..chance },
                entries: tell.clone(),
                orders: receiver,
                endpoint: watch::channel(endpoint(false, false, false)).0,
            };
            stage.replicas.push(Box::pin(Replica::new(setup).run()));
            stage.orders.push(orders);
        }
        Ok(stage)
    }

    /// A proxy before each dependency; returns the variables that lead there.
    fn put_before_dependencies(&mut self, settings: &Settings) -> Result<Vec<(String, String)>, Error> {
        let mut variables = Vec::new();
        for dependency in &settings.dependencies {
            let (mode, watched) = watch::channel(Mode::Pass);
            let port = self.add_proxy(&dependency.host, dependency.port, watched)?;
            variables.push((dependency.variable.clone(), dependency.moved_to(port)));
            self.dependencies.push((dependency.name.clone(), mode));
        }
        for fault in &settings.faults {
            if let fault::Kind::Down(name) = &fault.kind
                && !settings.dependencies.iter().any(|dependency| dependency.name == *name)
            {
                return Err(Error::NoDependency { name: name.clone() });
            }
        }
        Ok(variables)
    }

    /// A proxy before each port of the app, if a fault wants one; returns where probes find the ports then.
    fn put_before_app(&mut self, settings: &Settings, ports: Vec<(u16, u16)>) -> Result<Vec<(u16, u16)>, Error> {
        let wanted = |fault: &Fault| matches!(fault.kind, fault::Kind::Slow(_) | fault::Kind::Refuse);
        if !settings.faults.iter().any(wanted) {
            return Ok(ports);
        }
        let before = |(from, to)| Ok((from, self.add_proxy("127.0.0.1", to, self.app.subscribe())?));
        ports.into_iter().map(before).collect()
    }

    fn add_proxy(&self, host: &str, port: u16, mode: watch::Receiver<Mode>) -> Result<u16, Error> {
        let what = || format!("listen in front of {host}:{port}");
        let proxy = Proxy::new(host, port, mode).map_err(|cause| Error::System { what: what(), cause })?;
        let port = proxy.port();
        self.proxies.push(Box::pin(proxy.run()));
        Ok(port)
    }

    fn fault(&self, fault: &Fault, begins: bool) {
        let mode = |mode| if begins { mode } else { Mode::Pass };
        match &fault.kind {
            fault::Kind::Hang => self.order(if begins { &Order::Freeze } else { &Order::Thaw }),
            fault::Kind::Kill => self.order(&Order::Shoot),
            fault::Kind::Slow(delay) => {
                self.app.send_replace(mode(Mode::Slow(*delay)));
            }
            fault::Kind::Refuse => {
                self.app.send_replace(mode(Mode::Refuse));
            }
            fault::Kind::Down(name) => {
                for (_, dependency) in self.dependencies.iter().filter(|(own, _)| own == name) {
                    dependency.send_replace(mode(Mode::Refuse));
                }
            }
        }
    }

    /// Tells all replicas. One that has ended hears nothing, one that hears nothing for so long will not.
    fn order(&self, order: &Order) {
        for orders in &self.orders {
            let _ = orders.try_send(order.clone());
        }
    }
}

/// The beginnings and ends of all faults, in order.
struct Schedule(std::collections::VecDeque<(Duration, Fault, bool)>);

impl Schedule {
    fn new(faults: &[Fault], zero: Duration) -> Self {
        let begin = |fault: &Fault| Some((zero + fault.from, fault.clone(), true));
        let end = |fault: &Fault| Some((zero + fault.to?, fault.clone(), false));
        let mut moments: Vec<_> = faults.iter().flat_map(|fault| [begin(fault), end(fault)]).flatten().collect();
        moments.sort_by_key(|(at, ..)| *at);
        Self(moments.into())
    }

    fn end(&self) -> Option<Duration> {
        self.0.back().map(|(at, ..)| *at)
    }

    fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&self) -> Duration {
        self.0.front().map_or(Duration::ZERO, |(at, ..)| *at)
    }

    fn take(&mut self) -> (Fault, bool) {
        let (_, fault, begins) = self.0.pop_front().expect("asked for only when there is one");
        (fault, begins)
    }
}

/// Whether a replica has come up and its liveness has been seen to pass.
#[derive(Default)]
struct Calm {
    ready: bool,
    alive: bool,
}

impl Calm {
    fn take(&mut self, what: &What) {
        match what {
            What::Note(Note::Ready) => self.ready = true,
            What::Note(Note::Unready | Note::Started { .. }) => *self = Self::default(),
            What::Probed { kind: Kind::Liveness, answer, .. } => self.alive = *answer == Answer::Success,
            _ => {}
        }
    }

    fn is_calm(&self, subject: &Subject) -> bool {
        self.ready && (self.alive || subject.spec(Kind::Liveness).is_none())
    }
}

/// Ports of the container, and where one replica serves them here.
pub(super) fn ports(subject: &Subject, settings: &Settings) -> Result<Vec<(u16, u16)>, Error> {
    let free = settings.port == Some(0)
        || settings.replicas > 1
        || (settings.port.is_none() && settings.command.iter().any(|word| word.contains("{port")));
    let mut ports = Vec::new();
    for (index, port) in subject.all_ports().into_iter().enumerate() {
        let local = match settings.port.filter(|own| *own != 0 && index == 0) {
            _ if free => 0,
            Some(own) => own,
            None => port,
        };
        ports.push((port, available(local)?));
    }
    Ok(ports)
}

/// The port when it is free, a free one for 0.
fn available(port: u16) -> Result<u16, Error> {
    match TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr()) {
        Ok(address) => Ok(address.port()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(Error::PortTaken { port }),
        Err(cause) => Err(Error::System { what: format!("listen on port {port}"), cause }),
    }
}

pub(super) fn recipe(
    subject: &Subject,
    settings: &Settings,
    index: usize,
    ports: &[(u16, u16)],
) -> Result<Recipe, Error> {
    let words: Vec<String> = match settings.command.is_empty() {
        true => subject.command.iter().map(|word| expand(word, &subject.environment)).collect(),
        false => settings.command.iter().map(|word| fill(word, subject, index, ports)).collect(),
    };
    if words.is_empty() {
        return Err(Error::NoCommand);
    }
    let mut environment = subject.environment.clone();
    if let Some((_, local)) = ports.first() {
        environment.push(("PORT".to_owned(), local.to_string()));
    }
    for (name, number) in &subject.ports {
        if let (Some(name), Some((_, local))) = (name, ports.iter().find(|(from, _)| from == number)) {
            environment.push((format!("PORT_{}", name.to_uppercase().replace('-', "_")), local.to_string()));
        }
    }
    let output =
        settings.output.as_ref().map(|directory| directory.join(format!("{}-{}.log", subject.name, index + 1)));
    Ok(Recipe { words, environment, output })
}

/// `{port}`, `{port:metrics}` and `{replica}`.
fn fill(word: &str, subject: &Subject, index: usize, ports: &[(u16, u16)]) -> String {
    let mut word = word.replace("{replica}", &(index + 1).to_string());
    if let Some((_, local)) = ports.first() {
        word = word.replace("{port}", &local.to_string());
    }
    for (name, number) in &subject.ports {
        if let (Some(name), Some((_, local))) = (name, ports.iter().find(|(from, _)| from == number)) {
            word = word.replace(&format!("{{port:{name}}}"), &local.to_string());
        }
    }
    word
}
