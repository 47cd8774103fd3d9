//! What people are told of a monitor: the difference between what is true and what they were told last.
//!
//! Looked at whenever something changed or a moment has come: an incident opens, turns or closes; a silence begins or ends (planned
//! maintenance, something it depends on is down); a reminder is due. Because only the difference counts, whatever happened and
//! was over while nobody was to be told needs no word, and what outlasts the silence is told at its end, once.

use std::time::Duration;

use crate::incident::Kind;
use crate::time::Wall;

/// Outages that began within this long count together.
const FLAPS_WITHIN: Duration = Duration::from_secs(30 * 60);
/// Without a change for this long it flaps no more.
const CALM: Duration = Duration::from_secs(15 * 60);
/// While it flaps, this often somebody is told how often.
const DIGEST_EVERY: Duration = Duration::from_secs(3_600);

/// How people want to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Policy {
    /// After how long they are reminded of what lasts and nobody sees to.
    pub remind_every: Option<Duration>,
    /// How many outages within half an hour are told as one that comes and goes.
    pub flap_after: Option<u32>,
}

/// An incident that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its number within the monitor.
    pub seq: u32,
    /// What it is about.
    pub kind: Kind,
    /// When the outage began.
    pub began: Wall,
    /// Whether somebody sees to it.
    pub acknowledged: bool,
}

/// What is true now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The incident that is open.
    pub open: Option<Open>,
    /// Whether nobody is to be told for now.
    pub silent: bool,
}

/// What people believe: they were told of this incident, and not that it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number within the monitor.
    pub seq: u32,
    /// What it was about when they were told last.
    pub kind: Kind,
    /// When the outage began.
    pub began: Wall,
    /// When they were told first.
    pub at: Wall,
    /// How often they were reminded.
    pub reminders: u32,
}

/// It comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// Since when.
    pub since: Wall,
    /// How many outages there have been.
    pub outages: u32,
    /// How many digests were told.
    pub digests: u32,
    /// When it changed last.
    pub changed: Wall,
}

/// What people were told; must outlast a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telling {
    /// What they believe; `None` that all is well.
    pub told: Option<Told>,
    /// When the last outages began to be known, oldest first.
    pub recent: Vec<Wall>,
    /// Whether it comes and goes.
    pub flapping: Option<Flapping>,
}

/// One thing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// It is not well.
    Open(Open),
    /// It is not well in another way.
    Turn(Open),
    /// What was told is over.
    Close(Told),
    /// It still is not well.
    Remind {
        /// What they were told of.
        told: Told,
        /// The number of the reminder, from 1 on.
        number: u32,
    },
    /// It comes and goes, and will not be told each time.
    Flaps {
        /// The incident that made it so.
        open: Open,
        /// How many outages there have been.
        outages: u32,
        /// Since when.
        since: Wall,
    },
    /// It still comes and goes.
    Digest {
        /// What they were told of.
        told: Told,
        /// The number of the digest, from 1 on.
        number: u32,
        /// How many outages there have been.
        outages: u32,
        /// Since when.
        since: Wall,
    },
    /// It flaps no more.
    Settled {
        /// What they were told of.
        told: Told,
        /// The incident that stays; `None` when all is well.
        open: Option<Open>,
        /// How many outages there have been.
        outages: u32,
        /// Since when.
        since: Wall,
    },
}

impl Telling {
    /// Takes note that an incident opened, or closed, at `now`; what happens in silence does not count.
    pub fn changed(&mut self, opened: bool, silent: bool, now: Wall, policy: Policy) {
        if let Some(flapping) = &mut self.flapping {
            flapping.changed = now;
            flapping.outages += u32::from(opened);
            return;
        }
        let Some(most) = policy.flap_after.filter(|_| opened && !silent) else { return };
        self.recent.retain(|before| now.since(*before) < FLAPS_WITHIN);
        self.recent.push(now);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if self.recent.len() > most {
            self.recent.remove(0);
        }
    }

