//! Which scope a request needs. The OpenAPI document, the gate and the tests ask here.

use allswell_monitor::access::Scope;
use http::Method;

/// What needs no key: the server's own health and numbers, where jobs call in by their token, links that carry their own
/// signature, what pages are made of, and what the interface looks like.
const OPEN: [&str; 10] = [
    "/health",
    "/ready",
    "/metrics",
    "/heartbeat/",
    "/assets/",
    "/plain/assets/",
    "/theme.js",
    "/acknowledge/",
    "/s/",
    "/api/openapi.json",
];

/// The scope that `method` at `path` needs; `None` when everybody may.
pub(crate) fn need(method: &Method, path: &str) -> Option<Scope> {
    let is_open = |open: &str| path == open || open.ends_with('/') && path.starts_with(open);
    if OPEN.iter().any(|open| is_open(open)) || path == "/api/docs" {
        return None;
    }
    let is_below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match *method {
        _ if is_below("/api/v1/heartbeats") => Some(Scope::Heartbeat),
        // Who may see the keys may know whom to ask for one.
        _ if is_below("/api/v1/keys") => Some(Scope::Write),
        Method::GET | Method::HEAD | Method::OPTIONS => Some(Scope::Read),
        _ => Some(Scope::Write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_needs_a_scope_but_what_is_meant_for_everybody() {
        let check = |method: Method, path: &str, expected: Option<Scope>| {
            assert_eq!(need(&method, path), expected, "{method} {path}");
        };
        check(Method::GET, "/health", None);
        check(Method::GET, "/healthy", Some(Scope::Read));
        check(Method::GET, "/metrics", None);
        check(Method::POST, "/heartbeat/3f0c/start", None);
        check(Method::GET, "/assets/index-Gr1.js", None);
        check(Method::GET, "/plain/assets/plain.css", None);
        check(Method::GET, "/theme.js", None);
        check(Method::POST, "/acknowledge/12-7/ops/1/4f1b", None);
        check(Method::GET, "/api/openapi.json", None);
        check(Method::GET, "/", Some(Scope::Read));
        check(Method::GET, "/m/1", Some(Scope::Read));
        check(Method::GET, "/plain/m/1", Some(Scope::Read));
        check(Method::GET, "/probe", Some(Scope::Read));
        check(Method::GET, "/api/v1/monitors", Some(Scope::Read));
        check(Method::HEAD, "/api/v1/monitors", Some(Scope::Read));
        check(Method::POST, "/api/v1/monitors", Some(Scope::Write));
        check(Method::DELETE, "/api/v1/monitors/1", Some(Scope::Write));
        check(Method::GET, "/api/v1/keys", Some(Scope::Write));
        check(Method::GET, "/api/v1/keyshop", Some(Scope::Read));
        check(Method::GET, "/api/v1/heartbeats", Some(Scope::Heartbeat));
        check(Method::GET, "/nothing", Some(Scope::Read));
    }
}
