//! Status pages.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use url::{Host, Url};

use super::monitor::name_is_good;
use super::problem::{Code, Found};
use super::read::{Datum, Fields, Reader};
use super::source::quotable;
use crate::access::Digest;
use crate::status_page::{Access, Colour, Component, Logo, Page, Section};

/// The largest logo, in bytes.
const LOGO_MAX: usize = 128 << 10;
/// The shortest password, in characters.
const PASSWORD_MIN: usize = 8;
/// The shortest token, in characters.
const TOKEN_MIN: usize = 16;

/// What pages have already, or must not have.
#[derive(Debug, Default)]
pub(super) struct Taken {
    slugs: HashSet<String>,
    domains: HashSet<String>,
}

impl Taken {
    /// Nothing but the server's own host, where people find the console.
    pub(super) fn by_server(public_url: Option<&str>) -> Self {
        let own = public_url.and_then(|url| Url::parse(url).ok()?.host_str().map(str::to_lowercase));
        Self { slugs: HashSet::new(), domains: own.into_iter().chain(["localhost".to_owned()]).collect() }
    }
}

/// Reads one page; `None` when something is wrong with it, which was told.
pub(super) fn status_page(
    fields: &Fields<'_>,
    taken: &mut Taken,
    has_mail: bool,
    reader: &mut Reader<'_>,
) -> Option<Page> {
    let before = reader.problems.count();
    let slug = fields.text("slug").filter(|slug| slug_is_good(slug, fields, taken, reader));
    let title = fields.text("title").filter(|title| name_is_good(title, fields.span("title"), reader));
    let page = Page {
        slug: slug.unwrap_or_default().to_owned(),
        title: title.unwrap_or_default().to_owned(),
        description: fields.text("description").map(str::to_owned),
        link: fields.text("link").filter(|link| link_is_good(link, fields, reader)).map(str::to_owned),
        logo: logo("logo", fields, reader),
        logo_dark: logo("logo_dark", fields, reader),
        accent: colour("colour", fields, reader),
        accent_dark: colour("colour_dark", fields, reader),
        domain: domain(fields, taken, reader),
        access: access(fields, reader),
        subscribe: subscribe(fields, has_mail, reader),
        sections: sections(fields, reader),
    };
    let sound = fields.sound && reader.problems.count() == before;
    (sound && slug.is_some() && title.is_some()).then_some(page)
}

/// Whether visitors may subscribe, which takes a relay.
fn subscribe(fields: &Fields<'_>, has_mail: bool, reader: &mut Reader<'_>) -> bool {
    let wanted = fields.flag("subscribe");
    if wanted == Some(true) && !has_mail {
        let message = "nobody could be written to: `server.mail` says no relay".to_owned();
        wrong(
            "subscribe",
            fields,
            reader,
            message,
            "add `server: { mail: { smtp: ..., from: ... } }`, or leave this out",
        );
    }
    has_mail && wanted.unwrap_or(true)
}

fn wrong(key: &str, fields: &Fields<'_>, reader: &mut Reader<'_>, message: String, way_out: &str) {
    reader.problems.push(Found::new(Code::WrongValue, fields.span(key), message).label(way_out));
}

fn slug_is_good(slug: &str, fields: &Fields<'_>, taken: &mut Taken, reader: &mut Reader<'_>) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !slug.chars().all(is_plain) || slug.starts_with('-') || slug.ends_with('-') {
        let message = format!("`slug: {}` cannot stand in an address", quotable(slug));
        wrong("slug", fields, reader, message, "write small letters and digits, dashes between them");
        return false;
    }
    if !taken.slugs.insert(slug.to_owned()) {
        let message = format!("two status pages have the slug `{slug}`");
        wrong("slug", fields, reader, message, "name them differently");
        return false;
    }
    true
}

fn link_is_good(link: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) -> bool {
    let is_good = Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_good {
        let message = format!("`link: {}` leads nowhere", quotable(link));
        wrong("link", fields, reader, message, "write it like https://example.com");
    }
    is_good
}

fn colour(key: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Colour> {
    let text = fields.text(key)?;
    let colour = Colour::read(text);
    if colour.is_none() {
        wrong(key, fields, reader, format!("`{key}: {}` is no colour", quotable(text)), "write it like \"#0f62fe\"");
    }
    colour
}

fn logo(key: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Logo> {
    let Datum::File(path) = fields.get(key)? else { return None };
    let logo = read_logo(path);
    if let Err(why) = &logo {
        let message = format!("cannot use `{}` as a logo: {why}", quotable(&path.display().to_string()));
        wrong(key, fields, reader, message, "paths begin at the directory of the configuration");
    }
    logo.ok()
}

fn read_logo(path: &Path) -> Result<Logo, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let kind = match extension.to_ascii_lowercase().as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        _ => return Err("its name does not end in .svg, .png, .jpg or .webp".to_owned()),
    };
    // A pipe or a device might never end.
    let metadata = path.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LOGO_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > LOGO_MAX {
        return Err(format!("it is larger than {} KiB", LOGO_MAX >> 10));
    }
    Ok(Logo { path: path.to_owned(), kind, bytes: bytes.into() })
}

