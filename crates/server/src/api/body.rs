//! The JSON body of a request, read strictly: what is not known or cannot be meant is refused with the field and the way out.

use std::fmt;

use allswell_core::Wall;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::Problem;

/// No body of ours is larger.
pub(super) const BODY_BYTES_MAX: usize = 8 << 20;

/// No secret is longer.
const SECRET_BYTES_MAX: usize = 4_096;

/// An object, its fields not looked at yet.
pub(crate) struct Fields(Map<String, Value>);

impl fmt::Debug for Fields {
    /// Leaves the values out: some are passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;
    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media != "application/json" && !media.ends_with("+json") {
            return Err(Problem::body(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("the body is said to be `{media}`"),
                "send JSON, and say so: `Content-Type: application/json`",
            ));
        }
        let body = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|_| too_large())?;
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Problem::body(
                StatusCode::BAD_REQUEST,
                "the body is JSON, but no object",
                "write it like {\"name\": \"...\"}",
            )),
            Err(error) => Err(Problem::body(
                StatusCode::BAD_REQUEST,
                format!("the body is no JSON: {error}"),
                "send one JSON object in UTF-8",
            )),
        }
    }
}

/// More than anybody means.
pub(super) fn too_large() -> Problem {
    Problem::body(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body has more than {} MB", BODY_BYTES_MAX >> 20),
        "send it in parts",
    )
}

impl Fields {
    /// Refuses what is not in `known`.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(self),
            Some(name) => {
                let hint = format!("known are {}", known.join(", "));
                Err(Problem::field(name, format!("`{name}` is no field here"), hint))
            }
        }
    }

    /// A text of 1 to `most` characters that must be there.
    pub(crate) fn needed_text(&self, name: &str, most: usize) -> Result<String, Problem> {
        let missing = || Problem::field(name, format!("`{name}` is missing"), format!("write {{\"{name}\": \"...\"}}"));
        self.text(name, most)?.ok_or_else(missing)
    }

    /// A text of 1 to `most` characters, without what acts on a terminal.
    pub(crate) fn text(&self, name: &str, most: usize) -> Result<Option<String>, Problem> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim(),
            Some(other) => return Err(wrong(name, other, "write a text in quotes")),
        };
        let is_plain = text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t');
        if text.is_empty() || text.chars().count() > most || !is_plain {
            let detail = format!("`{name}` has 1 to {most} characters, and no control characters");
            return Err(Problem::field(name, detail, "write something people can read"));
        }
        Ok(Some(text.to_owned()))
    }

    /// A text that must be there, as it is, and that no answer quotes.
    pub(crate) fn secret(&self, name: &str) -> Result<SecretString, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => {
                Err(Problem::field(name, format!("`{name}` is missing"), format!("write {{\"{name}\": \"...\"}}")))
            }
            Some(Value::String(text)) if text.len() <= SECRET_BYTES_MAX => Ok(text.as_str().into()),
            Some(_) => {
                let detail = format!("`{name}` is no text, or a very long one");
                Err(Problem::field(name, detail, "write a text in quotes"))
            }
        }
    }

    /// Yes or no; no where nothing is said.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(wrong(name, other, "write true or false")),
        }
    }

    /// Whether the field says something.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether the field is there and says nothing.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_null)
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let list = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(wrong(name, other, "write a list of texts: [\"a\", \"b\"]")),
        };
        let text = |item: &Value| {
            item.as_str().map(str::to_owned).ok_or_else(|| wrong(name, item, "write a list of texts: [\"a\", \"b\"]"))
        };
        list.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A moment.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<Wall>, Problem> {
        let Some(text) = self.text(name, 64)? else { return Ok(None) };
        let moment: Timestamp = text.parse().map_err(|_| {
            Problem::field(
                name,
                format!("`{name}` is no moment: `{text}`"),
                "write it as RFC 3339: 2026-11-21T12:00:00Z",
            )
        })?;
        Ok(Some(Wall::from_ms(moment.as_millisecond())))
    }
}

fn wrong(name: &str, value: &Value, hint: &str) -> Problem {
    let shown: String = value.to_string().chars().take(100).collect();
    Problem::field(name, format!("`{name}` cannot be `{shown}`"), hint)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        let Value::Object(fields) = value else { panic!("an object") };
        Fields(fields)
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        let problem = result.expect_err("it must be refused");
        let (detail, hint) = problem.sentences();
        format!("{detail}; {}", hint.unwrap_or_default())
    }

    #[test]
    fn fields_are_read() {
        let fields =
            fields(json!({"name": " ops ", "tags": ["a"], "at": "2026-11-21T12:00:00Z", "none": null, "yes": true}));
        assert_eq!(fields.needed_text("name", 10), Ok("ops".to_owned()));
        assert_eq!(fields.texts("tags"), Ok(Some(vec!["a".to_owned()])));
        assert_eq!(fields.moment("at"), Ok(Some(Wall::from_ms(1_795_262_400_000))));
        assert_eq!(fields.text("none", 10), Ok(None));
        assert_eq!((fields.flag("yes"), fields.flag("no"), fields.flag("none")), (Ok(true), Ok(false), Ok(false)));
    }

    #[test]
    fn a_secret_is_taken_as_it_is_and_quoted_by_nobody() {
        use secrecy::ExposeSecret as _;
        let fields = fields(json!({"password": " two  spaces ", "number": 12345, "long": "x".repeat(5_000)}));
        assert_eq!(
            fields.secret("password").map(|text| text.expose_secret().to_owned()),
            Ok(" two  spaces ".to_owned())
        );
        assert!(!format!("{fields:?}").contains("spaces"));
        assert!(!refused(fields.secret("number")).contains("12345"));
        assert!(!refused(fields.secret("long")).contains("xxx"));
        assert!(refused(fields.secret("none")).starts_with("`none` is missing"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_way_out() {
        assert_eq!(refused(fields(json!({"nam": 1})).only(&["name"])), "`nam` is no field here; known are name");
        assert_eq!(refused(fields(json!({})).needed_text("name", 5)), "`name` is missing; write {\"name\": \"...\"}");
        assert_eq!(refused(fields(json!({"name": 5})).text("name", 5)), "`name` cannot be `5`; write a text in quotes");
        for wrong in ["", "  ", "sixsix", "a\u{1b}[2J"] {
            let said = refused(fields(json!({"name": wrong})).text("name", 5));
            assert!(said.starts_with("`name` has 1 to 5 characters"), "{wrong}: {said}");
        }
        assert!(refused(fields(json!({"tags": [1]})).texts("tags")).starts_with("`tags` cannot be `1`"));
        assert_eq!(refused(fields(json!({"all": 1})).flag("all")), "`all` cannot be `1`; write true or false");
        assert!(refused(fields(json!({"at": "soon"})).moment("at")).starts_with("`at` is no moment: `soon`"));
    }
}
