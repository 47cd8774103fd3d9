//! A plan for people: one line for each resource, and what is different below it.

use super::{Difference, Plan, Step};
use crate::paint::Paint;

/// How many names are told of what stays.
const NAMED_MAX: usize = 10;

/// The whole plan.
pub fn page(plan: &Plan, paint: Paint) -> String {
    let width = plan.steps.iter().map(|step| step.name.chars().count()).max().unwrap_or_default();
    let kinds = plan.steps.iter().map(|step| step.kind.len()).max().unwrap_or_default().max(8);
    let mut lines: Vec<_> = plan.steps.iter().flat_map(|step| lines(step, (kinds, width), paint)).collect();
    if plan.steps.is_empty() {
        lines.push("  nothing to change".to_owned());
    }
    let of = |action: &str| plan.steps.iter().filter(|step| step.action == action).count();
    let counts =
        [("add", of("create")), ("change", of("change")), ("remove", of("delete")), ("as it is", plan.unchanged)];
    let counts: Vec<_> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    if !counts.is_empty() {
        lines.push(paint.dim(&format!("  {}", counts.join(", "))));
    }
    if !plan.kept.is_empty() {
        let named: Vec<_> = plan.kept.iter().take(NAMED_MAX).map(String::as_str).collect();
        let more = plan.kept.len().saturating_sub(NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let text = format!("  in no file, and kept: {}{more} (--prune removes them)", named.join(", "));
        lines.push(paint.dim(&text));
    }
    lines.join("\n")
}

/// `3 changes`.
pub fn count(steps: usize) -> String {
    if steps == 1 { "1 change".to_owned() } else { format!("{steps} changes") }
}

fn lines(step: &Step, (kinds, width): (usize, usize), paint: Paint) -> Vec<String> {
    let sign = match step.action.as_str() {
        "create" => paint.green("+ add   "),
        "delete" => paint.red("- remove"),
        _ => paint.yellow("~ change"),
    };
    let name = format!("{:width$}", step.name);
    let head = |text: &str| format!("  {sign}  {:kinds$}  {name}  {text}", step.kind).trim_end().to_owned();
    let renamed = step.renamed_from.as_ref().map(|old| format!("renamed from {old}"));
    match (&renamed, step.changes.as_slice()) {
        (None, []) => vec![head(step.about.as_deref().unwrap_or_default())],
        (None, [one]) => vec![head(&difference(one))],
        (renamed, changes) => {
            let changes = changes.iter().filter(|change| renamed.is_none() || change.key != "name");
            let below =
                changes.map(|change| format!("{}{}", " ".repeat(12 + kinds + 2 + width + 2), difference(change)));
            std::iter::once(head(renamed.as_deref().unwrap_or_default())).chain(below).collect()
        }
    }
}

fn difference(difference: &Difference) -> String {
    let Difference { key, from, to } = difference;
    match (from, to) {
        (Some(from), Some(to)) if from == to => format!("{key} {to} (another secret)"),
        (Some(from), Some(to)) => format!("{key} {from} → {to}"),
        (Some(from), None) => format!("{key} {from} → (default)"),
        (None, to) => format!("{key} (default) → {}", to.as_deref().unwrap_or_default()),
    }
}
