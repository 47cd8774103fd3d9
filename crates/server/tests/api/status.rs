//! Status pages at their door: what strangers see, and what they never do.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use allswell_core::Reason;
use allswell_core::uptime::Presence;
use allswell_monitor::access::{Address, Kept, Role};
use allswell_monitor::audience::Bulletin;
use allswell_monitor::config;
use allswell_monitor::store::{NewAccount, NewUser, Store};
use allswell_server::status_page::Press;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::world::{DAY, NOW, Outage, Story, World};
use super::{Answer, get, read, send};

/// What must stand on no page: each word of a monitor that nobody may see, or that the public knows by another name.
const CANARIES: [&str; 13] = [
    "canary-window",
    "canary-private",
    "canary-host",
    "canary-cause",
    "canary-path",
    "canary-body",
    "canary-message",
    "canary-group",
    "canary-named",
    "canary-target",
    "canary-error",
    "canary-channel",
    "203.0.113.7",
];

const PAGES: &str = r#"
monitors:
  - { name: canary-named, tcp: { address: "127.0.0.1:1" } }
  - { name: canary-private, tcp: { address: "127.0.0.1:1" } }
maintenance:
  - { name: canary-window, monitors: [canary-private, canary-named], from: "2026-11-22T02:00", duration: 1h }
  - { name: canary-window-2, monitors: [canary-private], from: "2026-11-23T02:00", duration: 1h }
status_pages:
  - slug: acme
    title: Acme status
    description: How the shop is doing.
    link: https://acme.example
    colour: '#0f62fe'
    domain: status.acme.example
    sections:
      - { name: Shop, monitors: [{ monitor: canary-named, name: Payments, about: cards and invoices }, { monitor: web, name: Website }] }
      - { name: Platform, tags: [public] }
  - { slug: inside, title: Inside, access: password, password: open sesame, sections: [{ monitors: [{ monitor: web, name: Secret site }] }] }
  - { slug: linked, title: Linked, access: token, token: 0123456789abcdef, sections: [{ monitors: [{ monitor: web, name: Linked site }] }] }
"#;

/// An outage whose every word is a secret.
fn outage(began: Duration, message: &str) -> Outage {
    Outage {
        detail: Some(json!({"message": message, "address": "203.0.113.7:443"}).to_string()),
        evidence: json!({"answer": "503", "said": {"body": "canary-body"}, "detail": {"message": message}}).to_string(),
        channels: vec!["canary-channel"],
        ..Outage::status(503, began, &format!("canary-cause: {message} at canary-host"))
    }
}

async fn acme() -> World {
    let world = World::empty().await;
    world
        .play(&[
            Story::well("canary-named", "GET https://canary-target.internal/canary-path", 40)
                .outage(outage(DAY * 12, "canary-error").ended(DAY * 12 - Duration::from_secs(960)))
                .outage(outage(Duration::from_secs(252), "canary-error")),
            Story::well("web", "GET https://www.acme.example/canary-path", 20),
            Story {
                tags: vec!["public".to_owned()],
                watched_for: DAY * 14,
                ..Story::well("Search", "tcp canary-host:9200", 12)
            }
            .outage(Outage {
                presence: Presence::Degraded,
                reason: Reason::Slow,
                ..outage(Duration::from_secs(2_460), "canary-message")
            }),
            Story::well("canary-private", "GET https://canary-host.internal/canary-path", 9)
                .outage(outage(DAY, "canary-error").ended(DAY - Duration::from_secs(60)))
                .outage(outage(Duration::from_secs(100), "canary-message")),
        ])
        .await;
    world.publish(PAGES).await;
    world
}

async fn ask(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    send(&world.state, request.body(Body::empty()).expect("a good request")).await
}

