//! One HTTP/1 exchange, read as Go's client reads it: any three digits are a status, 1xx but 101 is passed over.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::OUTPUT_MAX;

/// How large the head of an answer may be.
const HEAD_MAX: usize = 1 << 20;

/// How many interim answers are passed over.
const INTERIM_MAX: usize = 5;

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    /// What has been read of the body already.
    rest: Vec<u8>,
}

impl Head {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Sends a request and reads the head of the answer.
pub(super) async fn exchange<S>(stream: &mut S, request: &str) -> Result<Head, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // A server that answers and hangs up before it has read everything is still heard.
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.flush().await;
    let mut buffer = Vec::new();
    for _ in 0..=INTERIM_MAX {
        let end = read_head(stream, &mut buffer).await?;
        let head = parse(&buffer[..end])?;
        buffer.drain(..end);
        if head.status == 101 || !(100..200).contains(&head.status) {
            return Ok(Head { rest: buffer, ..head });
        }
    }
    Err("net/http: too many 1xx informational responses".to_owned())
}

/// Reads until the empty line; returns where the head ends.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<usize, String> {
    let mut searched = 0_usize;
    loop {
        let from = searched.saturating_sub(3);
        if let Some(at) = end_of_head(&buffer[from..]) {
            return Ok(from + at);
        }
        searched = buffer.len();
        if buffer.len() > HEAD_MAX {
            return Err(format!("net/http: server response headers exceeded {HEAD_MAX} bytes; aborted"));
        }
        match stream.read_buf(buffer).await {
            Ok(0) if buffer.is_empty() => return Err("EOF".to_owned()),
            Ok(0) => return Err("unexpected EOF".to_owned()),
            Ok(_) => {}
            Err(error) => return Err(read_error(&error)),
        }
    }
}

fn read_error(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionReset => "read: connection reset by peer".to_owned(),
        std::io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        _ => format!("read: {error}"),
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let lf = bytes.windows(2).position(|two| two == b"\n\n").map(|at| at + 2);
    match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn parse(head: &[u8]) -> Result<Head, String> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("");
    let status = status(first).ok_or_else(|| malformed(first))?;
    let mut headers = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            return Err(format!("net/http: HTTP/1.x transport connection broken: malformed MIME header line: {line}"));
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Head { status, headers, rest: Vec::new() })
}

fn malformed(line: &str) -> String {
    let shown: String = line.chars().take(100).collect();
    format!("net/http: HTTP/1.x transport connection broken: malformed HTTP response {shown:?}")
}

fn status(line: &str) -> Option<u16> {
    let mut words = line.splitn(3, ' ');
    let (version, code) = (words.next()?, words.next()?);
    let known = matches!(version, "HTTP/1.0" | "HTTP/1.1");
    (known && code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.parse().ok())?
}

/// Reads at most [`OUTPUT_MAX`] bytes of the body; what comes after them is not waited for.
///
/// # Errors
/// The body is shorter than it says, or not what it says.
pub(super) async fn body<S: AsyncRead + Unpin>(stream: &mut S, head: Head) -> Result<Vec<u8>, String> {
    if head.status == 204 || head.status == 304 || head.status == 101 {
        return Ok(Vec::new());
    }
    let chunked = head.header("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
    let length = head.header("content-length").and_then(|value| value.parse::<usize>().ok());
    let mut reader = Reader { stream, buffer: head.rest };
    let mut body = Vec::new();
    match (chunked, length) {
        (true, _) => reader.chunks(&mut body).await?,
        (false, Some(length)) => reader.take(length.min(OUTPUT_MAX), &mut body).await?,
        (false, None) => while body.len() < OUTPUT_MAX && reader.some(&mut body).await? {},
    }
    body.truncate(OUTPUT_MAX);
    Ok(body)
}

struct Reader<'s, S> {
    stream: &'s mut S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Reader<'_, S> {
    /// Reads more into the buffer; `false` at the end.
    async fn fill(&mut self) -> Result<bool, String> {
        let read = self.stream.read_buf(&mut self.buffer).await;
        read.map(|count| count > 0).map_err(|error| read_error(&error))
    }

    async fn some(&mut self, body: &mut Vec<u8>) -> Result<bool, String> {
        if self.buffer.is_empty() && !self.fill().await? {
            return Ok(false);
        }
        body.append(&mut self.buffer);
        Ok(true)
    }

    async fn take(&mut self, count: usize, body: &mut Vec<u8>) -> Result<(), String> {
        while self.buffer.len() < count {
            if !self.fill().await? {
                return Err("unexpected EOF".to_owned());
            }
        }
        body.extend(self.buffer.drain(..count));
        Ok(())
    }

    async fn chunks(&mut self, body: &mut Vec<u8>) -> Result<(), String> {
        while body.len() < OUTPUT_MAX {
            let line = self.line().await?;
            let digits = line.split(';').next().unwrap_or("").trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| "invalid byte in chunk length".to_owned())?;
            if size == 0 {
                return Ok(());
            }
            let wanted = size.min(OUTPUT_MAX - body.len());
            self.take(wanted, body).await?;
            if wanted == size {
                self.take(2, &mut Vec::new()).await?;
            }
        }
        Ok(())
    }

    async fn line(&mut self) -> Result<String, String> {
        loop {
            if let Some(at) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=at).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > 4_096 {
                return Err("http chunk length too long".to_owned());
            }
            if !self.fill().await? {
                return Err("unexpected EOF".to_owned());
            }
        }
    }
}
