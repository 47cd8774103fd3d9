//! The messages of PostgreSQL's protocol 3.0 over a connection, bounded.

use allswell_core::Reason;
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{ErrorResponseBody, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fault::Fault;
use crate::sql::{BYTES_MAX, too_much};
use crate::stream::{Stream, lost};

/// A session, from the startup message on.
pub(super) struct Session {
    stream: Stream,
    buffer: BytesMut,
    bytes: usize,
}

impl Session {
    pub fn new(stream: Stream) -> Self {
        Self { stream, buffer: BytesMut::new(), bytes: 0 }
    }

    /// Sends what `write` makes.
    pub async fn send(&mut self, write: impl FnOnce(&mut BytesMut) -> std::io::Result<()>) -> Result<(), Fault> {
        let mut bytes = BytesMut::new();
        write(&mut bytes).map_err(|error| Fault::new(Reason::OwnFault, format!("cannot write a message: {error}")))?;
        let broke = |error: std::io::Error| lost(&error, "while we were sending");
        self.stream.write_all(&bytes).await.map_err(broke)?;
        self.stream.flush().await.map_err(broke)
    }

    /// The next message that is no side remark; an error of the server is a fault.
    pub async fn message(&mut self) -> Result<Message, Fault> {
        loop {
            let parsed = Message::parse(&mut self.buffer);
            let parsed =
                parsed.map_err(|error| protocol(&format!("a message that PostgreSQL does not send: {error}")))?;
            match parsed {
                Some(Message::NoticeResponse(_) | Message::ParameterStatus(_) | Message::NotificationResponse(_)) => {}
                Some(Message::ErrorResponse(body)) => return Err(of_server(&body)),
                Some(message) => return Ok(message),
                None => self.fill().await?,
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Fault> {
        // A message says its length in its first five bytes.
        if let Some(length) = self.buffer.get(1..5) {
            let length = u32::from_be_bytes(length.try_into().expect("four bytes"));
            if length as usize > BYTES_MAX {
                return Err(too_much());
            }
        }
        let read = self.stream.read_buf(&mut self.buffer).await;
        let read = read.map_err(|error| lost(&error, "before the answer was complete"))?;
        if read == 0 {
            return Err(Fault::new(Reason::ConnectionLost, "the connection was closed before the answer was complete"));
        }
        self.bytes += read;
        if self.bytes > BYTES_MAX { Err(too_much()) } else { Ok(()) }
    }

    /// Says goodbye, so that the server logs no lost connection.
    pub async fn end(mut self) {
        let goodbye = |buffer: &mut BytesMut| {
            postgres_protocol::message::frontend::terminate(buffer);
            Ok(())
        };
        // The answer is here; whether the goodbye arrives changes nothing.
        if self.send(goodbye).await.is_ok() {
            let _ = self.stream.shutdown().await;
        }
    }
}

pub(super) fn protocol(why: &str) -> Fault {
    Fault::new(Reason::Protocol, format!("the other side does not speak the protocol of PostgreSQL: {why}"))
}

/// An error of the server in one line: `FATAL: password authentication failed for user "app" (28P01)`.
fn of_server(body: &ErrorResponseBody) -> Fault {
    let (mut severity, mut code, mut message) = (String::new(), String::new(), String::new());
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'S' => severity = value,
            b'C' => code = value,
            b'M' => message = value,
            _ => {}
        }
    }
    // Class 28 is "invalid authorization specification".
    let reason = if code.starts_with("28") { Reason::Authentication } else { Reason::Refused };
    Fault::new(reason, format!("the server answered {severity}: {message} ({code})"))
}
