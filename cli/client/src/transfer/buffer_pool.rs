//! Buffers for blocks on their way, used again and again, so that memory stays flat however many go by.

use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A fixed number of buffers of one size. Clones share them.
#[derive(Clone)]
pub struct BufferPool {
    free: Arc<Semaphore>,
    most: usize,
    bytes: usize,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// Room for one block; back in the pool when dropped.
pub struct Buffer {
    buffer: Vec<u8>,
    used: usize,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
    _permit: OwnedSemaphorePermit,
}

impl BufferPool {
    /// `most` buffers of so many bytes each, made as they are needed.
    pub fn new(most: usize, bytes: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), most, bytes, spare: Arc::default() }
    }

    /// One buffer, and `most` after [`BufferPool::widen`]: scrypt's own 128 MiB are in use while the first blocks go out.
    pub fn narrow(most: usize, bytes: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(1)), ..Self::new(most, bytes) }
    }

    /// Allows all buffers.
    pub fn widen(&self) {
        self.free.add_permits(self.most - 1);
    }

    /// Waits for a free buffer. What is in it has no meaning.
    pub async fn take(&self) -> Buffer {
        let permit = Arc::clone(&self.free).acquire_owned().await.expect("the semaphore is never closed");
        let used = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let buffer = used.unwrap_or_else(|| vec![0; self.bytes]);
        Buffer { used: buffer.len(), buffer, spare: Arc::clone(&self.spare), _permit: permit }
    }
}

impl Buffer {
    /// Only the first so many bytes count.
    pub fn shorten(&mut self, bytes: usize) {
        self.used = self.used.min(bytes);
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(mem::take(&mut self.buffer));
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.used]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.used]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_buffer_is_used_again_and_whole() {
        let pool = BufferPool::narrow(2, 100);
        let mut first = pool.take().await;
        first.shorten(10);
        let start = first.as_ptr();
        assert_eq!((first.len(), pool.free.available_permits()), (10, 0));
        drop(first);
        let again = pool.take().await;
        assert_eq!((again.as_ptr(), again.len()), (start, 100));
        pool.widen();
        assert_ne!(pool.take().await.as_ptr(), start);
        assert_eq!(pool.free.available_permits(), 1);
    }
}
