//! What depends on what: on monitors that are there, and never on itself.

use std::collections::HashMap;

use allswell_core::dependency::leads_to;

use super::Refused;

/// Refuses when a monitor depends on one that `above` does not have, or on itself by way of others.
pub(super) fn hold(above: HashMap<&str, Vec<&str>>) -> Result<(), Refused> {
    let parents = |name: &str| above.get(name).into_iter().flatten().copied();
    let mut names: Vec<_> = above.keys().copied().collect();
    names.sort_unstable();
    for name in names {
        if let Some(missing) = above[name].iter().find(|parent| !above.contains_key(*parent)) {
            let why = format!("the monitor `{name}` depends on `{missing}`, which is not there");
            return Err(Refused::conflict(why, "take it out of `depends_on`, or keep the monitor"));
        }
        if let Some(by) = above[name].iter().find(|parent| leads_to(parent, name, parents)) {
            let why = format!("the monitor `{name}` depends on itself by way of `{by}`");
            return Err(Refused::conflict(why, "take one of them out of `depends_on`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(above: &[(&'static str, &[&'static str])], part: Option<&str>) {
        let refused = hold(above.iter().map(|(name, parents)| (*name, parents.to_vec())).collect()).err();
        let why = refused.map(|refused| format!("{refused:?}"));
        assert_eq!(why.is_some(), part.is_some(), "{above:?}: {why:?}");
        assert!(part.is_none_or(|part| why.as_ref().is_some_and(|why| why.contains(part))), "{why:?}");
    }

    #[test]
    fn what_is_depended_on_must_be_there_and_lead_elsewhere() {
        check(&[("api", &["db"]), ("db", &[])], None);
        check(&[("api", &["db"])], Some("`api` depends on `db`, which is not there"));
        check(&[("api", &["api"])], Some("`api` depends on itself"));
        check(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])], Some("`a` depends on itself by way of `b`"));
        check(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])], None);
    }
}
