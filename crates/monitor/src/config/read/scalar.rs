//! Reads one scalar: its references resolved, its type and bounds held against the key's.

use std::time::Duration;

use allswell_core::time::parse_duration;

use super::{Datum, Reader, nearest, written};
use crate::config::keys::Kind;
use crate::config::problem::{Code, Found};
use crate::config::reference::NOT_A_GUESTS;
use crate::config::spec::MASK;
use crate::config::tree::Node;

impl Reader<'_> {
    pub(super) fn scalar<'n>(&mut self, name: &str, node: &'n Node, kind: &'static Kind) -> Option<Datum<'n>> {
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
            Kind::File | Kind::Picture | Kind::Directory if text.is_empty() => self.empty(name, node),
            Kind::Picture if text.starts_with("data:") => Some(Datum::Text(text)),
            Kind::File | Kind::Picture | Kind::Directory if !self.surroundings.has_files() => {
                self.not_a_guests(name, node, kind)
            }
            Kind::File | Kind::Picture => Some(Datum::File(self.surroundings.directory.join(text))),
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
            self.problems.push(found.label(match self.surroundings.has_files() {
                true => "write the secret itself, or a reference like `${env:NAME}`",
                false => "write the secret itself",
            }));
            return false;
        }
        true
    }

    /// The text of a scalar, its references resolved.
    pub(super) fn text(&mut self, name: &str, node: &Node, is_secret: bool) -> Option<String> {
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

    pub(super) fn no_word(&mut self, name: &str, node: &Node, words: &[&'static str]) {
        let quoted = self.quoted(node);
        let label = match nearest(&quoted, words.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")),
        };
        let message = format!("`{name}: {quoted}` is not known");
        self.problems.push(Found::new(Code::WrongValue, node.span, message).label(label));
    }

    fn not_a_guests<T>(&mut self, name: &str, node: &Node, kind: &Kind) -> Option<T> {
        let way_out = match kind {
            Kind::Picture => "write the picture itself, as a `data:` URL",
            _ => "leave it out",
        };
        let message = format!("`{name}` names a file of the server: {NOT_A_GUESTS}");
        self.problems.push(Found::new(Code::Unresolved, node.span, message).label(way_out));
        None
    }

    fn empty<T>(&mut self, name: &str, node: &Node) -> Option<T> {
        let found = Found::new(Code::WrongValue, node.span, format!("`{name}` is empty"));
        self.problems.push(found.label("write it, or remove the line"));
        None
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Duration { .. } => "a duration like 30s",
        Kind::Number { .. } => "a number",
        Kind::Flag => "`true` or `false`",
        Kind::File | Kind::Directory => "a path",
        Kind::Picture => "a path or a `data:` URL",
        _ => "text",
    }
}

fn is_reference(node: &Node) -> bool {
    node.scalar().is_some_and(|scalar| scalar.text.contains("${"))
}
