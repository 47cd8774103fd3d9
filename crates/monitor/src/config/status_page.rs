//! Status pages.

use std::collections::HashSet;

use url::{Host, Url};

use super::keys::STATUS_PAGE;
use super::monitor::{name_is_good, unknown};
use super::problem::{Code, Found};
use super::read::{Fields, Reader};
use super::resource::Written;
use super::source::{Span, quotable};
use super::spec::Spec;
use super::{Author, Covered, Server, logo};
use crate::access::Digest;
use crate::status_page::{Access, Colour, Component, Logo, Page, Section};

/// A page as it is configured.
#[derive(Clone, Debug)]
pub struct StatusPageConfig {
    /// What it is.
    pub page: Page,
    /// As it is written.
    pub spec: Written,
}

/// What of the server its pages depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageHost {
    /// Where people find the console.
    pub public_url: Option<String>,
    /// Whether there is a relay to write to subscribers.
    pub has_mail: bool,
}

impl From<&Server> for PageHost {
    fn from(server: &Server) -> Self {
        Self { public_url: server.public_url.clone(), has_mail: server.mail.is_some() }
    }
}

/// The shortest password, in characters.
const PASSWORD_MIN: usize = 8;
/// The shortest token, in characters.
const TOKEN_MIN: usize = 16;
/// The API has something else at `/api/v1/status-pages/preview`.
const NO_SLUG: &str = "preview";

/// What pages have already, or must not have.
#[derive(Debug)]
pub(super) struct Taken {
    slugs: HashSet<String>,
    domains: HashSet<String>,
    author: Author,
}

impl Taken {
    /// Nothing but the server's own host, where people find the console.
    pub(super) fn by_server(author: Author, host: &PageHost) -> Self {
        let own = host.public_url.as_ref().and_then(|url| Url::parse(url).ok()?.host_str().map(str::to_lowercase));
        let domains = own.into_iter().chain(["localhost".to_owned()]).collect();
        Self { slugs: HashSet::new(), domains, author }
    }

    /// What `page` has.
    pub(super) fn add(&mut self, page: &Page) {
        self.slugs.extend(page.slugs().map(str::to_owned));
        self.domains.extend(page.domain.clone());
    }
}

/// Reads one page; `None` when something is wrong with it, which was told. Without `covered` it may name any monitor.
pub(super) fn status_page(
    fields: &Fields<'_>,
    taken: &mut Taken,
    has_mail: bool,
    covered: Option<&Covered>,
    reader: &mut Reader<'_>,
) -> Option<StatusPageConfig> {
    let before = reader.problems.count();
    let slug = fields.text("slug").filter(|slug| slug_is_good("slug", slug, fields.span("slug"), reader));
    let formerly = formerly(fields, reader);
    slugs_are_free(slug, &formerly, fields, taken, reader);
    let title = fields.text("title").filter(|title| name_is_good(title, fields.span("title"), reader));
    let page = Page {
        slug: slug.unwrap_or_default().to_owned(),
        formerly,
        title: title.unwrap_or_default().to_owned(),
        description: fields.text("description").map(str::to_owned),
        link: fields.text("link").filter(|link| link_is_good(link, fields, reader)).map(str::to_owned),
        logo: picture("logo", fields, reader),
        logo_dark: picture("logo_dark", fields, reader),
        accent: colour("colour", fields, reader),
        accent_dark: colour("colour_dark", fields, reader),
        domain: domain(fields, taken, reader),
        access: access(fields, reader),
        subscribe: subscribe(fields, has_mail, reader),
        sections: sections(fields, covered, reader),
    };
    let sound = fields.sound && reader.problems.count() == before;
    let spec = Written::of(&Spec::of(fields.node, &STATUS_PAGE));
    (sound && slug.is_some() && title.is_some()).then_some(StatusPageConfig { page, spec })
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

fn slug_is_good(key: &str, slug: &str, span: Span, reader: &mut Reader<'_>) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let found = if !slug.chars().all(is_plain) || slug.starts_with('-') || slug.ends_with('-') {
        let message = format!("`{key}: {}` cannot stand in an address", quotable(slug));
        Found::new(Code::WrongValue, span, message).label("write small letters and digits, dashes between them")
    } else if slug == NO_SLUG {
        let message = format!("`{key}: {slug}` is the address of something else");
        Found::new(Code::WrongValue, span, message).label("choose another one")
    } else {
        return true;
    };
    reader.problems.push(found);
    false
}

