//! A worker with its clock: `worker.run`.

use std::time::Duration;

use crate::kubelet::ticker::Ticker;
use crate::kubelet::worker::{ATTEMPTS_MAX, Answer, Kind, Look, Spec, View, Worker};
use crate::{Mono, Now};

/// What an answer means for the one who asked.
pub(super) enum Finished {
    /// Ask again at once.
    Again,
    /// Done; whether what is held to be true has changed.
    Done { changed: bool },
}

/// A worker with its clock.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) worker: Worker,
    ticker: Ticker,
    attempt: u32,
    triggered: bool,
    over: bool,
}

impl Slot {
    pub(super) fn new(kind: Kind, spec: Spec, now: Now) -> Self {
        let period = Duration::from_secs(u64::try_from(spec.period_s).unwrap_or(0).max(1));
        Self {
            // The kubelet has been up for a day: nothing here ran before it.
            worker: Worker::new(kind, spec, now.wall - Duration::from_secs(86_400)),
            ticker: Ticker::new(now.mono, period),
            attempt: 0,
            triggered: false,
            over: false,
        }
    }

    /// Whether it asks nothing at the moment and may look again.
    pub(super) fn is_free(&self) -> bool {
        self.attempt == 0 && !self.over
    }

    /// When it looks next.
    pub(super) fn next(&self) -> Mono {
        if self.triggered { Mono::default() } else { self.ticker.next() }
    }

    /// Wants a look at once; one such wish is kept while it asks.
    pub(super) fn trigger(&mut self) {
        self.triggered = true;
    }

    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// Looks, if it is time to. Returns whether to ask.
    pub(super) fn look(&mut self, now: Now, view: &View) -> bool {
        if std::mem::take(&mut self.triggered) {
            self.ticker.reset(now.mono);
        } else {
            self.ticker.take(now.mono);
        }
        match self.worker.look(now.wall, view) {
            Look::Wait => false,
            Look::End => {
                self.over = true;
                false
            }
            Look::Probe => {
                self.attempt = 1;
                true
            }
        }
    }

    /// Takes an answer.
    pub(super) fn finish(&mut self, answer: Answer) -> Finished {
        if answer == Answer::Error && self.attempt < ATTEMPTS_MAX && !self.over {
            self.attempt += 1;
            return Finished::Again;
        }
        self.attempt = 0;
        Finished::Done { changed: self.worker.finish(answer) }
    }
}
