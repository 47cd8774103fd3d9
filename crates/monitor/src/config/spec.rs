//! A resource as it is written: the keys of a configuration with their values, references unresolved, order kept.
//!
//! The one form between YAML, JSON and the store. What the keys mean is decided by `read`; here is only their shape, and
//! which of them may be shown.

mod json;
mod mask;
mod yaml;

pub(super) use mask::MASK;

use super::keys::channels::block_of;
use super::keys::{Block, Kind};
use super::source::Span;
use super::tree::{Entry, Node, Scalar, Value};

/// A value of a resource as it is written. Holds secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum Spec {
    /// Nothing: `null`.
    Nothing,
    /// `true` or `false`.
    Flag(bool),
    /// A number as it is written.
    Number(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Spec>),
    /// Keys with their values, each key once.
    Block(Vec<(String, Spec)>),
}

impl std::fmt::Debug for Spec {
    /// Says nothing of it: it holds secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spec(***)")
    }
}

/// What lies at each place of a tree that was made out of a [`Spec`]: a JSON pointer (RFC 6901) for each span.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<String>);

impl Places {
    fn take(&mut self, pointer: &str) -> Span {
        self.0.push(pointer.to_owned());
        Span { start: self.0.len() - 1, end: self.0.len() }
    }

    /// The pointer to what stands at `span`.
    pub(super) fn pointer(&self, span: Span) -> &str {
        self.0.get(span.start).map_or("", String::as_str)
    }
}

impl Spec {
    /// An empty block.
    pub const fn empty() -> Self {
        Self::Block(Vec::new())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Block(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        if let Some(Self::Text(text)) = self.get(key) { Some(text) } else { None }
    }

    /// The text that it is.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Puts a key in place of the one that is there, or at the end.
    pub fn set(&mut self, key: &str, value: Self) {
        let Self::Block(entries) = self else { return };
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => entries.push((key.to_owned(), value)),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Self> {
        let Self::Block(entries) = self else { return None };
        let at = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(at).1)
    }

    /// Changes it as a JSON merge patch says (RFC 7396): `null` takes a key out, blocks are merged, all else is replaced.
    pub fn patch(&mut self, patch: Self) {
        let Self::Block(changes) = patch else {
            *self = patch;
            return;
        };
        if !matches!(self, Self::Block(_)) {
            *self = Self::empty();
        }
        for (key, change) in changes {
            if change == Self::Nothing {
                self.remove(&key);
            } else {
                let mut value = self.remove_in_place(&key);
                value.patch(change);
                self.set(&key, value);
            }
        }
    }

    /// Takes the value of a key and leaves its place, so that an order once written stays.
    fn remove_in_place(&mut self, key: &str) -> Self {
        let Self::Block(entries) = self else { return Self::Nothing };
        let value = entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value);
        value.map_or(Self::Nothing, |value| std::mem::replace(value, Self::Nothing))
    }

    /// The tree that the reader of configurations reads.
    pub(super) fn node(&self, pointer: &str, places: &mut Places) -> Node {
        let span = places.take(pointer);
        let plain = |text: String| Value::Scalar(Scalar { text, plain: true });
        let value = match self {
            Self::Nothing => plain(String::new()),
            Self::Flag(flag) => plain(flag.to_string()),
            Self::Number(number) => plain(number.clone()),
            Self::Text(text) => Value::Scalar(Scalar { text: text.clone(), plain: false }),
            Self::List(items) => {
                let items = items.iter().enumerate();
                Value::List(items.map(|(index, item)| item.node(&format!("{pointer}/{index}"), places)).collect())
            }
            Self::Block(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                    let key_span = places.take(&below);
                    Entry { key: key.clone(), key_span, node: value.node(&below, places) }
                });
                Value::Block(entries.collect())
            }
        };
        Node { span, value }
    }

    /// What `node` says, in the order of the list of keys and with the types they have: the same settings written in
    /// another order give the same.
    pub(super) fn of(node: &Node, block: &Block) -> Self {
        let known = block.keys.iter().filter_map(|key| {
            let entry = node.entry(key.name)?;
            Some((key.name.to_owned(), of_kind(&entry.node, &key.kind)))
        });
        Self::Block(known.collect())
    }

    /// What `node` says of a channel; see [`Self::of`].
    pub(super) fn of_channel(node: &Node) -> Self {
        of_kind(node, &Kind::Channel)
    }
}

fn of_kind(node: &Node, kind: &Kind) -> Spec {
    match (&node.value, kind) {
        (Value::List(items), Kind::List { of, .. }) => Spec::List(items.iter().map(|item| of_kind(item, of)).collect()),
        (_, Kind::List { .. }) if node.is_nothing() => Spec::List(Vec::new()),
        (_, Kind::Names { .. }) if node.is_nothing() => Spec::empty(),
        (Value::Block(entries), Kind::Names { of, .. }) => {
            Spec::Block(entries.iter().map(|entry| (entry.key.clone(), of_kind(&entry.node, of))).collect())
        }
        (_, Kind::Block(block)) => Spec::of(node, block),
        (_, Kind::Channel) => match typed(node) {
            Some(block) => Spec::of(node, block),
            None => untyped(node),
        },
        (Value::Scalar(scalar), Kind::Number { .. }) if scalar.text.parse::<u64>().is_ok() => {
            Spec::Number(scalar.text.clone())
        }
        (Value::Scalar(scalar), Kind::Flag) if matches!(scalar.text.as_str(), "true" | "false") => {
            Spec::Flag(scalar.text == "true")
        }
        _ => untyped(node),
    }
}

fn typed(node: &Node) -> Option<&'static Block> {
    block_of(&node.entry("type")?.node.scalar()?.text)
}

fn untyped(node: &Node) -> Spec {
    match &node.value {
        Value::Scalar(scalar) => Spec::Text(scalar.text.clone()),
        Value::List(items) => Spec::List(items.iter().map(untyped).collect()),
        Value::Block(entries) => {
            Spec::Block(entries.iter().map(|entry| (entry.key.clone(), untyped(&entry.node))).collect())
        }
    }
}

#[cfg(test)]
mod tests;
