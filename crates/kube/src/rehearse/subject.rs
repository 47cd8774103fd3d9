//! What a rehearsal takes from the manifest: one workload, one container, everything after the API server's defaults.

use allswell_core::kubelet::action::RestartPolicy;
use allswell_core::kubelet::crash_loop::Limits;
use allswell_core::kubelet::{Kind, Plan, Spec};

use super::Error;
use super::hook::Hook;
use super::rollout::Strategy;
use crate::ask::Question;
use crate::ask::exec::Environment;
use crate::manifest::{Container, Handler, Object, PortRef, Role, Workload};
use crate::yaml::Node;

/// Which workload and which container; the only one when not named.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `orders` or `Deployment/orders`.
    pub workload: Option<String>,
    /// The container's name.
    pub container: Option<String>,
}

/// One container of one workload.
#[derive(Clone, Debug)]
pub struct Subject {
    /// `Deployment/orders`.
    pub title: String,
    /// The workload's name.
    pub name: String,
    /// Its namespace; `default` when not given.
    pub namespace: String,
    /// The container's name.
    pub container: String,
    /// What the kubelet reads about it.
    pub plan: Plan,
    /// What its probes ask.
    pub handlers: Vec<(Kind, Handler)>,
    /// Its ports: name and number.
    pub ports: Vec<(Option<String>, u16)>,
    /// Its literal variables.
    pub environment: Vec<(String, String)>,
    /// `command` and `args`.
    pub command: Vec<String>,
    /// Its preStop hook.
    pub hook: Option<Hook>,
    /// How a rolling update replaces its pods.
    pub strategy: Strategy,
    /// How many pods are wanted.
    pub replicas: u32,
    /// What of the manifest is not rehearsed, in sentences.
    pub limits: Vec<String>,
}

impl Subject {
    /// Chooses one container of the workloads in `documents`.
    ///
    /// # Errors
    /// [`Error`]: nothing to choose, more than one, or refused by the API server.
    pub fn choose(documents: &[Node], choice: &Choice) -> Result<Self, Error> {
        let workloads: Vec<Workload<'_>> = documents.iter().flat_map(Object::of).filter_map(Workload::of).collect();
        let workload = pick(&workloads, choice.workload.as_deref())?;
        if !workload.refusals.is_empty() {
            let refusals = workload.refusals.iter().map(|refusal| refusal.message.clone()).collect();
            return Err(Error::Refused { workload: workload.object.title(), refusals });
        }
        let container = pick_container(workload, choice.container.as_deref())?;
        Ok(Self::of(workload, container))
    }

    fn of(workload: &Workload<'_>, container: &Container<'_>) -> Self {
        let number = |number: i64| u16::try_from(number).ok();
        let namespace = if workload.object.namespace.is_empty() { "default" } else { workload.object.namespace };
        Self {
            title: workload.object.title(),
            name: workload.object.name.to_owned(),
            namespace: namespace.to_owned(),
            container: container.name.to_owned(),
            plan: plan(workload, container),
            handlers: container.probes.iter().map(|probe| (probe.kind, probe.handler.clone())).collect(),
            ports: container
                .ports
                .iter()
                .filter_map(|port| Some((port.name.map(str::to_owned), number(port.number)?)))
                .collect(),
            environment: literals(container.node),
            command: [texts(container.node, "command"), texts(container.node, "args")].concat(),
            hook: container.pre_stop.as_ref().map(Hook::of),
            strategy: Strategy::of(workload),
            replicas: workload.replicas().and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
            limits: limits(workload, container),
        }
    }

    /// The numbers of one probe.
    pub fn spec(&self, kind: Kind) -> Option<&Spec> {
        self.plan.spec(kind)
    }

    /// What its probe of this kind asks, as written.
    pub fn handler(&self, kind: Kind) -> Option<&Handler> {
        self.handlers.iter().find(|(of, _)| *of == kind).map(|(_, handler)| handler)
    }

    /// What its probe of this kind asks of the app, whose ports are served as `local` says.
    pub fn question(&self, kind: Kind, local: &[(u16, u16)], environment: &Environment) -> Option<Question> {
        let handler = self.handler(kind)?;
        let port = |wanted: &PortRef| {
            let port = wanted.resolve(|name| self.port_named(name))?;
            Ok(local.iter().find(|(from, _)| *from == port).map_or(port, |(_, to)| *to))
        };
        Some(Question::new(handler, "127.0.0.1", port, environment))
    }

