//! Objects and workloads out of documents: what the API server and the kubelet read there.
//!
//! Fields that say nothing about probes, shutdown and rollout are passed over; so are kinds that run no pods.

pub mod container;
pub mod probe;
pub mod refusal;
mod validate;

use std::ops::Range;

pub use container::{Container, Port, Role};
pub use probe::{Handler, PortRef, Probe};
pub use refusal::Refusal;

use crate::yaml::{Node, Value};

/// How deep lists of objects may lie in each other.
const LIST_DEPTH_MAX: usize = 4;

/// One object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// `apps/v1`.
    pub api_version: &'a str,
    /// `Deployment`.
    pub kind: &'a str,
    /// `metadata.name`, or `metadata.generateName`.
    pub name: &'a str,
    /// `metadata.namespace`; empty when not given.
    pub namespace: &'a str,
    /// All of it.
    pub node: &'a Node,
}

impl<'a> Object<'a> {
    /// The objects of a document: one, or the items of a list.
    pub fn of(document: &'a Node) -> Vec<Self> {
        let mut objects = Vec::new();
        gather(document, 0, &mut objects);
        objects
    }

    /// `Deployment/orders`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// The annotation with this name.
    pub fn annotation(&self, name: &str) -> Option<&'a str> {
        self.node.at(&["metadata", "annotations"])?.get(name)?.text()
    }
}

fn gather<'a>(node: &'a Node, depth: usize, objects: &mut Vec<Object<'a>>) {
    let text = |path: &[&str]| node.at(path).and_then(Node::text);
    let (Some(api_version), Some(kind)) = (text(&["apiVersion"]), text(&["kind"])) else {
        return;
    };
    if kind.ends_with("List") && node.get("items").is_some() && depth < LIST_DEPTH_MAX {
        node.get("items").into_iter().flat_map(Node::items).for_each(|item| gather(item, depth + 1, objects));
        return;
    }
    let name = text(&["metadata", "name"]).or_else(|| text(&["metadata", "generateName"])).unwrap_or("");
    let namespace = text(&["metadata", "namespace"]).unwrap_or("");
    objects.push(Object { api_version, kind, name, namespace, node });
}

/// One object that runs pods.
#[derive(Clone, Debug)]
pub struct Workload<'a> {
    /// The object.
    pub object: Object<'a>,
    /// The pod's spec.
    pub spec: &'a Node,
    /// The pod's metadata.
    pub metadata: Option<&'a Node>,
    /// `spec.template.spec`.
    pub path: &'static str,
    /// `terminationGracePeriodSeconds`, after defaults.
    pub grace_s: i64,
    /// Where the grace is written, or the spec's first key.
    pub grace_span: Range<usize>,
    /// Init containers first, as they run.
    pub containers: Vec<Container<'a>>,
    /// What the API server refuses.
    pub refusals: Vec<Refusal>,
}

impl<'a> Workload<'a> {
    /// The workload that this object is; `None` when it runs no pods.
    pub fn of(object: Object<'a>) -> Option<Self> {
        let path = pod_path(&object)?;
        let keys: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('.').collect() };
        let spec = object.node.at(&keys)?;
        let metadata = object.node.at(&keys[..keys.len().saturating_sub(1)]).and_then(|node| node.get("metadata"));
        let mut refusals = Vec::new();
        let mut reader = refusal::Reader::new(&object, &mut refusals);
        let (grace_s, grace_span) = grace(spec, path, &mut reader);
        let containers = container::read_all(spec, path, grace_s, &mut reader);
        validate::readiness_gates(spec, path, &mut reader);
        Some(Self { object, spec, metadata, path, grace_s, grace_span, containers, refusals })
    }

    /// The pod's labels.
    pub fn labels(&self) -> Vec<(&'a str, &'a str)> {
        let labels = self.metadata.and_then(|metadata| metadata.get("labels"));
        labels.map_or_else(Vec::new, |labels| pairs(labels))
    }

    /// How many pods are wanted; `None` when the kind does not say.
    pub fn replicas(&self) -> Option<i64> {
        match self.object.kind {
            "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" | "Rollout" => {
                Some(self.object.node.at(&["spec", "replicas"]).and_then(Node::int).unwrap_or(1))
            }
            _ => None,
        }
    }

    /// Whether its pods are meant to run for ever.
    pub fn serves(&self) -> bool {
        !matches!(self.object.kind, "Job" | "CronJob")
    }

    /// The annotation of the pod or of the object.
    pub fn annotation(&self, name: &str) -> Option<&'a str> {
        let of_pod = self.metadata.and_then(|metadata| metadata.at(&["annotations"])?.get(name)?.text());
        of_pod.or_else(|| self.object.annotation(name))
    }
}

/// The text pairs of a map.
pub fn pairs(node: &Node) -> Vec<(&str, &str)> {
    node.entries().iter().filter_map(|entry| Some((entry.key.as_str(), entry.node.text()?))).collect()
}

/// Where the pod's spec lies in an object of this kind.
fn pod_path(object: &Object<'_>) -> Option<&'static str> {
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, object.kind) {
        ("", "Pod") => Some("spec"),
        ("", "PodTemplate") => Some("template.spec"),
        ("apps" | "extensions", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("", "ReplicationController")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout") => Some("spec.template.spec"),
        ("batch", "CronJob") => Some("spec.jobTemplate.spec.template.spec"),
        _ => None,
    }
}

/// The pod's grace: 30 s when not given, 1 s when negative (`SetDefaults_PodSpec`, `dropDisabledFields`).
fn grace(spec: &Node, path: &str, reader: &mut refusal::Reader<'_>) -> (i64, Range<usize>) {
    let Some(entry) = spec.entry("terminationGracePeriodSeconds") else {
        return (30, spec.entries().first().map_or(spec.span.clone(), |entry| entry.key_span.clone()));
    };
    let seconds = match entry.node.value {
        Value::Null => 30,
        Value::Int(seconds) => seconds,
        _ => {
            let field = format!("PodSpec.{path}.terminationGracePeriodSeconds");
            reader.cannot_unmarshal(&entry.node, &field, "int64");
            30
        }
    };
    (if seconds < 0 { 1 } else { seconds }, entry.node.span.clone())
}

#[cfg(test)]
mod tests;
