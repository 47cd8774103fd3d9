//! Asks a service from outside. A probe never fails: what the target did wrong is an [`Outcome`](allswell_core::Outcome)
//! with a reason; an `Err` means that the question itself is wrong, and is given when it is saved, not when it is asked.
//!
//! One file for each kind: [`http`], [`tcp`], [`tls`], [`dns`], [`ping`], [`grpc`], [`websocket`],
//! [`sql`] (PostgreSQL, MySQL and MariaDB), [`redis`]. All of them dial through [`dialer`], under one absolute deadline.

pub mod answer;
pub mod condition;
pub mod dialer;
pub mod dns;
mod draft;
mod dsn;
mod evidence;
pub mod fault;
pub mod grpc;
pub mod health;
pub mod heartbeat;
pub mod http;
mod json;
mod judge;
mod mysql;
pub mod ping;
mod postgres;
pub mod prober;
mod progress;
pub mod question;
mod reach;
pub mod redis;
pub mod scheme;
pub mod sql;
mod stream;
pub mod tcp;
pub mod text;
pub mod tls;
pub mod websocket;

pub use answer::{Answer, Certificate, Evidence};
pub use dialer::{AddressPolicy, DialError, Dialer};
pub use fault::Fault;
pub use prober::Prober;
pub use question::{Question, QuestionError, Settings};
