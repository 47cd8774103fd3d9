//! Pictures beside the title of a status page: out of a file, or written in the configuration itself as a `data:` URL (RFC 2397).
//!
//! What they are is told by their first bytes, so that nothing is sent as a picture that is none.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::read::Datum;
use crate::status_page::Logo;

/// The largest logo, in bytes.
const LOGO_MAX: usize = 128 << 10;

/// The kinds of pictures: the media type, and how names of files end.
const KINDS: [(&str, &[&str]); 4] =
    [("image/svg+xml", &["svg"]), ("image/png", &["png"]), ("image/jpeg", &["jpg", "jpeg"]), ("image/webp", &["webp"])];

/// What is written for a logo: what it is called in messages, and the picture or why it cannot be used.
pub(super) fn logo(datum: &Datum<'_>) -> Option<(String, Result<Logo, String>)> {
    match datum {
        Datum::File(path) => {
            let name = path.display().to_string();
            Some((name.clone(), of_file(path).map(|(kind, bytes)| Logo { from: name, kind, bytes: bytes.into() })))
        }
        Datum::Text(url) => {
            let picture = of_url(url).map(|(kind, bytes)| Logo { from: "data:".to_owned(), kind, bytes: bytes.into() });
            Some((url.chars().take(32).collect(), picture))
        }
        _ => None,
    }
}

fn of_file(path: &Path) -> Result<(&'static str, Vec<u8>), String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    let kind = KINDS.into_iter().find(|(_, endings)| endings.contains(&extension.as_str()));
    let (kind, _) = kind.ok_or("its name does not end in .svg, .png, .jpg or .webp")?;
    // A pipe or a device might never end.
    let metadata = path.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LOGO_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    checked(kind, bytes)
}

fn of_url(url: &str) -> Result<(&'static str, Vec<u8>), String> {
    let like = "write it like data:image/png;base64,iVBORw0KGgo...";
    let (kind, coded) =
        url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).ok_or_else(|| like.to_owned())?;
    let known = KINDS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(kind));
    let (kind, _) = known.ok_or("it is none of image/svg+xml, image/png, image/jpeg and image/webp")?;
    // Before it is decoded: four characters are three bytes.
    if coded.len() > LOGO_MAX.div_ceil(3) * 4 {
        return Err(too_large());
    }
    let bytes = STANDARD.decode(coded).map_err(|_| "what follows `base64,` is no base64".to_owned())?;
    checked(kind, bytes)
}

fn checked(kind: &'static str, bytes: Vec<u8>) -> Result<(&'static str, Vec<u8>), String> {
    if bytes.len() > LOGO_MAX {
        return Err(too_large());
    }
    if !is_a(kind, &bytes) {
        return Err(format!("it is no {kind}"));
    }
    Ok((kind, bytes))
}

fn too_large() -> String {
    format!("it is larger than {} KiB", LOGO_MAX >> 10)
}

/// Whether `bytes` begin like a picture of this kind.
fn is_a(kind: &str, bytes: &[u8]) -> bool {
    match kind {
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        _ => std::str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<(&'static str, Vec<u8>), String> {
        of_url(url)
    }

    fn url(kind: &str, bytes: &[u8]) -> String {
        format!("data:{kind};base64,{}", STANDARD.encode(bytes))
    }

    #[test]
    fn a_picture_is_what_its_first_bytes_say() {
        for (kind, bytes) in [
            ("image/png", &b"\x89PNG\r\n\x1a\n..."[..]),
            ("image/jpeg", b"\xff\xd8\xff\xe0..."),
            ("image/webp", b"RIFF\x04\x00\x00\x00WEBP"),
            ("image/svg+xml", b"<?xml version=\"1.0\"?><svg/>"),
        ] {
            assert_eq!(read(&url(kind, bytes)), Ok((kind, bytes.to_vec())));
            assert_eq!(read(&url(kind, b"<html>")), Err(format!("it is no {kind}")));
        }
        assert_eq!(read(&url("IMAGE/PNG", b"\x89PNG\r\n\x1a\n")).map(|(kind, _)| kind), Ok("image/png"));
    }

    #[test]
    fn what_is_no_picture_says_why() {
        let check = |text: &str, part: &str| {
            let why = read(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        };
        check("data:image/svg+xml,<svg/>", "write it like data:image/png;base64,");
        check("data:text/html;base64,PGh0bWw+", "it is none of image/svg+xml");
        check("data:image/png;base64,%%%", "no base64");
        check(&url("image/png", &[b'x'; LOGO_MAX + 1]), "larger than 128 KiB");
        check(&url("image/png", &[b'x'; 2 * LOGO_MAX]), "larger than 128 KiB");
    }
}
