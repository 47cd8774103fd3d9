//! Status pages of two accounts on one server: each shows what its own account watches, and an address leads to one of them.

use allswell_core::Wall;
use allswell_monitor::model::AccountId;
use allswell_monitor::store::{AccountStore as _, Change, Owner, ResourceKind, ResourceWrite, Store as _};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::voices::{BOBS, HERS, Voice, start_two, store_of};
use super::world::{World, config};

const PAGES: &str = "/api/v1/status-pages";
/// All that lies below a page.
const BELOW: [&str; 14] = [
    "",
    "history",
    "status.json",
    "feed.rss",
    "feed.atom",
    "feed.json",
    "planned.ics",
    "page.css",
    "icon.svg",
    "badge.svg",
    "badge/hers-api.svg",
    "badge/bobs-api.svg",
    "badge/hers-api.svg?metric=uptime",
    "badge/bobs-api.svg?metric=response",
];

/// A page that shows all that is tagged `public` or belongs to `all`.
fn page(slug: &str) -> Value {
    json!({ "slug": slug, "title": slug, "sections": [{ "tags": ["public"], "groups": ["all"] }] })
}

/// A monitor and a page of each account, with the same tag and the same group.
async fn a_page_of_each(voices: &[Voice<'_>; 2]) {
    for voice in voices {
        let mut monitor = voice.world.monitor(&format!("{}-api", voice.mark));
        monitor["tags"] = json!(["public"]);
        monitor["group"] = json!("all");
        voice.make("/api/v1/monitors", monitor).await;
        voice.make(PAGES, page(&format!("{}-page", voice.mark))).await;
    }
}

/// Asks for every address of both pages.
async fn each_shows_its_own(world: &World) {
    for (own, foreign) in [(HERS, BOBS), (BOBS, HERS)] {
        for below in BELOW {
            let path = format!("/s/{own}-page/{below}");
            let answer = world.get(&path).await;
            let is_foreign = below.contains(foreign);
            assert_eq!(answer.status, if is_foreign { 404 } else { 200 }, "{path}: {}", answer.body);
            assert!(!answer.body.contains(foreign), "{path}: {}", answer.body);
        }
        let page = world.get(&format!("/s/{own}-page/")).await.body;
        assert!(page.contains(&format!("{own}-api")), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_shows_its_own_account_and_nothing_of_the_other_at_any_address() {
    let (mut world, keys) = start_two("").await;
    let voices = Voice::of_both(&world, &keys).await;
    a_page_of_each(&voices).await;
    each_shows_its_own(&world).await;
    let [_, bobs] = &voices;
    let shown = bobs.get(PAGES).await;
    assert_eq!(shown["status_pages"].as_array().map(Vec::len), Some(1), "{shown}");
    let address = shown["status_pages"][0]["address"].as_str().unwrap_or_default();
    assert!(address.ends_with("/s/bobs-page/"), "{address}");
    let mut named = page("named");
    named["sections"] = json!([{ "monitors": [{ "monitor": "hers-api" }] }]);
    assert_eq!(bobs.ask("POST", PAGES, Some(&named)).await.expect(422)["field"], "/sections/0/monitors/0/monitor");

    let preview = bobs.ask("POST", &format!("{PAGES}/preview"), Some(&page("draft"))).await;
    assert!(preview.body.contains("bobs-api") && !preview.body.contains(HERS), "{}", preview.body);
    let place = preview.header("content-location").expect("a place").to_owned();
    assert_eq!(bobs.ask("GET", &place, None).await.body, preview.body);

    world.restart_with("").await;
    each_shows_its_own(&world).await;
    let [_, bobs] = Voice::of_both(&world, &keys).await;
    bobs.ask("PATCH", "/api/v1/status-pages/bobs-page", Some(&json!({ "slug": "bobs-new" }))).await.expect(200);
    let moved = world.get("/s/bobs-page/").await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("../bobs-new/")));
    bobs.ask("DELETE", "/api/v1/status-pages/bobs-new", None).await.expect(204);
    assert_eq!((world.get("/s/bobs-new/").await.status, world.get("/s/bobs-page/").await.status), (404, 404));
    assert_eq!(world.get("/s/hers-page/").await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_another_account_has_is_refused_and_no_more_is_said() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    hers.make(PAGES, page("old")).await;
    hers.ask("PATCH", "/api/v1/status-pages/old", Some(&json!({ "slug": "hers" }))).await.expect(200);
    bobs.make(PAGES, page("bobs")).await;
    let check = async |voice: &Voice<'_>, method: &str, path: &str, body: Value, slug: &str, field: &str| {
        let refused = voice.ask(method, path, Some(&body)).await.expect(409);
        let expected = json!({ "detail": format!("the address `/s/{slug}/` is taken"), "field": field });
        assert_eq!(json!({ "detail": refused["detail"], "field": refused["field"] }), expected);
        assert_eq!(refused["hint"], "choose another slug");
    };
    check(&bobs, "POST", PAGES, page("hers"), "hers", "/slug").await;
    check(&bobs, "POST", PAGES, page("old"), "old", "/slug").await;
    check(&bobs, "PATCH", "/api/v1/status-pages/bobs", json!({ "slug": "hers" }), "hers", "/slug").await;
    check(&bobs, "PATCH", "/api/v1/status-pages/bobs", json!({ "formerly": ["old"] }), "old", "/formerly").await;
    check(&hers, "POST", PAGES, page("bobs"), "bobs", "/slug").await;
    let text = "status_pages: [{ slug: hers, title: Mine, sections: [{ tags: [public] }] }]";
    let files = json!({ "files": [{ "name": "a.yaml", "text": text }] });
    for path in ["/api/v1/plan", "/api/v1/apply"] {
        let refused = bobs.ask("POST", path, Some(&files)).await.expect(409);
        assert_eq!(refused["detail"], "the address `/s/hers/` is taken", "{path}");
    }
    assert_eq!(bobs.get(PAGES).await["status_pages"][0]["slug"], "bobs", "what was refused changed nothing");

    let text = text.replace("hers", "applied");
    let files = json!({ "files": [{ "name": "a.yaml", "text": text }] });
    bobs.ask("POST", "/api/v1/apply", Some(&files)).await.expect(200);
    assert_eq!(world.get("/s/applied/").await.status, 200);
    hers.ask("DELETE", "/api/v1/status-pages/hers", None).await.expect(204);
    bobs.make(PAGES, page("hers")).await;
    check(&hers, "POST", PAGES, page("hers"), "hers", "/slug").await;
    hers.make(PAGES, page("old")).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_accounts_that_want_an_address_at_once_one_has_it() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    for round in 0..10 {
        let wanted = page(&format!("wanted-{round}"));
        let asking = [&hers, &bobs].into_iter().map(|voice| voice.ask("POST", PAGES, Some(&wanted)));
        let mut statuses: Vec<u16> = join_all(asking).await.into_iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_for_the_first_account() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    let mut wish = page("acme");
    wish["domain"] = json!("status.example.com");
    let wished = [("POST", PAGES.to_owned()), ("POST", format!("{PAGES}/preview"))];
    for (method, path) in wished {
        let refused = bobs.ask(method, &path, Some(&wish)).await.expect(422);
        assert_eq!(refused["field"], "/domain", "{path}: {refused}");
        let why = refused["errors"][0]["message"].as_str().or(refused["detail"].as_str()).unwrap_or_default();
        assert!(why.contains("nobody has shown that the host is yours"), "{refused}");
    }
    let text = "status_pages: [{ slug: acme, title: A, domain: status.example.com, sections: [{ tags: [public] }] }]";
    let files = json!({ "files": [{ "name": "a.yaml", "text": text }] });
    let refused = bobs.ask("POST", "/api/v1/plan", Some(&files)).await;
    assert!(refused.status == 422 && refused.body.contains("nobody has shown"), "{}", refused.body);
    hers.make(PAGES, wish).await;
    assert_eq!(world.send("GET", "/status.json", &[("Host", "status.example.com")], None).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_but_the_first_has_at_most_twenty_pages() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    for number in 0..20 {
        bobs.make(PAGES, page(&format!("p{number}"))).await;
    }
    let refused = bobs.ask("POST", PAGES, Some(&page("p20"))).await.expect(409);
    assert_eq!(refused["detail"], "there are 20 status pages already");
    hers.make(PAGES, page("p20")).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_waits_keeps_the_addresses_it_had() {
    let (mut world, keys) = start_two("").await;
    let [hers, _] = Voice::of_both(&world, &keys).await;
    hers.make(PAGES, page("before")).await;
    hers.ask("PATCH", "/api/v1/status-pages/before", Some(&json!({ "slug": "shop" }))).await.expect(200);
    world.server.take().expect("it runs").stop().await;
    world.begin("status_pages: [{ slug: shop, title: Filed, sections: [{ tags: [public] }] }]").await;
    let [_, bobs] = Voice::of_both(&world, &keys).await;
    for slug in ["before", "shop"] {
        let refused = bobs.ask("POST", PAGES, Some(&page(slug))).await.expect(409);
        assert_eq!(refused["detail"], format!("the address `/s/{slug}/` is taken"));
    }
    world.stop().await;
}

const FILE: &str = "
monitors: [{ name: filed-api, heartbeat: { period: 1h }, tags: [public] }]
status_pages:
  - { slug: bobs-page, title: Filed, sections: [{ tags: [public] }] }
  - { slug: filed, title: Filed, sections: [{ tags: [public] }] }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_s_own_file_takes_no_address_from_another_account() {
    let (mut world, keys) = start_two("").await;
    a_page_of_each(&Voice::of_both(&world, &keys).await).await;
    let is_set_aside = async |world: &World| {
        let [hers, bobs] = Voice::of_both(world, &keys).await;
        assert!(world.get("/s/bobs-page/").await.body.contains("bobs-api"), "who has an address keeps it");
        assert_eq!(bobs.get("/api/v1/status-pages/bobs-page").await["problem"], Value::Null);
        let filed = hers.get("/api/v1/status-pages/bobs-page").await;
        assert_eq!((&filed["owner"], &filed["address"]), (&json!("file"), &Value::Null));
        assert_eq!(filed["problem"], "the address `/s/bobs-page/` is taken (choose another slug)");
        assert!(world.get("/s/filed/").await.body.contains("filed-api"), "all else of the file is in force");
    };
    world.server().configure(config(FILE)).await.expect("it is in force");
    is_set_aside(&world).await;
    world.restart_with(FILE).await;
    is_set_aside(&world).await;

    let [_, bobs] = Voice::of_both(&world, &keys).await;
    bobs.ask("DELETE", "/api/v1/status-pages/bobs-page", None).await.expect(204);
    world.server().configure(config(FILE)).await.expect("it is in force");
    assert!(world.get("/s/bobs-page/").await.body.contains("filed-api"));
    bobs.ask("POST", PAGES, Some(&page("bobs-page"))).await.expect(409);
    world.server().configure(config("")).await.expect("it is in force");
    bobs.make(PAGES, page("bobs-page")).await;
    world.stop().await;
}

/// Writes a page into the store, as a server that did not look at other accounts would have.
async fn write(world: &World, accounts: [AccountId; 2]) {
    let store = store_of(world);
    for account in accounts {
        let write = ResourceWrite::Put {
            kind: ResourceKind::StatusPage,
            name: "acme".to_owned(),
            before: None,
            owner: Owner::Api,
            spec: page("acme").to_string(),
        };
        let change = Change { writes: vec![write], ..Change::default() };
        store.of(account).change(change, Wall::from_ms(1_795_261_334_120)).await.expect("the store writes");
    }
    store.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_accounts_that_have_the_same_address_in_the_store_the_older_one_shows_its_page() {
    let (mut world, keys) = start_two("").await;
    world.server.take().expect("it runs").stop().await;
    write(&world, [AccountId(2), AccountId::FIRST]).await;
    world.begin("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    assert_eq!(hers.get("/api/v1/status-pages/acme").await["problem"], Value::Null);
    let waiting = bobs.get("/api/v1/status-pages/acme").await;
    assert_eq!(waiting["problem"], "the address `/s/acme/` is taken (choose another slug)");
    let refused = bobs.ask("PATCH", "/api/v1/status-pages/acme", Some(&json!({ "title": "Mine" }))).await.expect(409);
    assert_eq!(refused["hint"], "choose another slug");
    let moved = bobs.ask("PATCH", "/api/v1/status-pages/acme", Some(&json!({ "slug": "other" }))).await.expect(200);
    assert_eq!((&moved["problem"], &moved["formerly"]), (&Value::Null, &Value::Null), "{moved}");
    assert_eq!(world.get("/s/other/").await.status, 200);
    hers.ask("DELETE", "/api/v1/status-pages/acme", None).await.expect(204);
    assert_eq!(world.get("/s/acme/").await.status, 404, "it was not waited for");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_has_no_dns_server_asked_that_lies_around_the_server() {
    let (world, keys) = start_two("").await;
    let [hers, bobs] = Voice::of_both(&world, &keys).await;
    let by_resolver =
        |address| json!({ "http": { "url": "http://db.corp/", "resolver": address }, "timeout": "500ms" });
    let by_server = |address| json!({ "dns": { "name": "db.corp", "server": address }, "timeout": "500ms" });
    let check = async |wish: &dyn Fn(String) -> Value| {
        let server = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
        server.set_nonblocking(true).expect("settable");
        let wish = wish(server.local_addr().expect("bound").to_string());
        let refused = bobs.make("/api/v1/try", wish.clone()).await;
        assert_eq!(refused["reason"], "address_forbidden", "{refused}");
        let mut question = [0; 512];
        assert!(server.recv(&mut question).is_err(), "it was asked");
        hers.make("/api/v1/try", wish).await;
        assert!(server.recv(&mut question).is_ok(), "it was not asked");
    };
    check(&by_resolver).await;
    check(&by_server).await;
    world.stop().await;
}
