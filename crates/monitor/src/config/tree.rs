//! YAML as a tree in which everything knows its place.
//!
//! Scalars stay text: what `no`, `1e3` or `0x10` mean is decided by the key they belong to, never by how they look.
//! Depth, values and what aliases copy are bounded, so no text takes more than a moment.

use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Marker, Options, Parser, ScalarStyle, ScanError};

use super::problem::{Code, Found, Problems};
use super::source::{Span, is_telling, quotable};

/// How deep blocks and lists may lie in each other; a configuration needs six levels.
const DEPTH_MAX: usize = 32;

/// How many values a text may have once its aliases are copied: 10,000 monitors with fifty each.
const VALUES_MAX: usize = 500_000;

/// How much text aliases may copy, in bytes.
const COPIED_MAX: usize = 32 << 20;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it stands; for blocks and lists where they begin.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text, a number, anything without parts.
    Scalar(Scalar),
    /// `[...]` or lines with `-`.
    List(Vec<Node>),
    /// `{...}` or lines with `key:`.
    Block(Vec<Entry>),
}

/// Text, a number, anything without parts.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    /// The text with its escapes resolved.
    pub text: String,
    /// Whether it stands without quotes.
    pub plain: bool,
}

/// One line of a block.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The text, when it is a scalar.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::List(_) | Value::Block(_) => None,
        }
    }

    /// Whether nothing is written: an empty value, `~` or `null`.
    pub(super) fn is_nothing(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null"))
    }

    /// The entry with this key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Block(entries) => entries.iter().find(|entry| entry.key == key),
            Value::Scalar(_) | Value::List(_) => None,
        }
    }

    /// What stands at a path like `tls.ca`, `headers.X-Key` or `to[1]`; the nearest thing above when there is none.
    pub(super) fn find(&self, path: &str) -> &Self {
        self.follow(&path.replace('[', ".").replace(']', ""))
    }

    fn follow(&self, path: &str) -> &Self {
        let below = |part: &str| {
            let rest = path.strip_prefix(part)?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
        };
        let found = match &self.value {
            Value::Scalar(_) => None,
            Value::List(items) => {
                items.iter().enumerate().find_map(|(index, item)| Some((item, below(&index.to_string())?)))
            }
            Value::Block(entries) => entries.iter().find_map(|entry| Some((&entry.node, below(&entry.key)?))),
        };
        found.map_or(self, |(node, rest)| node.follow(rest))
    }

    /// The places of all scalars that are likely to be secrets by the keys above them; references like `${env:X}` are none.
    pub(super) fn telling(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        self.gather(false, &mut spans);
        spans
    }

    fn gather(&self, telling: bool, spans: &mut Vec<Span>) {
        match &self.value {
            Value::Scalar(scalar) if telling && !is_reference(&scalar.text) => spans.push(self.span),
            Value::Scalar(_) => {}
            Value::List(items) => items.iter().for_each(|item| item.gather(telling, spans)),
            Value::Block(entries) => {
                entries.iter().for_each(|entry| entry.node.gather(telling || is_telling(&entry.key), spans));
            }
        }
    }

    /// How many values it has, itself included, and how much text.
    fn weight(&self) -> (usize, usize) {
        let sum = |(count, bytes): (usize, usize), (more, text): (usize, usize)| (count + more, bytes + text);
        match &self.value {
            Value::Scalar(scalar) => (1, scalar.text.len()),
            Value::List(items) => items.iter().map(Self::weight).fold((1, 0), sum),
            Value::Block(entries) => {
                entries.iter().map(|entry| sum((0, entry.key.len()), entry.node.weight())).fold((1, 0), sum)
            }
        }
    }
}

/// Whether a text is one reference and nothing else.
fn is_reference(text: &str) -> bool {
    text.starts_with("${") && text.find('}') == Some(text.len() - 1)
}

