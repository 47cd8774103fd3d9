//! The preStop hook: kubernetes v1.36 `pkg/kubelet/lifecycle/handlers.go`.

use std::time::Duration;

use allswell_core::kubelet::Answer;
use allswell_probe::Dialer;

use crate::ask::{Question, exec, http};
use crate::manifest::PortRef;
use crate::manifest::container::{self, HookAction};
use crate::yaml::{Node, Value};

/// What calls itself so when the kubelet runs a hook.
const USER_AGENT: &str = "kube-lifecycle/1.36";

/// No hook is asked longer than this; its grace ends it before.
const LONGEST: Duration = Duration::from_secs(3_600);

/// A preStop hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// `sleep`.
    Sleep(Duration),
    /// `exec`.
    Exec(Vec<String>),
    /// `httpGet`.
    Http {
        /// `scheme`.
        scheme: String,
        /// `path`.
        path: String,
        /// `port`.
        port: PortRef,
        /// `httpHeaders`.
        headers: Vec<(String, String)>,
    },
    /// None that can be run.
    Broken,
}

impl Hook {
    /// What the manifest says.
    pub(super) fn of(hook: &container::Hook<'_>) -> Self {
        match &hook.action {
            HookAction::Sleep { seconds } => Self::Sleep(Duration::from_secs(u64::try_from(*seconds).unwrap_or(0))),
            HookAction::Exec { command } => Self::Exec(command.clone()),
            HookAction::Other => hook.node.get("httpGet").map_or(Self::Broken, http),
        }
    }

    /// Runs it to its end. `port` looks a port up as it is really served.
    ///
    /// # Errors
    /// Why it failed; the container is stopped all the same.
    pub(super) async fn run(
        self,
        dialer: Dialer,
        environment: exec::Environment,
        port: impl Fn(&PortRef) -> Result<u16, String>,
    ) -> Result<(), String> {
        let question = match self {
            Self::Sleep(time) => {
                tokio::time::sleep(time).await;
                return Ok(());
            }
            Self::Broken => return Err("invalid handler".to_owned()),
            Self::Exec(words) => Question::Exec(exec::Command { words, environment }),
            Self::Http { scheme, path, port: wanted, mut headers } => {
                headers.push(("User-Agent".to_owned(), USER_AGENT.to_owned()));
                Question::Http(http::Get { scheme, host: "127.0.0.1".to_owned(), port: port(&wanted)?, path, headers })
            }
        };
        let asked = question.ask(&dialer, LONGEST).await;
        match asked.answer {
            Answer::Success | Answer::Warning => Ok(()),
            _ => Err(asked.output),
        }
    }
}

fn http(node: &Node) -> Hook {
    let text = |key: &str, default: &str| node.get(key).and_then(Node::text).unwrap_or(default).to_owned();
    let port = match node.get("port").map(|port| &port.value) {
        Some(Value::Int(number)) => PortRef::Number(*number),
        Some(Value::Text(name)) => PortRef::Name(name.clone()),
        _ => return Hook::Broken,
    };
    let headers = node.get("httpHeaders").into_iter().flat_map(Node::items);
    let headers = headers.filter_map(|h| Some((h.get("name")?.text()?.to_owned(), h.get("value")?.text()?.to_owned())));
    Hook::Http { scheme: text("scheme", "HTTP"), path: text("path", "/"), port, headers: headers.collect() }
}
