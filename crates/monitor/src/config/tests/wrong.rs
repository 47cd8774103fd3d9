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
