//! Asks a PostgreSQL question.

use allswell_core::{Phase, Reason};
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, DataRowBody, Message};
use postgres_protocol::message::frontend;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::session::{Session, protocol};
use crate::dialer::Dialer;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::sql::{Prepared, Rows, When, refused};
use crate::stream::{Stream, lost};

/// PostgreSQL's own default is 4,096; far more is a server that wants our processor.
const ITERATIONS_MAX: u32 = 200_000;

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let stream = connect(question, dialer, deadline, draft).await?;
    let private = question.is_private(&stream, draft);
    draft.progress.begin(Phase::FirstByte);
    let mut session = Session::new(stream);
    authenticate(question, &mut session, private).await?;
    session.send(|buffer| frontend::query(&question.query, buffer)).await?;
    let rows = read(&mut session, draft).await?;
    draft.progress.end();
    session.end().await;
    rows.judge(question, draft)
}

/// Connects, and turns to TLS where that is wanted and consented to.
async fn connect(question: &Prepared, dialer: &Dialer, deadline: Instant, draft: &mut Draft) -> Result<Stream, Fault> {
    let endpoint = &question.endpoint;
    let mut stream = dialer.dial(&endpoint.host, endpoint.port, &endpoint.dial, deadline, &mut draft.progress).await?;
    let Some(client) = &endpoint.client else { return Ok(Stream::Plain(stream)) };
    draft.progress.begin(Phase::Tls);
    let mut request = bytes::BytesMut::new();
    frontend::ssl_request(&mut request);
    let broke = |error: std::io::Error| lost(&error, "when we asked for TLS");
    stream.write_all(&request).await.map_err(broke)?;
    match stream.read_u8().await.map_err(broke)? {
        b'S' => draft.secure(client, stream, &endpoint.host).await.map(|stream| Stream::Tls(Box::new(stream))),
        b'N' if question.when == When::Offered => {
            draft.progress.end();
            Ok(Stream::Plain(stream))
        }
        b'N' => Err(Fault::new(Reason::TlsUnsupported, "the server does not speak TLS, and `sslmode` wants it")),
        _ => Err(protocol("no answer to the question for TLS")),
    }
}

async fn authenticate(question: &Prepared, session: &mut Session, private: bool) -> Result<(), Fault> {
    let parameters = [
        ("user", question.user.as_str()),
        ("database", question.database.as_ref().unwrap_or(&question.user)),
        ("application_name", "allswell"),
        ("client_encoding", "UTF8"),
    ];
    session.send(|buffer| frontend::startup_message(parameters, buffer)).await?;
    let password = || {
        let password = question.password.as_ref().map(|password| password.expose_secret().as_bytes());
        password.ok_or_else(|| refused("the server wants a password, and the `dsn` has none"))
    };
    let mut proved = false;
    loop {
        match session.message().await? {
            Message::AuthenticationOk => proved = true,
            Message::AuthenticationCleartextPassword if !private => {
                return Err(refused(
                    "the server wants the password in the clear; it is sent only over TLS with \
                                    `sslmode=verify-full`, or to this machine",
                ));
            }
            Message::AuthenticationCleartextPassword => {
                let password = password()?;
                session.send(|buffer| frontend::password_message(password, buffer)).await?;
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = md5_hash(question.user.as_bytes(), password()?, body.salt());
                session.send(|buffer| frontend::password_message(hash.as_bytes(), buffer)).await?;
            }
            Message::AuthenticationSasl(body) => scram(&body, password()?, session).await?,
            Message::BackendKeyData(_) if proved => {}
            Message::ReadyForQuery(_) if proved => return Ok(()),
            Message::AuthenticationGss
            | Message::AuthenticationSspi
            | Message::AuthenticationKerberosV5
            | Message::AuthenticationScmCredential => {
                return Err(refused("the server wants a way of authentication other than a password"));
            }
            _ => return Err(protocol("an unexpected message while authenticating")),
        }
    }
}

/// RFC 7677. The server proves that it knows the password as well.
async fn scram(offer: &AuthenticationSaslBody, password: &[u8], session: &mut Session) -> Result<(), Fault> {
    let known = offer.mechanisms().any(|mechanism| Ok(mechanism == SCRAM_SHA_256)).unwrap_or(false);
    if !known {
        return Err(refused("the server offers no SCRAM-SHA-256"));
    }
    let wrong = |error: std::io::Error| refused(&format!("the server's part of SCRAM is wrong: {error}"));
    let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
    session.send(|buffer| frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), buffer)).await?;
    let Message::AuthenticationSaslContinue(body) = session.message().await? else {
        return Err(protocol("SCRAM broke off"));
    };
    if iterations(body.data()).is_some_and(|iterations| iterations > ITERATIONS_MAX) {
        return Err(refused(&format!("the server wants more than {ITERATIONS_MAX} iterations of SCRAM")));
    }
    scram.update(body.data()).map_err(wrong)?;
    session.send(|buffer| frontend::sasl_response(scram.message(), buffer)).await?;
    let Message::AuthenticationSaslFinal(body) = session.message().await? else {
        return Err(protocol("SCRAM broke off"));
    };
    scram.finish(body.data()).map_err(wrong)
}

/// The iteration count of a server's first message: `r=...,s=...,i=4096`. One that is no small number counts as the largest.
fn iterations(message: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(message).ok()?;
    let count = text.split(',').find_map(|part| part.strip_prefix("i="))?;
    Some(count.parse().unwrap_or(u32::MAX))
}

/// Reads all rows and keeps the first few.
async fn read(session: &mut Session, draft: &mut Draft) -> Result<Rows, Fault> {
    let mut rows = Rows::default();
    loop {
        match session.message().await? {
            Message::DataRow(row) => {
                if rows.is_empty() {
                    draft.progress.begin(Phase::Transfer);
                }
                if !rows.is_full() {
                    rows.push(columns(&row).map_err(|error| protocol(&error.to_string()))?);
                }
            }
            Message::ReadyForQuery(_) => return Ok(rows),
            Message::CopyInResponse(_) | Message::CopyOutResponse(_) => {
                return Err(Fault::new(Reason::Expectation, "the query copies data; write one that gives rows"));
            }
            _ => {}
        }
    }
}

fn columns(row: &DataRowBody) -> std::io::Result<Vec<Option<String>>> {
    let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&row.buffer()[range]).into_owned();
    row.ranges().map(|range| Ok(range.map(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_s_iterations_are_read() {
        assert_eq!(iterations(b"r=abc,s=def,i=4096"), Some(4096));
        assert_eq!(iterations(b"r=abc,s=def,i=99999999999"), Some(u32::MAX));
        assert_eq!(iterations(b"r=abc"), None);
    }
}
