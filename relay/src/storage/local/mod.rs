//! The store on a local disk.
//!
//! ```text
//! DIR/relay-id                   tells this folder from every other, see `folder.rs`
//! DIR/lock                       held while a relay runs; one byte tells whether it came to a clean end
//! DIR/shares/ID/record.json      replaced whole: temporary file, fsync, rename, fsync of the directory
//! DIR/shares/ID/content.age      header and nonce, then the parts in place; once sealed, exactly an age file
//! DIR/shares/ID/manifest.age     replaced whole
//! DIR/shares/ID/parts            4 bytes a part, little-endian: its length once it is durable, else 0
//! DIR/tmp/                       what is half made or half deleted; emptied at start
//! DIR/clock                      the time noted last by a clock that was trusted; replaced whole
//! DIR/reserve                    takes up room that records get when the disk is full
//! ```
//! A part is written in place and synced; only then is its length written to `parts` and synced, so `parts` never
//! claims what a crash could lose. A share appears and disappears by renaming its whole directory. What is not known
//! to be durable is not given out: no part and no record is, while it is synced or after its sync failed.

mod content;
mod inner;
mod noted_time;
mod part;
mod part_index;
mod records;
mod removal;
mod reserve;
mod unsynced;
mod writers;

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
};

use bytes::Bytes;
use share_relay_api::ShareId;
use tokio::{sync::Semaphore, task::spawn_blocking};

pub use self::removal::{RemoveError, remove_share};
use self::{inner::Inner, part::LocalPart, reserve::Reserve, unsynced::Unsynced, writers::Writers};
use crate::{
    domain::{PartPlace, Parts, Record},
    share_locks::ShareLocks,
    storage::{
        blocks::Blocks,
        contract::{Object, Result, Store, StoreError, Stored, Tag},
        disk,
        folder::{Folder, FolderError},
    },
};

/// How many read one share's record at once.
const READERS_PER_RECORD: usize = 4;

/// A directory of shares, held by one process.
#[derive(Debug, Clone)]
pub struct LocalStore(Arc<Inner>);

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another relay runs on it.
    #[error("another relay is using {}", .0.display())]
    InUse(PathBuf),
    /// It is not a relay's folder, or cannot become one.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It cannot be locked or cleaned.
    #[error("cannot use {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
}

impl LocalStore {
    /// Opens the store of a relay in `dir`, takes its lock, and removes what a crash left half done.
    pub fn open(dir: &Path) -> std::result::Result<Self, OpenError> {
        Self::start(disk::Disk::default(), Folder::open(dir)?)
    }

    /// Like [`LocalStore::open`], but makes a new relay's folder (0700) if `dir` is missing or empty.
    pub fn init(dir: &Path) -> std::result::Result<Self, OpenError> {
        Self::init_on(disk::Disk::default(), dir)
    }

    pub(crate) fn init_on(disk: disk::Disk, dir: &Path) -> std::result::Result<Self, OpenError> {
        let folder = Folder::init(&disk, dir)?;
        Self::start(disk, folder)
    }

    fn start(disk: disk::Disk, folder: Folder) -> std::result::Result<Self, OpenError> {
        let dir = folder.path().to_owned();
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse(dir.clone()),
            _ => OpenError::Io(dir.clone(), error),
        };
        let lock = dir.join("lock");
        let (disk, lock) = match disk.lock(&lock) {
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                tracing::error!(
                    "the disk can only be read: nothing new is taken until it can be written and the relay starts again"
                );
                let disk = disk.read_only();
                let lock = disk.lock_to_read(&lock).map_err(failed)?;
                (disk, lock)
            }
            lock => (disk, lock.map_err(failed)?),
        };
        let mut inner = Inner {
            reserve: Reserve::new(disk.clone(), dir.join("reserve")),
            is_in_memory: disk.is_in_memory(&dir),
            disk,
            folder,
            away: AtomicBool::new(false),
            shares: dir.join("shares"),
            temporary: dir.join("tmp"),
            noted_time: dir.join(noted_time::NAME),
            names: AtomicU64::new(0),
            record_locks: ShareLocks::default(),
            write_locks: ShareLocks::default(),
            record_readers: ShareLocks::new(|| Semaphore::new(READERS_PER_RECORD)),
            writers: Writers::default(),
            sums: Mutex::default(),
            blocks: Blocks::default(),
            unsynced: Unsynced::default(),
            left: Mutex::default(),
            was_killed: false,
            settle_locks: ShareLocks::default(),
            leftovers: Mutex::default(),
            lock,
            settled: false,
        };
        if !inner.disk.is_read_only() {
            inner.prepare(&dir).map_err(failed)?;
            inner.settled = true;
        }
        Ok(Self(Arc::new(inner)))
    }

    /// Does disk work, if the folder is there before and after it: what was found in another folder is not told, and what
    /// was written to another one, or to this one when it was moved away, is not acknowledged. What is missing is looked
    /// for again: the folder may have been away just then.
    async fn run<T: Send + 'static>(&self, work: impl Fn(&Arc<Inner>) -> Result<T> + Send + 'static) -> Result<T> {
        self.run_anywhere(move |inner| {
            inner.present()?;
            let mut done = work(inner);
            if let Err(StoreError::Missing) = done {
                inner.present()?;
                done = work(inner);
            }
            inner.present()?;
            done
        })
        .await
    }

    /// Does disk work where it does not hold up others. It is finished even if nobody waits for it any more.
    async fn run_anywhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Inner>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.0.clone();
        spawn_blocking(move || work(&inner)).await.map_err(|error| StoreError::Io(io::Error::other(error)))?
    }
}

