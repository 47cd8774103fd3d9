//! Rows that are found by the text that somebody shows, and by their number.

use std::collections::HashMap;

use super::Digest;
use crate::store::{KeyRow, SessionRow};

/// A row for which a text is shown.
pub(super) trait Shown {
    /// Its number, which no other has.
    fn id(&self) -> i64;
    /// What is known of the text, which no other has.
    fn digest(&self) -> Digest;
}

impl Shown for KeyRow {
    fn id(&self) -> i64 {
        self.id
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}

impl Shown for SessionRow {
    fn id(&self) -> i64 {
        self.id
    }

    fn digest(&self) -> Digest {
        self.session.digest
    }
}

/// Such rows; each is found without looking at the others.
#[derive(Debug)]
pub(super) struct Rows<R> {
    rows: HashMap<Digest, R>,
    digests: HashMap<i64, Digest>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { rows: HashMap::new(), digests: HashMap::new() }
    }
}

impl<R: Shown> Rows<R> {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &R> {
        self.rows.values()
    }

    pub(super) fn by_id(&self, id: i64) -> Option<&R> {
        self.rows.get(self.digests.get(&id)?)
    }

    pub(super) fn by_digest(&self, digest: Digest) -> Option<&R> {
        self.rows.get(&digest)
    }

    pub(super) fn by_digest_mut(&mut self, digest: Digest) -> Option<&mut R> {
        self.rows.get_mut(&digest)
    }

    /// Puts a row in, in the place of what it was before.
    pub(super) fn put(&mut self, row: R) {
        self.digests.insert(row.id(), row.digest());
        self.rows.insert(row.digest(), row);
    }

    /// Takes those out of which `stays` says no.
    pub(super) fn retain(&mut self, stays: impl Fn(&R) -> bool) {
        let digests = &mut self.digests;
        self.rows.retain(|_, row| {
            let stays = stays(row);
            if !stays {
                digests.remove(&row.id());
            }
            stays
        });
    }
}

impl<R: Shown> Extend<R> for Rows<R> {
    fn extend<I: IntoIterator<Item = R>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.put(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Row(i64, &'static str, u8);

    impl Shown for Row {
        fn id(&self) -> i64 {
            self.0
        }

        fn digest(&self) -> Digest {
            Digest::of(self.1)
        }
    }

    #[test]
    fn a_row_is_found_by_either_until_it_is_taken_out() {
        let mut rows = Rows::default();
        rows.extend([Row(1, "a", 0), Row(2, "b", 0), Row(3, "c", 0)]);
        rows.put(Row(2, "b", 9));
        let (by_id, by_text) = (rows.by_id(2), rows.by_digest(Digest::of("b")));
        assert_eq!((by_id, by_text, rows.all().count()), (Some(&Row(2, "b", 9)), Some(&Row(2, "b", 9)), 3));
        rows.retain(|row| row.2 == 9);
        assert_eq!((rows.by_id(1), rows.by_digest(Digest::of("c")), rows.all().count()), (None, None, 1));
        assert_eq!(rows.by_id(2), Some(&Row(2, "b", 9)));
    }
}
