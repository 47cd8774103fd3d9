//! Asks a WebSocket question.

use std::io;
use std::sync::Arc;

use allswell_core::{Phase, Reason};
use futures_util::{SinkExt, StreamExt};
use hyper::header::{
    CONNECTION, HOST, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    USER_AGENT,
};
use hyper::{Request, Uri, Version};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::{Response, generate_key};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Position;

use super::Prepared;
use crate::dialer::Dialer;
use crate::draft::Draft;
use crate::evidence::line;
use crate::fault::Fault;
use crate::http::wire::Watched;
use crate::http::{Body, OUR_NAME, Received, bare, status_in_words};
use crate::stream::{Stream, lost};

/// The largest message that is taken, and how much of all messages is looked at.
const MESSAGES_BYTES_MAX: usize = 64 * 1024;
/// What the connection may bring, handshake and framing included.
const WIRE_BYTES_MAX: u64 = 512 * 1024;

type Socket = WebSocketStream<Watched>;

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let stream = connect(question, dialer, deadline, draft).await?;
    let watched = Watched::new(stream, Arc::clone(&draft.wire), WIRE_BYTES_MAX);
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(MESSAGES_BYTES_MAX);
    config.max_frame_size = Some(MESSAGES_BYTES_MAX);
    let request = request(question)?;
    draft.progress.begin_first_byte(Some(Arc::clone(&draft.wire)));
    let opened = tokio_tungstenite::client_async_with_config(request, watched, Some(config)).await;
    let (mut socket, _) = opened.map_err(|error| of_handshake(error, draft))?;
    draft.progress.end();
    talk(question, &mut socket, draft).await?;
    // The answer is here; whether the goodbye arrives changes nothing.
    let _ = socket.close(None).await;
    Ok(())
}

async fn connect(question: &Prepared, dialer: &Dialer, deadline: Instant, draft: &mut Draft) -> Result<Stream, Fault> {
    let request = &question.request;
    let host = bare(request.url.host_str().unwrap_or_default());
    let port = request.url.port_or_known_default().unwrap_or(80);
    let (dial_host, dial_port) = request.connect.as_ref().map_or((host, port), |(host, port)| (host.as_str(), *port));
    let stream = dialer.dial(dial_host, dial_port, &request.dial, deadline, &mut draft.progress).await?;
    if request.url.scheme() != "https" {
        return Ok(Stream::Plain(stream));
    }
    draft.progress.begin(Phase::Tls);
    let stream = draft.secure(&request.tls, stream, host).await?;
    Ok(Stream::Tls(Box::new(stream)))
}

fn request(question: &Prepared) -> Result<Request<()>, Fault> {
    let ours = |error: String| Fault::new(Reason::OwnFault, format!("cannot write the handshake: {error}"));
    let url = &question.request.url;
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    let mut request = Request::new(());
    // The library takes a whole URL and sends its path.
    let uri = format!("ws{}", url.as_str().trim_start_matches("http"));
    *request.uri_mut() = Uri::try_from(uri).map_err(|error| ours(error.to_string()))?;
    *request.headers_mut() = question.request.headers.clone();
    let headers = request.headers_mut();
    let of = |text: &str| HeaderValue::from_str(text).map_err(|error| ours(error.to_string()));
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(OUR_NAME));
    if !headers.contains_key(HOST) {
        headers.insert(HOST, of(authority)?);
    }
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, of(&generate_key())?);
    if let Some(subprotocol) = &question.subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol.clone());
    }
    Ok(request)
}

