//! Whether a file system has room, for bytes and for files.

use std::path::PathBuf;

use crate::check::Check;
use crate::outcome::{Cause, Outcome};

/// How much must be free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Free {
    /// This share of the file system, 0 to 100.
    Percent(f64),
    /// This many bytes.
    Bytes(u64),
}

/// Fails when the file system that `path` lies on has less than `least` free, or none of its files left.
///
/// Counted is what users may take, without the reserve of the system's administrator. Its name is `disk`.
pub fn disk(path: impl Into<PathBuf>, least: Free) -> Check {
    let path = path.into();
    Check::blocking("disk", move || ask(&path, least)).component("system")
}

fn ask(path: &PathBuf, least: Free) -> Outcome {
    let found = match rustix::fs::statvfs(path) {
        Ok(found) => found,
        Err(error) => {
            let error = std::io::Error::from(error);
            let detail = format!("cannot ask for the room at `{}`: {error}", path.display());
            return Outcome::fail(Cause::from_error(&error).with_detail(&detail));
        }
    };
    let (free, total) = (found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize);
    let share = free as f64 / total.max(1) as f64 * 100.0;
    let too_little = match least {
        Free::Percent(percent) => share < percent,
        Free::Bytes(bytes) => free < bytes,
    };
    // File systems without a limit of files say zero for all.
    let no_files = found.f_files > 0 && found.f_favail == 0;
    if !too_little && !no_files {
        return Outcome::pass();
    }
    let what = if no_files { "no files left".to_owned() } else { format!("{share:.1} % free") };
    let detail = format!("`{}` has {} of {} MiB free; {what}", path.display(), free >> 20, total >> 20);
    Outcome::fail(Cause::public(what).with_detail(&detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Verdict;

    #[test]
    fn a_disk_is_full_when_less_is_free_than_wanted() {
        let here = PathBuf::from("/");
        assert_eq!(ask(&here, Free::Bytes(1)).verdict, Verdict::Pass);
        assert_eq!(ask(&here, Free::Percent(0.0)).verdict, Verdict::Pass);
        for least in [Free::Bytes(u64::MAX), Free::Percent(100.1)] {
            let cause = ask(&here, least).cause.unwrap();
            assert!(cause.as_public().ends_with("% free"), "{cause:?}");
        }
    }

    #[test]
    fn a_disk_that_is_not_there_fails() {
        let cause = ask(&PathBuf::from("/does/not/exist"), Free::Bytes(1)).cause.unwrap();
        assert_eq!(cause.as_public(), "not found");
        assert!(cause.detail().contains("/does/not/exist"));
    }
}
