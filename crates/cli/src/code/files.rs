//! The files that are meant by paths.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// Reads them: name and text of each, in the order of their names.
pub fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(below(path)?);
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    let text = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok((path.display().to_string(), text))
    };
    found.into_iter().map(text).collect()
}

/// The files of a configuration in a directory and the directories below it.
fn below(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let cannot = || format!("cannot read the directory `{}`", directory.display());
        for entry in std::fs::read_dir(&directory).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            match entry.file_type().with_context(cannot)? {
                _ if is_hidden => {}
                kind if kind.is_dir() => open.push(entry.path()),
                _ if is_yaml(&entry.path()) => found.push(entry.path()),
                _ => {}
            }
        }
        ensure!(found.len() <= 10_000, "there are more than 10,000 files below `{}`", directory.display());
    }
    if found.is_empty() {
        bail!("there is no .yaml file in `{}`; to delete everything, apply an empty file", directory.display());
    }
    Ok(found)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