/// All addresses that lie below a page.
fn addresses(page: &str) -> Vec<String> {
    let mut below: Vec<String> =
        ["", "history", "status.json", "feed.rss", "feed.atom", "feed.json", "planned.ics", "page.css", "icon.svg"]
            .map(str::to_owned)
            .into();
    for badge in ["badge.svg", "badge/payments.svg", "badge/search.svg", "badge/website.svg", "badge/gone.svg"] {
        for query in
            ["", "?metric=uptime", "?metric=uptime&period=90d", "?metric=response", "?metric=wrong", "?period=1y"]
        {
            below.push(format!("{badge}{query}"));
        }
    }
    below.extend(["nothing", "badge", "badge/", "../m/1", "logo", "%2e%2e/m/1"].map(str::to_owned));
    below.into_iter().map(|path| format!("{page}{path}")).collect()
}

#[tokio::test]
async fn a_page_says_what_is_true_in_the_words_of_the_public() {
    let world = acme().await;
    let page = get(&world.state, "/s/acme/").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    let place = |text: &str| page.body.find(text).unwrap_or_else(|| panic!("no `{text}` in {}", page.body));
    let order = [
        "<title>Payments is down · Acme status</title>",
        "<h1 id=\"now\">Payments is down</h1>",
        "Search is degraded. Everything else works. As of",
        "class=\"about\">How the shop is doing.",
        "Payments is down</h2>",
        "Search is degraded</h2>",
        "<h2>Shop</h2>",
        "<h3>Payments</h3>",
        "cards and invoices",
        "Outage</span>",
        "90 days: 88 without trouble, 2 with downtime",
        "2 days with trouble or maintenance",
        "<h3>Website</h3>",
        "Operational</span>",
        "100 %",
        "<h2>Platform</h2>",
        "<h3>Search</h3>",
        "Degraded</span>",
        "watched for 15 days",
        "<h2>Past incidents</h2>",
        "Payments was down for 16 m",
        "No others since",
    ];
    assert!(order.map(place).is_sorted(), "{:?}", order.map(place));
}

#[tokio::test]
async fn nothing_of_what_is_private_stands_at_any_address() {
    let world = acme().await;
    let cookie = sign_in(&world, "open sesame").await;
    let mut seen = 0;
    for (page, headers) in [
        ("/s/acme/", vec![]),
        ("/", vec![("host", "status.acme.example")]),
        ("/s/inside/", vec![]),
        ("/s/inside/", vec![("cookie", cookie.as_str())]),
        ("/s/linked/", vec![]),
        ("/s/linked/", vec![("authorization", "Bearer 0123456789abcdef")]),
        ("/s/gone/", vec![]),
    ] {
        for path in addresses(page) {
            let answer = ask(&world, &path, &headers).await;
            for canary in CANARIES {
                let text = format!("{:?} {}", answer.headers, answer.body);
                assert!(!text.contains(canary), "`{canary}` stands at {path}: {text}");
            }
            seen += usize::from(answer.status == StatusCode::OK);
        }
    }
    assert!(seen > 60, "only {seen} addresses were there");
}

#[tokio::test]
async fn a_page_shows_nothing_of_another_page() {
    let world = acme().await;
    for path in addresses("/s/acme/") {
        let answer = get(&world.state, &path).await;
        for other in ["Inside", "inside", "Secret site", "Linked", "0123456789abcdef", "open sesame"] {
            assert!(!answer.body.contains(other), "`{other}` stands at {path}");
        }
    }
}

#[tokio::test]
async fn a_host_of_its_own_shows_the_page_and_nothing_else() {
    let world = acme().await;
    for host in ["status.acme.example", "STATUS.acme.example:8443"] {
        let page = ask(&world, "/", &[("host", host)]).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("<h1 id=\"now\">Payments is down</h1>"), "{host}");
        for path in ["/api/v1/monitors", "/metrics", "/health", "/m/1", "/plain/", "/s/inside/", "/s/acme/"] {
            let answer = ask(&world, path, &[("host", host)]).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (StatusCode::NOT_FOUND, "there is nothing here\n"),
                "{host}{path}"
            );
        }
    }
    for host in ["other.acme.example", "acme.example", "status.acme.example.evil.example"] {
        assert!(!ask(&world, "/", &[("host", host)]).await.body.contains("Payments is down"), "{host}");
    }
    let feed = ask(&world, "/feed.json", &[("host", "status.acme.example")]).await.json();
    assert_eq!(feed["home_page_url"], "https://status.acme.example/");
}

