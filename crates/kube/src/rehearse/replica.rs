//! One pod in real time: its process, its probes and its hook, driven by `allswell_core::kubelet::Pod`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::kubelet::pod::Chance;
use allswell_core::kubelet::status::Endpoint;
use allswell_core::kubelet::{Action, Answer, Event, Kind, Note, Pod};
use allswell_core::{Mono, Now, Wall};
use allswell_probe::Dialer;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};

use super::process::{Process, Recipe};
use super::simulation::{Simulation, Token};
use super::{Entry, Subject, What};
use crate::ask::exec::Environment;
use crate::ask::{Asked, Question};
use crate::manifest::PortRef;
use crate::process::Signal;

/// The clock of a rehearsal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: tokio::time::Instant,
    wall: Wall,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a rehearsal runs in real time, and this is its clock")]
    pub(super) fn start() -> Self {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let wall = Wall::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(0));
        Self { origin: tokio::time::Instant::now(), wall }
    }

    #[expect(clippy::disallowed_methods, reason = "a rehearsal runs in real time, and this is its clock")]
    pub(super) fn elapsed(&self) -> Duration {
        tokio::time::Instant::now().duration_since(self.origin)
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = self.elapsed();
        let ms = i64::try_from(elapsed.as_millis()).unwrap_or(0);
        Now { mono: Mono::after(elapsed), wall: Wall::from_ms(self.wall.ms() + ms) }
    }

    pub(super) async fn until(&self, at: Duration) {
        tokio::time::sleep_until(self.origin + at).await;
    }
}

/// What a replica is told from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Delete the pod.
    Delete,
    /// Delete it without any grace.
    DeleteNow,
    /// Freeze the process.
    Freeze,
    /// Let it go on.
    Thaw,
    /// Kill the process.
    Shoot,
    /// Ask the app to play a fault, or to stop playing it.
    Simulate(Simulation),
}

/// What a replica needs to be one.
pub(super) struct Setup {
    pub(super) index: usize,
    pub(super) subject: Arc<Subject>,
    pub(super) recipe: Recipe,
    /// Ports of the container and where the probes find them here.
    pub(super) ports: Vec<(u16, u16)>,
    /// Where the app should listen.
    pub(super) served: Vec<u16>,
    pub(super) token: Option<Token>,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) entries: mpsc::Sender<Entry>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) endpoint: watch::Sender<Endpoint>,
}

type Asking = Pin<Box<dyn Future<Output = (Kind, Asked, Duration)>>>;
type Playing = Pin<Box<dyn Future<Output = Result<(), (String, String)>>>>;
type Hooking = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// One pod.
pub(super) struct Replica {
    setup: Setup,
    pod: Pod,
    process: Option<Process>,
    questions: [Option<Question>; 3],
    environment: Environment,
    askings: FuturesUnordered<Asking>,
    hooking: Option<Hooking>,
    /// What the app is asked to play, again after each restart.
    played: Vec<String>,
    playing: FuturesUnordered<Playing>,
    last: [Option<Answer>; 3],
    /// Whether the kubelet or a fault ends the process; its last words are no news then.
    doomed: bool,
    /// Whether it was told that the app listens elsewhere.
    astray: bool,
    /// Whether the pod is being deleted; that it is not ready any more is no news then.
    deleted: bool,
    dialer: Dialer,
}

/// What happened next.
enum Next {
    Event(Event),
    Asked(Kind, Asked, Duration),
    Hooked(Result<(), String>),
    Order(Order),
    Played(Result<(), (String, String)>),
}

impl Replica {
    pub(super) fn new(setup: Setup) -> Self {
        let literal = setup.subject.environment.clone();
        let environment = Environment { literal, extra: setup.recipe.environment.clone(), directory: None };
        let questions = Kind::ALL.map(|kind| setup.subject.question(kind, &setup.ports, &environment));
        let pod = Pod::new(setup.subject.plan.clone(), setup.clock.now(), setup.chance);
        Self {
            pod,
            process: None,
            questions,
            environment,
            askings: FuturesUnordered::new(),
            hooking: None,
            played: Vec::new(),
            playing: FuturesUnordered::new(),
            last: [None; 3],
            doomed: false,
            astray: false,
            deleted: false,
            dialer: Dialer::new(super::conductor::local_addresses()),
            setup,
        }
    }

