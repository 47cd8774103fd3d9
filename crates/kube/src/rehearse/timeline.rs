//! What is seen of a rehearsal: one line for each event, in the kubelet's own words, and a strip for each replica.

use std::time::Duration;

use allswell_core::kubelet::action::kill_message;
use allswell_core::kubelet::{Answer, Kind, Note};

use super::Subject;
use crate::wrap::wrap;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Since the rehearsal began.
    pub at: Duration,
    /// To which replica, from 0 on.
    pub replica: usize,
    /// What.
    pub what: What,
}

impl Entry {
    /// Whether it is about all replicas.
    pub const fn is_for_all(&self) -> bool {
        matches!(self.what, What::Fault { .. } | What::Endpoints { .. } | What::Remark(_))
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The pod was made.
    Scheduled,
    /// What the kubelet says.
    Note(Note),
    /// A probe was asked and counted.
    Probed {
        /// Which.
        kind: Kind,
        /// What came.
        answer: Answer,
        /// In the prober's words.
        output: String,
        /// How long it took.
        took: Duration,
        /// Which result in a row, and how many are wanted.
        count: (u32, u32),
        /// Whether it differs from the one before.
        news: bool,
    },
    /// SIGTERM was sent.
    Terminated,
    /// The preStop hook began.
    HookBegan,
    /// The preStop hook ended, or failed.
    HookEnded(Result<(), String>),
    /// The app listens, but not where it is asked.
    ListensElsewhere {
        /// Where it listens.
        ports: Vec<u16>,
        /// Where it should.
        wanted: Vec<u16>,
    },
    /// The command could not be started.
    CannotStart(String),
    /// The app does not play a fault.
    NotPlayed {
        /// What should seem to fail.
        name: String,
        /// What the app answered.
        why: String,
    },
    /// The last lines of a process that ended by itself.
    LastWords(Vec<String>),
    /// A fault begins or ends.
    Fault {
        /// As it was written.
        name: String,
        /// Whether it begins.
        begins: bool,
    },
    /// Endpoints as the balancer knows them.
    Endpoints {
        /// The replicas that get requests.
        ready: Vec<usize>,
    },
    /// Something about the rehearsal itself.
    Remark(String),
}

/// How a line is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Every probe, and not only news.
    pub verbose: bool,
    /// Whether colours may be used.
    pub colour: bool,
    /// Whether replicas are told apart.
    pub replicas: bool,
    /// The moment that counts as zero.
    pub zero: Duration,
    /// Where lines are broken, in characters.
    pub width: usize,
}

/// What kind of line it is: events as `kubectl describe` shows them, and what one would have to look for elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Normal,
    Warning,
    Good,
    Bad,
    Quiet,
}

/// The lines for an entry; none when there is nothing to tell.
pub fn lines(entry: &Entry, subject: &Subject, style: &Style) -> Vec<String> {
    let Some((tone, reason, message)) = words(entry, subject, style) else {
        return Vec::new();
    };
    let paint = |code: &str, text: &str| match style.colour {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let at = entry.at.as_secs_f64() - style.zero.as_secs_f64();
    let replica = match (style.replicas, entry.is_for_all()) {
        (false, _) => String::new(),
        (true, true) => " ".repeat(4),
        (true, false) => format!(" {:<3}", format!("#{}", entry.replica + 1)),
    };
    let reason = format!("{reason:<12}");
    let reason = match tone {
        Tone::Warning => paint("33", &reason),
        Tone::Good => paint("32", &reason),
        Tone::Bad => paint("1;31", &reason),
        Tone::Quiet => paint("2", &reason),
        Tone::Normal => reason,
    };
    let more = " ".repeat(MARGIN + replica.len());
    let room = style.width.saturating_sub(more.len()).max(ROOM_MIN);
    let message: Vec<String> = message.lines().flat_map(|line| wrap(&printable(line), room)).collect();
    let mut out = vec![format!("{at:>7.1} s{replica}  {reason} {}", message.first().map_or("", String::as_str))];
    out.extend(message.iter().skip(1).map(|line| format!("{more}{line}")));
    out
}

/// The cells before a message: the moment, and the reason.
const MARGIN: usize = 24;

/// The least that is left to a message, however narrow the terminal.
const ROOM_MIN: usize = 30;

fn words(entry: &Entry, subject: &Subject, style: &Style) -> Option<(Tone, &'static str, String)> {
    let name = &subject.container;
    Some(match &entry.what {
        What::Scheduled => {
            let Subject { namespace, name, .. } = subject;
            (Tone::Normal, "Scheduled", format!("Successfully assigned {namespace}/{name} to this machine"))
        }
        What::Note(note) => return note_words(note, subject, entry.at),
        What::Probed { kind, answer, output, took, count, news } => {
            return probe_words(*kind, *answer, output, *took, *count, *news || style.verbose);
        }
        What::Terminated => (Tone::Quiet, "SIGTERM", format!("sent to container {name}")),
        What::HookBegan => (Tone::Quiet, "PreStop", "the hook runs; the app is not told to end yet".to_owned()),
        What::HookEnded(Ok(())) => (Tone::Quiet, "PreStop", "the hook has ended".to_owned()),
        What::HookEnded(Err(why)) => (Tone::Warning, "FailedPreStopHook", format!("PreStopHook failed: {why}")),
        What::ListensElsewhere { ports, wanted } => {
            let (ports, wanted) = (numbers(ports), numbers(wanted));
            (Tone::Warning, "Port", format!("the app listens on port {ports}, and is asked on port {wanted}"))
        }
        What::CannotStart(why) => {
            (Tone::Warning, "Failed", format!("Error: failed to start container \"{name}\": {why}"))
        }
        What::NotPlayed { name, why } => (Tone::Bad, "FAULT", format!("the app does not play {name}-down: {why}")),
        What::LastWords(lines) if lines.is_empty() => return None,
        What::LastWords(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| format!("| {line}")).collect();
            (Tone::Quiet, "its output", lines.join("\n"))
        }
        What::Fault { name, begins: true } => (Tone::Bad, "FAULT", format!("{name} begins")),
        What::Fault { name, begins: false } => (Tone::Good, "FAULT", format!("{name} is over")),
        What::Endpoints { ready } => {
            let ready: Vec<String> = ready.iter().map(|replica| format!("#{}", replica + 1)).collect();
            let ready = if ready.is_empty() { "none".to_owned() } else { ready.join(" ") };
            (Tone::Quiet, "Endpoints", format!("requests go to {ready}"))
        }
        What::Remark(text) => (Tone::Quiet, "Note", text.clone()),
    })
}

