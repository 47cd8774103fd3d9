//! What was found, for people and for programs.

mod github;
mod json;
mod sarif;
mod text;

pub use github::github;
pub use json::json;
pub use sarif::sarif;
pub use text::{explain, text};

use crate::Source;
use crate::lint::{Finding, Report, Severity};

/// What is shown of a report.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'r> {
    /// The texts.
    pub sources: &'r [Source],
    /// What was found in them.
    pub report: &'r Report,
    /// The least severe finding that is shown.
    pub least: Severity,
    /// Whether colours may be used; text only.
    pub colour: bool,
    /// Where sentences are broken, in characters; text only.
    pub width: usize,
}

impl<'r> Shown<'r> {
    fn findings(&self) -> impl Iterator<Item = (&'r Source, &'r Finding)> {
        let (sources, least) = (self.sources, self.least);
        let shown = self.report.findings.iter().filter(move |finding| finding.severity <= least);
        shown.map(move |finding| (&sources[finding.source], finding))
    }
}

/// `Deployment/orders, container app`.
fn subject(finding: &Finding) -> String {
    match (finding.object.is_empty(), finding.container.is_empty()) {
        (true, _) => String::new(),
        (false, true) => finding.object.clone(),
        (false, false) => format!("{}, container {}", finding.object, finding.container),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::lint::{Facts, lint};

    const TEXT: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: app\n    \
        livenessProbe:\n      tcpSocket: {port: 9}\n      timeout: 5 # ä\n      failureThreshold: 9\n";

    fn shown<T>(judge: impl FnOnce(Shown<'_>) -> T) -> T {
        let sources = [Source::new("a,b.yaml", TEXT)];
        let report = lint(&sources, &Facts::default());
        judge(Shown { sources: &sources, report: &report, least: Severity::Warning, colour: false, width: usize::MAX })
    }

    #[test]
    fn text_shows_the_place_and_what_would_help() {
        let expected = "\
warning[PRB004]: livenessProbe has no field `timeout`: the API server ignores it
  --> a,b.yaml:9:7  Pod/p, container app
   |
 9 |       timeout: 5 # ä
   |       ^^^^^^^ did you mean timeoutSeconds?
   |
   = fix: write timeoutSeconds
       -       timeout: 5 # ä
       +       timeoutSeconds: 5 # ä
   = see: allswell lint --explain PRB004

1 file, 1 workload, 0 errors, 1 warning. 1 can be fixed with --fix --proposals. 2 hints with --level info.
";
        assert_eq!(shown(|shown| text(&shown)), expected);
    }

    #[test]
    fn programs_get_line_column_and_changes() {
        let found: Value = serde_json::from_str(&shown(|shown| json(&shown))).expect("it is JSON");
        assert_eq!(found["findings"][0]["rule"], "PRB004");
        assert_eq!((&found["findings"][0]["line"], &found["findings"][0]["column"]), (&9.into(), &7.into()));
        assert_eq!(found["findings"][0]["fix"]["edits"][0]["text"], "timeoutSeconds");
    }

    #[test]
    fn sarif_names_every_rule_it_uses() {
        let log: Value = serde_json::from_str(&shown(|shown| sarif(&shown))).expect("it is JSON");
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let index = run["results"][0]["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], run["results"][0]["ruleId"]);
        assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"], 9);
    }

    #[test]
    fn annotations_escape_what_would_end_them() {
        let line = shown(|shown| github(&shown));
        assert!(
            line.starts_with("::warning file=a%2Cb.yaml,line=9,col=7,endLine=9,endColumn=14,title=PRB004::"),
            "{line}"
        );
        assert_eq!(line.lines().count(), 1);
    }
}
