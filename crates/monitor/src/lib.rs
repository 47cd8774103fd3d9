//! The outside door: watches services, keeps what it saw, and tells people.

pub mod access;
pub mod acknowledge;
pub mod api;
mod audience;
pub mod clock;
pub mod config;
pub mod engine;
pub mod fleet;
pub mod heartbeats;
pub mod links;
pub mod mail_catcher;
pub mod metrics;
pub mod model;
pub mod notification;
pub mod notify;
pub mod pages;
pub mod resources;
mod runner;
mod scribe;
mod secret_key;
pub mod server;
pub mod status_page;
pub mod store;
