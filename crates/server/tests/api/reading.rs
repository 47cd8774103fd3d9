//! Reading much as little: the fleet in columns, series and percentiles, windows and months, what happened elsewhere.

use std::io::Read as _;
use std::time::Duration;

use allswell_core::Wall;
use allswell_core::series::Summary;
use allswell_server::api::router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{DAY, NOW, World};
use super::{Answer, get, read, send};

async fn post(world: &World, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post(path).header("content-type", "application/json").header("host", "127.0.0.1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(&world.state, request.body(Body::from(body.to_string())).expect("a request")).await
}

#[tokio::test]
async fn the_fleet_says_in_columns_what_the_list_says_in_rows() {
    let world = World::company().await;
    let fleet = read(&world.state, "/api/v1/fleet").await;
    let list = read(&world.state, "/api/v1/monitors").await;
    let monitors = list["monitors"].as_array().expect("a list");
    assert_eq!((fleet["total"].as_u64(), fleet["matched"].as_u64()), (Some(14), Some(14)));
    for (place, monitor) in monitors.iter().enumerate() {
        let cell = |column: &str| fleet[column][place].clone();
        for column in ["id", "name", "kind", "target", "tags", "group", "interval_s", "incident"] {
            assert_eq!(cell(column), monitor[column], "{column} of {monitor}");
        }
        let status = cell("status").as_u64().expect("an index");
        assert_eq!(fleet["statuses"][usize::try_from(status).expect("small")], monitor["status"]);
        assert_eq!(cell("reason"), monitor["last_result"]["reason"], "{monitor}");
        assert_eq!(cell("code"), monitor["last_result"]["status"], "{monitor}");
    }
}

#[tokio::test]
async fn the_fleet_is_filtered_ordered_and_paged() {
    let world = World::company().await;
    let names = async |query: &str| -> (Value, u64) {
        let fleet = read(&world.state, &format!("/api/v1/fleet?{query}")).await;
        (fleet["name"].clone(), fleet["matched"].as_u64().expect("a number"))
    };
    assert_eq!(names("filter=status:down").await, (json!(["payments-api"]), 1));
    assert_eq!(names("filter=kind:tcp").await, (json!(["postgres primary"]), 1));
    let (trouble, matched) = names("sort=trouble&limit=2").await;
    assert_eq!((&trouble[0], matched), (&json!("payments-api"), 14));
    let (page, _) = names("sort=name&offset=1&limit=2").await;
    let (all, _) = names("sort=name").await;
    assert_eq!(page, json!([all[1], all[2]]));
    let mut sorted = all.as_array().expect("a list").clone();
    sorted.sort_by_key(|name| name.as_str().expect("a name").to_owned());
    assert_eq!(all, json!(sorted));
    for wrong in ["filter=status:bad", "sort=size", "offset=-1", "limit=0", "colour=red"] {
        let answer = get(&world.state, &format!("/api/v1/fleet?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(answer.json()["field"], wrong.split('=').next().expect("a name"), "{wrong}");
    }
}

#[tokio::test]
async fn monitors_are_filtered_ordered_and_paged_without_a_gap() {
    let world = World::company().await;
    let all = read(&world.state, "/api/v1/monitors").await;
    assert_eq!((&all["total"], &all["matched"], &all["next"]), (&json!(14), &json!(14), &Value::Null));
    for (path, sort) in [
        ("monitors", "configured"),
        ("monitors", "trouble"),
        ("monitors", "name"),
        ("monitors", "slow"),
        ("uptime", "name"),
    ] {
        let whole = read(&world.state, &format!("/api/v1/{path}?sort={sort}")).await["monitors"].clone();
        let mut next = Some(format!("/api/v1/{path}?sort={sort}&limit=4"));
        let mut seen = Vec::new();
        while let Some(address) = next {
            let page = read(&world.state, &address).await;
            assert_eq!((&page["total"], &page["matched"]), (&json!(14), &json!(14)), "{address}");
            seen.extend(page["monitors"].as_array().expect("a list").clone());
            next = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(Value::from(seen), whole, "{path} by {sort}");
    }
    let down = read(&world.state, "/api/v1/monitors?filter=status:down&limit=1").await;
    assert_eq!(
        (&down["monitors"][0]["name"], &down["matched"], &down["next"]),
        (&json!("payments-api"), &json!(1), &Value::Null)
    );
    let first = read(&world.state, "/api/v1/monitors?filter=api+-kind:tcp&sort=name&limit=1").await;
    let next = first["next"].as_str().expect("there are more");
    assert!(next.starts_with("/api/v1/monitors?filter=api+-kind%3Atcp&sort=name&limit=1&cursor=name."), "{next}");
    for (wrong, field) in [
        ("cursor=7", "cursor"),
        ("cursor=name.1.a", "cursor"),
        ("sort=size", "sort"),
        ("filter=tag:", "filter"),
        ("limit=0", "limit"),
    ] {
        let answer = get(&world.state, &format!("/api/v1/monitors?{wrong}")).await;
        assert_eq!((answer.status, &answer.json()["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{wrong}");
    }
}

#[tokio::test]
async fn the_fleet_that_did_not_change_is_not_sent_again() {
    let world = World::company().await;
    let tag = get(&world.state, "/api/v1/fleet").await.header("etag").to_owned();
    let ask = async || {
        let request =
            Request::get("/api/v1/fleet").header("if-none-match", &tag).body(Body::empty()).expect("a request");
        send(&world.state, request).await.status
    };
    assert_eq!(ask().await, StatusCode::NOT_MODIFIED);
    let results =
        world.state.store.results(allswell_monitor::model::MonitorId(1), NOW - DAY..NOW, 1).await.expect("read");
    world.state.fleet.recorded(&[results[0].clone()]);
    assert_eq!(ask().await, StatusCode::OK);
}

#[tokio::test]
async fn what_is_long_is_compressed_for_who_takes_it_so() {
    let world = World::company().await;
    let ask = async |path: &str, accepted: &str| {
        let request = Request::get(path).header("accept-encoding", accepted).body(Body::empty()).expect("a request");
        router(world.state.clone()).oneshot(request).await.expect("an answer")
    };
    let encoding = |answer: &axum::response::Response| answer.headers().get("content-encoding").cloned();
    let long = "/api/openapi.json";
    let packed = ask(long, "gzip, br").await;
    assert_eq!(encoding(&packed).expect("it is compressed"), "gzip");
    assert_eq!(packed.headers()["vary"], "accept-encoding");
    let packed = to_bytes(packed.into_body(), usize::MAX).await.expect("a body");
    let mut text = String::new();
    GzDecoder::new(&*packed).read_to_string(&mut text).expect("it is gzip");
    assert_eq!(text, get(&world.state, long).await.body);
    assert!(packed.len() * 4 < text.len(), "{} of {}", packed.len(), text.len());
    for (path, accepted) in [(long, "br"), ("/api/v1/setup", "gzip"), ("/api/v1/fleet", "gzip")] {
        assert_eq!(encoding(&ask(path, accepted).await), None, "{path} {accepted}");
    }
}

#[tokio::test]
async fn strips_are_the_last_results() {
    let world = World::company().await;
    let strips = read(&world.state, "/api/v1/fleet/strips?ids=1,3,99").await;
    assert_eq!(strips["strips"].as_object().expect("an object").len(), 2);
    let results = read(&world.state, "/api/v1/monitors/1/results?limit=48").await;
    let strip = &strips["strips"]["1"];
    for (place, result) in results["results"].as_array().expect("a list").iter().rev().enumerate() {
        let outcome = strip["outcome"][place].as_u64().expect("an index");
        assert_eq!(strips["outcomes"][usize::try_from(outcome).expect("small")], result["outcome"]);
        let (shown, exact) = (strip["latency_ms"][place].as_f64(), result["phases_ms"]["total"].as_f64());
        assert!((shown.expect("a number") - exact.expect("a number")).abs() <= 0.1, "{shown:?} {exact:?}");
    }
    assert_eq!(get(&world.state, "/api/v1/fleet/strips?ids=a").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_series_is_what_counting_the_results_gives() {
    let world = World::company().await;
    let series =
        read(&world.state, "/api/v1/monitors/1/series?from=2026-11-21T11:00:00Z&to=2026-11-21T11:42:14Z&step=5m").await;
    assert_eq!(series["count"].as_array().map(Vec::len), Some(9));
    let (from, to) = (Wall::from_ms(1_795_258_800_000), Wall::from_ms(1_795_261_334_000));
    let samples = world.state.store.samples(allswell_monitor::model::MonitorId(1), from..to).await.expect("read");
    assert!(!samples.is_empty());
    let mut seen = 0;
    for index in 0..9_u32 {
        let begin = from + Duration::from_secs(300) * index;
        let end = (begin + Duration::from_secs(300)).min(to);
        let naive: Vec<_> = samples.iter().copied().filter(|sample| (begin..end).contains(&sample.at)).collect();
        let place = index as usize;
        assert_eq!(series["count"][place], naive.len());
        let summary = Summary::of(naive.iter().copied());
        assert_eq!(series["failed_share"][place].as_f64(), summary.failed_share());
        let ms = |duration: Option<Duration>| duration.map(|duration| (duration.as_secs_f64() * 1e6).round() / 1e3);
        assert_eq!(series["p95_ms"][place].as_f64(), ms(summary.percentile(95)));
        assert_eq!(series["avg_ms"][place].as_f64(), ms(summary.mean()));
        seen += naive.len();
    }
    assert_eq!(seen, samples.len());
    let whole =
        read(&world.state, "/api/v1/monitors/1/percentiles?from=2026-11-21T11:00:00Z&to=2026-11-21T11:42:14Z").await;
    for column in ["count", "failed", "p50_ms", "p95_ms", "p99_ms"] {
        assert_eq!(whole[column], series["whole"][column], "{column}");
    }
    for wrong in ["step=1ms", "step=fast", "from=2026-11-22T00:00:00Z", "to=soon"] {
        let answer = get(&world.state, &format!("/api/v1/monitors/1/series?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn what_was_true_is_told_in_stretches_that_add_up_to_the_uptime() {
    let world = World::company().await;
    let over = "from=2026-11-01T00:00:00Z&to=2026-11-21T00:00:00Z";
    let whole = read(&world.state, &format!("/api/v1/monitors/2/history?{over}")).await;
    let stretches = whole["stretches"].as_array().expect("a list");
    let statuses: Vec<_> = stretches.iter().map(|stretch| stretch["status"].as_str().expect("a word")).collect();
    assert_eq!(statuses, ["up", "down", "up"]);
    assert_eq!(stretches[0]["from"], "2026-11-01T00:00:00.000Z");
    assert_eq!(stretches[2]["to"], "2026-11-21T00:00:00.000Z");
    let down = read(&world.state, &format!("/api/v1/monitors/2/history?{over}&status=down")).await;
    assert_eq!(down["stretches"], json!([stretches[1]]));
    let ms = |key: &str| {
        let text = stretches[1][key].as_str().expect("a moment");
        text.parse::<jiff::Timestamp>().expect("a moment").as_millisecond()
    };
    assert_eq!(ms("to") - ms("from"), 9 * 60_000, "the outage of nine minutes");
    for wrong in ["status=bad", "to=soon", "from=2026-11-22T00:00:00Z"] {
        let answer = get(&world.state, &format!("/api/v1/monitors/2/history?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_fleet_tells_uptime_as_the_monitor_does() {
    let world = World::company().await;
    world.state.fleet.catch_up(&*world.state.store).await.expect("the store reads");
    let fleet = read(&world.state, "/api/v1/fleet").await;
    for (place, id) in fleet["id"].as_array().expect("a column").iter().enumerate() {
        let one = read(&world.state, &format!("/api/v1/monitors/{id}")).await;
        let month = &one["uptime"]["30d"];
        match fleet["uptime_percent"][place].as_f64() {
            None => assert!(month["percent"].is_null(), "{id}"),
            Some(100.0) => assert_eq!(month["text"], "100 %", "{id}"),
            Some(percent) => assert_eq!(month["text"], format!("{percent:.2} %"), "{id}"),
        }
        let known = fleet["known_s"][place].as_f64().expect("it was measured") / (30.0 * 864.0);
        assert!((known - month["coverage_percent"].as_f64().expect("a number")).abs() < 0.001, "{id}");
    }
    let found = read(&world.state, "/api/v1/fleet?filter=uptime%3C100").await;
    let all = fleet["uptime_percent"].as_array().expect("a column");
    let low = all.iter().filter(|percent| percent.as_f64().is_some_and(|percent| percent < 100.0)).count();
    assert!(low > 0 && found["matched"] == low, "{low} of {found}");
}

#[tokio::test]
async fn uptime_is_told_over_any_window_and_by_months_of_a_zone() {
    let world = World::company().await;
    let path =
        "/api/v1/monitors/2/uptime?from=2026-11-01T00:00:00Z&to=2026-11-21T00:00:00Z&months=3&timezone=Europe/Berlin";
    let uptime = read(&world.state, path).await;
    assert_eq!(uptime["window"]["window_ms"], 20 * 86_400_000_u64);
    // Down for nine minutes twelve days ago.
    assert_eq!(uptime["window"]["shares"]["down"]["ms"], 9 * 60_000);
    let months = uptime["months"].as_array().expect("months");
    let names: Vec<_> = months.iter().map(|month| month["month"].as_str().expect("a name")).collect();
    assert_eq!(names, ["2026-11", "2026-10", "2026-09"]);
    assert_eq!(months[1]["from"], "2026-09-30T22:00:00.000Z");
    assert_eq!(months[1]["to"], "2026-10-31T23:00:00.000Z");
    assert_eq!(months[1]["window_ms"], (31 * 24 + 1) * 3_600_000_u64);
    assert_eq!(months[0]["shares"]["down"]["ms"], 9 * 60_000);
    for wrong in ["months=0", "months=121", "timezone=Mars", "from=2026-11-22T00:00:00Z", "to=2026-11-20T00:00:00Z"] {
        let answer = get(&world.state, &format!("/api/v1/monitors/2/uptime?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {}", answer.body);
    }
}

#[tokio::test]
async fn marks_are_told_once_listed_with_a_range_and_taken_back() {
    let world = World::company().await;
    let wish = json!({ "text": "payments 1.43.0", "monitor": "payments-api", "link": "https://ci.example.com/7" });
    let first = post(&world, "/api/v1/events", &wish, &[("idempotency-key", "deploy-7")]).await;
    assert_eq!((first.status, first.header("location")), (StatusCode::CREATED, "/api/v1/events/1"), "{}", first.body);
    let again = post(&world, "/api/v1/events", &wish, &[("idempotency-key", "deploy-7")]).await;
    assert_eq!((again.status, &again.body, again.header("location")), (first.status, &first.body, "/api/v1/events/1"));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = post(&world, "/api/v1/events", &json!({ "text": "other" }), &[("idempotency-key", "deploy-7")]).await;
    assert_eq!(
        (other.status, other.json()["field"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("idempotency-key"))
    );
    // What was refused changed nothing, and its key is free.
    let refused = post(&world, "/api/v1/events", &json!({}), &[("idempotency-key", "deploy-8")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let old = json!({ "text": "migration", "kind": "database", "at": "2026-11-01T00:00:00Z" });
    assert_eq!(
        post(&world, "/api/v1/events", &old, &[("idempotency-key", "deploy-8")]).await.status,
        StatusCode::CREATED
    );
    let listed = read(&world.state, "/api/v1/events?from=2026-11-20T00:00:00Z").await;
    assert_eq!(
        listed["events"],
        json!([{
            "id": 1, "at": "2026-11-21T11:42:14.120Z", "kind": "deploy", "text": "payments 1.43.0",
            "link": "https://ci.example.com/7", "monitor_id": 1,
        }])
    );
    assert_eq!(read(&world.state, "/api/v1/events").await["events"].as_array().map(Vec::len), Some(2));
    let delete = async |path: &str| {
        let request = Request::delete(path).header("host", "localhost").body(Body::empty()).expect("a request");
        send(&world.state, request).await.status
    };
    assert_eq!(delete("/api/v1/events/1").await, StatusCode::NO_CONTENT);
    assert_eq!(delete("/api/v1/events/1").await, StatusCode::NOT_FOUND);
    for wrong in [
        json!({ "text": "x", "link": "javascript:alert(1)" }),
        json!({ "text": "" }),
        json!({ "text": "x", "at": "now" }),
    ] {
        assert_eq!(
            post(&world, "/api/v1/events", &wrong, &[]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong}"
        );
    }
    assert_eq!(
        post(&world, "/api/v1/events", &json!({ "text": "x", "monitor": "nobody" }), &[]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn incidents_are_acknowledged_once_and_noted_on() {
    let world = World::company().await;
    let seen = post(&world, "/api/v1/incidents/1-4/acknowledge", &json!({ "by": "Ada", "note": "on it" }), &[]).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert!(seen.body.contains("by Ada: on it"), "{}", seen.body);
    let second = post(&world, "/api/v1/incidents/1-4/acknowledge", &json!({ "by": "Bob" }), &[]).await;
    assert!(second.status == StatusCode::OK && !second.body.contains("Bob"), "{}", second.body);
    let over = post(&world, "/api/v1/incidents/3-2/acknowledge", &json!({}), &[]).await;
    assert_eq!(over.status, StatusCode::CONFLICT, "{}", over.body);
    let update =
        post(&world, "/api/v1/incidents/3-2/notes", &json!({ "text": "it was the disk", "kind": "update" }), &[]).await;
    assert_eq!(update.status, StatusCode::CREATED, "{}", update.body);
    let timeline = update.json()["timeline"].clone();
    let last = timeline.as_array().and_then(|lines| lines.last()).expect("a line");
    assert_eq!((&last["what"], &last["text"]), (&json!("update"), &json!("it was the disk")));
    for (path, body) in [("1-4", json!({ "text": "" })), ("1-4", json!({ "text": "a", "kind": "tweet" }))] {
        let answer = post(&world, &format!("/api/v1/incidents/{path}/notes"), &body, &[]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    assert_eq!(
        post(&world, "/api/v1/incidents/9-9/notes", &json!({ "text": "a" }), &[]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn tags_and_groups_are_listed_with_how_their_monitors_are() {
    let world = World::company().await;
    for path in ["/api/v1/tags", "/api/v1/groups"] {
        let listed = read(&world.state, path).await;
        for label in listed["labels"].as_array().expect("a list") {
            let counts = label["status"].as_object().expect("counts").values();
            assert_eq!(
                counts.map(|count| count.as_u64().expect("a number")).sum::<u64>(),
                label["monitors"].as_u64().expect("a number")
            );
        }
    }
}
