//! Our evaluation against that of the crate `cel`: what both can evaluate, both evaluate to the same.

use std::collections::HashMap;

use cel::{Context, Program, Value};
use proptest::prelude::*;

use super::super::run::{Run, STEPS_MAX, Why};
use super::super::world::World;
use super::super::{Condition, tree};
use super::{Answer, cases};
use crate::json::{self, Json};

const BODY: &str = r#"{"i":7,"j":-3,"z":0,"d":2.5,"e":7.0,"s":"abc","t":"b","yes":true,"no":false,"nil":null,
    "list":[1,2,3,7],"mixed":[1,"abc",null,2.5,[1]],"map":{"a":1,"abc":2},"empty":[]}"#;

fn theirs(text: &str) -> Result<bool, String> {
    let mut context = Context::default();
    context.add_variable_from_value("body", value(&json::parse(BODY, json::VALUES_MAX).unwrap()));
    context.add_variable_from_value("status", 503_i64);
    match Program::compile(text).map_err(|error| error.to_string())?.execute(&context) {
        Ok(Value::Bool(truth)) => Ok(truth),
        other => Err(format!("{other:?}")),
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Int(value) => (*value).into(),
        Json::Uint(value) => (*value).into(),
        Json::Double(value) => (*value).into(),
        Json::String(value) => (**value).into(),
        Json::List(parts) => parts.iter().map(value).collect::<Vec<_>>().into(),
        Json::Object(fields) => fields.iter().map(|(name, part)| (name, value(part))).collect::<HashMap<_, _>>().into(),
    }
}

fn ours(condition: &Condition) -> Result<bool, String> {
    let answer = Answer::with_body(BODY);
    let facts = answer.facts();
    let world = World::new(&facts);
    let mut steps = STEPS_MAX;
    let expr: &tree::Expr = &condition.root;
    match Run::new(&world, &mut steps).truth(expr) {
        Ok(truth) => Ok(truth),
        // Stricter on purpose: a quotient that is no finite number is an error, also of doubles.
        Err(why @ (Why::DivisionByZero | Why::Overflow(_))) => Err(format!("strict: {why:?}")),
        Err(why) => Err(format!("{why:?}")),
    }
}

/// `None` when the two agree.
fn difference(text: &str) -> Option<String> {
    let condition = Condition::parse(text).ok()?;
    let (ours, theirs) = (ours(&condition), theirs(text));
    match (&ours, &theirs) {
        (Ok(a), Ok(b)) if a == b => None,
        (Err(_), Err(_)) => None,
        (Err(why), Ok(_)) if why.starts_with("strict") => None,
        _ => Some(format!("{text}: ours {ours:?}, theirs {theirs:?}")),
    }
}

/// An expression, mostly of parts that fit each other.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Of {
    Number,
    Text,
    Truth,
    List,
    Anything,
}

fn leaves(of: Of) -> &'static [&'static str] {
    match of {
        Of::Number => &[
            "body.i",
            "body.j",
            "body.z",
            "body.d",
            "body.e",
            "status",
            "1",
            "0",
            "-3",
            "2.5",
            "7u",
            "body.list[1]",
            "body.map.a",
        ],
        Of::Text => &["body.s", "body.t", "'abc'", "'b'", "body.mixed[1]"],
        Of::Truth => &["body.yes", "body.no", "true", "false", "has(body.nil)", "has(body.nope)"],
        Of::List => &["body.list", "body.mixed", "body.empty", "[1, 2]", "['abc', 7]"],
        Of::Anything => {
            &["body.nil", "body.nope", "body.mixed[9]", "null", "{'a': 1}", "body.map", "body.s", "body.i", "body.list"]
        }
    }
}

fn expression(of: Of, depth: u32) -> BoxedStrategy<String> {
    let leaf = prop::sample::select(leaves(of)).prop_map(str::to_owned).boxed();
    if depth == 0 {
        return leaf;
    }
    // One part in ten is not what it should be.
    let part = move |of: Of| prop_oneof![9 => expression(of, depth - 1), 1 => expression(Of::Anything, 0)];
    let signs = |signs: &'static [&'static str]| prop::sample::select(signs);
    let binary = move |of: Of, with: &'static [&'static str]| {
        (part(of), signs(with), part(of)).prop_map(|(a, sign, b)| format!("({a} {sign} {b})")).boxed()
    };
    let deeper = match of {
        Of::Number => prop_oneof![
            3 => binary(Of::Number, &["+", "-", "*", "/", "%"]),
            1 => part(Of::List).prop_map(|list| format!("size({list})")),
            1 => (signs(&["int", "double", "uint", "-"]), part(Of::Number)).prop_map(|(call, a)| format!("{call}({a})")),
            1 => (part(Of::List), part(Of::Number)).prop_map(|(list, a)| format!("{list}[{a}]")),
        ]
        .boxed(),
        Of::Text => prop_oneof![binary(Of::Text, &["+"]), part(Of::Number).prop_map(|a| format!("string({a})"))].boxed(),
        Of::Truth => prop_oneof![
            3 => binary(Of::Number, &["==", "!=", "<", "<=", ">", ">="]),
            1 => binary(Of::Text, &["==", "!=", "<", ">="]),
            3 => binary(Of::Truth, &["&&", "||", "=="]),
            1 => part(Of::Truth).prop_map(|a| format!("!{a}")),
            1 => (part(Of::Truth), part(Of::Truth), part(Of::Truth)).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            1 => (part(Of::Text), signs(&["contains", "startsWith", "endsWith"]), part(Of::Text))
                .prop_map(|(a, call, b)| format!("{a}.{call}({b})")),
            1 => (part(Of::Number), part(Of::List)).prop_map(|(a, list)| format!("({a} in {list})")),
            1 => binary(Of::List, &["==", "!="]),
            1 => binary(Of::Anything, &["==", "!="]),
            2 => (prop_oneof![4 => part(Of::List), 1 => Just("body.map".to_owned())], signs(&["all", "exists", "exists_one"]), test()).prop_map(|(a, each, test)| format!("{a}.{each}(x, {test})")),
        ]
        .boxed(),
        Of::List => prop_oneof![
            (part(Of::List), signs(&["filter", "map"]), test()).prop_map(|(a, each, test)| format!("{a}.{each}(x, {test})")),
            // No maps here: the crate adds the keys of a map to a list, for which the language has no rule.
            (expression(Of::List, depth - 1), expression(Of::List, 0)).prop_map(|(a, b)| format!("({a} + {b})")),
        ]
        .boxed(),
        Of::Anything => leaf.clone(),
    };
    prop_oneof![1 => leaf, 3 => deeper].boxed()
}

/// What loops ask of their element.
fn test() -> impl Strategy<Value = &'static str> {
    let tests = &[
        "x == 1",
        "x > 1",
        "x == 'abc'",
        "x",
        "x + 1 > 2",
        "x in body.list",
        "x == status",
        "x != null",
        "1 / x == 1",
    ];
    prop::sample::select(&tests[..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(100), ..ProptestConfig::default() })]

    #[test]
    fn both_evaluate_to_the_same(text in expression(Of::Truth, 3)) {
        prop_assert_eq!(difference(&text), None);
    }
}
