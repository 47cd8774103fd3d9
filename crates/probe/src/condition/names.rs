//! The names that a condition may use, and the nearest of them to a wrong one.

use super::types::{Record, Type};

/// What can be looked at, with its type.
pub const ROOTS: &[(&str, Root, Type)] = &[
    ("status", Root::Status, Type::Int),
    ("headers", Root::Headers, Type::Headers),
    ("text", Root::Text, Type::String),
    ("body", Root::Body, Type::Dyn),
    ("time", Root::Time, Type::Record(Record::Time)),
    ("certificate", Root::Certificate, Type::Record(Record::Certificate)),
    ("health", Root::Health, Type::Record(Record::Health)),
    ("version", Root::Version, Type::String),
];

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The HTTP status.
    Status,
    /// The headers, names in lower case.
    Headers,
    /// The body as text.
    Text,
    /// The body as JSON.
    Body,
    /// How long the phases took.
    Time,
    /// The certificate.
    Certificate,
    /// The health document.
    Health,
    /// The version that the health document names.
    Version,
}

impl Root {
    /// Its name in a condition.
    pub fn name(self) -> &'static str {
        ROOTS.iter().find(|(_, root, _)| *root == self).map_or("", |(name, ..)| name)
    }
}

/// `; did you mean X?`, else `; there is A, B and C`.
pub fn instead<'a>(wrong: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known.clone().map(|name| (distance(wrong, name), name)).min_by_key(|(distance, _)| *distance);
    match near {
        Some((distance, name)) if distance <= 1 + wrong.chars().count() / 4 => format!("; did you mean `{name}`?"),
        _ => format!("; there is {}", known.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// How many characters must be added, dropped, replaced or swapped with their neighbour to turn `a` into `b`; case does not count.
fn distance(a: &str, b: &str) -> usize {
    let lower = |text: &str| text.chars().take(64).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (a, b) = (lower(a), lower(b));
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        let roots = || ROOTS.iter().map(|(name, ..)| *name);
        assert_eq!(instead("statsu", roots()), "; did you mean `status`?");
        assert_eq!(instead("Body", roots()), "; did you mean `body`?");
        assert_eq!(instead("header", roots()), "; did you mean `headers`?");
        assert!(instead("latency", roots()).starts_with("; there is `status`, `headers`"));
    }
}
