//! The state that all calls on the store share: paths, locks, and what is known in memory about the folder.

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

use super::{due::DueIndex, reserve::Reserve, unsynced::Unsynced, write_lock::WriteLock, writers::Writers};
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
    /// Whether the folder was missing when it was last checked.
    pub(super) away: AtomicBool,
    pub(super) shares: PathBuf,
    pub(super) temporary: PathBuf,
    pub(super) names: AtomicU64,
    /// One for each key, held while its record is compared and swapped.
    pub(super) record_locks: KeyedLocks<Key, tokio::sync::Mutex<()>>,
    pub(super) write_locks: KeyedLocks<ShareId, WriteLock>,
    /// Limits the blocking threads that wait for the lock of one record.
    pub(super) record_readers: KeyedLocks<Key, Semaphore>,
    /// When each share is due.
    pub(super) due: DueIndex,
    pub(super) writers: Writers,
    /// A cache: for each share, its generation and the total bytes of its held parts.
    pub(super) held_bytes: Mutex<HashMap<ShareId, (u32, u64)>>,
    pub(super) blocks: Blocks,
    pub(super) unsynced: Unsynced,
    /// Shares of an earlier process that have not been recovered yet, see [`Inner::recover_share`].
    pub(super) unrecovered: Mutex<HashSet<ShareId>>,
    /// Whether that process did not shut down cleanly.
    pub(super) was_killed: bool,
    pub(super) recovery_locks: KeyedLocks<ShareId, tokio::sync::Mutex<()>>,
    pub(super) reserve: Reserve,
    /// Temporary files and directories that could not be removed.
    pub(super) undeleted: Mutex<Vec<PathBuf>>,
    /// Whether the folder lies in memory (tmpfs), so that writing never blocks.
    pub(super) is_in_memory: bool,
    pub(super) lock: disk::File,
    /// Whether this store was prepared for writing.
    pub(super) is_prepared: bool,
}

/// The content of `lock` while a relay runs, or after it was killed.
pub(super) const RUNNING: u8 = b'+';

/// The content of `lock` after a clean shutdown, when everything written is durable.
pub(super) const ENDED: u8 = b'-';

impl Inner {
    pub(super) fn prepare(&mut self, dir: &Path) -> io::Result<()> {
        let killed = self.lock.first_byte()? != Some(ENDED);
        self.lock.write_all_at(&[RUNNING], 0)?;
        self.disk.create_private_dir(&self.temporary)?;
        self.disk.create_private_dir(&self.shares)?;
        self.disk.sync_dir(dir)?;
        self.disk.sync_dir(&self.shares)?;
        // Before any new name is used: an earlier process with the same process id may have used the same names.
        for entry in fs::read_dir(&self.temporary)? {
            self.disk.remove_all_if_there(&entry?.path())?;
        }
        self.was_killed = killed;
        *self.unrecovered() = self.ids()?.into_iter().collect();
        Ok(())
    }

    /// Makes a share that an earlier process left fit for use, before the first call on it: that process may have been killed
    /// between a change and its sync, or before the share had a record. It also enters the share in the index of due times.
    pub(super) fn recover_share(&self, id: ShareId) -> Result<()> {
        if !self.unrecovered().contains(&id) {
            return Ok(());
        }
        let _recovering = self.recovery_locks.of(id).blocking_lock_owned();
        if !self.unrecovered().contains(&id) {
            return Ok(());
        }
        let is_there = self.file(id, RECORD).try_exists()? || !self.remove_without_record(id)?;
        if is_there && self.was_killed {
            self.sync_share(id)?;
        }
        if is_there {
            // A record that cannot be read is due at once, so that the sweep reports it.
            let due = self.read_record(Key::Share(id)).map_or(Some(0), |record| record.and_then(|value| value.due));
            self.due.set(Key::Share(id), due);
        }
        self.present()?;
        self.unrecovered().remove(&id);
        Ok(())
    }

    /// Removes the directory of a share that never got a record. If it has one after all (the data folder was unmounted when
    /// this was checked), the directory is moved back, and the result is `false`.
    pub(super) fn remove_without_record(&self, id: ShareId) -> io::Result<bool> {
        let taken = self.take_away(id)?;
        if taken.join(RECORD).try_exists()? {
            self.disk.put_in_place(&taken, &self.dir(id))?;
            return Ok(false);
        }
        self.discard(taken);
        Ok(true)
    }

    pub(super) fn unrecovered(&self) -> MutexGuard<'_, HashSet<ShareId>> {
        self.unrecovered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Syncs the names and the part index of a share.
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

    /// A path below `tmp` that is unique while this process lives.
    pub(super) fn temporary(&self) -> PathBuf {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        self.temporary.join(format!("{}-{number}", std::process::id()))
    }

    /// The file of a record.
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

    /// Removes a temporary file or directory; if that fails, the next sweep tries again.
    pub(super) fn discard(&self, temporary: PathBuf) {
        if let Err(error) = self.disk.remove_all_if_there(&temporary) {
            tracing::warn!(%error, "a temporary file is left until the next sweep");
            self.undeleted().push(temporary);
        }
    }

    pub(super) fn undeleted(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.undeleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails while the folder that was opened is not there.
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

    /// The keys that are due, then those of shares that are not recovered, whose times are unknown. Also tries again to
    /// remove temporary files whose removal failed.
    pub(super) fn due(&self, now: u64) -> Vec<Key> {
        let undeleted = std::mem::take(&mut *self.undeleted());
        undeleted.into_iter().for_each(|temporary| self.discard(temporary));
        let mut due = self.due.until(now);
        due.extend(self.unrecovered().iter().map(|id| Key::Share(*id)));
        due
    }

    pub(super) fn ids(&self) -> io::Result<Vec<ShareId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.shares)? {
            // Other names do not belong to the store and are left alone.
            if let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let all_recovered = !self.was_killed || self.unrecovered().is_empty();
        if self.is_prepared && self.unsynced.is_empty() && all_recovered {
            // If this fails, the next start syncs more than it needs to.
            let _ = self.lock.write_all_at(&[ENDED], 0);
        }
    }
}
