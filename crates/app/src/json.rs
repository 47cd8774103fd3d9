//! Writes JSON. Documents are written by hand, so that a service needs no serialiser to say how it is.

use std::fmt::Write as _;

/// An object or a list under construction, without spaces, in the order in which it is written.
#[derive(Debug, Default)]
pub struct Json {
    text: String,
    /// Whether the next value needs a comma before it.
    comma: bool,
}

impl Json {
    /// The text that was written.
    pub fn into_text(self) -> String {
        self.text
    }

    /// `{`, what `fields` writes, `}`.
    pub fn object(&mut self, fields: impl FnOnce(&mut Self)) -> &mut Self {
        self.enclosed('{', '}', fields)
    }

    /// `[`, what `values` writes, `]`.
    pub fn list(&mut self, values: impl FnOnce(&mut Self)) -> &mut Self {
        self.enclosed('[', ']', values)
    }

    fn enclosed(&mut self, open: char, close: char, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.separate();
        self.text.push(open);
        self.comma = false;
        inside(self);
        self.text.push(close);
        self.comma = true;
        self
    }

    fn separate(&mut self) {
        if self.comma {
            self.text.push(',');
        }
        self.comma = true;
    }

    /// A field's name; its value must follow.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.text.push(':');
        self.comma = false;
        self
    }

    /// A string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        for c in value.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                c if c.is_control() => self.put(format_args!("\\u{:04x}", u32::from(c))),
                c => self.text.push(c),
            }
        }
        self.text.push('"');
        self
    }

    /// A number without a fraction.
    pub fn whole(&mut self, value: impl Into<i128>) -> &mut Self {
        self.separate();
        self.put(format_args!("{}", value.into()));
        self
    }

    /// A number; what is not finite is `null`.
    pub fn number(&mut self, value: f64) -> &mut Self {
        self.separate();
        if value.is_finite() {
            self.put(format_args!("{value:?}"))
        } else {
            self.text.push_str("null")
        }
        self
    }

    /// `true` or `false`.
    pub fn truth(&mut self, value: bool) -> &mut Self {
        self.separate();
        self.text.push_str(if value { "true" } else { "false" });
        self
    }

    /// `null`.
    pub fn null(&mut self) -> &mut Self {
        self.separate();
        self.text.push_str("null");
        self
    }

    /// A string, or `null`.
    pub fn text_or_null(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A field that is left out when there is no text for it.
    pub fn text_field(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name).text(value);
        }
    }

    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.text.write_fmt(arguments).expect("writing into a string does not fail");
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn what_is_written_is_read_back() {
        let mut json = Json::default();
        json.object(|json| {
            json.name("te\"xt\n").text("a\\b\u{1}\u{85}é");
            json.name("list").list(|json| {
                json.whole(1_u8).number(0.42).number(5000.0).number(f64::NAN).truth(true).null();
                json.object(|_| {}).list(|_| {});
            });
            json.text_field("absent", None);
            json.text_field("there", Some("x"));
        });
        let text = json.into_text();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "te\"xt\n": "a\\b\u{1}\u{85}é", "list": [1, 0.42, 5000.0, null, true, null, {}, []], "there": "x",
        });
        assert_eq!(read, expected, "{text}");
    }
}
