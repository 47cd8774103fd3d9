//! The keys of channels: those of our own kinds, and those that come out of definitions.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::{Block, Given, Key, Kind, SECRET, SECRET_MAX, TEXT, TEXT_MAX, key};
use crate::config::definition;
use crate::notify::http::{Definition, Field};

/// A kind of channel and its keys.
#[derive(Clone, Debug)]
pub struct ChannelKind {
    /// The word after `type`.
    pub(in crate::config) name: &'static str,
    pub(in crate::config) block: &'static Block,
    /// What it is, unless it is one of our own.
    pub(in crate::config) definition: Option<Arc<Definition>>,
}

/// All kinds of channels that a configuration may use, in alphabetical order after our own.
#[derive(Clone, Debug)]
pub struct ChannelKinds(Arc<[ChannelKind]>);

impl ChannelKinds {
    /// Those that come with the program.
    pub fn built_in() -> Self {
        static ALL: LazyLock<ChannelKinds> = LazyLock::new(|| ChannelKinds::with(&[]));
        ALL.clone()
    }

    /// Those that come with the program and `more`, which take the place of those with the same name.
    pub(in crate::config) fn with(more: &[ChannelKind]) -> Self {
        let is_replaced = |kind: &&ChannelKind| !more.iter().any(|other| other.name == kind.name);
        let mut data: Vec<_> = definition::embedded().iter().filter(is_replaced).chain(more).cloned().collect();
        data.sort_by_key(|kind| kind.name);
        let own = [("email", &EMAIL), ("webhook", &WEBHOOK)];
        let own = own.map(|(name, block)| ChannelKind { name, block, definition: None });
        Self(own.into_iter().chain(data).collect())
    }

    /// The kind with this name.
    pub(in crate::config) fn get(&self, name: &str) -> Option<&ChannelKind> {
        self.0.iter().find(|kind| kind.name == name)
    }

    /// All of them.
    pub(in crate::config) fn iter(&self) -> impl Iterator<Item = &ChannelKind> {
        self.0.iter()
    }
}

impl Default for ChannelKinds {
    fn default() -> Self {
        Self::built_in()
    }
}

/// Whether a definition cannot have this name, for it is one of our own kinds.
pub(in crate::config) fn is_own(name: &str) -> bool {
    matches!(name, "email" | "webhook")
}

/// The kind that the definition called `name` with this `text` makes; `make` reads and tries it unless that was done before.
///
/// Lists of keys live as long as the process, and so does what is made into one: there are as many as definitions were written.
pub(in crate::config) fn interned<E>(
    name: &str,
    text: &str,
    make: impl FnOnce() -> Result<Definition, E>,
) -> Result<ChannelKind, E> {
    static KNOWN: LazyLock<Mutex<HashMap<(String, String), ChannelKind>>> = LazyLock::new(Mutex::default);
    let key = (name.to_owned(), text.to_owned());
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let kind = match known {
        Some(known) => known,
        None => kind(make()?),
    };
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(key, kind.clone());
    LATEST.lock().unwrap_or_else(PoisonError::into_inner).insert(kind.name, kind.block);
    Ok(kind)
}

/// The keys of definitions by name, as they were read last.
static LATEST: LazyLock<Mutex<HashMap<&'static str, &'static Block>>> = LazyLock::new(Mutex::default);

/// The keys of the kind of channels with this name, for what was written before and is only shown.
pub(in crate::config) fn block_of(name: &str) -> Option<&'static Block> {
    let built_in = ChannelKinds::built_in().get(name).map(|kind| kind.block);
    LATEST.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().or(built_in)
}

fn kind(definition: Definition) -> ChannelKind {
    let fields = definition.fields.iter().map(|field| Key {
        name: field.name.clone().leak(),
        kind: if field.secret { Kind::Secret { most: SECRET_MAX } } else { Kind::Text { most: TEXT_MAX } },
        default: default(field),
        about: field.about.clone().leak(),
    });
    let keys: Vec<_> = [TYPE].into_iter().chain(fields).chain([CHANNEL_CA, TAGS]).collect();
    let block = Block { title: format!("a channel of type {}", definition.name).leak(), keys: keys.leak() };
    let name = definition.name.clone().leak();
    ChannelKind { name, block: Box::leak(Box::new(block)), definition: Some(Arc::new(definition)) }
}

fn default(field: &Field) -> Given {
    match &field.default {
        Some(default) => Given::Words(format!("`{default}`").leak()),
        None if field.optional => Given::Nothing,
        None => Given::Required,
    }
}

const TYPE: Key = key("type", TEXT, Given::Required, "The kind of channel.");
const TAGS: Key = key(
    "tags",
    Kind::List { of: &TEXT, most: 20 },
    Given::Nothing,
    "Also told of each monitor that has one of these tags, unless the monitor names its channels itself.",
);
const CHANNEL_CA: Key =
    key("ca", Kind::File, Given::Words("the system's roots"), "A PEM file with the roots to trust instead.");

const SMTP: Key = key(
    "smtp",
    SECRET,
    Given::Required,
    "The relay: `smtp://user:password@host:port`, `smtps://` (TLS from the first byte, port 465) or \
     `smtp+starttls://` (never in the clear, port 587).",
);
const FROM: Key =
    key("from", TEXT, Given::Required, "The sender: `allswell@example.com` or `Allswell <allswell@example.com>`.");
const STARTTLS: Key = key(
    "starttls",
    Kind::Word(&["auto", "required", "off"]),
    Given::Words("`auto` for `smtp://`"),
    "Whether to turn to TLS after a greeting in the clear. A password never leaves in the clear but to this machine.",
);
const USERNAME: Key = key("username", TEXT, Given::Nothing, "The user, when not in the URL.");
const PASSWORD: Key = key("password", SECRET, Given::Nothing, "The password, when not in the URL.");

/// The relay for what the server itself writes.
pub(super) static MAIL: Block = Block { title: "mail", keys: &[SMTP, FROM, STARTTLS, USERNAME, PASSWORD, CHANNEL_CA] };

static EMAIL: Block = Block {
    title: "a channel of type email",
    keys: &[
        TYPE,
        SMTP,
        FROM,
        key(
            "to",
            Kind::List { of: &TEXT, most: 50 },
            Given::Required,
            "The recipients. More are a mailing list's job.",
        ),
        STARTTLS,
        USERNAME,
        PASSWORD,
        CHANNEL_CA,
        TAGS,
    ],
};

static WEBHOOK: Block = Block {
    title: "a channel of type webhook",
    keys: &[
        TYPE,
        key(
            "url",
            SECRET,
            Given::Required,
            "`http://` or `https://`. Who knows it may write to it, so it is kept like a password.",
        ),
        key("secret", SECRET, Given::Nothing, "Signs each request with HMAC-SHA256; unsigned when there is none."),
        key(
            "secrets",
            Kind::List { of: &SECRET, most: 2 },
            Given::Nothing,
            "Two secrets, while one replaces the other.",
        ),
        key("headers", Kind::Names { of: &SECRET, most: 64 }, Given::Nothing, "More headers to send."),
        CHANNEL_CA,
        TAGS,
    ],
};
