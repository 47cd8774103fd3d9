//! All pages of the server by the addresses at which they are found. Who shows others changes what is theirs and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use allswell_monitor::model::AccountId;
use axum::http::{HeaderMap, header};

use super::published::Published;

/// Which page is at which address.
#[derive(Default)]
pub(super) struct Index {
    slugs: Places,
    hosts: Places,
    /// What each account shows.
    shown: HashMap<AccountId, Vec<Arc<Published>>>,
}

/// Whose page is found by a text.
type Places = HashMap<String, (AccountId, Arc<Published>)>;

impl Index {
    /// Puts `pages` in the place of those that `account` had, which come back; `is_at` says whether one of them is the one that is
    /// found by a slug.
    pub(super) fn show(
        &mut self,
        account: AccountId,
        pages: Vec<Arc<Published>>,
        is_at: impl Fn(&str) -> bool,
    ) -> Vec<Arc<Published>> {
        let before =
            if pages.is_empty() { self.shown.remove(&account) } else { self.shown.insert(account, pages.clone()) };
        let before = before.unwrap_or_default();
        for one in &before {
            one.page.slugs().for_each(|slug| give_back(&mut self.slugs, account, slug));
            one.page.domain.iter().for_each(|host| give_back(&mut self.hosts, account, host));
        }
        for one in pages {
            let slugs = one.page.slugs().filter(|slug| is_at(slug));
            self.slugs.extend(slugs.map(|slug| (slug.to_owned(), (account, Arc::clone(&one)))));
            self.hosts.extend(one.page.domain.clone().map(|host| (host, (account, Arc::clone(&one)))));
        }
        before
    }

    /// The page with this slug, or that had it before.
    pub(super) fn by_slug(&self, slug: &str) -> Option<Arc<Published>> {
        self.slugs.get(slug).map(|(_, page)| Arc::clone(page))
    }

    /// The page of the host that a request names, port or not.
    pub(super) fn by_host(&self, headers: &HeaderMap) -> Option<Arc<Published>> {
        if self.hosts.is_empty() {
            return None;
        }
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let host = host
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
            .map_or(host, |(host, _)| host);
        let found = self.hosts.get(host).or_else(|| self.hosts.get(&host.to_ascii_lowercase()));
        found.map(|(_, page)| Arc::clone(page))
    }
}

/// Another account may have got it meanwhile.
fn give_back(places: &mut Places, account: AccountId, text: &str) {
    if places.get(text).is_some_and(|(owner, _)| *owner == account) {
        places.remove(text);
    }
}

#[cfg(test)]
mod tests {
    use allswell_monitor::status_page::Page;

    use super::*;
    use crate::status_page::gather::Gathered;
    use crate::status_page::tests::page;
    use crate::status_page::view::View;

    const FIRST: AccountId = AccountId::FIRST;
    const SECOND: AccountId = AccountId(2);

    /// A page that is found by `slugs`, the first of which is its own, and by `domain`.
    fn found_by(slugs: &[&str], domain: Option<&str>) -> Arc<Published> {
        let formerly = slugs[1..].iter().map(|slug| (*slug).to_owned()).collect();
        let domain = domain.map(str::to_owned);
        let page = Page { formerly, domain, ..page(slugs[0], Vec::new()) };
        Arc::new(Published::of(&page, "https://example.com/", &View::of(&page, &Gathered::default()), None))
    }

    fn asking(host: &str) -> HeaderMap {
        [(header::HOST, host.parse().expect("a header"))].into_iter().collect()
    }

    #[test]
    fn a_page_is_found_by_all_its_addresses_until_its_account_shows_others() {
        let mut index = Index::default();
        let theirs = found_by(&["shop"], None);
        index.show(SECOND, vec![Arc::clone(&theirs)], |_| true);
        let before = found_by(&["acme", "acme-inc"], Some("status.example.com"));
        index.show(FIRST, vec![Arc::clone(&before)], |_| true);
        let is =
            |found: Option<Arc<Published>>, page: &Arc<Published>| found.is_some_and(|one| Arc::ptr_eq(&one, page));
        assert!(is(index.by_slug("acme"), &before) && is(index.by_slug("acme-inc"), &before));
        assert!(is(index.by_host(&asking("Status.Example.com:8443")), &before));
        let after = found_by(&["acme"], None);
        assert_eq!(index.show(FIRST, vec![Arc::clone(&after)], |_| true).len(), 1);
        assert!(is(index.by_slug("acme"), &after) && index.by_slug("acme-inc").is_none());
        assert!(index.by_host(&asking("status.example.com")).is_none());
        assert_eq!(index.show(FIRST, Vec::new(), |_| true).len(), 1);
        assert!(index.by_slug("acme").is_none() && is(index.by_slug("shop"), &theirs), "another's stays");
    }

    #[test]
    fn an_address_that_another_account_has_got_is_not_given_back_nor_taken() {
        let mut index = Index::default();
        let (old, new) = (found_by(&["acme"], None), found_by(&["acme"], None));
        index.show(FIRST, vec![Arc::clone(&old)], |_| true);
        index.show(SECOND, vec![Arc::clone(&new)], |_| true);
        let is_new = |index: &Index| index.by_slug("acme").is_some_and(|one| Arc::ptr_eq(&one, &new));
        assert!(is_new(&index));
        index.show(FIRST, vec![old], |slug| slug != "acme");
        assert!(is_new(&index), "who cannot write yet still shows it");
        index.show(FIRST, Vec::new(), |_| true);
        assert!(is_new(&index));
    }
}
