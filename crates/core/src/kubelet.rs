//! The kubelet's probe machinery, decision by decision: time comes in, decisions go out.
//!
//! Follows kubernetes v1.36; each rule names the function it restates. [`worker`] is one probe of one container,
//! [`pod`] puts the workers of one container together with its process, and [`simulate`] runs a pod against a model
//! app on a virtual clock. Leaves asking, processes and manifests to the `kube` crate.

pub mod action;
pub mod budget;
pub mod crash_loop;
pub mod grace;
pub mod pod;
pub mod simulate;
pub mod status;
pub mod ticker;
pub mod worker;

pub use pod::{Action, Event, Note, Plan, Pod};
pub use worker::{Answer, Cached, Kind, Spec, Worker};
