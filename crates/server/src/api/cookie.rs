//! The cookie by which a browser shows that its user has signed in.

use allswell_monitor::access::{LIFETIME, Secret};
use axum::http::{HeaderMap, HeaderValue, header};

/// What it is called where people come by TLS: a browser then takes it from nobody but this very host.
const BOUND: &str = "__Host-allswell";
const PLAIN: &str = "allswell";

/// How the cookie is called and sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookie {
    is_secure: bool,
}

impl Cookie {
    /// As it must be where people find the server at `public_url`.
    pub(crate) fn at(public_url: Option<&str>) -> Self {
        Self { is_secure: public_url.is_some_and(|url| url.starts_with("https://")) }
    }

    const fn name(self) -> &'static str {
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
        pairs.find(|(name, _)| *name == self.name()).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_people_come_by_tls_the_cookie_is_bound_to_the_host() {
        let secret = Secret::random().expect("random numbers");
        let check = |url: Option<&str>, name: &str, end: &str| {
            let cookie = Cookie::at(url);
            let set = cookie.set(&secret);
            let text = set.to_str().expect("ASCII");
            assert!(text.starts_with(&format!("{name}=aw_")) && text.ends_with(end), "{text}");
            assert!(text.contains("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"), "{text}");
            assert!(!format!("{set:?}").contains("aw_"), "it is shown by nobody");
            let sent = format!("other=1; {}", text.split(';').next().expect("a pair"));
            let headers = [(header::COOKIE, sent.parse().expect("a header"))].into_iter().collect();
            assert_eq!(cookie.read(&headers), Some(secret.text()));
            assert!(cookie.clear().to_str().expect("ASCII").starts_with(&format!("{name}=; Path=/; Max-Age=0")));
        };
        check(Some("https://status.example.com"), "__Host-allswell", "; Secure");
        check(Some("http://127.0.0.1:7878"), "allswell", "; SameSite=Lax");
        check(None, "allswell", "; SameSite=Lax");
        assert_eq!(Cookie::at(None).read(&HeaderMap::new()), None);
    }
}
