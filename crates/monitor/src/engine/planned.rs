//! Planned maintenance within the engine: which windows are open, and whom they cover.

use std::time::Duration;

use allswell_core::Wall;
use allswell_core::maintenance::State;

use crate::model::{Maintenance, Monitor};

/// The longest until the wall clock is looked at again: it may have been set.
const LOOK: Duration = Duration::from_secs(60);

/// All windows.
#[derive(Debug, Default)]
pub(super) struct Planned {
    windows: Vec<(Maintenance, State)>,
    looked: Wall,
    /// Until when nothing opens or closes, unless the clock is set.
    until: Wall,
}

impl Planned {
    /// These windows, as they are at `now`.
    pub(super) fn new(windows: Vec<Maintenance>, now: Wall) -> Self {
        let with_state = |maintenance: Maintenance| {
            let state = maintenance.window.state(now);
            (maintenance, state)
        };
        let windows = windows.into_iter().map(with_state).collect();
        let mut planned = Self { windows, looked: now, until: now };
        planned.until = planned.next(now);
        planned
    }

    /// Looks at the clock; `true` when a window opened or closed.
    pub(super) fn look(&mut self, now: Wall) -> bool {
        if now >= self.looked && now < self.until {
            return false;
        }
        let mut changed = false;
        for (maintenance, state) in &mut self.windows {
            let next = maintenance.window.state(now);
            changed |= next.is_open != state.is_open;
            *state = next;
        }
        self.looked = now;
        self.until = self.next(now);
        changed
    }

    /// When to look again.
    fn next(&self, now: Wall) -> Wall {
        self.windows.iter().filter_map(|(_, state)| state.until).fold(now + LOOK, Wall::min)
    }

    /// The name of the first open window that covers `monitor`.
    pub(super) fn covers(&self, monitor: &Monitor) -> Option<&str> {
        let open = self.windows.iter().filter(|(_, state)| state.is_open).map(|(maintenance, _)| maintenance);
        open.into_iter().find(|maintenance| maintenance.covers(monitor)).map(|maintenance| maintenance.name.as_str())
    }
}
