//! Which parts of a share are held: the index in its file `parts`, and the sum of their lengths.
//!
//! The index begins with 4 bytes for the generation that is written, twice its number and one more once the object is
//! sealed; an empty file is that of generation 0. Then come 4 bytes a part: its length once it is durable, else 0. All
//! numbers are little-endian.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    sync::{MutexGuard, PoisonError},
};

use share_relay_api::{ShareId, limits::MAX_PARTS};

use super::{
    inner::{CONTENT, Inner, PARTS},
    write_lock::{ENTRY_BYTES, Writable, WriteLock},
};
use crate::{
    domain::{Layout, PartPlace, Parts},
    storage::contract::{Result, StoreError},
};

/// Index entries that are read at once to add up the bytes held.
const ENTRIES_AT_ONCE: usize = 1024;

/// Shares whose held bytes are cached.
const MAX_CACHED_SHARES: usize = 10_000;

impl Inner {
    pub(super) fn parts(&self, id: ShareId, generation: u32, numbers: Range<u64>) -> Result<Parts> {
        self.recover_share(id)?;
        let mut index = File::open(self.file(id, PARTS))?;
        if Writable::from_index(&mut index)?.generation != generation {
            return Ok(Parts::default());
        }
        index.seek(SeekFrom::Start(entry_at(numbers.start)))?;
        let mut bytes = Vec::new();
        let most = numbers.end.saturating_sub(numbers.start).saturating_mul(ENTRY_BYTES as u64);
        index.take(most).read_to_end(&mut bytes)?;
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

    /// Makes a part writable, and begins its generation if it is a new one; `false` if the part is held already.
    pub(super) fn make_writable(&self, id: ShareId, place: PartPlace, lock: &WriteLock) -> Result<bool> {
        let mut writable = lock.writable();
        *writable = Writable::from_index(&mut File::open(self.file(id, PARTS))?)?;
        let is_new = writable.generation < place.generation && !writable.is_sealed;
        if is_new || self.unsynced.has_index(id) {
            *writable = self.begin_generation(id, place.generation.max(writable.generation))?;
        } else if self.parts(id, place.generation, place.number..place.number + 1)?.holds(0) {
            return Ok(false);
        }
        writable.check(place)?;
        Ok(true)
    }

    /// Replaces the index of an earlier generation by an empty one.
    fn begin_generation(&self, id: ShareId, generation: u32) -> Result<Writable> {
        let writable = Writable { generation, is_sealed: false };
        self.forget_parts(id);
        self.unsynced.index_pending(id);
        let temporary = self.temporary();
        if let Err(error) = self.disk.replace(&self.file(id, PARTS), &temporary, &writable.to_bytes()) {
            self.discard(temporary);
            return Err(error.into());
        }
        self.unsynced.index_synced(id);
        Ok(writable)
    }

    /// Marks a part as held, durably.
    pub(super) fn mark_held(&self, id: ShareId, place: PartPlace, lock: &WriteLock) -> Result<()> {
        let length = u32::try_from(place.bytes).map_err(|_| StoreError::Length)?;
        let index = {
            let writable = lock.writable();
            writable.check(place)?;
            let index = self.disk.open(&self.file(id, PARTS))?;
            self.unsynced.part_pending(id, place.number);
            index.write_all_at(&length.to_le_bytes(), entry_at(place.number))?;
            index
        };
        index.sync_data()?;
        // Under this lock, because `stored_bytes` must not add up the index in between.
        let writable = lock.writable();
        writable.check(place)?;
        self.unsynced.part_synced(id, place.number);
        if let Some((_, sum)) = self.held_bytes().get_mut(&id) {
            *sum += place.bytes;
        }
        Ok(())
    }

    pub(super) fn stored_bytes(&self, id: ShareId, generation: u32) -> Result<u64> {
        let known = |held_bytes: &HashMap<ShareId, (u32, u64)>| {
            held_bytes.get(&id).filter(|(of, _)| *of == generation).map(|it| it.1)
        };
        if let Some(sum) = known(&self.held_bytes()) {
            return Ok(sum);
        }
        let lock = self.write_locks.of(id);
        let _writable = lock.writable();
        let mut sum = 0;
        for first in (0..MAX_PARTS).step_by(ENTRIES_AT_ONCE) {
            let parts = self.parts(id, generation, first..first + ENTRIES_AT_ONCE as u64)?;
            sum += parts.0.iter().copied().map(u64::from).sum::<u64>();
            if parts.0.len() < ENTRIES_AT_ONCE {
                break;
            }
        }
        let mut held_bytes = self.held_bytes();
        if held_bytes.len() >= MAX_CACHED_SHARES {
            held_bytes.clear();
        }
        held_bytes.insert(id, (generation, sum));
        Ok(sum)
    }

    fn held_bytes(&self) -> MutexGuard<'_, HashMap<ShareId, (u32, u64)>> {
        self.held_bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seal(&self, id: ShareId, layout: Layout) -> Result<bool> {
        let lock = self.write_locks.of(id);
        let mut writable = lock.writable();
        let (Some(payload), Some(content)) = (layout.payload_bytes, layout.content_bytes()) else { return Ok(false) };
        if !layout.is_complete(payload, &self.parts(id, layout.generation, 0..MAX_PARTS)?) {
            return Ok(false);
        }
        let file = self.disk.open(&self.file(id, CONTENT))?;
        // The sync of each part made the length durable too, so only a changed length needs a sync.
        let length = file.length()?;
        if length != content {
            file.set_len(content)?;
            if let Err(error) = file.sync_all() {
                // Otherwise the next attempt would find the length right and skip the sync.
                file.set_len(length)?;
                return Err(error.into());
            }
        }
        // Not synced: it only stops writers of this process, and there are none after a restart.
        let sealed = Writable { generation: layout.generation, is_sealed: true };
        self.disk.open(&self.file(id, PARTS))?.write_all_at(&sealed.to_bytes(), 0)?;
        *writable = sealed;
        Ok(true)
    }

    /// Discards what is cached about a share's parts, when the parts are discarded.
    pub(super) fn forget_parts(&self, id: ShareId) {
        self.held_bytes().remove(&id);
        self.unsynced.forget_parts(id);
    }
}

/// Where the entry of a part lies in `parts`.
fn entry_at(number: u64) -> u64 {
    number.saturating_add(1).saturating_mul(ENTRY_BYTES as u64)
}
