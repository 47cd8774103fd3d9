//! Runs the binary and makes what it prints comparable; the servers are those of the probes' tests.

#[path = "../../../app/tests/common/server.rs"]
pub mod databases;
#[allow(dead_code, reason = "the probes' tests use the rest")]
#[path = "../../../probe/tests/support/dns.rs"]
pub mod dns;
pub mod people;
#[allow(dead_code, reason = "the probes' tests use the rest")]
#[path = "../../../probe/tests/support/raw.rs"]
pub mod raw;
pub mod server;
#[allow(dead_code, reason = "the probes' tests use the rest")]
#[path = "../../../probe/tests/support/tls.rs"]
pub mod tls;

use std::path::Path;
use std::process::Command;

use regex::Regex;

/// How the binary ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// All that was printed.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs `allswell` with `arguments`, away from the settings of whoever runs the tests.
pub fn allswell<S: AsRef<str>>(arguments: &[S]) -> Ran {
    allswell_in(Path::new("."), arguments)
}

/// The same, in `directory`.
pub fn allswell_in<S: AsRef<str>>(directory: &Path, arguments: &[S]) -> Ran {
    run(directory, arguments, None)
}

/// The same, with `input` as its standard input.
pub fn allswell_told<S: AsRef<str>>(input: &str, arguments: &[S]) -> Ran {
    run(Path::new("."), arguments, Some(input))
}

fn run<S: AsRef<str>>(directory: &Path, arguments: &[S], input: Option<&str>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allswell"));
    command.current_dir(directory).args(arguments.iter().map(AsRef::as_ref));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ALLSWELL_") || name == "NO_COLOR") {
        command.env_remove(name);
    }
    let given = tempfile::NamedTempFile::new().expect("a file");
    if let Some(input) = input {
        std::fs::write(given.path(), input).expect("it can be written");
        command.stdin(given.reopen().expect("it can be read"));
    }
    let output = command.output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran {
        code: output.status.code().expect("it ends by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// `text` without what differs from run to run: ports, times, the lengths of bars.
pub fn scrubbed(text: &str) -> String {
    let replace = |text: &str, pattern: &str, with: &str| {
        Regex::new(pattern).expect("a pattern").replace_all(text, with).into_owned()
    };
    let text = replace(text, r"(127\.0\.0\.1|localhost|\.test|on port)(:| )\d+", "${1}${2}PORT");
    let text = replace(&text, r"(?m)^([■●▲○] .* (?:in|after)) \d[\d .]*m?s$", "$1 TIME");
    let text = replace(&text, r"(?m)^(  [A-Za-z ]{10}) +\d[\d.]* m?s  [█▏▎▍▌▋▊▉]+", "$1      TIME  BAR");
    replace(&text, r"20\d\d-\d\d-\d\d", "DATE")
}

/// Compares `text` with the picture called `name` beside the calling test.
#[track_caller]
pub fn picture(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots");
    settings.bind(|| insta::assert_snapshot!(name, scrubbed(text)));
}
