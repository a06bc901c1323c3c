//! Which parts of a share are held: the index in its file `parts`, an entry a part, and the sum of their lengths.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    sync::{MutexGuard, PoisonError},
};

use share_relay_api::{ShareId, limits::MAX_PARTS};

use super::{
    inner::{Inner, PARTS},
    writers::Claim,
};
use crate::{
    domain::{PartPlace, Parts},
    storage::contract::{Result, StoreError},
};

/// Bytes a part takes in `parts`.
const ENTRY_BYTES: usize = 4;

/// Entries that are in memory at once for a sum.
const ENTRIES_AT_ONCE: usize = 1024;

/// Shares whose held bytes are remembered.
const MAX_SUMS: usize = 10_000;

impl Inner {
    pub(super) fn parts(&self, id: ShareId, numbers: Range<u64>) -> Result<Parts> {
        self.settle_left(id)?;
        let mut index = File::open(self.file(id, PARTS))?;
        index.seek(SeekFrom::Start(entry_at(numbers.start)))?;
        let mut bytes = Vec::new();
        index.take(entry_at(numbers.end - numbers.start)).read_to_end(&mut bytes)?;
        let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
        let mut parts = Parts(entries.iter().map(|entry| u32::from_le_bytes(*entry)).collect());
        for number in self.unsynced.parts(id) {
            let place = number.checked_sub(numbers.start).and_then(|place| usize::try_from(place).ok());
            if let Some(length) = place.and_then(|place| parts.0.get_mut(place)) {
                *length = 0;
            }
        }
        Ok(parts)
    }

    /// Marks a part as held, durably.
    pub(super) fn mark_held(&self, id: ShareId, place: PartPlace) -> Result<()> {
        let length = u32::try_from(place.bytes).map_err(|_| StoreError::Length)?;
        let index = self.disk.open(&self.file(id, PARTS))?;
        {
            let _lock = self.lock_record(id);
            self.unsynced.part_pending(id, place.number);
        }
        index.write_all_at(&length.to_le_bytes(), entry_at(place.number))?;
        index.sync_data()?;
        // No sum is taken in between.
        let _lock = self.lock_record(id);
        self.unsynced.part_synced(id, place.number);
        if let Some(sum) = self.sums().get_mut(&id) {
            *sum += place.bytes;
        }
        Ok(())
    }

    pub(super) fn stored_bytes(&self, id: ShareId) -> Result<u64> {
        let _lock = self.lock_record(id);
        if let Some(sum) = self.sums().get(&id) {
            return Ok(*sum);
        }
        let mut sum = 0;
        for first in (0..MAX_PARTS).step_by(ENTRIES_AT_ONCE) {
            let parts = self.parts(id, first..first + ENTRIES_AT_ONCE as u64)?;
            sum += parts.0.iter().copied().map(u64::from).sum::<u64>();
            if parts.0.len() < ENTRIES_AT_ONCE {
                break;
            }
        }
        let mut sums = self.sums();
        if sums.len() >= MAX_SUMS {
            sums.clear();
        }
        sums.insert(id, sum);
        Ok(sum)
    }

    fn sums(&self) -> MutexGuard<'_, HashMap<ShareId, u64>> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps parts from being written, and clears the entries that are not known to be durable.
    pub(super) fn pause_writers(&self, id: ShareId) -> Result<Claim> {
        let paused = self.writers.pause(id).ok_or(StoreError::Busy)?;
        let unsynced = self.unsynced.parts(id);
        if unsynced.is_empty() {
            return Ok(paused);
        }
        let index = self.disk.open(&self.file(id, PARTS))?;
        for number in &unsynced {
            index.write_all_at(&[0; ENTRY_BYTES], entry_at(*number))?;
        }
        index.sync_data()?;
        unsynced.into_iter().for_each(|number| self.unsynced.part_synced(id, number));
        Ok(paused)
    }

    /// Forgets what is known of a share's parts, with the parts.
    pub(super) fn forget_parts(&self, id: ShareId) {
        self.sums().remove(&id);
        self.unsynced.forget_parts(id);
    }
}

/// Where the entry of a part lies in `parts`.
fn entry_at(number: u64) -> u64 {
    number.saturating_mul(ENTRY_BYTES as u64)
}
