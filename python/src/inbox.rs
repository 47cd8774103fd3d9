//! What the native thread has to tell the event loop, and the askings that wait for the loop's answers.
//!
//! The loop watches an event file descriptor. One wake-up carries everything: that it is to show a sign of life, which checks
//! are due, which of them took too long, which answers to requests are written.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use allswell::Outcome;
use allswell_core::Mono;
use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::{OwnedMutexGuard, oneshot};

use crate::clock::{micros, mono};

/// Something the loop is to do.
#[derive(Debug)]
pub enum Message {
    /// Ask this check, and give the answer with the ticket.
    Ask { ticket: u64, name: Arc<str> },
    /// The asking with this ticket took too long: cancel it.
    Cancel { ticket: u64 },
    /// The answer to a request that waited: status, media type, body.
    Answered { token: u64, code: u16, media_type: String, body: bytes::Bytes },
    /// Do nothing else for so many seconds: a simulated fault.
    Block { seconds: f64 },
}

/// An asking under way.
struct Asking {
    answer: oneshot::Sender<Outcome>,
    /// Held until the asking returned in Python, also when it was given up before.
    _alone: OwnedMutexGuard<()>,
}

/// Between the native thread and the loop.
pub struct Inbox {
    wake: OwnedFd,
    messages: Mutex<VecDeque<Message>>,
    askings: Mutex<HashMap<u64, Asking>>,
    next: AtomicU64,
    /// When the loop was asked for the sign of life that it did not show yet, in microseconds; zero when it owes none.
    pinged: AtomicU64,
    /// Since when it may have been silent then: the last moment at which it was known to move.
    moved: AtomicU64,
    /// When it showed the last one.
    ponged: AtomicU64,
    /// When it last began a request.
    touched: AtomicU64,
    /// Signs of life it showed, and how late they were: the histogram's buckets and the sum.
    pub lags: Lags,
}

/// The upper bounds of the lag's buckets, in microseconds; the last bucket has none.
pub const LAG_BOUNDS_US: [u64; 9] = [1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// How late signs of life were.
#[derive(Debug, Default)]
pub struct Lags {
    buckets: [AtomicU64; LAG_BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
    last_us: AtomicU64,
}

impl Lags {
    fn took(&self, us: u64) {
        let bucket = LAG_BOUNDS_US.partition_point(|bound| *bound < us);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
        self.last_us.store(us, Ordering::Relaxed);
    }

    /// How many were how late, and last how late all were together in microseconds.
    pub fn counts(&self) -> [u64; LAG_BOUNDS_US.len() + 2] {
        let at = |at: usize| self.buckets.get(at).unwrap_or(&self.sum_us).load(Ordering::Relaxed);
        std::array::from_fn(at)
    }

    /// How late the last one was.
    pub fn last(&self) -> Duration {
        Duration::from_micros(self.last_us.load(Ordering::Relaxed))
    }
}

impl Inbox {
    /// An empty one.
    ///
    /// # Errors
    /// When the system gives no event file descriptor.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            messages: Mutex::default(),
            askings: Mutex::default(),
            next: AtomicU64::new(1),
            pinged: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            touched: AtomicU64::new(0),
            ponged: AtomicU64::new(micros(mono())),
            lags: Lags::default(),
        })
    }

    /// What the loop watches.
    pub fn descriptor(&self) -> i32 {
        self.wake.as_raw_fd()
    }

    /// A number that was not given before.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells the loop something.
    pub fn tell(&self, message: Message) {
        self.messages().push_back(message);
        self.rouse();
    }

    /// Asks the loop for a sign of life, unless it owes one already. It is asked `rarely` when nothing happens.
    pub fn ping(&self, rarely: bool) {
        let now = micros(mono());
        if self.pinged.compare_exchange(0, now, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return;
        }
        let (ponged, touched) = (self.ponged.load(Ordering::Acquire), self.touched.load(Ordering::Relaxed));
        // What blocks mostly begins with a request. Else, between two signs that are far apart, the first is all there is.
        let moved = if touched > ponged {
            touched
        } else if rarely {
            ponged
        } else {
            now
        };
        self.moved.store(moved, Ordering::Release);
        self.rouse();
    }

    /// The loop begins a request.
    pub fn touch(&self, now: Mono) {
        self.touched.store(micros(now), Ordering::Relaxed);
    }

    /// When it last did.
    pub fn last_touch(&self) -> Duration {
        Duration::from_micros(self.touched.load(Ordering::Relaxed))
    }

    /// The loop's sign of life, and what it has to do.
    pub fn pong(&self) -> VecDeque<Message> {
        let mut count = [0; 8];
        // Nothing to read means that somebody else's message was read with the one before.
        rustix::io::read(&self.wake, &mut count).ok();
        let now = micros(mono());
        let pinged = self.pinged.swap(0, Ordering::AcqRel);
        if pinged != 0 {
            self.lags.took(now.saturating_sub(pinged));
        }
        self.ponged.store(now, Ordering::Release);
        std::mem::take(&mut *self.messages())
    }

    /// For how long the loop owed a sign of life at `now`; zero when it owes none.
    pub fn silent_for(&self, now: Mono) -> Duration {
        match self.pinged.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            _ => Duration::from_micros(micros(now).saturating_sub(self.moved.load(Ordering::Acquire))),
        }
    }

    /// How many signs of life the loop showed; two that differ say that it moved in between.
    pub fn last_pong(&self) -> u64 {
        self.ponged.load(Ordering::Acquire)
    }

    /// Has the loop ask a check, once the asking before has returned; the answer comes unless this is dropped before.
    pub async fn ask(self: Arc<Self>, name: Arc<str>, one: Arc<tokio::sync::Mutex<()>>) -> Outcome {
        let alone = one.lock_owned().await;
        let (answer, answered) = oneshot::channel();
        let ticket = self.number();
        self.askings().insert(ticket, Asking { answer, _alone: alone });
        let given_up = GivenUp { inbox: self.clone(), ticket };
        self.tell(Message::Ask { ticket, name });
        let outcome = answered.await;
        std::mem::forget(given_up);
        outcome.unwrap_or_else(|_| Outcome::fail("the event loop is shutting down"))
    }

    /// Takes how an asking ended in Python. Nobody may wait for it any more.
    pub fn finished(&self, ticket: u64, outcome: Outcome) {
        let asking = self.askings().remove(&ticket);
        if let Some(asking) = asking {
            asking.answer.send(outcome).ok();
        }
    }

    fn give_up(&self, ticket: u64) {
        let mut messages = self.messages();
        let begun = messages.len();
        messages.retain(|message| !matches!(message, Message::Ask { ticket: waiting, .. } if *waiting == ticket));
        if messages.len() < begun {
            // The loop never saw it, so it never will.
            drop(messages);
            self.askings().remove(&ticket);
            return;
        }
        messages.push_back(Message::Cancel { ticket });
        drop(messages);
        self.rouse();
    }

    fn rouse(&self) {
        // It cannot be full before 2^64 - 2 wake-ups were not read.
        rustix::io::write(&self.wake, &1_u64.to_ne_bytes()).ok();
    }

    fn messages(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn askings(&self) -> MutexGuard<'_, HashMap<u64, Asking>> {
        self.askings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropped with an asking that is given up.
struct GivenUp {
    inbox: Arc<Inbox>,
    ticket: u64,
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.inbox.give_up(self.ticket);
    }
}
