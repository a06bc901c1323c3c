//! The two storage contracts: what a store keeps, and what survives a crash.
//!
//! **Durable** means: survives `kill -9` and power loss from the moment the call returns. A call that fails or is
//! cut off by a crash has happened wholly or not at all, except where said otherwise. No store ever deletes or
//! overwrites what it has reported durable unless told to.
//!
//! Both contracts are kept by one store: the object of a share exists, empty, from the creation of the record
//! [`Key::Share`] on, and is gone at the latest with it.

use std::{io, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use share_relay_api::{Bytes32, ShareId};

use super::disk;
use crate::domain::{BlobKind, Layout, PartPlace, Parts};

/// A store, by its two contracts.
#[derive(Clone)]
pub struct Storage {
    /// Where records are kept.
    pub records: Arc<dyn Records>,
    /// Where the bytes of objects are kept.
    pub objects: Arc<dyn Objects>,
}

/// Names a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// What is known of a share.
    Share(ShareId),
    /// What happened to a share, but for the newest. The share is there.
    Events(ShareId),
    /// The time that was noted last.
    Clock,
}

/// Tells one write of a record from all others. Whoever lost the answer to a write reads the record again and sees by this
/// whether the write happened.
pub type WriteId = Bytes32;

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The write that stored it.
    pub written: WriteId,
    /// When it is to be found by [`Records::due`], in seconds since 1970.
    pub due: Option<u64>,
    /// What is stored. The store does not look into it.
    pub bytes: Bytes,
}

impl Value {
    /// A value that is to be written, with a new [`WriteId`].
    pub fn new(bytes: impl Into<Bytes>, due: Option<u64>) -> Result<Self> {
        let mut written = Bytes32([0; 32]);
        getrandom::fill(&mut written.0).map_err(io::Error::other)?;
        Ok(Self { written, due, bytes: bytes.into() })
    }
}

/// What can be read of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Header, nonce and parts, one after the other: an age file. Its parts lie where this layout has them.
    Content(Layout),
    /// The manifest's age file.
    Manifest,
}

/// Why a store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no space left. What was held is still held.
    #[error("there is no space left")]
    Full,
    /// What the store was opened on is not there, or is another one. What it holds may come back.
    #[error("the data folder is not there, or is another one than at the start")]
    Away,
    /// The share's bytes are not there: never created, or deleted since.
    #[error("the share's bytes are not there")]
    Missing,
    /// What is stored cannot be understood.
    #[error("a stored record cannot be read")]
    Damaged(#[source] serde_json::Error),
    /// Somebody else is writing this, it can be written no more, or the system has no more open files to give. When the
    /// call is made again, it works or the reason is in the record.
    #[error("the store is busy")]
    Busy,
    /// The part being written does not have the length it was announced with.
    #[error("a part has another length than announced")]
    Length,
    /// Reading or writing failed.
    #[error("reading or writing failed")]
    Io(#[source] io::Error),
    /// A change failed, and nobody can tell now whether it is stored all the same.
    #[error("it is not known whether a change was stored")]
    Uncertain(#[source] Box<StoreError>),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            _ if disk::is_full(&error) => Self::Full,
            io::ErrorKind::NotFound => Self::Missing,
            _ if disk::is_too_many_open(&error) => Self::Busy,
            _ => Self::Io(error),
        }
    }
}

impl StoreError {
    /// Whether nothing can be written: the disk is full, fails, or can only be read.
    pub fn takes_nothing(&self) -> bool {
        matches!(self, Self::Full | Self::Io(_) | Self::Uncertain(_))
    }
}

/// What a store did, or why it did not.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Small opaque values under typed keys, changed by compare-and-swap. What is loaded is durable.
#[async_trait]
pub trait Records: Send + Sync {
    /// Stores the first value of a key, durably. `false`, and nothing changed, if there is one.
    async fn create(&self, key: Key, value: Value) -> Result<bool>;

    /// The newest value of a key, if there is one.
    async fn load(&self, key: Key) -> Result<Option<Value>>;

    /// Replaces the value that the write `old` stored, durably. `false`, and nothing changed, if the key has another value
    /// by now, or none. Of calls that race, one wins. After a failure the new value may be there all the same:
    /// [`Records::load`] tells.
    async fn replace(&self, key: Key, old: WriteId, value: Value) -> Result<bool>;

    /// Removes a key with the value that the write `old` stored; with [`Key::Share`] everything of the share. `false`, and nothing
    /// changed, if the key has another value. One that is not there is no error.
    async fn remove(&self, key: Key, old: WriteId) -> Result<bool>;

    /// The keys whose values are due at this time or earlier. It may give others too, and never lacks one. What it costs
    /// follows what it gives, but for the first call after a start.
    async fn due(&self, now: u64) -> Result<Vec<Key>>;

    /// Fails unless the store can read and write.
    async fn check(&self) -> Result<()>;
}

/// The bytes of each share's object.
///
/// A part is known by its number and its *generation*. Making parts smaller begins a new generation: from the first call
/// for it on, no part of an earlier one is written or held any more.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Stores header and nonce, or the manifest, durably and whole, in place of another. One call for each of them at a
    /// time.
    async fn put_blob(&self, id: ShareId, kind: BlobKind, bytes: Bytes) -> Result<()>;

    /// Begins to write a part; `None` if it is held already. Until [`PartWriter::finish`] returns, the part is not
    /// held; dropping the writer holds nothing. A part has one writer at a time: [`StoreError::Busy`] for a second
    /// one, and for one of an earlier generation or of a sealed object.
    async fn begin_part(&self, id: ShareId, place: PartPlace) -> Result<Option<Box<dyn PartWriter>>>;

    /// Which of the parts of these numbers are held.
    async fn parts(&self, id: ShareId, generation: u32, numbers: Range<u64>) -> Result<Parts>;

    /// Bytes of all parts that are held. Cheap enough to be asked by anybody.
    async fn stored_bytes(&self, id: ShareId, generation: u32) -> Result<u64>;

    /// Makes the content exactly as long as this layout has it, durably, and lets no part be written any more. `false`,
    /// and nothing changed, unless exactly its parts are held. Memory for `Parts` of them all is needed meanwhile.
    async fn seal(&self, id: ShareId, layout: Layout) -> Result<bool>;

    /// Reads at most `most` bytes from `offset` on; fewer only at the end. What was not written reads as anything.
    async fn read(&self, id: ShareId, source: Source, offset: u64, most: usize) -> Result<Bytes>;

    /// Deletes all bytes of a share, of which nothing can be written again. Running writers do no harm. Nothing there is no
    /// error.
    async fn delete(&self, id: ShareId) -> Result<()>;

    /// Bytes that still fit into the store, where it can tell.
    async fn free_space(&self) -> Result<Option<u64>>;
}

/// A part on its way into the store.
#[async_trait]
pub trait PartWriter: Send {
    /// Adds bytes. It may keep up to `SMALL_UPLOAD_BYTES` of them in memory.
    async fn write(&mut self, bytes: Bytes) -> Result<()>;

    /// From now on it may keep up to `BLOCK_BYTES` in memory.
    fn use_large_blocks(&mut self);

    /// Makes the part durable, then marks it as held, durably. [`StoreError::Length`] if bytes are missing.
    async fn finish(self: Box<Self>) -> Result<()>;
}
