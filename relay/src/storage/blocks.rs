//! Buffers for content: small ones for slow transfers, large ones for fast transfers. Large ones are pooled, because fresh
//! memory costs a page fault every 4 KiB.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::limits::{BLOCK_BYTES, IDLE_BLOCKS};

/// A pool of unused large blocks.
#[derive(Debug, Clone, Default)]
pub struct Blocks(Arc<Mutex<Vec<Box<[u8]>>>>);

/// A buffer whose first bytes are filled. A large one returns to its pool when dropped.
pub struct Block {
    pool: Option<Blocks>,
    bytes: Box<[u8]>,
    filled: usize,
}

impl Blocks {
    /// An empty block of [`BLOCK_BYTES`]. A new one takes memory only as it is filled.
    pub fn take(&self) -> Block {
        let used = self.idle().pop();
        let bytes = used.unwrap_or_else(|| vec![0; BLOCK_BYTES].into_boxed_slice());
        Block { pool: Some(self.clone()), bytes, filled: 0 }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Block {
    /// An empty block of so many bytes.
    pub fn small(bytes: usize) -> Self {
        Self { pool: None, bytes: vec![0; bytes].into_boxed_slice(), filled: 0 }
    }

    /// Whether it is one of [`BLOCK_BYTES`].
    pub fn is_large(&self) -> bool {
        self.pool.is_some()
    }

    /// Room for more bytes; it holds what an earlier user left there.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// Counts bytes at the beginning of the room as filled.
    pub fn fill(&mut self, bytes: usize) {
        self.filled = self.filled.saturating_add(bytes).min(self.bytes.len());
    }

    /// Whether nothing is filled in.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Whether there is no room left.
    pub fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// Makes it empty.
    pub fn clear(&mut self) {
        self.filled = 0;
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("filled", &self.filled).finish_non_exhaustive()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else { return };
        let bytes = std::mem::take(&mut self.bytes);
        let mut idle = pool.idle();
        if idle.len() < IDLE_BLOCKS {
            idle.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_used_again_and_shows_only_what_was_filled_in() {
        let blocks = Blocks::default();
        let mut first = blocks.take();
        first.room().fill(7);
        first.fill(BLOCK_BYTES);
        assert!(first.is_full() && first.room().is_empty() && first.as_ref().len() == BLOCK_BYTES);
        drop(first);
        let mut again = blocks.take();
        assert!(blocks.idle().is_empty() && again.as_ref().is_empty());
        again.room()[..2].copy_from_slice(b"ab");
        again.fill(2);
        assert_eq!(again.as_ref(), b"ab");
        again.clear();
        assert!(again.as_ref().is_empty() && again.room().len() == BLOCK_BYTES);
    }

    #[test]
    fn only_so_many_are_kept() {
        let blocks = Blocks::default();
        let many: Vec<Block> = (0..IDLE_BLOCKS + 3).map(|_| blocks.take()).collect();
        drop(many);
        assert_eq!(blocks.idle().len(), IDLE_BLOCKS);
    }
}
