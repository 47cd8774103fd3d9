//! The reason behind an exchange that broke.

use std::error::Error;
use std::io;

use allswell_core::Reason;

use super::exchange::Broken;
use super::wire::{Flood, Wire};
use crate::fault::Fault;
use crate::tls;

/// An HTTP/2 server that sent more than this before its first complete head sent a head that was given up.
const HTTP2_HEADLESS_BYTES: u64 = 64 * 1024;

/// The fault behind an error before the head of the answer was complete.
pub(super) fn head(error: &hyper::Error, wire: &Wire) -> Broken {
    let unprocessed = find::<h2::Error>(error).is_some_and(is_unprocessed);
    let too_large = error.is_parse_too_large()
        || find::<Flood>(error).is_some()
        || find::<h2::Error>(error).is_some_and(|error| error.is_library() && wire.bytes() > HTTP2_HEADLESS_BYTES);
    if too_large {
        return head_too_large().into();
    }
    let when = if wire.bytes() == 0 { "before any answer" } else { "before the answer was complete" };
    let fault = common(error, when).unwrap_or_else(|| not_http(error, wire));
    Broken { fault, unprocessed }
}

/// The head has too many headers, or too large ones.
pub(super) fn head_too_large() -> Fault {
    let detail = "the head of the answer is larger than 256 KiB or has more than 1024 headers";
    Fault::new(Reason::HeadersTooLarge, detail)
}

/// The fault behind an error while the body came in.
pub(super) fn body(error: &hyper::Error, wire: &Wire) -> Fault {
    if find::<Flood>(error).is_some() {
        return Fault::new(Reason::BodyTooLarge, format!("{} bytes came in and the body had not ended", wire.bytes()));
    }
    common(error, "before the answer was complete").unwrap_or_else(|| {
        Fault::new(Reason::HttpProtocol, format!("the body breaks the rules of HTTP: {}", in_words(error)))
    })
}

fn common(error: &hyper::Error, when: &str) -> Option<Fault> {
    if let Some(tls) = find::<rustls::Error>(error) {
        return Some(tls::after_handshake(tls));
    }
    if let Some(io) = find::<io::Error>(error) {
        // An error of TLS hides in one of I/O, which does not name it as its source.
        if let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(tls::after_handshake(tls));
        }
        if let Some(fault) = Fault::lost(io, when) {
            return Some(fault);
        }
    }
    if let Some(h2) = find::<h2::Error>(error) {
        return Some(match h2.get_io() {
            Some(io) => Fault::lost(io, when).unwrap_or_else(|| Fault::new(Reason::ConnectionLost, io.to_string())),
            None => Fault::new(Reason::HttpProtocol, format!("HTTP/2: {h2}")),
        });
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Some(Fault::new(Reason::ConnectionLost, format!("the connection was closed {when}")));
    }
    None
}

fn not_http(error: &hyper::Error, wire: &Wire) -> Fault {
    let beginning = wire.beginning();
    let line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line: String = String::from_utf8_lossy(line).trim_end().chars().take(80).collect();
    let detail =
        format!("the answer breaks the rules of HTTP: {}; it begins with `{}`", in_words(error), line.escape_debug());
    Fault::new(Reason::HttpProtocol, detail)
}

/// The whole chain of an error in one line.
fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words = format!("{words}: {cause_words}");
        }
        source = cause.source();
    }
    words
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = inner.downcast_ref::<E>()
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// RFC 9113, 8.7: a refused stream and one above the last of a graceful GOAWAY were not processed.
fn is_unprocessed(error: &h2::Error) -> bool {
    error.is_remote()
        && (error.reason() == Some(h2::Reason::REFUSED_STREAM)
            || (error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR)))
}
