//! Status pages, written through the interface and served at once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::world::World;

const PAGES: &str = "/api/v1/status-pages";
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

/// A server with one monitor, `api`.
async fn world(yaml: &str) -> World {
    let world = World::start_with(yaml).await;
    world.post("/api/v1/monitors", &world.monitor("api")).await.expect(201);
    world
}

/// A page with these keys beside what every page needs.
fn page(slug: &str, more: &Value) -> Value {
    let mut page = json!({ "slug": slug, "title": "Acme", "sections": [{ "monitors": [{ "monitor": "api", "name": "Payments" }] }] });
    page.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_created_served_changed_renamed_and_deleted() {
    let mut world = world("server: { public_url: \"https://ops.example.com\" }").await;
    let created = world.post(PAGES, &page("acme", &json!({ "domain": "Status.Example.com" }))).await;
    let shown = created.expect(201);
    assert_eq!(created.header("location"), Some("/api/v1/status-pages/acme"));
    assert_eq!((&shown["address"], &shown["access"]), (&json!("https://status.example.com/"), &json!("public")));
    assert_eq!((&shown["owner"], &shown["missing"], &shown["subscribers"]), (&json!("api"), &json!([]), &json!(0)));
    let by_path = world.get("/s/acme/").await;
    assert!(by_path.status == 200 && by_path.body.contains("Payments"), "{}", by_path.body);
    let host = [("Host", "status.example.com")];
    assert_eq!(world.send("GET", "/", &host, None).await.body, by_path.body, "its host shows it at once");

    let read = world.get("/api/v1/status-pages/acme").await;
    let patch = json!({ "title": "Acme Inc." });
    world.send("PATCH", "/api/v1/status-pages/acme", &[("If-Match", "\"1-0\"")], Some(&patch)).await.expect(412);
    let fresh = [("If-Match", read.header("etag").expect("a tag"))];
    world.send("PATCH", "/api/v1/status-pages/acme", &fresh, Some(&patch)).await.expect(200);
    assert!(world.get("/s/acme/").await.body.contains("Acme Inc."));

    let renamed =
        world.send("PATCH", "/api/v1/status-pages/acme", &[], Some(&json!({ "slug": "shop", "domain": null }))).await;
    let renamed = renamed.expect(200);
    assert_eq!((&renamed["slug"], &renamed["spec"]["formerly"]), (&json!("shop"), &json!(["acme"])));
    assert_eq!(renamed["address"], "https://ops.example.com/s/shop/");
    world.get("/api/v1/status-pages/acme").await.expect(404);
    assert_ne!(world.send("GET", "/", &host, None).await.body, by_path.body, "the host is free again");
    world.restart_with("").await;
    assert_eq!(world.get("/s/shop/").await.status, 200);
    let check = async |path: &str, place: &str| {
        let moved = world.get(path).await;
        assert_eq!((moved.status, moved.header("location")), (308, Some(place)), "{path}");
    };
    check("/s/acme", "shop/").await;
    check("/s/acme/", "../shop/").await;
    check("/s/acme/badge/payments.svg?metric=response", "../../shop/badge/payments.svg?metric=response").await;

    let whole = page("shop", &json!({}));
    let replaced = world.send("PUT", "/api/v1/status-pages/shop", &[], Some(&whole)).await.expect(200);
    assert_eq!(replaced["spec"]["formerly"], json!(["acme"]), "what is known stays unless it is written anew");
    world.send("DELETE", "/api/v1/status-pages/shop", &[], None).await.expect(204);
    assert_eq!((world.get("/s/shop/").await.status, world.get("/s/acme/").await.status), (404, 404));
    assert_eq!(world.get(PAGES).await.expect(200)["status_pages"], json!([]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_masked_and_a_mask_that_comes_back_keeps_them() {
    let world = world("").await;
    let key = [("Idempotency-Key", "once")];
    let private = page("staff", &json!({ "access": "password", "password": "canary sesame" }));
    let shown = world.send("POST", PAGES, &key, Some(&private)).await;
    assert_eq!(shown.expect(201)["spec"]["password"], "***");
    let again = world.send("POST", PAGES, &key, Some(&private)).await;
    assert_eq!((again.status, &again.body), (201, &shown.body));
    let sesame = [("Authorization", "Basic YTpjYW5hcnkgc2VzYW1l")];
    assert_eq!(world.get("/s/staff/status.json").await.status, 401);
    assert_eq!(world.send("GET", "/s/staff/status.json", &sesame, None).await.status, 200);
    let put = page("staff", &json!({ "access": "password", "password": "***", "title": "Staff" }));
    world.send("PUT", "/api/v1/status-pages/staff", &[], Some(&put)).await.expect(200);
    assert_eq!(world.send("GET", "/s/staff/status.json", &sesame, None).await.status, 200);
    let exported = world.get("/api/v1/export").await.body;
    assert!(exported.contains("password: \"***\"") && !exported.contains("canary"), "{exported}");
    let token = json!({ "access": "token", "password": null, "token": "0123456789abcdef" });
    let changed = world.send("PATCH", "/api/v1/status-pages/staff", &[], Some(&token)).await.expect(200);
    assert_eq!((&changed["access"], &changed["spec"]["token"]), (&json!("token"), &json!("***")));
    assert_eq!(world.get("/s/staff/status.json?token=0123456789abcdef").await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_meant_is_refused_with_its_field() {
    let world = world("server: { public_url: \"https://ops.example.com\" }").await;
    let large = format!("data:image/png;base64,{}", STANDARD.encode(vec![b'x'; (128 << 10) + 1]));
    for (more, field) in [
        (json!({ "slug": "My page" }), "/slug"),
        (json!({ "slug": "preview" }), "/slug"),
        (json!({ "slug": 5 }), "/slug"),
        (json!({ "formerly": ["a b"] }), "/formerly/0"),
        (json!({ "title": "" }), "/title"),
        (json!({ "link": "javascript:alert(1)" }), "/link"),
        (json!({ "colour": "blue" }), "/colour"),
        (json!({ "domain": "ops.example.com" }), "/domain"),
        (json!({ "domain": "https://x.example" }), "/domain"),
        (json!({ "access": "password" }), "/access"),
        (json!({ "access": "password", "password": "short" }), "/password"),
        (json!({ "token": "0123456789abcdef" }), "/token"),
        (json!({ "subscribe": true }), "/subscribe"),
        (json!({ "sections": [{ "monitors": [{ "monitor": "apy" }] }] }), "/sections/0/monitors/0/monitor"),
        (json!({ "sections": [{ "name": "Empty" }] }), "/sections"),
        (json!({ "sections": [{ "monitor": "api" }] }), "/sections/0/monitor"),
        (json!({ "sections": [null] }), "/sections"),
        (json!({ "logo": "data:image/png;base64,PHN2Zy8+" }), "/logo"),
        (json!({ "logo": "data:text/html;base64,PHN2Zy8+" }), "/logo"),
        (json!({ "logo": "/no/such/logo.svg" }), "/logo"),
        (json!({ "logo_dark": large }), "/logo_dark"),
        (json!({ "color": "#fff" }), "/color"),
    ] {
        let problem = world.post(PAGES, &page("acme", &more)).await.expect(422);
        assert_eq!(problem["field"], field, "{problem}");
    }
    assert_eq!(world.get(PAGES).await.expect(200)["status_pages"], json!([]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_never_have_one_address_whoever_wrote_them() {
    let filed =
        "status_pages: [{ slug: filed, title: Filed, domain: filed.example.com, sections: [{ tags: [public] }] }]";
    let mut world = world(filed).await;
    let refused = world.post(PAGES, &page("filed", &json!({}))).await.expect(409);
    assert_eq!(
        (&refused["field"], &refused["detail"]),
        (&json!("/slug"), &json!("the status page `filed` is there already"))
    );
    let check = async |more: Value, field: &str, place: &str| {
        let refused = world.post(PAGES, &page("acme", &more)).await.expect(409);
        assert_eq!(refused["field"], field, "{refused}");
        assert_eq!(refused["detail"], format!("the status page `filed` at `{place}` is there already"));
    };
    check(json!({ "domain": "filed.example.com" }), "/domain", "filed.example.com").await;
    check(json!({ "formerly": ["filed"] }), "/formerly", "/s/filed/").await;
    let change = json!({ "title": "Mine" });
    let of_file = world.send("PATCH", "/api/v1/status-pages/filed", &[], Some(&change)).await.expect(409);
    assert_eq!(of_file["detail"], "the status page `filed` is said in `/etc/allswell.yaml`");

    // The file comes first: what was written through the API waits, and says why.
    world.post(PAGES, &page("acme", &json!({ "domain": "acme.example.com" }))).await.expect(201);
    world
        .restart_with(
            "status_pages: [{ slug: other, title: Other, domain: acme.example.com, sections: [{ tags: [public] }] }]",
        )
        .await;
    let waiting = world.get("/api/v1/status-pages/acme").await.expect(200);
    assert_eq!((&waiting["address"], &waiting["access"]), (&Value::Null, &Value::Null));
    let problem = waiting["problem"].as_str().unwrap_or_default();
    assert!(problem.contains("`domain: acme.example.com` shows something else already"), "{waiting}");
    assert_eq!(world.get("/s/acme/").await.status, 404);
    world.send("PATCH", "/api/v1/status-pages/acme", &[], Some(&json!({ "domain": null }))).await.expect(200);
    assert_eq!(world.get("/s/acme/").await.status, 200);
    world
        .restart_with("status_pages: [{ slug: new, formerly: [acme], title: New, sections: [{ tags: [public] }] }]")
        .await;
    let problem = world.get("/api/v1/status-pages/acme").await.expect(200)["problem"].clone();
    assert!(problem.as_str().is_some_and(|why| why.contains("two status pages have the slug `acme`")), "{problem}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_comes_as_it_was_given_and_can_do_nothing_by_itself() {
    let world = world("").await;
    let logo = format!("data:image/svg+xml;base64,{}", STANDARD.encode(SVG));
    let looks = json!({ "logo": logo, "logo_dark": logo, "colour": "#ffd400" });
    let shown = world.post(PAGES, &page("acme", &looks)).await.expect(201);
    assert_eq!(shown["spec"]["logo"], json!(logo));
    let picture = world.get("/s/acme/logo").await;
    assert_eq!((picture.body.as_str(), picture.header("content-type")), (SVG, Some("image/svg+xml")));
    let policy = picture.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.ends_with("sandbox"), "{policy}");
    assert_eq!(picture.header("x-content-type-options"), Some("nosniff"));
    assert!(world.get("/s/acme/").await.body.contains("<img src=\"logo\""));
    assert!(world.get("/s/acme/page.css").await.body.contains("--accent:#ffd400;--on-accent:#000000"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_be_looked_at_before_it_is_kept() {
    let world = world("").await;
    let logo = format!("data:image/svg+xml;base64,{}", STANDARD.encode(SVG));
    let mut draft =
        page("acme", &json!({ "logo": logo, "colour": "#ffd400", "access": "password", "password": "open sesame" }));
    draft.as_object_mut().expect("an object").remove("slug");
    let path = "/api/v1/status-pages/preview";
    let seen = world.post(path, &draft).await;
    assert_eq!((seen.status, seen.header("content-type")), (200, Some("text/html; charset=utf-8")), "{}", seen.body);
    assert!(seen.body.contains("Payments") && seen.body.contains("--accent:#ffd400"), "{}", seen.body);
    assert!(seen.body.contains(&format!("<img src=\"{logo}\"")) && !seen.body.contains("page.css"), "{}", seen.body);
    assert!(!seen.body.contains("sesame"));
    let policy = seen.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors 'self'") && policy.ends_with("sandbox"), "{policy}");
    let place = seen.header("content-location").expect("a place").to_owned();
    let again = world.get(&place).await;
    assert_eq!((again.status, &again.body), (200, &seen.body));
    assert_eq!(again.header("x-frame-options"), Some("SAMEORIGIN"));
    world.get(&format!("{path}/none")).await.expect(404);
    assert_eq!(world.get(PAGES).await.expect(200)["status_pages"], json!([]), "nothing is kept");
    assert_eq!(world.get("/s/acme/").await.status, 404);

    draft["sections"] = json!([{ "monitors": [{ "monitor": "apy" }] }]);
    assert_eq!(world.post(path, &draft).await.expect(422)["field"], "/sections/0/monitors/0/monitor");
    let private = page("staff", &json!({ "access": "password", "password": "open sesame" }));
    world.post(PAGES, &private).await.expect(201);
    let masked = page("staff", &json!({ "access": "password", "password": "***" }));
    assert_eq!(world.post(path, &masked).await.expect(422)["field"], "/password");
    assert_eq!(world.post(&format!("{path}?page=staff"), &masked).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_of_the_file_that_is_gone_is_shown_without_data_and_told() {
    let mut world = World::start_with("monitors: [{ name: api, heartbeat: { period: 1h } }]").await;
    world.post(PAGES, &page("acme", &json!({}))).await.expect(201);
    world.restart_with("").await;
    let shown = world.get("/api/v1/status-pages/acme").await.expect(200);
    assert_eq!((&shown["missing"], &shown["problem"]), (&json!(["api"]), &Value::Null));
    let page = world.get("/s/acme/").await;
    assert!(page.status == 200 && page.body.contains("No data"), "{}", page.body);
    world.stop().await;
}
