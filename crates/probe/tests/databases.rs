//! Databases: real servers where `cargo xtask test` found them, and others that break the rules.
#![allow(clippy::disallowed_methods, reason = "the servers here are the other side")]

mod support;

use std::io::{Read, Write};
use std::net::SocketAddr;

use allswell_core::Reason;
use allswell_probe::Answer;
use serde_json::{Value, json};
use support::{ask, ask_briefly, fails, passes, raw};

/// What must never be seen.
const PASSWORD: &str = "hunter2-s3cret";
const USER: &str = "watchman";

fn dsn(scheme: &str, address: SocketAddr, rest: &str) -> String {
    format!("{scheme}://{USER}:{PASSWORD}@{address}/{rest}")
}

/// Nothing of an answer says who asked and with what.
#[track_caller]
fn keeps_quiet(answer: &Answer) {
    let all = format!("{answer:?}");
    assert!(!all.contains(PASSWORD) && !all.contains(USER), "{all}");
}

#[track_caller]
fn refused(settings: Value, part: &str) {
    let parsed = serde_json::from_value(settings).expect("settings");
    assert!(!format!("{parsed:?}").contains(PASSWORD));
    let error = allswell_probe::Question::new(parsed, &[], 14).expect_err("must be refused");
    let text = format!("{error} {error:?}");
    assert!(text.contains(part) && !text.contains(PASSWORD) && !text.contains(USER), "{text}");
}

#[test]
fn a_dsn_that_cannot_be_meant_is_refused_without_being_repeated() {
    let with = |dsn: &str| json!({ "postgres": { "dsn": dsn } });
    refused(with(&format!("host=db user={USER} password={PASSWORD}")), "is no URL");
    refused(with(&format!("mysql://{USER}:{PASSWORD}@db/x")), "another scheme");
    refused(with(&format!("postgres://{USER}:{PASSWORD}@db/x?sslmode={PASSWORD}")), "unknown `sslmode`");
    refused(with(&format!("postgres://{USER}:{PASSWORD}@db/x?{PASSWORD}=1")), "other than `sslmode`");
    refused(with("postgres://db/x"), "names no user");
    refused(with(&format!("postgres://{USER}:{PASSWORD}@db:99999/x")), "is no URL");
    refused(json!({ "redis": { "dsn": format!("redis://{USER}:{PASSWORD}@db/zero") } }), "no number");
    refused(json!({ "redis": { "dsn": format!("redis://{USER}@db/0") } }), "without a password");
}

#[test]
fn a_target_shows_where_and_never_who() {
    let target = |settings: Value| support::question(settings, &[]).target().to_owned();
    let address: SocketAddr = "127.0.0.1:5432".parse().expect("an address");
    assert_eq!(
        target(json!({ "postgres": { "dsn": dsn("postgres", address, "app") } })),
        "postgres 127.0.0.1:5432/app"
    );
    assert_eq!(target(json!({ "postgres": { "dsn": dsn("postgres", address, "") } })), "postgres 127.0.0.1:5432");
    assert_eq!(target(json!({ "redis": { "dsn": dsn("redis", address, "3") } })), "redis 127.0.0.1:5432/3");
}

#[tokio::test]
async fn a_server_of_something_else_breaks_the_protocol() {
    let http = raw::server(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        raw::finish(stream);
    });
    let answer = ask(json!({ "redis": { "dsn": dsn("redis", http, "") } })).await;
    fails(&answer, Reason::Protocol);
    let answer = ask(json!({ "postgres": { "dsn": dsn("postgres", http, "app") } })).await;
    fails(&answer, Reason::Protocol);
    let talking = raw::server(|mut stream| {
        let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n");
        raw::finish(stream);
    });
    fails(&ask(json!({ "mysql": { "dsn": dsn("mysql", talking, "app") } })).await, Reason::Protocol);
    let answer = ask(json!({ "postgres": { "dsn": dsn("postgres", http, "app?sslmode=disable") } })).await;
    assert!(matches!(answer.outcome.reason, Some(Reason::Protocol | Reason::BodyTooLarge)), "{:?}", answer.detail);
    let silent = raw::server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    fails(&ask_briefly(json!({ "redis": { "dsn": dsn("redis", silent, "") } })).await, Reason::FirstByteTimeout);
    fails(
        &ask_briefly(json!({ "postgres": { "dsn": dsn("postgres", silent, "?sslmode=disable") } })).await,
        Reason::FirstByteTimeout,
    );
    fails(&ask_briefly(json!({ "mysql": { "dsn": dsn("mysql", silent, "") } })).await, Reason::FirstByteTimeout);
    let closing = raw::server(|mut stream| drop(stream.read(&mut [0; 64])));
    fails(&ask(json!({ "redis": { "dsn": dsn("redis", closing, "") } })).await, Reason::ConnectionLost);
}

