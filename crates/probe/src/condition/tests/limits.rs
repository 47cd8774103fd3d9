//! A monitored server can neither crash nor hang nor bloat the evaluation, and a reason carries no more than it should.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::{Condition, evaluate, evaluate_masked};
use super::{Answer, cases};

const TOO_LONG: &str = "evaluating it takes more than 250000 steps on this answer";

#[test]
fn ten_thousand_levels_of_json_fail_in_order() {
    let body = "[".repeat(10_000) + &"]".repeat(10_000);
    let answer = Answer::with_body(&body);
    answer.fails("size(body) == 1", "the body is JSON with more than 127 levels");
    answer.fails("!(size(body) == 1)", "the body is JSON with more than 127 levels");
    answer.holds("size(text) == 20000");
}

#[test]
fn a_loop_in_a_loop_ends() {
    let answer = Answer::with_body(&format!("[{}0]", "0,".repeat(4_999)));
    answer.holds("body.all(x, x == 0)");
    answer.fails("body.all(x, body.all(y, x == y))", TOO_LONG);
    answer.fails("!body.all(x, body.all(y, x == y))", TOO_LONG);
    answer.fails("body.all(x, body == body)", TOO_LONG);
    answer.fails("body.map(x, body.map(y, body)) == []", TOO_LONG);
}

#[test]
fn long_texts_cost_what_they_are_long() {
    let answer = Answer::with_body(&format!(r#"{{"list":[{}0],"text":"{}"}}"#, "0,".repeat(999), "a".repeat(1 << 20)));
    answer.holds("body.text.matches('a$') && text.contains('aaa')");
    answer.holds("body.text + 'x' != body.text");
    answer.fails("body.list.all(x, !body.text.contains('ab'))", TOO_LONG);
    answer.fails("body.list.all(x, body.text + 'x' != body.text)", TOO_LONG);
    answer.fails("body.text.matches('[ab]*a[ab]{900}c')", TOO_LONG);
    let doubled = format!("{} == ''", ["body.text"; 60].join(" + "));
    answer.fails(&doubled, TOO_LONG);
}

#[test]
fn a_spent_budget_is_no_error_that_may_be_passed_over() {
    let answer = Answer::with_body(&format!("[{}0]", "0,".repeat(4_999)));
    answer.fails("body.all(x, body.all(y, x == y)) || status == 503", TOO_LONG);
    answer.holds("status == 503 || body.all(x, body.all(y, x == y))");
}

#[test]
fn all_conditions_together_have_a_budget_too() {
    let answer = Answer::with_body(&format!("[{}0]", "0,".repeat(4_999)));
    let endless = Condition::parse("body.all(x, body.all(y, x == y))").unwrap();
    let cheap = Condition::parse("size(body) == 5000").unwrap();
    let all: Vec<_> = std::iter::repeat_n(endless, 20).chain([cheap]).collect();
    assert_eq!(evaluate(&all, &answer.facts()).len(), 21);
}

#[test]
fn a_reason_is_short_and_harmless() {
    let body = format!(r#"{{"long":"{}","ctl":"\u001b[2J\u202eabc\n"}}"#, "ü".repeat(100_000));
    let answer = Answer::with_body(&body);
    let why = answer.why_not("body.long == ''").unwrap();
    assert_eq!(why.chars().count(), "body.long is ".len() + 201);
    answer.fails("body.ctl == ''", "body.ctl is \"\u{fffd}[2J\u{fffd}abc\\n\"");
}

#[test]
fn secrets_are_masked_before_a_reason_is_cut() {
    let mask = |text: &str| text.replace("s3cr3t-token", "•••");
    let body = format!(r#"{{"echo":"{}s3cr3t-token","list":["s3cr3t-token"],"s3cr3t-token":1}}"#, "x".repeat(195));
    let answer = Answer::with_body(&body);
    for text in ["body.echo == ''", "body.list == []", "body == {}", "text == ''", "body.echo < 5"] {
        let failed = evaluate_masked(&[Condition::parse(text).unwrap()], &answer.facts(), &mask);
        assert!(!failed[0].why.contains("s3cr"), "{failed:?}");
    }
}

proptest! {
    // Parsing takes milliseconds in a debug build; `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig { cases: cases(100), ..ProptestConfig::default() })]

    #[test]
    fn parsing_never_panics(text in any::<String>()) {
        let _ = Condition::parse(&text);
    }

    #[test]
    fn parsing_what_looks_like_cel_never_panics(parts in prop::collection::vec(prop::sample::select(PARTS), 0..40)) {
        let _ = Condition::parse(&parts.concat());
        let _ = Condition::parse(&parts.join(" "));
    }

    #[test]
    fn evaluating_never_panics_whatever_the_answer(body in json(), parts in prop::collection::vec(prop::sample::select(WHOLE), 1..4)) {
        let answer = Answer::with_body(&body.to_string());
        let Ok(condition) = Condition::parse(&parts.join(" && ")) else { panic!("{parts:?}") };
        let _ = evaluate(&[condition], &answer.facts());
    }

    #[test]
    fn evaluating_never_panics_whatever_the_text(body in any::<String>()) {
        static CONDITION: LazyLock<Condition> =
            LazyLock::new(|| Condition::parse("body.x == 1 || text.matches('\\\\w') || size(text) > 5").unwrap());
        let _ = evaluate(std::slice::from_ref(&CONDITION), &Answer::with_body(&body).facts());
    }
}

const PARTS: &[&str] = &[
    "status",
    "body",
    ".",
    "x",
    "[",
    "]",
    "(",
    ")",
    "==",
    "!=",
    "<",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "/",
    "%",
    "?",
    ":",
    ",",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    "1",
    "1u",
    "1.5",
    "null",
    "true",
    "in",
    "has(",
    ".all(",
    ".map(",
    "size(",
    "matches(",
    "r'",
    "'''",
    "b'",
    "duration('1s')",
    "//",
    "\n",
    "\u{0}",
    "ü",
    "\u{1F600}",
    ".?",
    "[?",
    "@",
    "_",
    "0x",
    "1e",
    "for",
];

/// Conditions that look into a body in every way.
const WHOLE: &[&str] = &[
    "body.a == 1",
    "body.b < 'x'",
    "body[0] > 1.5",
    "body.a.b.c",
    "!body.a",
    "body.a + body.b == body.c",
    "body.a - 1 == 0",
    "body.a * body.b > 0",
    "body.a / body.b > 0",
    "body.a % 2 == 0",
    "-body.a < 0",
    "body in [1, 'a', null]",
    "'a' in body",
    "size(body) > 1",
    "body.all(x, x == body)",
    "body.exists(x, x > 1)",
    "body.exists_one(x, x)",
    "body.map(x, x + x) == []",
    "body.filter(x, x != null) == body",
    "has(body.a)",
    "has(body.a.b)",
    "int(body.a) > 0",
    "uint(body.a) > 0u",
    "double(body.a) > 0.0",
    "string(body.a) == 'a'",
    "body.a.contains('a')",
    "body.a.startsWith('a')",
    "body.a.matches('a')",
    "body[body.a] == 1",
    "body.a ? body.b : body.c",
    "body == {'a': 1}",
    "body.all(x, body[x].all(y, y == x))",
    "text == body.a",
];

fn json() -> impl Strategy<Value = serde_json::Value> {
    let key = prop::sample::select(&["a", "b", "c", "", "ü"][..]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        (-2..3_i64).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((key.clone().prop_map(str::to_owned), inner), 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}
