//! What depends on what.

use std::collections::HashSet;

/// Whether `from` is `to`, or depends on it by way of others. `above` says what one depends on.
pub fn leads_to<'a, I>(from: &'a str, to: &str, above: impl Fn(&'a str) -> I) -> bool
where
    I: IntoIterator<Item = &'a str>,
{
    let mut seen = HashSet::new();
    let mut next = vec![from];
    while let Some(name) = next.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            next.extend(above(name));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn above(name: &str) -> &'static [&'static str] {
        match name {
            "shop" => &["api", "images"],
            "api" => &["database", "cache"],
            "cache" | "queue" => &["queue", "cache"],
            _ => &[],
        }
    }

    fn leads(from: &str, to: &str) -> bool {
        leads_to(from, to, |name| above(name).iter().copied())
    }

    #[test]
    fn a_way_over_others_is_found_and_a_circle_ends() {
        assert!(leads("shop", "database"));
        assert!(leads("shop", "shop"));
        assert!(leads("queue", "cache"));
        assert!(!leads("database", "shop"));
        assert!(!leads("cache", "database"));
    }
}