#[tokio::test]
async fn an_error_that_repeats_the_password_is_masked() {
    let echoing = raw::server(|mut stream| {
        let mut asked = [0; 256];
        let length = stream.read(&mut asked).unwrap_or(0);
        let words = String::from_utf8_lossy(&asked[..length]).replace("\r\n", " ");
        let _ = stream.write_all(format!("-ERR what is {words}?\r\n").as_bytes());
        raw::finish(stream);
    });
    let answer = ask(json!({ "redis": { "dsn": dsn("redis", echoing, "") } })).await;
    fails(&answer, Reason::Authentication);
    keeps_quiet(&answer);
}

mod needs_redis {
    use super::support::database::Redis;
    use super::*;

    #[tokio::test]
    async fn a_real_redis_is_asked_with_and_without_a_user() {
        let redis = Redis::start(&format!("requirepass {PASSWORD}\nuser {USER} on >{PASSWORD} ~* +ping +select\n"));
        let with = |dsn: String| json!({ "redis": { "dsn": dsn } });
        let address = redis.address;
        for good in [dsn("redis", address, ""), dsn("redis", address, "2"), format!("redis://:{PASSWORD}@{address}")] {
            let answer = ask(with(good)).await;
            passes(&answer);
            assert!(answer.phases.first_byte.is_some());
            keeps_quiet(&answer);
        }
        for wrong in [format!("redis://{address}"), format!("redis://:wrong-{PASSWORD}@{address}")] {
            let answer = ask(with(wrong)).await;
            fails(&answer, Reason::Authentication);
            keeps_quiet(&answer);
        }
        fails(&ask(with(dsn("redis", address, "99"))).await, Reason::Refused);
        drop(redis);
        fails(&ask(with(dsn("redis", address, ""))).await, Reason::ConnectRefused);
    }
}

mod needs_mariadb {
    use super::support::database::{Mariadb, pem};
    use super::support::tls;
    use super::*;

    fn server(identity: Option<(&str, &str)>) -> Mariadb {
        let sql = format!(
            "CREATE DATABASE app;\nINSTALL SONAME 'auth_ed25519';\n\
             CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\nGRANT SELECT ON app.* TO {USER}@'127.0.0.1';\n\
             CREATE USER watchman_open@'127.0.0.1';\n\
             CREATE USER watchman_curve@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}');\n"
        );
        Mariadb::start(&sql, identity)
    }

