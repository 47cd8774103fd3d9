//! Targets written as one URL, for the command line: the kind and the settings that a URL stands for.
//!
//! `http`, `https`, `tcp` and `tls` are read where they have flags of their own; everything else is read here.

use serde_json::{Map, Value, json};
use url::Url;

/// What a URL stands for: a kind, and its settings as a configuration has them.
#[derive(Clone)]
pub struct Meant {
    /// The kind: `dns`.
    pub kind: &'static str,
    /// Its settings. May hold secrets.
    pub settings: Map<String, Value>,
    /// Whether `tls` options mean something for it.
    pub takes_tls: bool,
}

impl std::fmt::Debug for Meant {
    /// Shows the kind alone: the settings may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meant").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The schemes that are read here, for messages.
pub const SCHEMES: &str = "dns://, postgres://, mysql://, redis://";

/// Reads `text`; `None` when its scheme is not one of [`SCHEMES`].
///
/// # Errors
/// A sentence on what is wrong, without user and password, and the way out.
pub fn read(text: &str) -> Option<Result<Meant, String>> {
    let (scheme, _) = text.split_once("://")?;
    let read: fn(&Url) -> Result<Meant, String> = match scheme.to_ascii_lowercase().as_str() {
        "dns" => dns,
        "postgres" | "postgresql" => |url| Ok(meant("postgres", json!({ "dsn": url.as_str() }), true)),
        "mysql" | "mariadb" => |url| Ok(meant("mysql", json!({ "dsn": url.as_str() }), true)),
        "redis" => |url| Ok(meant("redis", json!({ "dsn": url.as_str() }), false)),
        "rediss" => |url| Ok(meant("redis", json!({ "dsn": url.as_str() }), true)),
        _ => return None,
    };
    // The parser's own words do not repeat the text, which may hold a password.
    Some(
        Url::parse(text)
            .map_err(|error| format!("the {scheme}:// target is no URL: {error}"))
            .and_then(|url| read(&url)),
    )
}

fn meant(kind: &'static str, settings: Value, takes_tls: bool) -> Meant {
    let settings = match settings {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    Meant { kind, settings, takes_tls }
}

/// RFC 4501: `dns://server:port/name?type=MX`; without a server the system's is asked.
fn dns(url: &Url) -> Result<Meant, String> {
    const LIKE: &str = "write dns://SERVER/NAME?type=MX, or dns:///NAME to ask the system's server";
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("a DNS server knows no user; {LIKE}"));
    }
    let name = url.path().trim_start_matches('/');
    if name.is_empty() {
        return Err(format!("the dns:// target names no name to ask for; {LIKE}"));
    }
    let mut settings = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
        let server = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        settings.insert("server".to_owned(), json!(server));
    }
    for (key, value) in url.query_pairs() {
        let value = match key.to_ascii_lowercase().as_str() {
            "type" => ("type", json!(value.to_ascii_uppercase())),
            "transport" => ("transport", json!(value.to_ascii_lowercase())),
            "rcode" => ("rcode", json!(value)),
            other => {
                return Err(format!("`{other}` means nothing in a dns:// target; there is type, transport and rcode"));
            }
        };
        settings.insert(value.0.to_owned(), value.1);
    }
    let takes_tls = settings.get("transport").is_some_and(|transport| transport == "tls");
    Ok(meant("dns", Value::Object(settings), takes_tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: &str, settings: Value) {
        let meant = read(text).expect("a known scheme").expect(text);
        assert_eq!((meant.kind, Value::Object(meant.settings)), (kind, settings), "{text}");
    }

    #[track_caller]
    fn wrong(text: &str, part: &str) {
        let why = read(text).expect("a known scheme").expect_err(text);
        assert!(why.contains(part) && !why.contains("hunter2"), "{why}");
    }

    #[test]
    fn dns_targets_are_read() {
        check("dns:///example.com", "dns", json!({ "name": "example.com" }));
        check(
            "dns://127.0.0.1:5353/example.com?type=mx",
            "dns",
            json!({ "name": "example.com", "server": "127.0.0.1:5353", "type": "MX" }),
        );
        wrong("dns://127.0.0.1", "names no name");
        wrong("dns://hunter2@127.0.0.1/a", "knows no user");
        wrong("dns:///a?tpye=A", "`tpye` means nothing");
        assert!(read("https://example.com").is_none());
    }
}
