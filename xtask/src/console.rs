//! The console in a browser: its types, its tests, its pictures. Playwright drives the system's own Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::cargo::{self, Profile, quietly, root, works};

/// Puts pictures of every page into `target/screenshots`: light, dark, and as a phone shows it.
pub fn screenshots() -> Result<bool> {
    let binary = cargo::build_allswell(Profile::Debug)?;
    let folder = cargo::fresh_folder("screenshots")?;
    cargo::run(playwright(&binary)?.args(["--config", "screenshots.config.ts"]).env("ALLSWELL_SCREENSHOTS", &folder))?;
    println!("{}", folder.display());
    Ok(true)
}

/// Checks the types of the console and of its tests.
pub fn check_types() -> Result<()> {
    let console = root().join("console");
    install(&console)?;
    install(&console.join("e2e"))?;
    cargo::run(Command::new("npm").args(["run", "--silent", "check"]).current_dir(&console))
}

/// Playwright's test runner with a server that is built; what it is told besides is the caller's.
pub fn playwright(binary: &Path) -> Result<Command> {
    let folder = root().join("console/e2e");
    install(&folder)?;
    let mut command = Command::new(folder.join("node_modules/.bin/playwright"));
    command.arg("test").current_dir(&folder);
    command.env("ALLSWELL_TEST_BINARY", binary).env("ALLSWELL_TEST_CHROMIUM", chromium()?);
    command.env("ALLSWELL_TEST_OUTPUT", cargo::target_folder()?.join("console-e2e"));
    Ok(command)
}

/// Has npm install what a folder's lock file names, with what only tests need, unless all of it is there.
fn install(folder: &Path) -> Result<()> {
    let modified = |path: PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
    let lock = modified(folder.join("package-lock.json")).context("the lock file of npm is gone")?;
    let is_installed =
        modified(folder.join("node_modules/.package-lock.json")).is_some_and(|installed| installed >= lock);
    // The server's own build installs without the type checker.
    let tools = if folder.ends_with("console") { "node_modules/typescript" } else { "node_modules/@playwright/test" };
    if is_installed && folder.join(tools).exists() {
        return Ok(());
    }
    anyhow::ensure!(works(Path::new("npm"), &["--version"]), "npm is not installed; Debian has it in the package npm");
    quietly(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

/// The system's Chromium, or Debian's.
fn chromium() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("ALLSWELL_TEST_CHROMIUM") {
        return Ok(named.into());
    }
    let found = || {
        let names = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        names.map(PathBuf::from).into_iter().find(|path| works(path, &["--version"]))
    };
    if let Some(found) = found() {
        return Ok(found);
    }
    apt::install("chromium")?;
    found().context("the package chromium brought no browser")
}
