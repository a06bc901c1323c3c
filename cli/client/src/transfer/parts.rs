//! How a payload is cut into parts, and which of them the relay holds.
//!
//! Chunks are sealed in *blocks* of 128. A block is sent as one part, or, where something on the way does not let so
//! much through at once, as several smaller ones. The chunks stay what they are; only the borders of parts move.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use share_format::envelope::SEALED_CHUNK;
use share_relay_api::limits::{CHUNKS_PER_PART, SEALED_CHUNK_BYTES};

/// Chunks of a block.
pub const BLOCK_CHUNKS: u64 = CHUNKS_PER_PART;
/// Bytes of a block, but for the last: 8,390,656.
pub const BLOCK_BYTES: usize = BLOCK_CHUNKS as usize * SEALED_CHUNK;
/// The sizes of parts that are tried, in chunks: 8 MiB; half a MiB, as web servers refuse more than one unless they
/// are told otherwise; 128 KiB. Each divides the one before, so a block is always whole parts.
const SIZES: [u64; 3] = [BLOCK_CHUNKS, 8, 2];

/// The parts of one upload.
pub struct Parts {
    /// Chunks of every part but the last.
    chunks: AtomicU64,
    /// Half-open ranges in order.
    held: Vec<(u64, u64)>,
}

impl Parts {
    /// Parts of so many bytes, of which the relay holds these (half-open ranges). `None` if `share` makes no such parts.
    pub fn new(part_bytes: u64, mut held: Vec<(u64, u64)>) -> Option<Self> {
        held.sort_unstable();
        let chunks = SIZES.into_iter().find(|chunks| chunks * SEALED_CHUNK_BYTES == part_bytes)?;
        Some(Self { chunks: AtomicU64::new(chunks), held })
    }

    /// Whether the relay held any when this began.
    pub fn any_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Ranges that overlap, as only a relay that lies has them, may hide one another: then a part is sent once more.
    fn holds(&self, number: u64) -> bool {
        let before = self.held.partition_point(|(from, _)| *from <= number);
        before.checked_sub(1).is_some_and(|last| number < self.held[last].1)
    }

    /// The next smaller size in bytes, if there is one.
    pub fn smaller(&self) -> Option<u64> {
        let chunks = self.chunks.load(Ordering::Relaxed);
        SIZES.into_iter().find(|smaller| *smaller < chunks).map(|smaller| smaller * SEALED_CHUNK_BYTES)
    }

    /// Cuts differently from now on: only while no part is held.
    pub fn resize(&self, part_bytes: u64) {
        self.chunks.store(part_bytes / SEALED_CHUNK_BYTES, Ordering::Relaxed);
    }

    /// The parts of a block of so many bytes that the relay did not hold: their numbers, and where they lie in it.
    pub fn missing(&self, block: u64, bytes: usize) -> Vec<(u64, Range<usize>)> {
        let chunks = self.chunks.load(Ordering::Relaxed);
        let part_bytes = chunks as usize * SEALED_CHUNK;
        let starts = (0..bytes).step_by(part_bytes);
        let parts = (block * (BLOCK_CHUNKS / chunks)..).zip(starts);
        parts
            .filter(|(number, _)| !self.holds(*number))
            .map(|(number, start)| (number, start..bytes.min(start + part_bytes)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: usize = SEALED_CHUNK;

    #[test]
    fn a_block_is_one_part_or_several_whole_ones() {
        let parts = Parts::new(BLOCK_BYTES as u64, vec![(1, 2)]).unwrap();
        assert_eq!(parts.missing(0, BLOCK_BYTES), [(0, 0..BLOCK_BYTES)]);
        assert_eq!(parts.missing(1, BLOCK_BYTES), []);
        assert_eq!(parts.missing(2, 16), [(2, 0..16)], "the one chunk of empty content");
        assert_eq!(parts.smaller(), Some(8 * C as u64));
    }

    #[test]
    fn smaller_parts_cover_the_same_bytes() {
        let parts = Parts::new(8 * C as u64, vec![(16, 31), (0, 0), (5, 2)]).unwrap();
        assert_eq!(parts.missing(0, BLOCK_BYTES).len(), 16);
        assert_eq!(parts.missing(1, BLOCK_BYTES), [(31, 120 * C..128 * C)]);
        assert_eq!(parts.missing(2, 8 * C + 20), [(32, 0..8 * C), (33, 8 * C..8 * C + 20)]);
        parts.resize(parts.smaller().unwrap());
        assert_eq!(parts.missing(5, 3 * C), [(320, 0..2 * C), (321, 2 * C..3 * C)]);
        assert_eq!(parts.smaller(), None);
    }

    #[test]
    fn borders_always_meet() {
        assert!(SIZES.windows(2).all(|pair| pair[0].is_multiple_of(pair[1]) && pair[0] > pair[1]));
        assert!(Parts::new(3 * C as u64, Vec::new()).is_none());
    }
}
