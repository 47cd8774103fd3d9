//! One thing that is not as it should be.

use std::ops::Range;

use super::catalogue::{Rule, Severity, rule};
use super::fix::Fix;
use crate::yaml;

/// One thing that is not as it should be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which rule found it.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// Which source, by its index.
    pub source: usize,
    /// Where in it, in bytes.
    pub at: Range<usize>,
    /// `Deployment/orders`; empty when nothing could be read.
    pub object: String,
    /// The container's name; empty when it is about the whole.
    pub container: String,
    /// What was found, with the numbers computed.
    pub message: String,
    /// A few words for the place itself.
    pub label: String,
    /// What would help.
    pub fix: Option<Fix>,
}

impl Finding {
    pub(super) fn new(id: &str, at: Range<usize>, message: impl Into<String>) -> Self {
        let rule = rule(id);
        Self {
            rule,
            severity: rule.severity,
            source: 0,
            at,
            object: String::new(),
            container: String::new(),
            message: message.into(),
            label: String::new(),
            fix: None,
        }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(super) fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }
}

/// A document that could not be read.
pub(super) fn unreadable(source: usize, problem: &yaml::Problem) -> Finding {
    let mut finding = Finding::new("PRB000", problem.at..problem.at + 1, problem.message.clone());
    finding.source = source;
    finding
}
