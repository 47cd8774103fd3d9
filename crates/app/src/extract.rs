//! Extractors: a handler takes the current result of a check as it takes anything else from its state.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::endpoints::response;
use crate::health::Health;
use crate::json::Json;
use crate::result::CheckResult;

/// The name of a check as a type, so that a handler can ask for its result by its signature.
///
/// ```
/// struct Database;
/// impl allswell::CheckName for Database {
///     const NAME: &'static str = "database";
/// }
/// ```
pub trait CheckName: Send + Sync + 'static {
    /// The check's name.
    const NAME: &'static str;
}

/// The current result of the check that `N` names. Reading it asks nothing and waits for nothing.
///
/// The router's state must give a [`Health`] (`FromRef`). A check that is not registered is answered with 500.
///
/// ```
/// use allswell::{CheckName, Checked};
/// struct Database;
/// impl CheckName for Database {
///     const NAME: &'static str = "database";
/// }
/// async fn report(database: Checked<Database>) -> &'static str {
///     if database.is_up() { "fresh" } else { "from the cache" }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Checked<N> {
    result: CheckResult,
    name: PhantomData<N>,
}

/// As [`Checked`], and the handler is not called when the check fails: the answer is 503 with `{"detail": ...}`.
#[derive(Clone, Debug)]
pub struct Required<N>(Checked<N>);

impl<N> Deref for Checked<N> {
    type Target = CheckResult;
    fn deref(&self) -> &CheckResult {
        &self.result
    }
}

impl<N> Deref for Required<N> {
    type Target = CheckResult;
    fn deref(&self) -> &CheckResult {
        &self.0.result
    }
}

impl<N: CheckName> Checked<N> {
    fn read(health: &Health) -> Result<Self, NotAvailable> {
        match health.result(N::NAME) {
            Some(result) => Ok(Self { result, name: PhantomData }),
            None => {
                tracing::error!(check.name = N::NAME, "a handler wants the result of a check that is not registered");
                Err(NotAvailable { code: 500, detail: "no such check".to_owned() })
            }
        }
    }
}

/// Why a handler was not called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAvailable {
    code: u16,
    detail: String,
}

impl IntoResponse for NotAvailable {
    fn into_response(self) -> Response {
        let mut json = Json::default();
        json.object(|json| json.text_field("detail", Some(&self.detail)));
        response(self.code, "application/json", json.into_text().into())
    }
}

impl<S: Send + Sync, N: CheckName> FromRequestParts<S> for Checked<N>
where
    Health: FromRef<S>,
{
    type Rejection = NotAvailable;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, NotAvailable> {
        Self::read(&Health::from_ref(state))
    }
}

impl<S: Send + Sync, N: CheckName> FromRequestParts<S> for Required<N>
where
    Health: FromRef<S>,
{
    type Rejection = NotAvailable;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, NotAvailable> {
        let checked = Checked::<N>::read(&Health::from_ref(state))?;
        if checked.is_up() {
            return Ok(Self(checked));
        }
        let reason = crate::judge::Reason::Failed(vec![checked.result.name.clone()]);
        Err(NotAvailable { code: 503, detail: reason.sentence() })
    }
}
