//! What a message says, whichever way it goes: made of one notification, for people, the same in every channel.
//!
//! All data is made fit here; each channel escapes it for its own markup.

use std::time::Duration;

use allswell_core::{Wall, time};
use jiff::Timestamp;

use super::clean::{block, line};
use crate::notification::{Group, Kind, Notification, Occasion};

/// A subject longer than this is cut by mail programs, and no header needs more.
pub(crate) const SUBJECT_MAX: usize = 200;
/// So much of a body fits on a telephone; the incident's page has the rest.
const BODY_MAX: usize = 2_000;
/// A message that is handed over later than this says so.
const LATE: Duration = Duration::from_secs(600);

/// So many groups of a message that tells of several stand by themselves.
const GROUPS_MAX: usize = 30;

/// The words of one message.
pub(crate) struct Words {
    /// How bad it is.
    pub tone: Tone,
    /// One line that tells the whole story.
    pub subject: String,
    /// A short headline.
    pub title: String,
    /// The cause as a sentence.
    pub lead: String,
    /// That it comes late, when it does.
    pub late: Option<String>,
    /// What is known besides, in the order of importance.
    pub facts: Vec<Fact>,
    /// The beginning of what the target answered.
    pub body: Option<String>,
    /// Where to read more.
    pub link: Option<String>,
    /// Where to say that somebody is looking after it.
    pub acknowledge: Option<String>,
    /// What it belongs to.
    pub footer: Option<String>,
}

/// One thing that is known: `Since: 21 Nov 2026 11:38:40 UTC`.
pub(crate) struct Fact {
    /// What it is.
    pub label: &'static str,
    /// What is known.
    pub value: String,
    /// Whether it is code.
    pub code: bool,
}

/// How bad it is: decides shape and colour, never the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It does not work.
    Down,
    /// It works, but something is wrong.
    Degraded,
    /// All is well.
    Up,
}

impl Tone {
    /// The word in templates: `down`, `degraded`, `up`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Up => "up",
        }
    }

    /// The shape that stands for it in plain text.
    pub const fn shape(self) -> &'static str {
        match self {
            Self::Down => "■",
            Self::Degraded => "▲",
            Self::Up => "●",
        }
    }
}

impl Words {
    /// The words that tell `n` at the moment `now`.
    pub(crate) fn of(n: &Notification, now: Wall) -> Self {
        let (subject, title) = headline(n, &line(&n.monitor, 120));
        Self {
            tone: tone(n.kind),
            subject,
            title,
            lead: sentence(&line(&n.cause, 600)),
            late: late(n, now),
            facts: facts(n),
            body: n.body.as_deref().map(|body| block(body, BODY_MAX)).filter(|body| !body.is_empty()),
            link: n.link.as_deref().and_then(address),
            acknowledge: n.acknowledge.as_deref().and_then(address),
            footer: (n.kind != Kind::Test).then(|| footer(n)),
        }
    }
}

const fn tone(kind: Kind) -> Tone {
    match kind {
        Kind::Down => Tone::Down,
        Kind::Degraded | Kind::Certificate => Tone::Degraded,
        Kind::Up | Kind::Test => Tone::Up,
    }
}

