//! What can be read but may not survive power loss: it is being synced, or its sync failed. A failed sync must not
//! just be repeated: the system may have given up what it could not write, and then says that all is well. (Linux
//! tells of the failure everyone who had the file open, so others who write to it fail likewise.)

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;

/// What must be written again before anybody builds on it.
#[derive(Debug, Default)]
pub struct Unsynced(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    records: HashMap<ShareId, UnsyncedRecord>,
    /// Parts, by their entry in the index.
    parts: HashSet<(ShareId, u64)>,
}

/// What of a share's record is not known to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsyncedRecord {
    /// Whether the share is there at all.
    Creation,
    /// Whether it is this record, or the one before.
    Change,
}

impl Unsynced {
    /// A record is being synced, or its sync failed.
    pub fn record_pending(&self, id: ShareId, what: UnsyncedRecord) {
        self.all().records.insert(id, what);
    }

    /// A record is durable, or known not to be there.
    pub fn record_synced(&self, id: ShareId) {
        self.all().records.remove(&id);
    }

    /// What of a record is not known to be durable.
    pub fn record(&self, id: ShareId) -> Option<UnsyncedRecord> {
        self.all().records.get(&id).copied()
    }

    /// A part's entry in the index is being synced, or its sync failed.
    pub fn part_pending(&self, id: ShareId, number: u64) {
        self.all().parts.insert((id, number));
    }

    /// A part's entry in the index is durable.
    pub fn part_synced(&self, id: ShareId, number: u64) {
        self.all().parts.remove(&(id, number));
    }

    /// The numbers of a share's parts whose entries are not known to be durable.
    pub fn parts(&self, id: ShareId) -> Vec<u64> {
        self.all().parts.iter().filter(|(of, _)| *of == id).map(|(_, number)| *number).collect()
    }

    /// Forgets a share's parts.
    pub fn forget_parts(&self, id: ShareId) {
        self.all().parts.retain(|(of, _)| *of != id);
    }

    /// Whether everything is durable.
    pub fn is_empty(&self) -> bool {
        let all = self.all();
        all.records.is_empty() && all.parts.is_empty()
    }

    fn all(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
