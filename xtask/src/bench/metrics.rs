//! Reads what the server says at `/metrics`.

use std::net::SocketAddr;

use anyhow::{Context, Result};

use crate::http::get;
use crate::statistics::Buckets;

/// One scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct Scrape {
    /// Checks that were asked, by the number in the lateness histogram.
    pub asked: f64,
    /// How late checks began, in seconds, cumulative.
    pub lateness: Buckets,
}

/// Scrapes.
pub fn scrape(address: SocketAddr) -> Result<Scrape> {
    read(&get(address, "/metrics")?)
}

fn read(text: &str) -> Result<Scrape> {
    let lateness: Buckets = text.lines().filter_map(bucket).collect();
    let asked = lateness.last().context("/metrics has no allswell_scheduler_lateness_seconds")?.1;
    Ok(Scrape { asked, lateness })
}

/// The bound and the count of a line like `allswell_scheduler_lateness_seconds_bucket{le="0.25"} 12`.
fn bucket(line: &str) -> Option<(f64, f64)> {
    let labels = line.strip_prefix("allswell_scheduler_lateness_seconds_bucket{")?;
    let (labels, count) = labels.rsplit_once("} ")?;
    let bound = labels.split_once("le=\"")?.1.split('"').next()?;
    let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
    Some((bound, count.split(' ').next()?.parse().ok()?))
}

impl Scrape {
    /// What was added since `before`.
    pub fn since(&self, before: &Self) -> Self {
        let minus = |(now, then): (&(f64, f64), &(f64, f64))| (now.0, now.1 - then.1);
        let lateness = self.lateness.iter().zip(&before.lateness).map(minus).collect();
        Self { asked: self.asked - before.asked, lateness }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE allswell_scheduler_lateness_seconds histogram\n\
        allswell_scheduler_lateness_seconds_bucket{le=\"0.05\"} 90\n\
        allswell_scheduler_lateness_seconds_bucket{le=\"0.25\"} 99\n\
        allswell_scheduler_lateness_seconds_bucket{le=\"+Inf\"} 100\n\
        allswell_scheduler_lateness_seconds_count 100\n";

    #[test]
    fn the_lateness_is_read() {
        let scrape = read(TEXT).expect("well formed");
        assert_eq!(scrape.lateness, [(0.05, 90.0), (0.25, 99.0), (f64::INFINITY, 100.0)]);
        assert_eq!(scrape.asked, 100.0);
        assert!(read("up 1\n").is_err());
    }

    #[test]
    fn only_what_was_added_counts() {
        let before = read(TEXT).expect("well formed");
        let after =
            read(&TEXT.replace(" 90", " 190").replace(" 99", " 200").replace(" 100", " 201")).expect("well formed");
        assert_eq!(after.since(&before).lateness, [(0.05, 100.0), (0.25, 101.0), (f64::INFINITY, 101.0)]);
    }
}
