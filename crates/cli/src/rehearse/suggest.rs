//! `allswell rehearse --suggest`: measures the app and prints probes that fit, as a patch.

use std::process::ExitCode;

use allswell_kube::Source;
use allswell_kube::rehearse::measure::{Measured, measure};
use allswell_kube::rehearse::suggest::{Suggestion, suggest};
use allswell_kube::rehearse::{Settings, Subject};
use anyhow::Context;

use super::{Args, interrupts, print};

/// Runs it. The patch alone goes to the standard output, so that it can be piped to `patch`.
pub(super) fn run(args: &Args, subject: &Subject, settings: &Settings) -> anyhow::Result<ExitCode> {
    let [path] = args.paths.as_slice() else {
        anyhow::bail!("--suggest changes one manifest; name one file");
    };
    let sources = Source::read(path)?;
    let [source] = sources.as_slice() else {
        anyhow::bail!("--suggest changes one manifest, and `{path}` holds {}; name one file", sources.len());
    };
    eprintln!("Measuring {}: it is started, asked, and told to end; nothing kills it meanwhile.", subject.title);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let measured = runtime.block_on(async { measure(subject, settings, interrupts()).await })?;
    eprintln!("{}\n", in_words(&measured));
    let Suggestion { text, reasons } = suggest(source, &args.choice(), &measured);
    for reason in &reasons {
        eprintln!("- {reason}");
    }
    if text == source.text {
        eprintln!("- its probes fit; nothing to change");
        return Ok(ExitCode::SUCCESS);
    }
    if args.write {
        anyhow::ensure!(path != "-", "--write cannot write to the standard input; name the file instead");
        std::fs::write(&source.name, &text).with_context(|| format!("cannot write `{}`", source.name))?;
        eprintln!("- written to {}", source.name);
        return Ok(ExitCode::SUCCESS);
    }
    let diff = similar::TextDiff::from_lines(&source.text, &text);
    let name = if path == "-" { "manifest.yaml" } else { &source.name };
    print(&diff.unified_diff().header(name, name).to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn in_words(measured: &Measured) -> String {
    let ms = |at: f64| {
        let last = measured.latencies.len().saturating_sub(1);
        let sample = measured.latencies.get((last as f64 * at).round() as usize).copied().unwrap_or_default();
        format!("{:.1} ms", sample.as_secs_f64() * 1_000.0)
    };
    let end = measured.end.map_or_else(
        || "not ended within its grace".to_owned(),
        |end| format!("ended {:.1} s after SIGTERM", end.as_secs_f64()),
    );
    format!(
        "Up after {:.1} s; {} answers: half within {}, the slowest {}; {end}.",
        measured.start.as_secs_f64(),
        measured.latencies.len(),
        ms(0.5),
        ms(1.0)
    )
}
