//! What a change of status means for the people who are to be told.

use crate::check::{Status, Transition};
use crate::outcome::Reason;

/// What an open incident is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The target does not do its job.
    Down,
    /// It works, with less than all its parts or too slowly.
    Degraded,
    /// It works, but its certificate ends soon.
    Certificate,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Down, Self::Degraded, Self::Certificate];

    /// The word used in JSON, databases and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Certificate => "certificate",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a transition does to the monitor's incident. Each one is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new incident begins.
    Open(Kind),
    /// The open incident is now about something else: it got worse, or only partly better.
    Turn(Kind),
    /// The open incident ends.
    Close,
}

/// Says what `transition`, caused by `reason`, does to the incident that is `open`.
///
/// `None` means nothing to tell: the status became known for the first time and is well, or turned unknown, which is ours.
#[must_use = "a change is told to people"]
pub fn follow(open: Option<Kind>, transition: &Transition, reason: Option<Reason>) -> Option<Change> {
    let kind = match transition.to {
        Status::Unknown => return None,
        Status::Up => return open.map(|_| Change::Close),
        Status::Down => Kind::Down,
        Status::Degraded if reason == Some(Reason::CertificateExpiring) => Kind::Certificate,
        Status::Degraded => Kind::Degraded,
    };
    match open {
        None => Some(Change::Open(kind)),
        Some(before) if before == kind => None,
        Some(_) => Some(Change::Turn(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Wall;

    fn check(open: Option<Kind>, from: Status, to: Status, reason: Option<Reason>, expected: Option<Change>) {
        let transition = Transition { from, to, began: Wall::default(), at: Wall::default() };
        assert_eq!(follow(open, &transition, reason), expected, "{open:?} {from:?} -> {to:?}");
    }

    #[test]
    fn each_change_is_told_once() {
        use Status::{Degraded, Down, Unknown, Up};
        check(None, Unknown, Up, None, None);
        check(None, Unknown, Down, Some(Reason::Status), Some(Change::Open(Kind::Down)));
        check(None, Up, Degraded, Some(Reason::Slow), Some(Change::Open(Kind::Degraded)));
        let certificate = Some(Reason::CertificateExpiring);
        check(None, Up, Degraded, certificate, Some(Change::Open(Kind::Certificate)));
        check(Some(Kind::Certificate), Degraded, Down, Some(Reason::TlsExpired), Some(Change::Turn(Kind::Down)));
        check(Some(Kind::Down), Down, Degraded, Some(Reason::Slow), Some(Change::Turn(Kind::Degraded)));
        check(Some(Kind::Down), Down, Up, None, Some(Change::Close));
    }

    #[test]
    fn our_own_blindness_tells_nobody_anything() {
        check(None, Status::Up, Status::Unknown, Some(Reason::OwnNetwork), None);
        check(Some(Kind::Down), Status::Down, Status::Unknown, Some(Reason::OwnNetwork), None);
        check(Some(Kind::Down), Status::Unknown, Status::Down, Some(Reason::Status), None);
        check(None, Status::Unknown, Status::Up, None, None);
    }
}