/// `8000 and 9000`.
pub(super) fn numbers(ports: &[u16]) -> String {
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" and ")
}

fn note_words(note: &Note, subject: &Subject, at: Duration) -> Option<(Tone, &'static str, String)> {
    let name = &subject.container;
    Some(match note {
        Note::Started { restarts: 0 } => (Tone::Normal, "Started", format!("Started container {name}")),
        Note::Started { restarts } => {
            (Tone::Normal, "Started", format!("Started container {name} (restart {restarts})"))
        }
        Note::Exited { code } => {
            let why = match code {
                0 => "Completed".to_owned(),
                129..=192 => format!("Error, signal {}", code - 128),
                _ => "Error".to_owned(),
            };
            (Tone::Normal, "Terminated", format!("container {name} ended with exit code {code} ({why})"))
        }
        Note::StartupDone => {
            (Tone::Good, "Startup", "the startup probe has succeeded: the other probes begin".to_owned())
        }
        Note::Ready => (Tone::Good, "Ready", "the pod is ready: it gets requests".to_owned()),
        Note::Unready => (Tone::Bad, "NotReady", format!("containers with unready status: [{name}]")),
        Note::Killing { by: Some(kind), grace } => {
            (Tone::Bad, "Killing", format!("{} (grace {} s)", kill_message(name, *kind, false), grace.as_secs()))
        }
        Note::Killing { by: None, grace } => {
            (Tone::Normal, "Killing", format!("Stopping container {name} (grace {} s)", grace.as_secs()))
        }
        Note::GraceOver => (Tone::Bad, "SIGKILL", "the grace is over".to_owned()),
        Note::BackOff { delay, until } => {
            let left = until.since_origin().saturating_sub(at).as_secs_f64();
            let Subject { namespace, name: pod, .. } = subject;
            let what = format!("Back-off restarting failed container {name} in pod {pod}_{namespace}");
            (
                Tone::Warning,
                "BackOff",
                format!("{what}\nnominal wait {} s, next attempt in {left:.1} s", delay.as_secs()),
            )
        }
        Note::Over => (Tone::Normal, "Deleted", "the pod is gone".to_owned()),
    })
}

fn probe_words(
    kind: Kind,
    answer: Answer,
    output: &str,
    took: Duration,
    (run, wanted): (u32, u32),
    shown: bool,
) -> Option<(Tone, &'static str, String)> {
    let title = kind.title();
    Some(match answer {
        Answer::Success if !shown => return None,
        Answer::Success => (Tone::Quiet, "Probe", format!("{title} probe succeeded ({})", milliseconds(took))),
        Answer::Warning => (Tone::Warning, "ProbeWarning", format!("{title} probe warning: {output}")),
        // Once it has had its effect, more of the same is no news; nor is the middle of a long row.
        Answer::Failure | Answer::Unknown if !shown && (run > wanted || (run > 3 && run + 1 < wanted)) => return None,
        Answer::Failure | Answer::Unknown => {
            let run = if run > wanted { format!("{run} in a row") } else { format!("{run} of {wanted}") };
            (Tone::Warning, "Unhealthy", format!("{title} probe failed: {output} ({run})"))
        }
        Answer::Error => (
            Tone::Warning,
            "Unhealthy",
            format!("{title} probe errored and resulted in unknown state: {output} (not counted)"),
        ),
    })
}

fn milliseconds(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1_000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// A terminal must not be told what to do by an app.
fn printable(text: &str) -> String {
    text.chars().take(400).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The timeline for programs.
pub fn json(entries: &[Entry], subject: &Subject, zero: Duration) -> serde_json::Value {
    let style = Style { verbose: true, colour: false, replicas: false, zero, width: usize::MAX };
    let told = entries.iter().filter_map(|entry| {
        let (tone, reason, message) = words(entry, subject, &style)?;
        let rounded = |seconds: f64| (seconds * 1_000.0).round() / 1_000.0;
        let mut told = serde_json::json!({
            "seconds": rounded(entry.at.as_secs_f64() - zero.as_secs_f64()),
            "replica": entry.replica + 1,
            "type": if matches!(tone, Tone::Warning | Tone::Bad) { "Warning" } else { "Normal" },
            "reason": reason,
            "message": message,
        });
        if let What::Probed { took, .. } = entry.what {
            told["took_seconds"] = rounded(took.as_secs_f64()).into();
        }
        Some(told)
    });
    told.collect::<Vec<_>>().into()
}