#[tokio::test]
async fn feeds_tell_what_happened_newest_first() {
    let world = acme().await;
    let feed = get(&world.state, "/s/acme/feed.json").await;
    assert_eq!(feed.header("content-type"), "application/feed+json");
    let feed = feed.json();
    let titles: Vec<&str> =
        feed["items"].as_array().expect("items").iter().filter_map(|one| one["title"].as_str()).collect();
    assert_eq!(titles, ["Payments is down", "Search is degraded", "Payments was down for 16 m"]);
    assert_eq!(feed["items"][2]["content_text"], "Over at 11:58 UTC.\n\nBegan on 9 November 2026 at 11:42 UTC.");
    for (path, kind, parts) in [
        (
            "feed.rss",
            "application/rss+xml; charset=utf-8",
            [
                "<rss version=\"2.0\"",
                "<title>Payments was down for 16 m</title>",
                "<pubDate>Mon, 09 Nov 2026 11:42:14 +0000</pubDate>",
            ],
        ),
        (
            "feed.atom",
            "application/atom+xml; charset=utf-8",
            [
                "<feed xmlns=\"http://www.w3.org/2005/Atom\">",
                "<title>Payments is down</title>",
                "<published>2026-11-09T11:42:14.120Z</published>",
            ],
        ),
    ] {
        let feed = get(&world.state, &format!("/s/acme/{path}")).await;
        assert_eq!(feed.header("content-type"), kind);
        for part in parts {
            assert!(feed.body.contains(part), "no `{part}` in {}", feed.body);
        }
    }
}

#[tokio::test]
async fn programs_read_the_same_and_how_much_of_it_is_known() {
    let world = acme().await;
    let status = read(&world.state, "/s/acme/status.json").await;
    assert_eq!((&status["status"], &status["headline"]), (&json!("outage"), &json!("Payments is down")));
    let search = &status["sections"][1]["components"][0];
    assert_eq!((&search["id"], &search["status"]), (&json!("search"), &json!("degraded")));
    assert_eq!(search["uptime"]["90d"]["percent"], json!(100.0));
    let coverage = search["uptime"]["90d"]["coverage_percent"].as_f64().expect("a number");
    assert!((coverage - 100.0 * 14.0 / 90.0).abs() < 0.01, "{coverage}");
}

#[tokio::test]
async fn what_is_written_for_the_public_is_shown_and_what_is_written_for_us_is_not() {
    let world = acme().await;
    for note in [
        json!({ "text": "canary-note: it is the old disk again" }),
        json!({ "text": "A release cannot reach its database.\nWe are rolling it <b>back</b>.", "kind": "update" }),
    ] {
        let request = Request::post("/api/v1/incidents/1-4/notes").header("host", "127.0.0.1:7878");
        let request = request.header("content-type", "application/json").body(Body::from(note.to_string()));
        let written = send(&world.state, request.expect("a good request")).await;
        assert_eq!(written.status, StatusCode::CREATED, "{}", written.body);
    }
    world.publish(PAGES).await;
    let page = get(&world.state, "/s/acme/").await.body;
    let update = "<p>A release cannot reach its database.\nWe are rolling it &#60;b&#62;back&#60;/b&#62;.</p>";
    assert!(page.contains(update), "{page}");
    let feed = get(&world.state, "/s/acme/feed.json").await.json();
    let text = feed["items"][0]["content_text"].as_str().expect("text");
    assert!(text.starts_with("11:42 UTC: A release cannot reach its database."), "{text}");
    for path in addresses("/s/acme/") {
        assert!(!get(&world.state, &path).await.body.contains("canary-note"), "{path}");
    }
}

