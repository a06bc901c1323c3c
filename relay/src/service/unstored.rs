//! Changes of shares that could not be stored because the disk took no writes. Their number is bounded, and they are
//! lost at a restart.

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

/// For each share, the write id of its stored record and its newer state, which could not be stored.
#[derive(Debug, Default)]
pub struct Unstored(Mutex<HashMap<ShareId, (WriteId, Share)>>);

impl Unstored {
    /// Remembers the current state of a share whose stored record is that of the write `written`; `false` if there are
    /// too many such shares, or too many tickets on them.
    pub fn remember(&self, id: ShareId, written: WriteId, share: &Share) -> bool {
        let mut all = self.all();
        let before = all.remove(&id);
        let tickets: usize = all.values().map(|(_, share)| share.delivery.tickets()).sum();
        let fits = all.len() < MAX_UNSTORED && tickets + share.delivery.tickets() <= MAX_UNSTORED_TICKETS;
        if let Some(newest) = if fits { Some((written, share.clone())) } else { before } {
            all.insert(id, newest);
        }
        fits
    }

    /// Applies the remembered state to a stored record. If the record is of another write than the state was remembered
    /// for, it contains that state already: a call that failed stored it nevertheless.
    pub fn recall(&self, id: ShareId, written: WriteId, mut record: Record) -> Record {
        if let Some((before, share)) = self.all().get(&id)
            && *before == written
        {
            record.recall(share);
        }
        record
    }

    /// Discards the state remembered for a share, once its record is stored.
    pub fn forget(&self, id: ShareId) {
        self.all().remove(&id);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ShareId, (WriteId, Share)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
