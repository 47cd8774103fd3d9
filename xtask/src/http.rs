//! As much HTTP/1.1 as the other ends of a watched server need: a server that answers and closes, a client that asks once.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// No request or answer that we expect is larger.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// A request that was read whole.
#[derive(Debug, Default)]
pub struct Request {
    /// The path with the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of the first header with this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// Status and body of an answer; `None` hangs up without one.
pub type Answer = Option<(u16, String)>;

/// Listens on a free loopback port and gives every request the answer that `answer` says.
pub fn serve(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on loopback")?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that goes away in the middle is its own affair: the server under watch is killed all the time.
            thread::spawn(move || handle(&stream, answer.as_ref()).ok());
        }
    });
    Ok(address)
}

fn handle(stream: &TcpStream, answer: &dyn Fn(&Request) -> Answer) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let Some(request) = read_request(&mut BufReader::new(stream))? else { return Ok(()) };
    let Some((status, body)) = answer(&request) else { return Ok(()) };
    let head = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        if status < 400 { "OK" } else { "Trouble" },
        body.len()
    );
    let mut writer = stream;
    writer.write_all((head + &body).as_bytes())
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let first = read_line(reader)?;
    let Some(path) = first.split(' ').nth(1) else { return Ok(None) };
    let mut request = Request { path: path.to_owned(), headers: read_headers(reader)?, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.take(BODY_BYTES_MAX.min(length)).read_to_end(&mut request.body)?;
    Ok(Some(request))
}

fn read_headers(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        let Some((name, value)) = line.split_once(':') else { return Ok(headers) };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.take(64 << 10).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Asks `http://address/path` with GET and returns the body; anything but 200 is an error.
pub fn get(address: SocketAddr, path: &str) -> Result<String> {
    ask("GET", address, path)
}

/// The same with POST and no body.
pub fn post(address: SocketAddr, path: &str) -> Result<String> {
    ask("POST", address, path)
}

fn ask(method: &str, address: SocketAddr, path: &str) -> Result<String> {
    let attempt = || -> Result<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(
            format!(
                "{method} {path} HTTP/1.1\r\nhost: {address}\r\naccept: */*\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .as_bytes(),
        )?;
        read_answer(&mut BufReader::new(stream))
    };
    let (status, body) = attempt().with_context(|| format!("cannot ask http://{address}{path}"))?;
    anyhow::ensure!(status == 200, "http://{address}{path} answered {status}: {}", body.trim());
    Ok(body)
}

/// [`get`], read as JSON.
pub fn get_json(address: SocketAddr, path: &str) -> Result<Value> {
    serde_json::from_str(&get(address, path)?).with_context(|| format!("http://{address}{path} gave no JSON"))
}

/// The list `name` of what [`get_json`] gives.
pub fn get_list(address: SocketAddr, path: &str, name: &str) -> Result<Vec<Value>> {
    match get_json(address, path)?[name].take() {
        Value::Array(rows) => Ok(rows),
        other => anyhow::bail!("http://{address}{path}: `{name}` is no list but {other}"),
    }
}

fn read_answer(reader: &mut impl BufRead) -> Result<(u16, String)> {
    let first = read_line(reader)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("`{first}` is no status line"))?;
    let headers = read_headers(reader)?;
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let mut body = Vec::new();
    match chunked {
        true => read_chunks(reader, &mut body)?,
        false => {
            reader.take(BODY_BYTES_MAX).read_to_end(&mut body)?;
        }
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let line = read_line(reader)?;
        let length = u64::from_str_radix(&line, 16).with_context(|| format!("`{line}` is no chunk length"))?;
        if length == 0 {
            return Ok(());
        }
        reader.take(length.min(BODY_BYTES_MAX)).read_to_end(body)?;
        read_line(reader)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_read() {
        let address =
            serve(|request| Some((200, format!("{{\"path\":\"{}\"}}", request.path)))).expect("loopback is there");
        assert_eq!(get_json(address, "/a?b=c").expect("it answers")["path"], "/a?b=c");
    }

    #[test]
    fn a_refusal_is_told_with_its_body() {
        let address = serve(|_| Some((503, "the database is away".into()))).expect("loopback is there");
        let error = get(address, "/ready").expect_err("503 is no answer").to_string();
        assert_eq!(error, format!("http://{address}/ready answered 503: the database is away"));
    }

    #[test]
    fn chunks_are_put_together() {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(read_answer(&mut answer.as_bytes()).expect("well formed"), (200, "abcde".into()));
    }
}
