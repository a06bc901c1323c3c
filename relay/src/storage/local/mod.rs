//! The store on a local disk.
//!
//! ```text
//! DIR/relay-id                   tells this folder from every other, see `folder.rs`
//! DIR/lock                       held while a relay runs; one byte tells whether it came to a clean end
//! DIR/shares/ID/record.json      replaced whole: temporary file, fsync, rename, fsync of the directory; see `records.rs`
//! DIR/shares/ID/events.json      likewise, once there are many events
//! DIR/shares/ID/content.age      header and nonce, then the parts in place; once sealed, exactly an age file
//! DIR/shares/ID/manifest.age     replaced whole
//! DIR/shares/ID/parts            which parts are held, see `part_index.rs`
//! DIR/tmp/                       what is half made or half deleted; emptied at start
//! DIR/clock                      a record too: the time noted last by a clock that was trusted
//! DIR/reserve                    takes up room that records get when the disk is full
//! ```
//! A part is written in place and synced; only then is its length written to `parts` and synced, so `parts` never
//! claims what a crash could lose. A share appears and disappears by renaming its whole directory. A part or record is
//! not returned to a caller while its sync is in progress or after it failed, because it may not be durable. The index
//! refuses parts of an earlier generation and of a sealed object, under the lock that every write takes.

mod content;
mod due;
mod inner;
mod part;
mod part_index;
mod records;
mod removal;
mod reserve;
mod unsynced;
mod write_lock;
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

use async_trait::async_trait;
use bytes::Bytes;
use share_relay_api::ShareId;
use tokio::{sync::Semaphore, task::spawn_blocking};

pub use self::removal::{RemoveError, remove_share};
use self::{due::DueIndex, inner::Inner, reserve::Reserve, unsynced::Unsynced, writers::Writers};
use crate::{
    domain::{BlobKind, Layout, PartPlace, Parts},
    keyed_locks::KeyedLocks,
    storage::{
        blocks::Blocks,
        contract::{Key, Objects, PartWriter, Records, Result, Source, Storage, StoreError, Value, WriteId},
        disk,
        folder::{Folder, FolderError},
    },
};

/// Blocking threads that read one record at once.
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
            names: AtomicU64::new(0),
            record_locks: KeyedLocks::default(),
            write_locks: KeyedLocks::default(),
            record_readers: KeyedLocks::new(|| Semaphore::new(READERS_PER_RECORD)),
            due: DueIndex::default(),
            writers: Writers::default(),
            held_bytes: Mutex::default(),
            blocks: Blocks::default(),
            unsynced: Unsynced::default(),
            unrecovered: Mutex::default(),
            was_killed: false,
            recovery_locks: KeyedLocks::default(),
            undeleted: Mutex::default(),
            lock,
            is_prepared: false,
        };
        // On a read-only disk nothing can be recovered, and nothing that is due can be carried out.
        if !inner.disk.is_read_only() {
            inner.prepare(&dir).map_err(failed)?;
            inner.is_prepared = true;
        }
        Ok(Self(Arc::new(inner)))
    }

    /// Runs disk work on a blocking thread, and checks before and after it that the folder is there: what was read from another
    /// folder must not be reported, and what was written to another one, or to this one after it was moved away, must not be
    /// acknowledged. Work that finds something missing is repeated once, because the folder may have been away just then.
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

    /// Runs disk work on a blocking thread. It is finished even if the caller is dropped.
    async fn run_anywhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Inner>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.0.clone();
        spawn_blocking(move || work(&inner)).await.map_err(|error| StoreError::Io(io::Error::other(error)))?
    }
}

/// Stores the time in the directory of a store, whether or not a relay uses it, because the operator confirms that it
/// is right.
///
/// # Errors
/// If it is not the directory of a store, or cannot be written to.
pub fn confirm_time(dir: &Path, now: u64) -> std::result::Result<(), OpenError> {
    let disk = disk::Disk::default();
    let folder = Folder::open(dir)?;
    let temporary = folder.path().join(format!("{}.{}", inner::CLOCK, std::process::id()));
    let noted = || {
        let value = Value::new(now.to_string(), None)?;
        disk.remove_file_if_there(&temporary)?;
        Ok(disk.replace(&dir.join(inner::CLOCK), &temporary, &records::to_file(&value)?)?)
    };
    noted().map_err(|error: StoreError| OpenError::Io(dir.to_owned(), io::Error::other(error)))
}