    /// The number behind a port's name.
    pub fn port_named(&self, name: &str) -> Option<i64> {
        self.ports.iter().find(|(own, _)| own.as_deref() == Some(name)).map(|(_, number)| i64::from(*number))
    }

    /// Every port that is declared or asked, the one that serves requests first.
    pub fn all_ports(&self) -> Vec<u16> {
        let asked = self.handlers.iter().filter_map(|(_, handler)| match handler {
            Handler::Grpc { port, .. } => u16::try_from(*port).ok(),
            other => other.port().and_then(|port| port.resolve(|name| self.port_named(name)).ok()),
        });
        let mut ports: Vec<u16> = Vec::new();
        for port in self.ports.iter().map(|(_, number)| *number).chain(asked) {
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        ports
    }
}

fn pick<'w, 'a>(workloads: &'w [Workload<'a>], wanted: Option<&str>) -> Result<&'w Workload<'a>, Error> {
    let there = || workloads.iter().map(|workload| workload.object.title()).collect::<Vec<_>>().join(", ");
    let usable: Vec<&Workload<'a>> =
        workloads.iter().filter(|w| wanted.is_some() || (w.serves() && !w.containers.is_empty())).collect();
    match (wanted, usable.as_slice()) {
        (_, []) => Err(Error::NoWorkload),
        (Some(wanted), all) => all
            .iter()
            .find(|workload| workload.object.name == wanted || workload.object.title().eq_ignore_ascii_case(wanted))
            .copied()
            .ok_or_else(|| Error::NoSuchWorkload { wanted: wanted.to_owned(), there: there() }),
        (None, [one]) => Ok(one),
        (None, _) => Err(Error::ManyWorkloads { there: there() }),
    }
}

fn pick_container<'w, 'a>(workload: &'w Workload<'a>, wanted: Option<&str>) -> Result<&'w Container<'a>, Error> {
    let mut main = workload.containers.iter().filter(|container| container.role == Role::Main);
    let Some(wanted) = wanted else {
        let probed = main.clone().find(|container| !container.probes.is_empty());
        return probed.or_else(|| main.next()).ok_or(Error::NoWorkload);
    };
    main.clone().find(|container| container.name == wanted).ok_or_else(|| Error::NoSuchContainer {
        workload: workload.object.title(),
        wanted: wanted.to_owned(),
        there: main.map(|container| container.name).collect::<Vec<_>>().join(", "),
    })
}

fn plan(workload: &Workload<'_>, container: &Container<'_>) -> Plan {
    let spec = |kind| container.probe(kind).map(|probe| probe.spec);
    let policy = container.node.get("restartPolicy").or_else(|| workload.spec.get("restartPolicy"));
    Plan {
        startup: spec(Kind::Startup),
        readiness: spec(Kind::Readiness),
        liveness: spec(Kind::Liveness),
        restart: match policy.and_then(Node::text) {
            Some("Never") => RestartPolicy::Never,
            Some("OnFailure") => RestartPolicy::OnFailure,
            _ => RestartPolicy::Always,
        },
        rules: Vec::new(),
        grace_s: Some(workload.grace_s),
        pre_stop: container.pre_stop.is_some(),
        limits: Limits::default(),
    }
}

fn literals(container: &Node) -> Vec<(String, String)> {
    let entries = container.get("env").into_iter().flat_map(Node::items);
    entries
        .filter_map(|entry| Some((entry.get("name")?.text()?.to_owned(), entry.get("value")?.text()?.to_owned())))
        .collect()
}

fn texts(container: &Node, key: &str) -> Vec<String> {
    let items = container.get(key).into_iter().flat_map(Node::items);
    items.filter_map(|item| item.text().map(str::to_owned)).collect()
}

fn limits(workload: &Workload<'_>, container: &Container<'_>) -> Vec<String> {
    let mut limits = Vec::new();
    let others: Vec<&str> =
        workload.containers.iter().filter(|other| other.path != container.path).map(|other| other.name).collect();
    if !others.is_empty() {
        limits.push(format!("only container {} runs, not {}", container.name, others.join(", ")));
    }
    if container.node.get("envFrom").is_some() || has_references(container.node) {
        limits.push("variables from ConfigMaps and Secrets are not set; set them before the command".to_owned());
    }
    if container.probes.iter().any(|probe| matches!(probe.handler, Handler::Exec { .. })) {
        limits.push("exec probes run here, not in the image".to_owned());
    }
    limits
}

fn has_references(container: &Node) -> bool {
    container.get("env").into_iter().flat_map(Node::items).any(|entry| entry.get("valueFrom").is_some())
}
