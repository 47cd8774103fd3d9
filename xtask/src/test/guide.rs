//! What the guide shows must work: each configuration in it is validated, its sample code is run, its links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::counts::Tally;
use crate::cargo;

/// Signed by `openssl dgst -sha256 -hmac secret` over `1700000000.{}`; what the guide's receiver must accept, and only that.
const RECEIVER_CHECK: &str = r#"
signed = "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"
assert is_ours(signed, b"{}", "secret", now=1700000010)
assert is_ours(signed.replace("v1=", "v1=00,v1="), b"{}", "secret", now=1700000010)
assert not is_ours(signed, b"{ }", "secret", now=1700000010)
assert not is_ours(signed, b"{}", "other", now=1700000010)
assert not is_ours(signed, b"{}", "secret", now=1700000301)
"#;

/// A piece of code in a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is written in.
    pub language: String,
    /// The line of its first line, from 1 on.
    pub line: usize,
    /// The code.
    pub text: String,
}

/// Checks all pages with the binary, and with `python` when there is one. Prints what does not work.
pub fn check(binary: &Path, python: Option<&Path>) -> Result<Tally> {
    let folder = cargo::fresh_folder("guide")?;
    let mut tally = Tally::default();
    for page in pages()? {
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
        for link in dead_links(&text, page.parent().context("a page lies in a folder")?) {
            println!("  {}: `{link}` leads nowhere", page.display());
            tally += Tally::FAILED;
        }
        for block in blocks(&text) {
            let place = format!("{}:{}", page.display(), block.line);
            let checked = match block.language.as_str() {
                "yaml" => validate(binary, &folder, &block.text),
                "python" => match python {
                    Some(python) => run_receiver(python, &block.text),
                    None => {
                        tally.skipped += 1;
                        continue;
                    }
                },
                _ => continue,
            };
            tally += if checked.is_ok() { Tally::PASSED } else { Tally::FAILED };
            if let Err(error) = checked {
                println!("  {place}: {error:#}");
            }
        }
    }
    anyhow::ensure!(tally.passed + tally.failed > 0, "the guide shows no configuration");
    Ok(tally)
}

fn pages() -> Result<Vec<PathBuf>> {
    let docs = cargo::root().join("docs");
    let entries = fs::read_dir(&docs).with_context(|| format!("cannot read {}", docs.display()))?;
    let mut pages: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.extend(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| cargo::root().join(name)),
    );
    pages.sort();
    Ok(pages)
}

/// Links of a page in `folder` to files that are not there.
fn dead_links(text: &str, folder: &Path) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let is_dead = |link: &&str| !folder.join(link.split('#').next().unwrap_or(link)).exists();
    files.filter(is_dead).map(str::to_owned).collect()
}

/// The fenced code of a Markdown page.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (open.take(), line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language: language.trim().to_owned(), line: index + 2, text: String::new() });
            }
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    blocks
}

/// A list of conditions becomes one monitor's; anything else is a whole file.
fn whole(text: &str) -> String {
    match text.starts_with("conditions:") {
        true => {
            let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
            format!("monitors:\n  - name: m\n    http: {{ url: \"http://127.0.0.1:1/\" }}\n{indented}")
        }
        false => text.to_owned(),
    }
}

fn validate(binary: &Path, folder: &Path, text: &str) -> Result<()> {
    if let Some(name) = file_name(text) {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap_or(folder))
            .with_context(|| format!("cannot make a place for {name}"))?;
        return fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()));
    }
    let file = folder.join("allswell.yaml");
    fs::write(&file, whole(text)).with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = Command::new(binary);
    command.arg("validate").arg(&file);
    for name in names(text, "${env:") {
        command.env(name, value_like(name));
    }
    for name in names(text, "${file:") {
        fs::write(folder.join(name), "secret").with_context(|| format!("cannot write {name}"))?;
    }
    succeeds(&mut command)
}

/// The name of a file that the configurations after it need: the comment that it begins with.
fn file_name(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("# ").filter(|name| name.ends_with(".yaml"))
}

/// What a variable of this name may hold.
fn value_like(name: &str) -> &'static str {
    match name.rsplit('_').next() {
        Some("DSN") => "postgres://watchman@127.0.0.1/app",
        Some("URL" | "WEBHOOK" | "WORKFLOW") => "https://hooks.example.com/secret",
        _ => "no-secret-of-anybody",
    }
}

/// What stands between `before` and the next brace.
fn names<'a>(text: &'a str, before: &str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('}').next())
}

fn run_receiver(python: &Path, text: &str) -> Result<()> {
    succeeds(Command::new(python).arg("-c").arg(format!("{text}{RECEIVER_CHECK}")))
}

fn succeeds(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let said = [output.stdout, output.stderr].concat();
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&said).trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_lines() {
        let found = blocks("# A\n\n```yaml\na: 1\nb: 2\n```\ntext\n```sh\nls\n```\n");
        let block = |language: &str, line, text: &str| Block { language: language.into(), line, text: text.into() };
        assert_eq!(found, [block("yaml", 4, "a: 1\nb: 2\n"), block("sh", 9, "ls\n")]);
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        let text = "[a](https://example.com) [b](README.md#more) [c](#here) [d](gone.md)";
        assert_eq!(dead_links(text, cargo::root()), ["gone.md"]);
    }

    #[test]
    fn a_file_beside_the_configuration_says_its_name() {
        assert_eq!(file_name("# channels/pager.yaml\nabout: x\n"), Some("channels/pager.yaml"));
        assert_eq!(file_name("monitors: []\n"), None);
    }

    #[test]
    fn conditions_alone_become_a_monitor() {
        let file = whole("conditions:\n  - \"status == 200\"\n");
        assert!(file.ends_with("    conditions:\n      - \"status == 200\"\n"), "{file}");
        assert_eq!(whole("monitors: []\n"), "monitors: []\n");
    }
}
