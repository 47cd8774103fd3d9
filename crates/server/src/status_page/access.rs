//! Who may see a page: a password or a token, and the cookie of who has shown one.
//!
//! A cookie is a moment and what the server's key makes of it, of the page and of its secret: a new password ends all of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use allswell_core::{Mono, Now, Wall};
use allswell_monitor::access::Digest;
use allswell_monitor::secret_key::SecretKey;
use allswell_monitor::status_page::{Access, Page};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;

/// How long a cookie is good.
const GOOD_FOR: Duration = Duration::from_secs(30 * 86_400);
/// How many passwords of a page may be tried in a row, and how soon there is another try.
const TRIES: u32 = 20;
const TRY_AGAIN: Duration = Duration::from_secs(3);
/// What the name of the cookie begins with. Its end tells the server from others: cookies know nothing of ports.
const COOKIE: &str = "allswell_page_";

/// Knows who may see what.
pub(super) struct Door {
    key: SecretKey,
    /// What its cookie is called.
    cookie: String,
    tries: Mutex<HashMap<String, Tries>>,
}

/// How many passwords may be tried.
struct Tries {
    left: u32,
    since: Mono,
}

/// What came of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It is the one; this cookie says so.
    Right(String),
    /// It is not.
    Wrong,
    /// Too many were tried.
    TooMany,
}

impl Door {
    pub(super) fn new(key: SecretKey) -> Self {
        let cookie = format!("{COOKIE}{}", key.mark());
        Self { key, cookie, tries: Mutex::default() }
    }

    /// What links and cookies are signed with.
    pub(super) const fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Whether who sends `headers` and `query` may see `page`.
    pub(super) fn is_open(&self, page: &Page, headers: &HeaderMap, query: &str, now: Now) -> bool {
        let digest = match page.access {
            Access::Public => return true,
            Access::Password(digest) | Access::Token(digest) => digest,
        };
        if self.has_cookie(page, &digest, headers, now.wall) {
            return true;
        }
        match page.access {
            Access::Public => true,
            // What programs send; each try of theirs counts like one of the form.
            Access::Password(_) => credentials(headers)
                .is_some_and(|password| matches!(self.try_password(page, &password, now), Tried::Right(_))),
            Access::Token(_) => {
                let given = token(query).or_else(|| bearer(headers));
                given.is_some_and(|given| self.same(&Digest::of(&given), &digest))
            }
        }
    }

    /// Compares a password with the page's.
    pub(super) fn try_password(&self, page: &Page, password: &str, now: Now) -> Tried {
        let Access::Password(digest) = page.access else { return Tried::Wrong };
        if !self.may_try(&page.slug, now.mono) {
            return Tried::TooMany;
        }
        if self.same(&Digest::of(password), &digest) {
            Tried::Right(self.cookie(page, &digest, now.wall))
        } else {
            Tried::Wrong
        }
    }

    /// The cookie of who came with a good token.
    pub(super) fn cookie_for_token(&self, page: &Page, now: Wall) -> Option<String> {
        page.access.digest().map(|digest| self.cookie(page, digest, now))
    }

    /// Without a path, so that a browser sends it to this page alone, wherever a proxy has put it.
    fn cookie(&self, page: &Page, digest: &Digest, now: Wall) -> String {
        let until = (now + GOOD_FOR).ms().div_euclid(1_000);
        let signature = hex(&self.mac(page, digest, &until.to_string()).finalize().into_bytes());
        format!("{}={until}.{signature}; Max-Age={}; HttpOnly; SameSite=Lax", self.cookie, GOOD_FOR.as_secs())
    }

    fn has_cookie(&self, page: &Page, digest: &Digest, headers: &HeaderMap, now: Wall) -> bool {
        cookies(headers, &self.cookie).any(|value| {
            let Some((until, signature)) = value.split_once('.') else { return false };
            let is_in_time = until.parse::<i64>().is_ok_and(|until| now.ms().div_euclid(1_000) <= until);
            let given = from_hex(signature);
            is_in_time && given.is_some_and(|given| self.mac(page, digest, until).verify_slice(&given).is_ok())
        })
    }

    fn mac(&self, page: &Page, digest: &Digest, until: &str) -> hmac::Hmac<sha2::Sha256> {
        self.key.mac(&["status page", &page.slug, &hex(&digest.0), until])
    }

    /// Compares in a time that says nothing of where they differ.
    fn same(&self, given: &Digest, wanted: &Digest) -> bool {
        let mac = |digest: &Digest| self.key.mac(&["same", &hex(&digest.0)]);
        mac(given).verify_slice(&mac(wanted).finalize().into_bytes()).is_ok()
    }

