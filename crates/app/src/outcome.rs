//! What one asking of a check gave, and the two texts of a failure: what strangers may read and what the log keeps.

use std::borrow::Cow;
use std::error::Error;
use std::io;

pub use allswell_core::Verdict;

use crate::redact::redact;

/// What one asking of a check gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it says about what was asked.
    pub verdict: Verdict,
    /// Why it is not a plain pass.
    pub cause: Option<Cause>,
}

impl Outcome {
    /// All is well.
    pub const fn pass() -> Self {
        Self { verdict: Verdict::Pass, cause: None }
    }

    /// It works, but somebody should look.
    pub fn warn(cause: impl Into<Cause>) -> Self {
        Self { verdict: Verdict::Warn, cause: Some(cause.into()) }
    }

    /// It does not do its job.
    pub fn fail(cause: impl Into<Cause>) -> Self {
        Self { verdict: Verdict::Fail, cause: Some(cause.into()) }
    }
}

/// Why a check does not pass.
///
/// `public` is a class that gives nothing away (`connection refused`); `detail` is for the log and for readers with the
/// token, with secrets taken out. Neither is made of the other by chance: an error's own text only ever goes to `detail`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    public: Cow<'static, str>,
    detail: String,
}

impl Cause {
    /// A cause that everybody may read, for instance `replica lags`. Passwords in URLs and key-value pairs are taken out of it.
    pub fn public(text: impl Into<Cow<'static, str>>) -> Self {
        let given = text.into();
        let detail = redact(&given);
        let public = if detail == given { given } else { detail.clone().into() };
        Self { detail, public }
    }

    /// A cause with a class for everybody and a text for the log; passwords in URLs and key-value pairs are taken out of it.
    pub fn new(public: &'static str, detail: &str) -> Self {
        Self { public: Cow::Borrowed(public), detail: redact(detail) }
    }

    /// The cause with another text for the log.
    #[must_use]
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.detail = redact(detail);
        self
    }

    /// What everybody may read.
    pub fn as_public(&self) -> &str {
        &self.public
    }

    /// What the log and trusted readers get.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// A cause read from an error and the errors that caused it.
    pub fn from_error(error: &(dyn Error + 'static)) -> Self {
        let mut chain: Vec<String> = Vec::new();
        let mut class = "failed";
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if !chain.last().is_some_and(|last| last.contains(&text)) {
                chain.push(text);
            }
            if let Some(named) = error.downcast_ref::<io::Error>().and_then(class_of) {
                class = named;
            }
            next = error.source();
        }
        Self::new(class, &chain.join(": "))
    }
}

/// The class of an error of the system; `None` when its kind says nothing that helps.
pub(crate) fn class_of(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    Some(match error.kind() {
        Kind::ConnectionRefused => "connection refused",
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => "connection lost",
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => "unreachable",
        Kind::TimedOut => "timed out",
        Kind::NotFound => "not found",
        Kind::PermissionDenied => "permission denied",
        Kind::StorageFull => "no space left",
        _ => return None,
    })
}

impl From<&str> for Cause {
    /// A text of unknown origin is a detail; everybody reads `failed`.
    fn from(text: &str) -> Self {
        Self::new("failed", text)
    }
}

impl From<String> for Cause {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Box<dyn Error + Send + Sync>> for Cause {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::from_error(&*error)
    }
}

/// What a check's function may return: nothing, a yes or no, an [`Outcome`], or a `Result` of one of them.
pub trait IntoOutcome {
    /// The outcome it stands for.
    fn into_outcome(self) -> Outcome;
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Outcome {
        self
    }
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Outcome::pass()
    }
}

impl IntoOutcome for bool {
    fn into_outcome(self) -> Outcome {
        if self { Outcome::pass() } else { Outcome::fail(Cause::public("failed")) }
    }
}

impl<T: IntoOutcome, E: Into<Box<dyn Error + Send + Sync>>> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Outcome {
        self.map_or_else(|error| Outcome::fail(error.into()), T::into_outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Query(io::Error);

    impl std::fmt::Display for Query {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("cannot run SELECT 1 on postgres://app:hunter2@db:5432/orders")
        }
    }

    impl Error for Query {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_class_is_public_and_the_text_is_not() {
        let refused = Query(io::ErrorKind::ConnectionRefused.into());
        let cause = Err::<(), _>(refused).into_outcome().cause.unwrap();
        assert_eq!(cause.as_public(), "connection refused");
        assert_eq!(cause.detail(), "cannot run SELECT 1 on postgres://***@db:5432/orders: connection refused");
    }

    #[test]
    fn a_text_of_unknown_origin_is_not_public() {
        let outcome = Err::<(), _>("no route for tenant 17").into_outcome();
        assert_eq!(outcome, Outcome::fail("no route for tenant 17"));
        assert_eq!(outcome.cause.unwrap().as_public(), "failed");
    }

    #[test]
    fn a_yes_passes_and_a_no_fails() {
        assert_eq!(true.into_outcome(), Outcome::pass());
        assert_eq!(false.into_outcome().verdict, Verdict::Fail);
        assert_eq!(Ok::<_, io::Error>(false).into_outcome().verdict, Verdict::Fail);
    }
}
