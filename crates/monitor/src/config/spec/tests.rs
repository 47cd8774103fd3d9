use proptest::prelude::*;

use super::super::keys::MONITOR;
use super::super::problem::Problems;
use super::super::tree;
use super::*;

fn spec(json: &str) -> Spec {
    Spec::from_json(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn json_keeps_the_order_of_its_keys() {
    for json in [r#"{"b":1,"a":[true,null,"x"],"c":{}}"#, r#"[]"#, r#""x""#, "-5", "1.5"] {
        assert_eq!(spec(json).to_json(), json);
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let error = Spec::from_json(r#"{"a":{"b":1,"b":2}}"#).expect_err("refused").to_string();
    assert!(error.starts_with("`b` is there twice"), "{error}");
}

#[test]
fn a_merge_patch_changes_what_it_names_and_nothing_else() {
    let check = |before: &str, patch: &str, after: &str| {
        let mut changed = spec(before);
        changed.patch(spec(patch));
        assert_eq!(changed.to_json(), after, "{before} and {patch}");
    };
    check(r#"{"a":"b","c":1}"#, r#"{"a":"d"}"#, r#"{"a":"d","c":1}"#);
    check(r#"{"a":"b","c":1}"#, r#"{"a":null}"#, r#"{"c":1}"#);
    check(r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":null,"d":3}}"#, r#"{"a":{"c":2,"d":3}}"#);
    check(r#"{"a":[1,2]}"#, r#"{"a":[3]}"#, r#"{"a":[3]}"#);
    check(r#"{}"#, r#"{"a":{"b":{"c":null}}}"#, r#"{"a":{"b":{}}}"#);
}

#[test]
fn secrets_are_masked_and_references_are_not() {
    let kept = spec(
        r#"{"name":"x","http":{"url":"https://me:pw@a.example/?token=abc","headers":{"A":"secret","B":"${env:B}","C":"Bearer ${env:C}","D":"x${env:D}"},"bearer_token":"t"}}"#,
    );
    let shown = kept.masked(&MONITOR);
    assert_eq!(
        shown.to_json(),
        r#"{"name":"x","http":{"url":"https://***@a.example/?token=***","headers":{"A":"***","B":"${env:B}","C":"Bearer ${env:C}","D":"***"},"bearer_token":"***"}}"#
    );
    assert!(shown.clone().unmasked(&kept, &MONITOR) == kept, "what was shown comes back as it was");
    let mut changed = shown;
    changed.patch(spec(r#"{"http":{"bearer_token":"new"}}"#));
    assert_eq!(changed.unmasked(&kept, &MONITOR).get("http").and_then(|http| http.text("bearer_token")), Some("new"));
}

fn any_spec() -> impl Strategy<Value = Spec> {
    let leaf = prop_oneof![
        Just(Spec::Flag(true)),
        (0..100_000_u64).prop_map(|number| Spec::Number(number.to_string())),
        any::<String>().prop_map(Spec::Text),
        "[ -~]{0,12}".prop_map(Spec::Text),
        Just(Spec::Text("no".to_owned())),
        Just(Spec::Text("0x10".to_owned())),
        Just(Spec::Text("- a: #b".to_owned())),
        Just(Spec::Text("30s".to_owned())),
    ];
    let keyed = |of: BoxedStrategy<Spec>| prop::collection::btree_map("[ -~é]{1,8}", of, 0..4);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Spec::List),
            keyed(inner.boxed()).prop_map(|map| Spec::Block(map.into_iter().filter(|(key, _)| key != "<<").collect())),
        ]
    })
}

/// Whatever is text in it, as the tree of a file has it.
fn all_text(spec: &Spec) -> Spec {
    match spec {
        Spec::Flag(flag) => Spec::Text(flag.to_string()),
        Spec::Number(number) => Spec::Text(number.clone()),
        Spec::List(items) => Spec::List(items.iter().map(all_text).collect()),
        Spec::Block(entries) => {
            Spec::Block(entries.iter().map(|(key, value)| (key.clone(), all_text(value))).collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn what_is_written_as_yaml_reads_back_as_the_same(spec in any_spec()) {
        let block = Spec::Block(vec![("it".to_owned(), spec)]);
        let mut yaml = String::new();
        block.write_block(0, &mut yaml);
        let mut problems = Problems::default();
        let node = tree::read(&yaml, &mut problems);
        prop_assert_eq!(problems.count(), 0, "{}", yaml);
        prop_assert!(untyped(&node.expect("no problem")) == all_text(&block), "{}", yaml);
    }
}
