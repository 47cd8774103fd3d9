//! What the Python package costs, beside its peers in the same run: the programs in `python/benches`, with the wheel as people get it.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo::{self, Profile};
use crate::python;
use crate::venv::{Venv, requirements};

/// Runs them; their lines say what must hold.
pub fn run(profile: Profile, minutes: f64) -> Result<bool> {
    let folder = cargo::root().join("python/benches");
    let venv = Venv::provide("venv-python-bench", &requirements(&folder.join("requirements.txt"))?)?;
    python::install(&venv, profile)?;
    let mut holds = true;
    for (program, argument) in [("middleware.py", None), ("scrape.py", None), ("wire.py", Some(minutes.to_string()))] {
        let mut bench = Command::new(venv.python());
        // Not as a program of its folder alone: `services.py` beside it is imported by name.
        bench.arg(folder.join(program)).args(argument).current_dir(&folder).env("PYTHONWARNINGS", "ignore");
        let status = bench.status().with_context(|| format!("cannot run {}", cargo::line(&bench)))?;
        // 1: a limit does not hold. Anything else is a bench that could not be run.
        anyhow::ensure!(matches!(status.code(), Some(0 | 1)), "{} ended with {status}", cargo::line(&bench));
        holds &= status.success();
    }
    Ok(holds)
}
