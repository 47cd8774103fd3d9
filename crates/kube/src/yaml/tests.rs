use super::*;

fn one(text: &str) -> Node {
    let (mut documents, problems) = read(text);
    assert_eq!(problems, [], "{text}");
    documents.remove(0)
}

fn problem(text: &str) -> Problem {
    read(text).1.into_iter().next().unwrap_or_else(|| panic!("no problem in {text:?}"))
}

#[test]
fn scalars_mean_what_the_api_server_takes_them_for() {
    let check =
        |text: &str, value: Value| assert_eq!(one(&format!("a: {text}")).entries()[0].node.value, value, "{text}");
    check("5", Value::Int(5));
    check("0x10", Value::Int(16));
    check("010", Value::Int(8));
    check("-3", Value::Int(-3));
    check("0.5", Value::Float(0.5));
    check("1e3", Value::Float(1000.0));
    check("yes", Value::Bool(true));
    check("~", Value::Null);
    check("\"5\"", Value::Text("5".into()));
    check("!!str 5", Value::Text("5".into()));
    check("1.2.3", Value::Text("1.2.3".into()));
    check("10.0.0.1", Value::Text("10.0.0.1".into()));
    check("2026-01-01", Value::Text("2026-01-01".into()));
}

#[test]
fn everything_knows_its_bytes() {
    let text = "a:\n  b: 12 # why\n  c: {d: x}\n";
    let tree = one(text);
    let a = &tree.entries()[0];
    assert_eq!(&text[a.key_span.clone()], "a");
    assert_eq!(&text[a.node.entry("b").expect("there").node.span.clone()], "12");
    assert_eq!(&text[a.node.entry("c").expect("there").node.span.clone()], "{d: x}");
    assert_eq!(&text[a.node.span.clone()], "b: 12 # why\n  c: {d: x}");
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let (documents, problems) = read("a: 1\n---\nb: [1\n---\nc: 3\n---\nd: {}\n");
    let keys: Vec<_> = documents.iter().map(|node| node.entries()[0].key.as_str()).collect();
    assert_eq!(keys, ["a", "c", "d"]);
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_tab_is_told_as_a_tab() {
    let text = "a:\n\tb: 1\n";
    let found = problem(text);
    assert!(found.message.contains("a tab cannot indent"), "{found:?}");
    assert!(found.at >= 2 && found.at <= 5, "{found:?}");
}

#[test]
fn a_key_that_is_there_twice_is_told() {
    assert!(problem("a: 1\nb: 2\na: 3\n").message.contains("twice"));
}

#[test]
fn merge_keys_fill_in_what_is_missing() {
    let tree = one("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n");
    let y = tree.get("y").expect("there");
    assert_eq!((y.get("a").and_then(Node::int), y.get("b").and_then(Node::int)), (Some(1), Some(3)));
}

#[test]
fn a_bomb_of_aliases_is_refused_before_it_goes_off() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    assert!(problem(&text).message.contains("aliases copy more than"));
}

#[test]
fn anchors_within_each_other_are_refused_before_they_take_the_memory() {
    let nested: String = (0..40).map(|level| format!("&a{level} [")).collect();
    let text = format!("a: {nested}{}", "x, ".repeat(10_000)) + &"]".repeat(40);
    assert!(problem(&text).message.contains("copy more than"));
}

#[test]
fn documents_that_cannot_be_read_are_told_so_far_and_no_further() {
    let (_, problems) = read(&"---\n[\n".repeat(1_000));
    assert_eq!(problems.len(), PROBLEMS_MAX + 1);
    assert!(problems[PROBLEMS_MAX].message.contains("not looked at"));
}

#[test]
fn depth_is_bounded() {
    assert!(!read(&"[".repeat(100_000)).1.is_empty());
    let nested: String = (0..1_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(!read(&nested).1.is_empty());
}

#[test]
fn too_many_documents_are_told_once() {
    let (documents, problems) = read(&"---\na: 1\n".repeat(DOCUMENTS_MAX + 5));
    assert_eq!(documents.len(), DOCUMENTS_MAX);
    assert_eq!(problems.len(), 1);
}

mod properties {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "[ -~\\n\\t\u{e4}\u{1f600}:{}&*|>-]{0,200}") {
            let (documents, problems) = super::read(&text);
            for problem in &problems {
                prop_assert!(problem.at <= text.len());
            }
            for document in &documents {
                prop_assert!(document.span.end <= text.len());
            }
        }
    }
}
