//! Room in memory for blocks on their way, used again and again, so that memory stays flat however many go by.

use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for so many blocks. Clones share it.
#[derive(Clone)]
pub struct Room {
    places: Arc<Semaphore>,
    most: usize,
    bytes: usize,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// The place of one block; free again when dropped.
pub struct Place {
    buffer: Vec<u8>,
    used: usize,
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
    _permit: OwnedSemaphorePermit,
}

impl Room {
    /// Room for so many blocks of so many bytes.
    pub fn new(most: usize, bytes: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), most, bytes, spare: Arc::default() }
    }

    /// Room for one block of so many bytes, and for `most` after [`Room::widen`]: scrypt's own 128 MiB are in use while
    /// the first blocks go out.
    pub fn narrow(most: usize, bytes: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(1)), ..Self::new(most, bytes) }
    }

    /// Makes room for all blocks that help.
    pub fn widen(&self) {
        self.places.add_permits(self.most - 1);
    }

    /// Waits for a place. What is in it is of no meaning.
    pub async fn enter(&self) -> Place {
        let permit = Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed");
        let used = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let buffer = used.unwrap_or_else(|| vec![0; self.bytes]);
        Place { used: buffer.len(), buffer, spare: Arc::clone(&self.spare), _permit: permit }
    }
}

impl Place {
    /// Only the first so many bytes count.
    pub fn shorten(&mut self, bytes: usize) {
        self.used = self.used.min(bytes);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(mem::take(&mut self.buffer));
    }
}

impl Deref for Place {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.used]
    }
}

impl DerefMut for Place {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.used]
    }
}

impl AsRef<[u8]> for Place {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_used_again_and_whole() {
        let room = Room::narrow(2, 100);
        let mut first = room.enter().await;
        first.shorten(10);
        let start = first.as_ptr();
        assert_eq!((first.len(), room.places.available_permits()), (10, 0));
        drop(first);
        let again = room.enter().await;
        assert_eq!((again.as_ptr(), again.len()), (start, 100));
        room.widen();
        assert_ne!(room.enter().await.as_ptr(), start);
        assert_eq!(room.places.available_permits(), 1);
    }
}
