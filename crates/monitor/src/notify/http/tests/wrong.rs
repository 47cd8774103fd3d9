//! Definitions of the operator's own: what works, and what is wrong with one, with its line.

use std::path::Path;

use super::receiver::{Receiver, answer};
use super::{AnySettings, config, notify};
use crate::notify::testing::deadline;
use crate::notify::{Delivery, samples};

/// A directory with one definition, `pager.yaml`, and a configuration that uses it.
struct World(tempfile::TempDir);

impl World {
    fn new(definition: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("channels")).unwrap();
        std::fs::write(folder.path().join("channels/pager.yaml"), definition).unwrap();
        Self(folder)
    }

    fn read(&self, keys: &str) -> Result<AnySettings, String> {
        let text = format!("server: {{ channels_dir: channels }}\nchannels: {{ c: {{ {keys} }} }}");
        let origin = self.0.path().join("allswell.yaml");
        let config = config::parse(&text, &origin, &|_| None).map_err(|errors| errors.to_string())?;
        assert!(config.files.contains(&self.0.path().join("channels/pager.yaml")), "a change of it is a change");
        Ok(config.channels["c"].settings.clone())
    }
}

const GOOD: &str = r#"
about: A pager that takes forms.
fields:
  url: { secret: true, about: Its address. }
  level: { default: high, one_of: [low, high], about: How loud. }
texts:
  short: { most: 40, template: "{{ shape }} {{ subject }}" }
request:
  method: PUT
  url: "{{ field.url }}/page"
  headers: { Idempotency-Key: "{{ key }}" }
  form: { text: "{{ text.short }}", level: "{{ field.level }}" }
answers: { accepted: [201], field: result.code, equals: queued }
"#;

#[tokio::test]
async fn a_definition_of_one_s_own_makes_a_type() {
    let mut receiver = Receiver::start(&[answer("201 Created", r#"{"result":{"code":"queued"}}"#)]).await;
    let settings = World::new(GOOD).read(&format!("type: pager, url: 'http://{}'", receiver.address)).unwrap();
    let channel = notify::open(&settings, &allswell_probe::Dialer::default()).unwrap();
    let delivery = channel.send(&samples::down(), "12-7:down:8:c", samples::NOW, deadline()).await;
    assert!(matches!(delivery, Delivery::Accepted { .. }), "{delivery:?}");
    let posted = receiver.next().await;
    assert_eq!(posted.line(), "PUT /page HTTP/1.1");
    assert_eq!(posted.header("idempotency-key"), Some("12-7:down:8:c"));
    assert_eq!(posted.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(posted.body, "level=high&text=%E2%96%A0+Down%3A+payments-api+says+its+database%E2%80%A6");
}

#[test]
fn one_with_the_name_of_a_built_in_type_takes_its_place() {
    let world = World::new(GOOD);
    std::fs::rename(world.0.path().join("channels/pager.yaml"), world.0.path().join("channels/slack.yaml")).unwrap();
    std::fs::write(world.0.path().join("channels/pager.yaml"), GOOD).unwrap();
    assert!(world.read("type: slack, url: 'http://127.0.0.1', level: low").is_ok());
    let why = world.read("type: slack, url: 'http://127.0.0.1', level: shrill").unwrap_err();
    assert!(why.contains("`level` is not known; write `low` or `high`"), "{why}");
}

#[test]
fn mistakes_are_told_with_their_line_in_the_definition() {
    let check = |from: &str, to: &str, line: usize, part: &str| {
        assert!(GOOD.contains(from), "{from}");
        let world = World::new(&GOOD.replace(from, to));
        let why = world.read("type: pager, url: 'http://127.0.0.1'").expect_err(to);
        assert!(why.contains(part), "{why}");
        assert!(why.contains(&format!("channels/pager.yaml:{line}:")), "{why}");
    };
    check("{{ subject }}", "{{ subjct }}", 7, "uses something that there is not");
    check("{{ subject }}", "{{ subject", 7, "syntax error");
    check("{{ text.short }}", "{{ text.long }}", 12, "`request.form.text` uses something that there is not");
    check("{{ field.url }}/page", "{{ field.adress }}/page", 10, "`request.url` uses something");
    check("Idempotency-Key", "Host", 11, "is set by us");
    check("accepted: [201]", "accepted: [999]", 13, "`999` is no status");
    check("about: A pager that takes forms.", "abuot: x", 2, "did you mean `about`?");
    check("most: 40", "most: 4", 7, "write a number from 16 to 65536");
    check("form: {", "text: x\n  form: {", 12, "a request has one body");
    let json = "json: |\n    {\n      \"a\": {{ title }},\n      \"b\": {{ nobody }}\n    }\n  #";
    check("form:", json, 15, "`request.json` uses something that there is not");
    check("form:", "json: |\n    { \"a\": {{ title }}, }\n  #", 13, "makes no JSON");
    check("form:", "json: |\n    { \"a\": \"{{ title }}\" }\n  #", 13, "makes no JSON");
    let endless =
        "json: |\n    [{% for a in range(9999) %}{% for b in range(9999) %}{{ a }},{% endfor %}{% endfor %} 1]\n  #";
    check("form:", endless, 13, "takes more than 50000 steps");
    let same = "json: '{\"key\": {{ key }}}'\nidempotency: { field: key, same_for: incident }\n#";
    check(
        "  form:",
        &format!("  {same}"),
        13,
        "`key` is not the same for two messages of one incident; make it of `incident_key`",
    );
}

#[test]
fn a_directory_or_a_name_that_cannot_be_used_is_told() {
    let check = |text: &str, part: &str| {
        let why = config::parse(text, Path::new("allswell.yaml"), &|_| None).expect_err(text).to_string();
        assert!(why.contains(part), "{why}");
    };
    check("server: { channels_dir: nowhere-at-all }", "cannot read the directory");
    let world = World::new(GOOD);
    std::fs::write(world.0.path().join("channels/email.yaml"), GOOD).unwrap();
    let why = world.read("type: pager, url: 'http://127.0.0.1'").unwrap_err();
    assert!(why.contains("email.yaml") && why.contains("its name becomes a type"), "{why}");
    let why = World::new(GOOD).read("type: pagr, url: 'http://127.0.0.1'").unwrap_err();
    assert!(why.contains("did you mean `pager`?"), "{why}");
}
