//! The templates of a definition: minijinja with bounded steps, no files, no code, and unknown names refused.
//!
//! What a value is escaped for is decided by the template it stands in, never by whoever writes the value: JSON in a request's
//! body, a vendor's markup in its texts.

use std::borrow::Cow;
use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter};

use crate::notification::rfc3339;

/// The most steps that one rendering may take; the largest definition of our own takes about a thousand.
const FUEL: u64 = 50_000;
/// The longest thing that may be rendered, in bytes.
const RENDERED_MAX: usize = 256 << 10;

/// What values are escaped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Nothing: plain text.
    None,
    /// JSON: each value is written as JSON, quotes included.
    Json,
    /// Slack's mrkdwn.
    Slack,
    /// Markdown as Discord, Teams and Mattermost read it.
    Markdown,
    /// HTML.
    Html,
}

impl Escape {
    /// The words in definitions.
    pub(crate) const WORDS: [(&'static str, Self); 4] =
        [("none", Self::None), ("slack", Self::Slack), ("markdown", Self::Markdown), ("html", Self::Html)];

    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Json => "json",
            Self::Slack => "slack",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// How the template called `name` escapes.
    fn of(name: &str) -> AutoEscape {
        match name.rsplit('|').next() {
            Some("json") => AutoEscape::Json,
            Some("slack") => AutoEscape::Custom(Cow::Borrowed("slack")),
            Some("markdown") => AutoEscape::Custom(Cow::Borrowed("markdown")),
            Some("html") => AutoEscape::Custom(Cow::Borrowed("html")),
            _ => AutoEscape::None,
        }
    }
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct TemplateError {
    /// Where it stands in the definition: `texts.message.template`, `request.json`.
    pub path: String,
    /// Which of its lines, from 1 on.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

/// All templates of a definition.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(32);
        // A line with nothing but a `{% ... %}` leaves nothing behind.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the usual delimiters do not contradict each other"));
        environment.set_auto_escape_callback(Escape::of);
        environment.set_formatter(write);
        environment.add_filter("plus", plus);
        environment.add_filter("cut", |text: String, most: usize| crate::notify::clean::line(&text, most));
        Self(environment)
    }

    /// Adds the template that stands at `path`, whose values are escaped for `escape`.
    pub fn add(&mut self, path: &str, escape: Escape, source: &str) -> Result<(), TemplateError> {
        let name = format!("{path}|{}", escape.as_str());
        self.0.add_template_owned(name, source.to_owned()).map_err(|error| found(path, &error))
    }

    /// Renders the template that was added for `path` and `escape`.
    pub fn render(&self, path: &str, escape: Escape, context: &Value) -> Result<String, TemplateError> {
        let template =
            self.0.get_template(&format!("{path}|{}", escape.as_str())).map_err(|error| found(path, &error))?;
        let text = template.render(context).map_err(|error| found(path, &error))?;
        if text.len() > RENDERED_MAX {
            let why = format!("makes {} bytes; at most {RENDERED_MAX} are sent", text.len());
            return Err(TemplateError { path: path.to_owned(), line: None, why });
        }
        Ok(text)
    }
}

fn found(path: &str, error: &Error) -> TemplateError {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let why = match error.kind() {
        ErrorKind::OutOfFuel => format!("takes more than {FUEL} steps; make it shorter"),
        ErrorKind::UndefinedError => format!("uses something that there is not{detail}"),
        kind => format!("{kind}{detail}"),
    };
    TemplateError { path: path.to_owned(), line: error.line(), why }
}

/// Writes a value as its template wants it.
fn write(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let AutoEscape::Custom(markup) = state.auto_escape() else { return escape_formatter(out, state, value) };
    if value.is_safe() || !matches!(value.kind(), ValueKind::String) {
        return Ok(write!(out, "{value}")?);
    }
    let text = value.as_str().unwrap_or_default();
    for c in text.chars() {
        match (markup.as_ref(), c) {
            ("slack" | "html", '&') => out.write_str("&amp;")?,
            ("slack" | "html", '<') => out.write_str("&lt;")?,
            ("slack" | "html", '>') => out.write_str("&gt;")?,
            ("html", '"') => out.write_str("&quot;")?,
            ("markdown", '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '<' | '>' | '#') => {
                out.write_char('\\')?;
                out.write_char(c)?;
            }
            _ => out.write_char(c)?,
        }
    }
    Ok(())
}

/// A moment later: `{{ at | plus(days=30) }}`, `{{ at | plus(minutes=5) }}`.
fn plus(moment: String, more: Kwargs) -> Result<String, Error> {
    let (days, minutes): (Option<i64>, Option<i64>) = (more.get("days")?, more.get("minutes")?);
    more.assert_all_used()?;
    let wrong = |why: &str| Error::new(ErrorKind::InvalidOperation, format!("`plus` {why}"));
    let at: jiff::Timestamp = moment.parse().map_err(|_| wrong("takes a moment like `began` or `at`"))?;
    let minutes = days.unwrap_or(0).saturating_mul(1_440).saturating_add(minutes.unwrap_or(0));
    let ms = at.as_millisecond().saturating_add(minutes.saturating_mul(60_000));
    Ok(rfc3339(allswell_core::Wall::from_ms(ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(escape: Escape, source: &str) -> Result<String, String> {
        let mut templates = Templates::new();
        let context = minijinja::context! {
            text => "a\"b\\<*c*> & _d_ @everyone\n",
            at => "2026-11-21T11:39:14.120Z",
            none => (),
        };
        let rendered = templates.add("x", escape, source).and_then(|()| templates.render("x", escape, &context));
        rendered.map_err(|error| format!("{}: {}", error.line.unwrap_or_default(), error.why))
    }

    #[test]
    fn values_are_escaped_for_what_they_stand_in() {
        let check =
            |escape, expected: &str| assert_eq!(render(escape, "<{{ text }}>").unwrap(), format!("<{expected}>"));
        check(Escape::None, "a\"b\\<*c*> & _d_ @everyone\n");
        check(Escape::Json, r#""a\"b\\<*c*> & _d_ @everyone\n""#);
        check(Escape::Slack, "a\"b\\&lt;*c*&gt; &amp; _d_ @everyone\n");
        check(Escape::Html, "a&quot;b\\&lt;*c*&gt; &amp; _d_ @everyone\n");
        check(Escape::Markdown, "a\"b\\\\\\<\\*c\\*\\> & \\_d\\_ @everyone\n");
        assert_eq!(
            render(Escape::Json, r#"{"a": {{ none }}, "b": {{ [1, text|length] }}}"#).unwrap(),
            r#"{"a": null, "b": [1,26]}"#
        );
    }

    #[test]
    fn moments_can_be_moved_and_text_cut() {
        assert_eq!(render(Escape::None, "{{ at|plus(days=30) }}").unwrap(), "2026-12-21T11:39:14.120Z");
        assert_eq!(render(Escape::None, "{{ at|plus(minutes=5) }}").unwrap(), "2026-11-21T11:44:14.120Z");
        assert_eq!(render(Escape::None, "{{ text|cut(4) }}").unwrap(), "a\"b…");
    }

    #[test]
    fn what_cannot_be_rendered_is_named_with_its_line() {
        let check = |source: &str, part: &str| {
            let why = render(Escape::Json, source).expect_err(source);
            assert!(why.contains(part), "{source}: {why}");
        };
        check("{\n{{ nobody }}", "2: uses something that there is not");
        check("\n\n{{ text", "3: syntax error");
        check("{{ text|shout }}", "1: unknown filter");
        check("{{ text|plus(days=1) }}", "`plus` takes a moment");
        check("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "more than 50000 steps");
        check("{% include 'secret' %}", "1: ");
    }
}