    /// Says what people must be told now. Asked again at once, it has nothing to say.
    #[must_use = "what is said must be told"]
    pub fn follow(&mut self, now: Wall, is: Situation, policy: Policy) -> Vec<Say> {
        if is.silent {
            return Vec::new();
        }
        match self.flapping {
            Some(flapping) => self.flap(flapping, now, is).into_iter().collect(),
            None => self.plainly(now, is, policy),
        }
    }

    /// When there may be something to say though nothing changes.
    pub fn due(&self, is: Situation, policy: Policy) -> Option<Wall> {
        if is.silent {
            return None;
        }
        if let Some(flapping) = self.flapping {
            return Some((flapping.changed + CALM).min(next_digest(&flapping)));
        }
        let told = self.told?;
        let waits = is.open.is_some_and(|open| !open.acknowledged && open.seq == told.seq);
        policy.remind_every.filter(|_| waits).map(|every| told.at + every.saturating_mul(told.reminders + 1))
    }

    fn plainly(&mut self, now: Wall, is: Situation, policy: Policy) -> Vec<Say> {
        match (self.told, is.open) {
            (None, None) => Vec::new(),
            (None, Some(open)) => vec![self.open(open, now, policy)],
            (Some(told), None) => {
                self.told = None;
                vec![Say::Close(told)]
            }
            (Some(told), Some(open)) if told.seq != open.seq => {
                // The one they know of ended while nobody was told.
                vec![Say::Close(told), self.open(open, now, policy)]
            }
            (Some(told), Some(open)) if told.kind != open.kind => {
                self.told = Some(Told { kind: open.kind, ..told });
                vec![Say::Turn(open)]
            }
            (Some(told), Some(open)) => self.remind(told, open, now, policy).into_iter().collect(),
        }
    }

    fn open(&mut self, open: Open, now: Wall, policy: Policy) -> Say {
        self.told = Some(Told { seq: open.seq, kind: open.kind, began: open.began, at: now, reminders: 0 });
        let outages = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        let flaps = policy.flap_after.is_some_and(|most| outages >= most);
        let Some(since) = self.recent.first().copied().filter(|_| flaps) else { return Say::Open(open) };
        self.flapping = Some(Flapping { since, outages, digests: 0, changed: now });
        Say::Flaps { open, outages, since }
    }

    fn remind(&mut self, told: Told, open: Open, now: Wall, policy: Policy) -> Option<Say> {
        let every = policy.remind_every.filter(|every| !open.acknowledged && !every.is_zero())?;
        let number = u32::try_from(now.since(told.at).as_millis() / every.as_millis()).unwrap_or(u32::MAX);
        // Those that passed in silence, or while nobody ran, are not made up for.
        (number > told.reminders).then(|| {
            let told = Told { reminders: number, ..told };
            self.told = Some(told);
            Say::Remind { told, number }
        })
    }

    fn flap(&mut self, flapping: Flapping, now: Wall, is: Situation) -> Option<Say> {
        let told = self.told?;
        let Flapping { since, outages, .. } = flapping;
        if now.since(flapping.changed) >= CALM {
            (self.flapping, self.told) = (None, None);
            self.recent.clear();
            if let Some(open) = is.open {
                self.told = Some(Told { seq: open.seq, kind: open.kind, began: open.began, at: now, reminders: 0 });
            }
            return Some(Say::Settled { told, open: is.open, outages, since });
        }
        if now < next_digest(&flapping) {
            return None;
        }
        let number = u32::try_from(now.since(since).as_secs() / DIGEST_EVERY.as_secs()).unwrap_or(u32::MAX);
        self.flapping = Some(Flapping { digests: number, ..flapping });
        Some(Say::Digest { told, number, outages, since })
    }
}

fn next_digest(flapping: &Flapping) -> Wall {
    flapping.since + DIGEST_EVERY.saturating_mul(flapping.digests + 1)
}

#[cfg(test)]
mod tests;
