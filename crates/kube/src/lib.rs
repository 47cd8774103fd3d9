//! What Kubernetes will do to your app, told before production.
//!
//! [`manifest`] reads workloads as the API server does, with a place for everything; [`lint`] says by arithmetic which
//! probes do not do what they seem to. The decisions of the kubelet are `allswell_core::kubelet`.

pub mod ask;
pub mod generate;
pub mod lint;
pub mod manifest;
pub mod process;
pub mod rehearse;
pub mod source;
mod wrap;
pub mod yaml;

pub use source::Source;
