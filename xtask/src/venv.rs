//! Virtual environments of Python, kept in `target/test-tools` from run to run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::cargo::{quietly, test_tools, works};

/// A virtual environment.
#[derive(Debug)]
pub struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// The environment of this name with these requirements (`fastapi==0.165.0`), made anew when the list has changed.
    pub fn provide<S: AsRef<str>>(name: &str, requirements: &[S]) -> Result<Self> {
        let venv = Self { folder: test_tools()?.join(name) };
        let stamp = venv.folder.join("requirements.txt");
        let wanted = requirements.iter().map(|requirement| format!("{}\n", requirement.as_ref())).collect::<String>();
        // An environment outlives the Python it was made with; then its own does not start.
        let is_made = || fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
        if is_made() && works(&venv.python(), &["-c", ""]) {
            return Ok(venv);
        }
        venv.create()?;
        quietly(venv.pip_install().args(requirements.iter().map(AsRef::as_ref)))?;
        // Written last: an environment that is half made is made again.
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(venv)
    }

    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// One of its programs, say `uvicorn`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// `pip install`, to which packages are added: a wheel that was just built, say.
    pub fn pip_install(&self) -> Command {
        let mut command = Command::new(self.python());
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        command
    }

    fn create(&self) -> Result<()> {
        let mut create = Command::new("python3");
        create.args(["-m", "venv", "--clear"]).arg(&self.folder);
        if quietly(&mut create).is_err() {
            // Debian keeps `venv` in a package of its own.
            apt::install("python3-venv")?;
            quietly(&mut create)?;
        }
        Ok(())
    }
}

/// The requirements of a file, one a line; `#` begins a comment.
pub fn requirements(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    Ok(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
