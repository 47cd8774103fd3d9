//! What was read: values with their types, by key.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::config::source::Span;
use crate::config::tree::{Entry, Node};

/// A value with its type.
pub(in crate::config) enum Datum<'n> {
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
pub(in crate::config) struct Fields<'n> {
    /// Where it stands.
    pub node: &'n Node,
    /// Whether all that is written in it could be read.
    pub sound: bool,
    pub(super) values: Vec<(&'static str, Datum<'n>)>,
}

impl<'n> Fields<'n> {
    pub(in crate::config) fn get(&self, name: &str) -> Option<&Datum<'n>> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, datum)| datum)
    }

    pub(in crate::config) fn duration(&self, name: &str) -> Option<Duration> {
        if let Datum::Duration(duration) = self.get(name)? { Some(*duration) } else { None }
    }

    /// A number whose bounds lie within 32 bits.
    pub(in crate::config) fn number(&self, name: &str) -> Option<u32> {
        if let Datum::Number(number) = self.get(name)? { u32::try_from(*number).ok() } else { None }
    }

    pub(in crate::config) fn flag(&self, name: &str) -> Option<bool> {
        if let Datum::Flag(flag) = self.get(name)? { Some(*flag) } else { None }
    }

    pub(in crate::config) fn text(&self, name: &str) -> Option<&str> {
        if let Datum::Text(text) = self.get(name)? { Some(text) } else { None }
    }

    pub(in crate::config) fn directory(&self, name: &str) -> Option<&PathBuf> {
        if let Datum::Directory(path) = self.get(name)? { Some(path) } else { None }
    }

    pub(in crate::config) fn block(&self, name: &str) -> Option<&Self> {
        if let Datum::Block(fields) = self.get(name)? { Some(fields) } else { None }
    }

    /// The items of a list of blocks.
    pub(in crate::config) fn blocks(&self, name: &str) -> Vec<&Self> {
        let Some(Datum::List(items)) = self.get(name) else { return Vec::new() };
        items.iter().filter_map(|(_, item)| if let Datum::Block(fields) = item { Some(fields) } else { None }).collect()
    }

    /// The items of a list of texts, each with its node.
    pub(in crate::config) fn texts(&self, name: &str) -> Option<Vec<(&'n Node, &str)>> {
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
    pub(in crate::config) fn entry(&self, name: &str) -> Option<&'n Entry> {
        self.node.entry(name)
    }

    /// Where the value of a key stands, or the block when it is not written.
    pub(in crate::config) fn span(&self, name: &str) -> Span {
        self.entry(name).map_or(self.node.span, |entry| entry.node.span)
    }

    /// All of it in the order of the list of keys, whatever the order in the text is.
    pub(in crate::config) fn to_json(&self) -> Json {
        self.values.iter().map(|(name, datum)| ((*name).to_owned(), datum.to_json())).collect::<Map<_, _>>().into()
    }

    /// The files that are named in it.
    pub(in crate::config) fn files(&self) -> Vec<&PathBuf> {
        self.values.iter().flat_map(|(_, datum)| datum.files()).collect()
    }
}

impl Datum<'_> {
    pub(in crate::config) fn to_json(&self) -> Json {
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

/// A duration as it is written in a file, in the largest unit that fits it.
pub fn written(duration: Duration) -> String {
    let ms = duration.as_millis();
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    match units.into_iter().find(|(_, size)| ms >= *size && ms.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{}{unit}", ms / size),
        None if ms == 0 => "0s".to_owned(),
        None => format!("{ms}ms"),
    }
}
