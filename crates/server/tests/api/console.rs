//! The console's page and files at their door; where the server has none, what stands in its place.

use allswell_server::api::{ApiState, router};
use allswell_server::pages::File;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::world::World;
use super::{get, send};

const PAGE: File = File {
    path: "index.html",
    kind: "text/html; charset=utf-8",
    tag: "0a1b",
    plain: b"<base href=\"/\"><meta content=\"0;url=plain/\">",
    brotli: None,
    gzip: None,
};
const SCRIPT: File = File {
    path: "assets/index-Gr1.js",
    kind: "text/javascript",
    tag: "2c3d",
    plain: b"the script",
    brotli: Some(b"br"),
    gzip: Some(b"gzip"),
};
const THEME: File = File { path: "theme.js", brotli: None, gzip: None, ..SCRIPT };

const ADDRESSES: [(&str, &str); 5] =
    [("/", "./"), ("/incidents", "./"), ("/k8s", "./"), ("/m/1", "../"), ("/i/1-4", "../")];

/// A world whose server has a small console.
fn with_console(world: &World) -> ApiState {
    ApiState { console: [PAGE, SCRIPT, THEME].into_iter().collect(), ..world.state.clone() }
}

#[tokio::test]
async fn every_address_of_the_console_gives_its_page_with_the_way_to_the_root() {
    let world = World::empty().await;
    let state = with_console(&world);
    for (path, root) in ADDRESSES {
        let page = get(&state, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains(&format!("<base href=\"{root}\">")), "{path}: {}", page.body);
        assert!(page.header("content-security-policy").starts_with("default-src 'self';"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        let known = Request::get(path).header("if-none-match", page.header("etag")).body(Body::empty());
        let again = send(&state, known.expect("a good request")).await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
    }
}

#[tokio::test]
async fn a_reader_without_scripts_is_sent_to_the_plain_page_that_says_the_same() {
    let world = World::company().await;
    let state = with_console(&world);
    for path in ["/", "/m/1", "/i/1-4"] {
        let page = get(&state, path).await.body;
        let named = page.split_once("url=").and_then(|(_, rest)| rest.split('"').next()).expect("a page that sends on");
        assert_eq!(get(&state, &format!("/{named}")).await.status, StatusCode::OK, "{named}");
        assert!(named.ends_with(path), "{named} is another page than {path}");
    }
}

#[tokio::test]
async fn files_are_kept_for_good_and_sent_as_small_as_the_reader_takes() {
    let world = World::empty().await;
    let state = with_console(&world);
    let check = async |path: &str, accepted: &str, expected: &[u8], coding: Option<&str>, caching: &str| {
        let request = Request::get(path).header("accept-encoding", accepted).body(Body::empty());
        let answer =
            router(state.clone()).oneshot(request.expect("a good request")).await.expect("the router never fails");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers().get("content-encoding").map(|value| value.as_bytes()), coding.map(str::as_bytes));
        assert_eq!(answer.headers()["cache-control"], caching, "{path}");
        let body = to_bytes(answer.into_body(), 1 << 20).await.expect("the body is in memory");
        assert_eq!(body, expected, "{path} as {accepted}");
    };
    let for_good = "public, max-age=31536000, immutable";
    check("/assets/index-Gr1.js", "gzip, br", b"br", Some("br"), for_good).await;
    check("/assets/index-Gr1.js", "gzip", b"gzip", Some("gzip"), for_good).await;
    check("/assets/index-Gr1.js", "identity", b"the script", None, for_good).await;
    check("/theme.js", "gzip, br", b"the script", None, "no-cache").await;
}

#[tokio::test]
async fn a_file_that_is_not_there_is_said_with_the_way_out() {
    let world = World::empty().await;
    let missing = get(&with_console(&world), "/assets/index-of-yesterday.js").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.body.contains("load the page anew"), "{}", missing.body);
}

#[tokio::test]
async fn without_a_console_every_address_leads_to_the_plain_page_which_says_how_to_get_one() {
    let world = World::company().await;
    for (path, to) in
        [("/", "./plain/"), ("/incidents", "./plain/"), ("/m/1", "../plain/m/1"), ("/i/1-4", "../plain/i/1-4")]
    {
        let page = get(&world.state, path).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::TEMPORARY_REDIRECT, to), "{path}");
    }
    let page = get(&world.state, "/plain/").await.body;
    assert!(page.contains("install Node.js 20.19 or newer with npm"), "{page}");
    let page = get(&with_console(&world), "/plain/").await.body;
    assert!(page.contains("<a href=\"../\">To the console</a>"), "{page}");
    assert_eq!(get(&World::empty().await.state, "/plain").await.header("location"), "plain/");
}
