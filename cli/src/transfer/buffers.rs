//! Buffers for whole parts, used again and again, so that memory stays flat however many parts go by.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

/// A pool of byte buffers. Clones share it.
#[derive(Clone, Default)]
pub struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that goes back to its pool when dropped.
pub struct Buffer {
    bytes: Vec<u8>,
    pool: Buffers,
}

impl Buffers {
    /// An empty buffer: a used one, or a new one of this capacity.
    pub fn take(&self, capacity: usize) -> Buffer {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer { bytes: used.unwrap_or_else(|| Vec::with_capacity(capacity)), pool: self.clone() }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_is_used_again_empty() {
        let pool = Buffers::default();
        let mut first = pool.take(100);
        first.extend_from_slice(b"secret");
        let place = first.as_ptr();
        drop(first);
        let again = pool.take(100);
        assert_eq!((again.as_ptr(), again.len()), (place, 0));
        assert_ne!(pool.take(100).as_ptr(), place);
    }
}
