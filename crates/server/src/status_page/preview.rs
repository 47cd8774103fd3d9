//! A page as it would be, before anybody keeps it: complete in itself, for a frame of the console, and forgotten soon.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use allswell_monitor::status_page::Page;
use allswell_monitor::store::StoreError;
use hmac::Mac as _;

use super::access::hex;
use super::view::View;
use super::{Press, gather, render};

/// So many previews are known; older ones are forgotten.
const KNOWN: usize = 32;

/// What a browser lets a preview do: be seen in a frame of our own pages, without links, forms or scripts.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                                 form-action 'none'; frame-ancestors 'self'; sandbox";

/// The newest previews.
#[derive(Debug, Default)]
pub(super) struct Previews {
    known: VecDeque<(String, Arc<str>)>,
    /// How many there have been.
    count: u64,
}

/// A preview: what it is called, which nobody can guess, and the page.
#[derive(Debug)]
pub(crate) struct Preview {
    pub(crate) id: String,
    pub(crate) html: Arc<str>,
}

impl Press {
    /// Writes `page` as it would be now, and knows it for a while.
    pub(crate) async fn preview(&self, page: Page) -> Result<Preview, StoreError> {
        let pages = self.settings(&[page]);
        let now = self.pages.clock.now().wall;
        let mut gathered = gather::gather(&*self.store, &pages, &gather::Responses::new(), now).await?;
        gathered.planned = self.bulletin.planned();
        let html: Arc<str> = render::preview(&pages[0], &View::of(&pages[0], &gathered)).into();
        let mut previews = self.previews.lock().unwrap_or_else(PoisonError::into_inner);
        previews.count += 1;
        let named = self.pages.door.key().mac(&["preview", &now.ms().to_string(), &previews.count.to_string()]);
        let id = hex(&named.finalize().into_bytes());
        previews.known.truncate(KNOWN - 1);
        previews.known.push_front((id.clone(), Arc::clone(&html)));
        Ok(Preview { id, html })
    }

    /// A preview that was written a while ago.
    pub(crate) fn previewed(&self, id: &str) -> Option<Arc<str>> {
        let previews = self.previews.lock().unwrap_or_else(PoisonError::into_inner);
        previews.known.iter().find(|(known, _)| known == id).map(|(_, html)| Arc::clone(html))
    }
}
