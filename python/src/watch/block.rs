//! Blocks of the loop: begun, told, their line found, ended.
//!
//! The line is found in two ways. Python is asked first, in a thread of its own: exact, but it needs the interpreter's lock. When
//! that does not answer, code in C holds the lock; then a signal has `faulthandler` write the stack, on the blocked thread itself.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use allswell_core::Mono;
use allswell_core::time::humane;
use rustix_libc_wrappers::process::SignalExt as _;

use super::{State, Watch};
use crate::culprit::{self, Frame};
use crate::events::{self, Event};

/// After how much silence it is noted how long the control group was throttled so far.
const QUIET: Duration = Duration::from_millis(40);

/// How long Python has to say where the loop is.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long a stack that was asked for by signal is waited for.
const DUMP_PATIENCE: Duration = Duration::from_millis(200);

/// The signal that has a stack written: the sixth of the real-time signals.
pub const SIGNAL: i32 = 5;

/// A silence of the loop that is long enough to be told.
#[derive(Clone, Debug)]
pub struct Block {
    number: u64,
    /// The last sign of life before.
    pong: u64,
    /// For how long the whole process did nothing meanwhile.
    pub not_ours: Duration,
    asked: Mono,
    signalled: Option<(Mono, u64)>,
    /// The line, or what else keeps the loop, once it is known.
    pub place: Option<String>,
}

impl Watch {
    /// Stacks may be asked for by signal; they are written to what this file reads.
    pub fn stacks_in(&self, file: File) {
        self.stacks.set(file).ok();
    }

    /// Begins, follows and ends blocks. `true` when there is something to tell at once.
    pub(super) fn judge(&self, state: &mut State, now: Mono, silent: Duration) -> bool {
        let Some(limits) = self.limits else { return false };
        let pong = self.inbox.last_pong();
        if let Some(block) = state.block.take_if(|block| block.pong != pong || silent < limits.report_after) {
            let lasted = Duration::from_micros(pong.saturating_sub(block.pong)).saturating_sub(block.not_ours);
            state.last = Some((now, lasted));
            state.blocked += lasted;
            let place = block.place.as_deref().unwrap_or("unknown");
            tracing::warn!(blocked_in = place, lasted_ms = lasted.as_millis() as u64, "the event loop moves again");
            return true;
        }
        if silent >= QUIET && state.throttled.0 != pong {
            state.throttled = (pong, self.throttle.total());
        }
        if silent < limits.report_after {
            return false;
        }
        let Some(mut block) = state.block.take() else {
            state.blocks += 1;
            let place = self.not_the_code(state, silent);
            let not_ours = state.overslept_since(pong);
            state.block = Some(Block { number: state.blocks, pong, not_ours, asked: now, signalled: None, place });
            events::tell(Event::Look { engine: self.engine, block: state.blocks });
            return true;
        };
        let found = block.place.is_none() && self.find(&mut block, now);
        state.block = Some(block);
        found
    }

    /// What blocks the loop though no line of code does: garbage collection, or a control group without processor time.
    fn not_the_code(&self, state: &State, silent: Duration) -> Option<String> {
        if self.collecting.load(Ordering::Acquire) {
            return Some("garbage collection".to_owned());
        }
        let throttled = self.throttle.total().saturating_sub(state.throttled.1);
        (throttled > silent / 2).then(|| format!("CPU throttling by the control group ({})", humane(throttled)))
    }

    /// Asks by signal when Python did not say it in time, and reads what was written.
    fn find(&self, block: &mut Block, now: Mono) -> bool {
        let Some(stacks) = self.stacks.get() else { return false };
        let written = stacks.metadata().map_or(0, |metadata| metadata.len());
        let Some((asked, from)) = block.signalled else {
            if now.since(block.asked) >= PATIENCE {
                block.signalled = Some((now, written));
                signal_ourselves();
            }
            return false;
        };
        if written <= from || now.since(asked) > DUMP_PATIENCE {
            return false;
        }
        let mut text = vec![0; usize::try_from(written - from).unwrap_or(0).min(65_536)];
        let length = stacks.read_at(&mut text, from).unwrap_or(0);
        let frames = culprit::frames(&String::from_utf8_lossy(&text[..length]));
        block.place = culprit::culprit_in(frames);
        self.say(block);
        block.place.is_some()
    }

    fn say(&self, block: &Block) {
        if let Some(place) = &block.place {
            tracing::error!(blocked_in = %place, "the event loop is blocked");
        }
    }

    /// Takes what Python saw of the loop's stack, unless the block is over.
    pub fn looked(&self, number: u64, frames: Vec<Frame>) {
        let mut state = self.state();
        let pong = self.inbox.last_pong();
        let Some(block) = state.block.as_mut().filter(|block| block.number == number && block.pong == pong) else {
            return;
        };
        if block.place.is_none() {
            block.place = culprit::culprit_in(frames);
            self.say(block);
            // Told with the next look.
            state.shared = None;
        }
    }
}

/// Sent to the process, a signal goes to its main thread as long as that does not block it (`complete_signal` in Linux).
fn signal_ourselves() {
    let Some(signal) = rustix::process::Signal::rt(SIGNAL) else { return };
    if let Err(error) = rustix::process::kill_process(rustix::process::getpid(), signal) {
        tracing::warn!(%error, "cannot ask for the stack of the event loop");
    }
}
