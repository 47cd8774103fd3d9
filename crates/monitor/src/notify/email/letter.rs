//! What a mail says: subject, text and HTML, made of one notification.
//!
//! The text is complete in itself. All data is made fit here and escaped by the templates.

use std::time::Duration;

use allswell_core::{Wall, time};
use askama::Template;
use jiff::Timestamp;

use crate::notification::{Kind, Notification};
use crate::notify::clean::{block, line};

/// A subject longer than this is cut by mail programs, and no header needs more.
const SUBJECT_MAX: usize = 200;
/// So much of a body fits on a telephone; the incident's page has the rest.
const BODY_MAX: usize = 2_000;
/// A message that is handed over later than this says so.
const LATE: Duration = Duration::from_secs(600);

/// A mail, ready to be put into an envelope.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Letter {
    /// Writes the mail that tells `notification` at the moment `now`.
    pub fn write(notification: &Notification, now: Wall) -> Self {
        let page = Page::of(notification, now);
        let html = Html { page: &page }
            .render()
            .expect("templates are checked when compiled, and writing to a string never fails");
        let text = Text { page: &page }
            .render()
            .expect("templates are checked when compiled, and writing to a string never fails");
        Self { subject: line(&format!("{} {}", page.tone.shape, page.subject), SUBJECT_MAX), text, html }
    }
}

#[derive(Template)]
#[template(path = "email/mail.html")]
struct Html<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "email/mail.txt", escape = "none")]
struct Text<'a> {
    page: &'a Page,
}

/// What both forms show.
struct Page {
    tone: Tone,
    subject: String,
    title: String,
    lead: String,
    late: Option<String>,
    facts: Vec<Fact>,
    body: Option<String>,
    link: Option<String>,
    footer: Option<String>,
}

/// A line of the table.
struct Fact {
    label: &'static str,
    value: String,
    code: bool,
}

/// A status as shape, sign and colours: colour never carries it alone.
struct Tone {
    /// For subject and text.
    shape: &'static str,
    /// Names the style of the HTML.
    class: &'static str,
    /// Inside the HTML's glyph.
    sign: &'static str,
    /// The card's upper edge in the light theme; the dark one is in the template.
    edge: &'static str,
    /// How the glyph is drawn in the light theme.
    glyph: &'static str,
}

const DOWN: Tone = Tone {
    shape: "■",
    class: "down",
    sign: "✕",
    edge: "#B3200E",
    glyph: "border-radius:4px;background:#B3200E;color:#FFFFFF;font-size:14px",
};
const DEGRADED: Tone =
    Tone { shape: "▲", class: "degraded", sign: "▲", edge: "#F4A81D", glyph: "color:#8A5000;font-size:22px" };
const UP: Tone = Tone {
    shape: "●",
    class: "up",
    sign: "✓",
    edge: "#08705A",
    glyph: "border-radius:11px;background:#08705A;color:#FFFFFF;font-size:14px",
};

impl Page {
    fn of(n: &Notification, now: Wall) -> Self {
        let monitor = line(&n.monitor, 120);
        let (tone, subject, title) = match n.kind {
            Kind::Down => (DOWN, format!("Down: {}", clause(n, &monitor)), format!("{monitor} is down")),
            Kind::Degraded => {
                (DEGRADED, format!("Degraded: {}", clause(n, &monitor)), format!("{monitor} is degraded"))
            }
            Kind::Certificate => {
                let end = certificate_end(n.certificate_days_left);
                (DEGRADED, format!("Certificate: {monitor} {end}"), format!("The certificate of {monitor} {end}"))
            }
            Kind::Up => {
                let lasted = time::humane(Duration::from_millis(n.lasted_ms));
                (UP, format!("Up again: {monitor} after {lasted}"), format!("{monitor} is up again"))
            }
            Kind::Test => (UP, format!("Test: the channel {monitor} works"), "This channel works".to_owned()),
        };
        Self {
            tone,
            subject,
            title,
            lead: sentence(&line(&n.cause, 600)),
            late: late(n, now),
            facts: facts(n),
            body: n.body.as_deref().map(|body| block(body, BODY_MAX)).filter(|body| !body.is_empty()),
            link: n.link.as_deref().filter(|link| link.starts_with("http")).map(|link| line(link, 500)),
            footer: (n.kind != Kind::Test)
                .then(|| format!("Incident {}. All messages about it are in one thread.", line(&n.incident, 60))),
        }
    }
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
    let lasted = time::humane(Duration::from_millis(n.lasted_ms));
    match n.kind {
        Kind::Test => fact("Sent", moment(&n.at), false),
        Kind::Up => fact("Lasted", format!("{lasted}, {}", span(&n.began, n.lasted_ms)), false),
        _ => fact("Since", format!("{}, confirmed {lasted} later", moment(&n.began)), false),
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
