//! Where monitors stand in a list, found out once for each list: nobody sorts or searches a hundred thousand names for one page.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Row;
use crate::model::MonitorId;

/// Places in one list. What it is asked for by name or tag is found out when it is asked for first.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: HashMap<MonitorId, usize>,
    by_name: OnceLock<Vec<usize>>,
    by_tag: OnceLock<HashMap<String, Vec<usize>>>,
}

impl Index {
    /// That of `rows`, which all that follows must be asked with.
    pub(super) fn of(rows: &[Row]) -> Self {
        let places = rows.iter().enumerate().map(|(place, row)| (row.facts.id, place)).collect();
        Self { places, ..Self::default() }
    }

    /// Where a monitor stands.
    pub(super) fn place(&self, id: MonitorId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// All places, in the order of the names there, and of the numbers where names are the same.
    pub(super) fn by_name(&self, rows: &[Row]) -> &[usize] {
        self.by_name.get_or_init(|| {
            let mut places: Vec<usize> = (0..rows.len()).collect();
            places.sort_by_key(|place| (rows[*place].facts.name.as_str(), rows[*place].facts.id));
            places
        })
    }

    /// The places of monitors with `tag`, in their order.
    pub(super) fn tagged(&self, rows: &[Row], tag: &str) -> &[usize] {
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
        by_tag.get(tag).map(Vec::as_slice).unwrap_or_default()
    }
}
