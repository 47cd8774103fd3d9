//! Reads a tree by the list of keys: what comes back has its types, everything else was told.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use allswell_core::time::parse_duration;
use serde_json::{Map, Value as Json};

use super::keys::channels::ChannelKinds;
use super::keys::{Block, Given, Key, Kind};
use super::problem::{Code, Found, Problems};
use super::reference::Surroundings;
use super::source::{Span, is_telling, quotable, without_url_secrets};
use super::spec::MASK;
use super::tree::{Entry, Node, Value};

/// A value with its type.
pub(super) enum Datum<'n> {
    Duration(Duration),
    Number(u64),
    Flag(bool),
    /// Text, a secret, or a word.
    Text(String),
    File(PathBuf),
    Directory(PathBuf),
    List(Vec<(&'n Node, Self)>),
    Names(Vec<(&'n Entry, Self)>),
    Block(Fields<'n>),
}

/// A block that was read. Holds secrets.
pub(super) struct Fields<'n> {
    /// Where it stands.
    pub node: &'n Node,
    /// Whether all that is written in it could be read.
    pub sound: bool,
    values: Vec<(&'static str, Datum<'n>)>,
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, name: &str) -> Option<&Datum<'n>> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, datum)| datum)
    }

    pub(super) fn duration(&self, name: &str) -> Option<Duration> {
        if let Datum::Duration(duration) = self.get(name)? { Some(*duration) } else { None }
    }

    /// A number whose bounds lie within 32 bits.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        if let Datum::Number(number) = self.get(name)? { u32::try_from(*number).ok() } else { None }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        if let Datum::Flag(flag) = self.get(name)? { Some(*flag) } else { None }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        if let Datum::Text(text) = self.get(name)? { Some(text) } else { None }
    }

    pub(super) fn directory(&self, name: &str) -> Option<&PathBuf> {
        if let Datum::Directory(path) = self.get(name)? { Some(path) } else { None }
    }

    pub(super) fn block(&self, name: &str) -> Option<&Self> {
        if let Datum::Block(fields) = self.get(name)? { Some(fields) } else { None }
    }

    /// The items of a list of blocks.
    pub(super) fn blocks(&self, name: &str) -> Vec<&Self> {
        let Some(Datum::List(items)) = self.get(name) else { return Vec::new() };
        items.iter().filter_map(|(_, item)| if let Datum::Block(fields) = item { Some(fields) } else { None }).collect()
    }

    /// The items of a list of texts, each with its node.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<(&'n Node, &str)>> {
        let Datum::List(items) = self.get(name)? else { return None };
        let texts = items.iter();
        Some(
            texts
                .filter_map(
                    |(node, item)| if let Datum::Text(text) = item { Some((*node, text.as_str())) } else { None },
                )
                .collect(),
        )
    }

    /// What is written for a key, sound or not.
    pub(super) fn entry(&self, name: &str) -> Option<&'n Entry> {
        self.node.entry(name)
    }

    /// Where the value of a key stands, or the block when it is not written.
    pub(super) fn span(&self, name: &str) -> Span {
        self.entry(name).map_or(self.node.span, |entry| entry.node.span)
    }

    /// All of it in the order of the list of keys, whatever the order in the text is.
    pub(super) fn to_json(&self) -> Json {
        self.values.iter().map(|(name, datum)| ((*name).to_owned(), datum.to_json())).collect::<Map<_, _>>().into()
    }

    /// The files that are named in it.
    pub(super) fn files(&self) -> Vec<&PathBuf> {
        self.values.iter().flat_map(|(_, datum)| datum.files()).collect()
    }
}

