//! Writes one part: bytes are collected into blocks, written at their offset in the content file and synced, and only then
//! the part is marked as held. On tmpfs each piece is written directly.

use std::{io, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use share_relay_api::ShareId;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{inner::Inner, write_lock::WriteLock, writers::Claim};
use crate::{
    domain::PartPlace,
    limits::SMALL_UPLOAD_BYTES,
    storage::{
        blocks::Block,
        contract::{PartWriter, Result, StoreError},
        disk,
    },
};

/// A part being written. A full block is written when more bytes arrive, the last one together with the sync.
#[derive(Debug)]
pub struct LocalPart {
    store: Arc<Inner>,
    id: ShareId,
    place: PartPlace,
    state: State,
    /// Bytes still to come.
    missing: u64,
    /// Whether blocks have [`crate::limits::BLOCK_BYTES`].
    has_large_blocks: bool,
    lock: Arc<WriteLock>,
    /// Shared with the blocking write, so that the part stays claimed until a write in progress is over, even if this is
    /// dropped.
    claim: Arc<Claim>,
}

#[derive(Debug)]
enum State {
    Idle(Gathered),
    Writing(JoinHandle<Result<Gathered>>),
    Failed,
}

/// A block that is being filled, and where it will be written.
#[derive(Debug)]
struct Gathered {
    place: Place,
    block: Block,
}

/// The position in the content file at which the part continues.
#[derive(Debug)]
struct Place {
    content: disk::File,
    /// Offset of the part's first byte.
    begin: u64,
    /// Offset up to which it has been written.
    end: u64,
}

impl Gathered {
    fn gather(&mut self, bytes: &mut Bytes) {
        let room = self.block.room();
        let some = bytes.split_to(room.len().min(bytes.len()));
        room[..some.len()].copy_from_slice(&some);
        self.block.fill(some.len());
    }

    /// Writes the block, unless the part may not be written any more.
    fn write(&mut self, store: &Inner, lock: &WriteLock, part: PartPlace) -> Result<()> {
        let writable = lock.writable();
        writable.check(part)?;
        self.place.write(store, self.block.as_ref())?;
        self.block.clear();
        Ok(())
    }
}

impl Place {
    fn write(&mut self, store: &Inner, bytes: &[u8]) -> io::Result<()> {
        let end = self.end + bytes.len() as u64;
        let written = store.reserve.check().and_then(|()| self.content.write_all_at(bytes, self.end));
        if written.as_ref().is_err_and(disk::is_full)
            && let Err(error) = self.content.free(self.begin, end - self.begin)
        {
            tracing::warn!(%error, "what was written of a part for which there is no room takes up room");
        }
        written?;
        self.end = end;
        Ok(())
    }
}

impl LocalPart {
    /// A writer for a part that has been claimed and found writable.
    pub(super) fn new(
        store: Arc<Inner>,
        id: ShareId,
        place: PartPlace,
        content: disk::File,
        lock: Arc<WriteLock>,
        claim: Claim,
    ) -> Self {
        let bytes = usize::try_from(place.bytes).unwrap_or(SMALL_UPLOAD_BYTES).min(SMALL_UPLOAD_BYTES);
        let block = Block::small(bytes);
        let next = Place { content, begin: place.offset, end: place.offset };
        let state = State::Idle(Gathered { place: next, block });
        Self { store, id, place, state, missing: place.bytes, has_large_blocks: false, lock, claim: Arc::new(claim) }
    }

    /// Waits for a write in progress and returns the block for the next one.
    async fn next_block(&mut self) -> Result<Gathered> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(gathered) => Ok(gathered),
            State::Writing(task) => Ok(task.await.map_err(io::Error::other)??),
            State::Failed => Err(StoreError::Io(io::Error::other("an earlier write of this part failed"))),
        }
    }

    /// Writes the bytes on the current thread.
    async fn write_through(&mut self, bytes: &[u8]) -> Result<()> {
        let mut gathered = self.next_block().await?;
        let _turn = self.lock.turn.lock().await;
        {
            let writable = self.lock.writable();
            writable.check(self.place)?;
            gathered.place.write(&self.store, bytes)?;
        }
        self.state = State::Idle(gathered);
        Ok(())
    }

    /// Writes a block on a blocking thread, once no other part of the share is being written.
    async fn write_out(&self, mut gathered: Gathered) -> State {
        let turn = self.lock.turn.clone().lock_owned().await;
        let (store, lock, place, claim) = (self.store.clone(), self.lock.clone(), self.place, self.claim.clone());
        State::Writing(spawn_blocking(move || {
            gathered.write(&store, &lock, place)?;
            drop((turn, claim));
            Ok(gathered)
        }))
    }
}

#[async_trait]
impl PartWriter for LocalPart {
    async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        self.missing = self.missing.checked_sub(bytes.len() as u64).ok_or(StoreError::Length)?;
        if self.store.is_in_memory {
            return self.write_through(&bytes).await;
        }
        while !bytes.is_empty() {
            let mut gathered = self.next_block().await?;
            if gathered.block.is_full() {
                self.state = self.write_out(gathered).await;
                continue;
            }
            if self.has_large_blocks && gathered.block.is_empty() && !gathered.block.is_large() {
                gathered.block = self.store.blocks.take();
            }
            gathered.gather(&mut bytes);
            self.state = State::Idle(gathered);
        }
        Ok(())
    }

    fn use_large_blocks(&mut self) {
        self.has_large_blocks = true;
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        if self.missing > 0 {
            return Err(StoreError::Length);
        }
        let mut last = self.next_block().await?;
        let turn = self.lock.turn.clone().lock_owned().await;
        let finished = spawn_blocking(move || {
            last.write(&self.store, &self.lock, self.place)?;
            drop(turn);
            last.place.content.sync_data()?;
            drop(last);
            self.store.present()?;
            self.store.mark_held(self.id, self.place, &self.lock)?;
            self.store.present()
        });
        finished.await.map_err(io::Error::other)?
    }
}
