//! A new password and an invitation by mail.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::world::{Answer, NEW, OLD, World};

/// A server with a relay for its own mails, or without one.
async fn start(has_relay: bool) -> World {
    if has_relay { World::start("").await } else { World::without_relay().await }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_replaced_by_the_link_of_a_mail() {
    let world = start(true).await;
    assert!(world.get("/sign-in").await.text.contains("<a href=\"reset\">Forgot your password?</a>"));
    assert!(world.get("/reset").await.text.contains("<button>Write to me</button>"));
    let asked = world.form("/reset", "email=Ada%40Example.com").await;
    assert!(asked.status == 202 && asked.text.contains("Look into your mail"), "{}", asked.text);
    let (mail, link) = world.link(1, "/reset?token=aw_").await;
    assert_eq!((mail.to.as_slice(), mail.from.as_str()), (&["ada@example.com".to_owned()][..], "ops@acme.dev"));
    assert!(mail.subject.ends_with(": choose a new password"), "{}", mail.subject);
    assert!(mail.html.as_ref().is_some_and(|html| html.contains("Choose a new password</a>")), "both parts are there");

    let shown = world.get(&link).await;
    assert!(shown.status == 200 && shown.text.contains("For ada@example.com"), "{}", shown.text);
    assert!(!shown.text.contains("<script") && shown.text.contains("content-security-policy: default-src 'none'"));
    assert!(world.is_in().await && world.signs_in(OLD).await, "looking changes nothing");
    let token = link.split_once('=').expect("a token").1;
    let short = world.form("/reset", &format!("token={token}&password=short")).await;
    assert!(short.status == 422 && short.text.contains("For ada@example.com"), "{}", short.text);
    assert!(world.is_in().await, "it is as good as before");
    let chosen = world.form("/reset", &format!("token={token}&password={}", NEW.replace(' ', "+"))).await;
    assert!(chosen.status == 200 && chosen.text.contains("You have a new password"), "{}", chosen.text);
    assert!(!world.is_in().await, "signed out everywhere");
    assert!(!world.signs_in(OLD).await && world.signs_in(NEW).await);
    let again = world.form("/reset", &format!("token={token}&password={}", NEW.replace(' ', "+"))).await;
    assert!(again.status == 404 && again.text.contains("This link is not good"), "{}", again.text);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_do_the_same_and_nobody_learns_who_is_a_user() {
    let world = start(true).await;
    let ask = async |email: &str| world.json("/api/v1/reset", &format!(r#"{{ "email": "{email}" }}"#)).await;
    let body = |answer: Answer| answer.text.split_once("\r\n\r\n").expect("a head").1.to_owned();
    let (unknown, known) = (ask("nobody@example.com").await, ask("ada@example.com").await);
    assert_eq!((unknown.status, known.status), (202, 202));
    assert_eq!(body(unknown), body(known));
    let (mail, link) = world.link(1, "/reset?token=aw_").await;
    assert_eq!(mail.to, ["ada@example.com"], "nobody else is written to");
    let token = link.split_once('=').expect("a token").1;
    let choose = async |token: &str, password: &str| {
        let body = format!(r#"{{ "token": "{token}", "password": "{password}" }}"#);
        world.json("/api/v1/reset/password", &body).await.status
    };
    assert_eq!(choose("aw_guessed-guessed-guessed-guessed", NEW).await, 404);
    assert_eq!(choose(token, "short").await, 422);
    assert_eq!(choose(token, NEW).await, 204);
    assert!(!world.signs_in(OLD).await && world.signs_in(NEW).await);
    assert_eq!(ask("no address").await.status, 422);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_gets_three_letters_and_one_place_asks_ten_times() {
    let world = start(true).await;
    let ask = async |email: &str| world.form("/reset", &format!("email={email}")).await.status;
    for _ in 0..6 {
        assert_eq!(ask("ada%40example.com").await, 202, "alike, written or not");
    }
    let all = async |from: usize, to: usize| {
        for number in from..to {
            assert_eq!(ask(&format!("nobody{number}%40example.com")).await, 202);
        }
    };
    all(6, 10).await;
    assert_eq!(ask("bob%40example.com").await, 429);
    // An invitation is written after all of those.
    let invited = world.json("/api/v1/invitations", r#"{ "email": "eve@example.com", "role": "viewer" }"#).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    world.mails.wait_for(4).await;
    let to: Vec<_> = world.mails.list().iter().flat_map(|mail| mail.to.clone()).collect();
    assert_eq!(to.iter().filter(|to| *to == "ada@example.com").count(), 3, "{to:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_in_gets_the_link_by_mail_and_comes_with_it() {
    let world = start(true).await;
    let wish = r#"{ "email": "eve@example.com", "role": "viewer" }"#;
    let made = world.json("/api/v1/invitations", wish).await;
    assert!(made.status == 201 && made.text.contains("\"mailed\":true"), "{}", made.text);
    let (mail, link) = world.link(1, "/join?token=aw_").await;
    assert_eq!(mail.to, ["eve@example.com"]);
    assert!(made.text.contains(&link), "the API gives the same link");
    assert!(mail.html.as_ref().is_some_and(|html| html.contains("You are asked in")), "both parts are there");
    assert!(world.get(&link).await.text.contains("You will sign in as eve@example.com"));
    let token = link.split_once('=').expect("a token").1;
    let joined = world.form("/join", &format!("token={token}&password={}", NEW.replace(' ', "+"))).await;
    assert_eq!(joined.status, 303, "{}", joined.text);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_the_pages_say_who_can_help() {
    let world = start(false).await;
    let sign_in = world.get("/sign-in").await.text;
    assert!(sign_in.contains("allswell user password EMAIL") && !sign_in.contains("href=\"reset\""), "{sign_in}");
    for page in [world.get("/reset").await, world.form("/reset", "email=ada%40example.com").await] {
        assert!(page.status == 200 && page.text.contains("allswell user password EMAIL"), "{}", page.text);
    }
    let asked = world.json("/api/v1/reset", r#"{ "email": "ada@example.com" }"#).await;
    assert!(asked.status == 409 && asked.text.contains("`server.mail` says no relay"), "{}", asked.text);
    let made = world.json("/api/v1/invitations", r#"{ "email": "eve@example.com", "role": "viewer" }"#).await;
    assert!(made.status == 201 && made.text.contains("\"mailed\":false"), "{}", made.text);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_asks_for_nothing() {
    let world = start(true).await;
    let address = world.address();
    #[expect(clippy::disallowed_methods, reason = "the test is the browser")]
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let form = "email=ada%40example.com";
    let request = format!(
        "POST /reset HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    assert_eq!(&text[9..12], "403", "{text}");
    assert_eq!(world.mails.taken(), 0);
    world.stop().await;
}
