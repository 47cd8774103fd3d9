//! For how long the control group of this process was kept from running because its share of the processors was used up.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where it is told: the `cpu.stat` of the process's own group, where there is one.
#[derive(Debug, Default)]
pub struct Throttle(Option<PathBuf>);

impl Throttle {
    /// That of the group that this process is in now.
    pub fn of_this_process() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let files = candidates(&groups, Path::new("/sys/fs/cgroup"));
        Self(files.into_iter().find(|file| read(file).is_some()))
    }

    /// How long since the group was made.
    pub fn total(&self) -> Duration {
        self.0.as_deref().and_then(read).unwrap_or_default()
    }
}

/// In version 2 (`0::/path`) and version 1 (`N:cpu,cpuacct:/path`); inside of a container the group's own path is often not there,
/// and its root is what is seen.
fn candidates(groups: &str, root: &Path) -> Vec<PathBuf> {
    let lines = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        Some((parts.next()?, parts.next()?.trim_start_matches('/')))
    });
    let folders = lines.filter_map(|(controllers, path)| match controllers {
        "" => Some((root.to_owned(), path)),
        names if names.split(',').any(|name| name == "cpu") => Some((root.join("cpu"), path)),
        _ => None,
    });
    folders.flat_map(|(folder, path)| [folder.join(path), folder]).map(|folder| folder.join("cpu.stat")).collect()
}

fn read(file: &Path) -> Option<Duration> {
    let text = fs::read_to_string(file).ok()?;
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(field, _)| *field == name)?.1.trim().parse::<u64>().ok()
    };
    let microseconds = field("throttled_usec").map(Duration::from_micros);
    microseconds.or_else(|| field("throttled_time").map(Duration::from_nanos))
}
