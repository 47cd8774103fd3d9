//! `docs/configuration.md`, made of the list of keys and the list of codes.

use std::fmt::Write as _;

use super::keys::channels::ChannelKinds;
use super::keys::definitions::DEFINITION;
use super::keys::{Block, FILE, Given, Key, Kind};
use super::problem::Code;
use super::read::written;

const HEAD: &str = "\
# The configuration

One YAML file, by custom `allswell.yaml`. Every key is listed here with its type, its bounds, its default and the reason.
`allswell validate FILE` reads it as the server does and tells everything that is wrong at once: file, line, column, the
value and the way out. A running server reads it again when it changes and on SIGHUP; a file with mistakes changes nothing
and is reported.

```yaml
defaults: { interval: 60s, timeout: 5s, failure_threshold: 2, success_threshold: 1, channels: [ops] }
channels:
  ops:  { type: email, smtp: \"smtp://127.0.0.1:2525\", from: \"allswell@example.com\", to: [\"ops@example.com\"] }
  hook: { type: webhook, url: \"http://127.0.0.1:9911/hook\", secret: \"${env:HOOK_SECRET}\" }
monitors:
  - name: payments-api
    http: { url: \"http://127.0.0.1:8801/ready\", method: GET }
    interval: 1s
    conditions: [\"status == 200\", \"time.total < duration('800ms')\"]
    channels: [ops, hook]
  - { name: db-port, tcp: { address: \"127.0.0.1:5432\" } }
```

## How values are read

- **Durations** are numbers with `ms`, `s`, `m`, `h` or `d`: `500ms`, `30s`, `1m30s`.
- **Text** needs no quotes unless it contains `: ` or ` #`, or begins with a sign that YAML knows. What a value means is
  decided by its key alone: `name: no` is the name \"no\", `password: 0123` keeps its zero.
- **Paths** begin at the directory of the file.
- **Secrets** come from outside: `${env:NAME}` is the variable `NAME`, `${file:PATH}` the file's text without its last line
  break (at most 64 KiB). They work in every value, as a part of it or as the whole. What they bring is data and never read
  as YAML; it is not shown in messages, nor in logs. `$${` stands for a literal `${`. A variable that is not set and a file
  that cannot be read are mistakes.
- **Anchors, aliases and merge keys** (`&name`, `*name`, `<<: *name`) work. Top-level keys that begin with `x-` are yours, as
  a place for anchors.
- An **empty file** is a configuration without monitors.
";

const DEFINITIONS: &str = "
## Definitions of channels

A file `NAME.yaml` below `server.channels_dir` makes the type `NAME`. What its templates may say, with an example:
[alerts](alerts.md#write-your-own).
";

/// The page in Markdown.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Keys\n");
    table(&mut page, "", &FILE);
    page.push_str(DEFINITIONS);
    table(&mut page, "NAME.yaml", &DEFINITION);
    page.push_str("\n## What can be wrong\n\n| code | meaning and way out |\n| --- | --- |\n");
    for code in Code::ALL {
        let _ = writeln!(page, "| {code} | {} |", code.explanation());
    }
    page.push_str(
        "\nThe first hundred mistakes are told, the rest is counted. `allswell validate` ends with 0 when nothing is wrong, 1 when \
         something is, 2 when the file cannot be read; `--json` prints one line for programs.\n",
    );
    page
}

/// One table for a block, followed by those of the blocks in it.
fn table(page: &mut String, path: &str, block: &Block) {
    let title = if path.is_empty() { "The file".to_owned() } else { format!("`{path}`") };
    let _ = writeln!(page, "\n### {title}\n\n| key | takes | default | meaning |\n| --- | --- | --- | --- |");
    for key in block.keys {
        let (takes, default) = (takes(&key.kind), default(key));
        let _ = writeln!(page, "| `{}` | {takes} | {default} | {} |", key.name, key.about);
    }
    for key in block.keys {
        let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        below(page, &path, &key.kind);
    }
}

fn below(page: &mut String, path: &str, kind: &Kind) {
    match kind {
        Kind::Block(block) => table(page, path, block),
        Kind::List { of, .. } => below(page, &format!("{path}[]"), of),
        Kind::Names { of: Kind::Channel, .. } => {
            for kind in ChannelKinds::built_in().iter() {
                table(page, &format!("{path}.NAME` of type `{}", kind.name), kind.block);
            }
        }
        Kind::Names { of, .. } => below(page, &format!("{path}.NAME"), of),
        _ => {}
    }
}

fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Duration { least, most } => format!("duration, {} to {}", written(*least), written(*most)),
        Kind::Number { least, most } => format!("whole number, {least} to {most}"),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Text { most } => format!("text, at most {most} characters"),
        Kind::Secret { most } => format!("secret text, at most {most} characters"),
        Kind::File => "path of a file".to_owned(),
        Kind::Picture => "path of a file, or `data:image/png;base64,...`".to_owned(),
        Kind::Directory => "path of a directory".to_owned(),
        Kind::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Kind::List { of, most } => format!("list of at most {most}: {}", takes(of)),
        Kind::Names { of, most } => format!("block of at most {most} names, each with {}", takes(of)),
        Kind::Block(_) | Kind::Channel => "a block, see below".to_owned(),
    }
}

fn default(key: &Key) -> String {
    match key.default {
        Given::Required => "required".to_owned(),
        Given::Nothing => "none".to_owned(),
        Given::Duration(duration) => format!("`{}`", written(duration)),
        Given::Number(number) => format!("`{number}`"),
        Given::Words(words) => words.to_owned(),
    }
}
