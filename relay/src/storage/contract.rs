//! The two storage contracts: what a store keeps, and what survives a crash.
//!
//! **Durable** means: survives `kill -9` and power loss from the moment the call returns. A call that fails or is
//! cut off by a crash has taken effect wholly or not at all, except where said otherwise. A store never deletes or
//! overwrites on its own what it has reported durable.
//!
//! One store implements both contracts, because they share a share's lifetime: its object exists, empty, from the
//! creation of the record [`Key::Share`] on, and is removed with that record at the latest.

use std::{io, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use share_relay_api::{Bytes32, ShareId};

use super::disk;
use crate::domain::{BlobKind, Layout, PartPlace, Parts};

/// A store, by its two contracts.
#[derive(Clone)]
pub struct Storage {
    /// The store of records.
    pub records: Arc<dyn Records>,
    /// The store of the bytes of objects.
    pub objects: Arc<dyn Objects>,
}

/// Names a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// What is known of a share.
    Share(ShareId),
    /// A share's older events; the newest are in its record. The share must exist.
    Events(ShareId),
    /// The time that a trusted clock last showed.
    Clock,
}

/// Identifies one write of a record. If the outcome of a write is unknown, reading the record and comparing this id
/// shows whether the write took effect.
pub type WriteId = Bytes32;

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The write that stored it.
    pub written: WriteId,
    /// Unix time in seconds from which on [`Records::due`] returns it.
    pub due: Option<u64>,
    /// The stored bytes, opaque to the store.
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

/// What to read of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Header, nonce and parts, one after the other: an age file. This layout gives the offsets of the parts.
    Content(Layout),
    /// The manifest's age file.
    Manifest,
}

/// Why a call on a store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no space left. What the store held before, it still holds.
    #[error("there is no space left")]
    Full,
    /// The folder that the store was opened on is missing, or is another one, perhaps only for a time.
    #[error("the data folder is not there, or is another one than at the start")]
    Away,
    /// The share's bytes do not exist: they were never created, or have been deleted.
    #[error("the share's bytes are not there")]
    Missing,
    /// A stored record cannot be parsed.
    #[error("a stored record cannot be read")]
    Damaged(#[source] serde_json::Error),
    /// Another call is writing this, it may no longer be written, or no more files can be opened. If the call is
    /// repeated, it succeeds or the record shows the reason.
    #[error("the store is busy")]
    Busy,
    /// The part being written has another length than announced.
    #[error("a part has another length than announced")]
    Length,
    /// Reading or writing failed.
    #[error("reading or writing failed")]
    Io(#[source] io::Error),
    /// A change failed, and it is unknown whether it was stored nevertheless.
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
    /// Whether nothing can be written: the disk is full, fails, or is read-only.
    pub fn takes_nothing(&self) -> bool {
        matches!(self, Self::Full | Self::Io(_) | Self::Uncertain(_))
    }
}

/// The result of a call on a store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Small opaque values under typed keys, changed by compare-and-swap. A value that was loaded is durable.
#[async_trait]
pub trait Records: Send + Sync {
    /// Stores the first value of a key, durably. `false`, with nothing changed, if the key has a value.
    async fn create(&self, key: Key, value: Value) -> Result<bool>;

    /// The newest value of a key, if it has one.
    async fn load(&self, key: Key) -> Result<Option<Value>>;

    /// Replaces the value that the write `old` stored, durably. `false`, with nothing changed, if the key has another
    /// value by now, or none. Of concurrent calls, one succeeds. After a failure the new value may be stored
    /// nevertheless, which [`Records::load`] shows.
    async fn replace(&self, key: Key, old: WriteId, value: Value) -> Result<bool>;

    /// Removes a key if its value is the one that the write `old` stored; [`Key::Share`] with everything of the share.
    /// `false`, with nothing changed, if the key has another value. `true` also if the key has no value.
    async fn remove(&self, key: Key, old: WriteId) -> Result<bool>;

    /// The keys whose values are due at this time or earlier, the earliest first. None of them is ever omitted. A key
    /// that is not due is included only where the store cannot tell its time, for example after a failed write. Except
    /// for the first call after a start, the cost grows with the number of keys returned, not of keys stored.
    async fn due(&self, now: u64) -> Result<Vec<Key>>;

    /// Fails unless the store can read and write.
    async fn check(&self) -> Result<()>;
}

/// The bytes of each share's object.
///
/// A part is identified by its number and its *generation*. A change to smaller parts begins a new generation: from the
/// first call for it on, no part of an earlier generation is written or held any more.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Stores header and nonce, or the manifest, durably and whole, and replaces an earlier one. The caller makes one
    /// call for each of them at a time.
    async fn put_blob(&self, id: ShareId, kind: BlobKind, bytes: Bytes) -> Result<()>;

    /// Begins to write a part; `None` if it is held already. The part is not held until [`PartWriter::finish`] returns,
    /// and not at all if the writer is dropped. A part has one writer at a time: a second one fails with
    /// [`StoreError::Busy`], and so does one of an earlier generation or of a sealed object.
    async fn begin_part(&self, id: ShareId, place: PartPlace) -> Result<Option<Box<dyn PartWriter>>>;

    /// Which of the parts of these numbers are held.
    async fn parts(&self, id: ShareId, generation: u32, numbers: Range<u64>) -> Result<Parts>;

    /// Total bytes of the parts that are held. Cheap enough for calls that need no secret.
    async fn stored_bytes(&self, id: ShareId, generation: u32) -> Result<u64>;

    /// Makes the content exactly as long as this layout says, durably, and refuses to write any part from then on.
    /// `false`, with nothing changed, unless exactly the parts of the layout are held. Takes memory for the `Parts` of
    /// all of them.
    async fn seal(&self, id: ShareId, layout: Layout) -> Result<bool>;

    /// Reads at most `most` bytes from `offset` on; fewer only at the end. The content of ranges not yet written is
    /// unspecified.
    async fn read(&self, id: ShareId, source: Source, offset: u64, most: usize) -> Result<Bytes>;

    /// Deletes all bytes of a share; none can be written again, also not by writers that are running. Succeeds if there
    /// is nothing to delete.
    async fn delete(&self, id: ShareId) -> Result<()>;

    /// Free space in bytes, if the store can tell.
    async fn free_space(&self) -> Result<Option<u64>>;
}

/// Writes one part.
#[async_trait]
pub trait PartWriter: Send {
    /// Adds bytes. Up to `SMALL_UPLOAD_BYTES` of them may be buffered in memory.
    async fn write(&mut self, bytes: Bytes) -> Result<()>;

    /// Allows up to `BLOCK_BYTES` to be buffered in memory from now on.
    fn use_large_blocks(&mut self);

    /// Makes the part durable, then marks it as held, durably. [`StoreError::Length`] if bytes are missing.
    async fn finish(self: Box<Self>) -> Result<()>;
}