impl Datum<'_> {
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Duration(duration) => written(*duration).into(),
            Self::Number(number) => (*number).into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Text(text) => text.as_str().into(),
            Self::File(path) | Self::Directory(path) => path.to_string_lossy().into(),
            Self::List(items) => items.iter().map(|(_, item)| item.to_json()).collect::<Vec<_>>().into(),
            Self::Names(names) => {
                let mut names: Vec<_> =
                    names.iter().map(|(entry, datum)| (entry.key.clone(), datum.to_json())).collect();
                names.sort_by(|one, other| one.0.cmp(&other.0));
                names.into_iter().collect::<Map<_, _>>().into()
            }
            Self::Block(fields) => fields.to_json(),
        }
    }

    fn files(&self) -> Vec<&PathBuf> {
        match self {
            Self::File(path) => vec![path],
            Self::List(items) => items.iter().flat_map(|(_, item)| item.files()).collect(),
            Self::Names(names) => names.iter().flat_map(|(_, datum)| datum.files()).collect(),
            Self::Block(fields) => fields.files(),
            _ => Vec::new(),
        }
    }
}

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

    fn scalar<'n>(&mut self, name: &str, node: &'n Node, kind: &'static Kind) -> Option<Datum<'n>> {
        let is_secret = matches!(kind, Kind::Secret { .. });
        if node.is_nothing() || node.scalar().is_none() {
            self.shape(name, expected(kind), node);
            return None;
        }
        if self.typed && !self.has_its_type(name, node, kind) {
            return None;
        }
        let text = self.text(name, node, is_secret)?;
        match kind {
            Kind::Duration { least, most } => self.duration(name, node, &text, *least, *most).map(Datum::Duration),
            Kind::Number { least, most } => self.number(name, node, &text, *least, *most).map(Datum::Number),
            Kind::Flag => self.one_of(name, node, &text, &["true", "false"]).map(|word| Datum::Flag(word == "true")),
            Kind::Word(words) => self.one_of(name, node, &text, words).map(|word| Datum::Text(word.to_owned())),
            Kind::File | Kind::Directory if text.is_empty() => self.empty(name, node),
            Kind::File => Some(Datum::File(self.surroundings.directory.join(text))),
            Kind::Directory => Some(Datum::Directory(self.surroundings.directory.join(text))),
            Kind::Text { .. } if text.is_empty() => self.empty(name, node),
            Kind::Text { most } | Kind::Secret { most } if text.chars().count() > *most => {
                let message = format!("`{name}` has {} characters", text.chars().count());
                self.problems.push(Found::new(Code::WrongValue, node.span, message).label(format!("at most {most}")));
                None
            }
            Kind::Text { .. } | Kind::Secret { .. } => Some(Datum::Text(text)),
            Kind::List { .. } | Kind::Names { .. } | Kind::Block(_) | Kind::Channel => None,
        }
    }

    /// Whether a scalar out of JSON has the type of its key, and is no mask that was sent back where nothing is known.
    fn has_its_type(&mut self, name: &str, node: &Node, kind: &Kind) -> bool {
        let Some(scalar) = node.scalar() else { return true };
        let wants_plain = matches!(kind, Kind::Number { .. } | Kind::Flag);
        if scalar.plain != wants_plain && !(wants_plain && scalar.text.contains("${")) {
            let is = if scalar.plain { "a number or a flag" } else { "text" };
            let found = Found::new(Code::WrongShape, node.span, format!("`{name}` is {is}"));
            self.problems
                .push(found.label(format!("write {}", if wants_plain { expected(kind) } else { "text in quotes" })));
            return false;
        }
        if scalar.text == MASK || scalar.text.contains("://***@") {
            let message = format!("`{name}` is the mask of a secret, and there is none to keep");
            let found = Found::new(Code::WrongValue, node.span, message);
            self.problems.push(found.label("write the secret itself, or a reference like `${env:NAME}`"));
            return false;
        }
        true
    }

    /// The text of a scalar, its references resolved.
    fn text(&mut self, name: &str, node: &Node, is_secret: bool) -> Option<String> {
        let Some(scalar) = node.scalar() else {
            self.shape(name, "text", node);
            return None;
        };
        match self.surroundings.resolve(&scalar.text) {
            Ok(resolved) => {
                let is_reference = !resolved.brought.is_empty();
                let mut secrets = resolved.brought;
                if is_secret && !is_reference {
                    self.hidden.insert(node.span);
                    secrets.push(resolved.text.clone());
                } else {
                    self.shown.insert(node.span);
                }
                if !secrets.is_empty() {
                    self.secrets.insert(node.span, secrets);
                }
                self.files.extend(resolved.files);
                Some(resolved.text)
            }
            Err(unresolved) => {
                let found = Found::new(Code::Unresolved, node.span, unresolved.message);
                self.problems.push(found.help(unresolved.way_out));
                None
            }
        }
    }

    fn duration(&mut self, name: &str, node: &Node, text: &str, least: Duration, most: Duration) -> Option<Duration> {
        let bounds = format!("{} to {}", written(least), written(most));
        let quoted = self.quoted(node);
        let Ok(duration) = parse_duration(text) else {
            let found = Found::new(Code::WrongValue, node.span, format!("`{name}: {quoted}` is no duration"));
            let way_out = match text.parse::<u32>() {
                Ok(_) if !is_reference(node) => format!("write the unit: `{quoted}s`, `{quoted}ms`"),
                _ => "write a number with ms, s, m, h or d, like 500ms, 30s or 1m30s".to_owned(),
            };
            self.problems.push(found.label(way_out));
            return None;
        };
        if duration < least || duration > most {
            let side = if duration < least { "too short" } else { "too long" };
            let found = Found::new(Code::WrongValue, node.span, format!("`{name}: {quoted}` is {side}"));
            self.problems.push(found.label(format!("write {bounds}")));
            return None;
        }
        Some(duration)
    }

    fn number(&mut self, name: &str, node: &Node, text: &str, least: u64, most: u64) -> Option<u64> {
        match text.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            parsed => {
                let why = if parsed.is_ok() { "out of bounds" } else { "no whole number" };
                let message = format!("`{name}: {}` is {why}", self.quoted(node));
                let label = format!("write a number from {least} to {most}");
                self.problems.push(Found::new(Code::WrongValue, node.span, message).label(label));
                None
            }
        }
    }

    fn one_of(&mut self, name: &str, node: &Node, text: &str, words: &[&'static str]) -> Option<&'static str> {
        let word = words.iter().find(|word| **word == text);
        if word.is_none() {
            self.no_word(name, node, words);
        }
        word.copied()
    }

    fn no_word(&mut self, name: &str, node: &Node, words: &[&'static str]) {
        let quoted = self.quoted(node);
        let label = match nearest(&quoted, words.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")),
        };
        let message = format!("`{name}: {quoted}` is not known");
        self.problems.push(Found::new(Code::WrongValue, node.span, message).label(label));
    }

    fn empty<T>(&mut self, name: &str, node: &Node) -> Option<T> {
        let found = Found::new(Code::WrongValue, node.span, format!("`{name}` is empty"));
        self.problems.push(found.label("write it, or remove the line"));
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

/// A duration as it is written in a file, in the largest unit that fits it.
pub(super) fn written(duration: Duration) -> String {
    let ms = duration.as_millis();
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    match units.into_iter().find(|(_, size)| ms >= *size && ms.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{}{unit}", ms / size),
        None if ms == 0 => "0s".to_owned(),
        None => format!("{ms}ms"),
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

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Duration { .. } => "a duration like 30s",
        Kind::Number { .. } => "a number",
        Kind::Flag => "`true` or `false`",
        Kind::File | Kind::Directory => "a path",
        _ => "text",
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

fn is_reference(node: &Node) -> bool {
    node.scalar().is_some_and(|scalar| scalar.text.contains("${"))
}

/// The places of all scalars below a node.
fn scalars(node: &Node) -> Vec<Span> {
    match &node.value {
        Value::Scalar(_) => vec![node.span],
        Value::List(items) => items.iter().flat_map(scalars).collect(),
        Value::Block(entries) => entries.iter().flat_map(|entry| scalars(&entry.node)).collect(),
    }
}
