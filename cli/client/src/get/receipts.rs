//! Tells relays, and so the senders, what was received.

use std::{path::Path, time::Duration};

use futures_util::{StreamExt, stream};
use share_format::link::Link;
use tokio::time::{Instant, timeout_at};

use super::event::Event;
use crate::{
    api::Client,
    host::Context,
    patience::Patience,
    state::{receipts::PendingReceipt, tickets},
};

/// For how long all relays together are waited for that are still to get a receipt.
const PATIENCE: Duration = Duration::from_secs(2);
/// Relays that are told at once.
const TOLD_AT_ONCE: usize = 16;

/// Sends the receipt of what is saved. It stays saved if that fails, and the receipt is kept for a later run.
pub async fn deliver(
    context: &Context,
    link: &Link,
    client: &Client,
    patience: &Patience,
    mut pending: PendingReceipt,
) {
    if !pending.is_unsent() {
        return pending.forget();
    }
    let send = async { Ok(patience.with(async || pending.send(client, link).await).await?) };
    let error = match context.cancel.unless_cancelled(send).await {
        Ok(()) => return pending.forget(),
        Err(error) => error,
    };
    if pending.is_refused(error.code()) {
        pending.forget();
        context.report(Event::NoReceipt(error));
    } else if pending.keep() {
        context.report(Event::ReceiptKept(error));
    } else {
        context.report(Event::NoReceipt(error));
    }
}

/// Has [`send_kept_receipts`] send the receipt of what was saved whole in this folder, if a run that was killed left it;
/// wherever the files are now.
pub async fn keep_receipt(context: &Context, link: &Link, folder: &Path) {
    let Ok(tickets) = context.dirs.tickets() else { return };
    if let Some(mut pending) = PendingReceipt::of_saved(&tickets, link, folder).await {
        match pending.is_unsent() {
            true => drop(pending.keep()),
            false => pending.forget(),
        }
    }
}

/// Sends the receipts that were kept, but for that of this link. What cannot be sent now stays, unless it is old.
pub async fn send_kept_receipts(context: &Context, but: Option<&Link>) {
    let Ok(folder) = context.dirs.tickets() else { return };
    tickets::remove_old(&folder, but).await;
    let until = Instant::now() + PATIENCE;
    let notes = stream::iter(tickets::notes(&folder, but));
    let sending = notes.for_each_concurrent(TOLD_AT_ONCE, async |path| {
        // Nobody who fetches the same is kept from it for longer than this takes.
        let Some((link, pending)) = PendingReceipt::of_note(&path) else { return };
        let send = async { pending.send(&Client::new(&link.relay)?, &link).await };
        match timeout_at(until, send).await {
            Ok(Ok(())) => {
                pending.forget();
                context.report(Event::ReceiptSent { link: &link.to_string() });
            }
            Ok(Err(error)) if pending.is_refused(error.code()) => pending.forget(),
            Ok(Err(_)) | Err(_) => {}
        }
    });
    sending.await;
}
