//! A share that is served from this computer, until it has been collected.

use std::time::Duration;

use share_relay_api::{EventKind, Saved, State};

use super::Sending;
use crate::{
    commands::{Context, manage::judge, send::Route, unless_stopped},
    error::{Error, Kind, Result},
    i18n::fl,
    ledger::Entry,
    system::StopSignal,
    time,
};

/// How often the share is asked whether it has been collected.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Sending {
    /// Serves it from this computer until it has been collected. If that ends in another way, it is gone.
    pub async fn serve(&self, context: &Context, route: &Route, entry: &Entry, stop: &mut StopSignal) -> Result<()> {
        if route.here.is_none() {
            return Ok(());
        }
        let served = unless_stopped(stop, fl!("here-stopped"), self.until_collected(context, entry)).await;
        if served.is_err() {
            context.forget(&self.link.id);
        }
        served
    }

    /// Waits until the last allowed download has been received, telling of each receipt.
    async fn until_collected(&self, context: &Context, entry: &Entry) -> Result<()> {
        context.ui.note(fl!("here-waiting"));
        let mut told = 0;
        loop {
            let now = self.client.events(&self.link.id, &self.manage).await?;
            let judged = judge(entry, &now.events);
            let receipts = judged.iter().filter_map(|told| match &told.event.kind {
                EventKind::Receipt { receipt, .. } => Some((receipt.saved, told.verified?)),
                _ => None,
            });
            for (saved, is_genuine) in receipts.skip(told) {
                told += 1;
                match (is_genuine, saved) {
                    (false, _) => context.ui.warn(fl!("event-receipt-unverified")),
                    (true, Saved::Disk | Saved::Confirmed) => context.ui.note(fl!("here-received")),
                    (true, Saved::Browser) => {
                        let until = time::local(now.content_until.unwrap_or_default());
                        context.ui.note(fl!("here-given-to-browser", until = until));
                    }
                }
            }
            match now.state {
                State::Uploading | State::Ready => tokio::time::sleep(LOOK_EVERY).await,
                State::Collected => return Ok(()),
                State::Expired => return Err(Error::new(Kind::Gone, "expired", fl!("here-expired"))),
                State::Revoked => return Err(Error::new(Kind::Gone, "revoked", fl!("here-revoked"))),
            }
        }
    }
}