/// Notes the time in the directory of a store, whether or not a relay uses it, because somebody says that it is right.
///
/// # Errors
/// If it is not the directory of a store, or cannot be written to.
pub fn confirm_time(dir: &Path, now: u64) -> std::result::Result<(), OpenError> {
    let disk = disk::Disk::default();
    let folder = Folder::open(dir)?;
    let temporary = folder.path().join(format!("{}.{}", noted_time::NAME, std::process::id()));
    disk.remove_file_if_there(&temporary)
        .and_then(|()| noted_time::write(&disk, &dir.join(noted_time::NAME), &temporary, now))
        .map_err(|error| OpenError::Io(dir.to_owned(), error))
}

fn to_json(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(StoreError::Damaged)
}

impl Store for LocalStore {
    type Part = LocalPart;

    async fn create(&self, id: ShareId, record: &Record) -> Result<bool> {
        let record = to_json(record)?;
        self.run(move |inner| inner.create(id, &record)).await
    }

    async fn load(&self, id: ShareId) -> Result<Option<Stored>> {
        // Each waits on a thread of its own while the record is being changed.
        let readers = self.0.record_readers.of(id);
        let _reader = readers.acquire().await;
        match self.run(move |inner| inner.load(id)?.ok_or(StoreError::Missing)).await {
            Err(StoreError::Missing) => Ok(None),
            loaded => loaded.map(Some),
        }
    }

    async fn replace(&self, id: ShareId, tag: &Tag, record: &Record) -> Result<bool> {
        let (tag, record) = (tag.clone(), to_json(record)?);
        self.run(move |inner| inner.replace(id, &tag, &record)).await
    }

    async fn remove(&self, id: ShareId) -> Result<()> {
        self.run(move |inner| inner.remove(id)).await
    }

    async fn due(&self, _now: u64) -> Result<Vec<ShareId>> {
        let left: Vec<ShareId> = self.0.left().iter().copied().collect();
        for id in left {
            // If that fails, it fails again when the share is loaded, which is told.
            let _ = self.run(move |inner| inner.settle_left(id)).await;
        }
        self.run(|inner| inner.due()).await
    }

    async fn put_header(&self, id: ShareId, bytes: Bytes) -> Result<()> {
        self.run(move |inner| inner.put_header(id, &bytes)).await
    }

    async fn put_manifest(&self, id: ShareId, bytes: Bytes) -> Result<()> {
        self.run(move |inner| inner.put_manifest(id, &bytes)).await
    }

    async fn begin_part(&self, id: ShareId, place: PartPlace) -> Result<Option<LocalPart>> {
        self.run(move |inner| inner.begin_part(id, place)).await
    }

    async fn parts(&self, id: ShareId, numbers: Range<u64>) -> Result<Parts> {
        self.run(move |inner| inner.parts(id, numbers.clone())).await
    }

    async fn stored_bytes(&self, id: ShareId) -> Result<u64> {
        let readers = self.0.record_readers.of(id);
        let _reader = readers.acquire().await;
        self.run(move |inner| inner.stored_bytes(id)).await
    }

    async fn pause_writers(&self, id: ShareId) -> Result<Box<dyn Send>> {
        Ok(Box::new(self.run(move |inner| inner.pause_writers(id)).await?))
    }

    async fn seal(&self, id: ShareId, content_bytes: u64) -> Result<()> {
        self.run(move |inner| inner.seal(id, content_bytes)).await
    }

    async fn read(&self, id: ShareId, object: Object, offset: u64, most: usize) -> Result<Bytes> {
        // Whoever reads knows by the record that it is there, and checks every byte.
        if let Some(bytes) = self.0.read_cached(id, object, offset, most) {
            return Ok(bytes);
        }
        self.run_anywhere(move |inner| {
            let read = inner.read(id, object, offset, most);
            if read.as_ref().is_ok_and(|bytes| bytes.len() == most) {
                return read;
            }
            inner.present()?;
            let read = inner.read(id, object, offset, most);
            inner.present()?;
            read
        })
        .await
    }

    async fn delete_content(&self, id: ShareId) -> Result<()> {
        self.run(move |inner| inner.delete_content(id)).await
    }

    async fn note_time(&self, now: u64) -> Result<()> {
        self.run(move |inner| inner.note_time(now)).await
    }

    async fn noted_time(&self) -> Result<Option<u64>> {
        self.run(|inner| Ok(noted_time::read(&inner.noted_time)?)).await
    }

    async fn free_space(&self) -> Result<Option<u64>> {
        self.run(|inner| Ok(disk::free_space(&inner.shares)?)).await
    }

    async fn check(&self) -> Result<()> {
        self.run(|inner| inner.check()).await
    }
}

#[cfg(all(test, unix))]
mod failures;
#[cfg(all(test, unix))]
mod power_loss;
#[cfg(all(test, unix))]
pub mod promises;
#[cfg(test)]
mod tests;
