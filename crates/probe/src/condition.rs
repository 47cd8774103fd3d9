//! Conditions on an answer, in CEL.
//!
//! [`Condition::parse`] reads and checks a condition when it is saved; [`evaluate`] holds it against an answer. The
//! grammar is the crate `cel`'s. Checking and evaluating are ours (docs/decisions/0003): an evaluation has a budget of
//! steps, copies nothing of the answer, and what cannot be evaluated fails in either polarity, with the reason.
//!
//! `syntax`: text to tree · `check`: names, types and arity · `world`: what is looked at · `run`: evaluation · `why`: the
//! reason in words.

mod calls;
mod check;
mod names;
mod operators;
mod pattern;
mod run;
mod syntax;
mod tree;
mod types;
mod value;
mod why;
mod world;

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use allswell_core::Phases;
use serde::{Deserialize, Serialize};

use crate::{Certificate, health};

/// A condition that was parsed and checked.
#[derive(Clone)]
pub struct Condition {
    text: String,
    root: tree::Expr,
    names: Vec<&'static str>,
}

impl Condition {
    /// Parses and checks a condition.
    ///
    /// # Errors
    /// [`Wrong`], when the text is no CEL, or can never hold: unknown names, wrong types, wrong arity, no yes or no.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let (root, names) = syntax::read(text, check::condition)?;
        Ok(Self { text: text.to_owned(), root, names })
    }

    /// The condition as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition looks at `name`: `status`, `headers`, `text`, `body`, `time`, `certificate`, `health`, `version`.
    pub fn mentions(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// What the condition looks at, by the names that [`Condition::mentions`] lists.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Condition {}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where in the text, in characters from 1 on.
    pub column: Option<usize>,
    /// What is wrong, and the way out.
    pub why: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "column {column}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Wrong {}

/// What a condition may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The HTTP status.
    pub status: Option<u16>,
    /// The headers, as sent; the values of equal names are joined with `, `.
    pub headers: &'a [(String, String)],
    /// The body as text.
    pub text: Option<&'a str>,
    /// How long each phase took.
    pub phases: &'a Phases,
    /// From the moment of asking to the last byte.
    pub total: Duration,
    /// The certificate that was presented.
    pub certificate: Option<&'a Certificate>,
    /// The health document that the body is.
    pub health: Option<&'a health::Document>,
}

/// A condition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The condition as written.
    pub condition: String,
    /// Why it failed, with the actual value: `status is 503`, `body.checks has no field db`.
    pub why: String,
}

/// What a condition looked at, whether it held or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The condition as written.
    pub condition: String,
    /// What was there: `status is 200`. Empty where it looks at nothing that can be shown.
    pub what: String,
}

/// What each of `conditions` looks at in `facts`, for who wants to know before it is saved. `mask` removes secrets.
pub fn seen_masked(conditions: &[Condition], facts: &Facts, mask: &dyn Fn(&str) -> String) -> Vec<Seen> {
    let world = world::World::new(facts);
    let mut left = 4 * run::STEPS_MAX;
    let seen = |condition: &Condition| Seen {
        condition: condition.text.clone(),
        what: why::seen(&condition.root, &world, &mut left, mask),
    };
    conditions.iter().map(seen).collect()
}

/// Holds `conditions` against `facts` and returns those that do not hold, in order.
///
/// Takes a fraction of a millisecond, and 0.4 s for an answer that was made to take long.
pub fn evaluate(conditions: &[Condition], facts: &Facts) -> Vec<Failed> {
    evaluate_masked(conditions, facts, &str::to_owned)
}

/// Like [`evaluate`]. `mask` removes secrets from every text of the answer before it is cut to length for a reason.
pub fn evaluate_masked(conditions: &[Condition], facts: &Facts, mask: &dyn Fn(&str) -> String) -> Vec<Failed> {
    let world = world::World::new(facts);
    let mut left = 4 * run::STEPS_MAX;
    let failed = |condition: &Condition| {
        let why = why::not_held(&condition.root, &world, &mut left, mask)?;
        Some(Failed { condition: condition.text.clone(), why })
    };
    conditions.iter().filter_map(failed).collect()
}
