//! Asks a TCP question.

use allswell_core::{Phase, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Prepared;
use crate::dialer::Dialer;
use crate::draft::Draft;
use crate::evidence::line;
use crate::fault::Fault;

/// How much of an answer is looked at.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let mut stream = dialer.dial(&question.host, question.port, &question.dial, deadline, &mut draft.progress).await?;
    if question.send.is_empty() && question.expect.is_none() {
        // Closed the usual way: many servers log a connection that is reset before they could greet.
        return Ok(());
    }
    draft.progress.begin(Phase::FirstByte);
    if !question.send.is_empty() {
        let broke = |error: std::io::Error| lost(&error, "while we were sending");
        stream.write_all(&question.send).await.map_err(broke)?;
        stream.flush().await.map_err(broke)?;
    }
    if let Some(expected) = &question.expect {
        wait_for(expected, question, &mut stream, draft).await?;
        // The answer is here, nothing of ours is under way: the port need not wait.
        let _ = stream.set_zero_linger();
    }
    draft.progress.end();
    Ok(())
}

async fn wait_for(
    expected: &[u8],
    question: &Prepared,
    stream: &mut TcpStream,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let mut buffer = [0_u8; 4096];
    loop {
        let length = match stream.read(&mut buffer).await {
            Ok(0) => return Err(unexpected("closed the connection", expected, question, draft)),
            Ok(length) => length,
            Err(error) => return Err(lost(&error, "before the expected answer")),
        };
        if draft.said.is_empty() {
            draft.progress.begin(Phase::Transfer);
        }
        // Only what is new can complete a match, together with the end of what was there.
        let from = draft.said.len().saturating_sub(expected.len());
        let room = ANSWER_BYTES_MAX - draft.said.len();
        draft.said.extend_from_slice(&buffer[..length.min(room)]);
        if draft.said[from..].windows(expected.len()).any(|window| window == expected) {
            return Ok(());
        }
        if draft.said.len() >= ANSWER_BYTES_MAX {
            return Err(unexpected("sent 64 KiB", expected, question, draft));
        }
    }
}

fn unexpected(what: &str, expected: &[u8], question: &Prepared, draft: &Draft) -> Fault {
    let show = |bytes: &[u8]| {
        let text: String = String::from_utf8_lossy(bytes).chars().take(80).collect();
        line(text.trim_end(), &question.secrets)
    };
    let said = if draft.said.is_empty() { "nothing".to_owned() } else { format!("`{}`", show(&draft.said)) };
    let detail = format!("the other side {what} without saying `{}`; it said {said}", show(expected));
    Fault::new(Reason::Expectation, detail)
}

fn lost(error: &std::io::Error, when: &str) -> Fault {
    Fault::lost(error, when).unwrap_or_else(|| Fault::new(Reason::ConnectionLost, format!("{error} {when}")))
}
