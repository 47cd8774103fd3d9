//! Containers, their ports and their hooks.

use std::ops::Range;

use allswell_core::kubelet::Kind;

use super::probe::{self, Probe};
use super::refusal::Reader;
use super::validate;
use crate::yaml::{Node, Value};

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One of `containers`.
    Main,
    /// An init container that ends before the others start.
    Init,
    /// An init container that keeps running: `restartPolicy: Always`.
    Sidecar,
}

/// One entry of `ports`.
#[derive(Clone, Debug)]
pub struct Port<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// `containerPort`.
    pub number: i64,
}

/// One container.
#[derive(Clone, Debug)]
pub struct Container<'a> {
    /// All of it.
    pub node: &'a Node,
    /// What it is for.
    pub role: Role,
    /// `spec.containers[0]`.
    pub path: String,
    /// Its name.
    pub name: &'a str,
    /// Where its name stands, or the container itself.
    pub name_span: Range<usize>,
    /// Its image.
    pub image: &'a str,
    /// Its ports.
    pub ports: Vec<Port<'a>>,
    /// Its probes.
    pub probes: Vec<Probe<'a>>,
    /// Its preStop hook.
    pub pre_stop: Option<Hook<'a>>,
}

/// A preStop hook.
#[derive(Clone, Debug)]
pub struct Hook<'a> {
    /// All of it.
    pub node: &'a Node,
    /// Where its key stands.
    pub key_span: Range<usize>,
    /// What it does.
    pub action: HookAction,
}

/// What a hook does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAction {
    /// `sleep`.
    Sleep {
        /// How long.
        seconds: i64,
    },
    /// `exec`.
    Exec {
        /// The command.
        command: Vec<String>,
    },
    /// `httpGet`, or nothing that can be read.
    Other,
}

impl HookAction {
    /// How long it is known to take.
    pub fn seconds(&self) -> Option<i64> {
        match self {
            Self::Sleep { seconds } => Some(*seconds),
            Self::Exec { command } => sleep_of(command),
            Self::Other => None,
        }
    }
}

/// The seconds of `sleep 5`, `sh -c "sleep 5"` and the like.
fn sleep_of(command: &[String]) -> Option<i64> {
    let words: Vec<&str> = command.iter().flat_map(|word| word.split([' ', ';', '&'])).collect();
    let at = words.iter().position(|word| *word == "sleep" || word.ends_with("/sleep"))?;
    words.get(at + 1)?.trim_end_matches('s').parse().ok()
}

impl<'a> Container<'a> {
    /// The probe of this kind.
    pub fn probe(&self, kind: Kind) -> Option<&Probe<'a>> {
        self.probes.iter().find(|probe| probe.kind == kind)
    }

    /// The number behind a port's name.
    pub fn port_named(&self, name: &str) -> Option<i64> {
        self.ports.iter().find(|port| port.name == Some(name)).map(|port| port.number)
    }

    /// Whether the kubelet runs its probes.
    pub fn is_probed(&self) -> bool {
        self.role != Role::Init
    }
}

/// Reads all containers of a pod, init containers first.
pub(super) fn read_all<'a>(spec: &'a Node, path: &str, grace_s: i64, reader: &mut Reader<'_>) -> Vec<Container<'a>> {
    let mut containers = Vec::new();
    for list in ["initContainers", "containers"] {
        let Some(node) = spec.get(list) else {
            continue;
        };
        if !matches!(node.value, Value::List(_)) {
            reader.cannot_unmarshal(node, &format!("PodSpec.{path}.{list}"), "[]v1.Container");
        }
        for (index, item) in node.items().iter().enumerate() {
            if matches!(item.value, Value::Map(_)) {
                let go_path = format!("{path}.{list}");
                let container = read(item, list == "initContainers", &go_path, index, grace_s, reader);
                containers.push(container);
            } else {
                reader.cannot_unmarshal(item, &format!("PodSpec.{path}.{list}"), "v1.Container");
            }
        }
    }
    containers
}

