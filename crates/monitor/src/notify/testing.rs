//! What the tests of all channels need: connections, certificates, servers that say what a script wants.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use allswell_probe::dialer::{Dialer, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A deadline that no test on loopback reaches unless something hangs.
pub(crate) fn deadline() -> Instant {
    after(Duration::from_secs(30))
}

/// The moment `wait` from now.
#[expect(clippy::disallowed_methods, reason = "tests with real sockets have real deadlines")]
pub(crate) fn after(wait: Duration) -> Instant {
    Instant::now() + wait
}

/// A connection to `address`.
pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    let dialer = Dialer::default();
    dialer.connect(&address.ip().to_string(), address.port(), &Options::default(), deadline()).await.unwrap().stream
}

/// The Python of the test tools; `None`, said aloud, where it is not installed. In CI it must be.
pub(crate) fn python() -> Option<PathBuf> {
    let venv = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-tools/venv/bin/python");
    let python = std::env::var_os("ALLSWELL_TEST_PYTHON").map_or_else(venv, PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing; `cargo xtask test` installs it", python.display());
    eprintln!("skipped: {} is missing; `cargo xtask test` installs it", python.display());
    None
}

/// An authority of its own, a certificate for 127.0.0.1 signed by it, and the authority's file.
pub(crate) struct Authority {
    pub file: PathBuf,
    pub acceptor: tokio_rustls::TlsAcceptor,
    _folder: tempfile::TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, authority.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key.into())
            .unwrap();
        Self { file, acceptor: tokio_rustls::TlsAcceptor::from(Arc::new(config)), _folder: folder }
    }
}

/// What a scripted server does when it reads a line that begins with the first text.
pub(crate) type Answers = Vec<(&'static str, Answer)>;

/// One act of a scripted server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// Says this.
    Say(&'static str),
    /// Closes the connection.
    Close,
    /// Says nothing more.
    Hang,
}

/// A server on raw sockets that greets and then answers line by line out of a script; what it read is kept.
pub(crate) struct Scripted {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Scripted {
    pub async fn start(greeting: Answer, answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let lines = Arc::clone(&heard);
        tasks.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that breaks off ends its own session, not the server.
                let _ = session(stream, greeting, &answers, &lines).await;
            }
        });
        Self { address, heard, _tasks: tasks }
    }

    /// All lines that were read.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn session(
    stream: TcpStream,
    greeting: Answer,
    answers: &Answers,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut act = Some(greeting);
    loop {
        match act {
            Some(Answer::Say(text)) => stream.write_all(text.as_bytes()).await?,
            Some(Answer::Close) => return Ok(()),
            Some(Answer::Hang) => std::future::pending().await,
            None => {}
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        act = answers.iter().find(|(start, _)| line.starts_with(start)).map(|(_, answer)| *answer);
        heard.lock().unwrap().push(line.trim_end().to_owned());
    }
}
