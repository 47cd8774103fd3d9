//! How many crates a service gets with `allswell` and no feature.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::super::limit;
use crate::cargo::{cargo, line};

/// Small enough for anyone's service.
const CRATES_MAX: usize = 40;

/// Counts and prints. `true` means that there are few enough.
pub fn run() -> Result<bool> {
    let mut command = cargo(["tree", "--package", "allswell", "--edges", "normal", "--prefix", "none"]);
    let output = command.output().with_context(|| format!("cannot run {}", line(&command)))?;
    anyhow::ensure!(output.status.success(), "{} ended with {}", line(&command), output.status);
    let crates = names(&String::from_utf8_lossy(&output.stdout)).len();
    Ok(limit("crates of the default tree", &crates.to_string(), &CRATES_MAX.to_string(), crates <= CRATES_MAX))
}

/// Each line is `name version (where)`, some of them more than once.
fn names(tree: &str) -> BTreeSet<(&str, &str)> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_is_named_twice_counts_once() {
        assert_eq!(names("allswell v0.1.0 (/here)\nbytes v1.0.0\nbytes v1.0.0 (*)\nbytes v0.5.0\n").len(), 3);
    }
}
