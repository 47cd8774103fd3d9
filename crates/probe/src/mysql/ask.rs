//! Asks a question of a MySQL or MariaDB server.

use allswell_core::{Phase, Reason};
use tokio::time::Instant;

use super::bytes::Bytes;
use super::login::login;
use super::session::{Session, protocol};
use crate::dialer::Dialer;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::sql::{Prepared, Rows};
use crate::stream::Stream;

/// More columns than any table has.
const COLUMNS_MAX: u64 = 4_096;

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let endpoint = &question.endpoint;
    let stream = dialer.dial(&endpoint.host, endpoint.port, &endpoint.dial, deadline, &mut draft.progress).await?;
    draft.progress.begin(Phase::FirstByte);
    let mut session = login(question, Stream::Plain(stream), draft).await?;
    session.query(&question.query).await?;
    let rows = read(&mut session, draft).await?;
    draft.progress.end();
    session.end().await;
    rows.judge(question, draft)
}

/// Reads all rows and keeps the first few.
async fn read(session: &mut Session, draft: &mut Draft) -> Result<Rows, Fault> {
    let mut rows = Rows::default();
    let head = session.packet().await?;
    draft.progress.begin(Phase::Transfer);
    let columns = match head[0] {
        // It changed something and gives no rows.
        0x00 => return Ok(rows),
        0xfb => {
            return Err(Fault::new(Reason::Expectation, "the query wants a file of ours; write one that gives rows"));
        }
        _ => Bytes(&head).number().filter(|columns| *columns <= COLUMNS_MAX),
    };
    let columns = columns.ok_or_else(|| protocol("an answer without columns"))?;
    for _ in 0..columns {
        session.packet().await?;
    }
    if !is_end(&session.packet().await?) {
        return Err(protocol("more columns than it said"));
    }
    loop {
        let packet = session.packet().await?;
        if is_end(&packet) {
            return Ok(rows);
        }
        if !rows.is_full() {
            rows.push(row(&packet, columns).ok_or_else(|| protocol("a row that ends too early"))?);
        }
    }
}

/// The packet that ends columns and rows; a row that begins with the same byte is longer.
fn is_end(packet: &[u8]) -> bool {
    packet[0] == 0xfe && packet.len() < 9
}

fn row(packet: &[u8], columns: u64) -> Option<Vec<Option<String>>> {
    let mut bytes = Bytes(packet);
    (0..columns).map(|_| bytes.value()).collect()
}
