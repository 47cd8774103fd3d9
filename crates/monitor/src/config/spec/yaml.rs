//! A [`Spec`] as YAML that reads back as the same: blocks line by line, short lists in brackets, quotes where they are needed.

use super::Spec;

impl Spec {
    /// Writes the lines of a block, each behind `indent` spaces; an empty one is `{}`.
    pub(in super::super) fn write_block(&self, indent: usize, out: &mut String) {
        let Self::Block(entries) = self else { return };
        for (key, value) in entries {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(&scalar(key));
            out.push(':');
            value.write_value(indent + 2, out);
        }
    }

    fn write_value(&self, indent: usize, out: &mut String) {
        match self {
            Self::Block(entries) if !entries.is_empty() => {
                out.push('\n');
                self.write_block(indent, out);
            }
            Self::List(items) if items.iter().any(|item| matches!(item, Self::Block(_) | Self::List(_))) => {
                out.push('\n');
                items.iter().for_each(|item| item.write_item(indent, out));
            }
            simple => {
                out.push(' ');
                out.push_str(&simple.inline());
                out.push('\n');
            }
        }
    }

    /// Writes it as an item of a list whose dashes stand behind `indent` spaces.
    pub(in super::super) fn write_item(&self, indent: usize, out: &mut String) {
        let at = out.len();
        match self {
            Self::Block(entries) if !entries.is_empty() => self.write_block(indent + 2, out),
            simple => {
                out.extend(std::iter::repeat_n(' ', indent + 2));
                out.push_str(&simple.inline());
                out.push('\n');
            }
        }
        out.replace_range(at + indent..=at + indent, "-");
    }

    fn inline(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(", ");
        match self {
            Self::Nothing => "null".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.clone(),
            Self::Text(text) => scalar(text),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::inline).collect())),
            Self::Block(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Block(entries) => {
                let parts = entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), value.inline()));
                format!("{{ {} }}", joined(parts.collect()))
            }
        }
    }
}

/// Text without quotes where any reader takes it for the same text, else in double quotes.
pub(in super::super) fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // YAML 1.2, 5.1: not everything may be printed as it is; and marks that nobody sees are better seen.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                quoted.push_str(&format!("\\U{:08x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Letters, digits and a few signs, not to be mistaken for a number or a word that YAML knows.
fn is_plain(text: &str) -> bool {
    let is_good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '+');
    let first = text.chars().next();
    let known = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    // A duration begins with a digit and ends with a letter; whatever might be a number has its quotes.
    let is_number = text.starts_with(|c: char| c.is_ascii_digit()) && !text.ends_with(['s', 'm', 'h', 'd']);
    first.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '/')
        && text.chars().all(is_good)
        && !is_number
        && !known.contains(&text.to_ascii_lowercase().as_str())
}
