//! A steady load through a balancer of connections, as a Service gives it: each request on a connection of its own.
//!
//! The balancer follows EndpointSlice rules with a delay: `ready` endpoints get connections; when a Service has none, those
//! that are `serving` and `terminating` do (KEP-1669). A connection that cannot be made is the client's loss, as with
//! kube-proxy.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use allswell_core::kubelet::Answer;
use allswell_core::kubelet::status::Endpoint;
use allswell_probe::Dialer;
use allswell_probe::dialer::Options;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::conductor::local_addresses;
use super::replica::Clock;
use crate::ask::http::{self, Get};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many kinds of losses are told apart.
const REASONS_MAX: usize = 8;

/// What load is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Requests per second.
    pub per_second: u32,
    /// Their path.
    pub path: String,
    /// How long a change of endpoints takes to reach the balancer.
    pub propagation: Duration,
}

/// What became of the requests.
#[derive(Debug, Default)]
pub(super) struct Count {
    sent: Cell<u64>,
    lost: Cell<u64>,
    under_way: Cell<u64>,
    reasons: RefCell<BTreeMap<String, u64>>,
}

/// The load, the balancer and what it knows.
pub(super) struct Traffic {
    load: Load,
    count: Rc<Count>,
    ports: watch::Sender<Vec<u16>>,
    running: watch::Sender<bool>,
    known: Vec<usize>,
    coming: VecDeque<(Duration, Vec<usize>)>,
}

/// What must be polled for the traffic to flow.
pub(super) type Flowing = std::pin::Pin<Box<dyn Future<Output = ()>>>;

impl Traffic {
    pub(super) fn begin(load: &Load, clock: Clock) -> std::io::Result<(Self, [Flowing; 2])> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let listener = TcpListener::from_std(listener)?;
        let (ports, watched) = watch::channel(Vec::new());
        let (running, runs) = watch::channel(true);
        let count = Rc::new(Count::default());
        let get = Get {
            scheme: "HTTP".to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
            path: load.path.clone(),
            headers: vec![("User-Agent".to_owned(), "allswell-rehearse".to_owned())],
        };
        let sending = send(get, load.per_second, clock, count.clone(), watched.clone(), runs);
        let balancing = balance(listener, watched);
        let load = load.clone();
        let traffic = Self { load, count, ports, running, known: Vec::new(), coming: VecDeque::new() };
        Ok((traffic, [Box::pin(balancing), Box::pin(sending)]))
    }

    /// Takes the endpoints as they are now; the balancer hears of a change later.
    pub(super) fn endpoints(&mut self, now: Duration, endpoints: &[Endpoint]) {
        let those = |wanted: &dyn Fn(&Endpoint) -> bool| -> Vec<usize> {
            (0..endpoints.len()).filter(|index| wanted(&endpoints[*index])).collect()
        };
        let mut ready = those(&|endpoint| endpoint.ready);
        if ready.is_empty() {
            ready = those(&|endpoint| endpoint.serving && endpoint.terminating);
        }
        let newest = self.coming.back().map_or(&self.known, |(_, ready)| ready);
        if *newest != ready {
            self.coming.push_back((now + self.load.propagation, ready));
        }
    }

    /// When the balancer hears of the next change.
    pub(super) fn next(&self) -> Option<Duration> {
        self.coming.front().map(|(at, _)| *at)
    }

    /// The balancer hears of it: returns the replicas that get requests from now on.
    pub(super) fn hear(&mut self, port_of: impl Fn(usize) -> u16) -> Vec<usize> {
        if let Some((_, ready)) = self.coming.pop_front() {
            self.ports.send_replace(ready.iter().map(|replica| port_of(*replica)).collect());
            self.known = ready;
        }
        self.known.clone()
    }

    /// Sends nothing more; what is under way ends by itself.
    pub(super) fn stop(&self) {
        self.running.send_replace(false);
    }

    pub(super) fn is_quiet(&self) -> bool {
        !*self.running.borrow() && self.count.under_way.get() == 0
    }

    /// Requests sent and lost.
    pub(super) fn requests(&self) -> (u64, u64) {
        (self.count.sent.get(), self.count.lost.get())
    }

    /// Why requests were lost, and how many for each reason.
    pub(super) fn reasons(&self) -> Vec<(String, u64)> {
        self.count.reasons.borrow().iter().map(|(why, count)| (why.clone(), *count)).collect()
    }
}

impl Count {
    fn lose(&self, why: &str) {
        self.lost.set(self.lost.get() + 1);
        // `Get "http://127.0.0.1:1/": EOF`: the URL says nothing new.
        let why = why.split_once("\": ").map_or(why, |(_, why)| why).to_owned();
        let mut reasons = self.reasons.borrow_mut();
        let room = reasons.len() < REASONS_MAX || reasons.contains_key(&why);
        *reasons.entry(if room { why } else { "other reasons".to_owned() }).or_default() += 1;
    }
}

/// Sends at a steady pace from the moment somebody can be asked, whether answers come or not.
async fn send(
    get: Get,
    per_second: u32,
    clock: Clock,
    count: Rc<Count>,
    mut ports: watch::Receiver<Vec<u16>>,
    mut runs: watch::Receiver<bool>,
) {
    if ports.wait_for(|ports| !ports.is_empty()).await.is_err() {
        return;
    }
    let (began, dialer) = (clock.elapsed(), Dialer::new(local_addresses()));
    let mut requests = FuturesUnordered::new();
    let mut number = 0_u32;
    loop {
        let running = *runs.borrow();
        if !running && requests.is_empty() {
            return;
        }
        let due = began + Duration::from_secs(1) * number / per_second.max(1);
        tokio::select! {
            () = clock.until(due), if running => {
                number = number.wrapping_add(1);
                count.sent.set(count.sent.get() + 1);
                count.under_way.set(count.under_way.get() + 1);
                requests.push(http::ask(&get, &dialer, PATIENCE));
            }
            Some(asked) = requests.next() => {
                count.under_way.set(count.under_way.get() - 1);
                if !is_served(&asked) {
                    count.lose(&asked.output);
                }
            }
            changed = runs.changed(), if running => if changed.is_err() {
                return;
            },
        }
    }
}

/// Any answer below 500: that a path is not there is the app's own word.
fn is_served(asked: &crate::ask::Asked) -> bool {
    let status = asked.output.strip_prefix("HTTP probe failed with statuscode: ").and_then(|n| n.parse::<u16>().ok());
    matches!(asked.answer, Answer::Success | Answer::Warning) || status.is_some_and(|status| status < 500)
}

async fn balance(listener: TcpListener, ports: watch::Receiver<Vec<u16>>) {
    let dialer = Dialer::new(local_addresses());
    let mut connections = FuturesUnordered::new();
    let mut turn = 0_usize;
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let ports = ports.borrow();
                turn = turn.wrapping_add(1);
                let port = ports.get(turn % ports.len().max(1)).copied();
                connections.push(pass(stream, port, dialer.clone()));
            },
            Some(()) = connections.next() => {}
        }
    }
}

async fn pass(mut client: TcpStream, port: Option<u16>, dialer: Dialer) {
    let connected = match port {
        Some(port) => dialer.connect("127.0.0.1", port, &Options::default(), crate::ask::deadline(PATIENCE)).await.ok(),
        None => None,
    };
    match connected {
        Some(mut dialled) => {
            let _ = tokio::io::copy_bidirectional(&mut client, &mut dialled.stream).await;
        }
        // The client of a real Service would be refused; here its connection is reset.
        None => {
            let _ = socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO));
        }
    }
}
