//! The secrets of a question, and how they are masked wherever the other side repeats them.

use std::borrow::Cow;

/// What stands for a secret.
pub(crate) const MASK: &str = "***";

/// Shorter texts are not searched for: masking every `a` would hide everything and protect nothing.
const BYTES_MIN: usize = 4;
/// Longer secrets (a whole request body) are searched for by their beginning.
const BYTES_MAX: usize = 1024;

/// The secrets of a question.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Keeps `secrets`, and each also as JSON writes it.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut kept = Vec::new();
        for mut secret in secrets {
            secret.truncate(secret.floor_char_boundary(BYTES_MAX));
            if secret.trim().len() < BYTES_MIN {
                continue;
            }
            let escaped = serde_json::to_string(&secret).unwrap_or_default();
            let escaped = escaped.trim_matches('"').to_owned();
            if escaped != secret {
                kept.push(escaped);
            }
            kept.push(secret);
        }
        // The longest first, so that a secret inside another does not leave the rest of it standing.
        kept.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        kept.dedup();
        Self(kept)
    }

    /// The length of the longest.
    pub fn longest(&self) -> usize {
        self.0.first().map_or(0, String::len)
    }

    /// `text` with every secret masked, and with what stands before the `@` of an address in it.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = without_userinfo(text);
        for secret in &self.0 {
            if masked.contains(secret.as_str()) {
                masked = Cow::Owned(masked.replace(secret.as_str(), MASK));
            }
        }
        masked
    }
}

/// Masks `user:password` in every `scheme://user:password@host`: the errors of drivers like to repeat it.
fn without_userinfo(text: &str) -> Cow<'_, str> {
    if !text.contains("://") || !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let (mut masked, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(position) = rest.find("://") {
        let (before, after) = rest.split_at(position + 3);
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'<>`\\".contains(c)).unwrap_or(after.len());
        masked.push_str(before);
        rest = after;
        if let Some(at) = after[..end].rfind('@') {
            masked.push_str(MASK);
            rest = &after[at..];
        }
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// Whether a header of this name (lower case) carries a secret.
pub(crate) fn is_secret_header(name: &str) -> bool {
    matches!(name, "cookie" | "set-cookie" | "set-cookie2") || is_secret_key(name)
}

/// Whether a value of this name (lower case) is a secret: `api_key`, `token`, `password`.
pub(crate) fn is_secret_key(name: &str) -> bool {
    // These only say that a key is wanted, or speak of the transport.
    if matches!(name, "www-authenticate" | "proxy-authenticate" | "public-key-pins")
        || name.starts_with("sec-websocket")
    {
        return false;
    }
    ["token", "key", "secret", "passw", "pwd", "auth", "signature", "credential", "session", "csrf"]
        .iter()
        .any(|part| name.contains(part))
        || name == "sig"
}

/// A URL, absolute or relative, with the values of secret query parameters and any user masked.
pub(crate) fn masked_url(url: &str) -> String {
    let url = without_userinfo(url);
    let Some((before, query)) = url.split_once('?') else { return url.into_owned() };
    let (query, fragment) = query.split_once('#').map_or((query, None), |(query, fragment)| (query, Some(fragment)));
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, value)) if !value.is_empty() && is_secret_key(&key.to_lowercase()) => format!("{key}={MASK}"),
        _ => pair.to_owned(),
    });
    let mut masked = format!("{before}?{}", pairs.collect::<Vec<_>>().join("&"));
    if let Some(fragment) = fragment {
        masked.push('#');
        masked.push_str(fragment);
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let secrets = Secrets::new(["topsecret", "secret", "a\"b\"c", "abc"].map(str::to_owned));
        assert_eq!(secrets.mask("topsecret and secret, abc"), "*** and ***, abc");
        assert_eq!(secrets.mask(r#"{"echo":"a\"b\"c"}"#), r#"{"echo":"***"}"#);
        assert_eq!(format!("{secrets:?}"), "Secrets(4)");
    }

    #[test]
    fn what_drivers_repeat_is_masked() {
        let none = Secrets::default();
        assert_eq!(
            none.mask("cannot reach postgresql://user:p4ss@db:5432/x"),
            "cannot reach postgresql://***@db:5432/x"
        );
        assert_eq!(none.mask("amqp://u:p@ss@mq and http://ok/@x"), "amqp://***@mq and http://ok/@x");
        assert_eq!(none.mask("mail me@example.com"), "mail me@example.com");
    }

    #[test]
    fn urls_keep_what_is_not_secret() {
        assert_eq!(masked_url("http://a/b?x=1&api_key=2&Token=3#f"), "http://a/b?x=1&api_key=***&Token=***#f");
        assert_eq!(masked_url("http://u:p@a/b"), "http://***@a/b");
        assert_eq!(masked_url("http://a/b?sig=1&size=2&token="), "http://a/b?sig=***&size=2&token=");
    }
}
