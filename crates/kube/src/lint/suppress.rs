//! Findings that somebody has silenced with an annotation.
//!
//! On the pod or its workload: `allswell.dev/ignore: "PRB107, PRB103@sidecar"`. The annotations of kube-linter
//! (`ignore-check.kube-linter.io/NAME`) and kube-score (`kube-score/ignore: NAME, NAME`) count as well.

use super::finding::Finding;
use crate::manifest::Workload;

/// Whether an annotation silences this finding.
pub(super) fn is_silenced(workload: &Workload<'_>, finding: &Finding) -> bool {
    let names = |name: &str| finding.rule.id.eq_ignore_ascii_case(name) || finding.rule.aliases.contains(&name);
    let listed = |annotation: &str| {
        workload.annotation(annotation).is_some_and(|list| {
            list.split(',').map(str::trim).any(|item| match item.split_once('@') {
                Some((name, container)) => names(name) && finding.container == container,
                None => names(item),
            })
        })
    };
    let by_kube_linter = |alias: &&str| workload.annotation(&format!("ignore-check.kube-linter.io/{alias}")).is_some();
    listed("allswell.dev/ignore") || listed("kube-score/ignore") || finding.rule.aliases.iter().any(by_kube_linter)
}
