//! From parser events to the tree.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::{COPIED_MAX, DEPTH_MAX, DOCUMENTS_MAX, Entry, Node, PROBLEMS_MAX, Problem, Value};

/// Reads all documents, going on at the next `---` after one that cannot be read.
pub(super) fn read(text: &str) -> (Vec<Node>, Vec<Problem>) {
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    let mut from = 0;
    while from < text.len() {
        let Some(problem) = stream(&text[from..], from, &mut documents) else {
            break;
        };
        let at = problem.at;
        problems.push(problem);
        if documents.len() >= DOCUMENTS_MAX {
            break;
        }
        if problems.len() >= PROBLEMS_MAX {
            let message = format!("{PROBLEMS_MAX} documents cannot be read; what follows is not looked at");
            problems.push(Problem { at, message });
            break;
        }
        match next_document(text, at.max(from)) {
            Some(next) => from = next,
            None => break,
        }
    }
    (documents, problems)
}

/// The first `---` at the beginning of a line after `at`.
fn next_document(text: &str, at: usize) -> Option<usize> {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    text[at..]
        .match_indices("\n---")
        .map(|(found, _)| at + found + 1)
        .find(|next| matches!(text.as_bytes().get(next + 3), None | Some(b' ' | b'\t' | b'\r' | b'\n')))
}

/// Reads documents until one cannot be read; says why.
fn stream(text: &str, offset: usize, documents: &mut Vec<Node>) -> Option<Problem> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let mut builder = Builder { open: Vec::new(), anchors: HashMap::new(), copied: 0, done: documents };
    for event in Parser::new_from_str_with_options(text, options) {
        let taken = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or_default();
                builder.take(event, range.start + offset..range.end + offset)
            }
            Err(error) => Err(not_yaml(&error, text, offset)),
        };
        if let Err(problem) = taken {
            return Some(problem);
        }
    }
    None
}

fn not_yaml(error: &ScanError, text: &str, offset: usize) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(0);
    let line = text.get(..at).map_or("", |before| &before[before.rfind('\n').map_or(0, |found| found + 1)..]);
    let after = text.get(at..).map_or("", |rest| rest.lines().next().unwrap_or(""));
    let indent_has_tab = line.chars().chain(after.chars()).take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    let message = if indent_has_tab {
        "this is no YAML: a tab cannot indent; use spaces".to_owned()
    } else {
        format!("this is no YAML: {}", error.info())
    };
    Problem { at: at + offset, message }
}

/// Collections that are not closed yet, outermost first.
struct Builder<'d> {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    copied: usize,
    done: &'d mut Vec<Node>,
}

