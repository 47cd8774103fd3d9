//! Turns the target's monitors down and up at random moments, until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::random::Random;
use crate::target::Target;

/// How long a monitor stays as it is.
const STRETCH_MS: (u64, u64) = (800, 6_000);

/// A storm that goes on.
#[derive(Debug)]
pub struct Storm {
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Storm {
    /// Begins.
    pub fn begin(target: Target, monitors: Vec<String>, seed: u64) -> Self {
        let over = Arc::<AtomicBool>::default();
        let flag = Arc::clone(&over);
        let thread = thread::spawn(move || blow(&target, &monitors, &mut Random::new(seed), &flag));
        Self { over, thread }
    }

    /// Ends it; all monitors are well again.
    pub fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the storm has nothing to panic about");
    }
}

fn blow(target: &Target, monitors: &[String], random: &mut Random, over: &AtomicBool) {
    let start = Instant::now();
    let mut turns: Vec<(Duration, bool)> =
        monitors.iter().map(|_| (random.between_ms(0, STRETCH_MS.1), true)).collect();
    while !over.load(Ordering::Relaxed) {
        for (monitor, (at, down)) in monitors.iter().zip(&mut turns) {
            if start.elapsed() >= *at {
                target.set(monitor, *down);
                *down = !*down;
                *at += random.between_ms(STRETCH_MS.0, STRETCH_MS.1);
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
    for monitor in monitors {
        target.set(monitor, false);
    }
}
