//! What a request needs. The OpenAPI document, the gate and the tests ask here.

use allswell_monitor::access::{Need, Scope};
use http::Method;

/// What needs neither key nor user: the server's own health and numbers, where jobs call in by their token, links that carry
/// their own signature, what pages are made of, what the interface looks like, and where people sign in.
const OPEN: [&str; 22] = [
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
    "/api/docs",
    "/api/v1/setup",
    "/api/v1/join",
    "/api/v1/sign-in",
    "/api/v1/reset",
    "/api/v1/reset/password",
    "/api/v1/sign-up",
    "/api/v1/sign-up/account",
    "/sign-in",
    "/join",
    "/reset",
    "/sign-up",
];

/// What `method` at `path` needs; `None` when everybody may.
pub(crate) fn need(method: &Method, path: &str) -> Option<Need> {
    let is_open = |open: &str| path == open || open.ends_with('/') && path.starts_with(open);
    if OPEN.iter().any(|open| is_open(open)) {
        return None;
    }
    let is_below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // Who may see the keys may know whom to ask for one.
    let of_owners = ["/api/v1/keys", "/api/v1/users", "/api/v1/invitations", "/api/v1/accounts", "/api/v1/backups"];
    if of_owners.into_iter().any(is_below) {
        return Some(Need::Owner);
    }
    Some(Need::Scope(match *method {
        _ if is_below("/api/v1/heartbeats") => Scope::Heartbeat,
        // What people change about themselves.
        _ if is_below("/api/v1/me") || path == "/api/v1/sign-out" => Scope::Read,
        Method::GET | Method::HEAD | Method::OPTIONS => Scope::Read,
        _ => Scope::Write,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_needs_a_scope_but_what_is_meant_for_everybody() {
        let check = |method: Method, path: &str, expected: Option<Scope>| {
            assert_eq!(need(&method, path), expected.map(Need::Scope), "{method} {path}");
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
        check(Method::GET, "/api/docs", None);
        check(Method::GET, "/", Some(Scope::Read));
        check(Method::GET, "/m/1", Some(Scope::Read));
        check(Method::GET, "/plain/m/1", Some(Scope::Read));
        check(Method::GET, "/probe", Some(Scope::Read));
        check(Method::GET, "/api/v1/monitors", Some(Scope::Read));
        check(Method::HEAD, "/api/v1/monitors", Some(Scope::Read));
        check(Method::POST, "/api/v1/monitors", Some(Scope::Write));
        check(Method::DELETE, "/api/v1/monitors/1", Some(Scope::Write));
        check(Method::POST, "/api/v1/sign-in", None);
        check(Method::POST, "/api/v1/sign-in/x", Some(Scope::Write));
        check(Method::POST, "/api/v1/sign-up/account", None);
        check(Method::POST, "/api/v1/sign-up/x", Some(Scope::Write));
        check(Method::POST, "/api/v1/me/password", Some(Scope::Read));
        check(Method::DELETE, "/api/v1/menu", Some(Scope::Write));
        check(Method::GET, "/api/v1/keyshop", Some(Scope::Read));
        check(Method::GET, "/api/v1/heartbeats", Some(Scope::Heartbeat));
        check(Method::GET, "/nothing", Some(Scope::Read));
        for path in [
            "/api/v1/keys",
            "/api/v1/keys/7",
            "/api/v1/users/7/sessions",
            "/api/v1/invitations",
            "/api/v1/accounts/1",
            "/api/v1/backups/x",
        ] {
            assert_eq!(need(&Method::GET, path), Some(Need::Owner), "{path}");
        }
    }
}
