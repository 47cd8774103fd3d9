//! `--open`: a rehearsal as a picture in the console of a running server. It goes there in the link, behind the `#`: a browser draws
//! that part of an address and sends it to nobody.

use std::io::Write;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use http::Method;
use serde_json::Value;

use crate::client::Reach;

/// The page of a server that draws rehearsals.
pub(super) struct Picture {
    page: String,
}

impl Picture {
    /// Makes sure that a server is there: before a rehearsal that may take minutes.
    pub(super) fn at(reach: &Reach) -> anyhow::Result<Self> {
        let client = reach.client()?;
        client.send(Method::GET, "/health", None, &[]).context("--open shows the picture in a server's console")?;
        Ok(Self { page: client.address("/k8s") })
    }

    /// Opens the browser; where there is none, the link is told.
    pub(super) fn open(&self, document: &Value) -> anyhow::Result<()> {
        let link = self.link(document)?;
        let mut told = std::io::stderr().lock();
        // Nobody to read it: there is no other way to tell.
        let _ = match has_screen() && webbrowser::open(&link).is_ok() {
            true => writeln!(told, "  The picture is open in your browser."),
            false => writeln!(told, "  No browser could be started here. The picture is at\n{link}"),
        };
        Ok(())
    }

    /// The address that shows `document`: compressed (zlib, RFC 1950), as base64url without padding (RFC 4648, section 5), which is
    /// what the console's `kubernetes/link.ts` reads.
    fn link(&self, document: &Value) -> anyhow::Result<String> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        packed.write_all(document.to_string().as_bytes()).context("cannot compress the rehearsal")?;
        let packed = packed.finish().context("cannot compress the rehearsal")?;
        Ok(format!("{}#{}", self.page, URL_SAFE_NO_PAD.encode(packed)))
    }
}

/// Whether a browser has where to be shown: on a server without a screen some start, and end at once.
fn has_screen() -> bool {
    !cfg!(target_os = "linux")
        || ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}
