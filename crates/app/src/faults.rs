//! Simulated faults: a check that fails, is slow or hangs, a service that says not ready. They expire by themselves.

use std::time::Duration;

use allswell_core::Mono;

use crate::builder::Misuse;
use crate::health::Health;

/// How a check misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It says `error`, at once.
    Fail,
    /// It takes this much longer.
    Slow(Duration),
    /// It does not return.
    Hang,
}

/// A misbehaviour and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// How.
    pub kind: Kind,
    /// Until when.
    pub until: Mono,
}

impl Trouble {
    /// Whether the check is to say `error` at `now`.
    pub fn fails(&self, now: Mono) -> bool {
        self.kind == Kind::Fail && self.until > now
    }
}

/// Makes the service misbehave on purpose, for a while; see [`Health::faults`].
#[derive(Debug)]
pub struct Faults<'a>(&'a Health);

impl Health {
    /// Simulated faults, for trying out how everything around the service reacts. Each ends by itself.
    pub fn faults(&self) -> Faults<'_> {
        Faults(self)
    }
}

impl Faults<'_> {
    /// The check says `error` from now on, whatever it finds.
    ///
    /// # Errors
    /// [`Misuse`] when no check has this name; so for the others.
    pub fn fail(&self, check: &str, lasting: Duration) -> Result<(), Misuse> {
        self.trouble(check, Kind::Fail, lasting)
    }

    /// The check takes longer by `by`.
    ///
    /// # Errors
    /// As [`fail`](Self::fail).
    pub fn slow(&self, check: &str, by: Duration, lasting: Duration) -> Result<(), Misuse> {
        self.trouble(check, Kind::Slow(by), lasting)
    }

    /// The check does not return; its timeout ends it.
    ///
    /// # Errors
    /// As [`fail`](Self::fail).
    pub fn hang(&self, check: &str, lasting: Duration) -> Result<(), Misuse> {
        self.trouble(check, Kind::Hang, lasting)
    }

    /// Ends what was done to the check. Nothing to end is no error.
    ///
    /// # Errors
    /// As [`fail`](Self::fail).
    pub fn recover(&self, check: &str) -> Result<(), Misuse> {
        self.set(check, None)
    }

    /// Ends what was done to any check, and the refusal of requests. A worker that is blocked, and memory that was taken, come
    /// back at their time.
    pub fn recover_all(&self) {
        let inner = &self.0.0;
        inner.entries().iter().for_each(|entry| entry.trouble(None));
        inner.refuse_until(Mono::default());
        tracing::warn!("simulated faults ended");
    }

    /// Requests are answered with 503 and an empty body from now on where [`Health::layer`] is, and readiness is 503. The paths
    /// of the health itself are served as before.
    pub fn refuse(&self, lasting: Duration) {
        let inner = &self.0.0;
        inner.refuse_until(inner.clock.mono() + lasting);
        tracing::warn!(lasting_s = lasting.as_secs_f64(), "simulated refusal");
    }

    /// A worker of the runtime does nothing else for so long, as with a call that blocks in an async function.
    pub fn block_worker(&self, lasting: Duration) {
        tracing::warn!(lasting_s = lasting.as_secs_f64(), "simulated blocked worker");
        #[cfg(feature = "host")]
        if let Some(host) = &self.0.0.host {
            return host.block(lasting);
        }
        self.0.0.runtime.spawn(async move { block(lasting) });
    }

    /// So much memory is taken, and given back afterwards.
    pub fn leak(&self, bytes: usize, lasting: Duration) {
        tracing::warn!(bytes, lasting_s = lasting.as_secs_f64(), "simulated leak");
        self.0.0.runtime.spawn(async move {
            // Written, for memory that is only promised is not in use.
            let held = vec![1_u8; bytes];
            tokio::time::sleep(lasting).await;
            drop(held);
        });
    }

    fn trouble(&self, check: &str, kind: Kind, lasting: Duration) -> Result<(), Misuse> {
        let until = self.0.0.clock.mono() + lasting;
        self.set(check, Some(Trouble { kind, until }))
    }

    fn set(&self, check: &str, trouble: Option<Trouble>) -> Result<(), Misuse> {
        let inner = &self.0.0;
        let entries = inner.entries();
        let Some(entry) = entries.iter().find(|entry| &*entry.check.name == check) else {
            let names: Vec<&str> = entries.iter().map(|entry| &*entry.check.name).collect();
            return Err(Misuse(format!("no check is named `{check}`; there are: {}", names.join(", "))));
        };
        entry.trouble(trouble);
        inner.touched();
        match trouble {
            Some(trouble) => tracing::warn!(check.name = check, fault = ?trouble.kind, "simulated fault"),
            None => tracing::warn!(check.name = check, "simulated fault ended"),
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "blocking the thread is what is asked for")]
fn block(lasting: Duration) {
    std::thread::sleep(lasting);
}
