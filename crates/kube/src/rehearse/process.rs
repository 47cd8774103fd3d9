//! The app as a local process: its own process group, its ports in its environment, its output in a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};

use super::listening;
use crate::process::{Signal, signal_group};

/// How much of the output's end is shown.
const TAIL_BYTES: i64 = 2_048;

/// How to start the app of one replica.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// The program and its arguments.
    pub(super) words: Vec<String>,
    /// Variables, later ones win.
    pub(super) environment: Vec<(String, String)>,
    /// Where its output goes; to the terminal when `None`.
    pub(super) output: Option<PathBuf>,
}

/// A process and all it started. Dropping it kills them.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: u32,
}

impl Recipe {
    pub(super) fn start(&self) -> io::Result<Process> {
        let (program, arguments) = self.words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        if let Some(path) = &self.output {
            let file = File::options().create(true).append(true).open(path)?;
            command.stdout(file.try_clone()?).stderr(file);
        }
        let child = command.spawn()?;
        let group = child.id().ok_or(io::ErrorKind::NotFound)?;
        Ok(Process { child, group })
    }

    /// The last lines that the app wrote.
    pub(super) fn last_words(&self) -> Vec<String> {
        const LINES: usize = 5;
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(self.output.as_ref().ok_or(io::ErrorKind::NotFound)?)?;
            let length = i64::try_from(file.metadata()?.len()).unwrap_or(i64::MAX);
            file.seek(SeekFrom::End(-length.min(TAIL_BYTES)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let text = String::from_utf8_lossy(&read().unwrap_or_default()).into_owned();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines.iter().skip(lines.len().saturating_sub(LINES)).map(|line| (*line).to_owned()).collect()
    }
}

impl Process {
    pub(super) fn signal(&self, signal: Signal) {
        signal_group(self.group, signal);
    }

    /// The ports on which it listens, it and all it started.
    pub(super) fn ports(&self) -> Vec<u16> {
        listening::ports_of(self.group)
    }

    /// Its exit code, or 128 and the signal that ended it. What it started ends with it, as in a container.
    pub(super) async fn ended(&mut self) -> i32 {
        let status = self.child.wait().await;
        self.signal(Signal::Kill);
        status.map_or(255, code)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has been waited for has no id any more, and its group may belong to somebody else.
        if self.child.id().is_some() {
            self.signal(Signal::Kill);
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(255)
}
