//! A body as it comes in: decompressed on the way, and never more of it than allowed.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use hyper::HeaderMap;
use hyper::header::CONTENT_ENCODING;

use allswell_core::Reason;

use crate::fault::Fault;

/// A body as it comes in.
#[derive(Debug)]
pub(crate) struct Body {
    decoder: Decoder,
    received: u64,
    max: u64,
    complete: bool,
}

#[derive(Debug)]
enum Decoder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    /// Deflate, before its first byte told which of its two forms it is.
    Deflate(Sink),
    Zlib(Box<ZlibDecoder<Sink>>),
    Raw(Box<DeflateDecoder<Sink>>),
    /// A coding that nobody here knows; its bytes are not a text.
    Unknown(String),
}

/// Takes bytes up to a limit.
#[derive(Debug, Default)]
struct Sink {
    bytes: Vec<u8>,
    max: usize,
    overflown: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let free = self.max - self.bytes.len();
        if bytes.len() > free {
            self.bytes.extend_from_slice(&bytes[..free]);
            self.overflown = true;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Body {
    /// A body with these headers, of at most `max` bytes after decompression.
    pub fn new(headers: &HeaderMap, max: u64) -> Self {
        let sink = Sink { max: usize::try_from(max).unwrap_or(usize::MAX), ..Sink::default() };
        let codings: Vec<_> =
            headers.get_all(CONTENT_ENCODING).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let decoder = match codings.join(",").trim().to_lowercase().as_str() {
            "" | "identity" => Decoder::Plain(sink),
            "gzip" | "x-gzip" => Decoder::Gzip(Box::new(MultiGzDecoder::new(sink))),
            "deflate" => Decoder::Deflate(sink),
            other => Decoder::Unknown(other.to_owned()),
        };
        Self { decoder, received: 0, max, complete: false }
    }

    /// Takes the next bytes as they came in.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.received = self.received.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        // Compressed bytes that bring forth nothing are no way around the limit.
        if self.received > self.max.saturating_add(64 * 1024) {
            return Err(self.too_large());
        }
        let written = match &mut self.decoder {
            Decoder::Plain(sink) => sink.write_all(bytes),
            Decoder::Gzip(decoder) => decoder.write_all(bytes),
            Decoder::Zlib(decoder) => decoder.write_all(bytes),
            Decoder::Raw(decoder) => decoder.write_all(bytes),
            Decoder::Deflate(_) => return self.begin_deflate(bytes),
            Decoder::Unknown(_) => Ok(()),
        };
        written.map_err(|error| self.fault(&error))
    }

    /// RFC 9110, 8.4.1.2: deflate means zlib, but some servers send it raw. A zlib stream begins with method 8.
    fn begin_deflate(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Decoder::Deflate(sink) = &mut self.decoder else { return Ok(()) };
        let sink = std::mem::take(sink);
        self.decoder = if bytes[0] & 0x0f == 8 {
            Decoder::Zlib(Box::new(ZlibDecoder::new(sink)))
        } else {
            Decoder::Raw(Box::new(DeflateDecoder::new(sink)))
        };
        self.received -= u64::try_from(bytes.len()).unwrap_or(0);
        self.push(bytes)
    }

    /// The body has ended.
    pub fn finish(&mut self) -> Result<(), Fault> {
        if self.received == 0 {
            self.complete = true;
            return Ok(());
        }
        let finished = match &mut self.decoder {
            Decoder::Plain(_) | Decoder::Deflate(_) => Ok(()),
            Decoder::Gzip(decoder) => decoder.try_finish(),
            Decoder::Zlib(decoder) => decoder.try_finish(),
            Decoder::Raw(decoder) => decoder.try_finish(),
            Decoder::Unknown(coding) => {
                let coding: String = coding.chars().filter(char::is_ascii_graphic).take(40).collect();
                let detail =
                    format!("the body is encoded as `{coding}`, which was not asked for and is not known here");
                return Err(Fault::new(Reason::Decode, detail));
            }
        };
        finished.map_err(|error| self.fault(&error))?;
        self.complete = true;
        Ok(())
    }

    /// What came out so far.
    pub fn bytes(&self) -> &[u8] {
        self.sink().map_or(&[], |sink| &sink.bytes)
    }

    /// Whether it came in to its end.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    fn sink(&self) -> Option<&Sink> {
        match &self.decoder {
            Decoder::Plain(sink) | Decoder::Deflate(sink) => Some(sink),
            Decoder::Gzip(decoder) => Some(decoder.get_ref()),
            Decoder::Zlib(decoder) => Some(decoder.get_ref()),
            Decoder::Raw(decoder) => Some(decoder.get_ref()),
            Decoder::Unknown(_) => None,
        }
    }

