//! The envelope and headers of a mail: who, which thread, and an identity that stays the same however often it is sent.

use std::time::{Duration, SystemTime};

use allswell_core::Wall;
use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::letter::Letter;
use crate::notification::{Kind, Notification};

/// Builds the mail that tells `notification` under the idempotency key `key`.
///
/// `Message-ID` depends on the key alone, so a program that got it twice shows it once. `In-Reply-To` and `References` name
/// a root that depends on the incident alone, so all its messages make one thread (RFC 5322 3.6.4).
///
/// # Errors
/// What lettre says, when the addresses make no envelope.
pub(crate) fn build(
    from: &Mailbox,
    to: &[Mailbox],
    notification: &Notification,
    key: &str,
    now: Wall,
) -> Result<Message, lettre::error::Error> {
    let letter = Letter::write(notification, now);
    let domain = from.email.domain();
    let mut message = begin(from, key).date(date(notification, now));
    for recipient in to {
        message = message.to(recipient.clone());
    }
    if notification.kind != Kind::Test {
        let root = format!("<{}@{domain}>", digest(&["thread", &notification.incident, &notification.began]));
        message = message.in_reply_to(root.clone()).references(root);
    }
    end(message, letter)
}

/// A mail from `from` whose identity depends on `key` alone.
pub(super) fn begin(from: &Mailbox, key: &str) -> MessageBuilder {
    Message::builder()
        .from(from.clone())
        .message_id(Some(format!("<{}@{}>", digest(&["message", key]), from.email.domain())))
        // RFC 3834 5: holiday replies must not answer.
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
}

/// A header that lettre does not know; `name` is a literal.
pub(super) fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// `message` with what `letter` says.
///
/// # Errors
/// What lettre says, when the addresses make no envelope.
pub(super) fn end(message: MessageBuilder, letter: Letter) -> Result<Message, lettre::error::Error> {
    // The boundary is made of what it separates, so no content can hold it and the same mail has the same bytes.
    let boundary = digest(&["boundary", &letter.text, &letter.html]);
    let parts = MultiPart::alternative().boundary(boundary);
    message
        .subject(letter.subject)
        .multipart(parts.singlepart(SinglePart::plain(letter.text)).singlepart(SinglePart::html(letter.html)))
}

/// The moment of the decision: a mail that was held up keeps its place among the others.
fn date(notification: &Notification, now: Wall) -> SystemTime {
    let decided = notification.at.parse::<Timestamp>().map(|at| at.as_millisecond());
    let ms = u64::try_from(decided.unwrap_or(now.ms())).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

/// 128 bits of SHA-256 over `parts` with their lengths, in hex.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;
    use proptest::prelude::*;

    fn built(notification: &Notification, key: &str) -> String {
        let from = "Allswell <allswell@example.com>".parse().unwrap();
        let to = ["ops@example.com".parse().unwrap()];
        let message = build(&from, &to, notification, key, samples::NOW).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    /// The names of the headers before the first empty line, folded lines joined, in alphabetical order.
    fn header_names(mail: &str) -> Vec<&str> {
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let starts = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        let mut names: Vec<&str> = starts.map(|line| line.split_once(':').map_or(line, |(name, _)| name)).collect();
        names.sort_unstable();
        names
    }

    const EXPECTED: [&str; 10] = [
        "Auto-Submitted",
        "Content-Type",
        "Date",
        "From",
        "In-Reply-To",
        "MIME-Version",
        "Message-ID",
        "References",
        "Subject",
        "To",
    ];

    fn header<'a>(mail: &'a str, name: &str) -> &'a str {
        let start = format!("{name}: ");
        mail.split("\r\n").find_map(|line| line.strip_prefix(&start)).unwrap()
    }

    #[test]
    fn the_same_key_gives_the_same_mail_and_another_key_another_identity() {
        let down = samples::down();
        assert_eq!(built(&down, "12-7:down:8:ops"), built(&down, "12-7:down:8:ops"));
        let (first, second) = (built(&down, "12-7:down:8:ops"), built(&down, "12-7:down:8:home"));
        assert_ne!(header(&first, "Message-ID"), header(&second, "Message-ID"));
    }

    #[test]
    fn the_messages_of_one_incident_make_one_thread() {
        let (down, up) = (built(&samples::down(), "12-7:down:8:ops"), built(&samples::up(), "12-7:up:9:ops"));
        assert_eq!(header(&down, "In-Reply-To"), header(&up, "In-Reply-To"));
        assert_eq!(header(&down, "References"), header(&up, "References"));
        let other = Notification { incident: "12-9".to_owned(), ..samples::down() };
        assert_ne!(header(&down, "References"), header(&built(&other, "12-9:down:10:ops"), "References"));
    }

    #[test]
    fn a_mail_is_dated_by_the_decision() {
        assert_eq!(header(&built(&samples::down(), "k"), "Date"), "Sat, 21 Nov 2026 11:39:14 +0000");
    }

    #[test]
    fn an_injected_header_stays_data() {
        let name = "x\r\nBcc: thief@example.com\r\n\r\n<script>";
        let mail = built(&Notification { monitor: name.to_owned(), ..samples::down() }, "k\r\nBcc: x@y.z");
        assert_eq!(header_names(&mail), EXPECTED);
    }

    proptest! {
        #[test]
        fn whatever_the_names_say_the_headers_are_the_same(
            monitor in "\\PC{0,40}|[\\r\\n\\t :<>@\u{0}-\u{1f}\u{202e}a-zA-Z]{0,300}",
            cause: String, target: String, key: String, incident: String, began: String, at: String, body: String, check: String,
        ) {
            let mut down = samples::down();
            down.failing_checks[0].name = check;
            let down = Notification { monitor, cause, target, incident, began, at, body: Some(body), ..down };
            let mail = built(&down, &key);
            prop_assert_eq!(header_names(&mail), EXPECTED);
            prop_assert!(mail.lines().all(|line| line.len() <= 998 && line.is_ascii()));
        }
    }
}
