//! Disk space reserved for records, so that on a full disk downloads can still be charged, receipts stored and shares
//! revoked.

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::storage::disk::Disk;

/// Bytes reserved. The largest record takes less than half of it, and replacing a record frees its predecessor.
const RESERVE_BYTES: u64 = 1024 * 1024;

static BLOCK: [u8; 64 * 1024] = [0; 64 * 1024];

/// A file whose space is released when a record needs it.
#[derive(Debug)]
pub struct Reserve {
    disk: Disk,
    path: PathBuf,
    whole: Mutex<bool>,
}

impl Reserve {
    /// The reserve in this file, which need not exist yet.
    pub fn new(disk: Disk, path: PathBuf) -> Self {
        Self { disk, path, whole: Mutex::new(false) }
    }

    /// Allocates the space again after it was given up; fails while the disk is full. No new bytes are accepted before that.
    pub fn fill(&self) -> io::Result<()> {
        let mut whole = self.whole();
        if *whole {
            return Ok(());
        }
        let file = self.disk.open_or_create(&self.path)?;
        let mut filled = file.length()?;
        while filled < RESERVE_BYTES {
            file.write_all_at(&BLOCK, filled)?;
            filled += BLOCK.len() as u64;
        }
        file.sync_data()?;
        *whole = true;
        Ok(())
    }

    /// Frees the space, for a record.
    pub fn give_up(&self) -> io::Result<()> {
        let mut whole = self.whole();
        *whole = false;
        self.disk.open_or_create(&self.path)?.set_len(0)
    }

    /// Fails while the space is given up.
    pub fn check(&self) -> io::Result<()> {
        if *self.whole() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn whole(&self) -> MutexGuard<'_, bool> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