fn read<'a>(
    node: &'a Node,
    init: bool,
    go_path: &str,
    index: usize,
    grace_s: i64,
    reader: &mut Reader<'_>,
) -> Container<'a> {
    let path = format!("{go_path}[{index}]");
    let always = node.get("restartPolicy").and_then(Node::text) == Some("Always");
    let role = match (init, always) {
        (false, _) => Role::Main,
        (true, true) => Role::Sidecar,
        (true, false) => Role::Init,
    };
    let ports = read_ports(node, go_path, &path, reader);
    let mut probes = Vec::new();
    for kind in Kind::ALL {
        let Some(entry) = node.entry(kind.field()).filter(|entry| entry.node.value != Value::Null) else {
            continue;
        };
        if role == Role::Init {
            let field = format!("{path}.{}", kind.field());
            reader.forbidden(&field, INIT_ONLY, &entry.key_span);
        }
        probes.extend(probe::read(entry, kind, go_path, &path, reader));
    }
    if role == Role::Init
        && let Some(entry) = node.entry("lifecycle")
    {
        reader.forbidden(&format!("{path}.lifecycle"), INIT_ONLY, &entry.key_span);
    }
    let pre_stop = read_hook(node, &path, grace_s, role, reader);
    let name = node.get("name");
    Container {
        node,
        role,
        name: name.and_then(Node::text).unwrap_or(""),
        name_span: name.map_or(node.span.start..node.span.start + 1, |name| name.span.clone()),
        image: node.get("image").and_then(Node::text).unwrap_or(""),
        path,
        ports,
        probes,
        pre_stop,
    }
}

const INIT_ONLY: &str = "may not be set for init containers without restartPolicy=Always";

fn read_ports<'a>(node: &'a Node, go_path: &str, path: &str, reader: &mut Reader<'_>) -> Vec<Port<'a>> {
    let mut ports: Vec<Port<'a>> = Vec::new();
    for (index, item) in node.get("ports").into_iter().flat_map(Node::items).enumerate() {
        let field = format!("{path}.ports[{index}]");
        let name = item.get("name").and_then(Node::text);
        if let Some((name, at)) = name.zip(item.get("name").map(|node| &node.span)) {
            let wrong = validate::port_name(name);
            for why in &wrong {
                reader.invalid(&format!("{field}.name"), &format!("{name:?}"), why, at);
            }
            if wrong.is_empty() && ports.iter().any(|port| port.name == Some(name)) {
                reader.duplicate(&format!("{field}.name"), name, at);
            }
        }
        let number = match item.get("containerPort") {
            None => {
                reader.required(&format!("{field}.containerPort"), "", &item.span);
                0
            }
            Some(port) => match port.int().filter(|number| i32::try_from(*number).is_ok()) {
                Some(number) => {
                    validate::port_number(port, number, &format!("{field}.containerPort"), reader);
                    number
                }
                None => {
                    reader.cannot_unmarshal(port, &format!("ContainerPort.{go_path}.ports.containerPort"), "int32");
                    0
                }
            },
        };
        ports.push(Port { name, number });
    }
    ports
}

fn read_hook<'a>(node: &'a Node, path: &str, grace_s: i64, role: Role, reader: &mut Reader<'_>) -> Option<Hook<'a>> {
    let entry = node.get("lifecycle")?.entry("preStop").filter(|entry| entry.node.value != Value::Null)?;
    let hook = &entry.node;
    let field = format!("{path}.lifecycle.preStop");
    let kinds: Vec<&str> =
        ["exec", "httpGet", "tcpSocket", "sleep"].into_iter().filter(|kind| hook.get(kind).is_some()).collect();
    if role != Role::Init {
        match kinds.as_slice() {
            [] => reader.required(&field, "must specify a handler type", &entry.key_span),
            [_, more @ ..] => {
                for kind in more {
                    reader.forbidden(&format!("{field}.{kind}"), probe::ONE_HANDLER, &entry.key_span);
                }
            }
        }
    }
    let action = if let Some(sleep) = hook.get("sleep") {
        let seconds = sleep.get("seconds").and_then(Node::int).unwrap_or(0);
        if kinds.first() == Some(&"sleep") && !(0..=grace_s).contains(&seconds) {
            let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace_s})");
            let at = sleep.get("seconds").map_or(&entry.key_span, |node| &node.span);
            reader.invalid(&format!("{field}.sleep"), &seconds.to_string(), &why, at);
        }
        HookAction::Sleep { seconds }
    } else if let Some(exec) = hook.get("exec") {
        HookAction::Exec { command: probe::texts(exec.get("command")) }
    } else {
        HookAction::Other
    };
    Some(Hook { node: hook, key_span: entry.key_span.clone(), action })
}
