//! What holds against an answer, what does not, and what is said then.

use super::Answer;

const BODY: &str = r#"{"a":{"b":[1,2,{"c":null}]},"ok":false,"name":"billing","n":5,"ratio":0.5,"null":null,
    "big":18446744073709551615,"items":[{"id":1,"ok":true},{"id":2,"ok":false},{"id":3}]}"#;

fn holds(text: &str) {
    Answer::with_body(BODY).holds(text);
}

fn fails(text: &str, why: &str) {
    Answer::with_body(BODY).fails(text, why);
}

#[test]
fn what_is_true_holds() {
    for text in [
        "status == 503",
        "status in [200, 503]",
        "status >= 500 && status < 600",
        "status == 200 ? false : true",
        "-status < 0 && status % 2 == 1 && status / 2 == 251 && status * 2 - 6 == 1000",
        "headers['content-type'] == 'application/json' && headers['x-node'] == 'a, b'",
        "'x-node' in headers && !('x-other' in headers) && has(headers.date) == false",
        "text.contains('billing') && text.startsWith('{') && text.endsWith('}') && size(text) > 100",
        "text.matches('\"name\":\\\\s*\"b[a-z]+\"') && !matches(text, '^x')",
        "body.ok == false && !body.ok && body.name == 'billing' && body.n == 5 && body.n == 5.0",
        "body['null'] == null && body.a.b[2].c == null",
        "body.a.b[1] == 2 && 2 in body.a.b && !(3 in body.a.b) && 'ok' in body",
        "body.big == 18446744073709551615u && body.big > 1 && uint(body.n) == 5u",
        "body.items[0].ok && size(body.items) == 3 && body.items.size() == 3",
        "body.items.all(i, i.id > 0) && body.items.exists(i, i.id == 2) && body.items.exists_one(i, i.id == 2)",
        "body.items.map(i, i.id) == [1, 2, 3] && body.items.map(i, i.id > 1, i.id * 10) == [20, 30]",
        "body.items.filter(i, has(i.ok)).size() == 2",
        "body.all(name, name != 'x') && body.a == {'b': [1, 2, {'c': null}]}",
        "has(body.name) && !has(body.nope) && !has(time.tls) && has(time.dns) && !has(certificate.days_left)",
        "time.total > duration('5s') && time.first_byte + time.transfer < time.total && time.dns == duration('4ms')",
        "int(body.ratio) == 0 && double(body.n) == 5.0 && string(body.n) == '5' && int('7') == 7 && string(true) == 'true'",
        "'a' + body.name == 'abilling' && [1] + [2] == [1, 2] && {'a': 1}.a == 1 && {'a': 1}['a'] == 1",
        "body.n > 4.5 && body.ratio < 1 && 9007199254740993 > 9007199254740992.0",
    ] {
        holds(text);
    }
}

#[test]
fn the_certificate_counts_its_days() {
    Answer::with_certificate(15).holds("certificate.days_left > 14");
    Answer::with_certificate(3).fails("certificate.days_left > 14", "certificate.days_left is 3");
    fails("certificate.days_left > 14", "no certificate was presented");
    fails("has(certificate.days_left)", "no certificate was presented");
}

#[test]
fn the_app_s_own_words_are_looked_at() {
    let answer = Answer::with_health();
    answer.holds("version == '1.42.0' && version.startsWith('1.')");
    answer.holds("health.status == 'error' && health.checks.redis.status == 'ok' && size(health.checks) == 2");
    answer.holds("health.checks['redis'].response_time_ms < 1 && !has(health.checks.redis.message)");
    answer.fails("health.checks.database.status == 'ok'", "health.checks.database.status is \"error\"");
    answer.fails("health.checks.queue.status == 'ok'", "health.checks has no field queue");
    answer.fails("health.checks.redis.message == ''", "health.checks.redis has no field message");
    answer.fails(
        "health.checks.all(c, health.checks[c].status == 'ok')",
        "for c = \"database\": health.checks[c].status is \"error\"",
    );
    fails("health.status == 'ok'", "the answer is no health document");
    fails("version == '1'", "the answer is no health document");
}

