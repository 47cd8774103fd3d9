//! What went wrong with a request, as a problem document (RFC 9457): the field, its value, and the way out.

use std::time::Duration;

use allswell_core::time::humane;
use allswell_monitor::backup::BackupError;
use allswell_monitor::config::{Errors, FieldProblem, written};
use allswell_monitor::plan::Exceeded;
use allswell_monitor::resources::Refused;
use allswell_monitor::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::pages::text::count;

/// Why a request has no other answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    field: Option<String>,
    hint: Option<String>,
    errors: Vec<FieldError>,
    /// The limit of the account's plan that it is about.
    limit: Option<Limit>,
    /// After so many seconds it may be asked again.
    retry_after: Option<u64>,
}

/// A limit of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Monitors,
    MinInterval,
}

impl Limit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Monitors => "monitors",
            Self::MinInterval => "min_interval",
        }
    }
}

/// One thing that is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Where in the body: a JSON pointer (RFC 6901).
    pointer: String,
    /// The kind of mistake; `allswell explain` tells more.
    code: &'static str,
    /// What is wrong, with the value.
    detail: String,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The file, where files were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The line of the file, from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The column, in characters from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl Problem {
    /// A parameter that cannot be used: which, what is wrong with its value, and what would do.
    pub(crate) fn parameter(field: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), hint: Some(hint.into()), ..Self::plain(StatusCode::BAD_REQUEST, detail) }
    }

    /// Something that is not there, and where to look instead.
    pub(crate) fn not_found(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::plain(StatusCode::NOT_FOUND, detail) }
    }

    /// Who asks must say who they are, or is not known.
    pub(crate) fn not_signed_in(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::plain(StatusCode::UNAUTHORIZED, detail) }
    }

    /// Who signs in must show a code, or another one.
    pub(crate) fn code(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { field: Some("code".to_owned()), ..Self::not_signed_in(detail, hint) }
    }

    /// Who asks may not do that.
    pub(crate) fn not_allowed(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::plain(StatusCode::FORBIDDEN, detail) }
    }

    /// What is stands against what was asked for.
    pub(crate) fn conflict(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::plain(StatusCode::CONFLICT, detail) }
    }

    /// A field of a body says what something else has already.
    pub(crate) fn field_taken(field: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::conflict(detail, hint) }
    }

    /// It was asked too often; `wait` says when it may be asked again.
    pub(crate) fn too_many(detail: impl Into<String>, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            hint: Some(format!("try again in {}", humane(Duration::from_secs(seconds)))),
            retry_after: Some(seconds),
            ..Self::plain(StatusCode::TOO_MANY_REQUESTS, detail)
        }
    }

    /// A field of a body that cannot be used.
    pub(crate) fn field(field: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { field: Some(field.to_owned()), hint: Some(hint.into()), ..Self::plain(status, detail) }
    }

    /// A body that cannot be read at all.
    pub(crate) fn body(status: StatusCode, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::plain(status, detail) }
    }

    /// A method that the resource does not know.
    pub(crate) fn method_not_allowed(method: &str) -> Self {
        let detail = format!("{method} is not possible here");
        Self {
            hint: Some("`allow` names what is; /api/openapi.json says more".to_owned()),
            ..Self::plain(StatusCode::METHOD_NOT_ALLOWED, detail)
        }
    }

    /// The store could not be read. The cause goes to the log; strangers may read this.
    pub(crate) fn store(error: &StoreError) -> Self {
        tracing::error!(error = error as &dyn std::error::Error, "cannot read the store for a request");
        Self {
            hint: Some("try again in a moment; the server's log has the cause".to_owned()),
            ..Self::plain(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read")
        }
    }

    /// The folder of the backups could not be used. The cause goes to the log.
    pub(crate) fn backups(error: &BackupError) -> Self {
        tracing::error!(error = error as &dyn std::error::Error, "cannot use the folder of the backups");
        Self {
            hint: Some("see whether the disk is well; the server's log has the cause".to_owned()),
            ..Self::plain(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
        }
    }

    /// An answer that did not come in time.
    pub(crate) fn took_too_long(patience: Duration) -> Self {
        let detail = format!("there was no answer within {}", humane(patience));
        Self {
            hint: Some("try again in a moment; the disk may be slow, see /ready and the server's log".to_owned()),
            ..Self::plain(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// Too much at once.
    pub(crate) fn busy() -> Self {
        let hint = Some("try again in a moment".to_owned());
        Self { hint, ..Self::plain(StatusCode::SERVICE_UNAVAILABLE, "the server takes no more calls now") }
    }

    /// Nobody can be written to.
    pub(crate) fn no_relay() -> Self {
        Self::conflict(
            "this server sends no mails to its users: `server.mail` says no relay",
            "an owner can give another password: `allswell user password EMAIL`",
        )
    }

    /// Nobody makes an account by themselves.
    pub(crate) fn no_sign_up() -> Self {
        Self::not_found(
            "nobody makes an account here by themselves: `server.sign_up` is not configured",
            "ask an owner to ask you in, with POST /api/v1/invitations; who runs the server may configure it",
        )
    }

    /// Nobody makes an account before the one of who runs the server has an owner.
    pub(crate) fn no_owner() -> Self {
        Self::not_found(
            "nobody makes an account here before the server has an owner",
            "make the first one on the machine it runs on: `allswell user add --role owner EMAIL`",
        )
    }

    /// A body of another type.
    pub(crate) fn not_json() -> Self {
        let hint = Some("send JSON with `Content-Type: application/json`".to_owned());
        Self { hint, ..Self::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is not marked as JSON") }
    }

    /// A body that is too large.
    pub(crate) fn too_large(most: usize) -> Self {
        let detail = format!("the body is larger than {most} bytes");
        let hint = Some("send less at once".to_owned());
        Self { hint, ..Self::plain(StatusCode::PAYLOAD_TOO_LARGE, detail) }
    }

    /// A change that was not done.
    pub(crate) fn refused(refused: Refused) -> Self {
        match refused {
            Refused::Wrong { what, problems } => Self::wrong(&what, problems),
            Refused::Missing { kind, key } => {
                Self::not_found(format!("there is no {} `{key}`", kind.title()), "see the list for those there are")
            }
            Refused::OfFile { what, file } => {
                Self::conflict(format!("{what} is said in `{file}`"), "change it in that file; the server follows it")
            }
            Refused::Taken { what, key } => Self {
                field: Some(format!("/{key}")),
                ..Self::conflict(format!("{what} is there already"), "choose another name, or change that one")
            },
            Refused::AddressTaken { slug, key } => Self {
                field: Some(format!("/{key}")),
                ..Self::conflict(format!("the address `/s/{slug}/` is taken"), "choose another slug")
            },
            Refused::Stale { what, revision } => Self {
                hint: Some("read it again, and change what you find then".to_owned()),
                ..Self::plain(
                    StatusCode::PRECONDITION_FAILED,
                    format!("{what} was changed since: it is at revision {revision} now"),
                )
            },
            Refused::Conflict { why, way_out } => Self::conflict(why, way_out),
            Refused::OverPlan(exceeded) => Self::over_plan(exceeded),
            Refused::Unreadable(files) => Self::unreadable(&files),
            Refused::Store(error) => Self::not_written(&error),
            Refused::Stopping => Self {
                hint: Some("ask again when it has started".to_owned()),
                ..Self::plain(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
            },
            Refused::At { refused, .. } => Self::refused(*refused),
        }
    }

    /// More than the plan of the account allows.
    fn over_plan(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Monitors { plan, most, wanted } => Self {
                limit: Some(Limit::Monitors),
                ..Self::not_allowed(
                    format!("the plan `{plan}` allows {}; there would be {wanted}", count(most, "monitor")),
                    "delete some first, or ask who runs the server for another plan",
                )
            },
            Exceeded::Interval { plan, least, wanted } => Self {
                limit: Some(Limit::MinInterval),
                field: Some("/interval".to_owned()),
                ..Self::not_allowed(
                    format!(
                        "the plan `{plan}` asks a monitor every {} at most; this one would be asked every {}",
                        written(least),
                        written(wanted)
                    ),
                    format!(
                        "write `interval: {}` or more, or ask who runs the server for another plan",
                        written(least)
                    ),
                )
            },
        }
    }

    fn unreadable(files: &[Errors]) -> Self {
        let count: usize = files.iter().map(Errors::count).sum();
        let of = |file: &Errors, index: usize| {
            let origin = file.origin().to_owned();
            let told = file.problems().iter().map(move |problem| FieldError {
                pointer: format!("/files/{index}/text"),
                code: problem.code().as_str(),
                detail: problem.message().to_owned(),
                hint: problem.way_out(),
                file: Some(origin.clone()),
                line: problem.line(),
                column: problem.column(),
            });
            told.collect::<Vec<_>>()
        };
        let errors = files.iter().enumerate().flat_map(|(index, file)| of(file, index)).collect();
        let detail = if count == 1 { "there is a mistake".to_owned() } else { format!("there are {count} mistakes") };
        let hint = Some("mend them; nothing was changed".to_owned());
        Self { hint, errors, ..Self::plain(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// The store could not be written, and nothing was changed.
    fn not_written(error: &StoreError) -> Self {
        tracing::error!(error = error as &dyn std::error::Error, "cannot write what is configured");
        Self {
            hint: Some("nothing was changed; try again in a moment, the server's log has the cause".to_owned()),
            ..Self::plain(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be written")
        }
    }

    fn wrong(what: &str, problems: Vec<FieldProblem>) -> Self {
        let count = problems.len();
        let detail = match problems.as_slice() {
            [one] => format!("{what} cannot be used: {}", one.message),
            _ => format!("{what} cannot be used: {count} fields are wrong"),
        };
        let errors: Vec<_> = problems
            .into_iter()
            .map(|FieldProblem { code, pointer, message, way_out }| FieldError {
                pointer,
                code: code.as_str(),
                detail: message,
                hint: way_out,
                file: None,
                line: None,
                column: None,
            })
            .collect();
        let field = errors.first().map(|error| error.pointer.clone());
        let hint = errors.first().and_then(|error| error.hint.clone());
        Self { field, hint, errors, ..Self::plain(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// The HTTP status.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong and the way out, for a person.
    pub(crate) fn sentences(&self) -> (&str, Option<&str>) {
        (&self.detail, self.hint.as_deref())
    }

    fn plain(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            field: None,
            hint: None,
            errors: Vec::new(),
            limit: None,
            retry_after: None,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::store(&error)
    }
}

/// RFC 9457, with `field` and `hint` as extensions.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    /// The limit of the account's plan that was reached, as `/api/v1/me` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    /// All that is wrong with a body.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            // RFC 9457 4.2.1: `about:blank` says no more than the status does, and then the title is the status' phrase.
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Unknown"),
            status: self.status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
            hint: self.hint.as_deref(),
            limit: self.limit.map(Limit::as_str),
            errors: &self.errors,
        };
        let body = serde_json::to_vec(&document).expect("plain structures always serialise");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"allswell\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
