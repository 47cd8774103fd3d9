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
pub const SCHEMES: &str = "dns://, ping://, grpc://, grpcs://, ws://, wss://, postgres://, mysql://, redis://";

/// Reads `text`; `None` when its scheme is not one of [`SCHEMES`].
///
/// # Errors
/// A sentence on what is wrong, without user and password, and the way out.
pub fn read(text: &str) -> Option<Result<Meant, String>> {
    let (scheme, _) = text.split_once("://")?;
    let read: fn(&Url) -> Result<Meant, String> = match scheme.to_ascii_lowercase().as_str() {
        "dns" => dns,
        "ping" | "icmp" => ping,
        "grpc" | "grpcs" => grpc,
        "ws" => |url| Ok(meant("websocket", json!({ "url": url.as_str() }), false)),
        "wss" => |url| Ok(meant("websocket", json!({ "url": url.as_str() }), true)),
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

/// `ping://host?count=5`.
fn ping(url: &Url) -> Result<Meant, String> {
    const LIKE: &str = "write ping://HOST, or ping://HOST?count=5&gap=100ms&wait=1s&max_loss=20";
    let host =
        url.host_str().filter(|host| !host.is_empty()).ok_or(format!("the ping target names no host; {LIKE}"))?;
    if url.port().is_some() || !url.username().is_empty() || !matches!(url.path(), "" | "/") {
        return Err(format!("a ping has neither user nor port nor path; {LIKE}"));
    }
    let mut settings = Map::from_iter([("host".to_owned(), json!(host))]);
    for (key, value) in url.query_pairs() {
        let number = || value.parse::<u32>().map_err(|_| format!("`{key}` takes a whole number; {LIKE}"));
        let value = match &*key {
            "count" | "max_loss" => json!(number()?),
            "gap" | "wait" => json!(value),
            other => return Err(format!("`{other}` means nothing in a ping target; {LIKE}")),
        };
        settings.insert(key.into_owned(), value);
    }
    Ok(meant("ping", Value::Object(settings), false))
}

/// `grpc://host:port/package.v1.Service`, `grpcs://` over TLS; without a service the whole server's health is asked for.
fn grpc(url: &Url) -> Result<Meant, String> {
    const LIKE: &str = "write grpc://HOST:PORT or grpc://HOST:PORT/package.v1.Service; grpcs:// speaks TLS";
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("a gRPC address has no user and no password; {LIKE}"));
    }
    let takes_tls = url.scheme() == "grpcs";
    let (Some(host), Some(port)) = (url.host_str(), url.port().or(takes_tls.then_some(443))) else {
        return Err(format!("the gRPC target names no host and port; {LIKE}"));
    };
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("nothing stands behind the service of a gRPC target; {LIKE}"));
    }
    let mut settings = json!({ "address": format!("{host}:{port}"), "service": url.path().trim_start_matches('/') });
    if takes_tls {
        settings["tls"] = json!({});
    }
    Ok(meant("grpc", settings, takes_tls))
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

    #[test]
    fn ping_targets_are_read() {
        check("ping://127.0.0.1", "ping", json!({ "host": "127.0.0.1" }));
        check("ping://[::1]?count=5&gap=10ms", "ping", json!({ "host": "[::1]", "count": 5, "gap": "10ms" }));
        wrong("ping://127.0.0.1:80", "neither user nor port");
        wrong("ping://h?count=many", "takes a whole number");
        wrong("ping://h?size=9", "`size` means nothing");
    }

    #[test]
    fn grpc_targets_are_read() {
        let at = |port: u16| format!("h:{port}");
        check("grpc://h:50051", "grpc", json!({ "address": at(50_051), "service": "" }));
        check("grpcs://h/a.v1.B", "grpc", json!({ "address": at(443), "service": "a.v1.B", "tls": {} }));
        wrong("grpc://h", "names no host and port");
        wrong("grpc://me:hunter2@h:1", "no user and no password");
        wrong("grpc://h:1/a?b=hunter2", "nothing stands behind");
    }
}
