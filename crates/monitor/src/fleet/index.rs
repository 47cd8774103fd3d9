//! What is found out once for each list: nobody sorts or searches a hundred thousand monitors for one page.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::OnceLock;

use super::order::Spot;
use super::texts::Texts;
use super::{Cursor, Order, Row};
use crate::model::MonitorId;

/// Of how many monitors that are gone it is known where they stood, the last ones.
const GONE: usize = 100_000;

/// Where monitors stand in one list. What is asked for first is found out then; all must be asked with the rows it is of.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: HashMap<MonitorId, usize>,
    /// Monitors that are gone, the first ones first, each with the place of what came behind it.
    gone: Vec<(MonitorId, usize)>,
    /// By the number of the order; the list itself is the first one, and nothing is kept for it.
    ordered: [OnceLock<Ordered>; Order::ALL.len()],
    by_tag: OnceLock<HashMap<String, Vec<usize>>>,
    names: OnceLock<Texts>,
    texts: OnceLock<Texts>,
}

/// All places in an order.
type Ordered = BTreeMap<Cursor, usize>;

impl Index {
    /// That of `rows`.
    pub(super) fn of(rows: &[Row]) -> Self {
        let places = rows.iter().enumerate().map(|(place, row)| (row.facts.id, place)).collect();
        Self { places, ..Self::default() }
    }

    /// Becomes that of `rows`, the list that follows the one it is of.
    pub(super) fn renew(&mut self, rows: &[Row]) {
        let next = Self::of(rows);
        let gone = self.gone_in(&next);
        *self = Self { gone, ..next };
    }

    /// Who is gone once the list is the one of `next`.
    fn gone_in(&self, next: &Self) -> Vec<(MonitorId, usize)> {
        let mut listed = vec![MonitorId(0); self.places.len()];
        for (id, place) in &self.places {
            listed[*place] = *id;
        }
        // By the old place: behind the last one before it that is still there, so that what is new there is not passed over.
        let mut moved = vec![0];
        for (place, id) in listed.iter().enumerate() {
            moved.push(next.place(*id).map_or(moved[place], |place| place + 1));
        }
        let before = self.gone.iter().map(|(id, place)| (*id, moved[*place]));
        let new = listed.iter().zip(&moved).filter(|(id, _)| next.place(**id).is_none());
        let mut gone: Vec<_> = before.chain(new.map(|(id, place)| (*id, *place))).collect();
        gone.drain(..gone.len().saturating_sub(GONE));
        gone
    }

    /// Where a monitor stands.
    pub(super) fn place(&self, id: MonitorId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// Does `work` on the row at `place`, which moves in the orders that follow what is true of rows.
    pub(super) fn change(&mut self, rows: &mut [Row], place: usize, work: impl FnOnce(&mut Row)) {
        let followed = [Order::Trouble, Order::Slow];
        let row = &mut rows[place];
        let before = followed.map(|order| Cursor::of(order, place, row));
        work(row);
        for (order, before) in followed.into_iter().zip(before) {
            let after = Cursor::of(order, place, row);
            let Some(ordered) = self.ordered[order as usize].get_mut().filter(|_| after != before) else { continue };
            ordered.remove(&before);
            ordered.insert(after, place);
        }
    }

    /// The places in `order`, behind `after` where a page ended there.
    pub(super) fn walk<'a>(
        &'a self,
        rows: &'a [Row],
        order: Order,
        after: Option<&Cursor>,
    ) -> Box<dyn Iterator<Item = usize> + 'a> {
        if order == Order::Configured {
            return Box::new(after.map_or(0, |cursor| self.behind(cursor, rows))..rows.len());
        }
        let all = || rows.iter().enumerate().map(|(place, row)| (Cursor::of(order, place, row), place)).collect();
        let ordered = self.ordered[order as usize].get_or_init(all);
        let begin = after.map_or(Bound::Unbounded, |cursor| Bound::Excluded(cursor.clone()));
        Box::new(ordered.range((begin, Bound::Unbounded)).map(|(_, place)| *place))
    }

    /// Of each of `rows`, whether name, target, group or tags have `text`, which is in small letters.
    pub(super) fn with_text(&self, rows: &[Row], text: &str) -> Vec<bool> {
        let all = |row: &Row| {
            let facts = &row.facts;
            let group = facts.group.as_deref().unwrap_or_default();
            [&facts.name, &facts.target, group, &facts.tags.join("\n")].join("\n").to_lowercase()
        };
        self.texts.get_or_init(|| rows.iter().map(all).collect()).with(text)
    }

    /// Of each of `rows`, whether the name has `text`, which is in small letters.
    pub(super) fn with_name(&self, rows: &[Row], text: &str) -> Vec<bool> {
        self.names.get_or_init(|| rows.iter().map(|row| row.facts.name.to_lowercase()).collect()).with(text)
    }

    /// Of each of `rows`, whether it has `tag`.
    pub(super) fn tagged(&self, rows: &[Row], tag: &str) -> Vec<bool> {
        let by_tag = self.by_tag.get_or_init(|| {
            let mut by_tag: HashMap<String, Vec<usize>> = HashMap::new();
            for (place, row) in rows.iter().enumerate() {
                for tag in &row.facts.tags {
                    match by_tag.get_mut(tag) {
                        Some(places) => places.push(place),
                        None => drop(by_tag.insert(tag.clone(), vec![place])),
                    }
                }
            }
            by_tag
        });
        let mut tagged = vec![false; rows.len()];
        for place in by_tag.get(tag).into_iter().flatten() {
            tagged[*place] = true;
        }
        tagged
    }

    /// The place behind a cursor of the list itself.
    fn behind(&self, cursor: &Cursor, rows: &[Row]) -> usize {
        let Spot::Configured(stood) = cursor.at else { return 0 };
        if let Some(place) = self.place(cursor.id) {
            return place + 1;
        }
        if let Some((_, place)) = self.gone.iter().rfind(|(id, _)| *id == cursor.id) {
            return *place;
        }
        // It went before this process began, and others may have gone with it. Most lists are in the order of the numbers.
        let mut before = rows[..stood.min(rows.len())].iter();
        before.rposition(|row| row.facts.id < cursor.id).map_or(0, |place| place + 1)
    }
}
