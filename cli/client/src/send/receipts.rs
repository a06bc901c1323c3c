//! Whether what the relay tells of receipts is true.

use std::collections::HashSet;

use serde::Serialize;
use share_format::envelope::ReceiptKey;
use share_relay_api::{Bytes32, Event, EventKind, Receipt};

use crate::state::ledger::Entry;

/// An event, and for a receipt whether it is genuine.
#[derive(Serialize)]
pub struct VerifiedEvent {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// Absent for anything but a receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// Verifies the receipts among what the relay tells. The relay cannot forge one; that it does not show one and the same
/// receipt as two is checked by its ticket, which may have one of each kind.
pub fn verify_receipts(entry: &Entry, events: &[Event]) -> Vec<VerifiedEvent> {
    let key = ReceiptKey::from_bytes(entry.receipt_key);
    let mut seen = HashSet::new();
    let mut verify = |ticket_hash: &Bytes32, receipt: &Receipt| {
        key.verify(ticket_hash, receipt)
            && entry.fingerprint == Some(receipt.fingerprint)
            && seen.insert((*ticket_hash, receipt.saved))
    };
    let verified = events.iter().map(|event| VerifiedEvent {
        verified: match &event.kind {
            EventKind::Receipt { ticket_hash, receipt } => Some(verify(ticket_hash, receipt)),
            _ => None,
        },
        event: event.clone(),
    });
    verified.collect()
}