impl From<LocalStore> for Storage {
    fn from(store: LocalStore) -> Self {
        Self { records: Arc::new(store.clone()), objects: Arc::new(store) }
    }
}

#[async_trait]
impl Records for LocalStore {
    async fn create(&self, key: Key, value: Value) -> Result<bool> {
        self.run(move |inner| inner.create(key, &value)).await
    }

    async fn load(&self, key: Key) -> Result<Option<Value>> {
        // While the record is being changed, each reader blocks a thread.
        let readers = self.0.record_readers.of(key);
        let _reader = readers.acquire().await;
        match self.run(move |inner| inner.load(key)?.ok_or(StoreError::Missing)).await {
            Err(StoreError::Missing) => Ok(None),
            loaded => loaded.map(Some),
        }
    }

    async fn replace(&self, key: Key, old: WriteId, value: Value) -> Result<bool> {
        self.run(move |inner| inner.replace(key, old, &value)).await
    }

    async fn remove(&self, key: Key, old: WriteId) -> Result<bool> {
        self.run(move |inner| inner.remove(key, old)).await
    }

    async fn due(&self, now: u64) -> Result<Vec<Key>> {
        let left: Vec<ShareId> = self.0.unrecovered().iter().copied().collect();
        for id in left {
            // A failure is reported when the share is loaded.
            let _ = self.run(move |inner| inner.recover_share(id)).await;
        }
        self.run(move |inner| Ok(inner.due(now))).await
    }

    async fn check(&self) -> Result<()> {
        self.run(|inner| inner.check()).await
    }
}

#[async_trait]
impl Objects for LocalStore {
    async fn put_blob(&self, id: ShareId, kind: BlobKind, bytes: Bytes) -> Result<()> {
        self.run(move |inner| inner.put_blob(id, kind, &bytes)).await
    }

    async fn begin_part(&self, id: ShareId, place: PartPlace) -> Result<Option<Box<dyn PartWriter>>> {
        let part = self.run(move |inner| inner.begin_part(id, place)).await?;
        Ok(part.map(|part| Box::new(part) as _))
    }

    async fn parts(&self, id: ShareId, generation: u32, numbers: Range<u64>) -> Result<Parts> {
        self.run(move |inner| inner.parts(id, generation, numbers.clone())).await
    }

    async fn stored_bytes(&self, id: ShareId, generation: u32) -> Result<u64> {
        let readers = self.0.record_readers.of(Key::Share(id));
        let _reader = readers.acquire().await;
        self.run(move |inner| inner.stored_bytes(id, generation)).await
    }

    async fn seal(&self, id: ShareId, layout: Layout) -> Result<bool> {
        self.run(move |inner| inner.seal(id, layout)).await
    }

    async fn read(&self, id: ShareId, source: Source, offset: u64, most: usize) -> Result<Bytes> {
        // No check of the folder is needed here: the caller knows from the record that the object exists, and the
        // recipient verifies every byte.
        if let Some(bytes) = self.0.read_cached(id, source, offset, most) {
            return Ok(bytes);
        }
        self.run_anywhere(move |inner| {
            let read = inner.read(id, source, offset, most);
            if read.as_ref().is_ok_and(|bytes| bytes.len() == most) {
                return read;
            }
            inner.present()?;
            let read = inner.read(id, source, offset, most);
            inner.present()?;
            read
        })
        .await
    }

    async fn delete(&self, id: ShareId) -> Result<()> {
        self.run(move |inner| inner.delete(id)).await
    }

    async fn free_space(&self) -> Result<Option<u64>> {
        self.run(|inner| Ok(disk::free_space(&inner.shares)?)).await
    }
}

#[cfg(test)]
pub(super) mod tests;
