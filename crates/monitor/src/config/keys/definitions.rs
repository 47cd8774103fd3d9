//! The keys of a definition: a file that makes a kind of channel out of one HTTP request.

use super::{Block, Given, Kind, SECRET_MAX, TEXT, key};
use crate::notify::http::{Escape, Unit};

/// The longest template, in characters.
const TEMPLATE: Kind = Kind::Text { most: SECRET_MAX };
const STATUSES: Kind = Kind::List { of: &TEXT, most: 16 };

const fn words<T, const N: usize>(words: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = words[at].0;
        at += 1;
    }
    names
}

static ESCAPES: [&str; 4] = words(&Escape::WORDS);
static UNITS: [&str; 3] = words(&Unit::WORDS);

/// A whole definition.
pub(in crate::config) static DEFINITION: Block = Block {
    title: "a definition of channels",
    keys: &[
        key("about", TEXT, Given::Required, "What it is, in one sentence."),
        key("documentation", TEXT, Given::Nothing, "Where the other side describes the request."),
        key(
            "fields",
            Kind::Names { of: &Kind::Block(&FIELD), most: 32 },
            Given::Nothing,
            "What a person writes into a channel of this type.",
        ),
        key(
            "texts",
            Kind::Names { of: &Kind::Block(&TEXT_BLOCK), most: 16 },
            Given::Nothing,
            "Texts that are written first, in the other side's markup and within its limits; the request takes them as `text.NAME`.",
        ),
        key("request", Kind::Block(&REQUEST), Given::Required, "The request that tells one message."),
        key("answers", Kind::Block(&ANSWERS), Given::Nothing, "What the answers mean, where it is not what HTTP says."),
        key(
            "idempotency",
            Kind::Block(&IDEMPOTENCY),
            Given::Nothing,
            "How the other side knows that messages belong together; tried when the definition is read.",
        ),
    ],
};

static FIELD: Block = Block {
    title: "a field",
    keys: &[
        key("about", TEXT, Given::Required, "What it means, for the reference."),
        key(
            "secret",
            Kind::Flag,
            Given::Words("`false`"),
            "Whether it is never shown: not in messages, logs, nor the delivery log.",
        ),
        key("optional", Kind::Flag, Given::Words("`false`"), "Whether it may be left out; then it is empty."),
        key("default", TEXT, Given::Nothing, "What it is when it is left out."),
        key("one_of", Kind::List { of: &TEXT, most: 32 }, Given::Words("any text"), "The words that it may be."),
        key("like", TEXT, Given::Nothing, "What it looks like; the definition is tried with it."),
    ],
};

static TEXT_BLOCK: Block = Block {
    title: "a text",
    keys: &[
        key("template", TEMPLATE, Given::Required, "The text, as a template."),
        key("escape", Kind::Word(&ESCAPES), Given::Words("`none`"), "The markup that values are escaped for."),
        key(
            "most",
            Kind::Number { least: 16, most: 65_536 },
            Given::Words("65536"),
            "How long it may be. What is longer loses its last lines, and says `…`.",
        ),
        key("counted_in", Kind::Word(&UNITS), Given::Words("`characters`"), "What `most` counts."),
    ],
};

static REQUEST: Block = Block {
    title: "request",
    keys: &[
        key("method", Kind::Word(&["POST", "PUT", "PATCH", "GET"]), Given::Words("`POST`"), "The method."),
        key("url", TEMPLATE, Given::Required, "Where it goes, as a template that knows `field` alone."),
        key(
            "headers",
            Kind::Names { of: &TEMPLATE, most: 32 },
            Given::Nothing,
            "More headers, each a template; one that makes nothing is not sent.",
        ),
        key(
            "json",
            TEMPLATE,
            Given::Words("one of the bodies must be written"),
            "A body of JSON, as a template: `{{ title }}` writes its quotes itself.",
        ),
        key(
            "form",
            Kind::Names { of: &TEMPLATE, most: 64 },
            Given::Words("as `json`"),
            "A body as a form has it, each value a template.",
        ),
        key("text", TEMPLATE, Given::Words("as `json`"), "A body of plain text, as a template."),
    ],
};

static ANSWERS: Block = Block {
    title: "answers",
    keys: &[
        key("accepted", STATUSES, Given::Words("`200-299`"), "The statuses that mean that it was taken."),
        key("field", TEXT, Given::Nothing, "A field of the answer's JSON that must say so too: `ok`, `result.status`."),
        key("equals", TEXT, Given::Words("`true`"), "What that field must be."),
        key("later", STATUSES, Given::Words("408, 425, 5xx"), "The statuses after which this message comes again."),
        key(
            "rest",
            STATUSES,
            Given::Words("429, 503"),
            "The statuses after which the channel gets nothing for a while.",
        ),
        key(
            "gone",
            STATUSES,
            Given::Nothing,
            "The statuses that mean that the channel is no more; what else is refused, is refused for this message.",
        ),
        key(
            "retry_after",
            TEXT,
            Given::Words("the header `Retry-After`"),
            "A field of the answer's JSON with the seconds to wait: `parameters.retry_after`.",
        ),
    ],
};

static IDEMPOTENCY: Block = Block {
    title: "idempotency",
    keys: &[
        key("field", TEXT, Given::Required, "The field of the JSON body: `dedup_key`, `0.labels`."),
        key(
            "same_for",
            Kind::Word(&["incident", "message"]),
            Given::Required,
            "Whether all messages of an incident have the same, or only repetitions of one message.",
        ),
    ],
};
