//! Watches services, keeps what it saw, and tells people. Nothing here is seen over HTTP: that is `allswell-server`.

pub mod access;
pub mod acknowledge;
pub mod audience;
pub mod backup;
pub mod clock;
pub mod config;
pub mod engine;
pub mod fleet;
pub mod gathered;
pub mod health;
pub mod heartbeats;
pub mod links;
pub mod mail_catcher;
pub mod metrics;
pub mod model;
pub mod notification;
pub mod notify;
pub mod plan;
pub mod resources;
pub mod runner;
pub mod scribe;
pub mod secret_key;
pub mod status_page;
pub mod store;