#[tokio::test]
async fn planned_work_is_told_by_the_names_of_the_public() {
    let world = acme().await;
    let page = get(&world.state, "/s/acme/").await.body;
    let planned =
        page.split("<h2>Planned work</h2>").nth(1).expect("there is work").split("</section>").next().expect("an end");
    assert!(
        planned.contains("Maintenance of Payments</h3><p class=\"muted\">Sun 22 Nov, 02:00 to 03:00 UTC"),
        "{planned}"
    );
    assert_eq!(planned.matches("<article").count(), 1, "the other is about nothing of this page: {planned}");
    let calendar = get(&world.state, "/s/acme/planned.ics").await;
    assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
    assert!(
        calendar
            .body
            .contains("DTSTART:20261122T020000Z\r\nDTEND:20261122T030000Z\r\nSUMMARY:Maintenance of Payments\r\n")
    );
    let status = read(&world.state, "/s/acme/status.json").await;
    assert_eq!(status["planned"][0]["components"], json!(["Payments"]));
}

#[tokio::test]
async fn badges_say_status_uptime_and_response_time() {
    let world = acme().await;
    let check = async |path: &str, label: &str| {
        let badge = get(&world.state, &format!("/s/acme/{path}")).await;
        assert_eq!((badge.status, badge.header("content-type")), (StatusCode::OK, "image/svg+xml"), "{path}");
        assert_eq!(badge.header("access-control-allow-origin"), "*");
        assert!(badge.body.contains(&format!("<title>{label}</title>")), "no `{label}` in {}", badge.body);
    };
    check("badge.svg", "Acme status: outage").await;
    check("badge/website.svg", "Website: operational").await;
    check("badge/website.svg?metric=uptime", "Website uptime 30d: 100 %").await;
    check("badge/search.svg?metric=uptime&period=90d", "Search uptime 90d: 100 % of 14 d").await;
    check("badge/payments.svg?metric=uptime&period=90d", "Payments uptime 90d: 99.98 %").await;
    let response = get(&world.state, "/s/acme/badge/website.svg?metric=response").await;
    assert!(response.body.contains(" ms</title>"), "{}", response.body);
    let wrong = get(&world.state, "/s/acme/badge/website.svg?metric=speed").await;
    assert_eq!(
        (wrong.status, wrong.body.as_str()),
        (StatusCode::BAD_REQUEST, "`metric` is one of status, uptime, response\n")
    );
    assert_eq!(get(&world.state, "/s/acme/badge/gone.svg").await.status, StatusCode::NOT_FOUND);
}

async fn post(world: &World, path: &str, body: &str) -> Answer {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(&world.state, request.body(Body::from(body.to_owned())).expect("a good request")).await
}

/// The cookie that the password brings.
async fn sign_in(world: &World, password: &str) -> String {
    let answer = post(world, "/s/inside/", &format!("password={}", password.replace(' ', "+"))).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "./"));
    let cookie = answer.header("set-cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
    cookie.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn a_page_with_a_password_shows_a_form_and_no_more() {
    let world = acme().await;
    let form = get(&world.state, "/s/inside/").await;
    assert_eq!((form.status, form.header("cache-control")), (StatusCode::UNAUTHORIZED, "no-store"));
    assert!(form.body.contains("name=\"password\"") && !form.body.contains("Secret site"), "{}", form.body);
    let wrong = post(&world, "/s/inside/", "password=open+sesam").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.body.contains("That is not the password.") && wrong.header("set-cookie").is_empty());
    let cookie = sign_in(&world, "open sesame").await;
    let page = ask(&world, "/s/inside/", &[("cookie", &cookie)]).await;
    assert!(page.status == StatusCode::OK && page.body.contains("<h3>Secret site</h3>"), "{}", page.body);
    assert_eq!((page.header("cache-control"), page.header("access-control-allow-origin")), ("private, no-cache", ""));
    let feed = ask(&world, "/s/inside/feed.rss", &[]).await;
    assert_eq!(
        (feed.status, feed.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Basic realm=\"status page: any user\"")
    );
    let feed = ask(&world, "/s/inside/feed.rss", &[("authorization", "Basic eDpvcGVuIHNlc2FtZQ==")]).await;
    assert_eq!(feed.status, StatusCode::OK);
    assert_eq!(get(&world.state, "/s/inside/page.css").await.status, StatusCode::OK, "the form has its style");
}

