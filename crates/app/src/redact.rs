//! Takes secrets out of texts that other crates wrote: what stands between `://` and `@`, and values of keys that name a secret.

/// How much of a text is kept, in bytes.
const TEXT_MAX: usize = 1_024;

/// What a key that names a secret contains.
const KEYS: [&str; 7] = ["password", "passwd", "pwd", "secret", "token", "api_key", "apikey"];

/// The text in one line, without what looks like a secret, shortened to a kilobyte.
pub fn redact(text: &str) -> String {
    let mut clean = without_userinfo(text);
    clean = without_values(&clean);
    clean = clean.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.len() > TEXT_MAX {
        let end = (0..=TEXT_MAX).rev().find(|&at| clean.is_char_boundary(at)).unwrap_or(0);
        clean.truncate(end);
        clean.push('…');
    }
    clean
}

/// `postgres://user:password@host` becomes `postgres://***@host`. The last `@` counts, for a password may hold one.
fn without_userinfo(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end =
            after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')).unwrap_or(after.len());
        let (url, after) = after.split_at(end);
        match url.rfind('@') {
            Some(at) => {
                clean.push_str("***");
                clean.push_str(&url[at..]);
            }
            None => clean.push_str(url),
        }
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// `password=hunter2` and `"token": "abc"` lose their values.
fn without_values(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((key_end, value)) = next_secret(rest) {
        clean.push_str(&rest[..key_end]);
        let (separator, value) = value;
        clean.push_str(separator);
        clean.push_str("***");
        rest = &rest[key_end + separator.len() + value.len()..];
    }
    clean.push_str(rest);
    clean
}

/// Where the first key that names a secret ends, with its separator and its value.
fn next_secret(text: &str) -> Option<(usize, (&str, &str))> {
    // Only ASCII changes its case here, so that places in both texts are the same.
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<usize> =
        KEYS.iter().flat_map(|key| lower.match_indices(key).map(|(at, _)| at + key.len())).collect();
    found.sort_unstable();
    found.into_iter().find_map(|end| Some((end, separated(&text[end..])?)))
}

/// `= value`, `": "value"` and the like: the separator and the value, which must not be empty.
fn separated(text: &str) -> Option<(&str, &str)> {
    let sign = text.find(['=', ':']).filter(|&at| text[..at].chars().all(|c| matches!(c, '"' | '\'' | ' ')))?;
    let start = text[sign + 1..].find(|c: char| !matches!(c, '"' | '\'' | ' ')).map_or(text.len(), |at| sign + 1 + at);
    let quote = text[..start].chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let ends = |c: char| match quote {
        Some(quote) => c == quote,
        None => c.is_whitespace() || matches!(c, ',' | ';' | '&' | ')' | '}'),
    };
    let value = &text[start..];
    let value = &value[..value.find(ends).unwrap_or(value.len())];
    (!value.is_empty()).then_some((&text[..start], value))
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_are_taken_out() {
        let check = |text: &str, clean: &str| assert_eq!(redact(text), clean);
        check("postgres://app:hunter2@db/x", "postgres://***@db/x");
        check("redis://:p@ss@cache:6379 refused", "redis://***@cache:6379 refused");
        check("http://db:5432/x is fine", "http://db:5432/x is fine");
        check("host=db password=hunter2 user=app", "host=db password=*** user=app");
        check("host=db password='hunter 2' user=app", "host=db password='***' user=app");
        check(r#"{"api_token": "abc", "x": 1}"#, r#"{"api_token": "***", "x": 1}"#);
        check("password authentication failed for user \"app\"", "password authentication failed for user \"app\"");
        check("PASSWORD: a, pwd=b; token=c", "PASSWORD: ***, pwd=***; token=***");
        check("one\ntwo", "one two");
    }

    #[test]
    fn a_text_is_bounded() {
        assert_eq!(redact(&"é".repeat(5_000)).len(), 1_024 + '…'.len_utf8());
    }
}
