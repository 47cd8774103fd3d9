//! Ways in beside a password: a second factor, an invitation.

use allswell_monitor::access::{Address, Role};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::people::{Browser, HERE, PASSWORD, peopled};
use super::world::NOW;
use super::{get, send};

#[tokio::test]
async fn a_second_factor_is_begun_confirmed_asked_for_and_taken_away() {
    let world = peopled().await;
    let mut viewer = Browser::of(&world, Role::Viewer).await;
    let path = "/api/v1/me/second-factor";
    assert_eq!(viewer.ask("GET", path, Value::Null).await.json(), json!({ "on": false, "recovery_codes_left": 0 }));
    let wrong = viewer.ask("POST", path, json!({ "password": "wrong" })).await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    let begun = viewer.ask("POST", path, json!({ "password": PASSWORD })).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    let text = begun.json()["secret"].as_str().expect("a secret").to_owned();
    let uri = format!("otpauth://totp/Allswell:viewer%40example%2Ecom?secret={text}&issuer=Allswell");
    assert_eq!(begun.json()["uri"], uri);
    let secret = totp_rs::Secret::try_from_base32(&text).expect("Base32");
    let app = totp_rs::Builder::new().with_secret(secret).build().expect("an app");
    let code = |step: u64| app.generate(u64::try_from(NOW.ms() / 1_000).expect("after 1970") + step * 30).to_string();
    let not_it = viewer.ask("POST", "/api/v1/me/second-factor/confirm", json!({ "code": "12345" })).await;
    assert_eq!((not_it.status, &not_it.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("code")));
    let confirmed = viewer.ask("POST", "/api/v1/me/second-factor/confirm", json!({ "code": code(0) })).await;
    let paper = confirmed.json()["recovery_codes"].clone();
    assert_eq!(paper.as_array().map(Vec::len), Some(10), "{}", confirmed.body);
    let sign_in = async |code: Value| {
        let wish = json!({ "email": "viewer@example.com", "password": PASSWORD, "code": code });
        Browser::at(&world, "192.0.2.9").ask("POST", "/api/v1/sign-in", wish).await
    };
    let asked = sign_in(Value::Null).await;
    assert_eq!((asked.status, &asked.json()["field"]), (StatusCode::UNAUTHORIZED, &json!("code")), "{}", asked.body);
    assert_eq!(sign_in(json!(code(0))).await.status, StatusCode::UNAUTHORIZED, "it was used");
    assert_eq!(sign_in(json!(code(1))).await.status, StatusCode::OK);
    assert_eq!(sign_in(paper[0].clone()).await.status, StatusCode::OK);
    assert_eq!(viewer.ask("GET", path, Value::Null).await.json(), json!({ "on": true, "recovery_codes_left": 9 }));
    let mut owner = Browser::of(&world, Role::Owner).await;
    assert_eq!(owner.ask("GET", "/api/v1/users/3", Value::Null).await.json()["second_factor"], true);
    assert_eq!(owner.ask("GET", "/api/v1/users", Value::Null).await.json()["users"][2]["second_factor"], true);
    assert_eq!(owner.status("DELETE", "/api/v1/users/3/second-factor").await, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(Value::Null).await.status, StatusCode::OK);
    let end = viewer.ask("POST", "/api/v1/me/second-factor/end", json!({ "password": "wrong" })).await;
    assert_eq!(end.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", end.body);
    let end = viewer.ask("POST", "/api/v1/me/second-factor/end", json!({ "password": PASSWORD })).await;
    assert_eq!(end.status, StatusCode::NO_CONTENT, "{}", end.body);
}

#[tokio::test]
async fn somebody_is_asked_in_by_a_link_and_comes_once() {
    let world = peopled().await;
    let mut owner = Browser::of(&world, Role::Owner).await;
    let wish = json!({ "email": "new@example.com", "role": "editor" });
    let made = owner.ask("POST", "/api/v1/invitations", wish.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(
        (&made.json()["expires"], made.header("location")),
        (&json!("2026-11-28T11:42:14.120Z"), "/api/v1/invitations/1")
    );
    let link = made.json()["link"].as_str().expect("a link").to_owned();
    let token = link.strip_prefix("https://status.example.com/join?token=").expect("a link here").to_owned();
    let list = owner.ask("GET", "/api/v1/invitations", Value::Null).await;
    assert_eq!(list.json()["invitations"][0]["email"], "new@example.com");
    assert!(!list.body.contains(&token), "{}", list.body);
    let mut guest = Browser::at(&world, "192.0.2.9");
    let weak = guest.ask("POST", "/api/v1/join", json!({ "token": token, "password": "short" })).await;
    assert_eq!((weak.status, &weak.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    let came = guest.ask("POST", "/api/v1/join", json!({ "token": token, "password": PASSWORD, "name": "Nova" })).await;
    assert_eq!((came.status, &came.json()["user"]["role"]), (StatusCode::CREATED, &json!("editor")), "{}", came.body);
    assert_eq!(guest.ask("GET", "/api/v1/me", Value::Null).await.json()["user"]["name"], "Nova");
    let again = guest.ask("POST", "/api/v1/join", json!({ "token": token, "password": PASSWORD })).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "{}", again.body);
    assert_eq!(
        owner.ask("POST", "/api/v1/invitations", wish).await.status,
        StatusCode::CONFLICT,
        "there is such a user"
    );
    let wish = json!({ "email": "next@example.com", "role": "viewer" });
    let path = owner.ask("POST", "/api/v1/invitations", wish).await.header("location").to_owned();
    assert_eq!(owner.status("DELETE", &path).await, StatusCode::NO_CONTENT);
    assert_eq!(owner.status("DELETE", &path).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_link_leads_to_a_form_without_script() {
    let world = peopled().await;
    let address = Address::new("new@example.com").expect("an address");
    let (_, secret) = world.state.people.invite(address, Role::Viewer, NOW).await.expect("invited");
    let path = format!("/join?token={}", secret.text());
    for _ in 0..2 {
        let form = get(&world.state, &path).await;
        assert!(
            form.status == StatusCode::OK && form.body.contains("new@example.com"),
            "looking changes nothing: {}",
            form.body
        );
    }
    let post = async |origin: &str, password: &str| {
        let body = format!("token={}&password={}&name=", secret.text(), password.replace(' ', "+"));
        let request = Request::post("/join").header("host", "status.example.com").header("origin", origin);
        send(&world.state, request.body(Body::from(body)).expect("a request")).await
    };
    assert_eq!(post("https://evil.example.net", PASSWORD).await.status, StatusCode::FORBIDDEN);
    let weak = post(HERE, "short").await;
    assert!(weak.status == StatusCode::UNPROCESSABLE_ENTITY && weak.body.contains("12 to 256"), "{}", weak.body);
    let came = post(HERE, PASSWORD).await;
    assert_eq!((came.status, came.header("location")), (StatusCode::SEE_OTHER, "./"), "{}", came.body);
    assert!(came.header("set-cookie").starts_with("__Host-allswell-"));
    let over = get(&world.state, &path).await;
    assert!(over.status == StatusCode::NOT_FOUND && !over.body.contains("<form"), "{}", over.body);
}
