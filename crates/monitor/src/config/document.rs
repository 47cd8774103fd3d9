//! Configuration as code: files that somebody applies to a running server, read together and with the place of each mistake.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::keys::{DEFAULTS, FILE};
use super::problem::{Code, Errors, Found, Problems};
use super::read::{Datum, Fields, Reader};
use super::reference::{Author, Surroundings};
use super::resource::Known;
use super::source::Source;
use super::spec::Spec;
use super::status_page::{self, Taken};
use super::tree::{Node, Value};
use super::{Covered, Defaults, PageHost, Tagged, channel, maintenance, monitor, tree};

/// The keys of a file that a server takes from who applies it.
const APPLIED: [&str; 5] = ["defaults", "channels", "monitors", "maintenance", "status_pages"];

/// What files say together. Holds secrets.
#[derive(Debug, Default)]
pub struct Documents {
    /// What holds for monitors that do not say it themselves.
    pub defaults: Option<Spec>,
    /// Channels by name, without their names.
    pub channels: BTreeMap<String, Spec>,
    /// Monitors, in the order of the files.
    pub monitors: Vec<Spec>,
    /// Planned maintenance, in the order of the files.
    pub maintenance: Vec<Spec>,
    /// Status pages, in the order of the files.
    pub status_pages: Vec<Spec>,
}

/// What of the server the files need not say again.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The names of channels.
    pub channels: &'a BTreeSet<&'a str>,
    /// What holds for monitors when no file says it.
    pub inherited: &'a Defaults,
    /// Monitors that maintenance may cover, and pages show.
    pub covered: &'a Covered,
    /// What of the server its pages depend on.
    pub host: &'a PageHost,
    /// Who wrote them.
    pub author: Author,
}

/// A file and what was read from it.
struct Opened {
    source: Source,
    problems: Problems,
    root: Option<Node>,
}

/// Reads files, each a name and a text. They are one configuration: a monitor may name a channel of another file.
///
/// # Errors
/// For each file with mistakes all of them, free of secrets.
pub fn documents(files: Vec<(String, String)>, around: Around<'_>) -> Result<Documents, Vec<Errors>> {
    let mut opened: Vec<_> = files.into_iter().map(|(name, text)| open(name, text)).collect();
    say_once("defaults", &mut opened, |node| {
        node.entry("defaults").map(|entry| ("defaults".to_owned(), entry.key_span)).into_iter().collect()
    });
    say_once("channel", &mut opened, |node| {
        let Some(Value::Block(entries)) = node.entry("channels").map(|entry| &entry.node.value) else {
            return Vec::new();
        };
        entries.iter().map(|entry| (entry.key.clone(), entry.key_span)).collect()
    });
    let own: Vec<String> = opened.iter().filter_map(|file| file.root.as_ref()).flat_map(names_of_channels).collect();
    let known: BTreeSet<&str> = around.channels.iter().copied().chain(own.iter().map(String::as_str)).collect();
    let surroundings = Surroundings::of_process(around.author);
    let mut documents = Documents::default();
    // What holds must be known before any monitor is read.
    let has_defaults = |file: &Opened| file.root.as_ref().is_some_and(|root| root.entry("defaults").is_some());
    opened.sort_by_key(|file| !has_defaults(file));
    let mut held = around.inherited.clone();
    let mut covered = around.covered.clone();
    opened.iter().filter_map(|file| file.root.as_ref()).for_each(|root| cover(root, &mut covered));
    let (mut taken, mut windows) = (HashSet::new(), HashSet::new());
    let mut pages = Taken::by_server(around.author, around.host);
    let mut wrong = Vec::new();
    for Opened { mut source, problems, root } in opened {
        let Some(root) = root else {
            wrong.extend(problems.finish(&source).err());
            continue;
        };
        let text = source.text.clone();
        let mut reader = Reader::new(problems, &surroundings, &text);
        let fields = reader.block(&root, &FILE);
        not_applied(&root, &mut reader);
        if let Some(block) = fields.block("defaults") {
            held = monitor::defaults(block, &known, &mut reader);
            documents.defaults = Some(Spec::of(block.node, &DEFAULTS));
        }
        take_channels(&fields, &mut documents, &mut reader);
        // Who is told by tag is decided when it is applied.
        let held_here = Known { channels: &known, defaults: &held, tagged: &Tagged::new() };
        for block in fields.blocks("monitors") {
            if let Some(config) = monitor::monitor(block, &held_here, &mut taken, &mut reader) {
                let mut spec = config.spec.spec();
                if let Some(old) = config.renamed_from {
                    spec.set("renamed_from", Spec::Text(old));
                }
                documents.monitors.push(spec);
            }
        }
        for block in fields.blocks("maintenance") {
            let read = maintenance::maintenance(block, Some(&covered), &mut windows, &mut reader);
            documents.maintenance.extend(read.map(|config| config.spec.spec()));
        }
        for block in fields.blocks("status_pages") {
            let has_mail = around.host.has_mail;
            let read = status_page::status_page(block, &mut pages, has_mail, Some(&covered), &mut reader);
            documents.status_pages.extend(read.map(|config| config.spec.spec()));
        }
        source.hide(reader.hidden(&root));
        wrong.extend(reader.problems.finish(&source).err());
    }
    if wrong.is_empty() { Ok(documents) } else { Err(wrong) }
}

