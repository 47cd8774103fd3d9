//! From the server's greeting to the moment when it takes queries.

use allswell_core::{Phase, Reason};
use secrecy::ExposeSecret;

use super::bytes::Bytes;
use super::proof;
use super::session::{Session, protocol};
use crate::draft::Draft;
use crate::fault::Fault;
use crate::sql::{Prepared, When, refused};
use crate::stream::Stream;

const LONG_PASSWORD: u32 = 1;
const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const TLS: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
/// `utf8mb4_general_ci`, which both know.
const CHARSET: u8 = 45;
const PACKET_BYTES_MAX: u32 = 1 << 24;

/// What a server says first.
#[derive(Debug, PartialEq, Eq)]
struct Greeting {
    capabilities: u32,
    challenge: Vec<u8>,
    plugin: String,
}

impl Greeting {
    /// Handshake version 10, as every server since 3.21 sends it.
    fn read(packet: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(packet);
        if bytes.byte()? != 10 {
            return None;
        }
        bytes.until_zero();
        bytes.take(4)?;
        let mut challenge = bytes.take(8)?.to_vec();
        bytes.take(1)?;
        let low = bytes.two()?;
        bytes.take(3)?;
        let high = bytes.two()?;
        let capabilities = u32::from(high) << 16 | u32::from(low);
        let length = usize::from(bytes.byte()?);
        bytes.take(10)?;
        let second = bytes.take(length.saturating_sub(8).max(13).min(bytes.0.len()))?;
        challenge.extend(second.strip_suffix(&[0]).unwrap_or(second));
        let plugin = match capabilities & PLUGIN_AUTH {
            0 => "mysql_native_password".to_owned(),
            _ => String::from_utf8_lossy(bytes.until_zero()).into_owned(),
        };
        Some(Self { capabilities, challenge, plugin })
    }
}

/// Reads the greeting, turns to TLS where that is wanted and offered, and authenticates.
pub(super) async fn login(question: &Prepared, stream: Stream, draft: &mut Draft) -> Result<Session, Fault> {
    let mut session = Session::new(stream);
    let greeting = session.packet().await?;
    let greeting = Greeting::read(&greeting).ok_or_else(|| protocol("its greeting is another"))?;
    if greeting.capabilities & (PROTOCOL_41 | SECURE_CONNECTION) != PROTOCOL_41 | SECURE_CONNECTION {
        return Err(Fault::new(Reason::Refused, "the server is older than MySQL 4.1"));
    }
    let mut wanted = LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
    if question.database.is_some() {
        wanted |= CONNECT_WITH_DB;
    }
    let offers_tls = greeting.capabilities & TLS != 0;
    if question.when == When::Always && !offers_tls {
        return Err(Fault::new(Reason::TlsUnsupported, "the server does not speak TLS, and `ssl-mode` wants it"));
    }
    if question.when != When::Never && offers_tls {
        wanted |= TLS;
        session = secure(question, session, &head(wanted), draft).await?;
        draft.progress.begin(Phase::FirstByte);
    }
    let secrecy = Secrecy::of(question, &session.stream, draft);
    let proof = first_proof(question, &greeting, secrecy)?;
    session.send(&response(question, wanted, &greeting.plugin, &proof)).await?;
    converse(question, &mut session, greeting, secrecy).await?;
    Ok(session)
}

/// Says that TLS follows, and shakes hands.
async fn secure(question: &Prepared, mut session: Session, head: &[u8], draft: &mut Draft) -> Result<Session, Fault> {
    let client = question.endpoint.client.as_ref().expect("there is one unless TLS is never spoken");
    draft.progress.begin(Phase::Tls);
    session.send(head).await?;
    session.stream = match session.stream {
        Stream::Plain(plain) => Stream::Tls(Box::new(draft.secure(client, plain, &question.endpoint.host).await?)),
        secured @ Stream::Tls(_) => secured,
    };
    Ok(session)
}

/// To whom a password may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrecy {
    /// The server is who it says: verified TLS, or this machine.
    Private,
    /// Nobody reads along, but who the server is was not looked at; so the `dsn` wants it.
    Accepted,
    /// Anybody may read along.
    Open,
}

impl Secrecy {
    fn of(question: &Prepared, stream: &Stream, draft: &Draft) -> Self {
        match stream {
            _ if question.is_private(stream, draft) => Self::Private,
            Stream::Tls(_) if question.when == When::Always => Self::Accepted,
            _ => Self::Open,
        }
    }
}

/// What a client says first, with TLS and without.
fn head(capabilities: u32) -> Vec<u8> {
    let mut head = capabilities.to_le_bytes().to_vec();
    head.extend(PACKET_BYTES_MAX.to_le_bytes());
    head.push(CHARSET);
    head.extend([0; 23]);
    head
}

