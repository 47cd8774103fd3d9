//! What is refused when a condition is saved: where, and with which way out.

use super::super::Condition;

#[track_caller]
fn refused(text: &str, column: usize, why: &str) {
    let wrong = Condition::parse(text).expect_err(text);
    assert_eq!((wrong.column, &*wrong.why), (Some(column), why), "{text}");
}

#[test]
fn functions_given_the_wrong_things() {
    refused("text.contains(1)", 15, "`contains` cannot take `1`, which is a whole number (int)");
    refused("text.contains('a', 'b')", 6, "`contains` takes one argument, but is given 2");
    refused("size() == 2", 1, "`size` takes one argument, but is given 0");
    refused("size(status) == 2", 6, "`size` cannot take `status`, which is a whole number (int)");
    refused("contains(text, 'a')", 1, "`contains` is written behind what it looks at, like `text.contains(...)`");
    refused("int(body.x, 10) == 1", 1, "`int` takes one argument, but is given 2");
    refused("text.int() == 1", 6, "`int` is written before what it looks at, like `int(...)`");
    refused(
        "duration('1d') > time.total",
        10,
        "'1d' is no duration; write numbers with h, m, s, ms, us or ns, like '1.5s' or '1m30s'",
    );
    refused("duration(body.x) > time.total", 1, "`duration` takes a text in quotes, like `duration('800ms')`");
    refused("text.matches(body.x)", 6, "`matches` takes a text and a pattern in quotes, like `text.matches('^ok')`");
    refused("text.matches('(')", 14, "the pattern cannot be used: unclosed group");
    refused("text.matches('.{2000}')", 14, r"the pattern is too big; use less repetition, or `[0-9]` for `\d`");
    refused("timestamp('2020-01-01T00:00:00Z') < now()", 1, "conditions know durations, but no dates");
    refused("has(body)", 1, "`has` takes one field, like `has(body.version)`");
    refused("has(body.x, body.y)", 1, "`has` takes one field, like `has(body.version)`");
    refused("has(status.x)", 12, "`status` is a whole number (int) and has no field `x`");
    refused("has(time.totla)", 10, "`time` has no `totla`; did you mean `total`?");
}

#[test]
fn groups_taken_for_values() {
    refused(
        "time < duration('1s')",
        6,
        "`time` is a group of values and `duration('1s')` is a duration; `<` cannot compare them; name one of its members, like `time.dns`",
    );
    refused(
        "certificate == null",
        13,
        "`certificate` is a group of values and `null` is null; `==` cannot compare them; name one of its members, like `certificate.days_left`",
    );
    refused("health", 1, "this gives a group of values, but a condition must be true or false");
    refused("headers", 1, "this gives a map, but a condition must be true or false");
}

