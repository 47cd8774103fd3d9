//! The crate `allswell` in a service: what it costs, and what it says when the service is stuck, busy, or without its database.

mod calm;
mod cost;
mod frozen;
pub mod postgres;
pub mod service;
mod size;
mod stuck;
pub mod wrk;

use anyhow::Result;

use crate::cargo::Profile;

/// Instructions, requests per CPU second, and the metrics layer's part. `true` means that every limit holds.
pub fn cost(profile: Profile) -> Result<bool> {
    cost::run(&service::build(profile)?)
}

/// One worker blocked, then all of them.
pub fn stuck(profile: Profile) -> Result<bool> {
    stuck::run(&service::build(profile)?)
}

/// Full load for so many minutes, and no alarm.
pub fn calm(profile: Profile, minutes: f64) -> Result<bool> {
    calm::run(&service::build(profile)?, minutes)
}

/// The database frozen for so many seconds.
pub fn frozen(profile: Profile, seconds: u64) -> Result<bool> {
    frozen::run(profile, seconds)
}

/// How many crates a service gets.
pub fn size() -> Result<bool> {
    size::run()
}
