//! How fast the simulated kubelet decides and manifests are linted, and what hostile manifests come to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::limit;
use crate::cargo::{self, Profile, line};

/// Probe decisions per second of CPU time.
const DECISIONS_MIN: f64 = 1_000_000.0;

/// Manifests per second of CPU time.
const MANIFESTS_MIN: f64 = 1_000.0;

/// What one hostile manifest may cost: seconds of CPU time, and memory in MiB.
const HOSTILE_MAX: (f64, f64) = (10.0, 2_048.0);

/// The largest file that is read, in bytes.
const FILE_MAX: usize = 10 << 20;

/// `true` when the kubelet decides fast enough.
pub fn decisions(profile: Profile) -> Result<bool> {
    let program = cargo::build_example("allswell-core", "kubelet_speed", profile)?;
    let said = said(&mut Command::new(program))?;
    let rate = number(&said, "decisions per CPU second")?;
    Ok(limit("probe decisions", &format!("{rate:.0}/s"), &format!("{DECISIONS_MIN:.0}/s"), rate >= DECISIONS_MIN))
}

/// `true` when manifests are linted fast enough, and hostile ones cost no more than they may.
pub fn lint(profile: Profile) -> Result<bool> {
    let program = cargo::build_example("allswell-kube", "lint_speed", profile)?;
    let rate = number(&said(&mut Command::new(&program))?, "workloads/s")?;
    let mut holds =
        limit("manifests linted", &format!("{rate:.0}/s"), &format!("{MANIFESTS_MIN:.0}/s"), rate >= MANIFESTS_MIN);
    let folder = cargo::fresh_folder("hostile-manifests")?;
    for (name, text) in hostile() {
        let file = write(&folder, name, &text)?;
        let said = said(Command::new(&program).arg(&file))?;
        let (seconds, memory) = (number(&said, "CPU seconds")?, number(&said, "MiB at most")?);
        let (seconds_max, memory_max) = HOSTILE_MAX;
        holds &= limit(
            name,
            &format!("{seconds:.2} s {memory:.0} MiB"),
            &format!("{seconds_max:.0} s {memory_max:.0} MiB"),
            seconds <= seconds_max && memory <= memory_max,
        );
    }
    Ok(holds)
}

/// Manifests of somebody who means no good, each as large as a file may be where that is the point.
fn hostile() -> Vec<(&'static str, String)> {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n";
    let container = "  - name: app\n    livenessProbe: {httpGet: {port: web}, timeout: 5}\n";
    let bomb: String = (1..30)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")))
        .collect();
    let repeated = |head: &str, part: &str| head.to_owned() + &part.repeat((FILE_MAX - head.len()) / part.len());
    vec![
        ("10 MB of findings", repeated(pod, container)),
        ("10 MB of scalars", repeated("a:\n", "- 1\n")),
        ("10 MB in one line", repeated("a: [", "{b: c}, ")),
        ("10,000 documents", format!("---\n{pod}{container}").repeat(10_000)),
        ("a bomb of aliases", format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{bomb}")),
        ("anchors in each other", repeated(&(0..60).map(|level| format!("&a{level} [")).collect::<String>(), "x, ")),
        ("10 MB of brackets", "[".repeat(FILE_MAX)),
        ("10 MB of tabs", repeated("a:\n", "\tb: 1\n")),
        ("10 MB of broken documents", repeated("", "---\n[\n")),
    ]
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let file = folder.join(name.replace([' ', ','], "-")).with_extension("yaml");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {}", line(command)))?;
    let error = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{} ended with {}: {error}", line(command), output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The number before these words.
fn number(text: &str, words: &str) -> Result<f64> {
    let before = text.split(&format!(" {words}")).next().filter(|before| before.len() < text.len());
    let last = before.and_then(|before| before.split_whitespace().next_back());
    last.and_then(|number| number.parse().ok()).with_context(|| format!("no number of {words} in `{}`", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_before_its_words() {
        let text = "2000 workloads, 4000 findings in 0.25 CPU seconds: 8000 workloads/s, 40 MiB at most\n";
        assert_eq!(number(text, "CPU seconds").expect("it is there"), 0.25);
        assert_eq!(number(text, "workloads/s").expect("it is there"), 8_000.0);
        assert!(number(text, "sheep").is_err());
    }

    #[test]
    fn hostile_manifests_may_be_read_at_all() {
        for (name, text) in hostile() {
            assert!(text.len() <= FILE_MAX, "{name}: {} bytes", text.len());
        }
    }
}
