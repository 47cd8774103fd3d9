//! A probe: its numbers after defaults, and what it asks.
//!
//! Follows kubernetes v1.36 `pkg/apis/core/v1/defaults.go` (`SetDefaults_Probe`, `SetDefaults_HTTPGetAction`) and
//! `pkg/apis/core/validation/validation.go` (`validateProbe`, `validateHandler` and those around them).

use std::ops::Range;

use allswell_core::kubelet::{Kind, Spec};

use super::refusal::Reader;
use super::validate;
use crate::yaml::{Entry, Node, Value};

pub(super) const ONE_HANDLER: &str = "may not specify more than 1 handler type";

/// The fields of a probe.
pub const FIELDS: &[&str] = &[
    "exec",
    "failureThreshold",
    "grpc",
    "httpGet",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "tcpSocket",
    "terminationGracePeriodSeconds",
    "timeoutSeconds",
];

/// The fields of each way to ask.
pub const HANDLER_FIELDS: &[(&str, &[&str])] = &[
    ("exec", &["command"]),
    ("grpc", &["port", "service"]),
    ("httpGet", &["host", "httpHeaders", "path", "port", "scheme"]),
    ("tcpSocket", &["host", "port"]),
];

/// One probe.
#[derive(Clone, Debug)]
pub struct Probe<'a> {
    /// Which one.
    pub kind: Kind,
    /// All of it.
    pub node: &'a Node,
    /// Where its key stands.
    pub key_span: Range<usize>,
    /// Its numbers.
    pub spec: Spec,
    /// What it asks.
    pub handler: Handler,
}

/// What a probe asks, after defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handler {
    /// `httpGet`.
    Http {
        /// `path`.
        path: String,
        /// `port`.
        port: PortRef,
        /// `host`; empty for the pod's address.
        host: String,
        /// `HTTP` or `HTTPS`.
        scheme: String,
        /// `httpHeaders`.
        headers: Vec<(String, String)>,
    },
    /// `tcpSocket`.
    Tcp {
        /// `port`.
        port: PortRef,
        /// `host`; empty for the pod's address.
        host: String,
    },
    /// `grpc`.
    Grpc {
        /// `port`.
        port: i64,
        /// `service`.
        service: String,
    },
    /// `exec`.
    Exec {
        /// The command.
        command: Vec<String>,
    },
    /// None that can be read.
    None,
}

/// A port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRef {
    /// By number.
    Number(i64),
    /// By name.
    Name(String),
}

impl PortRef {
    /// The number, looked up in the ports of the same container: `ResolveContainerPort`.
    ///
    /// # Errors
    /// The prober's own words.
    pub fn resolve(&self, named: impl Fn(&str) -> Option<i64>) -> Result<u16, String> {
        let number = match self {
            Self::Number(number) => *number,
            Self::Name(name) => match named(name) {
                Some(number) => number,
                None => name.parse().map_err(|_| format!("strconv.Atoi: parsing {name:?}: invalid syntax"))?,
            },
        };
        match u16::try_from(number) {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(format!("invalid port number: {number}")),
        }
    }
}

impl Handler {
    /// The port, unless it is a command.
    pub fn port(&self) -> Option<PortRef> {
        match self {
            Self::Http { port, .. } | Self::Tcp { port, .. } => Some(port.clone()),
            Self::Grpc { port, .. } => Some(PortRef::Number(*port)),
            Self::Exec { .. } | Self::None => None,
        }
    }
}

impl Probe<'_> {
    /// Where a field stands: its value, or the probe's key when it is not written.
    pub fn place(&self, field: &str) -> Range<usize> {
        self.node.get(field).map_or(self.key_span.clone(), |node| node.span.clone())
    }

    /// Where a field of the way to ask stands.
    pub fn handler_place(&self, field: &str) -> Range<usize> {
        let handler = HANDLER_FIELDS.iter().find_map(|(name, _)| self.node.get(name));
        handler.and_then(|node| node.get(field)).map_or(self.key_span.clone(), |node| node.span.clone())
    }
}

