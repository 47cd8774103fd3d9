//! Asks a TLS question: connects, shakes hands, looks at the certificate.

use allswell_core::Phase;
use tokio::time::Instant;

use super::{Client, Settings, StartTls, starttls};
use crate::QuestionError;
use crate::dialer::{self, Dialer};
use crate::draft::Draft;
use crate::fault::Fault;
use crate::question::{dial_options, host_and_port};

/// A TLS question, ready to be asked.
pub(crate) struct Prepared {
    pub host: String,
    pub port: u16,
    pub starttls: Option<StartTls>,
    pub client: Client,
    pub dial: dialer::Options,
}

impl Prepared {
    /// Checks `settings` and reads the files they name.
    pub fn new(settings: &Settings) -> Result<Self, QuestionError> {
        let (host, port) = host_and_port("address", &settings.address)?;
        if settings.tls.server_name.is_none() {
            super::client::server_name(&host).map_err(|why| QuestionError::field("address", why))?;
        }
        Ok(Self {
            host,
            port,
            starttls: settings.starttls,
            client: Client::new(&settings.tls, &[])?,
            dial: dial_options(settings.ip_version, settings.resolver.as_deref())?,
        })
    }
}

/// Asks `question` and leaves what came back in `draft`.
pub(crate) async fn ask(
    question: &Prepared,
    dialer: &Dialer,
    deadline: Instant,
    draft: &mut Draft,
) -> Result<(), Fault> {
    let mut stream = dialer.dial(&question.host, question.port, &question.dial, deadline, &mut draft.progress).await?;
    draft.progress.begin(Phase::Tls);
    if let Some(protocol) = question.starttls {
        starttls::start(protocol, &mut stream, &mut draft.said).await?;
    }
    let stream = draft.secure(&question.client, stream, &question.host).await?;
    // The certificate is known, nothing of ours is under way: the port need not wait.
    let _ = stream.get_ref().0.set_zero_linger();
    Ok(())
}
