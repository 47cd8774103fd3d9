//! What a person sees first: where the data is, what is watched, where to look.

use std::io::Write;

use allswell_server::server::Server;

use super::demo::Demo;
use crate::paint::Paint;

/// Writes the banner to standard output.
pub fn print(server: &Server, demo: Option<&Demo>) {
    let dot = Paint::for_stdout().green("●");
    let mut lines = vec![
        ("data", format!("{}{}", server.data().display(), if server.is_new() { " (new)" } else { "" })),
        ("checks", format!("{}, {}", count(server.monitors(), "monitor"), count(server.channels(), "channel"))),
        ("web", format!("http://{}/", server.address())),
    ];
    if let Some(demo) = demo {
        lines.push(("mail", format!("http://{}/  the alerts arrive here", demo.mail_page())));
        lines.push(("sample", format!("http://{}/ready  fails by itself in a moment", demo.sample())));
    }
    let mut out = std::io::stdout().lock();
    for (word, text) in lines {
        // Nobody reads a closed standard output; the server does not depend on it.
        let _ = writeln!(out, "  {dot} {word:<9} {text}");
    }
    let _ = writeln!(out, "  Ctrl-C stops.");
    let _ = out.flush();
}

fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