/// Reads one probe; `None` when it is no map.
pub(super) fn read<'a>(
    entry: &'a Entry,
    kind: Kind,
    go_path: &str,
    path: &str,
    reader: &mut Reader<'_>,
) -> Option<Probe<'a>> {
    let (go, field) = (format!("{go_path}.{}", kind.field()), format!("{path}.{}", kind.field()));
    if !matches!(entry.node.value, Value::Map(_)) {
        reader.cannot_unmarshal(&entry.node, &format!("Container.{go}"), "v1.Probe");
        return None;
    }
    let handler = read_handler(entry, &go, &field, reader);
    let spec = read_numbers(entry, kind, &go, &field, reader);
    Some(Probe { kind, node: &entry.node, key_span: entry.key_span.clone(), spec, handler })
}

fn read_numbers(entry: &Entry, kind: Kind, go: &str, field: &str, reader: &mut Reader<'_>) -> Spec {
    let mut number = |name: &str, default: i32| {
        let Some(node) = entry.node.get(name) else {
            return default;
        };
        let Some(value) = node.int().and_then(|value| i32::try_from(value).ok()) else {
            reader.cannot_unmarshal(node, &format!("Probe.{go}.{name}"), "int32");
            return default;
        };
        if value < 0 {
            let why = "must be greater than or equal to 0";
            reader.invalid(&format!("{field}.{name}"), &value.to_string(), why, &node.span);
            reader.instead(default.to_string());
        }
        // An explicit 0 is the same as nothing.
        if value <= 0 { default } else { value }
    };
    let defaults = Spec::default();
    let spec = Spec {
        initial_delay_s: number("initialDelaySeconds", defaults.initial_delay_s),
        timeout_s: number("timeoutSeconds", defaults.timeout_s),
        period_s: number("periodSeconds", defaults.period_s),
        success_threshold: number("successThreshold", defaults.success_threshold),
        failure_threshold: number("failureThreshold", defaults.failure_threshold),
        grace_s: read_grace(entry, kind, go, field, reader),
    };
    if kind != Kind::Readiness && spec.success_threshold > 1 {
        let at = entry.node.get("successThreshold").map_or(&entry.key_span, |node| &node.span);
        reader.invalid(&format!("{field}.successThreshold"), &spec.success_threshold.to_string(), "must be 1", at);
        reader.instead("1");
    }
    spec
}

fn read_grace(entry: &Entry, kind: Kind, go: &str, field: &str, reader: &mut Reader<'_>) -> Option<i64> {
    let name = "terminationGracePeriodSeconds";
    let node = entry.node.get(name)?;
    let Some(seconds) = node.int() else {
        reader.cannot_unmarshal(node, &format!("Probe.{go}.{name}"), "int64");
        return None;
    };
    let field = format!("{field}.{name}");
    if kind == Kind::Readiness {
        reader.invalid(&field, &seconds.to_string(), "must not be set for readinessProbes", &node.span);
    } else if seconds <= 0 {
        reader.invalid(&field, &seconds.to_string(), "must be greater than 0", &node.span);
    }
    (seconds > 0).then_some(seconds)
}

fn read_handler(entry: &Entry, go: &str, field: &str, reader: &mut Reader<'_>) -> Handler {
    let mut found = Handler::None;
    let mut seen = false;
    for (name, read) in READERS {
        let Some(node) = entry.node.get(name) else {
            continue;
        };
        let field = format!("{field}.{name}");
        if seen {
            let at = entry.node.entry(name).map_or(&node.span, |entry| &entry.key_span);
            reader.forbidden(&field, ONE_HANDLER, at);
            continue;
        }
        seen = true;
        if matches!(node.value, Value::Map(_)) {
            found = read(node, &format!("{go}.ProbeHandler.{name}"), &field, reader);
        } else {
            let (first, rest) = name.split_at(1);
            let wanted = format!("v1.{}{rest}Action", first.to_uppercase());
            reader.cannot_unmarshal(node, &format!("ProbeHandler.{go}.{name}"), &wanted);
        }
    }
    if !seen {
        reader.required(field, "must specify a handler type", &entry.key_span);
    }
    found
}

