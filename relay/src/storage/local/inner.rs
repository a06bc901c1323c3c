//! What all calls on the folder share: its paths and locks, and what is known of it.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use share_relay_api::ShareId;
use tokio::sync::{OwnedMutexGuard, Semaphore};

use super::{due::DueIndex, part_index::Writable, reserve::Reserve, unsynced::Unsynced, writers::Writers};
use crate::{
    keyed_locks::KeyedLocks,
    storage::{
        blocks::Blocks,
        contract::{Key, Result, StoreError},
        disk,
        folder::Folder,
    },
};

pub(super) const RECORD: &str = "record.json";
pub(super) const EVENTS: &str = "events.json";
pub(super) const CONTENT: &str = "content.age";
pub(super) const MANIFEST: &str = "manifest.age";
pub(super) const PARTS: &str = "parts";
pub(super) const CLOCK: &str = "clock";

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) disk: disk::Disk,
    pub(super) folder: Folder,
    /// Whether the folder was not there when it was last looked for.
    pub(super) away: AtomicBool,
    pub(super) shares: PathBuf,
    pub(super) temporary: PathBuf,
    pub(super) names: AtomicU64,
    /// A key's is held while its record is compared and swapped.
    pub(super) record_locks: KeyedLocks<Key, tokio::sync::Mutex<()>>,
    /// A share's is held while a block is written, because the system lets a file have one writer at a time, and the others
    /// would wait for it on a processor; and while it is decided which parts can be written.
    pub(super) write_locks: KeyedLocks<ShareId, tokio::sync::Mutex<Writable>>,
    /// Bounds the threads that wait for the lock of one record.
    pub(super) record_readers: KeyedLocks<Key, Semaphore>,
    /// When each share is due.
    pub(super) due: DueIndex,
    pub(super) writers: Writers,
    /// Bytes of the parts held of shares somebody has asked about, each with their generation.
    pub(super) sums: Mutex<HashMap<ShareId, (u32, u64)>>,
    pub(super) blocks: Blocks,
    pub(super) unsynced: Unsynced,
    /// Shares that the relay before this one left, until they are settled.
    pub(super) left: Mutex<HashSet<ShareId>>,
    /// Whether that one came to no clean end.
    pub(super) was_killed: bool,
    pub(super) settle_locks: KeyedLocks<ShareId, tokio::sync::Mutex<()>>,
    pub(super) reserve: Reserve,
    /// Temporary files and directories that could not be removed.
    pub(super) leftovers: Mutex<Vec<PathBuf>>,
    /// Whether it never has to be waited for the folder's disk.
    pub(super) is_in_memory: bool,
    pub(super) lock: disk::File,
    /// Whether what a relay before this one left is settled.
    pub(super) settled: bool,
}

/// In `lock`: a relay runs, or was killed.
pub(super) const RUNNING: u8 = b'+';

/// In `lock`: the last relay has ended, and all that it wrote is durable.
pub(super) const ENDED: u8 = b'-';

impl Inner {
    pub(super) fn prepare(&mut self, dir: &Path) -> io::Result<()> {
        let killed = self.lock.first_byte()? != Some(ENDED);
        self.lock.write_all_at(&[RUNNING], 0)?;
        self.disk.create_private_dir(&self.temporary)?;
        self.disk.create_private_dir(&self.shares)?;
        self.disk.sync_dir(dir)?;
        self.disk.sync_dir(&self.shares)?;
        // First, so that no name of a process that had this one's number is in the way.
        for entry in fs::read_dir(&self.temporary)? {
            self.disk.remove_all_if_there(&entry?.path())?;
        }
        self.was_killed = killed;
        *self.left() = self.ids()?.into_iter().collect();
        Ok(())
    }

    /// Settles what the relay before this one left of a share, before anybody builds on it: it may have been killed
    /// between a change and its sync, or before the share had a record. When the share is due is known only from then on.
    pub(super) fn settle_left(&self, id: ShareId) -> Result<()> {
        if !self.left().contains(&id) {
            return Ok(());
        }
        let _settling = self.settle_locks.of(id).blocking_lock_owned();
        if !self.left().contains(&id) {
            return Ok(());
        }
        let is_there = self.file(id, RECORD).try_exists()? || !self.remove_without_record(id)?;
        if is_there && self.was_killed {
            self.sync_share(id)?;
        }
        if is_there {
            // One that cannot be read is due at once, so that it is told.
            let due = self.read_record(Key::Share(id)).map_or(Some(0), |record| record.and_then(|value| value.due));
            self.due.set(Key::Share(id), due);
        }
        self.present()?;
        self.left().remove(&id);
        Ok(())
    }

