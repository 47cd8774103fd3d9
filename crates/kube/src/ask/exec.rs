//! Asks a command: kubernetes v1.36 `pkg/probe/exec/exec.go` and `pkg/kubelet/prober/prober.go` (`newExecInContainer`).
//!
//! There is no container here: the command runs beside the app, in its environment and its directory.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use allswell_core::kubelet::Answer;
use tokio::io::AsyncReadExt;

use super::{Asked, OUTPUT_MAX, text};

/// How long the output of a command that has ended is waited for.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Where commands run.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The literal variables of the container; only these are expanded in commands.
    pub literal: Vec<(String, String)>,
    /// What is set besides.
    pub extra: Vec<(String, String)>,
    /// The working directory; this process' own when `None`.
    pub directory: Option<PathBuf>,
}

/// A command and where it runs.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Where it runs.
    pub environment: Environment,
}

/// Replaces `$(NAME)` by the literal variable of that name; what is unknown stays, `$$` is one dollar sign.
pub fn expand(text: &str, literal: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("$(").and_then(|inner| inner.split_once(')')) {
            match literal.iter().rev().find(|(key, _)| key == name) {
                Some((_, value)) => out.push_str(value),
                None => out.push_str(&rest[..name.len() + 3]),
            }
            rest = after;
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out + rest
}

/// Runs the command: 0 is well, anything else is not, and what cannot be run at all is an error.
pub async fn ask(command: &Command, timeout: Duration) -> Asked {
    let Some((program, arguments)) = command.words.split_first() else {
        return Asked::new(Answer::Error, "exec: no command");
    };
    let mut process = tokio::process::Command::new(program);
    process.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    process.process_group(0);
    let environment = &command.environment;
    process.envs(environment.extra.iter().chain(&environment.literal).map(|(key, value)| (key, value)));
    if let Some(directory) = &environment.directory {
        process.current_dir(directory);
    }
    let mut child = match process.spawn() {
        Ok(child) => child,
        Err(error) => return Asked::new(Answer::Error, format!("exec: {program:?}: {error}")),
    };
    let group = child.id();
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let both = async {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let status = {
            let read = async { tokio::join!(read(&mut out, &mut first), read(&mut err, &mut second)) };
            let mut read = std::pin::pin!(read);
            tokio::select! {
                status = child.wait() => {
                    // A child in the background keeps the pipes open; the exit of the command itself decides.
                    let _ = tokio::time::timeout(LAST_WORDS, &mut read).await;
                    status
                }
                _ = &mut read => child.wait().await,
            }
        };
        first.append(&mut second);
        (status, first)
    };
    let ended = tokio::time::timeout(timeout, both).await;
    match ended {
        Err(_) => {
            if let Some(group) = group {
                crate::process::signal_group(group, crate::process::Signal::Kill);
            }
            Asked::new(Answer::Failure, format!("command timed out: command {program} timed out"))
        }
        Ok((Err(error), _)) => Asked::new(Answer::Error, format!("exec: {program:?}: {error}")),
        Ok((Ok(status), output)) if status.success() => Asked::new(Answer::Success, text(&output)),
        Ok((Ok(_), output)) => Asked::new(Answer::Failure, text(&output)),
    }
}

/// Reads what is kept; the rest is read and dropped, so that the command does not hang on a full pipe.
async fn read(from: &mut Option<impl AsyncReadExt + Unpin>, into: &mut Vec<u8>) {
    let Some(from) = from else {
        return;
    };
    let mut chunk = [0_u8; 4_096];
    while let Ok(count) = from.read(&mut chunk).await {
        if count == 0 {
            return;
        }
        let room = OUTPUT_MAX.saturating_sub(into.len());
        into.extend_from_slice(&chunk[..count.min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literal_variables_are_expanded() {
        let literal = [("A".to_owned(), "script".to_owned())];
        let check = |text: &str, expanded: &str| assert_eq!(expand(text, &literal), expanded, "{text}");
        check("some $(A) $(B)", "some script $(B)");
        check("$$(A)", "$(A)");
        check("$A $(A", "$A $(A");
        check("cost: 5$", "cost: 5$");
    }
}
