//! Reads a tree by the list of keys: what comes back has its types, everything else was told.

mod fields;
mod scalar;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

pub use self::fields::written;
pub(super) use self::fields::{Datum, Fields};
use super::keys::channels::ChannelKinds;
use super::keys::{Block, Given, Key, Kind};
use super::problem::{Code, Found, Problems};
use super::reference::Surroundings;
use super::source::{Span, is_telling, quotable, without_url_secrets};
use super::tree::{Entry, Node, Value};

/// Reads nodes and gathers what is wrong with them.
pub(super) struct Reader<'s> {
    pub problems: Problems,
    /// Everything that must not be shown: what references brought, and the values of keys that take secrets.
    secrets: HashMap<Span, Vec<String>>,
    /// The files that were read to resolve references.
    pub files: Vec<PathBuf>,
    text: &'s str,
    surroundings: &'s Surroundings<'s>,
    /// What channels there may be, besides those that come with the program.
    pub kinds: Option<ChannelKinds>,
    /// Kinds whose definitions cannot be used, which was told.
    pub broken_kinds: Vec<String>,
    hidden: HashSet<Span>,
    shown: HashSet<Span>,
    /// Whether numbers, flags and text are told apart by how they are written, as in JSON.
    typed: bool,
}

impl<'s> Reader<'s> {
    /// A reader of what came as JSON: a tree without a text.
    pub(super) fn typed(problems: Problems, surroundings: &'s Surroundings<'s>) -> Self {
        Self { typed: true, ..Self::new(problems, surroundings, "") }
    }

    pub(super) fn new(problems: Problems, surroundings: &'s Surroundings<'s>, text: &'s str) -> Self {
        Self {
            problems,
            text,
            surroundings,
            kinds: None,
            broken_kinds: Vec::new(),
            secrets: HashMap::new(),
            files: Vec::new(),
            hidden: HashSet::new(),
            shown: HashSet::new(),
            typed: false,
        }
    }

    /// The places that hold secrets: by the list of keys where it knows them, by the keys' names where it does not.
    pub(super) fn hidden(&self, root: &Node) -> Vec<Span> {
        let telling = root.telling().into_iter().filter(|span| !self.shown.contains(span));
        telling.chain(self.hidden.iter().copied()).collect::<HashSet<_>>().into_iter().collect()
    }

    /// Reads a block. What is wrong with one key does not keep the others from being read.
    pub(super) fn block<'n>(&mut self, node: &'n Node, block: &'static Block) -> Fields<'n> {
        let before = self.problems.count();
        let mut values = Vec::new();
        let mut meant = Vec::new();
        match &node.value {
            Value::Block(entries) => meant.extend(entries.iter().filter_map(|entry| self.unknown(entry, block))),
            _ if node.is_nothing() => {}
            _ => self.shape(block.title, "a block of keys", node),
        }
        for key in block.keys {
            match node.entry(key.name) {
                Some(entry) => values.extend(self.key(entry, key).map(|datum| (key.name, datum))),
                None if !matches!(key.default, Given::Required) || meant.contains(&key.name) => {}
                None if !is_list_or_text(node) => self.missing(node, block, key),
                None => {}
            }
        }
        Fields { node, values, sound: self.problems.count() == before }
    }