struct Open {
    start: usize,
    end: usize,
    anchor: usize,
    flow: bool,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, keys: HashSet<String>, key: Option<(String, Range<usize>)>, merged: Vec<Node> },
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Problem> {
        match event {
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.copied = 0;
                if self.done.len() >= DOCUMENTS_MAX {
                    let message = format!("more than {DOCUMENTS_MAX} documents in one text; split it");
                    return Err(Problem { at: span.start, message });
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let value = if is_text { Value::Text(text.into_owned()) } else { resolve(&text) };
                self.finish(Node { span, value, flow: false }, anchor)?;
            }
            Event::Alias(id) => {
                let node = self.copy(id, &span)?;
                self.finish(Node { span, ..node }, 0)?;
            }
            Event::SequenceStart(style, anchor, _) => {
                self.begin(span, anchor, style == StructureStyle::Flow, Parts::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                let parts = Parts::Map { entries: Vec::new(), keys: HashSet::new(), key: None, merged: Vec::new() };
                self.begin(span, anchor, style == StructureStyle::Flow, parts);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&span)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, span: Range<usize>, anchor: usize, flow: bool, parts: Parts) {
        self.open.push(Open { start: span.start, end: span.end, anchor, flow, parts });
    }

    fn end(&mut self, span: &Range<usize>) -> Result<(), Problem> {
        let open = self.open.pop().expect("the parser closes what it opened");
        let end = if open.flow { span.end } else { open.end };
        let value = match open.parts {
            Parts::List(items) => Value::List(items),
            Parts::Map { mut entries, mut keys, merged, .. } => {
                for node in merged {
                    merge(&mut entries, &mut keys, node);
                }
                Value::Map(entries)
            }
        };
        self.finish(Node { span: open.start..end.max(open.start), value, flow: open.flow }, open.anchor)
    }

    /// Puts a finished value where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        if anchor != 0 {
            // Anchors within each other keep the same values again and again, even when no alias asks for them.
            self.count(&node, node.span.start)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            if node.value != Value::Null {
                self.done.push(node);
            }
            return Ok(());
        };
        open.end = open.end.max(node.span.end);
        match &mut open.parts {
            Parts::List(items) => items.push(node),
            Parts::Map { entries, keys, key, merged } => match key.take() {
                None => *key = Some((key_text(&node)?, node.span)),
                Some((name, _)) if name == "<<" => merged.push(node),
                Some((name, key_span)) => {
                    if !keys.insert(name.clone()) {
                        let message = format!("the key `{name}` is there twice; keep one of them");
                        return Err(Problem { at: key_span.start, message });
                    }
                    entries.push(Entry { key: name, key_span, node });
                }
            },
        }
        Ok(())
    }

    fn copy(&mut self, id: usize, span: &Range<usize>) -> Result<Node, Problem> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            let message = "an alias stands within what it names; write the value out".to_owned();
            return Err(Problem { at: span.start, message });
        };
        self.count(&node, span.start)?;
        Ok(node)
    }

    fn count(&mut self, node: &Node, at: usize) -> Result<(), Problem> {
        self.copied = self.copied.saturating_add(node.weight());
        if self.copied > COPIED_MAX {
            let message = format!(
                "anchors and aliases copy more than {COPIED_MAX} values; write them out, or split the document"
            );
            return Err(Problem { at, message });
        }
        Ok(())
    }
}

/// Adds what `<<` names, unless the map has it: the YAML 1.1 merge key, which Kubernetes' reader knows.
fn merge(entries: &mut Vec<Entry>, keys: &mut HashSet<String>, node: Node) {
    match node.value {
        Value::Map(more) => {
            for entry in more {
                if keys.insert(entry.key.clone()) {
                    entries.push(entry);
                }
            }
        }
        Value::List(items) => items.into_iter().for_each(|item| merge(entries, keys, item)),
        _ => {}
    }
}

fn key_text(node: &Node) -> Result<String, Problem> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Int(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Null => Ok("null".to_owned()),
        Value::List(_) | Value::Map(_) => {
            Err(Problem { at: node.span.start, message: "a key must be plain text".to_owned() })
        }
    }
}

/// What a plain scalar means to the API server's reader: YAML 1.1, with its words for true and false.
fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::Bool(false),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Value::Text(text.to_owned());
    }
    let digits = text.replace('_', "");
    whole(&digits).map(Value::Int).or_else(|| broken(&digits)).unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn whole(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let based = |prefix: &str, base| digits.strip_prefix(prefix).and_then(|d| i64::from_str_radix(d, base).ok());
    let number = based("0x", 16).or_else(|| based("0o", 8)).or_else(|| based("0b", 2));
    let number = number.or_else(|| {
        let octal = digits.len() > 1 && digits.starts_with('0');
        if octal { i64::from_str_radix(digits, 8).ok() } else { digits.parse().ok() }
    });
    number.filter(|_| !digits.starts_with(['+', '-'])).and_then(|number| number.checked_mul(sign))
}

fn broken(text: &str) -> Option<Value> {
    let looks = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    let number = text.parse::<f64>().ok().filter(|number| looks && number.is_finite())?;
    Some(Value::Float(number))
}
