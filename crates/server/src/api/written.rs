//! What a request brings: a JSON body, and what it knows of the resource it changes. Read strictly.

use allswell_monitor::config::Spec;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::body::BODY_BYTES_MAX;
use super::{Key, NoQuery, Problem};

/// The largest body of one resource, in bytes.
const RESOURCE_MAX: usize = 1 << 20;

/// A JSON body of one resource.
pub(super) struct Written(pub Spec);

/// A JSON body with a form of its own.
pub(super) struct Form<T>(pub T);

/// Something that is written as an object and not as a list of its fields, which serde takes for the same.
pub(super) struct Object<T>(pub T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        T::deserialize(Value::Object(fields)).map(Self).map_err(de::Error::custom)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts) {
            return Err(Problem::not_json());
        }
        let body = bytes(body, BODY_BYTES_MAX).await?;
        serde_json::from_slice(&body).map(|Object(form)| Self(form)).map_err(|error| {
            let hint = "the schema in /api/openapi.json says what it takes";
            Problem::field("", format!("the body is not what it should be: {error}"), hint)
        })
    }
}

/// No body, or one that says nothing.
pub(super) struct Empty;

impl<S: Send + Sync> FromRequest<S> for Written {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request, RESOURCE_MAX).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Empty {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = bytes(request.into_body(), RESOURCE_MAX).await?;
        match body.trim_ascii() {
            b"" | b"{}" | b"null" => Ok(Self),
            _ => Err(Problem::parameter("", "a body means nothing here", "send none")),
        }
    }
}

/// A request to change one resource: which, what its writer knows of it, and the body. It has no parameters.
pub(super) struct OneWrite<B> {
    pub key: Key,
    pub if_match: IfMatch,
    pub body: B,
}

impl<B, S> FromRequest<S> for OneWrite<B>
where
    B: FromRequest<S, Rejection = Problem>,
    S: Send + Sync,
{
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let key = Key::from_request_parts(&mut parts, state).await?;
        NoQuery::from_request_parts(&mut parts, state).await?;
        let if_match = IfMatch::from_request_parts(&mut parts, state).await?;
        let body = B::from_request(Request::from_parts(parts, body), state).await?;
        Ok(Self { key, if_match, body })
    }
}

async fn read(request: Request, most: usize) -> Result<Spec, Problem> {
    let (parts, body) = request.into_parts();
    // Also keeps forms of other sites out: a browser asks us before it sends this type from elsewhere.
    if !is_json(&parts) {
        return Err(Problem::not_json());
    }
    let body = bytes(body, most).await?;
    let text = std::str::from_utf8(&body)
        .map_err(|_| Problem::parameter("", "the body is not UTF-8", "send JSON in UTF-8"))?;
    Spec::from_json(text).map_err(|error| {
        Problem::parameter("", format!("the body is not the JSON it should be: {error}"), "mend it at that place")
    })
}

async fn bytes(body: Body, most: usize) -> Result<bytes::Bytes, Problem> {
    to_bytes(body, most).await.map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        match too_large {
            true => Problem::too_large(most),
            false => Problem::parameter("", "the body broke off", "send it again"),
        }
    })
}

fn is_json(parts: &Parts) -> bool {
    let given = parts.headers.get(CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(essence.as_str(), "application/json" | "application/merge-patch+json")
}

/// What a writer knows of the resource: the entity tags of `If-Match`. `None` when it does not care.
pub(super) struct IfMatch(Option<Vec<String>>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut tags = Vec::new();
        for value in parts.headers.get_all(IF_MATCH) {
            let text = value.to_str().map_err(|_| wrong())?;
            if text.trim() == "*" {
                return Ok(Self(None));
            }
            tags.extend(text.split(',').map(|tag| tag.trim().to_owned()));
        }
        Ok(Self((!tags.is_empty()).then_some(tags)))
    }
}

fn wrong() -> Problem {
    Problem::parameter("If-Match", "`If-Match` cannot be read", "give the ETag as it came, quotes included")
}

impl IfMatch {
    /// The revision that the resource must have for the change to be done; `revision` is the one it has now.
    ///
    /// What was read with another tag than that of `revision` is out of date: then it is one that no resource has.
    pub(super) fn expected(&self, revision: Option<u64>) -> Option<u64> {
        let tags = self.0.as_ref()?;
        let is_met = |revision: u64| tags.iter().any(|tag| revision_of(tag) == Some(revision));
        Some(revision.filter(|revision| is_met(*revision)).unwrap_or(u64::MAX))
    }
}

/// The entity tag of an answer: the revision of what is configured, and a digest, since what is true of it changes as well.
pub(super) fn tag(revision: u64, body: &[u8]) -> HeaderValue {
    let digest: String = Sha256::digest(body)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{revision}-{digest}\"")).expect("digits fit into a header")
}

/// The revision that an entity tag of ours names. What is true of the resource may have changed since; it is not written.
fn revision_of(tag: &str) -> Option<u64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.split_once('-')?.0.parse().ok()
}
