//! Which parts of a share are held: the index in its file `parts`, and the sum of their lengths.
//!
//! The index begins with 4 bytes for the generation that is written, twice its number and one more once the object is
//! sealed; an empty file is that of generation 0. Then come 4 bytes a part: its length once it is durable, else 0. All
//! numbers are little-endian.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use share_relay_api::{ShareId, limits::MAX_PARTS};

use super::inner::{CONTENT, Inner, PARTS};
use crate::{
    domain::{Layout, PartPlace, Parts},
    storage::contract::{Result, StoreError},
};

/// Bytes of the index before its entries, and of each entry.
const ENTRY_BYTES: usize = 4;

/// Entries that are in memory at once for a sum.
const ENTRIES_AT_ONCE: usize = 1024;

/// Shares whose held bytes are remembered.
const MAX_SUMS: usize = 10_000;

/// The locks of those who write to one share's content. Each of its writers keeps them, so a writer that is late learns that
/// its part is of an earlier generation, or that the object is sealed.
#[derive(Debug, Default)]
pub struct WriteLock {
    /// Held from when a block is to be written until it is: the kernel lets one thread write to a file at a time, and the
    /// others would spin. It may be held while the block waits for a blocking thread, so no blocking thread waits for it.
    pub turn: Arc<tokio::sync::Mutex<()>>,
    writable: Mutex<Writable>,
}

impl WriteLock {
    /// Which parts can be written, as long as this is held. Only held by code that runs, never across an `await`.
    pub fn writable(&self) -> MutexGuard<'_, Writable> {
        self.writable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which parts of a share can be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Writable {
    generation: u32,
    is_sealed: bool,
}

impl Writable {
    /// Refuses a part that is not to be written any more.
    pub fn check(&self, place: PartPlace) -> Result<()> {
        if self.is_sealed || self.generation != place.generation { Err(StoreError::Busy) } else { Ok(()) }
    }

    fn from_index(index: &mut File) -> io::Result<Self> {
        let mut bytes = [0; ENTRY_BYTES];
        index.seek(SeekFrom::Start(0))?;
        match index.read_exact(&mut bytes) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            _ => {}
        }
        let word = u32::from_le_bytes(bytes);
        Ok(Self { generation: word >> 1, is_sealed: word & 1 == 1 })
    }

    fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        (self.generation << 1 | u32::from(self.is_sealed)).to_le_bytes()
    }
}

impl Inner {
    pub(super) fn parts(&self, id: ShareId, generation: u32, numbers: Range<u64>) -> Result<Parts> {
        self.settle_left(id)?;
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

    /// Makes a part writable, which may begin its generation; `false` if it is held already.
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

    /// Puts a new index in the place of that of an earlier generation, of which no part is held.
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
        // No sum is taken in between.
        let writable = lock.writable();
        writable.check(place)?;
        self.unsynced.part_synced(id, place.number);
        if let Some((_, sum)) = self.sums().get_mut(&id) {
            *sum += place.bytes;
        }
        Ok(())
    }

    pub(super) fn stored_bytes(&self, id: ShareId, generation: u32) -> Result<u64> {
        let known =
            |sums: &HashMap<ShareId, (u32, u64)>| sums.get(&id).filter(|(of, _)| *of == generation).map(|it| it.1);
        if let Some(sum) = known(&self.sums()) {
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
        let mut sums = self.sums();
        if sums.len() >= MAX_SUMS {
            sums.clear();
        }
        sums.insert(id, (generation, sum));
        Ok(sum)
    }

    fn sums(&self) -> MutexGuard<'_, HashMap<ShareId, (u32, u64)>> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seal(&self, id: ShareId, layout: Layout) -> Result<bool> {
        let lock = self.write_locks.of(id);
        let mut writable = lock.writable();
        let (Some(payload), Some(content)) = (layout.payload_bytes, layout.content_bytes()) else { return Ok(false) };
        if !layout.is_complete(payload, &self.parts(id, layout.generation, 0..MAX_PARTS)?) {
            return Ok(false);
        }
        let file = self.disk.open(&self.file(id, CONTENT))?;
        // What is held up to there was synced, and the length with it.
        let length = file.length()?;
        if length != content {
            file.set_len(content)?;
            if let Err(error) = file.sync_all() {
                // Or else the next try would find it done.
                file.set_len(length)?;
                return Err(error.into());
            }
        }
        // It keeps out writers of this process; after a start there are none.
        let sealed = Writable { generation: layout.generation, is_sealed: true };
        self.disk.open(&self.file(id, PARTS))?.write_all_at(&sealed.to_bytes(), 0)?;
        *writable = sealed;
        Ok(true)
    }

    /// Forgets what is known of a share's parts, with the parts.
    pub(super) fn forget_parts(&self, id: ShareId) {
        self.sums().remove(&id);
        self.unsynced.forget_parts(id);
    }
}

/// Where the entry of a part lies in `parts`.
fn entry_at(number: u64) -> u64 {
    number.saturating_add(1).saturating_mul(ENTRY_BYTES as u64)
}
