//! The cookie by which a browser shows that its user has signed in.

use allswell_monitor::access::{LIFETIME, Secret};
use axum::http::{HeaderMap, HeaderValue, header};

use super::ApiState;

/// What its name begins with where people come by TLS: a browser then takes it from nobody but this very host.
const BOUND: &str = "__Host-allswell-";
const PLAIN: &str = "allswell-";

/// How the cookie is called and sent. Cookies know nothing of ports, so its name says of which server it is: two on one machine
/// take nothing from each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookie<'s> {
    is_secure: bool,
    /// By which the server is told from others.
    mark: &'s str,
}

impl<'s> Cookie<'s> {
    /// That of the server.
    pub(crate) fn of(state: &'s ApiState) -> Self {
        Self::at(state.public_url.as_deref(), state.links.mark())
    }

    /// As it must be where people find the server with this mark at `public_url`.
    fn at(public_url: Option<&str>, mark: &'s str) -> Self {
        Self { is_secure: public_url.is_some_and(|url| url.starts_with("https://")), mark }
    }

    /// What it is called.
    pub(crate) fn name(self) -> String {
        format!("{}{}", self.beginning(), self.mark)
    }

    const fn beginning(self) -> &'static str {
        if self.is_secure { BOUND } else { PLAIN }
    }

    /// Has the browser keep `secret`.
    pub(crate) fn set(self, secret: &Secret) -> HeaderValue {
        self.header(secret.text(), LIFETIME.whole.as_secs())
    }

    /// Has the browser forget it.
    pub(crate) fn clear(self) -> HeaderValue {
        self.header("", 0)
    }

    fn header(self, value: &str, seconds: u64) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.name());
        let mut header = HeaderValue::from_str(&text).expect("a key is ASCII without control characters");
        header.set_sensitive(true);
        header
    }

    /// What the browser shows.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<&str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let is_own = |name: &str| name.strip_prefix(self.beginning()) == Some(self.mark);
        pairs.find(|(name, _)| is_own(name)).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_people_come_by_tls_the_cookie_is_bound_to_the_host() {
        let secret = Secret::random().expect("random numbers");
        let check = |url: Option<&str>, name: &str, end: &str| {
            let cookie = Cookie::at(url, "1f3c9a02");
            let set = cookie.set(&secret);
            let text = set.to_str().expect("ASCII");
            assert!(text.starts_with(&format!("{name}=aw_")) && text.ends_with(end), "{text}");
            assert!(text.contains("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"), "{text}");
            assert!(!format!("{set:?}").contains("aw_"), "it is shown by nobody");
            let sent = format!("other=1; {}", text.split(';').next().expect("a pair"));
            let headers = [(header::COOKIE, sent.parse().expect("a header"))].into_iter().collect();
            assert_eq!(cookie.read(&headers), Some(secret.text()));
            assert_eq!(Cookie::at(url, "00000000").read(&headers), None, "another server's");
            assert!(cookie.clear().to_str().expect("ASCII").starts_with(&format!("{name}=; Path=/; Max-Age=0")));
        };
        check(Some("https://status.example.com"), "__Host-allswell-1f3c9a02", "; Secure");
        check(Some("http://127.0.0.1:7878"), "allswell-1f3c9a02", "; SameSite=Lax");
        check(None, "allswell-1f3c9a02", "; SameSite=Lax");
        assert_eq!(Cookie::at(None, "1f3c9a02").read(&HeaderMap::new()), None);
    }
}
