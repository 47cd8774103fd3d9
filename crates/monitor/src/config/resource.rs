//! Reads one resource alone, against what is known of the others: what a program sends is held to the same list of keys as a
//! file, and what is wrong is told with the field.

use std::collections::{BTreeSet, HashSet};

use super::keys::channels::block_of as block_of_type;
use super::keys::{Block, DEFAULTS, MAINTENANCE, MONITOR, STATUS_PAGE};
use super::problem::{FieldProblem, Problems};
use super::read::Reader;
use super::reference::{Author, Surroundings};
use super::spec::{Places, Spec};
use super::status_page::Taken;
use super::{
    ChannelConfig, Covered, Defaults, MaintenanceConfig, MonitorConfig, PageHost, StatusPageConfig, Tagged, channel,
    maintenance as window, monitor, status_page as page,
};
use crate::status_page::Page;

/// What a resource is read against.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The names of all channels.
    pub channels: &'a BTreeSet<&'a str>,
    /// What holds where nothing is written.
    pub defaults: &'a Defaults,
    /// Which channels are told by tag.
    pub tagged: &'a Tagged,
}

impl Known<'_> {
    /// The channels that a monitor with these tags has when it names none: those of all, and those of its tags, each once.
    pub(super) fn channels_of(&self, tags: &[String]) -> Vec<String> {
        let mut told = self.defaults.channels.clone();
        for name in tags.iter().filter_map(|tag| self.tagged.get(tag)).flatten() {
            if !told.contains(name) {
                told.push(name.clone());
            }
        }
        told
    }
}

/// A resource as it is written: its keys in the order of the list of keys, as JSON. Holds secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Written(std::sync::Arc<str>);

impl std::fmt::Debug for Written {
    /// Says nothing of it: it holds secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Written(***)")
    }
}

impl Written {
    pub(super) fn of(spec: &Spec) -> Self {
        Self(spec.to_json().into())
    }

    /// What was stored, as it was stored.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// As JSON, secrets and all: for the store alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a tree, secrets and all.
    pub fn spec(&self) -> Spec {
        Spec::from_json(&self.0).unwrap_or_else(|_| Spec::empty())
    }

    /// Whether it names files or variables, whose contents may change while it stays the same.
    pub fn refers(&self) -> bool {
        self.0.contains("${")
            || ["\"ca\"", "\"cert", "\"key\"", "_key\"", "_cert\""].iter().any(|key| self.0.contains(key))
    }
}

/// Reads a monitor, its `name` included.
///
/// # Errors
/// All that is wrong with it, free of secrets; never empty.
pub fn monitor(spec: &Spec, author: Author, known: &Known<'_>) -> Result<MonitorConfig, Vec<FieldProblem>> {
    read(spec, author, |node, reader| {
        let fields = reader.block(node, &MONITOR);
        monitor::monitor(&fields, known, &mut HashSet::new(), reader)
    })
}

/// Reads a channel; its `name` stands among its keys.
///
/// # Errors
/// All that is wrong with it, free of secrets; never empty.
pub fn channel(spec: &Spec, author: Author) -> Result<(String, ChannelConfig), Vec<FieldProblem>> {
    let mut written = spec.clone();
    let name = match written.remove("name") {
        Some(Spec::Text(name)) => name,
        given => return Err(vec![FieldProblem::name_of_channel(given.is_some())]),
    };
    read(&written, author, |node, reader| {
        let entry = super::tree::Entry { key: name, key_span: super::source::Span::default(), node: node.clone() };
        let datum = super::read::Datum::Block(reader.channel(node)?);
        channel::channel(&entry, &datum, reader)
    })
}

/// Reads what holds for monitors that do not say it themselves.
///
/// # Errors
/// All that is wrong with it, free of secrets; never empty.
pub fn defaults(
    spec: &Spec,
    author: Author,
    channels: &BTreeSet<&str>,
) -> Result<(Defaults, Written), Vec<FieldProblem>> {
    read(spec, author, |node, reader| {
        let fields = reader.block(node, &DEFAULTS);
        let defaults = monitor::defaults(&fields, channels, reader);
        Some((defaults, Written::of(&Spec::of(node, &DEFAULTS))))
    })
}

/// Reads planned maintenance, its `name` included. Without `covered` it may name any monitor.
///
/// # Errors
/// All that is wrong with it, free of secrets; never empty.
pub fn maintenance(
    spec: &Spec,
    author: Author,
    covered: Option<&Covered>,
) -> Result<MaintenanceConfig, Vec<FieldProblem>> {
    read(spec, author, |node, reader| {
        let fields = reader.block(node, &MAINTENANCE);
        window::maintenance(&fields, covered, &mut HashSet::new(), reader)
    })
}

/// Reads a status page beside `others`, which have their slugs and hosts. Without `covered` it may name any monitor.
///
/// # Errors
/// All that is wrong with it, free of secrets; never empty.
pub fn status_page<'p>(
    spec: &Spec,
    author: Author,
    host: &PageHost,
    others: impl IntoIterator<Item = &'p Page>,
    covered: Option<&Covered>,
) -> Result<StatusPageConfig, Vec<FieldProblem>> {
    let mut taken = Taken::by_server(author, host);
    others.into_iter().for_each(|page| taken.add(page));
    read(spec, author, |node, reader| {
        let fields = reader.block(node, &STATUS_PAGE);
        page::status_page(&fields, &mut taken, host.has_mail, covered, reader)
    })
}

/// Makes a tree of `spec`, has it read, and tells each mistake at its field.
fn read<T>(
    spec: &Spec,
    author: Author,
    reads: impl FnOnce(&super::tree::Node, &mut Reader<'_>) -> Option<T>,
) -> Result<T, Vec<FieldProblem>> {
    let mut places = Places::default();
    let node = spec.node("", &mut places);
    let surroundings = Surroundings::of_process(author);
    let mut reader = Reader::typed(Problems::default(), &surroundings);
    let found = reads(&node, &mut reader);
    reader.problems.told_by_field(&places)?;
    Ok(found.expect("what cannot be read has a problem"))
}

/// A monitor with each secret as `***`.
pub fn shown_monitor(spec: &Spec) -> Spec {
    spec.masked(&MONITOR)
}

/// A monitor as it is meant by who saw `old` with each secret as `***`.
pub fn meant_monitor(given: Spec, old: &Spec) -> Spec {
    given.unmasked(old, &MONITOR)
}

/// A channel, without its name, with each secret as `***`.
pub fn shown_channel(spec: &Spec) -> Spec {
    spec.masked(block_of_channel(spec))
}

/// A channel, without its name, as it is meant by who saw `old` with each secret as `***`.
pub fn meant_channel(given: Spec, old: &Spec) -> Spec {
    given.unmasked(old, block_of_channel(old))
}

/// A status page with each secret as `***`.
pub fn shown_status_page(spec: &Spec) -> Spec {
    spec.masked(&STATUS_PAGE)
}

/// A status page as it is meant by who saw `old` with each secret as `***`.
pub fn meant_status_page(given: Spec, old: &Spec) -> Spec {
    given.unmasked(old, &STATUS_PAGE)
}

/// The keys of a channel of its type; of none when it has none.
fn block_of_channel(spec: &Spec) -> &'static Block {
    static NONE: Block = Block { title: "a channel", keys: &[] };
    let word = spec.text("type").unwrap_or_default();
    block_of_type(word).unwrap_or(&NONE)
}
