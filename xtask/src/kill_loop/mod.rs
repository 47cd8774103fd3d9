//! `cargo xtask kill-loop`: kills the server again and again while incidents come and go, then asks every side what it saw.
//!
//! Real parts on all sides: the binary, its databases, sockets, a mail server and a webhook's receiver. The target, both
//! receivers and the server ([`account`]) each keep their own account; [`mod@judge`] compares them.

mod account;
mod judge;
mod storm;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use self::account::Delivery;
use self::judge::{Judgement, Life, Receipt, Seen, judge};
use self::storm::Storm;
use crate::cargo::{self, Profile};
use crate::log::troubles;
use crate::random::Random;
use crate::server::Server;
use crate::smtp::MailServer;
use crate::target::Target;
use crate::time::{wait_for, wall_ms};
use crate::webhook::{Mood, Receiver};

const SECRET: &str = "kill-loop-secret";
const MONITORS: usize = 20;
const INTERVAL: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(1);
/// A life of the server lasts between these, in milliseconds.
const LIFE_MS: (u64, u64) = (50, 3_000);
/// After the last kill: leases run out, retries come to their turn.
const SETTLE: Duration = Duration::from_secs(300);
const SENDER_DOMAIN: &str = "example.com";

/// How often to kill, and when.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// How often the server is killed
    #[arg(long, default_value_t = 200)]
    pub kills: u32,
    /// Where the random moments come from; the same seed gives the same moments
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Kill a release build
    #[arg(long)]
    pub release: bool,
}

/// Builds the server and runs the loop. `true` means that nothing was lost.
pub fn run(args: &Args) -> Result<bool> {
    let binary = cargo::build_allswell(if args.release { Profile::Release } else { Profile::Debug })?;
    run_with(&binary, args)
}

/// Runs the loop with a binary that is built.
pub fn run_with(binary: &Path, args: &Args) -> Result<bool> {
    let folder = cargo::fresh_folder("kill-loop")?;
    let mut scene = Scene::set(binary, &folder, args.seed)?;
    let storm = Storm::begin(scene.target.clone(), monitors(), args.seed);
    let mut random = Random::new(args.seed.wrapping_add(1));
    for kill in 1..=args.kills {
        scene.live_and_die(random.between_ms(LIFE_MS.0, LIFE_MS.1))?;
        if kill % 20 == 0 {
            println!("  {kill} kills, {} calls, {} mails", scene.hook.received().calls.len(), scene.mail.mails().len());
        }
    }
    storm.end();
    let settled = scene.settle()?;
    let judgement = judge(&settled.seen);
    let mut violations = judgement.violations.clone();
    let received = scene.hook.received();
    let unanswered = received.calls.iter().filter(|call| !call.answered).count();
    violations.extend(received.refused.into_iter().map(|why| format!("the webhook's receiver met {why}")));
    violations.extend(settled.refused);
    let log = fs::read_to_string(&scene.log).with_context(|| format!("cannot read {}", scene.log.display()))?;
    violations.extend(troubles(&log, &["ERROR"]).into_iter().map(|line| format!("the server logged {line}")));
    for file in ["main.db", "results.db"] {
        violations.extend(integrity(&scene.data.join(file))?);
    }
    report(args, &settled.seen, &judgement, &violations);
    println!("webhook calls put off {}, taken without an answer {}", received.put_off, unanswered);
    if !violations.is_empty() {
        println!("  all that was written is in {}", folder.display());
    }
    Ok(violations.is_empty())
}

fn monitors() -> Vec<String> {
    (1..=MONITORS).map(|number| format!("m{number:02}")).collect()
}

/// The server and the other ends it talks to.
struct Scene {
    binary: PathBuf,
    config: PathBuf,
    data: PathBuf,
    log: PathBuf,
    target: Target,
    hook: Receiver,
    mail: MailServer,
    lives: Vec<Life>,
}

/// What is known when all is calm and the server has stopped.
struct Settled {
    seen: Seen,
    /// Deliveries that were given up.
    refused: Vec<String>,
}

impl Scene {
    fn set(binary: &Path, folder: &Path, seed: u64) -> Result<Self> {
        let scene = Self {
            binary: binary.to_owned(),
            config: folder.join("allswell.yaml"),
            data: folder.join("data"),
            log: folder.join("serve.log"),
            target: Target::start()?,
            hook: Receiver::start(SECRET, Mood::Fickle(Random::new(seed)))?,
            mail: MailServer::start()?,
            lives: Vec::new(),
        };
        let text = configuration(scene.target.address, scene.hook.address, scene.mail.address);
        fs::write(&scene.config, text).with_context(|| format!("cannot write {}", scene.config.display()))?;
        Ok(scene)
    }

    fn start(&self) -> Result<Server> {
        let arguments = [OsStr::new("--config"), self.config.as_os_str(), OsStr::new("--data"), self.data.as_os_str()];
        Server::start(&self.binary, &arguments, &self.log)
    }

    fn live_and_die(&mut self, span: Duration) -> Result<()> {
        let mut server = self.start()?;
        thread::sleep(span);
        server.ensure_running()?;
        let ready_ms = server.ready_ms();
        server.kill()?;
        self.lives.push(Life { ready_ms, end_ms: wall_ms() });
        Ok(())
    }

