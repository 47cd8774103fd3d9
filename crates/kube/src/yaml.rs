//! YAML as a tree in which everything knows its place, many documents in one text.
//!
//! A document that cannot be read is told with its place, and reading goes on at the next `---`. Depth, documents and
//! what aliases copy are bounded, so no text takes more than a moment.

mod build;

use std::ops::Range;

/// How deep collections may lie in each other.
pub const DEPTH_MAX: usize = 64;

/// How many documents one text may have.
pub const DOCUMENTS_MAX: usize = 20_000;

/// How many documents of one text are told that cannot be read.
pub const PROBLEMS_MAX: usize = 100;

/// How many values anchors and aliases may copy within one document.
pub const COPIED_MAX: usize = 100_000;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its bytes in the text; of a collection, from its first byte to its last value's end.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
    /// Whether it is written with braces or brackets.
    pub flow: bool,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true`, and what YAML 1.1 takes for it.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in order, each key once.
    Map(Vec<Entry>),
}

impl PartialEq for Node {
    /// Equal in what it says, wherever it stands.
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// One key of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where it stands.
    pub key_span: Range<usize>,
    /// Its value.
    pub node: Node,
}

/// A place where a text is no YAML, or too much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The byte.
    pub at: usize,
    /// What is wrong, and the way out.
    pub message: String,
}

/// Reads all documents of `text`; empty ones are left out.
pub fn read(text: &str) -> (Vec<Node>, Vec<Problem>) {
    build::read(text)
}

impl Node {
    /// The entry with this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value under this key; `null` counts as absent, as it does for the API server.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node).filter(|node| node.value != Value::Null)
    }

    /// The value at the end of these keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, when it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, when it is one.
    pub fn int(&self) -> Option<i64> {
        match self.value {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The truth value, when it is one.
    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// How many values it has, itself included.
    fn weight(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.node.weight()).sum::<usize>(),
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests;
