//! News for those who follow, as server-sent events: written once, read by everybody at their own pace.
//!
//! The last batches are kept for who was away; who was away for longer is told to read everything again. Nobody waits for a
//! slow reader: what it did not fetch in time is gone.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use allswell_core::Wall;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

/// How many batches are kept: two minutes and more.
const KEPT: usize = 1_200;
/// How many bytes of them at most.
const KEPT_BYTES: usize = 16 << 20;
/// How often somebody who waits is told that the line still stands.
const COMFORT: Duration = Duration::from_secs(15);

/// Where in the stream somebody is: which process, which batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    process: i64,
    batch: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.process, self.batch)
    }
}

impl FromStr for Position {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (process, batch) = text.rsplit_once('-').ok_or(())?;
        Ok(Self { process: process.parse().map_err(|_| ())?, batch: batch.parse().map_err(|_| ())? })
    }
}

/// The stream.
pub struct Live {
    process: i64,
    kept: Mutex<Kept>,
    news: watch::Sender<Newest>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Newest {
    batch: u64,
    closed: bool,
}

#[derive(Default)]
struct Kept {
    batches: VecDeque<(u64, Bytes)>,
    bytes: usize,
}

impl Live {
    pub(super) fn new(started: Wall) -> Self {
        Self { process: started.ms(), kept: Mutex::default(), news: watch::Sender::default() }
    }

    /// Where the stream stands now.
    pub fn position(&self) -> Position {
        Position { process: self.process, batch: self.news.borrow().batch }
    }

    /// How many follow.
    pub fn followers(&self) -> usize {
        self.news.receiver_count()
    }

    /// Tells everybody.
    pub fn push(&self, event: &str, data: &str) {
        let batch = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let batch = kept.batches.back().map_or(0, |(batch, _)| *batch) + 1;
            let id = Position { process: self.process, batch };
            kept.keep(batch, Bytes::from(format!("id: {id}\nevent: {event}\ndata: {data}\n\n")));
            batch
        };
        self.news.send_modify(|newest| newest.batch = newest.batch.max(batch));
    }

    /// Ends the stream for everybody.
    pub(super) fn close(&self) {
        self.news.send_modify(|newest| newest.closed = true);
    }

    /// What comes after batch `after`: the batches that are kept, or that some are not.
    fn after(&self, after: u64) -> (Bytes, u64) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = kept.batches.back().map_or(0, |(batch, _)| *batch);
        let is_whole = after >= newest || kept.batches.front().is_some_and(|(oldest, _)| *oldest <= after + 1);
        if !is_whole {
            return (self.reset(newest), newest);
        }
        let missed = kept.batches.iter().filter(|(batch, _)| *batch > after);
        (missed.flat_map(|(_, text)| text.iter().copied()).collect(), newest.max(after))
    }

    fn reset(&self, batch: u64) -> Bytes {
        let id = Position { process: self.process, batch };
        Bytes::from(format!("id: {id}\nevent: reset\ndata: {{}}\n\n"))
    }

    /// Follows from `last` on; without it, from now on. Who cannot be told all that was missed is told so first.
    pub fn follow(self: Arc<Self>, last: Option<Position>) -> impl Stream<Item = Bytes> + Send + 'static {
        let now = self.position();
        let (first, at) = match last {
            Some(last) if last.process == self.process && last.batch <= now.batch => (None, last.batch),
            Some(_) => (Some(self.reset(now.batch)), now.batch),
            None => (None, now.batch),
        };
        // The first line goes out at once, so that proxies and browsers know that the stream has begun.
        let first = [Bytes::from("retry: 2000\n: well\n\n"), first.unwrap_or_default()].concat();
        let follower = Follower { news: self.news.subscribe(), live: self, at, first: Some(first.into()) };
        stream::unfold(follower, Follower::next)
    }
}

impl Kept {
    fn keep(&mut self, batch: u64, text: Bytes) {
        self.bytes += text.len();
        self.batches.push_back((batch, text));
        // The last one stays, whatever its size: it says which number comes next.
        while self.batches.len() > KEPT || self.bytes > KEPT_BYTES && self.batches.len() > 1 {
            self.bytes -= self.batches.pop_front().map_or(0, |(_, text)| text.len());
        }
    }
}

struct Follower {
    live: Arc<Live>,
    news: watch::Receiver<Newest>,
    at: u64,
    first: Option<Bytes>,
}

impl Follower {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if let Some(first) = self.first.take() {
            return Some((first, self));
        }
        let at = self.at;
        let news = self.news.wait_for(|newest| newest.closed || newest.batch > at);
        let newest = tokio::time::timeout(COMFORT, news).await.map(|waited| waited.map(|newest| *newest));
        match newest {
            Err(_) => Some((Bytes::from_static(b": well\n\n"), self)),
            Ok(Ok(newest)) if !newest.closed => {
                let (text, at) = self.live.after(self.at);
                self.at = at;
                Some((text, self))
            }
            Ok(_) => None,
        }
    }
}
