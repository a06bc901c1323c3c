//! Tracks what can be read but may not survive power loss, because its sync is in progress or failed. After a failed sync,
//! calling it again is not enough: the kernel may have dropped the pages it could not write, and then reports success. (Linux
//! reports the failure once to everyone who had the file open, so other writers of the file fail too.)

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;

use crate::storage::contract::Key;

/// Everything that must be written again before anything may depend on it.
#[derive(Debug, Default)]
pub struct Unsynced(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    records: HashMap<Key, UnsyncedRecord>,
    /// Parts, by share and number, whose entry in the index is not durable.
    parts: HashSet<(ShareId, u64)>,
    /// Shares whose part index was replaced.
    indexes: HashSet<ShareId>,
}

/// What about a record may not be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsyncedRecord {
    /// Its existence.
    Creation,
    /// Its newest value: after power loss, the one before may be back.
    Change,
}

impl Unsynced {
    /// A record is being synced, or its sync failed.
    pub fn record_pending(&self, key: Key, what: UnsyncedRecord) {
        self.all().records.insert(key, what);
    }

    /// A record is durable, or does not exist.
    pub fn record_synced(&self, key: Key) {
        self.all().records.remove(&key);
    }

    /// What about this record may not be durable.
    pub fn record(&self, key: Key) -> Option<UnsyncedRecord> {
        self.all().records.get(&key).copied()
    }

    /// A part's entry in the index is being synced, or its sync failed.
    pub fn part_pending(&self, id: ShareId, number: u64) {
        self.all().parts.insert((id, number));
    }

    /// A part's entry in the index is durable.
    pub fn part_synced(&self, id: ShareId, number: u64) {
        self.all().parts.remove(&(id, number));
    }

    /// The numbers of a share's parts whose entries may not be durable.
    pub fn parts(&self, id: ShareId) -> Vec<u64> {
        self.all().parts.iter().filter(|(of, _)| *of == id).map(|(_, number)| *number).collect()
    }

    /// A share's new index is being put in place, or that failed.
    pub fn index_pending(&self, id: ShareId) {
        self.all().indexes.insert(id);
    }

    /// A share's new index is durable.
    pub fn index_synced(&self, id: ShareId) {
        self.all().indexes.remove(&id);
    }

    /// Whether a share's new index may not be durable.
    pub fn has_index(&self, id: ShareId) -> bool {
        self.all().indexes.contains(&id)
    }

    /// Forgets a share's parts.
    pub fn forget_parts(&self, id: ShareId) {
        let mut all = self.all();
        all.parts.retain(|(of, _)| *of != id);
        all.indexes.remove(&id);
    }

    /// Whether everything is durable.
    pub fn is_empty(&self) -> bool {
        let all = self.all();
        all.records.is_empty() && all.parts.is_empty() && all.indexes.is_empty()
    }

    fn all(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
