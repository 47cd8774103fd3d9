//! Webhooks: one POST of JSON, signed.
//!
//! The body is the [`Notification`] with its idempotency key as `id`. Redirects are not followed: a signature is meant for
//! one receiver.

mod answer;
mod settings;
mod signature;
#[cfg(test)]
mod tests;

use std::time::Duration;

use allswell_core::Wall;
use allswell_probe::dialer::{self, Dialer};
use allswell_probe::tls;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use super::clean::line;
use super::{Channel, ChannelError, Delivery};
use crate::notification::Notification;

pub(crate) use settings::Route;
pub use settings::Settings;

/// A receiver that needs longer should take the message first and work on it later.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More headers of an answer than this are refused.
const HEADERS_MAX: usize = 64;

/// A channel of type `webhook`.
#[derive(Debug)]
pub struct Webhook {
    route: Route,
    dialer: Dialer,
    tls: Option<tls::Client>,
}

/// What is posted.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    #[serde(flatten)]
    notification: &'a Notification,
}

impl Webhook {
    /// Checks `settings` and reads the file they name.
    ///
    /// # Errors
    /// [`ChannelError`] names the field and the way out.
    pub fn new(settings: &Settings, dialer: Dialer) -> Result<Self, ChannelError> {
        let route = Route::new(settings)?;
        let tls = (route.url.0.scheme() == "https").then(|| {
            let options = tls::Options { ca: route.ca.clone(), ..tls::Options::default() };
            tls::Client::new(&options, &["http/1.1"]).map_err(|error| ChannelError::new("ca", error.to_string()))
        });
        Ok(Self { tls: tls.transpose()?, route, dialer })
    }

    fn request(&self, notification: &Notification, key: &str, now: Wall) -> Request<Full<Bytes>> {
        let body = serde_json::to_vec(&Body { id: key, notification })
            .expect("plain structures with string keys always serialise");
        let mut request = Request::new(Full::new(Bytes::from(body.clone())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.route.path();
        let headers = request.headers_mut();
        *headers = self.route.headers.clone();
        self.describe(headers, key, now, &body);
        request
    }

    /// Sets the headers that are ours.
    fn describe(&self, headers: &mut HeaderMap, key: &str, now: Wall, body: &[u8]) {
        headers.insert(HOST, self.route.host_header());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("Allswell/", env!("CARGO_PKG_VERSION"))));
        if let Ok(key) = HeaderValue::from_bytes(line(key, 300).as_bytes()) {
            headers.insert("idempotency-key", key);
        }
        if let Some(login) = self.login() {
            headers.entry(AUTHORIZATION).or_insert(login);
        }
        let signature = signature::sign(&self.route.secrets, now.ms().div_euclid(1_000), body);
        if let Some(signature) = signature.and_then(|signature| HeaderValue::from_str(&signature).ok()) {
            headers.insert(signature::HEADER, signature);
        }
    }

    /// User and password of the URL, as RFC 7617 writes them.
    fn login(&self) -> Option<HeaderValue> {
        let url = &self.route.url.0;
        let decoded = |part: &str| percent_decode_str(part).collect::<Vec<u8>>();
        let user = Some(url.username()).filter(|user| !user.is_empty())?;
        let pair = [decoded(user), b":".to_vec(), decoded(url.password().unwrap_or_default())].concat();
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    async fn post(&self, request: Request<Full<Bytes>>, now: Wall, deadline: Instant, sent: &mut bool) -> Delivery {
        let (host, port) = (self.route.host(), self.route.port());
        let options = dialer::Options::default();
        let dialled = match &self.tls {
            Some(tls) => {
                let secured = self.dialer.connect_tls(host, port, &options, tls, deadline).await;
                match secured {
                    Ok(secured) => return self.exchange(secured.stream, request, now, sent).await,
                    Err(error) => error,
                }
            }
            None => match self.dialer.connect(host, port, &options, deadline).await {
                Ok(connected) => return self.exchange(connected.stream, request, now, sent).await,
                Err(error) => error,
            },
        };
        self.unreachable(&dialled.detail)
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        request: Request<Full<Bytes>>,
        now: Wall,
        sent: &mut bool,
    ) -> Delivery {
        let handshake = http1::Builder::new().max_headers(HEADERS_MAX).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = match handshake {
            Ok(pair) => pair,
            Err(error) => return self.unreachable(&error.to_string()),
        };
        let exchange = async {
            *sent = true;
            match sender.send_request(request).await {
                Ok(response) => answer::judge(response, &self.name(), now).await,
                Err(error) if error.is_canceled() => self.unreachable("it closed the connection before the request"),
                Err(error) => self.ambiguous(&error.to_string()),
            }
        };
        let mut connection = std::pin::pin!(connection);
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            delivery = &mut exchange => delivery,
            // What the connection had to say, it said to the exchange too.
            _ = &mut connection => exchange.await,
        }
    }

    fn name(&self) -> String {
        format!("{}:{}", self.route.host(), self.route.port())
    }

    fn unreachable(&self, why: &str) -> Delivery {
        Delivery::Unreachable {
            why: format!("the receiver {} takes no message now: {}", self.name(), line(why, 300)),
            after: None,
        }
    }

    fn ambiguous(&self, how: &str) -> Delivery {
        let how = line(how, 300);
        Delivery::Ambiguous {
            why: format!("the receiver {} gave no answer ({how}); it may have the message", self.name()),
        }
    }
}

#[async_trait]
impl Channel for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn receiver(&self) -> String {
        self.name()
    }

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    async fn send(&self, notification: &Notification, key: &str, now: Wall, deadline: Instant) -> Delivery {
        let request = self.request(notification, key, now);
        let mut sent = false;
        match timeout_at(deadline, self.post(request, now, deadline, &mut sent)).await {
            Ok(delivery) => delivery,
            Err(_) if sent => self.ambiguous("no answer in time"),
            Err(_) => self.unreachable("no connection in time"),
        }
    }
}