    /// Tells that a key is unknown, and returns the one that was probably meant.
    fn unknown(&mut self, entry: &Entry, block: &'static Block) -> Option<&'static str> {
        let name = entry.key.as_str();
        let is_free = block.title == super::keys::FILE.title && name.starts_with("x-");
        if is_free || block.key(name).is_some() {
            return None;
        }
        let found = Found::new(Code::UnknownKey, entry.key_span, format!("unknown key `{}`", quotable(name)));
        let nearest = nearest(name, block.keys.iter().map(|key| key.name));
        let inside = block.keys.iter().find(|key| matches!(&key.kind, Kind::Block(inner) if inner.key(name).is_some()));
        self.problems.push(match (nearest, inside) {
            (Some(nearest), _) => {
                if is_telling(nearest) || block.key(nearest).is_some_and(|key| takes_secrets(&key.kind)) {
                    self.hidden.extend(scalars(&entry.node));
                }
                found.label(format!("did you mean `{nearest}`?"))
            }
            (None, Some(inside)) => found.label(format!("it belongs into `{}`", inside.name)),
            (None, None) => {
                let names: Vec<_> = block.keys.iter().map(|key| format!("`{}`", key.name)).collect();
                found.help(format!("{} takes {}", block.title, names.join(", ")))
            }
        });
        nearest
    }

    fn missing(&mut self, node: &Node, block: &'static Block, key: &Key) {
        let like = match key.kind {
            Kind::List { .. } => format!("{}: [...]", key.name),
            _ => format!("{}: ...", key.name),
        };
        let message = format!("{} needs `{}`", block.title, key.name);
        self.problems.push(Found::new(Code::Missing, node.span, message).label(format!("add `{like}`")));
    }

    fn key<'n>(&mut self, entry: &'n Entry, key: &'static Key) -> Option<Datum<'n>> {
        self.value(key.name, &entry.node, &key.kind)
    }

    fn value<'n>(&mut self, name: &str, node: &'n Node, kind: &'static Kind) -> Option<Datum<'n>> {
        match kind {
            Kind::List { of, most } => self.list(name, node, of, *most),
            Kind::Names { of, most } => self.names(name, node, of, *most),
            Kind::Block(block) => Some(Datum::Block(self.block(node, block))),
            Kind::Channel => self.channel(node).map(Datum::Block),
            _ => self.scalar(name, node, kind),
        }
    }

    fn list<'n>(&mut self, name: &str, node: &'n Node, of: &'static Kind, most: usize) -> Option<Datum<'n>> {
        let Value::List(items) = &node.value else {
            if node.is_nothing() {
                return Some(Datum::List(Vec::new()));
            }
            self.shape(name, "a list, like `[one, two]`", node);
            return None;
        };
        self.at_most(name, most, items.get(most).map(|item| item.span), items.len());
        let read = items.iter().take(most).filter_map(|item| Some((item, self.value(name, item, of)?)));
        Some(Datum::List(read.collect()))
    }

    fn names<'n>(&mut self, name: &str, node: &'n Node, of: &'static Kind, most: usize) -> Option<Datum<'n>> {
        let Value::Block(entries) = &node.value else {
            if node.is_nothing() {
                return Some(Datum::Names(Vec::new()));
            }
            self.shape(name, "a block of names and values", node);
            return None;
        };
        self.at_most(name, most, entries.get(most).map(|entry| entry.key_span), entries.len());
        let entries = entries.iter().take(most);
        let read = entries.filter_map(|entry| Some((entry, self.value(&entry.key, &entry.node, of)?)));
        Some(Datum::Names(read.collect()))
    }

    fn at_most(&mut self, name: &str, most: usize, beyond: Option<Span>, count: usize) {
        if let Some(span) = beyond {
            let message = format!("`{name}` has {count} items");
            self.problems.push(Found::new(Code::WrongValue, span, message).label(format!("at most {most}")));
        }
    }

    /// What channels there may be.
    pub(super) fn kinds(&self) -> ChannelKinds {
        self.kinds.clone().unwrap_or_default()
    }

    /// Reads a channel: a block whose keys depend on its `type`.
    pub(super) fn channel<'n>(&mut self, node: &'n Node) -> Option<Fields<'n>> {
        let kinds = self.kinds();
        let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
        let Some(written) = node.entry("type") else {
            let message = "a channel needs `type`";
            self.problems.push(if is_list_or_text(node) {
                let message = format!("a channel is a block of keys, not {}", shape(node));
                Found::new(Code::WrongShape, node.span, message).label("write it like `{ type: email, ... }`")
            } else {
                let found = Found::new(Code::Missing, node.span, message).label("add `type: email`, or another kind");
                found.help(format!("there are {}", names.join(", ")))
            });
            return None;
        };
        let text = self.text("type", &written.node, false)?;
        if let Some(block) = kinds.get(&text).map(|kind| kind.block) {
            return Some(self.block(node, block));
        }
        if !self.broken_kinds.contains(&text) {
            self.no_word("type", &written.node, &names);
        }
        None
    }

    fn shape(&mut self, name: &str, expected: &str, node: &Node) {
        let found = if node.is_nothing() {
            let found = Found::new(Code::WrongShape, node.span, format!("`{name}` has no value"));
            found.label(format!("write {expected}, or remove the line"))
        } else {
            let found = Found::new(Code::WrongShape, node.span, format!("`{name}` is {}", shape(node)));
            found.label(format!("write {expected}"))
        };
        self.problems.push(found);
    }

    /// A node as it is written, quotes and escapes included.
    pub(super) fn raw(&self, node: &Node) -> &'s str {
        self.text.get(node.span.start..node.span.end).unwrap_or_default()
    }

    /// A value as it is written, references unresolved.
    pub(super) fn quoted(&self, node: &Node) -> String {
        match node.scalar() {
            Some(_) if self.hidden.contains(&node.span) => "***".to_owned(),
            Some(scalar) => quotable(&scalar.text),
            None => shape(node).to_owned(),
        }
    }

    /// A sentence of others about what stands below `node`, without its secrets.
    pub(super) fn masked(&self, text: &str, node: &Node) -> String {
        let secrets = scalars(node).into_iter().filter_map(|span| self.secrets.get(&span)).flatten();
        let mut secrets: Vec<_> = secrets.filter(|secret| !secret.is_empty()).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let masked = secrets.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"));
        without_url_secrets(&masked)
    }
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > 64 {
        return None;
    }
    let written = written.to_lowercase().replace('-', "_");
    let near = names.map(|name| (strsim::osa_distance(&written, &name.to_lowercase().replace('-', "_")), name));
    near.filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn takes_secrets(kind: &Kind) -> bool {
    match kind {
        Kind::Secret { .. } => true,
        Kind::List { of, .. } | Kind::Names { of, .. } => takes_secrets(of),
        _ => false,
    }
}

fn shape(node: &Node) -> &'static str {
    match node.value {
        Value::Scalar(_) => "text",
        Value::List(_) => "a list",
        Value::Block(_) => "a block",
    }
}

fn is_list_or_text(node: &Node) -> bool {
    !matches!(node.value, Value::Block(_)) && !node.is_nothing()
}

/// The places of all scalars below a node.
fn scalars(node: &Node) -> Vec<Span> {
    match &node.value {
        Value::Scalar(_) => vec![node.span],
        Value::List(items) => items.iter().flat_map(scalars).collect(),
        Value::Block(entries) => entries.iter().flat_map(|entry| scalars(&entry.node)).collect(),
    }
}