#[test]
fn the_reason_names_what_was_looked_at() {
    fails("status == 200", "status is 503");
    fails("status != 503", "status is 503");
    fails("!(status == 503)", "status is 503");
    fails("status == 200 || status == 201", "status is 503");
    fails("status == 200 && body.ok", "status is 503; body.ok is false");
    fails("status == 503 && body.ok", "body.ok is false");
    fails("body.n > 1 ? body.n > 7 : false", "body.n is 5");
    fails("body.n > body.a.b[1] + 9", "body.n is 5, (body.a.b[1] + 9) is 11");
    fails("time.total < duration('800ms')", "time.total is 5.01 s");
    fails("time.transfer < duration('1ms')", "time.transfer is 2.00 ms");
    fails("headers['content-type'].startsWith('text/')", "headers[\"content-type\"] is \"application/json\"");
    fails("body.name.matches('^x')", "body.name is \"billing\"");
    fails("size(body.items) == 4", "size(body.items) is 3");
    fails("'x-none' in headers", "headers has no \"x-none\"");
    fails("!('x-node' in headers)", "headers has \"x-node\"");
    fails("has(body.nope)", "body has no field nope");
    fails("!has(body.n)", "body has a field n");
    fails("body.items.all(i, has(i.ok))", "for i = {\"id\": 3}: i has no field ok");
    fails("body.items.exists(i, i.id == 9)", "it is true of none of the 3 elements of body.items");
    fails("body.items.exists_one(i, i.id > 1)", "it is true of 2 of the 3 elements of body.items");
    fails("body.items.map(i, i.id) == []", "body.items.map(i, i.id) is [1, 2, 3]");
    fails("false", "false is false");
}

#[test]
fn what_cannot_be_evaluated_fails_in_either_polarity() {
    let both = |text: &str, why: &str| {
        fails(text, why);
        fails(&format!("!({text})"), why);
    };
    both("body.nope == 1", "body has no field nope");
    both("body.nope != 1", "body has no field nope");
    both("body.nope.deeper > 1", "body has no field nope");
    both("body.items.all(i, i.ok || i.id == 2)", "i has no field ok");
    both("body.items.exists_one(i, i.ok)", "i has no field ok");
    both("body.items[7].id == 1", "body.items has 3 elements and no 7");
    both("body['null'] < 5", "`<` cannot take body[\"null\"] = null (null) and 5 (int)");
    both("body['null'] + 1 == 1", "`+` cannot take body[\"null\"] = null (null) and 1 (int)");
    both("body.name < 5", "`<` cannot take body.name = \"billing\" (string) and 5 (int)");
    both("body.name.x == 1", "body.name is \"billing\" (string), which is not an object");
    both("body.n.all(i, true)", "body.n is 5 (int), which is not a list or an object");
    both("body.n", "body.n is 5 (int), which is not true or false");
    both("body.n / 0 == 1", "a division by zero");
    both("body.ratio / 0.0 > 1.0", "a division by zero");
    both("body.n + 9223372036854775807 > 0", "the result of `+` is too large");
    both("int(body.name) == 1", "body.name is \"billing\" (string), which is not a whole number");
    both("time.tls < duration('1s')", "there is no time.tls: that phase was not reached or not needed");
    both("headers['x-none'] == 'a'", "headers has no field x-none");
    both("status == 200 || body.nope == 1", "body has no field nope");
    both("status == 503 && body.nope == 1", "body has no field nope");
}

#[test]
fn an_error_that_does_not_matter_is_passed_over() {
    holds("status == 503 || body.nope == 1");
    holds("body.nope == 1 || status == 503");
    holds("body.items.exists(i, i.ok)");
    holds("!(body.nope == 1 && status == 200)");
    fails("body.nope == 1 && status == 200", "status is 503");
}

#[test]
fn what_is_not_there_says_so() {
    let bodiless = Answer { status: None, text: None, ..Answer::with_body("") };
    bodiless.fails("status == 200", "there is no status");
    bodiless.fails("text == ''", "the body is no text");
    bodiless.fails("!has(body.x)", "there is no body that is text");
    Answer::with_body("").fails("body.x != 1", "the body is empty, so it is no JSON");
    Answer::with_body("<html>").fails("body.x != 1", "the body is no JSON: expected value at line 1 column 1");
}

#[test]
fn what_the_answer_says_is_never_read_as_syntax() {
    let answer = Answer::with_body(r#"{"pattern":".*","code":"' || true || '","field":"status == 503"}"#);
    answer.holds("body.code == '\\' || true || \\''");
    answer.fails("body.field", "body.field is \"status == 503\" (string), which is not true or false");
    answer.fails("body.pattern == 'x'", "body.pattern is \".*\"");
}
