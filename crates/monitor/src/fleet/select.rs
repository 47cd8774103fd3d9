//! Which monitors, in which order, and which page of them.

use allswell_core::Wall;

use super::{Cursor, Filter, Index, Order, Row};

/// A page of what is looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// What a row must be.
    pub filter: Filter,
    /// What comes first.
    pub order: Order,
    /// Where the page before this one ended.
    pub after: Option<Cursor>,
    /// How many are left out at the beginning.
    pub offset: usize,
    /// How many there are at most; `None` for all.
    pub limit: Option<usize>,
}

/// Rows of a page, and what is known of those that are not on it.
pub(super) struct Page<'a> {
    pub(super) rows: Vec<&'a Row>,
    /// How many rows the filter let through.
    pub(super) matched: usize,
    /// Where the next page goes on; `None` when there is none.
    pub(super) next: Option<Cursor>,
}

impl Selection {
    /// The page of `rows`, whose index this is, as they are `now`.
    pub(super) fn choose<'a>(&self, rows: &'a [Row], index: &Index, now: Wall) -> Page<'a> {
        let fitting = self.filter.sift(rows, index, now);
        let fits = |place: &usize| fitting.as_ref().is_none_or(|fitting| fitting[*place]);
        let mut places = index.walk(rows, self.order, self.after.as_ref()).filter(fits).skip(self.offset);
        let page: Vec<usize> = places.by_ref().take(self.limit.unwrap_or(usize::MAX)).collect();
        let last = page.last().filter(|_| places.next().is_some());
        Page {
            matched: fitting.as_ref().map_or(rows.len(), |fitting| fitting.iter().filter(|fits| **fits).count()),
            next: last.map(|place| Cursor::of(self.order, *place, &rows[*place])),
            rows: page.into_iter().map(|place| &rows[place]).collect(),
        }
    }
}
