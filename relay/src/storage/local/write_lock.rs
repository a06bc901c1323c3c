//! Which parts of a share can be written, and the locks of those who write them.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::PartPlace,
    storage::contract::{Result, StoreError},
};

/// Bytes of the beginning of an index, and of each of its entries.
pub(super) const ENTRY_BYTES: usize = 4;

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
    pub(super) generation: u32,
    pub(super) is_sealed: bool,
}

impl Writable {
    /// Refuses a part that is not to be written any more.
    pub fn check(&self, place: PartPlace) -> Result<()> {
        if self.is_sealed || self.generation != place.generation { Err(StoreError::Busy) } else { Ok(()) }
    }

    /// As the index says that begins here.
    pub(super) fn from_index(index: &mut File) -> io::Result<Self> {
        let mut bytes = [0; ENTRY_BYTES];
        index.seek(SeekFrom::Start(0))?;
        match index.read_exact(&mut bytes) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            _ => {}
        }
        let word = u32::from_le_bytes(bytes);
        Ok(Self { generation: word >> 1, is_sealed: word & 1 == 1 })
    }

    /// The beginning of an index.
    pub(super) fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        (self.generation << 1 | u32::from(self.is_sealed)).to_le_bytes()
    }
}
