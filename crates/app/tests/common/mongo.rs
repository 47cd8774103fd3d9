//! A server that speaks as MongoDB does, as far as `hello` and `ping` go (OP_MSG of its wire protocol): Debian has no MongoDB.
#![allow(clippy::disallowed_methods, reason = "a test's server beside the test")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use mongodb::bson::{DateTime, Document, doc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const OP_MSG: i32 = 2_013;

/// What the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Takes everything and answers nothing.
    Frozen,
    /// Answers `ping` and `hello`, and nothing else.
    Holding,
}

/// The server; it ends when this is dropped.
pub struct Mongo {
    pub address: SocketAddr,
    pub mood: watch::Sender<Mood>,
    task: JoinHandle<()>,
}

impl Drop for Mongo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mongo {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mood, moods) = watch::channel(Mood::Well);
        let connections = Arc::new(tokio::sync::Mutex::new(tokio::task::JoinSet::new()));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.lock().await.spawn(serve(stream, moods.clone()));
            }
        });
        Self { address, mood, task }
    }
}

async fn serve(mut stream: TcpStream, mut moods: watch::Receiver<Mood>) -> io::Result<()> {
    loop {
        let (id, asked) = read(&mut stream).await?;
        let first = asked.keys().next().map(String::as_str).unwrap_or_default().to_ascii_lowercase();
        let answered = move |mood: &Mood| match mood {
            Mood::Well => true,
            Mood::Frozen => false,
            Mood::Holding => ["hello", "ismaster", "ping"].contains(&&*first),
        };
        if moods.wait_for(answered).await.is_err() {
            return Ok(());
        }
        let mut answer = Document::new();
        if asked.contains_key("hello") || asked.contains_key("isMaster") || asked.contains_key("ismaster") {
            answer = doc! {
                "ismaster": true, "isWritablePrimary": true, "minWireVersion": 0, "maxWireVersion": 21, "readOnly": false,
                "maxBsonObjectSize": 16_777_216, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
                "localTime": DateTime::now(), "logicalSessionTimeoutMinutes": 30, "connectionId": 1,
            };
        }
        answer.insert("ok", 1.0);
        write(&mut stream, id, &answer).await?;
    }
}

/// The number and the document of the next message.
async fn read(stream: &mut TcpStream) -> io::Result<(i32, Document)> {
    let length = stream.read_i32_le().await?;
    let (id, _, kind) = (stream.read_i32_le().await?, stream.read_i32_le().await?, stream.read_i32_le().await?);
    assert_eq!(kind, OP_MSG, "what this server understands");
    let mut rest = vec![0; length as usize - 16];
    stream.read_exact(&mut rest).await?;
    // Four bytes of flags, and one that says that a document follows.
    let document = Document::from_reader(&rest[5..]).map_err(io::Error::other)?;
    Ok((id, document))
}

async fn write(stream: &mut TcpStream, to: i32, answer: &Document) -> io::Result<()> {
    let mut body = vec![0; 5];
    answer.to_writer(&mut body).map_err(io::Error::other)?;
    let length = body.len() as i32 + 16;
    let mut message: Vec<u8> = [length, 1, to, OP_MSG].iter().flat_map(|number| number.to_le_bytes()).collect();
    message.extend_from_slice(&body);
    stream.write_all(&message).await
}