    /// Lives until the pod is over.
    pub(super) async fn run(mut self) {
        self.tell(What::Scheduled).await;
        while !self.pod.is_over() {
            match self.next().await {
                Next::Event(event) => self.happened(event).await,
                Next::Asked(kind, asked, took) => self.asked(kind, asked, took).await,
                Next::Hooked(result) => {
                    self.tell(What::HookEnded(result)).await;
                    self.happened(Event::HookEnded).await;
                }
                Next::Order(order) => self.obey(order).await,
                Next::Played(Ok(())) => {}
                Next::Played(Err((name, why))) => self.tell(What::NotPlayed { name, why }).await,
            }
        }
    }

    async fn next(&mut self) -> Next {
        let due = self.pod.due();
        let clock = self.setup.clock;
        let wake = async {
            match due {
                Some(due) => clock.until(due.since_origin()).await,
                None => std::future::pending().await,
            }
        };
        let ended = async {
            match &mut self.process {
                Some(process) => process.ended().await,
                None => std::future::pending().await,
            }
        };
        let hooked = async {
            match &mut self.hooking {
                Some(hooking) => hooking.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(order) = self.setup.orders.recv() => Next::Order(order),
            code = ended => Next::Event(Event::Exited { code }),
            Some((kind, asked, took)) = self.askings.next() => Next::Asked(kind, asked, took),
            result = hooked => Next::Hooked(result),
            Some(played) = self.playing.next() => Next::Played(played),
            () = wake => Next::Event(Event::Wake),
        }
    }

    async fn happened(&mut self, event: Event) {
        if let Event::Exited { .. } = event {
            self.process = None;
            self.hooking = None;
            self.playing.clear();
            if !std::mem::take(&mut self.doomed) {
                self.tell(What::LastWords(self.setup.recipe.last_words())).await;
            }
        }
        if event == Event::HookEnded {
            self.hooking = None;
        }
        let actions = self.decide(event);
        self.act(actions).await;
    }

    fn decide(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.pod.on(self.setup.clock.now(), event, &mut actions);
        let endpoint = self.pod.endpoint(false);
        self.setup.endpoint.send_if_modified(|known| std::mem::replace(known, endpoint) != endpoint);
        actions
    }

    async fn asked(&mut self, kind: Kind, asked: Asked, took: Duration) {
        let before = self.pod.run(kind);
        let actions = self.decide(Event::Answered { kind, answer: asked.answer });
        let again = asked.answer == Answer::Error && actions.contains(&Action::Ask(kind));
        if !again {
            let count = (self.count_after(kind, asked.answer, before), self.threshold(kind));
            let news = self.last[kind as usize].replace(asked.answer) != Some(asked.answer);
            let Asked { answer, output } = asked;
            let is_refused = answer == Answer::Failure && output.ends_with("connection refused");
            self.tell(What::Probed { kind, answer, output, took, count, news }).await;
            if is_refused && !self.astray {
                self.look_elsewhere().await;
            }
        }
        self.act(actions).await;
    }

    /// Where the app listens, when that is not where it is asked.
    async fn look_elsewhere(&mut self) {
        let ports = self.process.as_ref().map(Process::ports).unwrap_or_default();
        let served = &self.setup.served;
        if !ports.is_empty() && !ports.iter().any(|port| served.contains(port)) {
            self.astray = true;
            self.tell(What::ListensElsewhere { ports, wanted: served.clone() }).await;
        }
    }

    /// How many failures in a row there are now. A result that has its effect sets the worker's count to zero.
    fn count_after(&self, kind: Kind, answer: Answer, before: u32) -> u32 {
        match self.pod.run(kind) {
            0 if answer != Answer::Error => before + 1,
            run => run,
        }
    }

    fn threshold(&self, kind: Kind) -> u32 {
        self.pod.plan().spec(kind).map_or(1, |spec| u32::try_from(spec.failure_threshold).unwrap_or(1))
    }

    async fn act(&mut self, actions: Vec<Action>) {
        let mut left: std::collections::VecDeque<Action> = actions.into();
        while let Some(action) = left.pop_front() {
            match action {
                Action::Start => left.extend(self.start().await),
                Action::Ask(kind) => self.ask(kind),
                Action::Hook => self.hook().await,
                Action::Terminate => {
                    self.doomed = true;
                    self.signal(Signal::Terminate);
                    self.tell(What::Terminated).await;
                }
                Action::Kill => {
                    self.doomed = true;
                    self.signal(Signal::Kill);
                }
                Action::Tell(Note::Unready) if self.deleted => {}
                Action::Tell(note) => {
                    if let Note::Started { .. } = note {
                        self.last = [None; 3];
                    }
                    self.tell(What::Note(note)).await;
                }
            }
        }
    }

    async fn start(&mut self) -> Vec<Action> {
        match self.setup.recipe.start() {
            Ok(process) => {
                self.process = Some(process);
                self.doomed = false;
                // What the last one played is forgotten with it; what it needs is still down.
                self.play_all();
                self.decide(Event::Started)
            }
            Err(error) => {
                let program = self.setup.recipe.words.first().map_or("", String::as_str);
                self.tell(What::CannotStart(format!("exec: {program:?}: {error}"))).await;
                self.decide(Event::Exited { code: 128 })
            }
        }
    }

    fn ask(&mut self, kind: Kind) {
        let Some(question) = self.questions[kind as usize].clone() else {
            return;
        };
        let seconds = self.pod.plan().spec(kind).map_or(1, |spec| spec.timeout_s.max(1)).unsigned_abs();
        let (dialer, clock) = (self.dialer.clone(), self.setup.clock);
        self.askings.push(Box::pin(async move {
            let begun = clock.elapsed();
            let asked = question.ask(&dialer, Duration::from_secs(u64::from(seconds))).await;
            (kind, asked, clock.elapsed().saturating_sub(begun))
        }));
    }

    async fn hook(&mut self) {
        let Some(hook) = self.setup.subject.hook.clone() else {
            return;
        };
        self.tell(What::HookBegan).await;
        let (subject, ports) = (self.setup.subject.clone(), self.setup.ports.clone());
        let port = move |wanted: &PortRef| {
            let port = wanted.resolve(|name| subject.port_named(name))?;
            Ok(ports.iter().find(|(from, _)| *from == port).map_or(port, |(_, to)| *to))
        };
        self.hooking = Some(Box::pin(hook.run(self.dialer.clone(), self.environment.clone(), port)));
    }

    async fn obey(&mut self, order: Order) {
        self.deleted |= matches!(order, Order::Delete | Order::DeleteNow);
        match order {
            Order::Delete => self.happened(Event::Delete { grace_s: None }).await,
            Order::DeleteNow => {
                self.doomed = true;
                self.signal(Signal::Kill);
                self.happened(Event::Delete { grace_s: Some(0) }).await;
            }
            Order::Freeze => self.signal(Signal::Stop),
            Order::Thaw => self.signal(Signal::Continue),
            Order::Shoot => {
                self.doomed = true;
                self.signal(Signal::Kill);
            }
            Order::Simulate(simulation) => {
                self.played.retain(|name| *name != simulation.name);
                if simulation.fails {
                    self.played.push(simulation.name.clone());
                } else {
                    // Otherwise a failure that the app has not heard of yet could overtake the recovery.
                    self.playing.clear();
                    self.play(simulation);
                }
                self.play_all();
            }
        }
    }

    fn play_all(&mut self) {
        for name in self.played.clone() {
            self.play(Simulation { name, fails: true });
        }
    }

    fn play(&mut self, simulation: Simulation) {
        let ports = self.setup.ports.iter().map(|(_, local)| *local).collect();
        let (token, dialer) = (self.setup.token.clone(), self.dialer.clone());
        self.playing.push(Box::pin(async move {
            let name = simulation.name.clone();
            simulation.tell(ports, token, dialer).await.map_err(|why| (name, why))
        }));
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }

    async fn tell(&self, what: What) {
        let entry = Entry { at: self.setup.clock.elapsed(), replica: self.setup.index, what };
        // Nobody reads any more: the rehearsal is being dropped.
        let _ = self.setup.entries.send(entry).await;
    }
}
