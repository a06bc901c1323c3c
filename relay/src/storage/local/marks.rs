//! Which parts of a share are held: the marks in its file `parts`, and the sum of what they say.

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
const MARK_BYTES: usize = 4;

/// Marks that are in memory at once for a sum.
const MARKS_AT_ONCE: usize = 1024;

/// Shares whose held bytes are remembered.
const MAX_SUMS: usize = 10_000;

impl Inner {
    pub(super) fn parts(&self, id: ShareId, numbers: Range<u64>) -> Result<Parts> {
        self.settle_left(id)?;
        let mut marks = File::open(self.file(id, PARTS))?;
        marks.seek(SeekFrom::Start(mark_at(numbers.start)))?;
        let mut bytes = Vec::new();
        marks.take(mark_at(numbers.end - numbers.start)).read_to_end(&mut bytes)?;
        let (marks, _) = bytes.as_chunks::<MARK_BYTES>();
        let mut parts = Parts(marks.iter().map(|mark| u32::from_le_bytes(*mark)).collect());
        for number in self.doubts.marks(id) {
            let place = number.checked_sub(numbers.start).and_then(|place| usize::try_from(place).ok());
            if let Some(length) = place.and_then(|place| parts.0.get_mut(place)) {
                *length = 0;
            }
        }
        Ok(parts)
    }

    /// Marks a part as held, durably.
    pub(super) fn mark(&self, id: ShareId, place: PartPlace) -> Result<()> {
        let length = u32::try_from(place.bytes).map_err(|_| StoreError::Length)?;
        let marks = self.disk.open(&self.file(id, PARTS))?;
        {
            let _turn = self.turn(id);
            self.doubts.doubt_mark(id, place.number);
        }
        marks.write_all_at(&length.to_le_bytes(), mark_at(place.number))?;
        marks.sync_data()?;
        // No sum is taken in between.
        let _turn = self.turn(id);
        self.doubts.trust_mark(id, place.number);
        if let Some(sum) = self.sums().get_mut(&id) {
            *sum += place.bytes;
        }
        Ok(())
    }

    pub(super) fn stored_bytes(&self, id: ShareId) -> Result<u64> {
        let _turn = self.turn(id);
        if let Some(sum) = self.sums().get(&id) {
            return Ok(*sum);
        }
        let mut sum = 0;
        for first in (0..MAX_PARTS).step_by(MARKS_AT_ONCE) {
            let parts = self.parts(id, first..first + MARKS_AT_ONCE as u64)?;
            sum += parts.0.iter().copied().map(u64::from).sum::<u64>();
            if parts.0.len() < MARKS_AT_ONCE {
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

    /// Keeps parts from being written, and takes back the marks in doubt.
    pub(super) fn pause_writers(&self, id: ShareId) -> Result<Claim> {
        let paused = self.writers.pause(id).ok_or(StoreError::Busy)?;
        let doubtful = self.doubts.marks(id);
        if doubtful.is_empty() {
            return Ok(paused);
        }
        let marks = self.disk.open(&self.file(id, PARTS))?;
        for number in &doubtful {
            marks.write_all_at(&[0; MARK_BYTES], mark_at(*number))?;
        }
        marks.sync_data()?;
        doubtful.into_iter().for_each(|number| self.doubts.trust_mark(id, number));
        Ok(paused)
    }

    /// Forgets what is known of a share's parts, with the parts.
    pub(super) fn forget_parts(&self, id: ShareId) {
        self.sums().remove(&id);
        self.doubts.forget_marks(id);
    }
}

/// Where the mark of a part lies in `parts`.
fn mark_at(number: u64) -> u64 {
    number.saturating_mul(MARK_BYTES as u64)
}
