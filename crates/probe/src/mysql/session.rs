//! Packets over a connection, bounded.

use allswell_core::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bytes::Bytes;
use crate::fault::Fault;
use crate::sql::{BYTES_MAX, too_much};
use crate::stream::{Stream, lost};

const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;

/// A session, from the server's greeting on.
pub(super) struct Session {
    pub stream: Stream,
    /// The number of the next packet; both sides count together.
    number: u8,
    bytes: usize,
}

impl Session {
    pub fn new(stream: Stream) -> Self {
        Self { stream, number: 0, bytes: 0 }
    }

    /// Sends one packet.
    pub async fn send(&mut self, payload: &[u8]) -> Result<(), Fault> {
        let length = u32::try_from(payload.len()).ok().filter(|length| *length < 0xff_ffff);
        let length = length.ok_or_else(|| Fault::new(Reason::OwnFault, "a packet of ours is longer than 16 MiB"))?;
        let mut packet = Vec::with_capacity(payload.len() + 4);
        packet.extend(&length.to_le_bytes()[..3]);
        packet.push(self.number);
        packet.extend(payload);
        self.number = self.number.wrapping_add(1);
        let broke = |error: std::io::Error| lost(&error, "while we were sending");
        self.stream.write_all(&packet).await.map_err(broke)?;
        self.stream.flush().await.map_err(broke)
    }

    /// The next packet, never empty; an error of the server is a fault.
    pub async fn packet(&mut self) -> Result<Vec<u8>, Fault> {
        let broke = |error: std::io::Error| lost(&error, "before the answer was complete");
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await.map_err(broke)?;
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        if head[3] != self.number || length == 0 {
            return Err(protocol("its packets are not numbered as they should be"));
        }
        self.number = self.number.wrapping_add(1);
        self.bytes += length;
        if self.bytes > BYTES_MAX {
            return Err(too_much());
        }
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.map_err(broke)?;
        match payload.split_first() {
            Some((0xff, error)) => Err(of_server(error)),
            _ => Ok(payload),
        }
    }

    /// Asks one query; its answer is read packet by packet.
    pub async fn query(&mut self, query: &str) -> Result<(), Fault> {
        self.number = 0;
        self.send(&[&[COM_QUERY], query.as_bytes()].concat()).await
    }

    /// Says goodbye, so that the server counts no aborted client.
    pub async fn end(mut self) {
        self.number = 0;
        // The answer is here; whether the goodbye arrives changes nothing.
        if self.send(&[COM_QUIT]).await.is_ok() {
            let _ = self.stream.shutdown().await;
        }
    }
}

pub(super) fn protocol(why: &str) -> Fault {
    Fault::new(Reason::Protocol, format!("the other side does not speak the protocol of MySQL: {why}"))
}

/// An error of the server in one line: `Access denied for user 'app'@'localhost' (1045, 28000)`.
fn of_server(error: &[u8]) -> Fault {
    let mut error = Bytes(error);
    let Some(code) = error.two() else { return protocol("an error without a number") };
    // The state is missing before the greeting: `Too many connections`.
    let state = error.0.strip_prefix(b"#").and_then(|rest| rest.split_at_checked(5));
    let (state, message) = state.map_or((None, error.0), |(state, message)| (Some(state), message));
    let state = state.map(|state| format!(", {}", String::from_utf8_lossy(state))).unwrap_or_default();
    let message = String::from_utf8_lossy(message);
    // 1044 database, 1045 user, 1251 way of authentication, 1698 user without password, 1862 password expired.
    let reason = match code {
        1044 | 1045 | 1251 | 1698 | 1862 => Reason::Authentication,
        _ => Reason::Refused,
    };
    Fault::new(reason, format!("the server answered: {} ({code}{state})", message.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_with_and_without_a_state() {
        let denied = of_server(b"\x15\x04#28000Access denied");
        assert_eq!(
            (denied.reason, denied.detail.as_str()),
            (Reason::Authentication, "the server answered: Access denied (1045, 28000)")
        );
        let full = of_server(b"\x10\x04Too many connections");
        assert_eq!(
            (full.reason, full.detail.as_str()),
            (Reason::Refused, "the server answered: Too many connections (1040)")
        );
        assert_eq!(of_server(b"\x10").reason, Reason::Protocol);
        assert_eq!(of_server(b"\x10\x04#28").reason, Reason::Refused);
    }
}