#[tokio::test]
async fn a_page_with_a_token_opens_with_its_link_and_keeps_the_token_out_of_the_address() {
    let world = acme().await;
    let stranger = get(&world.state, "/s/linked/").await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert!(stranger.body.contains("This page is private") && !stranger.body.contains("Linked"), "{}", stranger.body);
    let moved = get(&world.state, "/s/linked?token=0123456789abcdef").await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (StatusCode::PERMANENT_REDIRECT, "linked/?token=0123456789abcdef")
    );
    let let_in = get(&world.state, "/s/linked/?token=0123456789abcdef").await;
    assert_eq!((let_in.status, let_in.header("location")), (StatusCode::SEE_OTHER, "./"));
    let cookie = let_in.header("set-cookie").split(';').next().expect("a pair").to_owned();
    assert!(ask(&world, "/s/linked/", &[("cookie", &cookie)]).await.body.contains("Linked site"));
    assert_eq!(get(&world.state, "/s/linked/feed.json?token=0123456789abcdef").await.status, StatusCode::OK);
    assert_eq!(get(&world.state, "/s/linked/?token=0123456789abcdee").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_a_reader_has_is_not_sent_again() {
    let world = acme().await;
    let page = get(&world.state, "/s/acme/").await;
    assert_eq!(page.header("cache-control"), "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400");
    let again = ask(&world, "/s/acme/", &[("if-none-match", page.header("etag"))]).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    world.publish(PAGES).await;
    assert_eq!(get(&world.state, "/s/acme/").await.header("etag"), page.header("etag"), "nothing changed");
}

#[tokio::test]
async fn pages_are_open_while_all_else_asks_for_a_key_and_are_only_read() {
    let world = acme().await;
    use allswell_monitor::access::{Scope, Scopes};
    let made = world.state.keys.create("k".to_owned(), Scopes::of([Scope::Write]), None, NOW).await;
    made.expect("a key");
    assert_eq!(get(&world.state, "/api/v1/monitors").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&world.state, "/s/acme/").await.status, StatusCode::OK);
    assert_eq!(post(&world, "/s/acme/", "password=x").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn pages_stay_up_when_the_store_is_gone() {
    let world = acme().await;
    world.state.store.close().await.expect("it closes");
    assert_eq!(get(&world.state, "/plain/").await.status, StatusCode::SERVICE_UNAVAILABLE);
    world.state.press.publish().await.expect_err("nothing can be read");
    assert!(get(&world.state, "/s/acme/").await.body.contains("Payments is down"));
}

/// Another account's view of the store.
async fn another_account(world: &World) -> Arc<dyn Store> {
    let address = Address::new("bob@example.com").expect("an address");
    let owner = NewUser { address, name: "Bob".to_owned(), role: Role::Owner, password: Kept("kept".to_owned()) };
    let account = NewAccount { name: "Bob's".to_owned(), plan: None, owner };
    let (row, _) = world.state.store.add_account(account, NOW).await.expect("the store writes");
    world.state.store.of(row.id)
}

#[tokio::test]
async fn an_account_whose_store_fails_keeps_its_pages_and_no_other_account_waits_for_it() {
    let (world, other) = (acme().await, World::empty().await);
    // Of a store of its own here, so that it can fail alone.
    let store = another_account(&other).await;
    store.enlist(vec![Story::well("theirs", "GET https://x.example/", 5).enlistment()], NOW).await.expect("written");
    let page = "status_pages: [{ slug: theirs, title: Theirs, sections: [{ monitors: [{ monitor: theirs }] }] }]";
    let config = config::parse(page, Path::new("test.yaml"), &|_| None).expect("a good configuration");
    let bulletin = Arc::new(Bulletin::default());
    bulletin.show(config.status_pages.into_iter().map(|one| one.page).collect());
    let press = Press::new(Arc::clone(world.state.press.pages()), store, bulletin);
    press.publish().await.expect("the store reads");
    other.state.store.close().await.expect("it closes");
    press.publish().await.expect_err("nothing can be read");
    world.publish(&PAGES.replace("Acme status", "Acme, later")).await;
    assert!(get(&world.state, "/s/theirs/").await.body.contains("<h3>theirs</h3>"), "it is as it was");
    assert!(get(&world.state, "/s/acme/").await.body.contains("Acme, later"));
}

#[tokio::test]
async fn text_of_the_configuration_stays_text_in_every_form() {
    const HOSTILE: &str = "\\\"'><script>alert(1)</script>\\u202e&]]>";
    let world = World::empty().await;
    world.play(&[Story::well("web", "GET https://x.example/", 5).outage(outage(DAY, "x"))]).await;
    world
        .publish(&format!(
            "status_pages: [{{ slug: x, title: \"T{HOSTILE}\", description: \"D{HOSTILE}\", sections: \
             [{{ name: \"S{HOSTILE}\", monitors: [{{ monitor: web, name: \"N{HOSTILE}\", about: \"A{HOSTILE}\" }}] }}] }}]"
        ))
        .await;
    for path in addresses("/s/x/")
        .into_iter()
        .filter(|path| !path.contains(".json") && !path.contains(".ics"))
        .chain(["/s/x/badge/n-script-alert-1-script-202e.svg".to_owned()])
    {
        let answer = get(&world.state, &path).await;
        assert!(!answer.body.contains("<script") && !answer.body.contains("]]>"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_page_of_forty_components_stays_below_forty_kilobytes() {
    let world = World::empty().await;
    let days = |days: u32| DAY * days;
    let stories: Vec<Story> = (0..40_u32)
        .map(|index| {
            let name = format!("Component number {index}");
            let story = Story { tags: vec!["public".to_owned()], ..Story::well(&name, "GET https://x.example/", 9) };
            let ended = days(80 - index) - Duration::from_secs(600);
            story
                .outage(outage(days(80 - index), "x").ended(ended))
                .outage(outage(days(3), "x").ended(days(3) - Duration::from_secs(60)))
        })
        .collect();
    world.play(&stories).await;
    world.publish("status_pages: [{ slug: x, title: X, sections: [{ tags: [public] }] }]").await;
    let sent = |path: &'static str| {
        let world = &world;
        async move {
            let request =
                Request::get(path).header("accept-encoding", "gzip").body(Body::empty()).expect("a good request");
            let response = tower::ServiceExt::oneshot(allswell_server::api::router(world.state.clone()), request).await;
            axum::body::to_bytes(response.expect("never fails").into_body(), 1 << 20).await.expect("in memory").len()
        }
    };
    let (page, style, history) = (sent("/s/x/").await, sent("/s/x/page.css").await, sent("/s/x/history").await);
    assert!(page + style < 16_000 && history + style < 16_000, "{page}, {history} and {style} bytes are sent");
    let plain = get(&world.state, "/s/x/").await.body.len() + get(&world.state, "/s/x/page.css").await.body.len();
    assert!(plain < 60_000, "{plain} bytes without compression");
    assert!(get(&world.state, "/s/x/history").await.body.len() < 40_000);
}
