//! What every request asks for, at hand; and who waits for a change of it hears of one.

use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

/// A value that many read and few change.
#[derive(Debug, Default)]
pub(super) struct Announced<T> {
    value: RwLock<T>,
    changed: watch::Sender<()>,
}

impl<T> Announced<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: RwLock::new(value), changed: watch::Sender::default() }
    }

    /// For reading it.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For changing it; who waits hears of it when that is done.
    pub(super) fn write(&self) -> Changing<'_, T> {
        Changing { value: self.note(), _told: Told(&self.changed) }
    }

    /// For changing of it what nobody waits for.
    pub(super) fn note(&self) -> RwLockWriteGuard<'_, T> {
        self.value.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says when it was changed.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

/// The value while it is changed. The lock goes before who waits is told.
pub(super) struct Changing<'w, T> {
    value: RwLockWriteGuard<'w, T>,
    _told: Told<'w>,
}

impl<T> Deref for Changing<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Changing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Tells who waits, at its end.
struct Told<'w>(&'w watch::Sender<()>);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_hears_of_a_change_and_not_of_a_note() {
        let announced = Announced::new(1);
        let changes = announced.changes();
        *announced.note() += 1;
        assert!(!changes.has_changed().expect("it is there"));
        *announced.write() += 1;
        assert!(changes.has_changed().expect("it is there"));
        assert_eq!(*announced.read(), 3);
    }
}
