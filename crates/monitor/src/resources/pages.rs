//! Status pages among the resources: shown, and read without being kept.

use super::model::{HeldPage, Model};
use super::{Refused, Resources, Shown};
use crate::config::{Spec, resource};
use crate::status_page::Page;

/// A status page for those who may read how it is configured.
#[derive(Clone)]
pub struct ShownPage {
    /// How it is configured.
    pub shown: Shown,
    /// What it is; `None` when it is not in force.
    pub page: Option<Page>,
    /// The monitors that it names and that are not there.
    pub missing: Vec<String>,
}

impl Resources {
    /// A status page by its slug.
    pub fn status_page(&self, slug: &str) -> Option<ShownPage> {
        let model = self.model();
        Some(shown(&model, slug, model.pages.get(slug)?))
    }

    /// All status pages, by slug.
    pub fn status_pages(&self) -> Vec<ShownPage> {
        let model = self.model();
        model.pages.iter().map(|(slug, held)| shown(&model, slug, held)).collect()
    }

    /// Reads a page that is not kept. What it does not say of its slug does not matter; a mask stands for what the page
    /// called `like` has.
    ///
    /// # Errors
    /// [`Refused`] with all that is wrong with it.
    pub fn read_page(&self, spec: Spec, like: Option<&str>) -> Result<Page, Refused> {
        let model = self.model();
        let mut spec = match like.and_then(|slug| model.pages.get(slug)) {
            Some(held) => resource::meant_status_page(spec, &held.spec.spec()),
            None => spec,
        };
        if spec.get("slug").is_none() {
            spec.set("slug", Spec::Text(like.unwrap_or("page").to_owned()));
        }
        let covered = super::draft::covered(model.monitors.iter());
        let read = resource::status_page(&spec, model.author, model.host(), [], Some(&covered));
        read.map(|config| config.page).map_err(|problems| Refused::wrong("the status page", problems))
    }
}

fn shown(model: &Model, slug: &str, held: &HeldPage) -> ShownPage {
    let components = held.config.iter().flat_map(|page| &page.sections).flat_map(|section| &section.components);
    let missing = components.filter(|one| !model.monitors.contains_key(&one.monitor)).map(|one| one.monitor.clone());
    ShownPage {
        shown: model.shown(slug, held, resource::shown_status_page(&held.spec.spec())),
        missing: missing.collect(),
        page: held.config.clone(),
    }
}
