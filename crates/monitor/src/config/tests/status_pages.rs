//! Status pages as they are written.

use super::*;
use crate::access::Digest;
use crate::status_page::{Access, Component};

/// A page with these keys beside what every page needs.
fn page(keys: &str) -> String {
    format!("status_pages: [{{ slug: acme, title: Acme, sections: [{{ tags: [public] }}], {keys} }}]")
}

#[test]
fn a_page_has_what_is_written_and_little_need_be() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("logo.svg"), "<svg/>").unwrap();
    let text = r##"status_pages:
      - slug: acme
        title: Acme status
        colour: "#0f62fe"
        domain: Status.Example.com
        logo: logo.svg
        access: token
        token: 0123456789abcdef
        sections:
          - { name: Shop, monitors: [{ monitor: web }, { monitor: pay-7, name: Payments, about: cards }], groups: [shop] }
    "##;
    let config =
        parse(text, &directory.path().join("allswell.yaml"), &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
    let page = &config.status_pages[0].page;
    assert_eq!((page.slug.as_str(), page.domain.as_deref()), ("acme", Some("status.example.com")));
    assert_eq!(page.logo.as_ref().map(|logo| (logo.kind, &*logo.bytes)), Some(("image/svg+xml", &b"<svg/>"[..])));
    assert_eq!(config.files, [directory.path().join("logo.svg")], "a changed logo is a changed configuration");
    assert_eq!(page.access, Access::Token(Digest::of("0123456789abcdef")));
    let component = |monitor: &str, name: &str, about: Option<&str>| Component {
        monitor: monitor.to_owned(),
        name: name.to_owned(),
        about: about.map(str::to_owned),
    };
    assert_eq!(
        page.sections[0].components,
        [component("web", "web", None), component("pay-7", "Payments", Some("cards"))]
    );
    assert_eq!(good(&super::status_pages::page("")).status_pages[0].page.access, Access::Public);
}

#[test]
fn what_a_page_cannot_be_is_told_with_the_way_out() {
    let check = |keys: &str, part: &str| {
        let told = read(&page(keys)).expect_err(keys).to_string();
        assert!(told.contains(part), "{keys}: {told}");
    };
    check("colour: blue", "`colour: blue` is no colour");
    check("domain: \"https://x.example\"", "`domain: https://x.example` is no name of a host");
    check("domain: \"x.example:443\"", "write it like status.example.com");
    check("domain: 127.0.0.1", "is no name of a host");
    check("domain: localhost", "shows something else already");
    check("link: \"javascript:alert(1)\"", "`link: javascript:alert(1)` leads nowhere");
    check("logo: gone.svg", "cannot use `gone.svg` as a logo");
    check("logo: logo.gif", "its name does not end in .svg, .png, .jpg or .webp");
    check(
        "logo: \"data:image/gif;base64,R0lGODlh\"",
        "cannot use `data:image/gif;base64,R0lGODlh` as a logo: it is none of",
    );
    check("formerly: [acme, Old one]", "`formerly: Old one` cannot stand in an address");
    check("access: password", "`access: password` needs `password`");
    check("access: password, password: short", "`password` is too easy to guess");
    check("access: token, token: \"0123456789 abcdef\"", "`token` is too easy to guess");
    check("password: open sesame", "`password` means nothing with `access: public`");
    let twice = "status_pages: [{ slug: a, title: A, sections: [{ tags: [x] }] }, { slug: a, title: B, sections: [{ tags: [x] }] }]";
    assert!(read(twice).expect_err("twice").to_string().contains("two status pages have the slug `a`"));
    let again = "status_pages: [{ slug: a, title: A, sections: [{ tags: [x] }] }, { slug: b, formerly: [a], title: B, sections: [{ tags: [x] }] }]";
    assert!(read(again).expect_err("again").to_string().contains("two status pages have the slug `a`"));
    let slug = "status_pages: [{ slug: My page, title: A, sections: [{ tags: [x] }] }]";
    assert!(read(slug).expect_err("spaces").to_string().contains("cannot stand in an address"));
    let nothing = "status_pages: [{ slug: a, title: A, sections: [{ name: x }] }]";
    assert!(read(nothing).expect_err("nothing").to_string().contains("the page shows nothing"));
    let again = "status_pages: [{ slug: a, title: A, sections: [{ monitors: [{ monitor: x }, { monitor: x }] }] }]";
    assert!(read(again).expect_err("again").to_string().contains("the monitor `x` is on the page twice"));
    let own =
        format!("server: {{ public_url: \"https://status.example.com\" }}\n{}", page("domain: status.example.com"));
    assert!(read(&own).expect_err("the console's").to_string().contains("none that of `server.public_url`"));
}

#[test]
fn secrets_of_pages_are_never_shown() {
    for keys in
        ["access: password, password: c4nary", "access: token, token: c4nary", "password: c4nary", "pasword: c4nary"]
    {
        let told = read(&page(keys)).expect_err(keys).to_string();
        assert!(!told.contains("c4nary"), "{told}");
    }
    let config = good(&page("access: password, password: c4nary-c4nary"));
    let shown = format!("{config:?}");
    assert!(!shown.contains("c4nary") && shown.contains("Password(***)"), "{shown}");
}