/// The subject and the title.
fn headline(n: &Notification, monitor: &str) -> (String, String) {
    let lasted = time::humane(Duration::from_millis(n.lasted_ms));
    if !n.others.is_empty() {
        return headline_of_many(n);
    }
    match (n.occasion, n.kind) {
        (_, Kind::Test) => (format!("Test: the channel {monitor} works"), "This channel works".to_owned()),
        (Occasion::Flapping, _) => (format!("Comes and goes: {monitor}"), format!("{monitor} comes and goes")),
        (Occasion::Digest, _) => {
            (format!("Still comes and goes: {monitor}"), format!("{monitor} still comes and goes"))
        }
        (Occasion::Settled, Kind::Up) => {
            (format!("Comes and goes no more: {monitor}"), format!("{monitor} comes and goes no more"))
        }
        (Occasion::Reminder, Kind::Down | Kind::Degraded) => {
            let how = if n.kind == Kind::Down { "down" } else { "degraded" };
            (format!("Still {how}: {monitor} after {lasted}"), format!("{monitor} is still {how}"))
        }
        (_, Kind::Down) => (format!("Down: {}", clause(n, monitor)), format!("{monitor} is down")),
        (_, Kind::Degraded) => (format!("Degraded: {}", clause(n, monitor)), format!("{monitor} is degraded")),
        (_, Kind::Certificate) => {
            let end = certificate_end(n.certificate_days_left);
            (format!("Certificate: {monitor} {end}"), format!("The certificate of {monitor} {end}"))
        }
        (_, Kind::Up) => (format!("Up again: {monitor} after {lasted}"), format!("{monitor} is up again")),
    }
}

/// The subject and the title of a message that tells of several.
fn headline_of_many(n: &Notification) -> (String, String) {
    let count = n.others.len();
    let is_all = |kind: Kind| n.others.iter().all(|other| other.kind == kind);
    let how = match n.kind {
        Kind::Up => "up again",
        Kind::Down if is_all(Kind::Down) => "down",
        Kind::Degraded if is_all(Kind::Degraded) => "degraded",
        _ => "not well",
    };
    let still = if n.occasion == Occasion::Reminder { "still " } else { "" };
    let most = n.groups().into_iter().next().and_then(|group| Some((group.shares?, group.names.len())));
    let share = most.map(|(shares, count)| format!(", {count} of them share {}", line(shares, 100)));
    let title = format!("{count} monitors are {still}{how}");
    (format!("{title}{}", share.unwrap_or_default()), title)
}

fn footer(n: &Notification) -> String {
    let incident = line(&n.incident, 60);
    match n.others.len() {
        0 => format!("Incident {incident}."),
        count => format!("Incident {incident} and {} more.", count - 1),
    }
}

/// A link that a browser may open.
fn address(link: &str) -> Option<String> {
    link.starts_with("http").then(|| line(link, 500))
}

/// The monitor and what is wrong with it, for a subject: `payments-api says its database timed out`.
fn clause(n: &Notification, monitor: &str) -> String {
    let verb = |message: Option<&str>| {
        let message = message.unwrap_or_default().to_lowercase();
        let timed_out = message.contains("timed out") || message.contains("timeout");
        if timed_out {
            "timed out"
        } else if n.kind == Kind::Degraded {
            "is not well"
        } else {
            "failed"
        }
    };
    match n.failing_checks.as_slice() {
        [one] => format!("{monitor} says its {} {}", line(&one.name, 60), verb(one.message.as_deref())),
        [one, two] => {
            let verb = if n.kind == Kind::Degraded { "are not well" } else { "failed" };
            format!("{monitor} says its {} and {} {verb}", line(&one.name, 60), line(&two.name, 60))
        }
        [] => format!("{monitor}: {}", line(&n.cause, SUBJECT_MAX)),
        many => format!("{monitor} says {} of its checks are not well", many.len()),
    }
}

fn certificate_end(days_left: Option<i64>) -> String {
    match days_left {
        None => "ends soon".to_owned(),
        Some(..0) => "has ended".to_owned(),
        Some(0) => "ends today".to_owned(),
        Some(1) => "ends in 1 day".to_owned(),
        Some(days) => format!("ends in {days} days"),
    }
}

