//! Tells people: channels hand messages over, the deliverer empties the outbox into them.
//!
//! One folder for each kind of channel: [`email`], [`webhook`]. What is told, and to whom, was decided before and is read
//! from the outbox alone.

pub mod email;
mod settings;
pub mod webhook;

pub use settings::{ChannelError, Settings};
