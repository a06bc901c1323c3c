//! A share that is served from this computer: it ends with this process, so that waits until it has been fetched.

use std::time::Duration;

use share_format::link::Link;
use share_relay_api::{EventKind, Saved, State};

use super::{Event, receipts::verify_receipts};
use crate::{
    api::Client,
    error::{Error, Result},
    host::Context,
    state::ledger::{Entry, Ledger},
};

/// How often the relay is asked whether it has been fetched.
const INTERVAL: Duration = Duration::from_millis(500);

/// Waits until the last allowed download has been received, telling of each receipt. If it ends in another way, the share
/// is gone.
pub(super) async fn until_collected(context: &Context, entry: &Entry) -> Result<()> {
    let link = Link::parse(&entry.link)?;
    let served = context.cancel.unless_cancelled(watch(context, &link, entry)).await;
    if served.is_err() {
        Ledger::of_user(&context.dirs)?.forget(&link.id);
    }
    served.map_err(|error| if matches!(error, Error::Interrupted) { Error::ServingStopped } else { error })
}

async fn watch(context: &Context, link: &Link, entry: &Entry) -> Result<()> {
    let client = Client::new(&link.relay)?;
    context.host.sending(Event::WaitingForRecipient)?;
    let mut told = 0;
    loop {
        let now = client.events(&link.id, &entry.manage_key).await?;
        let verified = verify_receipts(entry, &now.events);
        let receipts = verified.iter().filter_map(|event| match &event.event.kind {
            EventKind::Receipt { receipt, .. } => Some((receipt.saved, event.verified?)),
            _ => None,
        });
        for (saved, is_genuine) in receipts.skip(told) {
            told += 1;
            context.host.sending(match (is_genuine, saved) {
                (false, _) => Event::FalseReceipt,
                (true, Saved::Disk | Saved::Confirmed) => Event::Received,
                (true, Saved::Browser) => Event::GivenToBrowser { until: now.content_until.unwrap_or_default() },
            })?;
        }
        match now.state {
            State::Uploading | State::Ready => tokio::time::sleep(INTERVAL).await,
            State::Collected => return Ok(()),
            ended @ (State::Expired | State::Revoked) => return Err(Error::ServedShareEnded(ended)),
        }
    }
}
