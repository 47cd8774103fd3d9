//! The way to a running server: where it is, who asks, and what its refusals mean.
//!
//! Every command that speaks with a server takes [`Reach`] among its arguments and returns what goes wrong as it comes: `main`
//! turns a [`Failure`] into the exit code that it stands for.

mod failure;
mod wire;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use allswell_core::Wall;
use allswell_monitor::clock::{Clock, SystemClock};
use anyhow::Context;
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::failure::Failure;
use self::wire::Wire;

/// Where the server is and who asks, among the arguments of a command.
#[derive(Debug, clap::Args)]
pub struct Reach {
    /// The server
    #[arg(
        long,
        value_name = "URL",
        env = "ALLSWELL_SERVER",
        default_value = "http://127.0.0.1:7878",
        help_heading = "Server"
    )]
    server: String,
    /// A file with the API key; ALLSWELL_TOKEN holds the key itself
    #[arg(long, value_name = "FILE", env = "ALLSWELL_TOKEN_FILE", help_heading = "Server")]
    token_file: Option<PathBuf>,
    /// Trust the roots of this PEM file instead of the system's
    #[arg(long = "server-ca", value_name = "FILE", env = "ALLSWELL_SERVER_CA", help_heading = "Server")]
    ca: Option<PathBuf>,
}

impl Reach {
    /// Reads the key and makes ready to ask; connects when the first question is asked.
    ///
    /// # Errors
    /// When the address is none or a file cannot be read.
    pub fn client(&self) -> anyhow::Result<Client> {
        let token = match &self.token_file {
            Some(file) => Some(token_in(file)?),
            None => token_of_environment(),
        };
        // One thread: a question waits for its answer.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = Some(runtime.context("cannot start the runtime")?);
        Ok(Client { wire: Wire::to(&self.server, self.ca.as_deref(), token.as_ref())?, runtime })
    }

    /// Whether a key goes with every question.
    pub fn has_key(&self) -> bool {
        self.token_file.is_some() || token_of_environment().is_some()
    }
}

fn token_of_environment() -> Option<SecretString> {
    std::env::var("ALLSWELL_TOKEN").ok().filter(|token| !token.trim().is_empty()).map(SecretString::from)
}

fn token_in(file: &Path) -> anyhow::Result<SecretString> {
    let read = std::fs::read_to_string(file);
    let token = read.with_context(|| format!("cannot read the API key in `{}`", file.display()))?;
    anyhow::ensure!(!token.trim().is_empty(), "`{}` holds no API key", file.display());
    Ok(token.trim().into())
}

/// Asks one server, one question after the other.
pub struct Client {
    wire: Wire,
    /// Given back at the end only.
    runtime: Option<tokio::runtime::Runtime>,
}

/// What the server answered well.
#[derive(Debug)]
pub struct Reply {
    /// Its headers: `etag`, `location`, ...
    pub headers: HeaderMap,
    /// Its body as it came.
    pub body: bytes::Bytes,
    server: String,
}

impl Client {
    /// What is at `path`, `/api/v1/...`.
    ///
    /// # Errors
    /// [`Failure`] says whether nobody answered, or why the answer was another one.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.send(Method::GET, path, None, &[])?.json()
    }

    /// The list `name` of what is at `path`.
    ///
    /// # Errors
    /// As [`Self::get`], and when the answer has no such list.
    pub fn list(&self, path: &str, name: &str) -> anyhow::Result<Vec<Value>> {
        self.send(Method::GET, path, None, &[])?.list(name)
    }

    /// Writes what is at `path` to `to` as it comes.
    ///
    /// # Errors
    /// As [`Self::get`], and when it cannot be written or ends early; then a part of it is written.
    pub fn download(&self, path: &str, to: &mut impl Write) -> anyhow::Result<()> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = path.parse().map_err(|_| Failure::path(path))?;
        match self.runtime().block_on(self.wire.download(request, to))? {
            None => Ok(()),
            Some(refusal) => Err(Failure::of(self.wire.shown(), path, &refusal).into()),
        }
    }

    /// Waits before the next question.
    pub fn pause(&self, time: Duration) {
        self.runtime().block_on(async { tokio::time::sleep(time).await });
    }

    /// Does what `method` means at `path`, with `body` as JSON and more headers (names in lower case).
    ///
    /// # Errors
    /// [`Failure`] says whether nobody answered, or why the answer was another one.
    pub fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&'static str, &str)],
    ) -> Result<Reply, Failure> {
        let mut request = Request::new(body.map(Value::to_string).unwrap_or_default().into());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().map_err(|_| Failure::path(path))?;
        if body.is_some() {
            request.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
        }
        for (name, value) in headers {
            let value = value.parse().map_err(|_| Failure::path(value))?;
            request.headers_mut().insert(*name, value);
        }
        let answer = self.runtime().block_on(self.wire.exchange(request))?;
        if !answer.status().is_success() {
            return Err(Failure::of(self.wire.shown(), path, &answer));
        }
        let (head, body) = answer.into_parts();
        Ok(Reply { headers: head.headers, body, server: self.wire.shown().to_owned() })
    }

    /// Where a browser finds `path`.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.wire.shown())
    }

    fn runtime(&self) -> &tokio::runtime::Runtime {
        self.runtime.as_ref().expect("given back at the end only")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A name that is still being looked up must not hold up the end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Reply {
    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`Failure`] when it is something else: then the server is no Allswell, or a much older or newer one.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::strange(&self.server, &error.to_string()))
    }

    /// The list `name` in its body.
    ///
    /// # Errors
    /// When there is none.
    pub fn list(&self, name: &str) -> anyhow::Result<Vec<Value>> {
        let mut answer: Value = self.json()?;
        serde_json::from_value(answer[name].take()).context("cannot read the server's answer")
    }

    /// What time it is at the server, to whole seconds: ages are told by the clock that began them.
    pub fn moment(&self) -> Wall {
        let date = self.headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        date.map_or_else(|| SystemClock::new().now().wall, |date| Wall::from_ms(date.as_millisecond()))
    }
}

/// One part of a path, escaped: names have spaces and slashes.
pub fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// `?name=value&...`, escaped; nothing for no pairs.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let pairs: Vec<_> = pairs.into_iter().collect();
    if pairs.is_empty() {
        return String::new();
    }
    format!("?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

/// The value of the `Authorization` header that `token` makes.
fn bearer(token: &SecretString) -> Result<http::HeaderValue, Failure> {
    let mut value = http::HeaderValue::from_str(&format!("Bearer {}", token.expose_secret().trim()))
        .map_err(|_| Failure::Question { said: "the API key has characters that no key has".to_owned(), hint: None })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_in_paths_and_queries() {
        assert_eq!(segment("a/b c\u{e9}~1.2"), "a%2Fb%20c%C3%A9~1.2");
        assert_eq!(segment(".."), "..");
        assert_eq!(query([("filter", "tag:a b".to_owned()), ("n", "1".to_owned())]), "?filter=tag%3Aa+b&n=1");
        assert_eq!(query([]), "");
    }
}
