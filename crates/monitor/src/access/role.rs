//! What the people of an account may do.

use std::fmt;

use super::{Scope, Scopes};

/// What who asks must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// What a key with this scope may do.
    Scope(Scope),
    /// Say who else may do what: an owner's right, and that of a key that may write.
    Owner,
}

impl Need {
    /// The scope that a key needs for it.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Scope(scope) => scope,
            Self::Owner => Scope::Write,
        }
    }

    /// Whether a key with `scopes` has what is needed.
    pub const fn is_met_by(self, scopes: Scopes) -> bool {
        scopes.allow(self.scope())
    }
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// See everything but keys and users.
    Viewer,
    /// See and change everything but keys and users.
    Editor,
    /// Do everything.
    Owner,
}

impl Role {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Owner];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether who has it may do what needs `need`.
    pub const fn allows(self, need: Need) -> bool {
        match (self, need) {
            (Self::Owner, _) | (Self::Editor, Need::Scope(_)) | (Self::Viewer, Need::Scope(Scope::Read)) => true,
            (Self::Editor, Need::Owner) | (Self::Viewer, _) => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_see_editors_change_and_owners_say_who_may() {
        let needs = [Need::Scope(Scope::Heartbeat), Need::Scope(Scope::Read), Need::Scope(Scope::Write), Need::Owner];
        let table = Role::ALL.map(|role| needs.map(|need| role.allows(need)));
        assert_eq!(table, [[false, true, false, false], [true, true, true, false], [true, true, true, true]]);
    }

    #[test]
    fn words_come_back_as_they_went() {
        assert!(Role::ALL.iter().all(|role| Role::from_word(role.as_str()) == Some(*role)));
        assert_eq!(Role::from_word("admin"), None);
    }
}
