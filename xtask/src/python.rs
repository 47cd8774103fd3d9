//! The Python package as people get it: a wheel built by maturin, installed into an environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{self, Profile, quietly};
use crate::venv::{Venv, requirements};

/// Where wheels are built.
const WHEELS: &str = "wheels";

/// An environment with the wheel of these sources and all that its tests need.
pub fn environment() -> Result<Venv> {
    let list = requirements(&cargo::root().join("python/tests/requirements.txt"))?;
    let venv = Venv::provide("venv-python", &list)?;
    install(&venv, Profile::Debug)?;
    Ok(venv)
}

/// An environment with that wheel and what the README's example imports, and nothing else.
pub fn clean_environment() -> Result<Venv> {
    let venv = Venv::provide("venv-python-clean", &["fastapi", "uvicorn[standard]", "sqlalchemy[asyncio]", "asyncpg"])?;
    let wheel = only_file(&cargo::target_folder()?.join(WHEELS))?;
    quietly(venv.pip_install().args(["--force-reinstall", "--no-deps"]).arg(&wheel))?;
    Ok(venv)
}

/// Builds the wheel of these sources and installs it into an environment that has maturin.
pub fn install(venv: &Venv, profile: Profile) -> Result<()> {
    let wheel = wheel(venv, profile)?;
    quietly(venv.pip_install().args(["--force-reinstall", "--no-deps"]).arg(&wheel))
}

/// What checks the types of the package, and what runs its tests; to be run in this order.
pub fn commands(venv: &Venv) -> [Command; 3] {
    let folder = cargo::root().join("python");
    let program = |name: &str| {
        let mut command = Command::new(venv.program(name));
        command.current_dir(&folder);
        command
    };
    let mut mypy = program("mypy");
    mypy.args(["--strict", "--python-executable"]).arg(venv.python()).args(["--package", "allswell"]);
    let mut pyright = program("pyright");
    pyright.arg("--pythonpath").arg(venv.python());
    let mut pytest = program("python");
    // What is tested is the wheel, not the sources beside the tests.
    pytest.args(["-P", "-m", "pytest", "-p", "no:cacheprovider"]);
    [mypy, pyright, pytest]
}

fn wheel(venv: &Venv, profile: Profile) -> Result<PathBuf> {
    let out = cargo::fresh_folder(WHEELS)?;
    let mut build = Command::new(venv.program("maturin"));
    build.args(["build", "--quiet", "--out"]).arg(&out).arg("--interpreter").arg(venv.python());
    build.args(["--profile", if profile == Profile::Debug { "dev" } else { "dist" }]);
    cargo::run(build.current_dir(cargo::root().join("python")))?;
    only_file(&out)
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let files = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    files.max().context("maturin built no wheel")
}
