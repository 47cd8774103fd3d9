//! The clock, and how many files may be open.

use std::path::Path;

use allswell_monitor::clock::{Clock, SystemClock};
use rustix::process::{Resource, getrlimit};

use super::Finding;

/// This program was made after 2026-11-01; a clock before that is wrong.
const MADE_MS: i64 = 1_793_491_200_000;
/// Two for each asking under way, and as many again for readers and files.
const FILES: u64 = 4_096;

/// Whether the clock is right and kept so.
pub fn clock() -> Finding {
    let now = SystemClock::new().now().wall;
    let shown = jiff::Timestamp::from_millisecond(now.ms()).map(|moment| moment.strftime("%F %T UTC").to_string());
    let shown = shown.unwrap_or_else(|_| "no moment at all".to_owned());
    let keep = "run an NTP client: `timedatectl set-ntp true`, or install chrony";
    if now.ms() < MADE_MS {
        return Finding::ill("clock", format!("{shown} is before this program was made"), keep);
    }
    let kept_by =
        ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/chronyd.pid", "/run/ntpd.pid"];
    match kept_by.iter().find(|path| Path::new(path).exists()) {
        Some(_) => Finding::well("clock", format!("{shown}, kept right by an NTP client")),
        // A container has its host's clock and cannot see who keeps it.
        None if Path::new("/.dockerenv").exists() || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() => {
            Finding::well("clock", format!("{shown}; in a container, the host keeps it right"))
        }
        None => Finding::doubtful("clock", format!("{shown}; no NTP client seems to keep it right"), keep),
    }
}

/// Whether enough files may be open.
pub fn files() -> Finding {
    match getrlimit(Resource::Nofile).current {
        Some(most) if most < FILES => Finding::doubtful(
            "files",
            format!("{most} may be open at once; askings, readers and databases need up to {FILES}"),
            format!("`LimitNOFILE={}` in the systemd unit, or `ulimit -n {}` before the start", FILES * 4, FILES * 4),
        ),
        Some(most) => Finding::well("files", format!("{most} may be open at once")),
        None => Finding::well("files", "as many as there is room for may be open at once"),
    }
}
