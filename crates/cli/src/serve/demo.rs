//! What `serve --demo` watches: a sample service whose database goes away now and then, and a mail catcher that takes the
//! alerts and shows them.

mod sample_service;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use allswell_monitor::clock::Clock;
use allswell_monitor::config::{self, Config};
use allswell_monitor::mail_catcher::MailCatcher;
use allswell_server::mail_page::MailPage;
use anyhow::Context as _;
use sample_service::{SampleService, Schedule};
use tokio::task::JoinSet;

/// The running demo; it ends when this is dropped.
#[derive(Debug)]
pub struct Demo {
    service: SampleService,
    smtp: SocketAddr,
    page: MailPage,
    _catching: JoinSet<()>,
}

impl Demo {
    /// Starts the sample service, the mail catcher and its page, all on free ports of this machine.
    ///
    /// # Errors
    /// When no port of the loopback address can be had.
    pub async fn start(clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let service = SampleService::start(Schedule::default()).await.context("cannot start the sample service")?;
        let catcher = MailCatcher::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let catcher = catcher.context("cannot start the mail catcher")?;
        let smtp = catcher.address();
        let page = MailPage::start(catcher.mails()).await.context("cannot serve the page of caught mails")?;
        let mut catching = JoinSet::new();
        catching.spawn(catcher.run(clock));
        Ok(Self { service, smtp, page, _catching: catching })
    }

    /// The configuration that watches the sample service and tells the mail catcher.
    ///
    /// # Errors
    /// When the configuration does not fit this version; a test sees to it that it does.
    pub fn config(&self) -> Result<Config, config::Errors> {
        config::parse(&self.yaml(), Path::new("demo.yaml"), &|_| None)
    }

    fn yaml(&self) -> String {
        let Self { service: SampleService { api, database, .. }, smtp, .. } = self;
        format!(
            r#"
defaults: {{ interval: 2s, timeout: 1s, failure_threshold: 2, flap_after: 0, channels: [mail] }}
channels:
  mail: {{ type: email, smtp: "smtp://{smtp}", from: "Allswell <allswell@example.com>", to: ["you@example.com"] }}
monitors:
  - name: payments-api
    http: {{ url: "http://{api}/ready" }}
    conditions: ["status == 200", "time.total < duration('800ms')"]
  - {{ name: shop, http: {{ url: "http://{api}/" }} }}
  - {{ name: payments-db, tcp: {{ address: "{database}", expect: "ready" }}, channels: [] }}
"#
        )
    }

    /// Where the caught mails are shown.
    pub fn mail_page(&self) -> SocketAddr {
        self.page.address
    }

    /// Where the sample service answers.
    pub fn sample(&self) -> SocketAddr {
        self.service.api
    }
}
