//! The storage contract: what a store keeps, and what survives a crash.
//!
//! **Durable** means: survives `kill -9` and power loss from the moment the call returns. A call that fails or is
//! cut off by a crash has happened wholly or not at all, except where said otherwise. No store ever deletes or
//! overwrites what it has reported durable unless told to.

use std::{io, ops::Range};

use bytes::Bytes;
use share_relay_api::ShareId;

use super::disk;
use crate::domain::{PartPlace, Parts, Record};

/// A record as it was read, with what is needed to replace exactly this one.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The record.
    pub record: Record,
    /// Which state of it this is.
    pub tag: Tag,
}

/// Names one state of one record, in the store's own terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(pub String);

/// The two byte objects of a share that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// Header, nonce and parts: an age file.
    Content,
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
    /// Somebody else is writing this, or the system has no more open files to give. It may work a little later.
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

/// Where shares are kept.
pub trait Store: Send + Sync + 'static {
    /// A part being written.
    type Part: PartWriter;

    /// Creates a share with this record and no bytes, durably. `false`, and nothing changed, if the id is taken.
    fn create(&self, id: ShareId, record: &Record) -> impl Future<Output = Result<bool>> + Send;

    /// The newest record of a share, if there is one.
    fn load(&self, id: ShareId) -> impl Future<Output = Result<Option<Stored>>> + Send;

    /// Replaces exactly the state `tag` of a record, durably. `false`, and nothing changed, if the share has
    /// another state by now, or is gone. Of calls that race, one wins.
    fn replace(&self, id: ShareId, tag: &Tag, record: &Record) -> impl Future<Output = Result<bool>> + Send;

    /// Deletes a share, record and bytes. One that is not there is no error.
    fn remove(&self, id: ShareId) -> impl Future<Output = Result<()>> + Send;

    /// The shares that may have something to do by `now` (expiry, ticket ends, tombstones); more is allowed, fewer
    /// is not.
    fn due(&self, now: u64) -> impl Future<Output = Result<Vec<ShareId>>> + Send;

    /// Stores header and nonce, durably, in place of others. One call for a share at a time.
    fn put_header(&self, id: ShareId, bytes: Bytes) -> impl Future<Output = Result<()>> + Send;

    /// Stores the manifest, durably and whole, in place of another. One call for a share at a time.
    fn put_manifest(&self, id: ShareId, bytes: Bytes) -> impl Future<Output = Result<()>> + Send;

    /// Begins to write a part; `None` if it is held already. Until [`PartWriter::finish`] returns, the part is not
    /// held; dropping the writer holds nothing. A part has one writer at a time: [`StoreError::Busy`] for a second
    /// one, and while the writers are paused.
    fn begin_part(&self, id: ShareId, place: PartPlace) -> impl Future<Output = Result<Option<Self::Part>>> + Send;

    /// Which of the parts of these numbers are held.
    fn parts(&self, id: ShareId, numbers: Range<u64>) -> impl Future<Output = Result<Parts>> + Send;

    /// Bytes of all parts that are held. Cheap enough to be asked by anybody.
    fn stored_bytes(&self, id: ShareId) -> impl Future<Output = Result<u64>> + Send;

    /// Keeps all parts of a share from being written until the answer is dropped; [`StoreError::Busy`] while any is
    /// being written. One whose [`PartWriter::finish`] failed is durably not held from then on.
    fn pause_writers(&self, id: ShareId) -> impl Future<Output = Result<Box<dyn Send>>> + Send;

    /// Makes the content exactly this long, durably. All parts up to there are held, and the writers are paused.
    fn seal(&self, id: ShareId, content_bytes: u64) -> impl Future<Output = Result<()>> + Send;

    /// Reads at most `most` bytes from `offset` on; fewer only at the end. What was not written reads as anything.
    fn read(&self, id: ShareId, object: Object, offset: u64, most: usize)
    -> impl Future<Output = Result<Bytes>> + Send;

    /// Deletes all bytes of a share and keeps its record. Running writers do no harm. Nothing there is no error.
    fn delete_content(&self, id: ShareId) -> impl Future<Output = Result<()>> + Send;

    /// Notes the time, durably.
    fn note_time(&self, now: u64) -> impl Future<Output = Result<()>> + Send;

    /// The time noted last, if there is one.
    fn noted_time(&self) -> impl Future<Output = Result<Option<u64>>> + Send;

    /// Bytes that still fit into the store, where it can tell.
    fn free_space(&self) -> impl Future<Output = Result<Option<u64>>> + Send;

    /// Fails unless the store can read and write.
    fn check(&self) -> impl Future<Output = Result<()>> + Send;
}

/// A part on its way into the store.
pub trait PartWriter: Send + 'static {
    /// Adds bytes. It may keep up to [`crate::limits::SMALL_UPLOAD_BYTES`] of them in memory.
    fn write(&mut self, bytes: Bytes) -> impl Future<Output = Result<()>> + Send;

    /// From now on it may keep up to [`crate::limits::BLOCK_BYTES`] in memory.
    fn use_large_blocks(&mut self);

    /// Makes the part durable, then marks it as held, durably. [`StoreError::Length`] if bytes are missing.
    fn finish(self) -> impl Future<Output = Result<()>> + Send;
}