type ReadHandler = fn(&Node, &str, &str, &mut Reader<'_>) -> Handler;

const READERS: [(&str, ReadHandler); 4] =
    [("exec", read_exec), ("httpGet", read_http), ("tcpSocket", read_tcp), ("grpc", read_grpc)];

fn read_exec(node: &Node, _: &str, field: &str, reader: &mut Reader<'_>) -> Handler {
    let command = texts(node.get("command"));
    if command.is_empty() {
        reader.required(&format!("{field}.command"), "", &node.span);
    }
    Handler::Exec { command }
}

fn read_http(node: &Node, go: &str, field: &str, reader: &mut Reader<'_>) -> Handler {
    let mut text = |name: &str, default: &str| match node.get(name) {
        None => default.to_owned(),
        Some(value) => match value.text() {
            Some("") => default.to_owned(),
            Some(text) => text.to_owned(),
            None => {
                reader.cannot_unmarshal(value, &format!("HTTPGetAction.{go}.{name}"), "string");
                default.to_owned()
            }
        },
    };
    let (path, host, scheme) = (text("path", "/"), text("host", ""), text("scheme", "HTTP"));
    let port = read_port(node, field, reader);
    if !matches!(scheme.as_str(), "HTTP" | "HTTPS") {
        let at = node.get("scheme").map_or(&node.span, |node| &node.span);
        reader.unsupported(&format!("{field}.scheme"), &scheme, &["HTTP", "HTTPS"], at);
        if matches!(scheme.to_ascii_uppercase().as_str(), "HTTP" | "HTTPS") {
            reader.instead(scheme.to_ascii_uppercase());
        }
    }
    let headers = read_headers(node, field, reader);
    Handler::Http { path, port, host, scheme, headers }
}

fn read_headers(node: &Node, field: &str, reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for item in node.get("httpHeaders").into_iter().flat_map(Node::items) {
        let text = |key: &str| item.get(key).and_then(Node::text).unwrap_or("");
        let name = text("name");
        if !validate::is_header_name(name) {
            let why = "a valid HTTP header must consist of alphanumeric characters or '-' \
                (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
            let at = item.get("name").map_or(&item.span, |node| &node.span);
            reader.invalid(&format!("{field}.httpHeaders"), &format!("{name:?}"), why, at);
        }
        headers.push((name.to_owned(), text("value").to_owned()));
    }
    headers
}

fn read_tcp(node: &Node, _: &str, field: &str, reader: &mut Reader<'_>) -> Handler {
    let port = read_port(node, field, reader);
    Handler::Tcp { port, host: node.get("host").and_then(Node::text).unwrap_or("").to_owned() }
}

fn read_grpc(node: &Node, go: &str, field: &str, reader: &mut Reader<'_>) -> Handler {
    let port = match node.get("port") {
        None => {
            reader.invalid(&format!("{field}.port"), "0", "must be between 1 and 65535, inclusive", &node.span);
            0
        }
        Some(value) => match value.int().filter(|number| i32::try_from(*number).is_ok()) {
            Some(number) => {
                validate::port_number(value, number, &format!("{field}.port"), reader);
                number
            }
            None => {
                reader.cannot_unmarshal(value, &format!("GRPCAction.{go}.port"), "int32");
                0
            }
        },
    };
    Handler::Grpc { port, service: node.get("service").and_then(Node::text).unwrap_or("").to_owned() }
}

/// `ValidatePortNumOrName`.
fn read_port(node: &Node, field: &str, reader: &mut Reader<'_>) -> PortRef {
    let field = format!("{field}.port");
    let Some(value) = node.get("port") else {
        reader.invalid(&field, "0", "must be between 1 and 65535, inclusive", &node.span);
        return PortRef::Number(0);
    };
    match &value.value {
        Value::Int(number) if i32::try_from(*number).is_ok() => {
            validate::port_number(value, *number, &field, reader);
            PortRef::Number(*number)
        }
        Value::Text(name) => {
            for why in validate::port_name(name) {
                reader.invalid(&field, &format!("{name:?}"), why, &value.span);
                if name.parse::<u16>().is_ok_and(|port| port > 0) {
                    reader.instead(name);
                }
            }
            PortRef::Name(name.clone())
        }
        _ => {
            reader.cannot_unmarshal(value, "", "int32");
            PortRef::Number(0)
        }
    }
}

/// The texts of a list.
pub(super) fn texts(node: Option<&Node>) -> Vec<String> {
    node.into_iter().flat_map(Node::items).filter_map(|item| item.text().map(str::to_owned)).collect()
}
