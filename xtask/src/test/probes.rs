//! The page about probes: every command on it is run, and must say what stands below it.
//!
//! Most commands wait for a kubelet's periods in real time, so all are run at once.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};

use super::counts::Tally;
use super::guide::blocks;
use super::shown::{Shown, commands};
use crate::cargo::root;

/// Runs them all with the programs in `folder`; prints what does not hold.
pub fn check(folder: &Path) -> Result<Tally> {
    let page = root().join("docs/probes.md");
    let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let shown: Vec<Shown> =
        blocks(&text).iter().filter(|block| block.language == "sh").flat_map(commands).filter(is_ours).collect();
    anyhow::ensure!(!shown.is_empty(), "{} shows no command", page.display());
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", folder.display(), folder.join("examples").display());
    let run = |shown: Shown| {
        let (path, line) = (path.clone(), shown.line);
        // A rehearsal that finds something ends with 1.
        let ran = move || {
            shown.run(1, |command| {
                command.current_dir(root()).env("PATH", path);
            })
        };
        thread::spawn(move || ran().map_err(|error| format!("{line}: {error:#}")))
    };
    let running: Vec<_> = shown.into_iter().map(run).collect();
    let mut tally = Tally::default();
    for thread in running {
        let ran = thread.join().expect("running a command does not panic");
        tally += if ran.is_ok() { Tally::PASSED } else { Tally::FAILED };
        if let Err(error) = ran {
            println!("  {}:{error}", page.display());
        }
    }
    Ok(tally)
}

/// Whether it needs nothing but this repository.
fn is_ours(shown: &Shown) -> bool {
    let command = &shown.command;
    !command.starts_with("cargo ") && !command.starts_with("export ") && !command.contains(" deploy.yaml")
}
