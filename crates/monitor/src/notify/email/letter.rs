//! What a mail says: subject, text and HTML, made of one notification's [`Words`].
//!
//! The text is complete in itself. The templates escape.

use allswell_core::Wall;
use askama::Template;

use crate::notification::Notification;
use crate::notify::clean::line;
use crate::notify::wording::{SUBJECT_MAX, Tone, Words};

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
        let page = Words::of(notification, now);
        let html = Html { page: &page, look: Look::of(page.tone) }
            .render()
            .expect("templates are checked when compiled, and writing to a string never fails");
        let text = Text { page: &page }
            .render()
            .expect("templates are checked when compiled, and writing to a string never fails");
        Self { subject: line(&format!("{} {}", page.tone.shape(), page.subject), SUBJECT_MAX), text, html }
    }
}

#[derive(Template)]
#[template(path = "email/mail.html")]
struct Html<'a> {
    page: &'a Words,
    look: Look,
}

#[derive(Template)]
#[template(path = "email/mail.txt", escape = "none")]
struct Text<'a> {
    page: &'a Words,
}

/// A status as sign and colours, beside the title: colour never carries it alone.
struct Look {
    /// Names the style of the HTML.
    class: &'static str,
    /// Inside the HTML's glyph.
    sign: &'static str,
    /// The card's upper edge in the light theme; the dark one is in the template.
    edge: &'static str,
    /// How the glyph is drawn in the light theme.
    glyph: &'static str,
}

impl Look {
    fn of(tone: Tone) -> Self {
        let (sign, edge, glyph) = match tone {
            Tone::Down => ("✕", "#B3200E", "border-radius:4px;background:#B3200E;color:#FFFFFF;font-size:14px"),
            Tone::Degraded => ("▲", "#F4A81D", "color:#8A5000;font-size:22px"),
            Tone::Up => ("✓", "#08705A", "border-radius:11px;background:#08705A;color:#FFFFFF;font-size:14px"),
        };
        Self { class: tone.as_str(), sign, edge, glyph }
    }
}
