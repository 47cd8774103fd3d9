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
