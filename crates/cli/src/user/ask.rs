//! A password from whoever types: not shown, and twice; or the first line of standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret as _, SecretString};

/// Asks for a password of `whom`.
pub fn password(whom: &str) -> anyhow::Result<SecretString> {
    if !io::stdin().is_terminal() {
        return line().context("cannot read the password from standard input");
    }
    let first = hidden(&format!("Password for {whom} (12 characters or more): "))?;
    let second = hidden("The same again: ")?;
    if first.expose_secret() != second.expose_secret() {
        bail!("the two passwords are not the same");
    }
    Ok(first)
}

/// The password, for a request.
pub fn text(password: &SecretString) -> &str {
    password.expose_secret()
}

fn hidden(question: &str) -> anyhow::Result<SecretString> {
    eprint!("{question}");
    io::stderr().flush().context("cannot write to the terminal")?;
    let silent = Silence::begin().context("cannot hide what is typed")?;
    let answer = line().context("cannot read from the terminal");
    drop(silent);
    eprintln!();
    answer
}

fn line() -> io::Result<SecretString> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Ok(text.strip_suffix('\r').unwrap_or(text).into())
}

/// As long as it lives, the terminal does not show what is typed.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
