//! How requests are refused, in the document.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema as _};

use crate::api::problem;

/// How a list is refused.
pub(in crate::api) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            refusal("400", "a parameter cannot be used; `field` says which"),
            refusal("401", "a key is needed, or nobody has the one that came"),
            refusal("403", "the key lacks the scope; the answer names it"),
            refusal("503", "the store cannot be read now"),
        ]
        .into()
    }
}

/// How what names one thing is refused.
pub(in crate::api) struct RefusalsOfOne;

impl IntoResponses for RefusalsOfOne {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        responses.extend([refusal("404", "there is no such thing")]);
        responses
    }
}

/// How who signs in is refused.
pub(in crate::api) struct RefusalsOfSignIn;

impl IntoResponses for RefusalsOfSignIn {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        responses.extend([
            refusal("401", "nobody has this address with this password"),
            refusal("403", "a page from elsewhere asked for it, or it is done on the server's own machine only"),
        ]);
        responses.extend(RefusalsOfHaste::responses());
        responses
    }
}

/// How is refused what was asked for too often.
pub(in crate::api) struct RefusalsOfHaste;

impl IntoResponses for RefusalsOfHaste {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [refusal("429", "it was tried too often; `Retry-After` says when it may be tried again")].into()
    }
}

/// How a change is refused that stands against what is.
pub(in crate::api) struct RefusalsOfChange;

impl IntoResponses for RefusalsOfChange {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [refusal("409", "what is there stands against it")].into()
    }
}

/// How what comes with a body is refused.
pub(in crate::api) struct RefusalsOfBody;

impl IntoResponses for RefusalsOfBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = RefusalsOfChange::responses();
        responses.extend([
            refusal("413", "the body is too large"),
            refusal("415", "the body is not said to be JSON"),
            refusal("422", "a field of the body cannot be used; `field` says which"),
        ]);
        responses
    }
}

/// How a new resource is refused.
pub(in crate::api) struct RefusalsOfWrites;

impl IntoResponses for RefusalsOfWrites {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        responses.extend([
            refusal("409", "it does not go with how things are, or the server's own file says it"),
            refusal("413", "the body is too large"),
            refusal("415", "the body is not marked as JSON"),
            refusal("422", "the body cannot be meant; `errors` says why, field by field"),
        ]);
        responses
    }
}

/// How a change of one resource is refused.
pub(in crate::api) struct RefusalsOfOneWrite;

impl IntoResponses for RefusalsOfOneWrite {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = RefusalsOfWrites::responses();
        responses.extend([
            refusal("404", "there is no such thing"),
            refusal("412", "it was changed since it was read, see `If-Match`"),
        ]);
        responses
    }
}

fn refusal(status: &str, description: &str) -> (String, RefOr<Response>) {
    let schema = Ref::from_schema_name(problem::Document::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(description).content("application/problem+json", content).build();
    (status.to_owned(), response.into())
}
