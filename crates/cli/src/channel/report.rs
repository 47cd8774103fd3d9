//! What came of the test messages, for a person and for programs.

use std::path::Path;

use allswell_core::time::humane;
use allswell_monitor::notify::Delivery;
use allswell_probe::text::tame;
use serde::Serialize;

use super::trial::Trial;
use crate::layout::{Layout, count, visible_width};

/// How much of an answer is shown, in characters.
const SAID_MAX: usize = 600;

/// What a person reads while the test messages go out.
pub struct Report<'a> {
    file: &'a Path,
    layout: Layout,
    /// How wide the longest name is.
    name_width: usize,
}

impl<'a> Report<'a> {
    /// A report on the channels with these names, which stand in `file`.
    pub fn new(names: &[String], file: &'a Path, layout: Layout) -> Self {
        let name_width = names.iter().map(|name| visible_width(name)).max().unwrap_or(0);
        Self { file, layout, name_width }
    }

    /// `● ops   email to 127.0.0.1:2525: accepted after 31 ms`, and below it what was said and what it means for an alert.
    pub fn block(&self, trial: &Trial) -> String {
        let Trial { name, kind, receiver, delivery, took } = trial;
        let paint = self.layout.paint;
        let (shape, word) = match delivery {
            Delivery::Accepted { .. } => (paint.green("●"), "accepted"),
            Delivery::Refused { .. } => (paint.red("■"), "refused"),
            Delivery::Later { .. } => (paint.yellow("▲"), "put off"),
            Delivery::Unreachable { .. } => (paint.red("■"), "unreachable"),
            Delivery::Ambiguous { .. } => (paint.yellow("▲"), "unclear"),
        };
        let gap = " ".repeat(self.name_width.saturating_sub(visible_width(name)));
        let first = format!("{shape} {}{gap}  {kind} to {receiver}: {word} after {}", paint.bold(name), humane(*took));
        let said = format!("{}{}", introduction(delivery), tame(delivery.said(), SAID_MAX));
        let lines = [Some(said), self.meaning(trial)].into_iter().flatten().map(|text| self.layout.wrapped(2, &text));
        std::iter::once(first).chain(lines).map(|line| line + "\n").collect()
    }

    /// What an alert would do now, and the way out.
    fn meaning(&self, trial: &Trial) -> Option<String> {
        let Trial { name, receiver, .. } = trial;
        Some(match trial.delivery {
            Delivery::Accepted { .. } => return None,
            Delivery::Refused { .. } => {
                let file = self.file.display();
                format!("That is final: an alert would not be sent again. Look at channel `{name}` in {file}.")
            }
            Delivery::Later { .. } => "An alert would be tried again by itself; this test is not.".to_owned(),
            Delivery::Unreachable { .. } => {
                format!("An alert would wait and be tried again. Does `allswell check tcp://{receiver}` get there?")
            }
            Delivery::Ambiguous { .. } => {
                "Look whether it arrived. An alert would be sent again, under the same key.".to_owned()
            }
        })
    }
}

/// The last line for a person, without its end.
pub fn last(trials: &[Trial]) -> String {
    let channels = count(trials.len() as u64, "channel");
    match (trials.iter().filter(|trial| trial.was_accepted()).count(), trials.len()) {
        (accepted, all) if accepted == all => format!("{channels} took the test message: look where it arrives"),
        (_, 1) => "the channel did not take the test message".to_owned(),
        (0, _) => format!("none of {channels} took the test message"),
        (accepted, _) => format!("{accepted} of {channels} took the test message"),
    }
}

const fn introduction(delivery: &Delivery) -> &'static str {
    // The others are sentences already.
    if matches!(delivery, Delivery::Accepted { .. }) { "it said: " } else { "" }
}

#[derive(Serialize)]
struct Line<'a> {
    ok: bool,
    channels: Vec<Tested<'a>>,
}

#[derive(Serialize)]
struct Tested<'a> {
    channel: &'a str,
    r#type: &'a str,
    receiver: &'a str,
    result: &'a str,
    said: String,
    took_ms: f64,
}

/// All trials as one line of JSON, without its end.
pub fn line(trials: &[Trial]) -> serde_json::Result<String> {
    let channels = trials.iter().map(|trial| Tested {
        channel: &trial.name,
        r#type: &trial.kind,
        receiver: &trial.receiver,
        result: trial.delivery.as_str(),
        said: tame(trial.delivery.said(), SAID_MAX),
        took_ms: (trial.took.as_secs_f64() * 1e6).round() / 1e3,
    });
    serde_json::to_string(&Line { ok: trials.iter().all(Trial::was_accepted), channels: channels.collect() })
}
