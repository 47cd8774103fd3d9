//! Mails that some recipients have and others were put off with, so that nobody is told twice while the relay lives.
//!
//! Kept in memory: after a crash those who have it may get it again, under the same Message-ID.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So often a mail is brought again to those who were put off while others took it: about half an hour, which is longer
/// than greylisting. The next message about the incident waits behind this one.
pub(super) const TRIES_MAX: u32 = 12;
/// So many such mails are remembered.
const MAILS_MAX: usize = 256;

/// Who has which mail already. Recipients are named by their place in the settings.
#[derive(Debug, Default)]
pub(super) struct HalfTaken(Mutex<VecDeque<Mail>>);

#[derive(Debug)]
struct Mail {
    key: String,
    took: BTreeSet<usize>,
    tries: u32,
}

impl HalfTaken {
    /// Who took the mail with this key before.
    pub fn took(&self, key: &str) -> BTreeSet<usize> {
        self.mails().iter().find(|mail| mail.key == key).map(|mail| mail.took.clone()).unwrap_or_default()
    }

    /// Remembers that `taken` have it now. Gives how many have it, and how often it was brought.
    pub fn note(&self, key: &str, taken: &[usize]) -> (usize, u32) {
        let mut mails = self.mails();
        let known = mails.iter().position(|mail| mail.key == key).and_then(|index| mails.remove(index));
        let mut mail = known.unwrap_or(Mail { key: key.to_owned(), took: BTreeSet::new(), tries: 0 });
        mail.took.extend(taken);
        mail.tries += 1;
        let noted = (mail.took.len(), mail.tries);
        mails.push_back(mail);
        if mails.len() > MAILS_MAX {
            mails.pop_front();
        }
        noted
    }

    /// The mail needs no more tries.
    pub fn forget(&self, key: &str) {
        self.mails().retain(|mail| mail.key != key);
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<Mail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