/// The slugs that a page had before.
fn formerly(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Vec<String> {
    let written = fields.texts("formerly").unwrap_or_default();
    let good = written.into_iter().filter(|(node, slug)| slug_is_good("formerly", slug, node.span, reader));
    good.map(|(_, slug)| slug.to_owned()).collect()
}

/// Tells which slugs lead to another page already; a page may have one again that it had before.
fn slugs_are_free(
    slug: Option<&str>,
    formerly: &[String],
    fields: &Fields<'_>,
    taken: &mut Taken,
    reader: &mut Reader<'_>,
) {
    let wanted = slug.map(|slug| ("slug", slug)).into_iter();
    let wanted: Vec<_> = wanted.chain(formerly.iter().map(|slug| ("formerly", slug.as_str()))).collect();
    for (key, slug) in wanted.iter().filter(|(_, slug)| taken.slugs.contains(*slug)) {
        let message = format!("two status pages have the slug `{slug}`");
        wrong(key, fields, reader, message, "name them differently");
    }
    taken.slugs.extend(wanted.into_iter().map(|(_, slug)| slug.to_owned()));
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

fn picture(key: &str, fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Logo> {
    let (name, picture) = logo::logo(fields.get(key)?)?;
    if let Err(why) = &picture {
        let message = format!("cannot use `{}` as a logo: {why}", quotable(&name));
        let way_out = match name.starts_with("data:") {
            true => "give an SVG, PNG, JPEG or WebP",
            false => "paths begin at the directory of the configuration",
        };
        wrong(key, fields, reader, message, way_out);
    }
    picture.ok()
}

fn domain(fields: &Fields<'_>, taken: &mut Taken, reader: &mut Reader<'_>) -> Option<String> {
    let text = fields.text("domain")?;
    if taken.author == Author::Guest {
        let message = "`domain` is for the account of who runs the server: nobody has shown that the host is yours";
        let way_out = "leave it out, and have a proxy of yours show `/s/SLUG/` at that host";
        wrong("domain", fields, reader, message.to_owned(), way_out);
        return None;
    }
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

fn sections(fields: &Fields<'_>, covered: Option<&Covered>, reader: &mut Reader<'_>) -> Vec<Section> {
    let blocks = fields.blocks("sections");
    let (before, mut named) = (reader.problems.count(), HashSet::new());
    let sections: Vec<Section> = blocks.into_iter().map(|block| section(block, covered, &mut named, reader)).collect();
    let is_empty =
        |section: &Section| section.components.is_empty() && section.groups.is_empty() && section.tags.is_empty();
    if fields.sound && reader.problems.count() == before && sections.iter().all(is_empty) {
        let found = Found::new(Code::Contradiction, fields.span("sections"), "the page shows nothing");
        reader
            .problems
            .push(found.help("add `monitors: [{ monitor: NAME }]`, `groups: [...]` or `tags: [...]` to a section"));
    }
    sections
}

fn section(
    fields: &Fields<'_>,
    covered: Option<&Covered>,
    named: &mut HashSet<String>,
    reader: &mut Reader<'_>,
) -> Section {
    let texts = |key: &str| -> Vec<String> {
        fields.texts(key).unwrap_or_default().into_iter().map(|(_, text)| text.to_owned()).collect()
    };
    let blocks = fields.blocks("monitors");
    Section {
        name: fields.text("name").filter(|name| name_is_good(name, fields.span("name"), reader)).map(str::to_owned),
        components: blocks.into_iter().filter_map(|block| component(block, covered, named, reader)).collect(),
        groups: texts("groups"),
        tags: texts("tags"),
    }
}

fn component(
    fields: &Fields<'_>,
    covered: Option<&Covered>,
    named: &mut HashSet<String>,
    reader: &mut Reader<'_>,
) -> Option<Component> {
    let monitor = fields.text("monitor")?.to_owned();
    let name = fields.text("name").unwrap_or(&monitor).to_owned();
    if !name_is_good(&name, fields.span("name"), reader) {
        return None;
    }
    if let Some(known) = covered.map(Covered::monitors).filter(|known| !known.contains(&monitor)) {
        unknown("monitor", &monitor, fields.span("monitor"), known.iter().map(String::as_str), reader);
        return None;
    }
    if !named.insert(monitor.clone()) {
        let message = format!("the monitor `{}` is on the page twice", quotable(&monitor));
        wrong("monitor", fields, reader, message, "remove one of them");
        return None;
    }
    Some(Component { monitor, name, about: fields.text("about").map(str::to_owned) })
}