fn facts(n: &Notification) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |label, value: String, code| facts.push(Fact { label, value, code });
    if !n.others.is_empty() {
        return facts_of_many(n);
    }
    let lasted = time::humane(Duration::from_millis(n.lasted_ms));
    match n.kind {
        Kind::Test => fact("Sent", moment(&n.at), false),
        Kind::Up => fact("Lasted", format!("{lasted}, {}", span(&n.began, n.lasted_ms)), false),
        _ => fact("Since", since(n, &lasted), false),
    }
    if !n.target.is_empty() {
        fact("Check", line(&n.target, 500), true);
    }
    if let Some(answer) = n.answer.as_ref().filter(|answer| !n.cause.contains(answer.as_str())) {
        fact("Answer", line(answer, 300), false);
    }
    for check in &n.failing_checks {
        let message = check.message.as_deref().unwrap_or_default();
        if !(n.cause.contains(&check.name) && n.cause.contains(message)) {
            let colon = if message.is_empty() { "" } else { ": " };
            fact("Not well", format!("{}{colon}{}", line(&check.name, 120), line(message, 300)), false);
        }
    }
    if let Some(change) = &n.version_change {
        fact("Version", format!("{}, before it {}", line(&change.to, 120), line(&change.from, 120)), false);
    } else if let Some(version) = &n.version {
        fact("Version", line(version, 120), false);
    }
    facts
}

/// All of them by name, those that share something together.
fn facts_of_many(n: &Notification) -> Vec<Fact> {
    let label = if n.kind == Kind::Up { "Up again" } else { "Not well" };
    let named = |group: &Group<'_>| {
        let what = group.shares.map_or_else(String::new, |shares| format!("{}: ", line(shares, 120)));
        let names: Vec<_> = group.names.iter().map(|name| line(name, 120)).collect();
        Fact { label, value: format!("{what}{}", names.join(", ")), code: false }
    };
    let since = if n.kind == Kind::Up { "Out since" } else { "Since" };
    let first = Fact { label: since, value: moment(&n.began), code: false };
    let groups = n.groups();
    let (most, rest) = groups.split_at(groups.len().min(GROUPS_MAX));
    let names = rest.iter().flat_map(|group| group.names.iter().copied()).collect::<Vec<_>>();
    let rest = Group { shares: None, names };
    let rest = Some(rest).filter(|rest| !rest.names.is_empty());
    std::iter::once(first).chain(most.iter().chain(&rest).map(named)).collect()
}

/// When it began, and how long after that it was told.
fn since(n: &Notification, lasted: &str) -> String {
    let began = moment(&n.began);
    match n.occasion {
        Occasion::Change | Occasion::Flapping => format!("{began}, confirmed {lasted} later"),
        Occasion::Late | Occasion::Reminder | Occasion::Settled => format!("{began}, told {lasted} later"),
        Occasion::Digest => began,
    }
}

/// Says that the message comes late, when it does: what it tells may be over.
fn late(n: &Notification, now: Wall) -> Option<String> {
    let decided = n.at.parse::<Timestamp>().ok()?;
    let late = now.since(Wall::from_ms(decided.as_millisecond()));
    (late > LATE && n.kind != Kind::Test).then(|| {
        let now = Timestamp::from_millisecond(now.ms()).map(clock).unwrap_or_default();
        format!(
            "This message comes {} late: it was decided at {} and could not be handed over before {now} UTC. What it says may be over by now.",
            time::humane(late),
            clock(decided)
        )
    })
}

/// `21 Nov 2026 11:38:40 UTC`; a text that is no moment stays as it is.
fn moment(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(at) => at.strftime("%-d %b %Y %H:%M:%S UTC").to_string(),
        Err(_) => line(text, 60),
    }
}

/// `21 Nov 2026 02:10:12 to 02:41:40 UTC`, with the second day when it is another one.
fn span(began: &str, lasted_ms: u64) -> String {
    let Ok(from) = began.parse::<Timestamp>() else { return line(began, 60) };
    let to_ms = from.as_millisecond().saturating_add_unsigned(lasted_ms);
    let to = Timestamp::from_millisecond(to_ms).unwrap_or(from);
    let day = |at: Timestamp| at.strftime("%-d %b %Y").to_string();
    let second_day = if day(from) == day(to) { String::new() } else { format!("{} ", day(to)) };
    format!("{} {} to {second_day}{} UTC", day(from), clock(from), clock(to))
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// The text as a sentence: a capital first, a full stop last.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}
