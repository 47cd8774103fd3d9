//! Where an asking stands: the phase it is in, how long the phases before took, whom it asks.
//!
//! It lives outside the asking's future, so that what a passing deadline cut off can still be told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::{Phase, Phases, Reason};
use tokio::time::Instant;

use crate::http::wire::Wire;

/// Where one asking stands.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    phase: Option<(Phase, Instant)>,
    /// The connection whose first byte ends the phase of that name.
    wire: Option<Arc<Wire>>,
    /// How long each phase took so far.
    pub phases: Phases,
    /// The address that was asked last.
    pub address: Option<SocketAddr>,
    /// Whether our resolver answered another question while this one waited for it.
    pub resolver_answers: bool,
}

impl Progress {
    /// Begins an asking.
    pub fn new() -> Self {
        Self {
            started: now(),
            phase: None,
            wire: None,
            phases: Phases::default(),
            address: None,
            resolver_answers: false,
        }
    }

    /// The time since the beginning.
    pub fn elapsed(&self) -> Duration {
        now().saturating_duration_since(self.started)
    }

    /// Ends the phase under way and begins `phase`.
    pub fn begin(&mut self, phase: Phase) {
        self.begin_at(phase, now());
    }

    /// Like [`Self::begin`], for a moment that was noted before.
    pub fn begin_at(&mut self, phase: Phase, at: Instant) {
        self.end_at(at);
        self.phase = Some((phase, at));
    }

    /// Ends the phase under way and begins to wait for the first byte, on `wire` where that tells when it comes.
    pub fn begin_first_byte(&mut self, wire: Option<Arc<Wire>>) {
        self.begin(Phase::FirstByte);
        self.wire = wire;
    }

    /// Ends the phase under way.
    pub fn end(&mut self) {
        self.end_at(now());
    }

    fn first_byte(&self) -> Option<Instant> {
        self.wire.as_ref().and_then(|wire| wire.first_byte())
    }

    fn end_at(&mut self, at: Instant) {
        if let Some((phase, since)) = self.phase.take() {
            self.phases.add(phase, at.saturating_duration_since(since));
        }
    }

    /// Ends the phase under way because the deadline passed, and says why that is.
    pub fn cut(&mut self) -> Reason {
        if let (Some((Phase::FirstByte, _)), Some(began)) = (self.phase, self.first_byte()) {
            self.begin_at(Phase::Transfer, began);
        }
        let phase = self.phase.map_or(Phase::Dns, |(phase, _)| phase);
        self.end();
        match phase {
            Phase::Dns if !self.resolver_answers => Reason::OwnResolver,
            phase => Reason::timeout(phase),
        }
    }
}

/// The moment it is.
#[expect(clippy::disallowed_methods, reason = "phases are measured where they happen; a probe is an adapter")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
