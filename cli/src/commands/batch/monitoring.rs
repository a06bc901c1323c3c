//! Makes a batch that fails, or hangs, or never begins stand out: figures for a metrics collector, signals to a
//! monitoring service, and a report to people. Whatever of this does not work is a warning, and never fails the batch.

mod mail;
mod metrics;
mod output_file;
mod report;

use std::path::Path;

use share_client::api::{PingUrl, Signal};
use share_format::{quote::quoted, text};

use self::{metrics::Metrics, report::Report};
use super::summary::Summary;
use crate::{
    args::MonitoringArgs,
    error::{Error, Result},
    i18n::fl,
    messages::{self, with_causes},
    ui::Ui,
};

/// The longest file with an address of a monitoring service.
const MAX_PING_FILE: usize = 4096;

/// Tells of one batch.
pub struct Monitoring {
    metrics: Option<Metrics>,
    ping: Option<PingUrl>,
    report: Option<Report>,
}

impl Monitoring {
    /// For this subcommand of `share batch`.
    ///
    /// # Errors
    /// What can be known to fail in the end: an address that is none, no sendmail, a file that cannot be written there or
    /// that holds something else.
    pub fn new(args: &MonitoringArgs, command: &'static str) -> Result<Self> {
        Ok(Self {
            metrics: args.metrics_file.as_deref().map(|path| Metrics::new(path, command)).transpose()?,
            ping: args.ping.as_deref().map(ping_url).transpose()?,
            report: args.report.as_deref().map(|target| Report::new(target, command)).transpose()?,
        })
    }

    /// The batch has begun, at this time in seconds since 1970.
    pub async fn started(&self, ui: &Ui, at: u64) {
        if let Some(metrics) = &self.metrics {
            warn_if_failed(ui, metrics.started(at));
        }
        self.ping(ui, Signal::Start).await;
    }

    /// The batch has ended, perhaps with an error. Takes a minute at most.
    pub async fn ended(&self, ui: &Ui, summary: &Summary, error: Option<&Error>) {
        let is_success = summary.is_complete() && error.is_none();
        if let Some(metrics) = &self.metrics {
            warn_if_failed(ui, metrics.ended(summary, is_success));
        }
        let report = async {
            if let Some(report) = &self.report {
                warn_if_failed(ui, report.deliver(summary, error).await);
            }
        };
        let signal = if is_success { Signal::Success } else { Signal::Failure };
        tokio::join!(report, self.ping(ui, signal));
    }

    async fn ping(&self, ui: &Ui, signal: Signal) {
        if let Some(ping) = &self.ping
            && let Err(error) = ping.tell(signal).await
        {
            ui.warn(fl!("batch-ping-failed", why = messages::ping(&error)));
        }
    }
}

fn warn_if_failed(ui: &Ui, result: Result<()>) {
    if let Err(error) = result {
        ui.warn(with_causes(&error));
    }
}

fn ping_url(text: &str) -> Result<PingUrl> {
    let parse = |text: &str| {
        PingUrl::parse(text).ok_or_else(|| Error::usage(fl!("batch-ping-invalid")).hint(fl!("batch-ping-invalid-hint")))
    };
    let Some(path) = text.strip_prefix('@') else { return parse(text) };
    let file = text::read(Path::new(path), MAX_PING_FILE);
    parse(&file.map_err(|error| Error::local(fl!("batch-ping-unreadable", path = quoted(path)), error))?)
}
