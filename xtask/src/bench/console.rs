//! The console in Chromium: what its first paint costs, how soon a key is answered among ten thousand monitors, what it weighs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{figure, limit};
use crate::{cargo, console};

const FIRST_PAINT_MS: f64 = 300.0;
const KEY_MS: f64 = 50.0;
/// A frame of a display that shows 60 a second.
const FRAME_MS: f64 = 1_000.0 / 60.0;
const CHUNK_BYTES: u64 = 40_000;
const CSS_BYTES: u64 = 15_000;

/// Measures and prints. `true` means that every limit holds.
pub fn run(binary: &Path) -> Result<bool> {
    let folder = cargo::fresh_folder("bench-console")?;
    let file = folder.join("figures.json");
    let mut bench = console::playwright(binary)?;
    cargo::quietly(bench.args(["--config", "bench.config.ts"]).env("ALLSWELL_BENCH_FIGURES", &file))?;
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let figures: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))?;
    let number = |name: &str| figures[name].as_f64().with_context(|| format!("the browser measured no `{name}`"));
    let ms = |value: f64| format!("{value:.0} ms");
    let mut holds = weight()?;
    let paint = number("first_paint_ms")?;
    holds &= limit("1,000: CPU to first paint", &ms(paint), &ms(FIRST_PAINT_MS), paint < FIRST_PAINT_MS);
    figure("its slowest load", &ms(number("first_paint_most_ms")?));
    figure("10,000: fleet as JSON", &format!("{:.0} kB", number("fleet_bytes")? / 1e3));
    figure("as it is sent", &format!("{:.0} kB", number("fleet_sent_bytes")? / 1e3));
    figure("address to rows", &ms(number("ready_ms")?));
    let key = number("key_most_ms")?;
    figure("key to frame, median", &ms(number("key_median_ms")?));
    holds &= limit("key to frame, slowest", &ms(key), &ms(KEY_MS), key < KEY_MS);
    holds &= frames(&number)?;
    Ok(holds)
}

/// What scrolling ten thousand monitors does to the display, 120 pixels a frame, which are 7,200 a second.
///
/// A frame's CPU is what the page's main thread does between two of its animation frames, by Chromium's trace; dropped are the
/// frames of the display that came without a new one of the page, counted in rounds without a trace. The longest frame and the
/// number dropped are medians of several rounds. Where there is no GPU and where others work, frames are dropped that are not
/// the page's: a plain list of as many rows of the same height is scrolled in turn, while the server asks all the same. Server
/// and targets give way to the browser, with which they share no cores elsewhere.
fn frames(number: &impl Fn(&str) -> Result<f64>) -> Result<bool> {
    let ms = |value: f64| format!("{value:.1} ms");
    let of = |dropped: f64| Ok::<_, anyhow::Error>(format!("{dropped} of {}", number("frames")?));
    figure("a frame of the wheel, CPU", &ms(number("frame_cpu_ms")?));
    figure("of a plain list", &ms(number("plain_frame_cpu_ms")?));
    let most = number("frame_cpu_most_ms")?;
    let mut holds = limit("the longest of a round", &ms(most), &ms(FRAME_MS), most < FRAME_MS);
    let (dropped, plain) = (number("frames_dropped")?, number("plain_frames_dropped")?);
    holds &= limit("frames dropped", &of(dropped)?, &format!("{}, a plain list", of(plain)?), dropped <= plain);
    figure("a jump of 700 px, CPU", &ms(number("jump_cpu_ms")?));
    Ok(holds)
}

/// What is sent of the console's files, compressed with gzip: what the first page needs, and the largest of the rest.
fn weight() -> Result<bool> {
    let dist = cargo::root().join("console/dist");
    let index = fs::read_to_string(dist.join("index.html")).context("the console is not built")?;
    let (mut first, mut style, mut lazy) = (0, 0, (0, String::new()));
    for file in assets(&dist)? {
        let name = file.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        let size = fs::metadata(format!("{}.gz", file.display())).or_else(|_| fs::metadata(&file))?.len();
        match name.rsplit('.').next() {
            Some("js") if index.contains(&name) => first += size,
            Some("css") if index.contains(&name) => style += size,
            Some("js" | "css") if size > lazy.0 => lazy = (size, name),
            _ => {}
        }
    }
    let kb = |bytes: u64| format!("{:.1} kB", bytes as f64 / 1e3);
    let mut holds = limit("first page, JavaScript", &kb(first), &kb(CHUNK_BYTES), first < CHUNK_BYTES);
    holds &= limit("first page, CSS", &kb(style), &kb(CSS_BYTES), style < CSS_BYTES);
    figure("largest file fetched later", &lazy.1);
    holds &= limit("its size", &kb(lazy.0), &kb(CHUNK_BYTES), lazy.0 < CHUNK_BYTES);
    Ok(holds)
}

fn assets(dist: &Path) -> Result<Vec<PathBuf>> {
    let folder = dist.join("assets");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}