fn response(question: &Prepared, capabilities: u32, plugin: &str, proof: &[u8]) -> Vec<u8> {
    let mut response = head(capabilities);
    response.extend(question.user.as_bytes());
    response.push(0);
    response.push(u8::try_from(proof.len()).expect("proofs are digests"));
    response.extend(proof);
    if let Some(database) = &question.database {
        response.extend(database.as_bytes());
        response.push(0);
    }
    response.extend(plugin.as_bytes());
    response.push(0);
    response
}

fn password(question: &Prepared) -> &[u8] {
    question.password.as_ref().map(|password| password.expose_secret().as_bytes()).unwrap_or_default()
}

/// The proof for the greeting's plug-in; none for one that we do not know: the server then names the one that the user has.
fn first_proof(question: &Prepared, greeting: &Greeting, secrecy: Secrecy) -> Result<Vec<u8>, Fault> {
    match greeting.plugin.as_str() {
        plugin @ ("mysql_native_password" | "caching_sha2_password") => {
            prove(question, plugin, &greeting.challenge, secrecy)
        }
        _ => Ok(Vec::new()),
    }
}

fn prove(question: &Prepared, plugin: &str, challenge: &[u8], secrecy: Secrecy) -> Result<Vec<u8>, Fault> {
    match plugin {
        "mysql_native_password" => Ok(proof::native(password(question), challenge)),
        "caching_sha2_password" => Ok(proof::caching_sha2(password(question), challenge)),
        "mysql_clear_password" => in_the_clear(question, secrecy),
        other => Err(refused(&format!(
            "the server wants the plug-in `{other}` for this user; known are mysql_native_password, caching_sha2_password and \
             mysql_clear_password"
        ))),
    }
}

/// The password itself, where nobody else gets to see it.
fn in_the_clear(question: &Prepared, secrecy: Secrecy) -> Result<Vec<u8>, Fault> {
    if secrecy == Secrecy::Open {
        return Err(refused(
            "the server wants the password itself; it is sent only over TLS with `ssl-mode=require` or `verify-full`, or to this \
             machine",
        ));
    }
    Ok([password(question), &[0]].concat())
}

/// Answers what the server asks until it lets us in.
async fn converse(
    question: &Prepared,
    session: &mut Session,
    greeting: Greeting,
    secrecy: Secrecy,
) -> Result<(), Fault> {
    const FAST_ENOUGH: &[u8] = &[3];
    const NOT_KNOWN_YET: &[u8] = &[4];
    let mut plugin = greeting.plugin;
    let mut asked_again = false;
    loop {
        let packet = session.packet().await?;
        match packet.split_first() {
            Some((0x00, _)) => return Ok(()),
            Some((0xfe, [])) => return Err(refused("the server wants a password as MySQL 3 hashed it")),
            Some((0xfe, rest)) if !asked_again => {
                asked_again = true;
                let mut rest = Bytes(rest);
                plugin = String::from_utf8_lossy(rest.until_zero()).into_owned();
                let challenge = rest.0.strip_suffix(&[0]).unwrap_or(rest.0);
                let proof = prove(question, &plugin, challenge, secrecy)?;
                session.send(&proof).await?;
            }
            Some((0x01, FAST_ENOUGH)) if plugin == "caching_sha2_password" => {}
            Some((0x01, NOT_KNOWN_YET)) if plugin == "caching_sha2_password" => {
                let password = in_the_clear(question, secrecy)?;
                session.send(&password).await?;
            }
            _ => return Err(protocol("an unexpected packet while authenticating")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(dsn: &str) -> Prepared {
        let settings = serde_json::from_value(serde_json::json!({ "dsn": dsn })).expect("settings");
        Prepared::new(&settings, &super::super::DIALECT).expect("a good question")
    }

    #[test]
    fn a_password_is_said_only_where_nobody_else_hears_it() {
        let question = question("mysql://watchman:hunter2@db/app");
        assert_eq!(in_the_clear(&question, Secrecy::Private).expect("said"), b"hunter2\0");
        assert_eq!(in_the_clear(&question, Secrecy::Accepted).expect("said"), b"hunter2\0");
        let refused = in_the_clear(&question, Secrecy::Open).expect_err("not said");
        assert_eq!(refused.reason, Reason::Authentication);
        assert!(!refused.detail.contains("hunter2"));
    }

    #[test]
    fn a_greeting_that_ends_too_early_is_none() {
        let whole = [
            b"\x0a8.0\0\x01\0\0\0abcdefgh\0\xff\xff\x2d\x02\0\xff\xff\x15",
            &[0; 10][..],
            b"ijklmnopqrst\0own_plugin\0",
        ]
        .concat();
        let greeting = Greeting::read(&whole).expect("a greeting");
        assert_eq!(
            (greeting.challenge.as_slice(), greeting.plugin.as_str()),
            (&b"abcdefghijklmnopqrst"[..], "own_plugin")
        );
        for end in 0..whole.len() - 24 {
            assert_eq!(Greeting::read(&whole[..end]), None, "{end}");
        }
        assert_eq!(Greeting::read(b"220 mail.example.com ESMTP"), None);
    }
}