    #[tokio::test]
    async fn a_real_mariadb_is_asked_and_its_errors_are_told() {
        let mariadb = server(None);
        let address = mariadb.address;
        let with = |login: &str, more: Value| {
            let mut block = json!({ "dsn": format!("mysql://{login}@{address}/app") });
            block.as_object_mut().expect("a block").extend(more.as_object().expect("a block").clone());
            json!({ "mysql": block })
        };
        let login = format!("{USER}:{PASSWORD}");
        let answer = ask(with(&login, json!({}))).await;
        passes(&answer);
        assert!(answer.phases.first_byte.is_some() && answer.phases.transfer.is_some());
        keeps_quiet(&answer);
        passes(&ask(json!({ "mysql": { "dsn": format!("mariadb://watchman_open@{address}") } })).await);
        for wrong in [format!("{USER}:wrong"), USER.to_owned(), format!("nobody:{PASSWORD}")] {
            let answer = ask(with(&wrong, json!({}))).await;
            fails(&answer, Reason::Authentication);
            keeps_quiet(&answer);
        }
        let curve = ask(with(&format!("watchman_curve:{PASSWORD}"), json!({}))).await;
        fails(&curve, Reason::Authentication);
        assert!(curve.detail.is_some_and(|detail| detail.contains("`client_ed25519`")), "it names the plug-in");
        passes(&ask(with(&login, json!({ "query": "SELECT 6*7, 'x'", "expect": "42" }))).await);
        passes(&ask(with(&login, json!({ "query": "DO 1" }))).await);
        let other = ask(with(&login, json!({ "query": "SELECT 6*7, NULL, 'x'", "expect": "43" }))).await;
        fails(&other, Reason::Expectation);
        assert_eq!(other.detail.as_deref(), Some("the query gave `42`, expected `43`"));
        assert_eq!(other.evidence.map(|evidence| evidence.body).as_deref(), Some("42\t\tx"));
        let null = ask(with(&login, json!({ "query": "SELECT NULL", "expect": "1" }))).await;
        assert_eq!(null.detail.as_deref(), Some("the query gave NULL, expected `1`"));
        let none = ask(with(&login, json!({ "query": "SELECT 1 FROM DUAL WHERE 0", "expect": "1" }))).await;
        assert_eq!(none.detail.as_deref(), Some("the query gave no row, expected `1`"));
        let wrong = ask(with(&login, json!({ "query": "SELEC 1" }))).await;
        fails(&wrong, Reason::Refused);
        assert!(
            wrong.detail.is_some_and(|detail| detail.contains("error in your SQL syntax")),
            "it says what is wrong"
        );
        let late = json!({ "query": "SELECT seq, CAST(IF(seq = 999, (SELECT 1 UNION SELECT 2), 'x') AS CHAR) FROM seq_1_to_1000" });
        fails(&ask(with(&login, late)).await, Reason::Refused);
        fails(&ask(with(&login, json!({ "query": "SELECT REPEAT('x', 4000000)" }))).await, Reason::BodyTooLarge);
        let slow = json!({ "query": "SELECT SLEEP(60)" });
        fails(&ask_briefly(with(&login, slow)).await, Reason::FirstByteTimeout);
        let nowhere = json!({ "mysql": { "dsn": dsn("mysql", address, "nowhere") } });
        fails(&ask(nowhere).await, Reason::Authentication);
        let insisting = json!({ "mysql": { "dsn": dsn("mysql", address, "app?ssl-mode=REQUIRED") } });
        fails(&ask(insisting).await, Reason::TlsUnsupported);
        let log = mariadb.end();
        let aborted =
            log.lines().filter(|line| line.contains("Aborted") && !line.contains("This connection closed normally"));
        // The slow and the large answer, the plug-in that is not known, and TLS that is not spoken.
        assert!(aborted.count() <= 4, "{log}");
        fails(&ask(json!({ "mysql": { "dsn": dsn("mysql", address, "") } })).await, Reason::ConnectRefused);
    }

    #[tokio::test]
    async fn over_tls_the_certificate_counts_as_far_as_ssl_mode_says() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let root = tls::root("Test Root");
        let ca = tls::pem_of(directory.path(), &root);
        let identity = tls::identity(tls::leaf(&tls::NAMES), &root, &[]);
        let mariadb = server(Some((&pem(&identity), &identity.key.serialize_pem())));
        let with = |mode: &str, tls: Option<Value>| {
            let dsn = dsn("mysql", mariadb.address, &format!("app?ssl-mode={mode}"));
            json!({ "mysql": { "dsn": dsn, "tls": tls, "query": "SELECT variable_value FROM \
                information_schema.session_status WHERE variable_name = 'SSL_VERSION'" } })
        };
        let well = ask(with("VERIFY_IDENTITY", Some(json!({ "ca": ca })))).await;
        passes(&well);
        assert!(well.phases.tls.is_some() && well.certificate.is_some_and(|certificate| certificate.trusted));
        fails(&ask(with("verify-full", None)).await, Reason::TlsIncompleteChain);
        for mode in ["PREFERRED", "require"] {
            let accepted = ask(with(mode, None)).await;
            assert_eq!(accepted.outcome.reason, None, "{:?}", accepted.detail);
            assert!(accepted.certificate.is_some_and(|certificate| !certificate.trusted), "{mode}");
        }
        let plain = ask(with("DISABLED", None)).await;
        passes(&plain);
        assert!(plain.phases.tls.is_none());
    }
}

mod needs_postgres {
    use super::support::database::{Postgres, pem};
    use super::support::tls;
    use super::*;

    fn server(identity: Option<(&str, &str)>) -> Postgres {
        let sql = format!(
            "CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}';\nCREATE DATABASE app;\n\
             SET password_encryption = 'md5';\nCREATE ROLE watchman_md5 LOGIN PASSWORD '{PASSWORD}';\n\
             CREATE ROLE watchman_clear LOGIN PASSWORD '{PASSWORD}';\n"
        );
        let rules = "host all watchman_md5 127.0.0.1/32 md5\nhost all watchman_clear 127.0.0.1/32 password\n\
                     host all all 127.0.0.1/32 scram-sha-256\n";
        Postgres::start(&sql, rules, identity)
    }