    /// Removes a share that never got its record. One that has it goes back, and gives `false`: its folder was away when
    /// the record was looked for.
    pub(super) fn remove_without_record(&self, id: ShareId) -> io::Result<bool> {
        let taken = self.take_away(id)?;
        if taken.join(RECORD).try_exists()? {
            self.disk.put_in_place(&taken, &self.dir(id))?;
            return Ok(false);
        }
        self.discard(taken);
        Ok(true)
    }

    pub(super) fn left(&self) -> MutexGuard<'_, HashSet<ShareId>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes durable what is written of a share.
    pub(super) fn sync_share(&self, id: ShareId) -> io::Result<()> {
        self.disk.sync_dir(&self.dir(id))?;
        match self.disk.open(&self.file(id, PARTS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            index => index?.sync_data(),
        }
    }

    pub(super) fn dir(&self, id: ShareId) -> PathBuf {
        self.shares.join(id.as_str())
    }

    pub(super) fn file(&self, id: ShareId, name: &str) -> PathBuf {
        self.dir(id).join(name)
    }

    /// A path that nothing else uses while this process lives.
    pub(super) fn temporary(&self) -> PathBuf {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        self.temporary.join(format!("{}-{number}", std::process::id()))
    }

    /// Where a record lies.
    pub(super) fn record_file(&self, key: Key) -> PathBuf {
        match key {
            Key::Share(id) => self.file(id, RECORD),
            Key::Events(id) => self.file(id, EVENTS),
            Key::Clock => self.folder.path().join(CLOCK),
        }
    }

    pub(super) fn lock_record(&self, key: Key) -> OwnedMutexGuard<()> {
        self.record_locks.of(key).blocking_lock_owned()
    }

    /// Removes what is not needed any more, now or with a later sweep.
    pub(super) fn discard(&self, temporary: PathBuf) {
        if let Err(error) = self.disk.remove_all_if_there(&temporary) {
            tracing::warn!(%error, "a temporary file is left until the next sweep");
            self.leftovers().push(temporary);
        }
    }

    pub(super) fn leftovers(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails while the folder is not there that was opened.
    pub(super) fn present(&self) -> Result<()> {
        let is_there = self.folder.is_there()?;
        let was_there = !self.away.swap(!is_there, Ordering::Relaxed);
        let data = self.folder.path().display();
        match (was_there, is_there) {
            (true, false) => {
                tracing::error!(%data, "the data folder is not there, or is another one: every call is refused")
            }
            (false, true) => tracing::info!(%data, "the data folder is back"),
            _ => {}
        }
        if is_there { Ok(()) } else { Err(StoreError::Away) }
    }

    pub(super) fn check(&self) -> Result<()> {
        fs::metadata(&self.shares)?;
        let probe = self.temporary();
        let written = self.disk.write_new(&probe, RECORD.as_bytes());
        self.discard(probe);
        Ok(written?)
    }

    /// The keys that are due, and those of which that is not known. What could not be removed earlier is removed now.
    pub(super) fn due(&self, now: u64) -> Vec<Key> {
        let leftovers = std::mem::take(&mut *self.leftovers());
        leftovers.into_iter().for_each(|temporary| self.discard(temporary));
        let mut due = self.due.until(now);
        due.extend(self.left().iter().map(|id| Key::Share(*id)));
        due
    }

    pub(super) fn ids(&self) -> io::Result<Vec<ShareId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.shares)? {
            // A name that is no id is not ours; it is left alone.
            if let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let all_settled = !self.was_killed || self.left().is_empty();
        if self.settled && self.unsynced.is_empty() && all_settled {
            // If it fails, the next start only does more than it must.
            let _ = self.lock.write_all_at(&[ENDED], 0);
        }
    }
}