/// Reads the one document of `text`.
///
/// Returns `None` when it is no YAML or too much of it; keys that are there twice are told and the first one is kept.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<Node> {
    let mut builder = Builder { problems, open: Vec::new(), root: None, anchors: HashMap::new(), values: 0, copied: 0 };
    match builder.read(text) {
        Ok(()) => Some(builder.root.unwrap_or_else(|| nothing(Span::default()))),
        Err(found) => {
            problems.push(found);
            None
        }
    }
}

fn nothing(span: Span) -> Node {
    Node { span, value: Value::Scalar(Scalar { text: String::new(), plain: true }) }
}

/// Blocks and lists that are not closed yet, outermost first, and what is known besides.
struct Builder<'p> {
    problems: &'p mut Problems,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    values: usize,
    copied: usize,
}

/// A block or list that is not closed yet.
struct Open {
    span: Span,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Block { entries: Vec<Entry>, keys: HashSet<String>, key: Option<(String, Span)>, merged: Vec<Node> },
}

impl Builder<'_> {
    fn read(&mut self, text: &str) -> Result<(), Found> {
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: DEPTH_MAX,
            block_nesting_limit: DEPTH_MAX,
        };
        let options: Options = options;
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| not_yaml(&error, text))?;
            let range = span.byte_range().unwrap_or_default();
            self.take(event, Span { start: range.start, end: range.end })?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Found> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                no_tag(tag.is_some(), span)?;
                let plain = style == ScalarStyle::Plain;
                self.close(Node { span, value: Value::Scalar(Scalar { text: text.into_owned(), plain }) }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                no_tag(tag.is_some(), span)?;
                self.open(Open { span, anchor, parts: Parts::List(Vec::new()) })
            }
            Event::MappingStart(_, anchor, tag) => {
                no_tag(tag.is_some(), span)?;
                let parts = Parts::Block { entries: Vec::new(), keys: HashSet::new(), key: None, merged: Vec::new() };
                self.open(Open { span, anchor, parts })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop().expect("the parser closes only what it opened");
                let (node, anchor) = open.close(self.problems);
                self.close(node, anchor)
            }
            Event::Alias(anchor) => self.copy(anchor, span),
            Event::DocumentStart(..) if self.root.is_some() => {
                let message = "a second document begins here";
                Err(Found::new(Code::NotYaml, span, message).label("a configuration is one document; remove the `---`"))
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Result<(), Found> {
        self.key_is_text(open.span)?;
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep(open.span));
        }
        self.open.push(open);
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Found> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(Found::new(Code::TooMuch, node.span, format!("there are more than {VALUES_MAX} values"))
                .help("split it over several servers, or write fewer aliases"));
        }
        if anchor > 0 {
            self.count(&node, node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(open) => open.take(node, self.problems)?,
        }
        Ok(())
    }

    fn copy(&mut self, anchor: usize, span: Span) -> Result<(), Found> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(Found::new(Code::NotYaml, span, "an alias stands inside of what it names")
                .label("write out what is meant"));
        };
        self.count(&node, span)?;
        self.close(node, 0)
    }

    /// Counts a copy of `node`.
    fn count(&mut self, node: &Node, span: Span) -> Result<(), Found> {
        let (values, bytes) = node.weight();
        self.values += values;
        self.copied += bytes;
        if self.values > VALUES_MAX || self.copied > COPIED_MAX {
            return Err(Found::new(Code::TooMuch, span, "aliases copy too much").help(format!(
                "write fewer aliases; {VALUES_MAX} values and {COPIED_MAX} bytes of text are the most"
            )));
        }
        Ok(())
    }

    fn key_is_text(&self, span: Span) -> Result<(), Found> {
        match self.open.last().map(|open| &open.parts) {
            Some(Parts::Block { key: None, .. }) => {
                Err(Found::new(Code::NotYaml, span, "a key must be text").label("quote it when it begins with [ or {"))
            }
            _ => Ok(()),
        }
    }
}

