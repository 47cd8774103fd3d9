//! Those who are told: a mail server that takes what comes, relays that say what a script wants, a webhook's receiver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};

use allswell_monitor::clock::SystemClock;
use allswell_monitor::mail_catcher::{MailCatcher, Mails};

use super::raw;

/// A mail server that takes every mail and keeps it.
pub fn mail_server() -> (SocketAddr, Mails) {
    let (started, ready) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let catcher = MailCatcher::bind("127.0.0.1:0".parse().expect("an address")).await.expect("bind");
            started.send((catcher.address(), catcher.mails())).expect("somebody waits");
            catcher.run(Arc::new(SystemClock::new())).await;
        });
    });
    ready.recv().expect("it starts")
}

/// A relay that answers each line that begins with one of these texts in this way, and every other one with 250.
pub fn relay(answers: &'static [(&'static str, &'static str)]) -> SocketAddr {
    raw::server(move |mut stream| {
        let _ = stream.write_all(b"220 relay\r\n");
        let lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
        for line in lines.map_while(Result::ok) {
            let answer =
                answers.iter().find(|(start, _)| line.starts_with(start)).map_or("250 ok", |(_, answer)| answer);
            let said = answer.replace("{line}", &line);
            if stream.write_all(format!("{said}\r\n").as_bytes()).is_err() {
                return;
            }
        }
    })
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Posted {
    pub head: String,
    pub body: String,
}

impl Posted {
    /// The value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// A webhook's receiver that gives `answer` to every request and keeps the requests; it hangs up when the answer is empty.
pub fn receiver(answer: impl Into<String>) -> (SocketAddr, Arc<Mutex<Vec<Posted>>>) {
    let (answer, kept) = (answer.into(), Arc::new(Mutex::new(Vec::new())));
    let posted = Arc::clone(&kept);
    let address = raw::server(move |mut stream| {
        let head = raw::head(&mut stream);
        let mut request = Posted { head, body: String::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).expect("the whole body");
        request.body = String::from_utf8(body).expect("UTF-8");
        posted.lock().expect("lock").push(request);
        let _ = stream.write_all(answer.as_bytes());
        raw::finish(stream);
    });
    (address, kept)
}
