//! Mistakes in the command: exit code 2, nothing asked, the way out named.

use crate::support::allswell;

/// `allswell check` with these arguments must be refused; what it says, without the colour of nobody's terminal.
#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let ran = allswell(&[&["check"], arguments].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.said());
    ran.stderr
}

#[test]
fn a_target_that_cannot_be_meant_is_named_with_the_way_out() {
    let check = |target: &str, wanted: &str| {
        let said = refused(&[target]);
        assert!(said.starts_with("error: ") && said.contains(wanted), "{target}: {said}");
    };
    check("example.com", "write `https://example.com`, or host:port for TCP");
    check("", "the URL is empty");
    check("http:/example.com", "write `http://example.com`");
    check("ftp://example.com", "`ftp://` cannot be asked; write http://, https://, tcp://, tls:// or dns://");
    check("http://", "write it whole, like https://");
    check("tcp://127.0.0.1", "has no port; write host:port");
    check("tcp://127.0.0.1:99999", "has no port from 1 to 65535");
    check("https://a b/", "is no URL");
    check(
        "postgres://me:canary@127.0.0.1/app?sslmoed=x",
        "error: the target has an option other than `sslmode` behind the `?`",
    );
    check("ping://127.0.0.1?gap=1ms", "error: the target's `gap`: is not from 2ms to 1m");
}

#[test]
fn a_password_in_a_target_is_refused_and_not_repeated() {
    for target in
        ["http://me:canary@example.com/", "tcp://me:canary@h:5", "tls://canary@h:5", "me:canary@h:5", "me:canary@h/x"]
    {
        let said = refused(&[target]);
        assert!(!said.contains("canary"), "{said}");
    }
    assert!(refused(&["http://me:canary@example.com/"]).contains("--user USER:PASSWORD"));
}

#[test]
fn a_flag_that_cannot_be_used_is_named_with_the_way_out() {
    let check = |flags: &[&str], wanted: &str| {
        let said = refused(&[&["https://example.com"], flags].concat());
        assert!(said.contains(wanted) && !said.contains("canary"), "{flags:?}: {said}");
    };
    check(&["--method", "G ET"], "`--method`: `G ET` is no HTTP method; write GET, HEAD");
    check(&["--header", "canary"], "`--header` needs a name, a colon and a value");
    check(&["--header", "Bearer canary: x"], "`--header` needs a name, a colon and a value");
    check(&["--header", "X-A: canary", "--header", "x-a: b"], "`--header` names `x-a` twice");
    check(&["--header", "X-A: canary\u{1}"], "`--header x-a`: its value holds a line break");
    check(&["--header", "Content-Length: 5"], "`--header content-length`: belongs to the connection");
    check(&["--user", "canary"], "`--user` needs user and password with a colon between them");
    check(&["--user", "me:canary", "--header", "Authorization: x"], "`--user`: cannot stand beside a header");
    check(&["--ca", "/nonexistent/ca.pem"], "`--ca`: cannot read `/nonexistent/ca.pem`");
    check(&["--client-cert", "a.pem"], "--client-key <FILE>");
    check(&["--server-name", "a b"], "`--server-name`: ");
    check(&["--resolver", "dns.example.com"], "`--resolver`: `dns.example.com` is no address of a DNS server");
    check(&["--connect", "nowhere"], "`--connect`: `nowhere` has no port; write host:port");
    check(&["--max-body", "0"], "`--max-body`: 0 would refuse every body");
    check(&["--max-body", "5MB"], "write a whole number of bytes");
    check(&["--max-redirects", "31"], "`--max-redirects`: 31 is more than 30");
    check(&["--timeout", "5"], "write a number with ms, s, m, h or d");
    check(&["--timeout", "0s"], "must be at least 1ms");
    check(&["--timeout", "1h"], "must be at most 10m");
    check(&["--allow", "10.0.0.0/33"], "write a network like 10.0.0.0/8");
    check(&["--starttls", "smtp"], "`--starttls` is for tls:// targets");
    check(&["--starttls", "ftp"], "write smtp, imap, pop3 or postgres");
}

#[test]
fn a_flag_that_means_nothing_for_the_target_is_refused() {
    let check = |arguments: &[&str], wanted: &str| {
        let said = refused(arguments);
        assert!(said.contains(wanted), "{arguments:?}: {said}");
    };
    check(&["tcp://h:1", "-X", "POST"], "`--method` is for http:// and https:// targets, not for tcp://");
    check(&["tls://h:1", "--user", "a:b"], "`--user` is for http:// and https:// targets");
    check(&["tls://h:1", "--connect", "h:2"], "name the address itself, and the host with --server-name");
    check(&["h:1", "--insecure"], "`--insecure` is for https:// and tls:// targets, not for tcp://");
}

#[test]
fn a_condition_that_cannot_be_meant_is_shown_with_the_place() {
    insta::assert_snapshot!(refused(&["http://h", "-e", "status == 200", "-e", "body.a && statsu == 200"]), @r"
    error: there is no `statsu`; did you mean `status`?
      --> --expect, column 11
       |
       | body.a && statsu == 200
       |           ^
    ");
    let long = format!("text.contains('{}') && statsu == 200", "x".repeat(200));
    insta::assert_snapshot!(refused(&["http://h", "-e", &long]), @r"
    error: there is no `statsu`; did you mean `status`?
      --> --expect, column 222
       |
       | xxxxxxxxxxxxxxxxxxx') && statsu == 200
       |                          ^
    ");
    insta::assert_snapshot!(refused(&["tcp://h:1", "-e", "status == 200"]), @r"
    error: the answer of a tcp target has no `status`; there is `time`
      --> --expect
       |
       | status == 200
    ");
}
