//! A pod against a model app on a virtual clock: the same decisions as in a rehearsal, thousands of runs a second.

use std::time::Duration;

use super::pod::{Action, Chance, Event, Note, Plan, Pod};
use super::worker::{Answer, Kind};
use crate::{Mono, Now, Wall};

/// Room before the first moment, for workers that are older than the container.
const ORIGIN: Duration = Duration::from_secs(60);

/// One asking of a model app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Which probe.
    pub kind: Kind,
    /// Since the container was first started.
    pub at: Duration,
    /// Since this instance was started.
    pub age: Duration,
    /// Which instance, from 0 on.
    pub instance: u32,
    /// Since SIGTERM; `None` before.
    pub terminating: Option<Duration>,
}

/// An app, as far as the kubelet notices it.
pub trait App {
    /// What the app answers, and after what time.
    fn answer(&mut self, asking: &Asking) -> (Answer, Duration);

    /// When this instance dies by itself, counted from its start, and its exit code; `None` when it lives on.
    fn dies(&mut self, instance: u32) -> Option<(Duration, i32)> {
        let _ = instance;
        None
    }

    /// How long it takes to end after SIGTERM; `None` when it ignores it.
    fn ends_after_term(&mut self) -> Option<Duration> {
        Some(Duration::from_millis(100))
    }

    /// How long the preStop hook takes.
    fn hook(&mut self) -> Duration {
        Duration::ZERO
    }
}

/// One thing that happened, counted from the first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Duration,
    /// What.
    pub what: Note,
}

/// What became of one pod.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Everything that people want to read, in order.
    pub story: Vec<Happened>,
    /// How often the app was asked.
    pub askings: u64,
    /// How often the container was started again.
    pub restarts: u32,
    /// Whether the pod was in service at the end.
    pub ready: bool,
    /// How long it was in service.
    pub in_service: Duration,
}

impl Run {
    /// When the pod first came into service.
    pub fn first_ready(&self) -> Option<Duration> {
        self.first(|note| matches!(note, Note::Ready))
    }

    /// When the first of those happened.
    pub fn first(&self, wanted: impl Fn(&Note) -> bool) -> Option<Duration> {
        self.story.iter().find(|happened| wanted(&happened.what)).map(|happened| happened.at)
    }

    /// When the container was killed for its probes.
    pub fn kills(&self) -> impl Iterator<Item = (Duration, Kind)> + '_ {
        self.story.iter().filter_map(|happened| match happened.what {
            Note::Killing { by: Some(kind), .. } => Some((happened.at, kind)),
            _ => None,
        })
    }
}

/// Runs a pod for `length` after its first start. A deletion at `delete_at` ends it earlier.
pub fn run(plan: &Plan, app: &mut impl App, chance: Chance, length: Duration, delete_at: Option<Duration>) -> Run {
    let mut world = World::new(plan.clone(), app, chance);
    world.play(length, delete_at);
    world.run.restarts = world.pod.restarts();
    world.run.ready = world.pod.is_ready();
    world.run
}

/// The pod, the app, and what is under way between them.
struct World<'a, A> {
    pod: Pod,
    app: &'a mut A,
    zero: Duration,
    now: Duration,
    answers: [Option<(Duration, Answer)>; 3],
    started: Option<Duration>,
    instances: u32,
    starting: bool,
    terminated: Option<Duration>,
    exit: Option<(Duration, i32)>,
    hook: Option<Duration>,
    ready_since: Option<Duration>,
    run: Run,
}

impl<'a, A: App> World<'a, A> {
    fn new(plan: Plan, app: &'a mut A, chance: Chance) -> Self {
        let zero = ORIGIN + chance.lead;
        Self {
            pod: Pod::new(plan, moment(ORIGIN, chance.seed), chance),
            app,
            zero,
            now: ORIGIN,
            answers: [None; 3],
            started: None,
            instances: 0,
            starting: false,
            terminated: None,
            exit: None,
            hook: None,
            ready_since: None,
            run: Run::default(),
        }
    }

