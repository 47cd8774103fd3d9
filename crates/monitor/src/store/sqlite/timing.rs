//! How long the store's transactions take, for whoever wants to know.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Told after each transaction: `main` or `results`, and how long it took. Called on the thread that writes; must not block.
#[derive(Clone)]
pub struct Timing(Arc<dyn Fn(&'static str, Duration) + Send + Sync>);

impl Timing {
    /// Tells `told`.
    pub fn new(told: impl Fn(&'static str, Duration) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    /// Tells nobody.
    pub fn none() -> Self {
        Self::new(|_, _| {})
    }

    /// Does `work` and tells how long it took.
    #[expect(clippy::disallowed_methods, reason = "measures the disk, decides nothing")]
    pub(super) fn measure<T>(&self, database: &'static str, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        (self.0)(database, began.elapsed());
        done
    }
}

impl fmt::Debug for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timing")
    }
}
