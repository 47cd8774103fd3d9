//! The URL of a probe.
//!
//! Follows kubernetes v1.36 `pkg/probe/http/request.go` (`formatURL`) and Go's `net/url` (`Parse`, `EscapedPath`).

/// The URL that a probe asks: host and port from the probe, path and query from its `path`.
pub fn of_probe(scheme: &str, host: &str, port: u16, path: &str) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let parsed = parse(path);
    let mut url = format!("{}://{host}:{port}", scheme.to_ascii_lowercase());
    if !parsed.path.is_empty() && !parsed.path.starts_with('/') {
        url.push('/');
    }
    url.push_str(&parsed.path);
    if let Some(query) = parsed.query {
        url.push('?');
        url.push_str(&query);
    }
    if let Some(fragment) = parsed.fragment {
        url.push('#');
        url.push_str(&fragment);
    }
    url
}

/// What stands in the request line: path and query, never a fragment, never empty.
pub fn request_path(path: &str) -> String {
    let parsed = parse(path);
    let slash = if parsed.path.starts_with('/') { "" } else { "/" };
    let query = parsed.query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{slash}{}{query}", parsed.path)
}

/// Whether a percent sign is not followed by two hexadecimal digits: Go cannot parse such a path.
pub fn has_broken_escape(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%' && !bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    })
}

struct Parsed {
    path: String,
    query: Option<String>,
    fragment: Option<String>,
}

fn parse(text: &str) -> Parsed {
    let (text_before, fragment) = match text.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment.to_owned())),
        None => (text, None),
    };
    let (hierarchy, query) = match text_before.split_once('?') {
        Some((before, query)) => (before, Some(query.to_owned())),
        None => (text_before, None),
    };
    // What Go cannot parse is taken as a path, all of it.
    if has_broken_escape(hierarchy) || text.chars().any(|c| c.is_ascii_control()) {
        return Parsed { path: escape(text, true), query: None, fragment: None };
    }
    let rest = without_scheme(hierarchy);
    let path = match rest.strip_prefix("//") {
        Some(authority) => authority.find('/').map_or("", |at| &authority[at..]),
        None => rest,
    };
    Parsed { path: escape(path, false), query, fragment }
}

/// `http://x/y` without its scheme; a colon in a later segment is none.
fn without_scheme(text: &str) -> &str {
    match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')) =>
        {
            rest
        }
        _ => text,
    }
}

/// Percent-encodes what a path may not hold; `also_escapes` is for texts that could not be parsed.
fn escape(path: &str, also_escapes: bool) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@')
            || (!also_escapes && matches!(byte, b'%' | b'!' | b'\'' | b'(' | b')' | b'*' | b'[' | b']'));
        match plain {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_a_url() {
        let check = |path: &str, sent: &str| assert_eq!(request_path(path), sent, "{path}");
        check("", "/");
        check("health", "/health");
        check("/a#frag", "/a");
        check("//a/x", "/x");
        check("http://a/x", "/x");
        check("/%zz", "/%25zz");
        check("/a b", "/a%20b");
        check("/%2F/x", "/%2F/x");
        check("?q=1", "/?q=1");
        check("/a;b", "/a;b");
        check("/a//b", "/a//b");
        check("/a:b", "/a:b");
    }
}
