//! Many messages at once become few: which of what was decided goes at once, and which goes together.
//!
//! Placed when they are written, not when they are decided: decisions may wait for the store, and what comes late must join what
//! waits now, and not something that has gone.

use std::collections::BTreeMap;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::gather::{Burst, Place};

use crate::model::Gathering;
use crate::notification::Kind;
use crate::store::{Decision, OutboxRow, Together};

/// What is being written when those before it are due still joins them.
const WRITING: Duration = Duration::from_secs(2);

/// The bursts of each channel: of what is not well, and of what is well again.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    gathering: Gathering,
    bursts: BTreeMap<(String, bool), Burst>,
}

impl Gathered {
    /// Follows `gathering` from now on.
    pub fn follow(&mut self, gathering: Gathering) {
        self.bursts.retain(|(channel, _), _| gathering.channels.contains(channel));
        self.gathering = gathering;
    }

    /// Says of each message of `decisions`, which are about to be written, with which others it goes.
    pub fn place(&mut self, decisions: &mut [Decision], now: Wall) {
        for row in decisions.iter_mut().flat_map(|decision| &mut decision.outbox) {
            row.together = self.place_one(row, now);
        }
    }

    fn place_one(&mut self, row: &OutboxRow, now: Wall) -> Option<Together> {
        if !self.gathering.channels.contains(&row.channel) {
            return None;
        }
        let is_well = row.kind == Kind::Up;
        let burst = self.bursts.entry((row.channel.clone(), is_well)).or_default();
        match burst.place(now, self.gathering.window) {
            Place::Now => None,
            Place::With { burst, number, due } => {
                let what = if is_well { "well" } else { "not-well" };
                Some(Together { name: format!("{what}:{}:{number}", burst.ms()), due: due + WRITING })
            }
        }
    }
}
