//! An account of one's own by a link in a mail: from asking for it to a monitor in it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::world::{Answer, NEW, World};

const OPEN: &str = "sign_up: { plan: free }";
const PLANS: &str = "plans: { free: { monitors: 1 } }";
const ASK: &str = "/api/v1/sign-up";
const MAKE: &str = "/api/v1/sign-up/account";

pub(super) async fn open() -> World {
    World::with(true, OPEN, PLANS).await
}

pub(super) async fn asks(world: &World, email: &str) -> Answer {
    world.json(ASK, &json!({ "email": email }).to_string()).await
}

pub(super) async fn makes(world: &World, token: &str, more: Value) -> Answer {
    let mut body = json!({ "token": token, "password": NEW });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.json(MAKE, &body.to_string()).await
}

/// The token in the mail with this number.
pub(super) async fn token(world: &World, number: usize) -> String {
    let (_, link) = world.link(number, "/sign-up?token=aw_").await;
    link.split_once('=').expect("a token").1.to_owned()
}

fn monitor(name: &str) -> String {
    json!({ "name": name, "http": { "url": "http://127.0.0.1:9/" } }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_address_makes_an_account_on_the_page_and_is_alone_in_it() {
    let mut world = open().await;
    world.json("/api/v1/monitors", &monitor("hers")).await.expect(201);
    let adas = std::mem::take(&mut world.cookie);
    assert_eq!(world.get("/api/v1/setup").await.expect(200)["sign_up"], true);
    assert!(world.get("/sign-in").await.text.contains("<a href=\"sign-up\">Make an account of your own</a>"));
    assert!(world.get("/sign-up").await.text.contains("<button>Write to me</button>"));
    let wrong = world.form("/sign-up", "email=nobody").await;
    assert!(wrong.status == 422 && wrong.text.contains("That is no mail address"), "{}", wrong.text);
    let asked = world.form("/sign-up", "email=Bob%40Example.com").await;
    assert!(asked.status == 202 && asked.text.contains("Look into your mail"), "{}", asked.text);

    let (mail, link) = world.link(1, "/sign-up?token=aw_").await;
    assert_eq!((mail.to.as_slice(), mail.from.as_str()), (&["bob@example.com".to_owned()][..], "ops@acme.dev"));
    assert!(mail.html.as_ref().is_some_and(|html| html.contains("Make the account</a>")), "both parts are there");
    let token = link.split_once('=').expect("a token").1;
    for _ in 0..2 {
        let shown = world.get(&link).await;
        assert!(shown.status == 200 && shown.text.contains("You will sign in as bob@example.com"), "{}", shown.text);
        assert!(!shown.text.contains("<script") && shown.text.contains("form-action 'self'"), "{}", shown.text);
    }
    let short = world.form("/sign-up", &format!("token={token}&password=short&account=Acme&name=Bob")).await;
    assert!(short.status == 422 && short.text.to_lowercase().contains("a password has 12"), "{}", short.text);
    assert!(short.text.contains("value=\"Acme\"") && short.text.contains("value=\"Bob\""), "{}", short.text);
    let password = NEW.replace(' ', "+");
    let made = world.form("/sign-up", &format!("token={token}&password={password}&account=Acme&name=Bob")).await;
    assert!(made.status == 303, "{}", made.text);
    let again = world.form("/sign-up", &format!("token={token}&password={password}")).await;
    assert!(again.status == 404 && again.text.contains("This link is not good"), "{}", again.text);

    world.cookie = made.cookie();
    let me = world.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["user"]["name"], &me["user"]["role"]), (&json!("Bob"), &json!("owner")));
    assert_eq!((&me["account"]["name"], &me["account"]["plan"]["name"]), (&json!("Acme"), &json!("free")));
    assert_eq!(world.get("/api/v1/monitors").await.expect(200)["monitors"], json!([]));
    world.json("/api/v1/monitors", &monitor("his")).await.expect(201);
    assert_eq!(world.json("/api/v1/monitors", &monitor("more")).await.expect(403)["limit"], "monitors");
    assert_eq!(world.get("/api/v1/monitors/hers").await.status, 404);
    assert_eq!(world.get("/api/v1/users").await.expect(200)["users"].as_array().map(Vec::len), Some(1));
    let his = std::mem::replace(&mut world.cookie, adas.clone());
    let all = world.get("/api/v1/accounts").await.expect(200);
    let of = |one: usize| (all["accounts"][one]["name"].clone(), all["accounts"][one]["users"].clone());
    assert_eq!((of(0), of(1)), ((json!("default"), json!(1)), (json!("Acme"), json!(1))), "{all}");
    let id = all["accounts"][1]["id"].to_string();
    let changed =
        world.send("PATCH", &format!("/api/v1/accounts/{id}"), "application/json", r#"{ "plan": null }"#).await;
    assert_eq!(changed.expect(200)["monitors"], 1);
    world.cookie = his;
    world.json("/api/v1/monitors", &monitor("more")).await.expect(201);
    for path in ["/api/v1/accounts".to_owned(), format!("/api/v1/accounts/{id}")] {
        let method = if path.ends_with('s') { "GET" } else { "PATCH" };
        let refused = world.send(method, &path, "application/json", r#"{ "plan": null }"#).await;
        assert_eq!(refused.status, 404, "they are for who runs the server: {}", refused.text);
    }

    world.begin(OPEN, PLANS).await;
    let his = world.get("/api/v1/monitors").await.expect(200);
    assert_eq!(his["monitors"][0]["name"], "his", "all of it outlasts the process: {his}");
    assert_eq!(world.get("/api/v1/me").await.expect(200)["account"]["name"], "Acme");
    world.cookie = adas;
    let hers = world.get("/api/v1/monitors").await.expect(200);
    assert_eq!((hers["monitors"].as_array().map(Vec::len), &hers["monitors"][0]["name"]), (Some(1), &json!("hers")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_do_the_same_and_nobody_learns_who_is_a_user() {
    let world = open().await;
    let (unknown, known) = (asks(&world, "bob@example.com").await, asks(&world, "ada@example.com").await);
    assert_eq!((unknown.status, known.status), (202, 202));
    assert_eq!(unknown.body(), known.body());
    let (first, second) = (world.mail(1).await, world.mail(2).await);
    let to = |who: &str| [&first, &second].into_iter().find(|mail| mail.to == [who]).expect("both were written to");
    let known = to("ada@example.com").text.clone().expect("a text");
    let (sign_in, reset) = (format!("http://{}/sign-in", world.address()), format!("http://{}/reset", world.address()));
    assert!(known.contains(&sign_in) && known.contains(&reset) && !known.contains("token="), "{known}");
    let bobs = to("bob@example.com").text.clone().expect("a text");
    let token = bobs.split_once("token=").and_then(|(_, rest)| rest.split_whitespace().next()).expect("a token");
    assert_eq!(makes(&world, "aw_guessed-guessed-guessed-guessed", json!({})).await.status, 404);
    let short = makes(&world, token, json!({ "password": "short" })).await;
    assert_eq!(short.expect(422)["field"], "password");
    let made = makes(&world, token, json!({})).await;
    assert_eq!(made.expect(201)["user"]["email"], "bob@example.com");
    assert!(made.cookie().len() > 20);
    assert_eq!(makes(&world, token, json!({})).await.status, 404, "it was used");
    assert_eq!(asks(&world, "no address").await.status, 422);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_for_a_day_and_until_the_next_one() {
    let world = open().await;
    asks(&world, "bob@example.com").await;
    let first = token(&world, 1).await;
    asks(&world, "bob@example.com").await;
    let second = token(&world, 2).await;
    assert_eq!(makes(&world, &first, json!({})).await.status, 404, "the second took its place");
    world.wait_hours(23);
    assert_eq!(world.get(&format!("/sign-up?token={second}")).await.status, 200);
    world.wait_hours(1);
    let late = makes(&world, &second, json!({})).await;
    assert!(late.status == 404 && late.text.contains("ask for another one at /sign-up"), "{}", late.text);
    let page = world.get(&format!("/sign-up?token={second}")).await;
    assert!(page.status == 404 && page.text.contains("This link is not good"), "{}", page.text);
    // Who came otherwise meanwhile is a user already.
    asks(&world, "bob@example.com").await;
    let third = token(&world, 3).await;
    let bob = json!({ "email": "bob@example.com", "role": "viewer", "password": NEW }).to_string();
    world.json("/api/v1/users", &bob).await.expect(201);
    assert_eq!(makes(&world, &third, json!({})).await.status, 404);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_an_account_in_the_name_of_another_keeps_no_new_password_from_them() {
    let world = open().await;
    for _ in 0..4 {
        assert_eq!(asks(&world, "ada@example.com").await.status, 202);
    }
    let asked = world.json("/api/v1/reset", r#"{ "email": "ada@example.com" }"#).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let (mut told, mut ways) = (0, 0);
    for number in 1..=4 {
        let text = world.mail(number).await.text.clone().expect("a text");
        if text.contains("/reset?token=aw_") { ways += 1 } else { told += 1 }
    }
    assert_eq!((told, ways), (3, 1));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_closed_all_ways_say_so() {
    let mut world = World::with(true, "", PLANS).await;
    let closed = async |world: &World, why: &str| {
        assert_eq!(world.get("/api/v1/setup").await.expect(200)["sign_up"], false);
        assert!(!world.get("/sign-in").await.text.contains("sign-up"));
        for answer in [asks(world, "bob@example.com").await, makes(world, "aw_x", json!({})).await] {
            let problem = answer.expect(404);
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{problem}");
            assert!(problem["hint"].is_string(), "{problem}");
        }
        for page in [world.get("/sign-up").await, world.form("/sign-up", "email=bob%40example.com").await] {
            let said = page.text.contains(&why.replace('`', "")) || page.text.contains(why);
            assert!(page.status == 404 && said, "{}", page.text);
        }
    };
    closed(&world, "`server.sign_up` is not configured").await;
    assert_eq!(world.mails.taken(), 0);
    // A link from before leads nowhere.
    world.begin(OPEN, PLANS).await;
    asks(&world, "bob@example.com").await;
    let token = token(&world, 1).await;
    world.begin("", PLANS).await;
    assert_eq!(makes(&world, &token, json!({})).await.status, 404);
    world.stop().await;
    // Before there is an owner, everything is open, and must not become somebody else's.
    let world = World::without_users(true, OPEN, PLANS).await;
    closed(&world, "before the server has an owner").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_as_many_accounts_as_the_server_takes() {
    let mut world = World::with(true, "sign_up: { plan: free, accounts: 2 }", PLANS).await;
    let people = ["bob@example.com", "eve@example.com", "sam@example.com"];
    let mut tokens = Vec::new();
    for (number, email) in (1..).zip(people) {
        asks(&world, email).await;
        tokens.push(token(&world, number).await);
    }
    let made = join_all(tokens.iter().map(|token| makes(&world, token, json!({})))).await;
    let mut statuses: Vec<u16> = made.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409], "those who come together are counted one after the other");
    // Who was refused comes again with the same link.
    world.begin("sign_up: { plan: free, accounts: 3 }", PLANS).await;
    let refused = made.iter().position(|answer| answer.status == 409).expect("one was");
    assert_eq!(makes(&world, &tokens[refused], json!({})).await.status, 201);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_around_the_server_is_watched_only_where_its_operator_says_so() {
    let mut world = open().await;
    asks(&world, "bob@example.com").await;
    world.cookie = makes(&world, &token(&world, 1).await, json!({})).await.cookie();
    let trial = async |world: &World| {
        let own = json!({ "http": { "url": format!("http://{}/health", world.address()) } }).to_string();
        world.json("/api/v1/try", &own).await.expect(200)
    };
    let denied = trial(&world).await;
    assert!(denied["outcome"] == "fail" && denied["status"] == Value::Null, "{denied}");
    world.begin("sign_up: { plan: free, private_networks: true }", PLANS).await;
    let answered = trial(&world).await;
    assert_eq!((&answered["outcome"], &answered["status"]), (&json!("pass"), &json!(200)), "{answered}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_asks_for_nothing_and_one_place_asks_ten_times() {
    let world = open().await;
    let address = world.address();
    for (path, kind, body) in [
        ("/sign-up", "application/x-www-form-urlencoded", "email=bob%40example.com"),
        (ASK, "application/json", "{\"email\": \"bob@example.com\"}"),
        (MAKE, "application/json", "{\"token\": \"aw_x\", \"password\": \"correct horse battery\"}"),
    ] {
        #[expect(clippy::disallowed_methods, reason = "the test is the browser")]
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an answer");
        assert_eq!(&text[9..12], "403", "{path}: {text}");
    }
    assert_eq!(world.mails.taken(), 0);
    for number in 0..10 {
        assert_eq!(asks(&world, &format!("bob{number}@example.com")).await.status, 202);
    }
    let much = asks(&world, "eve@example.com").await;
    assert!(much.status == 429 && much.text.contains("retry-after: "), "{}", much.text);
    world.stop().await;
}
