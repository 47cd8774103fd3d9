//! What may be kept of what the other side said: bounded, secrets masked, nothing that a terminal would obey.

mod secrets;

use hyper::HeaderMap;
use hyper::header::HeaderValue;

use crate::answer::Evidence;
use crate::text::is_unprintable;

pub(crate) use secrets::{MASK, Secrets, is_secret_header, is_secret_key, masked_url};

const BODY_BYTES_MAX: usize = 4 * 1024;
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 512;

/// `text` with everything unprintable replaced; line breaks and tabs stay when `lines`.
pub(crate) fn printable(text: &str, lines: bool) -> String {
    let replaced = |character| match character {
        '\n' | '\t' if lines => character,
        '\n' | '\t' => ' ',
        character if is_unprintable(character) => char::REPLACEMENT_CHARACTER,
        character => character,
    };
    text.replace("\r\n", "\n").chars().map(replaced).collect()
}

/// One line of what the other side said, at most 512 bytes.
pub(crate) fn line(text: &str, secrets: &Secrets) -> String {
    let (beginning, went_on) = beginning(text.as_bytes(), HEADER_BYTES_MAX, secrets);
    let mut line = printable(&beginning, false);
    if went_on {
        line.push('…');
    }
    line
}

/// The beginning of `bytes`, at most `max` of them, secrets masked; and whether they went on.
///
/// Masking comes before cutting, so that half a secret at the cut is masked as well.
fn beginning(bytes: &[u8], max: usize, secrets: &Secrets) -> (String, bool) {
    let reach = bytes.len().min(max + secrets.longest());
    let mut text = secrets.mask(&String::from_utf8_lossy(&bytes[..reach])).into_owned();
    let went_on = text.len() > max || reach < bytes.len();
    text.truncate(text.floor_char_boundary(max));
    (text, went_on)
}

/// The evidence of an answer.
pub(crate) fn of(
    status_line: Option<String>,
    headers: &HeaderMap,
    body: &[u8],
    more: bool,
    secrets: &Secrets,
) -> Evidence {
    let (body, cut) = beginning(body, BODY_BYTES_MAX, secrets);
    Evidence {
        status_line: status_line.map(|text| line(&text, secrets)),
        headers: headers.iter().take(HEADERS_MAX).map(|(name, value)| header(name.as_str(), value, secrets)).collect(),
        body: printable(&body, true),
        body_truncated: cut || more,
    }
}

fn header(name: &str, value: &HeaderValue, secrets: &Secrets) -> (String, String) {
    let value = String::from_utf8_lossy(value.as_bytes());
    let value = match name {
        _ if is_secret_header(name) => MASK.to_owned(),
        "location" | "content-location" | "refresh" => line(&masked_url(&value), secrets),
        _ => line(&value, secrets),
    };
    (line(name, secrets), value)
}

/// The evidence of a protocol without headers: its first line, and all of it.
pub(crate) fn of_bytes(bytes: &[u8], secrets: &Secrets) -> Option<Evidence> {
    if bytes.is_empty() {
        return None;
    }
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).trim_end().to_owned();
    Some(of(Some(first), &HeaderMap::new(), bytes, false, secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_kept() {
        let none = Secrets::default();
        assert_eq!(line("a\x1b[31mb\r\nc\u{202e}d", &none), "a\u{fffd}[31mb c\u{fffd}d");
        let body = of(None, &HeaderMap::new(), b"one\r\n\ttwo\x07", false, &none).body;
        assert_eq!(body, "one\n\ttwo\u{fffd}");
    }

    #[test]
    fn a_long_body_is_cut_at_a_character() {
        let body = "é".repeat(4_000);
        let evidence = of(None, &HeaderMap::new(), body.as_bytes(), false, &Secrets::default());
        assert!(evidence.body_truncated);
        assert_eq!(evidence.body, "é".repeat(2_048));
    }

    #[test]
    fn a_secret_at_the_cut_is_not_half_kept() {
        let secrets = Secrets::new(["hunter2hunter2".to_owned()]);
        let body = format!("{}hunter2hunter2", "x".repeat(BODY_BYTES_MAX - 7));
        let evidence = of(None, &HeaderMap::new(), body.as_bytes(), false, &secrets);
        assert!(!evidence.body.contains("hunter2"), "{}", &evidence.body[BODY_BYTES_MAX - 10..]);
    }

    #[test]
    fn secret_headers_are_masked_by_name_and_by_value() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", HeaderValue::from_static("sid=abc"));
        headers.insert("x-api-key", HeaderValue::from_static("k"));
        headers.insert("x-echo", HeaderValue::from_static("you sent s3cret!"));
        headers.insert("location", HeaderValue::from_static("/login?token=abc&next=/x"));
        let evidence = of(None, &headers, b"", false, &Secrets::new(["s3cret!".to_owned()]));
        let value = |name: &str| evidence.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(value("set-cookie"), Some("***"));
        assert_eq!(value("x-api-key"), Some("***"));
        assert_eq!(value("x-echo"), Some("you sent ***"));
        assert_eq!(value("location"), Some("/login?token=***&next=/x"));
    }
}