    fn play(&mut self, length: Duration, delete_at: Option<Duration>) {
        let (end, mut delete_at) = (self.zero + length, delete_at.map(|at| self.zero + at));
        let seed = self.pod.chance().seed;
        let mut actions = Vec::new();
        while let Some((at, event)) = self.next(&mut delete_at) {
            if at > end {
                break;
            }
            self.now = at.max(self.now);
            self.pod.on(moment(self.now, seed), event, &mut actions);
            for action in actions.drain(..) {
                self.act(action);
            }
        }
        self.now = end;
        self.leave_service();
    }

    /// What happens next, and when; what happens is taken out.
    fn next(&mut self, delete_at: &mut Option<Duration>) -> Option<(Duration, Event)> {
        let mut best = self.pod.due().map(|due| (due.since_origin(), Event::Wake));
        let mut offer = |at: Option<Duration>, event: Event| {
            if let Some(at) = at
                && best.is_none_or(|(other, _)| at < other)
            {
                best = Some((at, event));
            }
        };
        offer(self.starting.then_some(self.now), Event::Started);
        offer(self.exit.map(|(at, _)| at), Event::Exited { code: self.exit.map_or(0, |(_, code)| code) });
        for kind in Kind::ALL {
            if let Some((at, answer)) = self.answers[kind as usize] {
                offer(Some(at), Event::Answered { kind, answer });
            }
        }
        offer(self.hook, Event::HookEnded);
        offer(*delete_at, Event::Delete { grace_s: None });
        match best?.1 {
            Event::Wake => {}
            Event::Started => self.begin(),
            Event::Exited { .. } => (self.started, self.exit, self.terminated) = (None, None, None),
            Event::Answered { kind, .. } => self.answers[kind as usize] = None,
            Event::HookEnded => self.hook = None,
            Event::Delete { .. } => *delete_at = None,
        }
        best
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Start => self.starting = true,
            Action::Ask(kind) => self.ask(kind),
            Action::Hook => self.hook = Some(self.now + self.app.hook()),
            Action::Terminate => {
                self.terminated = Some(self.now);
                if let Some(after) = self.app.ends_after_term() {
                    self.exit = Some((self.now + after, 143));
                }
            }
            Action::Kill => self.exit = Some((self.now, 137)),
            Action::Tell(note) => self.tell(note),
        }
    }

    fn begin(&mut self) {
        self.starting = false;
        self.started = Some(self.now);
        self.exit = self.app.dies(self.instances).map(|(after, code)| (self.now.saturating_add(after), code));
        self.instances += 1;
    }

    fn ask(&mut self, kind: Kind) {
        self.run.askings += 1;
        let Some(started) = self.started else {
            self.answers[kind as usize] = Some((self.now, Answer::Failure));
            return;
        };
        let asking = Asking {
            kind,
            at: self.now.saturating_sub(self.zero),
            age: self.now.saturating_sub(started),
            instance: self.instances.saturating_sub(1),
            terminating: self.terminated.map(|at| self.now.saturating_sub(at)),
        };
        let (answer, took) = self.app.answer(&asking);
        let timeout_s = self.pod.plan().spec(kind).map_or(1, |spec| spec.timeout_s.max(1));
        let timeout = Duration::from_secs(u64::from(timeout_s.unsigned_abs()));
        let (answer, took) = if took > timeout { (Answer::Failure, timeout) } else { (answer, took) };
        self.answers[kind as usize] = Some((self.now + took, answer));
    }

    fn tell(&mut self, note: Note) {
        self.run.story.push(Happened { at: self.now.saturating_sub(self.zero), what: note });
        match note {
            Note::Ready => self.ready_since = Some(self.now),
            Note::Unready => self.leave_service(),
            _ => {}
        }
    }

    fn leave_service(&mut self) {
        if let Some(since) = self.ready_since.take() {
            self.run.in_service += self.now.saturating_sub(since);
        }
    }
}

/// The wall clock stands anywhere in its second.
fn moment(since_origin: Duration, seed: u64) -> Now {
    let fraction_ms = i64::try_from(seed % 1_000).unwrap_or(0);
    let ms = i64::try_from(since_origin.as_millis()).unwrap_or(i64::MAX / 2);
    Now { mono: Mono::after(since_origin), wall: Wall::from_ms(1_700_000_000_000 + fraction_ms + ms) }
}