    fn may_try(&self, slug: &str, now: Mono) -> bool {
        let mut all = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = all.entry(slug.to_owned()).or_insert(Tries { left: TRIES, since: now });
        let regained = u32::try_from(now.since(tries.since).as_millis() / TRY_AGAIN.as_millis()).unwrap_or(TRIES);
        if regained > 0 {
            tries.left = tries.left.saturating_add(regained).min(TRIES);
            tries.since = now;
        }
        let may = tries.left > 0;
        tries.left = tries.left.saturating_sub(1);
        may
    }
}

/// The token in a query.
pub(super) fn token(query: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token").map(|(_, value)| value.into_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim().to_owned())
}

/// The password of `Basic`, with any user.
fn credentials(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()).ok())??;
    Some(String::from_utf8(pair).ok()?.split_once(':')?.1.to_owned())
}

fn cookies<'h>(headers: &'h HeaderMap, wanted: &str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(name, _)| *name == wanted).map(|(_, value)| value)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| (0..32).filter_map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()).collect())
}

#[cfg(test)]
mod tests {
    use allswell_monitor::secret_key::KeyFile;

    use super::*;
    use crate::status_page::tests::page;

    fn at(seconds: u64) -> Now {
        Now {
            mono: Mono::after(Duration::from_secs(seconds)),
            wall: Wall::from_ms(1_795_261_155_000) + Duration::from_secs(seconds),
        }
    }

    fn guarded(slug: &str, access: Access) -> Page {
        Page { access, ..page(slug, Vec::new()) }
    }

    fn with_cookie(cookie: &str) -> HeaderMap {
        let value = cookie.split(';').next().expect("a pair");
        [(header::COOKIE, format!("a=b; {value}").parse().expect("a header"))].into_iter().collect()
    }

    fn door() -> Door {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Door::new(SecretKey::of(folder.path(), KeyFile::StatusPages).expect("the folder is writable"))
    }

    #[test]
    fn a_cookie_is_good_for_its_page_and_its_password_for_thirty_days() {
        let door = door();
        let acme = guarded("acme", Access::Password(Digest::of("open sesame")));
        let Tried::Right(cookie) = door.try_password(&acme, "open sesame", at(0)) else { panic!("it is the password") };
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
        let headers = with_cookie(&cookie);
        let open = |page: &Page, seconds| door.is_open(page, &headers, "", at(seconds));
        assert!(open(&acme, 0) && open(&acme, 30 * 86_400));
        assert!(!open(&acme, 30 * 86_400 + 1), "it is too old");
        assert!(!open(&guarded("other", acme.access), 0), "another page");
        assert!(!open(&guarded("acme", Access::Password(Digest::of("changed"))), 0), "another password");
        assert!(!door.is_open(&acme, &with_cookie(&cookie.replacen("=1", "=2", 1)), "", at(0)));
        assert!(!door.is_open(&acme, &with_cookie(&format!("{}=9999999999.é", door.cookie)), "", at(0)));
    }

    #[test]
    fn passwords_cannot_be_tried_without_end() {
        let door = door();
        let page = guarded("acme", Access::Password(Digest::of("open sesame")));
        for _ in 0..TRIES {
            assert_eq!(door.try_password(&page, "guess", at(0)), Tried::Wrong);
        }
        assert_eq!(door.try_password(&page, "open sesame", at(0)), Tried::TooMany);
        assert!(matches!(door.try_password(&page, "open sesame", at(3)), Tried::Right(_)));
        assert_eq!(door.try_password(&page, "guess", at(3)), Tried::TooMany);
    }

    #[test]
    fn a_token_is_taken_from_the_link_and_from_a_program_s_header() {
        let door = door();
        let page = guarded("acme", Access::Token(Digest::of("0123456789abcdef")));
        let none = HeaderMap::new();
        assert!(door.is_open(&page, &none, "a=b&token=0123456789abcdef", at(0)));
        assert!(!door.is_open(&page, &none, "token=0123456789abcdeg", at(0)));
        assert!(!door.is_open(&page, &none, "", at(0)));
        let bearer =
            [(header::AUTHORIZATION, "Bearer 0123456789abcdef".parse().expect("a header"))].into_iter().collect();
        assert!(door.is_open(&page, &bearer, "", at(0)));
        let cookie = door.cookie_for_token(&page, at(0).wall).expect("a page with a token");
        assert!(door.is_open(&page, &with_cookie(&cookie), "", at(0)));
    }
}
