//! Reads a configuration from its file.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::keys::{DEFAULTS, FILE};
use super::monitor::ChannelNames;
use super::problem::{Code, Errors, Found, Problems};
use super::read::{Datum, Fields, Reader};
use super::reference::{Author, Surroundings};
use super::resource::Known;
use super::source::{Source, Span};
use super::spec::Spec;
use super::tree::{Node, Value};
use super::{
    ChannelKinds, Config, MaintenanceConfig, PageHost, Tagged, Written, channel, definition, maintenance, monitor,
    plan, server, status_page, tree,
};

/// The largest configuration, in bytes: 10,000 monitors of 400 bytes.
const SIZE_MAX: usize = 4 << 20;

/// Reads the configuration in the file at `path`; an empty file is a configuration without monitors.
///
/// # Errors
/// [`Errors`] holds everything that is wrong with it, and no secret.
pub fn load(path: &Path) -> Result<Config, Errors> {
    let origin = path.display().to_string();
    let bytes = read(path).map_err(|error| Errors::unreadable(origin.clone(), &error))?;
    if bytes.len() > SIZE_MAX {
        // It may have been cut inside of a character.
        return parse(&String::from_utf8_lossy(&bytes), path, &|_| None);
    }
    match String::from_utf8(bytes) {
        Ok(text) => parse(&text, path, &|name| std::env::var_os(name)),
        Err(error) => Err(not_text(origin, &error)),
    }
}

/// Reads a little more than is allowed, so that too much is noticed.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the configuration `text`, which comes from `origin`; paths in it begin at the directory of `origin`.
///
/// `variable` looks environment variables up.
///
/// # Errors
/// [`Errors`] holds everything that is wrong with it, and no secret.
pub fn parse(text: &str, origin: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Config, Errors> {
    let mut source = Source::new(origin.display().to_string(), text.to_owned());
    let mut problems = Problems::default();
    if text.len() > SIZE_MAX {
        problems.push(too_large(text));
    }
    let root = if problems.count() == 0 { tree::read(text, &mut problems) } else { None };
    let Some(root) = root else {
        problems.finish(&source)?;
        unreachable!("a text without a tree has a problem");
    };
    let directory = origin.parent().unwrap_or(Path::new("")).to_owned();
    let surroundings = Surroundings { variable, directory, author: Author::Operator };
    let mut reader = Reader::new(problems, &surroundings, text);
    let definitions = definitions(&root, &surroundings, &mut reader);
    let fields = reader.block(&root, &FILE);
    let mut config = config(&fields, &mut reader);
    source.hide(reader.hidden(&root));
    config.origin = Some(origin.display().to_string());
    config.files = std::mem::take(&mut reader.files);
    config.files.extend(definitions);
    config.files.extend(fields.files().into_iter().cloned());
    config.files.sort_unstable();
    config.files.dedup();
    reader.problems.finish(&source)?;
    Ok(config)
}

/// Makes the definitions of `server.channels_dir` known before any channel is read, and says which files they are in.
fn definitions(root: &Node, surroundings: &Surroundings<'_>, reader: &mut Reader<'_>) -> Vec<PathBuf> {
    let written = root.entry("server").and_then(|server| server.node.entry("channels_dir"));
    // What is wrong with the value itself is told where the block is read.
    let Some(entry) = written else { return Vec::new() };
    let Some(Ok(resolved)) = entry.node.scalar().map(|scalar| surroundings.resolve(&scalar.text)) else {
        return Vec::new();
    };
    let directory = surroundings.directory.join(&resolved.text);
    match definition::all_in(&directory) {
        Ok(found) => {
            reader.kinds = Some(ChannelKinds::with(&found.kinds));
            reader.broken_kinds = found.broken;
            found.errors.into_iter().for_each(|errors| reader.problems.adopt(errors));
            found.files
        }
        Err(why) => {
            let message = format!("`channels_dir: {}`: {why}", reader.quoted(&entry.node));
            let found = Found::new(Code::WrongValue, entry.node.span, message);
            reader.problems.push(found.label("paths begin at the directory of the configuration"));
            Vec::new()
        }
    }
}

fn config(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Config {
    let names = channel_names(fields);
    let channels = match fields.get("channels") {
        Some(Datum::Names(names)) => names.as_slice(),
        _ => &[],
    };
    let channels: BTreeMap<_, _> =
        channels.iter().filter_map(|(entry, datum)| channel::channel(entry, datum, reader)).collect();
    let defaults = fields.block("defaults").map(|block| monitor::defaults(block, &names, reader)).unwrap_or_default();
    let mut tagged = Tagged::new();
    channels.iter().for_each(|(name, channel)| channel.enter(name, &mut tagged));
    let known = Known { channels: &names, defaults: &defaults, tagged: &tagged };
    let mut taken = HashSet::new();
    let blocks = fields.blocks("monitors");
    monitor::dependencies(&blocks, reader);
    let monitors = blocks.iter().filter_map(|block| monitor::monitor(block, &known, &mut taken, reader)).collect();
    let maintenance = maintenance(fields, reader);
    let plans = plan::plans(fields, reader);
    let server = fields.block("server").map(|block| server::server(block, &plans, reader)).unwrap_or_default();
    let mut taken = status_page::Taken::by_server(Author::Operator, &PageHost::from(&server));
    let status_pages = fields.blocks("status_pages").into_iter();
    let status_pages = status_pages
        .filter_map(|block| status_page::status_page(block, &mut taken, server.mail.is_some(), None, reader))
        .collect();
    Config {
        monitors,
        channels,
        maintenance,
        defaults_spec: fields.block("defaults").map(|block| Written::of(&Spec::of(block.node, &DEFAULTS))),
        kinds: reader.kinds(),
        origin: None,
        status_pages,
        plans,
        server,
        defaults,
        files: Vec::new(),
    }
}

fn maintenance(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Vec<MaintenanceConfig> {
    let covered = maintenance::Covered::of(&fields.blocks("monitors"));
    let mut taken = HashSet::new();
    let windows = fields.blocks("maintenance").into_iter();
    windows.filter_map(|block| maintenance::maintenance(block, Some(&covered), &mut taken, reader)).collect()
}

/// The names of all channels that are written, so that a mistake in one does not make its users wrong.
fn channel_names<'n>(fields: &Fields<'n>) -> ChannelNames<'n> {
    match fields.entry("channels").map(|entry| &entry.node.value) {
        Some(Value::Block(entries)) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        _ => ChannelNames::default(),
    }
}

fn too_large(text: &str) -> Found {
    let start = text.floor_char_boundary(SIZE_MAX);
    let message = format!("the configuration is larger than {} MiB", SIZE_MAX >> 20);
    Found::new(Code::TooMuch, Span { start, end: start }, message)
        .label("this is as far as it is read; split it over several servers")
}

fn not_text(origin: String, error: &std::string::FromUtf8Error) -> Errors {
    let start = error.utf8_error().valid_up_to();
    let byte = error.as_bytes()[start];
    let source = Source::new(origin, String::from_utf8_lossy(error.as_bytes()).into_owned());
    let span = Span { start, end: start + char::REPLACEMENT_CHARACTER.len_utf8() };
    let mut problems = Problems::default();
    problems.push(Found::new(Code::NotText, span, format!("byte 0x{byte:02x} is not UTF-8")).label("save it as UTF-8"));
    problems.finish(&source).expect_err("one problem was found")
}
