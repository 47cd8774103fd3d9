//! What is wrong, and how it is told.

use super::*;

/// Everything that is told of `text`.
fn told(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

#[test]
fn a_misspelt_key_is_told_with_the_right_one() {
    insta::assert_snapshot!(told("monitors:\n  - name: a\n    tcp: { address: \"a:1\" }\n    intervall: 30s\n"), @r"
    error[V012]: unknown key `intervall`
      --> allswell.yaml:4:5
       |
     4 |     intervall: 30s
       |     ^^^^^^^^^ did you mean `interval`?
    ");
}

#[test]
fn a_tag_that_would_break_a_query_is_refused() {
    insta::assert_snapshot!(told("monitors: [{ name: a, tcp: { address: \"a:1\" }, tags: [\"a,b\"], group: \" x\" }]"), @r#"
    error[V017]: the tag `a,b` holds `,`
      --> allswell.yaml:1:55
       |
     1 | monitors: [{ name: a, tcp: { address: "a:1" }, tags: ["a,b"], group: " x" }]
       |                                                       ^^^^^ write letters, digits, `-`, `_`, `.`, `:` and `/`

    error[V017]: the name ` x` begins or ends with a space
      --> allswell.yaml:1:70
       |
     1 | monitors: [{ name: a, tcp: { address: "a:1" }, tags: ["a,b"], group: " x" }]
       |                                                                      ^^^^ remove it
    "#);
}

#[test]
fn what_depends_on_nothing_that_is_there_or_on_itself_is_told_with_its_place() {
    let told = told(
        "monitors:\n  - { name: api, tcp: { address: \"a:1\" }, depends_on: [dbb, web] }\n  - { name: db, tcp: { address: \"b:1\" } }\n  - { name: web, tcp: { address: \"c:1\" }, depends_on: [api] }\n",
    );
    assert!(told.contains("error[V024]: there is no monitor `dbb`\n  --> allswell.yaml:2:56"), "{told}");
    assert!(told.contains("did you mean `db`?"), "{told}");
    assert!(told.contains("error[V016]: `api` depends on itself by way of `web`\n  --> allswell.yaml:2:61"), "{told}");
    assert!(told.contains("error[V016]: `web` depends on itself by way of `api`\n  --> allswell.yaml:4:56"), "{told}");
}

const MAIL: &str = "mail: { smtp: \"smtp://mail.example.com\", from: a@example.com }";

#[test]
fn signing_up_that_could_not_be_is_told_with_its_place() {
    let check = |sign_up: &str, plans: &str, part: &str| {
        let told = told(&format!("{plans}\nserver:\n  sign_up: {sign_up}\n  {MAIL}\n"));
        assert!(told.contains(part) && told.contains("--> allswell.yaml:3:"), "{sign_up}: {told}");
    };
    let plans = "plans: { free: { monitors: 5 }, pro: {} }";
    check("{ plan: fre }", plans, "`plan: fre` is no plan");
    check("{ plan: fre }", plans, "did you mean `free`?");
    check("{ plan: gold }", plans, "`plans` names `free`, `pro`");
    check("{ plan: gold }", "", "name it under `plans`");
    check("{}", plans, "sign_up needs `plan`");
    check("{ plan: free, private_network: true }", plans, "did you mean `private_networks`?");
    let without = told(&format!("{plans}\nserver:\n  sign_up: {{ plan: free }}\n"));
    assert!(without.contains("`sign_up` needs `mail`\n  --> allswell.yaml:3:3"), "{without}");
    let good = format!("{plans}\nserver:\n  sign_up: {{ plan: free }}\n  {MAIL}\n");
    let config = read(&good).expect("it is good");
    let sign_up = config.server.sign_up.expect("it is open");
    assert_eq!((sign_up.plan.as_str(), sign_up.private_networks), ("free", false));
}

#[test]
fn maintenance_that_says_not_when_or_of_whom_is_told() {
    let check = |window: &str, part: &str| {
        let told = told(&format!(
            "monitors: [{{ name: db, tcp: {{ address: \"a:1\" }}, tags: [eu] }}]\nmaintenance:\n  - {{ name: w, {window} }}\n"
        ));
        assert!(told.contains(part) && told.contains("--> allswell.yaml:3:"), "{window}: {told}");
    };
    check("monitors: [db]", "must say when");
    check("monitors: [db], cron: \"0 2 * * *\"", "not how long it lasts; add `duration: 1h`");
    check("monitors: [db], cron: \"0 25 * * *\", duration: 1h", "hour");
    check("monitors: [db], cron: \"0 2 * * *\", duration: 1h, timezone: Berlin", "`Berlin` is no time zone");
    check("cron: \"0 2 * * *\", duration: 1h", "covers nothing");
    check("monitors: [db2], cron: \"0 2 * * *\", duration: 1h", "there is no monitor `db2`");
    check("tags: [us], cron: \"0 2 * * *\", duration: 1h", "there is no tag `us`");
    check("monitors: [db], weekly: [sun], duration: 1h", "add `at: \"02:00\"`");
    check("monitors: [db], weekly: [sun], at: \"2 am\", duration: 1h", "`at: 2 am` is no time of day");
    check("monitors: [db], from: tomorrow", "`from: tomorrow` is no moment");
    check("monitors: [db], from: \"2026-12-24T22:00\", until: \"2026-12-24T21:00\"", "`until` is not after `from`");
    check(
        "monitors: [db], from: \"2026-12-24T22:00\", weekly: [sun], at: \"02:00\", duration: 1h",
        "must say when, and once",
    );
}
