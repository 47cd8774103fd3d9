//! Colour, on a terminal alone.

use std::io::IsTerminal;

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// For files and programs.
    Plain,
    /// For a terminal.
    Colour,
}

impl Paint {
    /// Colour when standard output is a terminal.
    pub fn for_stdout() -> Self {
        Self::of(std::io::stdout().is_terminal())
    }

    /// Colour when standard error is a terminal.
    pub fn for_stderr() -> Self {
        Self::of(std::io::stderr().is_terminal())
    }

    /// Colour on a terminal that has some, unless `NO_COLOR` is set (no-color.org).
    fn of(is_terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        if is_terminal && !dumb && set("NO_COLOR").is_none() { Self::Colour } else { Self::Plain }
    }

    /// Well.
    pub fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Not well.
    pub fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    /// To be looked at.
    pub fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    /// Neither.
    pub fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }

    /// What is read first.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What is read last.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

impl From<Paint> for allswell_monitor::config::Paint {
    fn from(paint: Paint) -> Self {
        match paint {
            Paint::Plain => Self::Plain,
            Paint::Colour => Self::Colour,
        }
    }
}
