//! Why a question to a server has no good answer, in words for a person and as an exit code for a script.

use std::fmt;
use std::process::ExitCode;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;

/// So much of an answer that is no problem document is told.
const TOLD_MAX: usize = 200;

/// Why there is no good answer.
#[derive(Debug)]
pub enum Failure {
    /// The answer is no: what was asked for stands against what is.
    No { said: String, hint: Option<String> },
    /// The question was wrong: there is no such thing, or it cannot be meant.
    Question { said: String, hint: Option<String> },
    /// Nobody answered, or somebody who cannot.
    Unreachable { said: String, hint: Option<String> },
    /// The server does not know who asks, or does not let them.
    NotSignedIn { said: String, hint: Option<String> },
}

/// A problem document (RFC 9457), as far as it is for people.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    errors: Vec<OneError>,
}

/// One of several things that are wrong with what was sent.
#[derive(Debug, Deserialize)]
struct OneError {
    #[serde(default)]
    pointer: String,
    #[serde(default)]
    code: String,
    detail: String,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    line: Option<usize>,
    #[serde(default)]
    column: Option<usize>,
}

impl fmt::Display for OneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, code, detail, hint, file, line, column } = self;
        match (file, line, column) {
            (Some(file), Some(line), Some(column)) => write!(f, "\n  {file}:{line}:{column} [{code}] {detail}")?,
            (Some(file), ..) => write!(f, "\n  {file} [{code}] {detail}")?,
            _ => write!(f, "\n  {pointer} [{code}] {detail}")?,
        }
        hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
    }
}

impl Failure {
    /// What was asked for stands against what is.
    pub fn no(said: impl Into<String>) -> Self {
        Self::No { said: said.into(), hint: None }
    }

    /// The exit code that says the same.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::No { .. } => 1,
            Self::Question { .. } => 2,
            Self::Unreachable { .. } => 3,
            Self::NotSignedIn { .. } => 4,
        })
    }

    /// What the answer of `server` at `path` says, when it is no success.
    pub(super) fn of(server: &str, path: &str, answer: &Response<Bytes>) -> Self {
        let status = answer.status();
        let Some(document) = document(answer) else { return Self::foreign(server, path, answer) };
        let said = document.detail.or(document.title).unwrap_or_else(|| format!("the server answered {status}"));
        let said = match document.field {
            Some(field) if !said.contains(&field) => format!("{field}: {said}"),
            _ => said,
        };
        let errors: String = document.errors.iter().map(ToString::to_string).collect();
        let said = format!("{said}{errors}");
        let hint = document.hint;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::NotSignedIn { said, hint },
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Self::No { said, hint },
            status if status.is_client_error() => Self::Question { said, hint },
            _ => Self::Unreachable { said: format!("{server} cannot answer: {said}"), hint },
        }
    }

    /// An answer that no Allswell gives: a proxy's, another program's.
    fn foreign(server: &str, path: &str, answer: &Response<Bytes>) -> Self {
        let status = answer.status();
        let hint = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                "a proxy before the server may ask who is there"
            }
            status if status.is_redirection() => {
                "redirects are not followed: a key is meant for one server; give the address it leads to"
            }
            _ => "is it an Allswell? `--server` or ALLSWELL_SERVER says where it is",
        };
        let to = answer.headers().get(http::header::LOCATION).and_then(|to| to.to_str().ok());
        let to = to.map(|to| format!(", which leads to {}", line(to.as_bytes()))).unwrap_or_default();
        let body = line(answer.body());
        let body = if body.is_empty() || !to.is_empty() { String::new() } else { format!(": {body}") };
        let said = format!("{server} answered {status} at {path}{to}{body}");
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::NotSignedIn { said, hint: Some(hint.to_owned()) },
            _ => Self::Unreachable { said, hint: Some(hint.to_owned()) },
        }
    }

    /// An answer that cannot be read.
    pub(super) fn strange(server: &str, why: &str) -> Self {
        let hint = Some(
            "this program and the server may be of different versions; `allswell --version` says which this is"
                .to_owned(),
        );
        Self::Unreachable { said: format!("cannot read the answer of {server}: {why}"), hint }
    }

    /// Nobody answered.
    pub(super) fn silent(server: &str, why: &str) -> Self {
        let hint = Some(
            "is it running? `allswell serve` starts one; `--server` or ALLSWELL_SERVER says where it is".to_owned(),
        );
        Self::Unreachable { said: format!("cannot reach {server}: {why}"), hint }
    }

    /// A text that cannot be part of a request.
    pub(super) fn path(text: &str) -> Self {
        Self::Question { said: format!("`{text}` cannot be asked for"), hint: None }
    }
}

fn document(answer: &Response<Bytes>) -> Option<Document> {
    let kind = answer.headers().get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    kind.starts_with("application/problem+json").then(|| serde_json::from_slice(answer.body()).ok())?
}

/// The beginning of a foreign text on one line, without what would act on a terminal.
fn line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(TOLD_MAX).collect()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::No { said, hint }
        | Self::Question { said, hint }
        | Self::Unreachable { said, hint }
        | Self::NotSignedIn { said, hint }) = self;
        f.write_str(said)?;
        match hint {
            Some(hint) => write!(f, "\n  try: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, kind: &str, body: &str) -> Response<Bytes> {
        let response = Response::builder().status(status).header("content-type", kind);
        response.body(Bytes::copy_from_slice(body.as_bytes())).expect("a good answer")
    }

    fn code(failure: &Failure) -> String {
        format!("{:?}", failure.exit_code())
    }

    #[test]
    fn a_problem_document_becomes_a_sentence_and_a_way_out() {
        let body = r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"cannot be `0`","field":"limit","hint":"give a number"}"#;
        let failure = Failure::of("http://h", "/x", &answer(400, "application/problem+json", body));
        assert_eq!(failure.to_string(), "limit: cannot be `0`\n  try: give a number");
        assert_eq!(code(&failure), format!("{:?}", ExitCode::from(2)));
    }

    #[test]
    fn each_kind_of_refusal_has_its_exit_code() {
        let check = |status: u16, expected: u8| {
            let failure = Failure::of("http://h", "/x", &answer(status, "application/problem+json", "{}"));
            assert_eq!(code(&failure), format!("{:?}", ExitCode::from(expected)), "{status}");
        };
        for (status, expected) in
            [(400, 2), (404, 2), (422, 2), (409, 1), (412, 1), (401, 4), (403, 4), (500, 3), (503, 3)]
        {
            check(status, expected);
        }
    }

    #[test]
    fn what_no_allswell_says_is_shown_without_what_acts_on_a_terminal() {
        let failure = Failure::of("http://h", "/x", &answer(404, "text/html", "<b>\u{1b}[2J\nnot here</b>"));
        assert!(
            failure
                .to_string()
                .starts_with("http://h answered 404 Not Found at /x: <b> [2J not here</b>\n  try: is it"),
            "{failure}"
        );
        assert_eq!(code(&failure), format!("{:?}", ExitCode::from(3)));
    }
}
