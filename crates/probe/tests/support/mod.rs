//! Servers that misbehave on purpose, on loopback.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::disallowed_methods, reason = "these are the other side: they run on threads and clocks of their own")]

pub mod dns;

use std::time::Duration;

use tokio::time::Instant;

/// A deadline that is only there so that a broken test ends.
pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A deadline that is meant to pass.
pub fn now_and_a_bit() -> Instant {
    Instant::now() + Duration::from_millis(200)
}