#[test]
fn headers_in_capitals() {
    refused(
        "headers['Content-Type'] == 'a'",
        9,
        r#"header names are in lower case here; write `headers["content-type"]`"#,
    );
    refused("headers.Server == 'x'", 9, r#"header names are in lower case here; write `headers["server"]`"#);
    refused("'Content-Type' in headers", 16, r#"header names are in lower case here; write "content-type""#);
}

#[test]
fn loops_that_cannot_run() {
    refused("body.items.all(x)", 12, "`all` takes a name and what to do with it, like `x.all(y, y > 0)`");
    refused("body.items.all(1, true)", 12, "`all` takes a name and what to do with it, like `x.all(y, y > 0)`");
    refused("body.items.exists(x, 1)", 22, "`exists` needs true or false, but `1` is a whole number (int)");
    refused("status.all(x, true)", 8, "`all` needs a list or a map, but `status` is a whole number (int)");
    refused("body.a.all(x, x.b.all(y, y.c.all(z, z > 1)))", 30, "more than 2 loops in each other would take too long");
}

#[test]
fn names_that_nobody_knows() {
    refused("statsu == 200", 1, "there is no `statsu`; did you mean `status`?");
    refused("status == 200 && boddy.x == 1", 18, "there is no `boddy`; did you mean `body`?");
    refused("text == 'ü' && statsu == 1", 16, "there is no `statsu`; did you mean `status`?");
    refused(
        "latency < duration('1s')",
        1,
        "there is no `latency`; there is `status`, `headers`, `text`, `body`, `time`, `certificate`, `health`, `version`",
    );
    refused("time.totla < duration('1s')", 6, "`time` has no `totla`; did you mean `total`?");
    refused("certificate.days > 3", 13, "`certificate` has no `days`; there is `days_left`");
    refused("health.check.db == 'ok'", 8, "`health` has no `check`; did you mean `checks`?");
    refused(
        "lower(text) == 'a'",
        1,
        "there is no function `lower`; there is `has`, `size`, `duration`, `matches`, `int`, `uint`, `double`, `string`",
    );
    refused("text.contain('a')", 6, "there is no method `contain`; did you mean `contains`?");
    refused(".status == 200", 2, "there is no `.status`; did you mean `status`?");
}

#[test]
fn text_that_is_no_cel() {
    refused("status = 200", 8, "`=` is no operator; to compare write `==`");
    refused("status === 200", 10, "`=` is no operator; to compare write `==`");
    refused("status == 200 &&", 17, "the condition ends too early; what should stand here?");
    refused("status ==", 10, "the condition ends too early; what should stand here?");
    refused("== 200", 1, "`==` cannot stand here; what should be compared?");
    refused("status == 200 & true", 15, r#"`&` is no operator; for "and" write `&&`"#);
    refused("status == 200 | true", 15, r#"`|` is no operator; for "or" write `||`"#);
    refused("status == 200 and true", 15, "`and` cannot stand here; write `&&`");
    refused("not status == 200", 5, r#"`status` cannot stand here; for "not" write `!`"#);
    refused("status == 'abc", 11, "the text that begins here has no end; close it with '");
    refused("status == “200”", 11, r#"`“` is a typographic quote; write ' or ""#);
    refused("(status == 200", 15, "`)` is missing at the end");
    refused("status == 200)", 14, "`)` cannot stand here");
    refused("headers['a'", 12, "`]` is missing at the end");
    refused("status == 200 200", 15, "`200` cannot stand here");
    refused("status == 200;", 14, "`;` is no character of CEL; texts stand in quotes");
    refused("status == 200 ? true", 21, "the condition ends too early; what should stand here?");
    refused("for == 1", 1, r#"`for` is a reserved word of CEL; a field of this name is read with `body["..."]`"#);
    refused("body.null == 1", 6, r#"`null` is a word of CEL; a field of this name is read with `["null"]`"#);
    refused("99999999999999999999 == 1", 1, "invalid int literal: `99999999999999999999`");
    refused("b'abc' == text", 1, "bytes are not supported; write the text without `b`");
    refused("Foo{a: 1} == 1", 4, "there is no type `Foo` to make");
    refused("body.?b == 1", 5, "optional fields (`.?`) are not supported; use `has(...)`");
    refused("ünder == 1", 1, "`ü` is no character of CEL; texts stand in quotes");
    refused("status == 200\n&& statsu == 1", 18, "there is no `statsu`; did you mean `status`?");
}

#[test]
fn types_that_never_fit() {
    refused(
        r#"status == "200""#,
        8,
        r#"`status` is a whole number (int) and `"200"` is text (string); `==` cannot compare them; write `200` without quotes"#,
    );
    refused(
        "status in [200, '201']",
        8,
        r#"`status` is a whole number (int) and `"201"` is text (string); `==` cannot compare them; write `201` without quotes"#,
    );
    refused(
        "time.total < 800",
        12,
        "`time.total` is a duration and `800` is a whole number (int); `<` cannot compare them; write `duration('800ms')`",
    );
    refused(
        "800 > time.total",
        5,
        "`800` is a whole number (int) and `time.total` is a duration; `>` cannot compare them; write `duration('800ms')`",
    );
    refused(
        "time.total < '800ms'",
        12,
        r#"`time.total` is a duration and `"800ms"` is text (string); `<` cannot compare them; write `duration('800ms')`"#,
    );
    refused(
        "headers['server'] == 1",
        19,
        r#"`headers["server"]` is text (string) and `1` is a whole number (int); `==` cannot compare them"#,
    );
    refused("version == 1", 9, "`version` is text (string) and `1` is a whole number (int); `==` cannot compare them");
    refused("text < 5", 6, "`text` is text (string) and `5` is a whole number (int); `<` cannot compare them");
    refused("status && true", 1, "`&&` needs true or false, but `status` is a whole number (int)");
    refused("!status", 2, "`!` needs true or false, but `status` is a whole number (int)");
    refused("-text == 'a'", 1, "`-` needs a number, but `text` is text (string)");
    refused("'a' + 1 == 'a1'", 5, r#"`+` cannot take text (string) (`"a"`) and a whole number (int) (`1`)"#);
    refused(
        "1.0 + 1 == 2.0",
        5,
        "`+` needs two numbers of one type, but `1.0` is a decimal number (double) and `1` is a whole number (int); convert with `int(...)` or `double(...)`",
    );
    refused(
        "1.5 % 2.0 == 0.5",
        5,
        "`%` cannot take a decimal number (double) (`1.5`) and a decimal number (double) (`2.0`)",
    );
    refused(
        "status == null",
        8,
        "`status` is a whole number (int) and `null` is null; `==` cannot compare them; what is missing is found by `has(...)`",
    );
    refused("[1] == 1", 5, "`[1]` is a list and `1` is a whole number (int); `==` cannot compare them");
    refused("status in 200", 8, "`in` needs a list or a map on its right, but `200` is a whole number (int)");
    refused("1 in headers", 3, "`1` is a whole number (int) and `headers` is a map; `in` cannot compare them");
    refused("{1.5: 1} == body", 2, "a key cannot be a decimal number (double)");
    refused("status.x == 1", 8, "`status` is a whole number (int) and has no field `x`");
    refused("status[0] == 1", 7, "`status` is a whole number (int) and has no parts");
    refused("health.checks[1].status == 'ok'", 15, "`health.checks` is asked by name, but `1` is a whole number (int)");
    refused(
        "headers.all(h, h == 1)",
        18,
        "`h` is text (string) and `1` is a whole number (int); `==` cannot compare them",
    );
}

#[test]
fn what_is_no_yes_or_no() {
    refused(
        "status",
        1,
        "this gives a whole number (int), but a condition must be true or false; compare it with something",
    );
    refused(
        "status + 1",
        1,
        "this gives a whole number (int), but a condition must be true or false; compare it with something",
    );
    refused("'ok'", 1, "this gives text (string), but a condition must be true or false; compare it with something");
    refused(
        "status == 200 ? 1 : 2",
        1,
        "this gives a whole number (int), but a condition must be true or false; compare it with something",
    );
    refused(
        "body.items.map(x, x)",
        1,
        "this gives a list, but a condition must be true or false; compare it with something",
    );
}

#[test]
fn words_that_a_status_never_has() {
    refused(
        "health.status == 'healthy'",
        15,
        r#"`health.status` is never "healthy"; it is one of ok, warn, error, unknown"#,
    );
    refused("'UP' != health.status", 6, r#"`health.status` is never "UP"; it is one of ok, warn, error, unknown"#);
    refused(
        "health.checks.db.status in ['ok', 'good']",
        25,
        r#"`health.checks.db.status` is never "good"; it is one of ok, warn, error, unknown"#,
    );
}

#[test]
fn conditions_without_a_place() {
    let refused = |text: &str, why: &str| {
        let wrong = Condition::parse(text).expect_err(text);
        assert_eq!((wrong.column, &*wrong.why), (None, why));
    };
    refused(" ", "the condition is empty; write one like `status == 200`");
    refused(&"status == 200 || ".repeat(200), "the condition is longer than 2048 characters; write it as several");
    let nested = format!("{}true{}", "(".repeat(60), ")".repeat(60));
    refused(&nested, "the condition is nested deeper than 32; write it as several");
}

#[test]
fn long_chains_are_refused_as_deep() {
    let chain = format!("{} == 1", vec!["body.x"; 80].join(" + "));
    let wrong = Condition::parse(&chain).unwrap_err();
    assert_eq!(wrong.why, "the condition is nested deeper than 64; write it as several");
    let alternatives = vec!["status == 200"; 80].join(" || ");
    assert!(Condition::parse(&alternatives).is_ok());
}