impl Open {
    fn take(&mut self, node: Node, problems: &mut Problems) -> Result<(), Found> {
        let (entries, keys, key, merged) = match &mut self.parts {
            Parts::List(items) => {
                items.push(node);
                return Ok(());
            }
            Parts::Block { entries, keys, key, merged } => (entries, keys, key, merged),
        };
        let Some((name, key_span)) = key.take() else {
            let span = node.span;
            let Value::Scalar(scalar) = node.value else {
                return Err(Found::new(Code::NotYaml, span, "a key must be text").label("write a name"));
            };
            *key = Some((scalar.text, span));
            return Ok(());
        };
        if name == "<<" {
            merged.push(node);
            return Ok(());
        }
        if keys.contains(&name) {
            let message = format!("`{}` is there twice", quotable(&name));
            problems.push(Found::new(Code::Twice, key_span, message).label("remove this one or the one before"));
            return Ok(());
        }
        keys.insert(name.clone());
        entries.push(Entry { key: name, key_span, node });
        Ok(())
    }

    fn close(self, problems: &mut Problems) -> (Node, usize) {
        let Self { span, anchor, parts } = self;
        let value = match parts {
            Parts::List(items) => Value::List(items),
            Parts::Block { mut entries, keys, merged, .. } => {
                let mut known = keys;
                merged.into_iter().for_each(|node| merge(node, &mut entries, &mut known, problems));
                Value::Block(entries)
            }
        };
        (Node { span, value }, anchor)
    }
}

/// Adds what `<<` names and the block does not have itself (YAML 1.1, merge keys).
fn merge(node: Node, entries: &mut Vec<Entry>, known: &mut HashSet<String>, problems: &mut Problems) {
    match node.value {
        Value::Block(more) => entries.extend(more.into_iter().filter(|entry| known.insert(entry.key.clone()))),
        Value::List(nodes) if nodes.iter().all(|node| matches!(node.value, Value::Block(_))) => {
            nodes.into_iter().for_each(|node| merge(node, entries, known, problems));
        }
        Value::List(_) | Value::Scalar(_) => {
            let message = "`<<` takes in a block or a list of blocks";
            problems.push(Found::new(Code::WrongShape, node.span, message).label("name one with `*`"));
        }
    }
}

fn no_tag(has_tag: bool, span: Span) -> Result<(), Found> {
    if has_tag {
        return Err(Found::new(Code::NotYaml, span, "tags have no meaning here").label("remove the `!` before it"));
    }
    Ok(())
}

fn too_deep(span: Span) -> Found {
    Found::new(Code::TooMuch, span, format!("blocks lie deeper than {DEPTH_MAX} levels in each other"))
        .label("a configuration needs six")
}

/// What the parser found, with a way out where it is known.
fn not_yaml(error: &ScanError, text: &str) -> Found {
    let span = mark(error.marker(), text);
    let found = |message: &str| Found::new(Code::NotYaml, span, message.to_owned());
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(span),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => found("a tab stands where YAML allows only spaces").label("write spaces"),
        ErrorKind::UnknownAnchor => found("an alias names nothing that stands before it").label("define it with `&`"),
        ErrorKind::MappingValueNotAllowed => {
            found("a `:` stands where no value may begin").label("quote the value when it contains `: `")
        }
        ErrorKind::UnclosedQuotedScalar => found("a quote is not closed").label("close it"),
        ErrorKind::UnclosedFlowCollection { open } => found(&format!("`{open}` is not closed")).label("close it"),
        ErrorKind::InvalidIndentation => found("the indentation fits no block").label("align it with its neighbours"),
        ErrorKind::UnknownQuotedScalarEscape => {
            found("an unknown escape in double quotes").label("write `\\\\`, or use single quotes")
        }
        kind => found(&format!("this is not YAML: {kind}")),
    }
}

/// One character at the mark.
fn mark(marker: &Marker, text: &str) -> Span {
    let start = marker.byte_offset().unwrap_or(text.len()).min(text.len());
    let end = text.get(start..).and_then(|rest| rest.chars().next()).map_or(start, |c| start + c.len_utf8());
    Span { start, end }
}
