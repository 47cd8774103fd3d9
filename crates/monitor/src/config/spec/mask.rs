//! Which values of a [`Spec`] are never given back, and how a value that was masked finds its way home.

use super::super::keys::channels::block_of;
use super::super::keys::{Block, Kind};
use super::super::source::without_url_secrets;
use super::Spec;

/// What stands in place of a secret.
pub(in super::super) const MASK: &str = "***";

/// The words before a credential in a header. They are no secret.
const SCHEMES: [&str; 4] = ["Bearer ", "bearer ", "Basic ", "Token "];

impl Spec {
    /// The same with each secret as `***`: values of keys that take secrets, passwords inside of URLs. References like
    /// `${env:NAME}` stay, they are none.
    pub(in super::super) fn masked(&self, block: &Block) -> Self {
        let Self::Block(entries) = self else { return self.clone() };
        let masked = entries.iter().map(|(key, value)| match block.key(key) {
            Some(known) => (key.clone(), value.masked_as(&known.kind)),
            None => (key.clone(), Self::Text(MASK.to_owned())),
        });
        Self::Block(masked.collect())
    }

    fn masked_as(&self, kind: &Kind) -> Self {
        match (self, kind) {
            (Self::Text(text), Kind::Secret { .. }) if !is_reference(text) => Self::Text(MASK.to_owned()),
            (Self::Text(text), Kind::Secret { .. }) => Self::Text(text.clone()),
            (Self::Text(text), _) if text.contains("://") => Self::Text(without_url_secrets(text)),
            (Self::List(items), Kind::List { of, .. }) => {
                Self::List(items.iter().map(|item| item.masked_as(of)).collect())
            }
            (Self::Block(entries), Kind::Names { of, .. }) => {
                Self::Block(entries.iter().map(|(key, value)| (key.clone(), value.masked_as(of))).collect())
            }
            (Self::Block(_), Kind::Block(block)) => self.masked(block),
            (Self::Block(_), Kind::Channel) => match block_of(self.text("type").unwrap_or_default()) {
                Some(block) => self.masked(block),
                None => Self::Text(MASK.to_owned()),
            },
            _ => self.clone(),
        }
    }

    /// Puts what `old` has wherever this says just what `old` looks like when it is masked.
    pub(in super::super) fn unmasked(self, old: &Self, block: &Block) -> Self {
        self.restored(&old.masked(block), old)
    }

    fn restored(self, shown: &Self, old: &Self) -> Self {
        match (self, shown, old) {
            (Self::Text(text), Self::Text(shown), Self::Text(old)) if text == *shown => Self::Text(old.clone()),
            (Self::List(items), Self::List(shown), Self::List(old)) => {
                let items = items.into_iter().enumerate();
                Self::List(
                    items
                        .map(|(index, item)| match (shown.get(index), old.get(index)) {
                            (Some(shown), Some(old)) => item.restored(shown, old),
                            _ => item,
                        })
                        .collect(),
                )
            }
            (Self::Block(entries), shown @ Self::Block(_), old @ Self::Block(_)) => {
                let entries = entries.into_iter().map(|(key, value)| match (shown.get(&key), old.get(&key)) {
                    (Some(shown), Some(old)) => {
                        let value = value.restored(shown, old);
                        (key, value)
                    }
                    _ => (key, value),
                });
                Self::Block(entries.collect())
            }
            (given, ..) => given,
        }
    }
}

/// Whether a text is one reference, or one behind the name of a scheme, and holds nothing secret itself.
fn is_reference(text: &str) -> bool {
    let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    rest.starts_with("${") && rest.find('}') == Some(rest.len() - 1)
}
