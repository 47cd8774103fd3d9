//! A rehearsal: a manifest's probes run against an app without a cluster, in real time.
//!
//! [`subject`] is what the manifest says, `replica` drives one pod as the kubelet would, [`timeline`] is what is seen of
//! it and [`verdict`] what it comes to. Every decision is `allswell_core::kubelet`'s.

pub mod advice;
pub mod chart;
pub mod conductor;
pub mod fault;
pub mod hook;
mod listening;
pub mod measure;
pub mod model;
pub mod policy;
mod process;
mod proxy;
mod replica;
pub mod rollout;
pub mod simulation;
mod stage;
pub mod subject;
pub mod suggest;
pub mod timeline;
pub mod traffic;
pub mod verdict;

pub use conductor::{Dependency, Rehearsed, Settings, rehearse};
pub use fault::Fault;
pub use policy::Policy;
pub use subject::Subject;
pub use timeline::{Entry, What};
pub use traffic::Load;
pub use verdict::Verdict;

/// Why a rehearsal cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No workload with a container.
    #[error("no manifest here runs a pod with a container; name a Deployment, StatefulSet, DaemonSet or Pod")]
    NoWorkload,
    /// No workload of that name.
    #[error("no workload `{wanted}`; there is {there}")]
    NoSuchWorkload {
        /// What was asked for.
        wanted: String,
        /// What there is.
        there: String,
    },
    /// Which one?
    #[error("there are several workloads: {there}; choose one with --workload")]
    ManyWorkloads {
        /// What there is.
        there: String,
    },
    /// No container of that name.
    #[error("{workload} has no container `{wanted}`; it has {there}")]
    NoSuchContainer {
        /// The workload.
        workload: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        there: String,
    },
    /// The API server would refuse it.
    #[error("the API server refuses {workload}: {}", refusals.join("; "))]
    Refused {
        /// The workload.
        workload: String,
        /// Its words.
        refusals: Vec<String>,
    },
    /// Nothing to run.
    #[error("nothing to run: give the command that starts the app after --, like `-- ./my-app --port {{port}}`")]
    NoCommand,
    /// Somebody else listens there.
    #[error(
        "port {port} is in use by another process; stop it, or let the app take a free port with {{port}} or $PORT and --port 0"
    )]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// Nothing to ask.
    #[error("the container has no probe to ask; add a readinessProbe first")]
    NoProbe,
    /// It gave no good answer.
    #[error("the app was not up after {} s; give it longer with --for, or look at what it wrote", after.as_secs())]
    NeverUp {
        /// How long it was waited for.
        after: std::time::Duration,
    },
    /// It did not live long enough.
    #[error("the app ended with exit code {code} before it could be measured: {}", last.join(" / "))]
    EndedEarly {
        /// Its exit code.
        code: i32,
        /// Its last lines.
        last: Vec<String>,
    },
    /// Somebody does not want to wait.
    #[error("interrupted before all was measured")]
    Interrupted,
    /// A fault of something that was not named, and that the app does not play.
    #[error(
        "the app does not play `{name}-down`: {refusals}; cut it off instead with --dependency {name}=VARIABLE, the variable that says where it is"
    )]
    NotPlayed {
        /// Its name.
        name: String,
        /// What the app answered.
        refusals: String,
    },
    /// No port is free, or no directory can be made.
    #[error("cannot {what}")]
    System {
        /// What was attempted.
        what: String,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
}

#[cfg(test)]
mod tests;
