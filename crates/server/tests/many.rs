//! Two thousand monitors of a server that fail at once: few mails that name all.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use allswell_monitor::clock::SystemClock;
use allswell_monitor::config;
use allswell_monitor::mail_catcher::MailCatcher;
use allswell_server::server::{Options, Server};
use tokio::task::JoinSet;

const MONITORS: usize = 2_000;
const HOSTS: usize = 25;

/// A server that watches ports at which nobody listens, and the mails it sends to two people.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_two_thousand_failing_monitors_sends_each_person_at_most_three_mails() {
    let catcher = MailCatcher::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    let (smtp, mails) = (catcher.address(), catcher.mails());
    let mut tasks = JoinSet::new();
    tasks.spawn(catcher.run(Arc::new(SystemClock::new())));
    let channel = |name: &str| {
        let settings =
            format!("type: email, smtp: \"smtp://{smtp}\", from: allswell@example.com, to: [{name}@example.com]");
        format!("  {name}: {{ {settings} }}\n")
    };
    let mut yaml = format!("channels:\n{}{}", channel("ann"), channel("bob"));
    yaml += "defaults: { interval: 10s, timeout: 8s, failure_threshold: 1, channels: [ann, bob] }\nmonitors:\n";
    for number in 0..MONITORS {
        let address = format!("127.0.0.{}:1", number % HOSTS + 1);
        yaml += &format!("  - {{ name: \"n{number}.\", tcp: {{ address: \"{address}\" }} }}\n");
    }
    let config = config::parse(&yaml, Path::new("/etc/allswell.yaml"), &|_| None).expect("a good configuration");
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(Options::alone(data.path()), config).await.expect("starts");
    let told = |person: &str| {
        let address = format!("{person}@example.com");
        let to = mails.list().into_iter().filter(|mail| mail.to.contains(&address));
        let texts: Vec<String> = to.filter_map(|mail| mail.text.clone()).collect();
        let names = (0..MONITORS).filter(|number| texts.iter().any(|text| text.contains(&format!("n{number}."))));
        (texts.len(), names.count())
    };
    let all_are_told = async {
        loop {
            let taken = mails.taken();
            if ["ann", "bob"].into_iter().all(|person| told(person).1 == MONITORS) {
                return;
            }
            mails.wait_for(taken + 1).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(180), all_are_told).await.expect("all are told");
    for person in ["ann", "bob"] {
        let (messages, names) = told(person);
        assert!(messages <= 3, "{person} got {messages} mails that name {names}");
    }
    server.stop().await;
}