fn open(name: String, text: String) -> Opened {
    let mut problems = Problems::default();
    let root = tree::read(&text, &mut problems);
    Opened { source: Source::new(name, text), problems, root }
}

/// Tells what two files say; within one file the tree has told it.
fn say_once(what: &str, opened: &mut [Opened], said: impl Fn(&Node) -> Vec<(String, super::source::Span)>) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for file in opened {
        let Some(root) = &file.root else { continue };
        for (name, span) in said(root) {
            match first.get(&name) {
                Some(other) if *other != file.source.origin => {
                    let named =
                        if what == name { format!("the {what} are") } else { format!("the {what} `{name}` is") };
                    let found = Found::new(Code::Twice, span, format!("{named} in `{other}` as well"));
                    file.problems.push(found.label("say it in one file"));
                }
                Some(_) => {}
                None => drop(first.insert(name, file.source.origin.clone())),
            }
        }
    }
}

fn names_of_channels(root: &Node) -> Vec<String> {
    match root.entry("channels").map(|entry| &entry.node.value) {
        Some(Value::Block(entries)) => entries.iter().map(|entry| entry.key.clone()).collect(),
        _ => Vec::new(),
    }
}

/// Notes what the monitors of a file are called, and what they belong to.
fn cover(root: &Node, covered: &mut Covered) {
    let text = |node: &Node| node.scalar().map(|scalar| scalar.text.to_string());
    let items = |node: &Node| if let Value::List(items) = &node.value { items.clone() } else { Vec::new() };
    for monitor in root.entry("monitors").map(|entry| items(&entry.node)).unwrap_or_default() {
        let of = |key: &str| monitor.entry(key).and_then(|entry| text(&entry.node));
        let tags = monitor.entry("tags").map(|entry| items(&entry.node)).unwrap_or_default();
        covered.add(&of("name").unwrap_or_default(), of("group").as_deref(), tags.iter().filter_map(text));
    }
}

/// Tells which keys belong to a server's own file.
fn not_applied(root: &Node, reader: &mut Reader<'_>) {
    let Value::Block(entries) = &root.value else { return };
    let known = entries.iter().filter(|entry| FILE.key(&entry.key).is_some());
    for entry in known.filter(|entry| !APPLIED.contains(&entry.key.as_str()) && !entry.node.is_nothing()) {
        let message = format!("`{}` cannot be applied to a running server", entry.key);
        let found = Found::new(Code::UnknownKey, entry.key_span, message);
        reader.problems.push(found.label("write it in the server's own file, the one of `serve --config`"));
    }
}

fn take_channels(fields: &Fields<'_>, documents: &mut Documents, reader: &mut Reader<'_>) {
    let Some(Datum::Names(names)) = fields.get("channels") else { return };
    for (entry, datum) in names {
        if let Some((name, channel)) = channel::channel(entry, datum, reader) {
            documents.channels.insert(name, channel.spec.spec());
        }
    }
}

/// Resources as a file that says the same: `documents` reads it back.
pub fn export(documents: &Documents) -> String {
    let mut yaml = String::new();
    let mut part = |key: &str, value: Spec| Spec::Block(vec![(key.to_owned(), value)]).write_block(0, &mut yaml);
    if let Some(defaults) = &documents.defaults {
        part("defaults", defaults.clone());
    }
    if !documents.channels.is_empty() {
        part("channels", Spec::Block(documents.channels.clone().into_iter().collect()));
    }
    part("monitors", Spec::List(documents.monitors.clone()));
    if !documents.maintenance.is_empty() {
        part("maintenance", Spec::List(documents.maintenance.clone()));
    }
    if !documents.status_pages.is_empty() {
        part("status_pages", Spec::List(documents.status_pages.clone()));
    }
    yaml
}
