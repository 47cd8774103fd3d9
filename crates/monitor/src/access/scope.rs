//! What a key is good for.

use std::fmt;

/// One thing that a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Call heartbeats and list their addresses.
    Heartbeat,
    /// See everything.
    Read,
    /// See and change everything, keys included.
    Write,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Heartbeat, Self::Read, Self::Write];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The scopes of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// These.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8))
    }

    /// Whether a key with these may do what needs `scope`: who may write may do all.
    pub const fn allow(self, scope: Scope) -> bool {
        self.0 & (1 << Scope::Write as u8) != 0 || self.0 & (1 << scope as u8) != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words, in a fixed order.
    pub fn words(self) -> Vec<&'static str> {
        let has = |scope: &Scope| self.0 & (1 << *scope as u8) != 0;
        Scope::ALL.into_iter().filter(has).map(Scope::as_str).collect()
    }

    /// Reads words separated by spaces; `None` when one is unknown.
    pub fn from_words(words: &str) -> Option<Self> {
        let scopes: Option<Vec<_>> = words.split_whitespace().map(Scope::from_word).collect();
        scopes.map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_write_may_do_all_and_the_others_what_they_say() {
        let table = Scope::ALL.map(|held| Scope::ALL.map(|needed| Scopes::of([held]).allow(needed)));
        assert_eq!(table, [[true, false, false], [false, true, false], [true, true, true]]);
        assert!(Scope::ALL.iter().all(|needed| !Scopes::default().allow(*needed)));
    }

    #[test]
    fn words_come_back_as_they_went() {
        for scopes in [Scopes::of([Scope::Read]), Scopes::of(Scope::ALL), Scopes::default()] {
            assert_eq!(Scopes::from_words(&scopes.words().join(" ")), Some(scopes));
        }
        assert_eq!(Scopes::from_words("read all"), None);
    }
}
