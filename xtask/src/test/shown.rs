//! Commands as a page of the guide shows them, and what stands below each: run as written, they must say it.

use std::process::Command;

use anyhow::{Context, Result};

use super::guide::Block;

/// How long one command may take.
const TIME_MAX: &str = "400";

/// One command of a page, and what it must say: pieces that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The line of the page.
    pub line: usize,
    /// As a shell takes it.
    pub command: String,
    /// What it says, in this order.
    pub pieces: Vec<String>,
}

/// The commands of a block, each with the comments below it.
pub fn commands(block: &Block) -> Vec<Shown> {
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
    found
}

impl Shown {
    /// Runs it in a shell that is started as `prepare` says; an error when it ends with more than `code_max` or does not say
    /// what it must.
    pub fn run(&self, code_max: i32, prepare: impl FnOnce(&mut Command)) -> Result<()> {
        let mut command = Command::new("timeout");
        command.args([TIME_MAX, "sh", "-c", &self.command]);
        prepare(&mut command);
        let output = command.output().context("cannot run sh")?;
        let said = normal(&String::from_utf8_lossy(&[output.stderr, output.stdout].concat()));
        let well = output.status.code().is_some_and(|code| code <= code_max);
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
        let text = "A=1 allswell lint a \\\n  --start 80s\n# error[X]: one ... two\nexport A=1\n";
        let block = Block { language: "sh".to_owned(), line: 7, text: text.to_owned() };
        let pieces = ["error[X]: one", "two"].map(str::to_owned).to_vec();
        let command = "A=1 allswell lint a   --start 80s".to_owned();
        let export = Shown { line: 10, command: "export A=1".to_owned(), pieces: Vec::new() };
        assert_eq!(commands(&block), [Shown { line: 7, command, pieces }, export]);
    }

    #[test]
    fn what_is_not_said_in_order_is_found() {
        let shown = |pieces: &[&str]| Shown {
            line: 1,
            command: "printf 'one\n   two  three'".to_owned(),
            pieces: pieces.iter().map(ToString::to_string).collect(),
        };
        shown(&["one two", "three"]).run(0, |_| {}).expect("it says so");
        assert!(shown(&["three", "one"]).run(0, |_| {}).is_err());
        assert!(Shown { command: "exit 2".to_owned(), ..shown(&[]) }.run(1, |_| {}).is_err());
        assert!(Shown { command: "exit 1".to_owned(), ..shown(&[]) }.run(1, |_| {}).is_ok());
    }
}
