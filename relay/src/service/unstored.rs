//! Shares that have changed while the disk took nothing, bounded. A restart forgets them.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;

use crate::{
    domain::{Record, Share},
    limits::{MAX_UNSTORED, MAX_UNSTORED_TICKETS},
    storage::WriteId,
};

/// What could not be stored of them, each with the write of the record that is.
#[derive(Debug, Default)]
pub struct Unstored(Mutex<HashMap<ShareId, (WriteId, Share)>>);

impl Unstored {
    /// Keeps a share as it is by now, of which the record of this write is stored; `false` if there are too many, or too many tickets
    /// on them.
    pub fn remember(&self, id: ShareId, written: WriteId, share: &Share) -> bool {
        let mut all = self.all();
        let before = all.remove(&id);
        let tickets: usize = all.values().map(|(_, share)| share.delivery.tickets()).sum();
        let fits = all.len() < MAX_UNSTORED && tickets + share.delivery.tickets() <= MAX_UNSTORED_TICKETS;
        if let Some(kept) = if fits { Some((written, share.clone())) } else { before } {
            all.insert(id, kept);
        }
        fits
    }

    /// A stored record with what could not be stored. It is in a newer one already, which a call that failed may have
    /// stored all the same.
    pub fn recall(&self, id: ShareId, written: WriteId, mut record: Record) -> Record {
        if let Some((before, share)) = self.all().get(&id)
            && *before == written
        {
            record.recall(share);
        }
        record
    }

    /// The record is stored as it is.
    pub fn forget(&self, id: ShareId) {
        self.all().remove(&id);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ShareId, (WriteId, Share)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
