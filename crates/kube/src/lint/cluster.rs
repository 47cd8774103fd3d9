//! What the objects of one run say about each other: services select pods, budgets protect them.

use std::collections::HashMap;

use crate::manifest::{Object, Workload, pairs};
use crate::yaml::Node;

/// Every object of one run that selects pods.
#[derive(Debug, Default)]
pub(super) struct Cluster<'a> {
    services: Selectors<'a>,
    budgets: Selectors<'a>,
}

/// Selectors by namespace and first label, for a run may have thousands of them and of pods.
#[derive(Debug, Default)]
struct Selectors<'a>(HashMap<(&'a str, (&'a str, &'a str)), Vec<Selector<'a>>>);

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
            match object.kind {
                "Service" => cluster.services.add(object, &["spec", "selector"]),
                "PodDisruptionBudget" => cluster.budgets.add(object, &["spec", "selector", "matchLabels"]),
                _ => {}
            }
        }
        cluster
    }

    /// The services that send traffic to these pods.
    pub(super) fn services_of(&self, workload: &Workload<'a>) -> impl Iterator<Item = &Selector<'a>> {
        self.services.of(workload)
    }

    /// The disruption budgets of these pods.
    pub(super) fn budgets_of(&self, workload: &Workload<'a>) -> impl Iterator<Item = &Selector<'a>> {
        self.budgets.of(workload)
    }
}

impl<'a> Selectors<'a> {
    /// Adds what wants the labels at `path`; without labels it selects nothing.
    fn add(&mut self, object: Object<'a>, path: &[&str]) {
        let labels = object.node.at(path).map(pairs).unwrap_or_default();
        if let Some(first) = labels.first() {
            self.0.entry((object.namespace, *first)).or_default().push(Selector { object, labels });
        }
    }

    /// Those that select the pods of `workload`.
    fn of(&self, workload: &Workload<'a>) -> impl Iterator<Item = &Selector<'a>> {
        let labels = workload.labels();
        let found = self.candidates(workload.object.namespace, labels.clone());
        found.filter(move |selector| selector.labels.iter().all(|label| labels.contains(label)))
    }

    /// Those that begin with one of these labels.
    fn candidates(&self, namespace: &'a str, labels: Vec<(&'a str, &'a str)>) -> impl Iterator<Item = &Selector<'a>> {
        labels.into_iter().filter_map(move |label| self.0.get(&(namespace, label))).flatten()
    }
}

impl Selector<'_> {
    /// The value at a path of the object.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        self.object.node.at(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn a_pod_is_not_compared_with_every_service() {
        const COUNT: usize = 1_000;
        let text: String = (0..COUNT)
            .map(|index| {
                format!("---\napiVersion: v1\nkind: Service\nspec: {{selector: {{app: a{index}, tier: web}}}}\n")
            })
            .collect();
        let (documents, _) = yaml::read(&text);
        let cluster = Cluster::of(documents.iter().flat_map(Object::of));
        let pods = (0..COUNT).map(|index| format!("a{index}")).collect::<Vec<_>>();
        let looked_at: usize =
            pods.iter().map(|app| cluster.services.candidates("", vec![("app", app), ("tier", "web")]).count()).sum();
        assert_eq!(looked_at, COUNT);
    }
}
