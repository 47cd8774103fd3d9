//! Whether another service is well: its status code, and what it says of itself if it says anything.

use axum::body::Bytes;
use http::Uri;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::check::Check;
use crate::outcome::{Cause, Outcome};

/// The largest answer that is looked into, in bytes; of a larger one the status code counts.
const BODY_MAX: usize = 256 << 10;

/// GET `url`, which must start with `http://`; 2xx and 3xx pass. An answer that is a health document (its `status` says so)
/// is believed: `degraded` is a warning, and the failing checks are named in the log.
///
/// Ask another service for its liveness, not for its readiness: services that wait for each other's readiness never start.
/// Its name is `http` until [`Check::named`] gives another one.
pub fn http(url: impl Into<String>) -> Check {
    let url = url.into();
    Check::new("http", move || {
        let url = url.clone();
        async move { outcome(plain(&url).await) }
    })
}

/// As [`http()`], for a `url` that starts with `https://`: `config` says whom to trust, as it does for the service's own client.
#[cfg(feature = "https")]
pub fn https(url: impl Into<String>, config: std::sync::Arc<tokio_rustls::rustls::ClientConfig>) -> Check {
    let (url, connector) = (url.into(), tokio_rustls::TlsConnector::from(config));
    Check::new("http", move || {
        let (url, connector) = (url.clone(), connector.clone());
        async move { outcome(secure(&url, connector).await) }
    })
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn outcome(answered: Result<(u16, Bytes), Failure>) -> Outcome {
    match answered {
        Ok((code, body)) => judge(code, &body),
        Err(error) => Outcome::fail(error),
    }
}

async fn plain(url: &str) -> Result<(u16, Bytes), Failure> {
    let target = Target::of(url, "http", 80)?;
    let stream = connect(&target.host, target.port).await?;
    target.ask(stream).await
}

#[cfg(feature = "https")]
async fn secure(url: &str, connector: tokio_rustls::TlsConnector) -> Result<(u16, Bytes), Failure> {
    let target = Target::of(url, "https", 443)?;
    let name = tokio_rustls::rustls::pki_types::ServerName::try_from(target.host.clone())?;
    let stream = connect(&target.host, target.port).await?;
    target.ask(connector.connect(name, stream).await?).await
}

/// What a URL says.
struct Target {
    host: String,
    port: u16,
    authority: String,
    path: String,
}

impl Target {
    fn of(url: &str, scheme: &str, port: u16) -> Result<Self, Failure> {
        let uri: Uri = url.parse().map_err(|error| format!("`{url}` is no URL: {error}"))?;
        if uri.scheme_str() != Some(scheme) {
            return Err(format!("`{url}` does not start with {scheme}://").into());
        }
        let host = uri.host().unwrap_or_default();
        let authority = uri.authority().map_or(host, |authority| authority.as_str());
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(port),
            authority: authority.rsplit('@').next().unwrap_or(host).to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    async fn ask(self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(u16, Bytes), Failure> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = http::Request::get(self.path)
            .header(http::header::HOST, self.authority)
            .header(http::header::ACCEPT, "application/json, */*")
            .header(http::header::USER_AGENT, concat!("allswell/", env!("CARGO_PKG_VERSION")))
            .body(Empty::<Bytes>::new())?;
        // The connection moves only while it is polled: both are driven here, so that nothing is left when we are dropped.
        let exchange = async {
            let response = sender.send_request(request).await?;
            let code = response.status().as_u16();
            let body = Limited::new(response.into_body(), BODY_MAX).collect().await;
            Ok::<_, Failure>((code, body.map(http_body_util::Collected::to_bytes).unwrap_or_default()))
        };
        driven(exchange, connection).await
    }
}

#[expect(clippy::disallowed_methods, reason = "asking is connecting; the address is the author's")]
async fn connect(host: &str, port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect((host, port)).await
}

/// Polls both until the first ends.
async fn driven<T>(exchange: impl Future<Output = T>, connection: impl Future) -> T {
    let (mut exchange, mut connection) = (std::pin::pin!(exchange), std::pin::pin!(connection));
    let mut closed = false;
    std::future::poll_fn(move |context| {
        if !closed {
            closed = connection.as_mut().poll(context).is_ready();
        }
        exchange.as_mut().poll(context)
    })
    .await
}

fn judge(code: u16, body: &[u8]) -> Outcome {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let word = document.get("status").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let failing = failing(&document);
    let said = if failing.is_empty() { word.clone() } else { format!("{word}: {}", failing.join(", ")) };
    if !(200..400).contains(&code) {
        let detail = if said.is_empty() { format!("answered {code}") } else { format!("answered {code}, {said}") };
        return Outcome::fail(Cause::public(format!("answered {code}")).with_detail(&detail));
    }
    match word.as_str() {
        "degraded" | "warn" | "warning" => Outcome::warn(Cause::public("says it is degraded").with_detail(&said)),
        "unhealthy" | "down" | "fail" | "error" | "out_of_service" => {
            Outcome::fail(Cause::public("says it is not well").with_detail(&said))
        }
        _ => Outcome::pass(),
    }
}

/// The names of the checks that are not well, in any form that has them in an object.
fn failing(document: &Value) -> Vec<String> {
    let checks = ["checks", "components", "details"].iter().find_map(|name| document.get(name)?.as_object());
    let ill = |value: &Value| {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        let word = value.as_str().or_else(|| value.get("status")?.as_str()).unwrap_or_default();
        matches!(word.to_ascii_lowercase().as_str(), "error" | "down" | "fail" | "unhealthy" | "unknown")
    };
    checks.into_iter().flatten().filter(|(_, value)| ill(value)).map(|(name, _)| name.clone()).take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Verdict;

    #[test]
    fn the_code_decides_and_the_document_explains() {
        let check = |code: u16, body: &str, verdict: Verdict, detail: Option<&str>| {
            let outcome = judge(code, body.as_bytes());
            let said = outcome.cause.as_ref().map(Cause::detail);
            assert_eq!((outcome.verdict, said), (verdict, detail), "{code} {body}");
        };
        check(200, "hello", Verdict::Pass, None);
        check(302, "", Verdict::Pass, None);
        check(200, r#"{"status":"UP"}"#, Verdict::Pass, None);
        check(200, r#"{"status":"shipped"}"#, Verdict::Pass, None);
        check(404, "", Verdict::Fail, Some("answered 404"));
        let degraded = r#"{"status":"degraded","checks":{"mail":"error","db":"ok"}}"#;
        check(200, degraded, Verdict::Warn, Some("degraded: mail"));
        let ours = r#"{"status":"unhealthy","checks":{"db":{"status":"error"}}}"#;
        check(503, ours, Verdict::Fail, Some("answered 503, unhealthy: db"));
        check(200, r#"{"status":"DOWN","components":{"db":{"status":"DOWN"}}}"#, Verdict::Fail, Some("down: db"));
    }
}
