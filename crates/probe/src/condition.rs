//! Conditions on an answer, in CEL.

use serde::{Deserialize, Serialize};

/// A condition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The condition as written.
    pub condition: String,
    /// Why it failed, with the actual value: `status is 503`, `body.checks has no field db`.
    pub why: String,
}
