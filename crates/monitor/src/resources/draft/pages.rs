//! Status pages among the edits.

use super::{Draft, Edit, Finished, Outcome, Refused, called, whole};
use crate::config::{Author, FORMERLY_MAX, Spec, StatusPageConfig, resource};
use crate::resources::model::{Held, HeldPage};
use crate::resources::plan;
use crate::status_page::Page;
use crate::store::{Owner, ResourceKind, ResourceWrite};

/// The most status pages of the first account: each is kept in memory, as it is sent.
const PAGES_MAX: usize = 200;
/// The most of any other.
const PAGES_OF_OTHERS_MAX: usize = 20;

impl Draft<'_> {
    pub(super) fn take_page(&mut self, edit: Edit) -> Result<Outcome, Refused> {
        let kind = edit.kind;
        let find = |draft: &Self, slug: &str| draft.page(slug).cloned();
        let before = self.before(kind, edit.name.as_deref(), edit.expected, find)?;
        let Some(given) = edit.given else {
            let name = edit.name.unwrap_or_default();
            self.pages.insert(name.clone(), None);
            self.writes.push(ResourceWrite::Delete { kind, name: name.clone() });
            return Ok(Outcome { kind, name, revision: 0 });
        };
        let old = before.as_ref().map(|held| held.spec.spec());
        let mut spec = whole(given, old.as_ref(), resource::meant_status_page);
        if let (Some(slug), None) = (&edit.name, spec.get("slug")) {
            spec.set("slug", Spec::Text(slug.clone()));
        }
        let read = self.read_page(&spec, &edit.name)?;
        let name = read.page.slug.clone();
        let old_name = edit.name.clone().or_else(|| self.page_meant_by(&read.page)).filter(|old| *old != name);
        let before = match &old_name {
            Some(_) if self.page(&name).is_some() => return Err(Refused::taken(kind, &name)),
            Some(old) => before.or_else(|| self.page(old).cloned()),
            None => before,
        };
        let (before, owner) = self.owned(kind, &name, before, edit.owner, find)?;
        let most = if self.model.author == Author::Guest { PAGES_OF_OTHERS_MAX } else { PAGES_MAX };
        if before.is_none() && self.all_pages().count() >= most {
            return Err(Refused::conflict(format!("there are {most} status pages already"), "delete one first"));
        }
        let known = self.remembered(&spec, &read.page, before.as_ref(), old_name.as_deref());
        let read = match known {
            Some(formerly) => {
                spec.set("formerly", Spec::List(formerly.into_iter().map(Spec::Text).collect()));
                self.read_page(&spec, &edit.name)?
            }
            None => read,
        };
        let is_same = |held: &HeldPage| held.spec == read.spec && held.owner == owner && held.config.is_some();
        if let Some(held) = before.filter(|held| old_name.is_none() && is_same(held)) {
            return Ok(Outcome { kind, name, revision: held.revision });
        }
        if let Some(old) = &old_name {
            self.pages.insert(old.clone(), None);
        }
        self.put_page(name.clone(), old_name, owner, read);
        Ok(Outcome { kind, name, revision: 0 })
    }

    pub(super) fn put_page(&mut self, name: String, before: Option<String>, owner: Owner, read: StatusPageConfig) {
        let spec = read.spec.as_str().to_owned();
        self.writes.push(ResourceWrite::Put {
            kind: ResourceKind::StatusPage,
            name: name.clone(),
            before,
            owner,
            spec,
        });
        self.pages.insert(name, Some(Held::new(owner, 0, read.spec, Some(read.page))));
    }

    fn read_page(&self, spec: &Spec, name: &Option<String>) -> Result<StatusPageConfig, Refused> {
        // Whether others have its addresses is seen when all edits are taken: two may change theirs.
        resource::status_page(spec, self.model.author, self.model.host(), [], Some(&self.covered())).map_err(
            |problems| {
                let written = name.clone().or_else(|| spec.text("slug").map(str::to_owned));
                Refused::wrong(self.subject(ResourceKind::StatusPage, &written), problems)
            },
        )
    }

    /// The page that a new one says it was before, when it may be meant.
    fn page_meant_by(&self, page: &Page) -> Option<String> {
        let is_new = self.page(&page.slug).is_none();
        let mut was = page.formerly.iter().rev().filter(|_| is_new);
        was.find(|slug| self.page(slug).is_some_and(|held| held.owner != Owner::File)).cloned()
    }

    /// The former slugs of a page from now on, where they are others than it says itself: what is known stays unless it is written
    /// anew, and a new slug leaves the old one behind. What was lost to another account is left out: such a page was set aside.
    fn remembered(
        &self,
        spec: &Spec,
        page: &Page,
        before: Option<&HeldPage>,
        old_name: Option<&str>,
    ) -> Option<Vec<String>> {
        // As it is written: one that is set aside was not read.
        let known = before.map(|held| plan::formerly(&held.spec.spec())).unwrap_or_default();
        let is_lost = |slug: &String| {
            let is_known = old_name == Some(slug) || known.contains(slug);
            is_known && self.addresses.taken([slug.as_str()]).is_some()
        };
        let mut formerly = if spec.get("formerly").is_some() { page.formerly.clone() } else { known.clone() };
        if let Some(old) = old_name.filter(|old| !formerly.iter().any(|slug| slug == old)) {
            formerly.push(old.to_owned());
        }
        formerly.retain(|slug| !is_lost(slug));
        if formerly.len() > FORMERLY_MAX {
            // The first is the one by which its subscribers know it.
            formerly.remove(1);
        }
        (formerly != page.formerly).then_some(formerly)
    }

    /// Refuses pages that lead to where another one is.
    pub(super) fn pages_hold(&self) -> Result<(), Refused> {
        for page in self.pages.values().flatten().filter_map(|held| held.config.as_ref()) {
            let others =
                || self.all_pages().filter_map(|held| held.config.as_ref()).filter(|one| one.slug != page.slug);
            if let Some(other) = others().find(|one| page.domain.is_some() && one.domain == page.domain) {
                let host = page.domain.as_deref().unwrap_or_default();
                return Err(taken(other, &format!("at `{host}`"), "domain"));
            }
            let is_met = |slug: &&str, one: &Page| one.slugs().any(|other| other == *slug);
            let met = page.slugs().find_map(|slug| Some((slug, others().find(|one| is_met(&slug, one))?)));
            if let Some((slug, other)) = met {
                let key = if slug == page.slug { "slug" } else { "formerly" };
                return Err(taken(other, &format!("at `/s/{slug}/`"), key));
            }
        }
        Ok(())
    }

    pub(super) fn page(&self, slug: &str) -> Option<&HeldPage> {
        match self.pages.get(slug) {
            Some(edited) => edited.as_ref(),
            None => self.model.pages.get(slug),
        }
    }

    /// All pages after the edits.
    pub(super) fn all_pages(&self) -> impl Iterator<Item = &HeldPage> {
        let stay = self.model.pages.iter().filter(|(slug, _)| !self.pages.contains_key(*slug));
        stay.map(|(_, held)| held).chain(self.pages.values().flatten())
    }
}

impl Finished {
    /// The slugs of all pages that are written.
    pub(in crate::resources) fn slugs(&self) -> impl Iterator<Item = &str> + Clone {
        self.written_pages().flat_map(Page::slugs)
    }

    /// What is said when another account has `slug`.
    pub(in crate::resources) fn address_taken(&self, slug: &str) -> Refused {
        let key = if self.written_pages().any(|page| page.slug == slug) { "slug" } else { "formerly" };
        Refused::AddressTaken { slug: slug.to_owned(), key }
    }

    fn written_pages(&self) -> impl Iterator<Item = &Page> + Clone {
        self.pages.values().flatten().filter_map(|held| held.config.as_ref())
    }
}

fn taken(other: &Page, place: &str, key: &'static str) -> Refused {
    Refused::Taken { what: format!("{} {place}", called(ResourceKind::StatusPage, &other.slug)), key }
}
