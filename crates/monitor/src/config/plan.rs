//! Plans: what the accounts that have them may have.

use std::collections::BTreeMap;

use super::problem::{Code, Found};
use super::read::{Datum, Fields, Reader};
use crate::plan::Limits;

/// The longest name of a plan.
const NAME_MAX: usize = 50;

/// Reads the block `plans`.
pub(super) fn plans(fields: &Fields<'_>, reader: &mut Reader<'_>) -> BTreeMap<String, Limits> {
    let Some(Datum::Names(names)) = fields.get("plans") else { return BTreeMap::new() };
    let mut plans = BTreeMap::new();
    for (entry, datum) in names {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if entry.key.chars().count() > NAME_MAX || !entry.key.chars().all(is_word) {
            let found = Found::new(Code::WrongValue, entry.key_span, "this is no name of a plan".to_owned());
            reader.problems.push(found.label("1 to 50 letters, digits, `-`, `_` and `.`"));
        }
        if let Datum::Block(block) = datum {
            let monitors = block.number("monitors").and_then(|most| usize::try_from(most).ok());
            plans.insert(entry.key.clone(), Limits { monitors, min_interval: block.duration("min_interval") });
        }
    }
    plans
}
