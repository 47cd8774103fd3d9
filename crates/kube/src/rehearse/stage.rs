//! What a rehearsal is played on: replicas, what stands in front of them, and the ports in between.

use std::net::TcpListener;
use std::sync::Arc;

use allswell_core::kubelet::pod::Chance;
use allswell_core::kubelet::status::{Endpoint, endpoint};
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};

use super::conductor::Settings;
use super::process::Recipe;
use super::proxy::{Mode, Proxy};
use super::replica::{Clock, Order, Replica, Setup};
use super::simulation::Simulation;
use super::{Entry, Error, Fault, Subject, fault};
use crate::ask::exec::expand;

/// What every replica shares.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) subject: Arc<Subject>,
    pub(super) settings: Arc<Settings>,
    pub(super) clock: Clock,
    pub(super) tell: mpsc::Sender<Entry>,
}

type Running = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// The replicas and the ways to them.
pub(super) struct Stage {
    context: Context,
    pub(super) replicas: FuturesUnordered<Running>,
    orders: Vec<mpsc::Sender<Order>>,
    /// Proxies, balancer and load: whatever must be polled.
    pub(super) proxies: FuturesUnordered<Running>,
    endpoints: Vec<watch::Receiver<Endpoint>>,
    /// Where each replica serves its first port.
    doors: Vec<u16>,
    variables: Vec<(String, String)>,
    app: watch::Sender<Mode>,
    dependencies: Vec<(String, watch::Sender<Mode>)>,
}

impl Stage {
    pub(super) fn set(context: Context) -> Result<Self, Error> {
        let mut stage = Self {
            context,
            replicas: FuturesUnordered::new(),
            orders: Vec::new(),
            proxies: FuturesUnordered::new(),
            endpoints: Vec::new(),
            doors: Vec::new(),
            variables: Vec::new(),
            app: watch::channel(Mode::Pass).0,
            dependencies: Vec::new(),
        };
        stage.put_before_dependencies()?;
        for _ in 0..stage.context.settings.replicas {
            stage.add_replica()?;
        }
        Ok(stage)
    }

    /// One more pod.
    pub(super) fn add_replica(&mut self) -> Result<(), Error> {
        let Context { subject, settings, clock, tell } = &self.context;
        let index = self.orders.len();
        let local = ports(subject, settings)?;
        let mut recipe = recipe(subject, settings, index, &local)?;
        recipe.environment.extend(self.variables.clone());
        let (orders, receiver) = mpsc::channel(16);
        let (known, watched) = watch::channel(endpoint(false, false, false));
        let served = local.iter().map(|(_, port)| *port).collect();
        let ports = self.put_before_app(local)?;
        self.doors.push(ports.first().map_or(0, |(_, port)| *port));
        let setup = Setup {
            index,
            subject: subject.clone(),
            recipe,
            ports,
            served,
            token: settings.fault_token.clone(),
            clock: *clock,
            chance: Chance { seed: settings.seed.wrapping_add(index as u64), ..Chance::of(settings.seed) },
            entries: tell.clone(),
            orders: receiver,
            endpoint: known,
        };
        self.replicas.push(Box::pin(Replica::new(setup).run()));
        self.orders.push(orders);
        self.endpoints.push(watched);
        Ok(())
    }

    /// The endpoints of all replicas as they are now.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        self.endpoints.iter().map(|endpoint| *endpoint.borrow()).collect()
    }

    /// Where a replica gets requests.
    pub(super) fn door(&self, replica: usize) -> u16 {
        self.doors.get(replica).copied().unwrap_or(0)
    }

    /// A proxy before each dependency, and the variables that lead there.
    fn put_before_dependencies(&mut self) -> Result<(), Error> {
        let settings = self.context.settings.clone();
        for dependency in &settings.dependencies {
            let (mode, watched) = watch::channel(Mode::Pass);
            let port = self.add_proxy(&dependency.host, dependency.port, watched)?;
            self.variables.push((dependency.variable.clone(), dependency.moved_to(port)));
            self.dependencies.push((dependency.name.clone(), mode));
        }
        Ok(())
    }

    /// A proxy before each port of the app, if a fault wants one; returns where probes find the ports then.
    fn put_before_app(&self, ports: Vec<(u16, u16)>) -> Result<Vec<(u16, u16)>, Error> {
        let wanted = |fault: &Fault| matches!(fault.kind, fault::Kind::Slow(_) | fault::Kind::Refuse);
        if !self.context.settings.faults.iter().any(wanted) {
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

    /// A fault begins or ends.
    pub(super) fn fault(&self, fault: &Fault, begins: bool) {
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
            fault::Kind::Down(name) => match self.dependencies.iter().find(|(own, _)| own == name) {
                Some((_, dependency)) => drop(dependency.send_replace(mode(Mode::Refuse))),
                None => self.order(&Order::Simulate(Simulation { name: name.clone(), fails: begins })),
            },
        }
    }

    /// Tells all replicas. One that has ended hears nothing, one that hears nothing for so long will not.
    pub(super) fn order(&self, order: &Order) {
        for orders in &self.orders {
            let _ = orders.try_send(order.clone());
        }
    }

    /// Tells one replica.
    pub(super) fn order_one(&self, replica: usize, order: Order) {
        let _ = self.orders[replica].try_send(order);
    }
}

/// Ports of the container, and where one replica serves them here.
pub(super) fn ports(subject: &Subject, settings: &Settings) -> Result<Vec<(u16, u16)>, Error> {
    let free = settings.port == Some(0)
        || settings.replicas > 1
        || settings.rollout
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