    #[tokio::test]
    async fn a_real_postgres_is_asked_by_each_way_of_authentication() {
        let postgres = server(None);
        let address = postgres.address;
        let with = |user: &str, password: &str, more: Value| {
            let mut block = json!({ "dsn": format!("postgres://{user}:{password}@{address}/app") });
            block.as_object_mut().expect("a block").extend(more.as_object().expect("a block").clone());
            json!({ "postgres": block })
        };
        for user in [USER, "watchman_md5", "watchman_clear"] {
            let answer = ask(with(user, PASSWORD, json!({}))).await;
            passes(&answer);
            assert!(answer.phases.first_byte.is_some() && answer.phases.transfer.is_some());
            keeps_quiet(&answer);
            let answer = ask(with(user, "wrong", json!({}))).await;
            fails(&answer, Reason::Authentication);
            keeps_quiet(&answer);
        }
        passes(&ask(with(USER, PASSWORD, json!({ "query": "SELECT 6*7, 'x'", "expect": "42" }))).await);
        let other = ask(with(USER, PASSWORD, json!({ "query": "SELECT 6*7, 'x'", "expect": "43" }))).await;
        fails(&other, Reason::Expectation);
        assert_eq!(other.detail.as_deref(), Some("the query gave `42`, expected `43`"));
        assert_eq!(other.evidence.map(|evidence| evidence.body).as_deref(), Some("42\tx"));
        let none = ask(with(USER, PASSWORD, json!({ "query": "SELECT 1 WHERE false", "expect": "1" }))).await;
        assert_eq!(none.detail.as_deref(), Some("the query gave no row, expected `1`"));
        let wrong = ask(with(USER, PASSWORD, json!({ "query": "SELEC 1" }))).await;
        fails(&wrong, Reason::Refused);
        assert!(wrong.detail.is_some_and(|detail| detail.contains("syntax error")), "it says what is wrong");
        let large = json!({ "query": "SELECT repeat('x', 4000000)" });
        fails(&ask(with(USER, PASSWORD, large)).await, Reason::BodyTooLarge);
        let slow = json!({ "query": "SELECT pg_sleep(60)" });
        fails(&ask_briefly(with(USER, PASSWORD, slow)).await, Reason::FirstByteTimeout);
        let nowhere = json!({ "postgres": { "dsn": format!("postgres://{USER}:{PASSWORD}@{address}/nowhere") } });
        fails(&ask(nowhere).await, Reason::Refused);
        let insisting = json!({ "postgres": { "dsn": dsn("postgres", address, "app?sslmode=require") } });
        fails(&ask(insisting).await, Reason::TlsUnsupported);
        assert!(!postgres.log().contains("unexpected EOF"), "{}", postgres.log());
    }

    #[tokio::test]
    async fn over_tls_the_certificate_counts_as_far_as_sslmode_says() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let root = tls::root("Test Root");
        let ca = tls::pem_of(directory.path(), &root);
        let identity = tls::identity(tls::leaf(&tls::NAMES), &root, &[]);
        let postgres = server(Some((&pem(&identity), &identity.key.serialize_pem())));
        let with = |mode: &str, tls: Option<Value>| {
            let dsn = dsn("postgres", postgres.address, &format!("app?sslmode={mode}"));
            json!({ "postgres": { "dsn": dsn, "tls": tls } })
        };
        let well = ask(with("verify-full", Some(json!({ "ca": ca })))).await;
        passes(&well);
        assert!(well.phases.tls.is_some() && well.certificate.is_some_and(|certificate| certificate.trusted));
        fails(&ask(with("verify-full", None)).await, Reason::TlsIncompleteChain);
        for mode in ["prefer", "require"] {
            let accepted = ask(with(mode, None)).await;
            assert_eq!(accepted.outcome.reason, None, "{:?}", accepted.detail);
            assert!(accepted.certificate.is_some_and(|certificate| !certificate.trusted), "{mode}");
        }
        let plain = ask(with("disable", None)).await;
        passes(&plain);
        assert!(plain.phases.tls.is_none());
    }
}