    /// Lets the server find peace, asks it for its account and stops it.
    fn settle(&mut self) -> Result<Settled> {
        let mut server = self.start()?;
        let address = server.address()?;
        let ready_ms = server.ready_ms();
        wait_for("the outbox to empty and all monitors to be up", SETTLE, || {
            server.ensure_running()?;
            Ok(account::is_calm(address, MONITORS)?.then_some(()))
        })?;
        let incidents = account::incidents(address)?;
        let deliveries = account::deliveries(address)?;
        let status = server.stop(Duration::from_secs(30))?;
        anyhow::ensure!(status.success(), "stopping ended with {status}");
        self.lives.push(Life { ready_ms, end_ms: wall_ms() });
        let receipts = self.receipts(&deliveries)?;
        let refused = deliveries.iter().filter(|row| row.state == "refused");
        Ok(Settled {
            seen: Seen {
                incidents,
                receipts,
                outages: self.target.outages(),
                lives: self.lives.clone(),
                channels: vec!["hook".into(), "mail".into()],
                interval_ms: INTERVAL.as_millis() as i64,
                timeout_ms: TIMEOUT.as_millis() as i64,
            },
            refused: refused.map(|row| format!("the delivery {} was given up", row.key)).collect(),
        })
    }

    /// What the receivers took. A mail's Message-ID stands for its key; what that key is about, the outbox tells.
    fn receipts(&self, deliveries: &[Delivery]) -> Result<Vec<Receipt>> {
        let calls = self.hook.received().calls.into_iter().map(|call| Receipt {
            at_ms: call.at_ms,
            channel: "hook".into(),
            key: call.key,
            incident: call.incident,
            kind: call.kind,
            answered: call.answered,
        });
        let mut receipts: Vec<Receipt> = calls.collect();
        let by_id: BTreeMap<String, &Delivery> =
            deliveries.iter().map(|row| (row.message_id(SENDER_DOMAIN), row)).collect();
        for mail in self.mail.mails() {
            let id = mail.header("message-id").context("a mail without Message-ID")?;
            let row = by_id.get(&id).with_context(|| format!("no delivery has the Message-ID {id}"))?;
            // A mail tells all that its message carries.
            let told =
                deliveries.iter().filter(|other| other.key == row.key || other.carrier.as_ref() == Some(&row.key));
            receipts.extend(told.map(|row| {
                let (key, incident, kind) = (row.key.clone(), row.incident.clone(), row.kind.clone());
                Receipt { at_ms: mail.at_ms, channel: "mail".into(), key, incident, kind, answered: true }
            }));
        }
        Ok(receipts)
    }
}

fn configuration(target: SocketAddr, hook: SocketAddr, mail: SocketAddr) -> String {
    let defaults = format!(
        "defaults: {{ interval: {}s, timeout: {}s, failure_threshold: 1, success_threshold: 1, flap_after: 0, channels: [hook, mail] }}\n\
         channels:\n  \
           hook: {{ type: webhook, url: \"http://{hook}/hook\", secret: \"{SECRET}\" }}\n  \
           mail: {{ type: email, smtp: \"smtp://{mail}\", from: \"allswell@{SENDER_DOMAIN}\", to: [\"ops@example.com\"] }}\n\
         monitors:\n",
        INTERVAL.as_secs(),
        TIMEOUT.as_secs(),
    );
    let lines = monitors()
        .into_iter()
        .map(|name| format!("  - {{ name: {name}, http: {{ url: \"http://{target}/{name}\" }} }}\n"));
    defaults + &lines.collect::<String>()
}

/// What SQLite finds wrong with a database.
fn integrity(path: &Path) -> Result<Vec<String>> {
    let check = || -> rusqlite::Result<Vec<String>> {
        let database = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        database.prepare("PRAGMA integrity_check")?.query_map([], |row| row.get(0))?.collect()
    };
    let found = check().with_context(|| format!("cannot check {}", path.display()))?;
    Ok(found.into_iter().filter(|line| line != "ok").map(|line| format!("{}: {line}", path.display())).collect())
}

fn report(args: &Args, seen: &Seen, judgement: &Judgement, violations: &[String]) {
    let lives = seen.lives.iter().filter(|life| life.ready_ms.is_some()).count();
    println!(
        "kills                 {} (seed {}), {lives} lives got as far as printing the address",
        args.kills, args.seed
    );
    println!("outages               {}, of them {} watched long enough", seen.outages.len(), judgement.clean_outages);
    println!("incidents             {}", seen.incidents.len());
    println!("messages due          {}", judgement.expected);
    println!("messages received     {}", seen.receipts.len());
    println!("repeated, same key    {}", judgement.repeated);
    println!("lost                  {}", judgement.lost);
    println!("violations            {}", violations.len());
    for violation in violations.iter().take(50) {
        println!("  {violation}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_database_is_found() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("main.db");
        let database = rusqlite::Connection::open(&path).expect("a new file");
        let fill = "CREATE TABLE t (x); CREATE INDEX i ON t (x);
            WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000) INSERT INTO t SELECT x FROM n;";
        database.execute_batch(fill).expect("valid SQL");
        drop(database);
        assert_eq!(integrity(&path).expect("it opens"), Vec::<String>::new());
        let mut bytes = fs::read(&path).expect("it is there");
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4_096].fill(0x5A);
        fs::write(&path, bytes).expect("it is ours");
        let found = integrity(&path).map_or(true, |lines| !lines.is_empty());
        assert!(found, "a page of rubbish is found");
    }
}