    fn fault(&self, error: &io::Error) -> Fault {
        if self.sink().is_some_and(|sink| sink.overflown) {
            return self.too_large();
        }
        let what = match &self.decoder {
            Decoder::Gzip(_) => "gzip",
            _ => "deflate",
        };
        Fault::new(Reason::Decode, format!("the body is no good {what}: {error}"))
    }

    fn too_large(&self) -> Fault {
        Fault::new(Reason::BodyTooLarge, format!("the body is larger than {} bytes (`max_body`)", self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use hyper::header::HeaderValue;

    fn body(coding: &'static str, max: u64) -> Body {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        Body::new(&headers, max)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn read(mut body: Body, pieces: &[&[u8]]) -> Result<Vec<u8>, Reason> {
        for piece in pieces {
            body.push(piece).map_err(|fault| fault.reason)?;
        }
        body.finish().map_err(|fault| fault.reason)?;
        Ok(body.bytes().to_vec())
    }

    #[test]
    fn known_codings_are_undone() {
        let text = b"all is well";
        let packed = gzip(text);
        assert_eq!(read(body("gzip", 100), &[&packed[..5], &packed[5..]]), Ok(text.to_vec()));
        assert_eq!(read(body("X-GZIP", 100), &[&packed]), Ok(text.to_vec()));
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text).expect("memory");
        assert_eq!(read(body("deflate", 100), &[&zlib.finish().expect("memory")]), Ok(text.to_vec()));
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(text).expect("memory");
        assert_eq!(read(body("deflate", 100), &[&raw.finish().expect("memory")]), Ok(text.to_vec()));
        assert_eq!(read(body("identity", 100), &[text]), Ok(text.to_vec()));
    }

    #[test]
    fn what_is_not_what_it_says_cannot_be_decoded() {
        let packed = gzip(b"all is well");
        assert_eq!(read(body("gzip", 100), &[b"plain text"]), Err(Reason::Decode));
        assert_eq!(read(body("gzip", 100), &[&packed[..packed.len() - 6]]), Err(Reason::Decode));
        assert_eq!(read(body("br", 100), &[b"x"]), Err(Reason::Decode));
        assert_eq!(read(body("gzip", 100), &[]), Ok(Vec::new()));
    }

    #[test]
    fn a_bomb_goes_off_in_a_bucket() {
        let bomb = gzip(&vec![0_u8; 50 * 1024 * 1024]);
        let mut body = body("gzip", 1024);
        let fault = bomb.chunks(1000).find_map(|piece| body.push(piece).err()).expect("too large");
        assert_eq!(fault.reason, Reason::BodyTooLarge);
        assert_eq!(body.bytes().len(), 1024);
    }

    #[test]
    fn empty_members_without_end_are_too_large_as_well() {
        let empty = gzip(b"");
        let mut body = body("gzip", 1024);
        let fault = (0..100_000).find_map(|_| body.push(&empty).err()).expect("too large");
        assert_eq!(fault.reason, Reason::BodyTooLarge);
    }

    #[test]
    fn exactly_the_limit_is_allowed() {
        assert_eq!(read(body("identity", 4), &[b"1234"]), Ok(b"1234".to_vec()));
        assert_eq!(read(body("identity", 4), &[b"12345"]), Err(Reason::BodyTooLarge));
    }
}
