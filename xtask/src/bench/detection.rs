//! From the moment a target turns to 503 to the call of the webhook, and back.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{figure, limit};
use crate::cargo;
use crate::http::get_list;
use crate::random::Random;
use crate::server::Server;
use crate::statistics::quantile;
use crate::target::Target;
use crate::time::wait_for;
use crate::webhook::{Call, Mood, Receiver};

const SECRET: &str = "bench-secret";
const MONITORS: u32 = 20;
const INTERVAL: Duration = Duration::from_secs(1);
const FAILURE_THRESHOLD: u32 = 2;
/// What the monitor may take beyond its own interval and threshold.
const MARGIN: Duration = Duration::from_secs(1);
/// When an alert has not come by now, it is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures and prints. `true` means that the limit holds.
pub fn run(binary: &Path, flips: u32) -> Result<bool> {
    let (target, hook) = (Target::start()?, Receiver::start(SECRET, Mood::Good)?);
    let folder = cargo::fresh_folder("bench-detection")?;
    let config = folder.join("allswell.yaml");
    fs::write(&config, configuration(&target, &hook)).with_context(|| format!("cannot write {}", config.display()))?;
    let data = folder.join("data");
    let arguments = [OsStr::new("--config"), config.as_os_str(), OsStr::new("--data"), data.as_os_str()];
    println!(
        "{flips} outages of {MONITORS} monitors, interval {} s, failure threshold {FAILURE_THRESHOLD}",
        INTERVAL.as_secs()
    );
    let mut server = Server::start(binary, &arguments, &folder.join("serve.log"))?;
    all_up(&mut server)?;
    let mut delays = Delays::default();
    let mut random = Random::new(1);
    for round in 0..flips.div_ceil(MONITORS) {
        let count = MONITORS.min(flips - round * MONITORS);
        delays.down.extend(flip(&target, &hook, count, true, &mut random)?);
        delays.up.extend(flip(&target, &hook, count, false, &mut random)?);
    }
    server.stop(Duration::from_secs(30))?;
    Ok(report(&delays))
}

fn configuration(target: &Target, hook: &Receiver) -> String {
    let head = format!(
        "defaults: {{ interval: {}s, timeout: 1s, failure_threshold: {FAILURE_THRESHOLD}, success_threshold: 1, flap_after: 0, channels: [hook] }}\n\
         channels: {{ hook: {{ type: webhook, url: \"http://{}/hook\", secret: \"{SECRET}\" }} }}\n\
         monitors:\n",
        INTERVAL.as_secs(),
        hook.address,
    );
    let line =
        |number| format!("  - {{ name: {0}, http: {{ url: \"http://{1}/{0}\" }} }}\n", name(number), target.address);
    head + &(0..MONITORS).map(line).collect::<String>()
}

fn name(number: u32) -> String {
    format!("m{number:02}")
}

fn all_up(server: &mut Server) -> Result<()> {
    let address = server.address()?;
    wait_for("all monitors to be up", PATIENCE, || {
        server.ensure_running()?;
        let list = get_list(address, "/api/v1/monitors", "monitors")?;
        Ok((list.iter().filter(|row| row["status"] == "up").count() == MONITORS as usize).then_some(()))
    })
}

/// Seconds from the change of the target to the call.
#[derive(Debug, Default)]
struct Delays {
    down: Vec<f64>,
    up: Vec<f64>,
}

/// Turns the first `count` monitors, each at a moment of its own within an interval, and waits for their calls.
fn flip(target: &Target, hook: &Receiver, count: u32, down: bool, random: &mut Random) -> Result<Vec<f64>> {
    let known = hook.received().calls.len();
    let mut turns = Vec::new();
    for number in 0..count {
        let step = INTERVAL.as_millis() as u64 / u64::from(MONITORS);
        std::thread::sleep(random.between_ms(0, 2 * step));
        turns.push((name(number), target.set(&name(number), down)));
    }
    let kind = if down { "down" } else { "up" };
    wait_for(&format!("{count} calls of `{kind}`"), PATIENCE, || {
        let calls: Vec<Call> = hook.received().calls.split_off(known);
        let delay = |(monitor, at): &(String, i64)| {
            let call = calls.iter().find(|call| &call.monitor == monitor && call.kind == kind)?;
            Some((call.at_ms - at) as f64 / 1e3)
        };
        Ok(turns.iter().map(delay).collect::<Option<Vec<f64>>>())
    })
}

fn report(delays: &Delays) -> bool {
    let seconds = |values: &[f64], share| quantile(values, share).unwrap_or(f64::NAN);
    let bound = (INTERVAL * FAILURE_THRESHOLD + MARGIN).as_secs_f64();
    let p99 = seconds(&delays.down, 0.99);
    figure("outage to webhook p50", &format!("{:.2} s", seconds(&delays.down, 0.5)));
    let holds = limit("outage to webhook p99", &format!("{p99:.2} s"), &format!("{bound:.2} s"), p99 <= bound);
    figure("outage to webhook max", &format!("{:.2} s", seconds(&delays.down, 1.0)));
    figure("recovery to webhook p50", &format!("{:.2} s", seconds(&delays.up, 0.5)));
    figure("recovery to webhook p99", &format!("{:.2} s", seconds(&delays.up, 0.99)));
    holds
}
