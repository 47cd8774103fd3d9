//! `allswell rehearse --simulate`: thousands of runs against a model of the app.

use std::process::ExitCode;
use std::time::Duration;

use allswell_kube::rehearse::Subject;
use allswell_kube::rehearse::model::{Model, Range, Series, simulate};

use super::{Args, print};

/// How long each run is when nobody says.
const USUAL_LENGTH: Duration = Duration::from_secs(900);

/// Runs it: 1 when any run fails by --fail-on.
pub(super) fn run(args: &Args, subject: &Subject) -> anyhow::Result<ExitCode> {
    let model = Model { start: args.start, latency: args.latency, faults: args.fault.concat() };
    let series = Series { runs: args.runs, length: args.length.unwrap_or(USUAL_LENGTH), seed: args.seed };
    let all = simulate(subject, &model, &series, &args.fail_on);
    if args.json {
        print(&format!("{:#}\n", all.json()))?;
    } else {
        let length = series.length.as_secs();
        print(&format!("{}, container {}: simulated for {length} s each.\n", subject.title, subject.container))?;
        print(&all.text())?;
    }
    Ok(ExitCode::from(u8::from(all.failed > 0)))
}

/// Reads `80s` or `40s..90s`.
pub(super) fn range(text: &str) -> Result<Range, String> {
    Range::parse(text).ok_or_else(|| "write a time like 80s, or a range like 40s..90s".to_owned())
}