fn domain(fields: &Fields<'_>, taken: &mut Taken, reader: &mut Reader<'_>) -> Option<String> {
    let text = fields.text("domain")?;
    let host = match Host::parse(text) {
        Ok(Host::Domain(host)) if !text.contains([':', '/', '@']) => host.trim_end_matches('.').to_lowercase(),
        _ => {
            let message = format!("`domain: {}` is no name of a host", quotable(text));
            wrong("domain", fields, reader, message, "write it like status.example.com");
            return None;
        }
    };
    if !taken.domains.insert(host.clone()) {
        let message = format!("`domain: {}` shows something else already", quotable(&host));
        wrong("domain", fields, reader, message, "give each page its own, and none that of `server.public_url`");
        return None;
    }
    Some(host)
}

fn access(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Access {
    let word = fields.text("access").unwrap_or("public");
    for key in ["password", "token"].into_iter().filter(|key| *key != word) {
        if let Some(entry) = fields.entry(key) {
            let message = format!("`{key}` means nothing with `access: {word}`");
            let found = Found::new(Code::Contradiction, entry.key_span, message);
            reader.problems.push(found.label(format!("remove it, or write `access: {key}`")));
        }
    }
    match word {
        "password" => {
            secret("password", fields, reader, |text| text.chars().count() >= PASSWORD_MIN).map(Access::Password)
        }
        "token" => secret("token", fields, reader, |text| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            text.len() >= TOKEN_MIN && text.bytes().all(is_plain)
        })
        .map(Access::Token),
        _ => Some(Access::Public),
    }
    .unwrap_or(Access::Public)
}

/// The digest of a secret that must be there; when it is not, or is weak, that was told.
fn secret(key: &str, fields: &Fields<'_>, reader: &mut Reader<'_>, is_good: impl Fn(&str) -> bool) -> Option<Digest> {
    match fields.text(key) {
        Some(text) if is_good(text) => Some(Digest::of(text)),
        Some(_) => {
            let way_out = match key {
                "password" => "write at least 8 characters",
                _ => {
                    "write at least 16 letters, digits, dashes and underscores; `head -c 24 /dev/urandom | base64 | tr +/ -_` makes one"
                }
            };
            wrong(key, fields, reader, format!("`{key}` is too easy to guess"), way_out);
            None
        }
        None if fields.entry(key).is_some() => None,
        None => {
            let message = format!("`access: {key}` needs `{key}`");
            let found = Found::new(Code::Missing, fields.span("access"), message);
            reader.problems.push(found.label(format!("add `{key}: \"${{env:NAME}}\"`")));
            None
        }
    }
}

fn sections(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Vec<Section> {
    let blocks = fields.blocks("sections");
    let mut named = HashSet::new();
    let sections: Vec<Section> = blocks.into_iter().map(|block| section(block, &mut named, reader)).collect();
    let is_empty =
        |section: &Section| section.components.is_empty() && section.groups.is_empty() && section.tags.is_empty();
    if fields.sound && sections.iter().all(is_empty) {
        let found = Found::new(Code::Contradiction, fields.span("sections"), "the page shows nothing");
        reader
            .problems
            .push(found.help("add `monitors: [{ monitor: NAME }]`, `groups: [...]` or `tags: [...]` to a section"));
    }
    sections
}

fn section(fields: &Fields<'_>, named: &mut HashSet<String>, reader: &mut Reader<'_>) -> Section {
    let texts = |key: &str| -> Vec<String> {
        fields.texts(key).unwrap_or_default().into_iter().map(|(_, text)| text.to_owned()).collect()
    };
    let blocks = fields.blocks("monitors");
    Section {
        name: fields.text("name").filter(|name| name_is_good(name, fields.span("name"), reader)).map(str::to_owned),
        components: blocks.into_iter().filter_map(|block| component(block, named, reader)).collect(),
        groups: texts("groups"),
        tags: texts("tags"),
    }
}

fn component(fields: &Fields<'_>, named: &mut HashSet<String>, reader: &mut Reader<'_>) -> Option<Component> {
    let monitor = fields.text("monitor")?.to_owned();
    let name = fields.text("name").unwrap_or(&monitor).to_owned();
    if !name_is_good(&name, fields.span("name"), reader) {
        return None;
    }
    if !named.insert(monitor.clone()) {
        let message = format!("the monitor `{}` is on the page twice", quotable(&monitor));
        wrong("monitor", fields, reader, message, "remove one of them");
        return None;
    }
    Some(Component { monitor, name, about: fields.text("about").map(str::to_owned) })
}
