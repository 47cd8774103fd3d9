//! The page about probes: every command on it is run, and must say what stands below it.
//!
//! Most commands wait for a kubelet's periods in real time, so all are run at once.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use super::counts::Tally;
use super::guide::{Block, blocks};
use crate::cargo::root;

/// How long one command may take.
const TIME_MAX: &str = "400";

/// One command of the page, and what it must say: pieces that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    line: usize,
    command: String,
    pieces: Vec<String>,
}

/// Runs them all with the programs in `folder`; prints what does not hold.
pub fn check(folder: &Path) -> Result<Tally> {
    let page = root().join("docs/probes.md");
    let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let shown: Vec<Shown> = blocks(&text).iter().filter(|block| block.language == "sh").flat_map(commands).collect();
    anyhow::ensure!(!shown.is_empty(), "{} shows no command", page.display());
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", folder.display(), folder.join("examples").display());
    let run = |shown: Shown| {
        let path = path.clone();
        thread::spawn(move || shown.run(&path).map_err(|error| format!("{}: {error:#}", shown.line)))
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

/// The commands of a block that need nothing but this repository, each with the comments below it.
fn commands(block: &Block) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut open = false;
    for (index, line) in block.text.lines().enumerate() {
        let last = found.last_mut();
        match (line.strip_prefix("# "), last) {
            (Some(comment), Some(last)) => last.pieces.extend(comment.split(" ... ").map(normal)),
            (None, Some(last)) if open => last.command = format!("{}{}", last.command.trim_end_matches('\\'), line),
            (None, _) => {
                found.push(Shown { line: block.line + index, command: line.to_owned(), pieces: Vec::new() });
            }
            (Some(_), None) => {}
        }
        open = line.ends_with('\\');
    }
    found.retain(|shown| !shown.command.starts_with("cargo ") && !shown.command.starts_with("export "));
    found.retain(|shown| !shown.command.contains(" deploy.yaml"));
    found
}

impl Shown {
    fn run(&self, path: &str) -> Result<()> {
        let mut command = Command::new("timeout");
        command.args([TIME_MAX, "sh", "-c", &self.command]).current_dir(root()).env("PATH", path);
        let output = command.output().context("cannot run sh")?;
        let said = normal(&String::from_utf8_lossy(&[output.stderr, output.stdout].concat()));
        let well = output.status.code().is_some_and(|code| code <= 1);
        anyhow::ensure!(well, "`{}` ended with {}: {said}", self.command, output.status);
        let mut rest = said.as_str();
        for piece in &self.pieces {
            let found = rest.split_once(piece.as_str());
            let (_, after) = found.with_context(|| format!("`{}` does not say `{piece}` in: {said}", self.command))?;
            rest = after;
        }
        Ok(())
    }
}

/// Words with one blank between them.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_with_what_they_must_say() {
        let text =
            "A=1 allswell lint a \\\n  --start 80s\n# error[X]: one ... two\nallswell lint deploy.yaml\nexport A=1\n";
        let block = Block { language: "sh".to_owned(), line: 7, text: text.to_owned() };
        let pieces = ["error[X]: one", "two"].map(str::to_owned).to_vec();
        let command = "A=1 allswell lint a   --start 80s".to_owned();
        assert_eq!(commands(&block), [Shown { line: 7, command, pieces }]);
    }

    #[test]
    fn what_is_not_said_in_order_is_found() {
        let shown = |pieces: &[&str]| Shown {
            line: 1,
            command: "printf 'one\n   two  three'".to_owned(),
            pieces: pieces.iter().map(ToString::to_string).collect(),
        };
        let path = std::env::var("PATH").expect("there is one");
        shown(&["one two", "three"]).run(&path).expect("it says so");
        assert!(shown(&["three", "one"]).run(&path).is_err());
        assert!(Shown { command: "exit 2".to_owned(), ..shown(&[]) }.run(&path).is_err());
    }
}
