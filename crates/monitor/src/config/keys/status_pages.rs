//! The keys of status pages.

use super::{Block, Given, Key, Kind, NAME_MAX, SECRET, TAG_MAX, TEXT, key};
use crate::status_page::Access;

/// The longest slug, in characters.
const SLUG_MAX: usize = 64;
/// So many former slugs of a page are known.
pub(crate) const FORMERLY_MAX: usize = 20;

/// A status page.
pub(in crate::config) static STATUS_PAGE: Block = Block {
    title: "a status page",
    keys: &[
        key(
            "slug",
            Kind::Text { most: SLUG_MAX },
            Given::Required,
            "Its address is `/s/SLUG/`: small letters, digits and dashes, unlike any other page's.",
        ),
        key(
            "formerly",
            Kind::List { of: &Kind::Text { most: SLUG_MAX }, most: FORMERLY_MAX },
            Given::Nothing,
            "The slugs it had before, the oldest first. They lead to it, and its subscribers stay with it. A page that is renamed \
             through the API knows them by itself.",
        ),
        key("title", Kind::Text { most: NAME_MAX }, Given::Required, "What it is called."),
        key("description", Kind::Text { most: 500 }, Given::Nothing, "A sentence or two for visitors."),
        key("link", TEXT, Given::Nothing, "Where logo and title lead: your own site, `https://` or `http://`."),
        key(
            "logo",
            Kind::Picture,
            Given::Nothing,
            "An SVG, PNG, JPEG or WebP of at most 128 KiB; shown 32 pixels high beside the title.",
        ),
        key("logo_dark", Kind::Picture, Given::Words("`logo`"), "The one for dark surroundings."),
        COLOUR,
        key("colour_dark", Kind::Text { most: 7 }, Given::Words("`colour`"), "The one for dark surroundings."),
        key(
            "domain",
            Kind::Text { most: 253 },
            Given::Nothing,
            "A host that shows this page at `/` and nothing else of the server: `status.example.com`, without a port.",
        ),
        key(
            "access",
            Kind::Word(&Access::WORDS),
            Given::Words("`public`"),
            "Who may see it: everybody, who knows `password`, or who has the link with `?token=`.",
        ),
        key("password", SECRET, Given::Nothing, "8 characters at least; with `access: password`."),
        key(
            "token",
            SECRET,
            Given::Nothing,
            "16 letters, digits, dashes and underscores at least; with `access: token`.",
        ),
        key(
            "subscribe",
            Kind::Flag,
            Given::Words("`true` with `server.mail`"),
            "Whether visitors may have its news sent to them by e-mail.",
        ),
        key(
            "sections",
            Kind::List { of: &Kind::Block(&SECTION), most: 50 },
            Given::Required,
            "What it shows, in order. A page shows at most 300 components.",
        ),
    ],
};

const COLOUR: Key = key(
    "colour",
    Kind::Text { most: 7 },
    Given::Nothing,
    "The colour of buttons and of the line at the top, like `#0f62fe`. The banner's follows from what is true.",
);

static SECTION: Block = Block {
    title: "a section",
    keys: &[
        key("name", Kind::Text { most: NAME_MAX }, Given::Nothing, "Its heading."),
        key(
            "monitors",
            Kind::List { of: &Kind::Block(&COMPONENT), most: 300 },
            Given::Nothing,
            "Monitors by name, each with the name that the public sees. One that is not there is shown without data, and the \
             log tells so.",
        ),
        key(
            "groups",
            Kind::List { of: &Kind::Text { most: NAME_MAX }, most: 50 },
            Given::Nothing,
            "All monitors of these groups, under their own names. Each monitor is on a page once.",
        ),
        key(
            "tags",
            Kind::List { of: &Kind::Text { most: TAG_MAX }, most: 50 },
            Given::Nothing,
            "All monitors with one of these tags, under their own names.",
        ),
    ],
};

static COMPONENT: Block = Block {
    title: "a monitor on a page",
    keys: &[
        key("monitor", Kind::Text { most: NAME_MAX }, Given::Required, "The monitor's name."),
        key("name", Kind::Text { most: NAME_MAX }, Given::Words("the monitor's"), "What the public sees."),
        key("about", Kind::Text { most: 200 }, Given::Nothing, "What it is, in a few words."),
    ],
};