fn of_handshake(error: Error, draft: &mut Draft) -> Fault {
    match error {
        Error::Http(response) => {
            let detail = format!("{}, expected 101 Switching Protocols", status_in_words(response.status()));
            draft.http = Some(received(*response));
            Fault::new(Reason::Status, detail)
        }
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(why)) => {
            Fault::new(Reason::Expectation, format!("the server does not agree to the subprotocol: {why}"))
        }
        Error::Io(error) => of_io(&error, "before the handshake was complete"),
        Error::ConnectionClosed | Error::AlreadyClosed => {
            Fault::new(Reason::ConnectionLost, "the connection was closed before the handshake was complete")
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            Fault::new(Reason::ConnectionLost, "the connection was closed before the handshake was complete")
        }
        Error::Capacity(CapacityError::TooManyHeaders) => {
            Fault::new(Reason::HeadersTooLarge, "the answer to the handshake has more than 124 headers")
        }
        error => Fault::new(Reason::Protocol, format!("the answer breaks the rules of WebSocket: {error}")),
    }
}

/// An answer that is none of WebSocket, as evidence.
fn received(response: Response) -> Received {
    let (head, beginning) = response.into_parts();
    let mut body = Body::new(&head.headers, MESSAGES_BYTES_MAX as u64);
    // What cannot be decompressed is evidence as well: none.
    let _ = body.push(&beginning.unwrap_or_default());
    Received { status: head.status, version: Version::HTTP_11, headers: head.headers, body, trailers: None }
}

/// Sends what is to be sent, and waits for what is expected.
async fn talk(question: &Prepared, socket: &mut Socket, draft: &mut Draft) -> Result<(), Fault> {
    if let Some(text) = question.message() {
        draft.progress.begin(Phase::Transfer);
        socket.send(Message::text(text)).await.map_err(|error| of_talk(error, "while we were sending"))?;
        draft.progress.end();
    }
    let Some(expected) = &question.expect else { return Ok(()) };
    draft.progress.begin(Phase::Transfer);
    loop {
        let message = match socket.next().await {
            Some(Ok(Message::Close(frame))) => {
                let code =
                    frame.map(|frame| format!(" ({}, `{}`)", frame.code, line(&frame.reason, question.secrets())));
                return Err(unexpected(&format!("closed the connection{}", code.unwrap_or_default()), question, draft));
            }
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => message.into_data(),
            Some(Ok(_)) => continue,
            Some(Err(error)) => return Err(of_talk(error, "before the expected message")),
            None => return Err(unexpected("closed the connection", question, draft)),
        };
        if !draft.said.is_empty() {
            draft.said.push(b'\n');
        }
        draft.said.extend_from_slice(&message);
        if message.windows(expected.len()).any(|window| window == expected.as_bytes()) {
            draft.progress.end();
            return Ok(());
        }
        if draft.said.len() >= MESSAGES_BYTES_MAX {
            return Err(unexpected("sent 64 KiB", question, draft));
        }
    }
}

fn of_talk(error: Error, when: &str) -> Fault {
    match error {
        Error::Io(error) => of_io(&error, when),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Fault::new(Reason::ConnectionLost, format!("the connection was closed {when}"))
        }
        Error::Capacity(_) => Fault::new(Reason::BodyTooLarge, "a message is larger than 64 KiB"),
        error => Fault::new(Reason::Protocol, format!("a message breaks the rules of WebSocket: {error}")),
    }
}

fn of_io(error: &io::Error, when: &str) -> Fault {
    match crate::http::wire::is_flood(error) {
        true => Fault::new(Reason::BodyTooLarge, format!("more than {WIRE_BYTES_MAX} bytes came in {when}")),
        false => lost(error, when),
    }
}

fn unexpected(what: &str, question: &Prepared, draft: &Draft) -> Fault {
    let expected = question.expect.as_deref().unwrap_or_default();
    let shown = |bytes: &[u8]| {
        let text: String = String::from_utf8_lossy(bytes).chars().take(80).collect();
        line(text.trim_end(), question.secrets())
    };
    let said = if draft.said.is_empty() { "nothing".to_owned() } else { format!("`{}`", shown(&draft.said)) };
    let detail = format!("the other side {what} without saying `{}`; it said {said}", shown(expected.as_bytes()));
    Fault::new(Reason::Expectation, detail)
}
