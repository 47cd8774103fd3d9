//! Which line of Python blocks the loop: read from what `faulthandler` writes, or from frames that Python itself looked at.

use pyo3::prelude::*;

/// A frame: file, line, function.
pub type Frame = (String, u32, String);

/// The line to blame, `app.py:46 in report`: the innermost frame of the service's own code, with what it called where that says
/// more. `None` when there is no frame at all.
#[pyfunction]
#[pyo3(name = "culprit")]
pub fn culprit_in(frames: Vec<Frame>) -> Option<String> {
    let innermost = frames.first()?;
    let own = frames.iter().find(|(file, ..)| is_own(file)).unwrap_or(innermost);
    Some(named(own))
}

fn named((file, line, function): &Frame) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    format!("{name}:{line} in {function}")
}

/// Whether a file is neither of the standard library nor of an installed package.
fn is_own(file: &str) -> bool {
    let foreign = ["/site-packages/", "/dist-packages/", "/lib/python3", "/lib/python4"];
    !file.starts_with('<') && !foreign.iter().any(|part| file.contains(part))
}

/// The frames in a traceback of `faulthandler`, innermost first.
pub fn frames(text: &str) -> Vec<Frame> {
    let frame = |line: &str| {
        let (file, rest) = line.trim_start().strip_prefix("File \"")?.rsplit_once("\", line ")?;
        let (number, function) = rest.split_once(" in ")?;
        Some((file.to_owned(), number.parse().ok()?, function.trim().to_owned()))
    };
    text.lines().filter_map(frame).collect()
}
