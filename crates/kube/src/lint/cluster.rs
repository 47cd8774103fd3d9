//! What the objects of one run say about each other: services select pods, budgets protect them.

use crate::manifest::{Object, Workload, pairs};
use crate::yaml::Node;

/// Every object of one run that selects pods.
#[derive(Debug, Default)]
pub(super) struct Cluster<'a> {
    services: Vec<Selector<'a>>,
    budgets: Vec<Selector<'a>>,
}

/// An object with the labels it wants.
#[derive(Debug)]
pub(super) struct Selector<'a> {
    pub(super) object: Object<'a>,
    labels: Vec<(&'a str, &'a str)>,
}

impl<'a> Cluster<'a> {
    pub(super) fn of(objects: impl Iterator<Item = Object<'a>>) -> Self {
        let mut cluster = Self::default();
        for object in objects {
            let selector = |path: &[&str]| {
                let labels = object.node.at(path).map(pairs).unwrap_or_default();
                (!labels.is_empty()).then_some(Selector { object, labels })
            };
            match object.kind {
                "Service" => cluster.services.extend(selector(&["spec", "selector"])),
                "PodDisruptionBudget" => cluster.budgets.extend(selector(&["spec", "selector", "matchLabels"])),
                _ => {}
            }
        }
        cluster
    }

    /// The services that send traffic to these pods.
    pub(super) fn services_of(&self, workload: &Workload<'_>) -> impl Iterator<Item = &Selector<'a>> {
        select(&self.services, workload)
    }

    /// The disruption budgets of these pods.
    pub(super) fn budgets_of(&self, workload: &Workload<'_>) -> impl Iterator<Item = &Selector<'a>> {
        select(&self.budgets, workload)
    }
}

fn select<'s, 'a>(selectors: &'s [Selector<'a>], workload: &Workload<'_>) -> impl Iterator<Item = &'s Selector<'a>> {
    let (namespace, labels) = (workload.object.namespace.to_owned(), own(&workload.labels()));
    selectors.iter().filter(move |selector| {
        selector.object.namespace == namespace
            && selector.labels.iter().all(|(key, value)| labels.iter().any(|(k, v)| k == key && v == value))
    })
}

fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl Selector<'_> {
    /// The value at a path of the object.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        self.object.node.at(path)
    }
}
