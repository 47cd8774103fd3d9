//! Calling cargo and other commands.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// A cargo command at the root, by the cargo that started us.
pub fn cargo<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    if is_ci() {
        // CI builds once: what an incremental build writes is for the next one.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Whether `CI=true`.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| ci == "true")
}

/// The folder that cargo builds into.
pub fn target_folder() -> Result<PathBuf> {
    let output = cargo(["metadata", "--format-version", "1", "--no-deps"]).stderr(Stdio::inherit()).output();
    let output = output.context("cannot run cargo metadata")?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata names no target directory")?.into())
}

/// A folder of this name where cargo builds, emptied of what an earlier run left.
pub fn fresh_folder(name: &str) -> Result<PathBuf> {
    let folder = target_folder()?.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// The folder for what tests fetch; what lies there is kept from run to run.
pub fn test_tools() -> Result<PathBuf> {
    let folder = target_folder()?.join("test-tools");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Runs a command with its output shown; anything but success is an error that names the command.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", line(command)))?;
    anyhow::ensure!(status.success(), "{} ended with {status}", line(command));
    Ok(())
}

/// Runs a command whose output matters only when it fails.
pub fn quietly(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// The same, and gives what the command printed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {}", line(command)))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let all = [said.trim(), complaint.trim()].join("\n");
    anyhow::ensure!(output.status.success(), "{} ended with {}: {}", line(command), output.status, all.trim());
    Ok(said)
}

/// Whether a program is there and ends well with these arguments.
pub fn works(program: &Path, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The command as a person would type it.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// How the server under watch is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Debug,
    /// As people run it.
    Release,
}

/// Builds the binary `allswell` and says where it is.
pub fn build_allswell(profile: Profile) -> Result<PathBuf> {
    let mut command = cargo(["build", "--package", "allswell-cli", "--bin", "allswell"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    run(&mut command)?;
    allswell(profile)
}

/// Where the binary `allswell` lies once it is built.
pub fn allswell(profile: Profile) -> Result<PathBuf> {
    Ok(profile.folder()?.join("allswell"))
}

/// Builds an example of a package and says where it is.
pub fn build_example(package: &str, example: &str, profile: Profile) -> Result<PathBuf> {
    let mut command = cargo(["build", "--quiet", "--package", package, "--example", example]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(profile.folder()?.join("examples").join(example))
}

impl Profile {
    /// Where cargo puts what it builds.
    fn folder(self) -> Result<PathBuf> {
        Ok(target_folder()?.join(if self == Self::Release { "release" } else { "debug" }))
    }
}
