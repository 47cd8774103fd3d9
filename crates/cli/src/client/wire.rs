//! One request and its answer over one connection, HTTP/1.1, in the clear or over TLS.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use allswell_probe::dialer::{self, Dialer};
use allswell_probe::{AddressPolicy, tls};
use anyhow::{Context, ensure};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, USER_AGENT};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use url::Url;

use super::{Failure, bearer};

/// How long one question may take, its answer read.
const PATIENCE: Duration = Duration::from_secs(40);
/// The largest answer that is read: a hundred thousand monitors fit ten times.
const BODY_MAX: usize = 256 * 1024 * 1024;

/// Speaks with one server.
pub(super) struct Wire {
    base: Url,
    shown: String,
    dialer: Dialer,
    tls: Option<tls::Client>,
    authorization: Option<HeaderValue>,
}

impl Wire {
    pub(super) fn to(server: &str, ca: Option<&Path>, token: Option<&SecretString>) -> anyhow::Result<Self> {
        let base = Url::parse(server).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let base = base.with_context(|| format!("`{}` is no server; write http://host:port", without_login(server)))?;
        ensure!(
            base.username().is_empty() && base.password().is_none(),
            "the server's address has a login; the key goes into a file that --token-file names"
        );
        ensure!(base.query().is_none() && base.fragment().is_none(), "`{base}` has something behind its path");
        let secured = base.scheme() == "https";
        let options = tls::Options { ca: ca.map(Path::to_owned), ..tls::Options::default() };
        let tls = secured.then(|| tls::Client::new(&options, &["http/1.1"])).transpose().context("--server-ca")?;
        Ok(Self {
            shown: base.as_str().trim_end_matches('/').to_owned(),
            dialer: Dialer::new(AddressPolicy::default()),
            tls,
            authorization: token.map(bearer).transpose()?,
            base,
        })
    }

    /// The server, for a person.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Sends `request`, whose address is a path below the server's.
    pub(super) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Failure> {
        let exchange = self.ask(request, async |answer| self.collect(answer).await);
        let late = |_| Failure::silent(&self.shown, &format!("no whole answer within {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, exchange).await.map_err(late)?
    }

    /// The same, and writes what comes to `to`, however long that takes as long as something comes. An answer that is no success
    /// is given back.
    pub(super) async fn download(
        &self,
        request: Request<Full<Bytes>>,
        to: &mut impl Write,
    ) -> anyhow::Result<Option<Response<Bytes>>> {
        self.ask(request, async |answer| {
            if !answer.status().is_success() {
                return Ok(Some(self.in_time(self.collect(answer)).await??));
            }
            let mut body = answer.into_body();
            while let Some(frame) = self.in_time(body.frame()).await? {
                let data = frame.map_err(|error| self.broken(&error))?.into_data();
                to.write_all(&data.unwrap_or_default())?;
            }
            Ok(None)
        })
        .await
    }

    /// Sends `request` over a connection of its own and has `read` read the answer.
    async fn ask<T, E: From<Failure>>(
        &self,
        mut request: Request<Full<Bytes>>,
        read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.address(&mut request)?;
        let deadline = deadline();
        let options = dialer::Options::default();
        let host = self.base.host_str().expect("looked at when it was read");
        let port = self.base.port_or_known_default().expect("http and https have one");
        let dialled = |error: allswell_probe::DialError| Failure::silent(&self.shown, &error.detail);
        match &self.tls {
            Some(tls) => {
                let secured = self.dialer.connect_tls(host, port, &options, tls, deadline).await;
                self.speak(secured.map_err(dialled)?.stream, request, read).await
            }
            None => {
                let connected = self.dialer.connect(host, port, &options, deadline).await;
                self.speak(connected.map_err(dialled)?.stream, request, read).await
            }
        }
    }

    async fn speak<T, E: From<Failure>>(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        request: Request<Full<Bytes>>,
        read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.broken(&error))?;
        let answer = async {
            let answer = self.in_time(sender.send_request(request)).await?;
            read(answer.map_err(|error| self.broken(&error))?).await
        };
        let mut connection = std::pin::pin!(connection);
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            // What the connection had to say, it said to the answer too.
            _ = &mut connection => answer.await,
        }
    }

    async fn collect(&self, answer: Response<Incoming>) -> Result<Response<Bytes>, Failure> {
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, BODY_MAX).collect().await;
        let body = body.map_err(|error| Failure::silent(&self.shown, &error.to_string()))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    fn broken(&self, error: &hyper::Error) -> Failure {
        Failure::silent(&self.shown, &error.to_string())
    }

    /// What `answer` comes to, if that is soon enough.
    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        let late = |_| Failure::silent(&self.shown, &format!("nothing came for {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, answer).await.map_err(late)
    }

    /// Puts the server's own path before that of the request, and the headers that every request carries into it.
    fn address(&self, request: &mut Request<Full<Bytes>>) -> Result<(), Failure> {
        let path = format!("{}{}", self.base.path().trim_end_matches('/'), request.uri());
        *request.uri_mut() = path.parse().map_err(|_| Failure::path(&path))?;
        let authority = self.base.authority();
        let host = HeaderValue::from_str(authority).map_err(|_| Failure::path(authority))?;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("allswell/", env!("CARGO_PKG_VERSION"))));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a question is counted from here")]
fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// `text` without what stands before an `@`, which may be a password.
fn without_login(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_server_is_refused_and_a_login_never_repeated() {
        let refused = |server: &str| Wire::to(server, None, None).err().expect("refused").to_string();
        assert_eq!(refused("status.example.com"), "`status.example.com` is no server; write http://host:port");
        assert_eq!(refused("ftp://host"), "`ftp://host` is no server; write http://host:port");
        for secret in ["http://me:s3cret@host", "me:s3cret@host"] {
            assert!(!refused(secret).contains("s3cret"), "{}", refused(secret));
        }
        assert!(refused("http://h/?a=b").contains("behind its path"));
    }

    #[test]
    fn a_server_may_live_below_a_path_behind_a_proxy() {
        let wire = Wire::to("http://h:1/watch/", None, None).expect("a server");
        let mut request = Request::get("/api/v1/monitors?x=1").body(Full::default()).expect("a request");
        wire.address(&mut request).expect("a path");
        assert_eq!(request.uri(), "/watch/api/v1/monitors?x=1");
        assert_eq!(request.headers()[HOST], "h:1");
        assert_eq!(wire.shown(), "http://h:1/watch");
    }
}
