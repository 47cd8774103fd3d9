//! Debian's packages, where the system is one of Debian's.

use std::process::Command;

use anyhow::Result;

use crate::cargo::quietly;

/// Installs a package, after a look at what there is now.
pub fn install(package: &str) -> Result<()> {
    update()?;
    let mut install = Command::new("apt-get");
    quietly(
        install.args(["install", "--yes", "--no-install-recommends", package]).env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Fetches the lists of what there is.
pub fn update() -> Result<()> {
    quietly(Command::new("apt-get").args(["update", "--quiet"]))
}
