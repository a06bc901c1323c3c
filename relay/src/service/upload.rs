//! The sender's calls that bring bytes.

use std::sync::Arc;

use bytes::Bytes;
use share_relay_api::{
    Bytes32, Code, CreateShare, Created, ShareId,
    limits::{MAX_MANIFEST_BYTES, MAX_PARTS},
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout},
};

use super::{
    error::{Error, Result},
    relay::Relay,
};
use crate::{
    digest,
    domain::{Blob, BlobKind, Layout, PartPlace, Record, Refusal},
    limits::{BLOCK_BYTES, FAST_BYTES_PER_SECOND, PARTS_MEMORY, SMALL_UPLOAD_BYTES, UPLOAD_TRIAL_BYTES},
    memory::Memory,
    storage::{PartWriter, Store},
};

/// A part on its way: either it is written, or it is held already and what arrives is thrown away.
pub enum Upload<S: Store> {
    /// It is written.
    New(NewPart<S>),
    /// It is held already.
    Held,
}

/// A part being written.
pub struct NewPart<S: Store> {
    relay: Arc<Relay<S>>,
    id: ShareId,
    part: S::Part,
    /// When its first bytes came, and how many came since.
    begun: Option<Instant>,
    received: u64,
    memory: Vec<Memory>,
    /// One of the places for parts of its share.
    _slot: OwnedSemaphorePermit,
}

impl<S: Store> Relay<S> {
    /// `PUT /v1/shares/{id}` for a share that is there: the same request again, or the same with smaller parts, as long
    /// as none is held or being written.
    pub(super) async fn create_again(
        self: &Arc<Self>,
        id: ShareId,
        record: &Record,
        request: CreateShare,
    ) -> Result<Created> {
        if !record.wants_smaller_parts(&request, self.now())? {
            return Ok(record.created_again(&request, self.now())?);
        }
        let relay = self.clone();
        tokio::spawn(async move { relay.make_parts_smaller(id, request).await }).await?
    }

    async fn make_parts_smaller(&self, id: ShareId, request: CreateShare) -> Result<Created> {
        let paused = self.store.pause_writers(id).await?;
        if self.stored_bytes(id).await? > 0 {
            return Err(Code::Conflict.into());
        }
        let accepts = self.config.accepts.clone();
        let made =
            self.carry_through(id, move |record, now| record.make_parts_smaller(&request, &accepts, now)).await?;
        // Whoever waits for parts learns of their places before one can come.
        self.notifier.notify(id);
        drop(paused);
        Ok(made)
    }

    /// Refuses a header or manifest by its announced length, before any of it is read.
    pub async fn expect_blob(
        &self,
        id: ShareId,
        manage_key: Option<Bytes32>,
        kind: BlobKind,
        bytes: u64,
    ) -> Result<Memory> {
        let record = self.managed(id, manage_key).await?;
        let share = record.live(self.now())?;
        match kind {
            BlobKind::Header if bytes != share.request.header_bytes => return Err(Code::WrongLength.into()),
            BlobKind::Manifest if bytes > MAX_MANIFEST_BYTES => {
                return Err(Refusal::TooLarge { limit: MAX_MANIFEST_BYTES }.into());
            }
            BlobKind::Manifest if bytes == 0 => return Err(Code::WrongLength.into()),
            BlobKind::Header | BlobKind::Manifest => {}
        }
        Ok(self.blobs.reserve(bytes).await?)
    }

    /// `PUT …/header` and `PUT …/manifest`. Carried through even if the caller goes away; the memory is given back when the
    /// bytes are.
    pub async fn put_blob(
        self: &Arc<Self>,
        id: ShareId,
        manage_key: Option<Bytes32>,
        kind: BlobKind,
        bytes: Bytes,
        memory: Memory,
    ) -> Result<()> {
        let relay = self.clone();
        let set = async move {
            let set = relay.set_blob(id, manage_key, kind, bytes).await;
            drop(memory);
            set
        };
        tokio::spawn(set).await?
    }

    async fn set_blob(
        self: &Arc<Self>,
        id: ShareId,
        manage_key: Option<Bytes32>,
        kind: BlobKind,
        bytes: Bytes,
    ) -> Result<()> {
        let blob = Blob { hash: digest::of(&bytes), bytes: bytes.len() as u64 };
        let lock = match kind {
            BlobKind::Header => self.header_locks.of(id),
            BlobKind::Manifest => self.manifest_locks.of(id),
        };
        let _lock = lock.lock().await;
        if self.managed(id, manage_key).await?.holds(kind, &blob, self.now())? {
            return Ok(());
        }
        let stored = match kind {
            BlobKind::Header => self.store.put_header(id, bytes).await,
            BlobKind::Manifest => self.store.put_manifest(id, bytes).await,
        };
        if let Err(error) = stored {
            return Err(self.explain(id, error).await);
        }
        let held = self.change(id, move |record, now| record.hold(kind, blob.clone(), now)).await;
        if let Err(Error::Refused(Refusal::Gone { .. })) = held {
            // If the share ended while its bytes were written, they go with the rest. If it is only refused by a clock
            // that is not trusted, everything stays.
            self.settle(id).await?;
        }
        held?;
        self.notifier.notify(id);
        Ok(())
    }

    /// Begins `PUT …/parts/{n}`, with the announced length, before any of it is read.
    pub async fn begin_part(
        self: &Arc<Self>,
        id: ShareId,
        manage_key: Option<Bytes32>,
        number: u64,
        bytes: u64,
    ) -> Result<Upload<S>> {
        let record = self.managed(id, manage_key).await?;
        let share = record.live(self.now())?;
        let place = share.layout().place(number, bytes, &self.config.accepts)?;
        match self.begin_new(id, place).await {
            Err(Error::Store(error)) => Err(self.explain(id, error).await),
            other => other,
        }
    }

    pub(super) async fn begin_new(self: &Arc<Self>, id: ShareId, place: PartPlace) -> Result<Upload<S>> {
        let slot = timeout(self.config.limits.memory_wait, self.upload_slots.of(id).acquire_owned()).await;
        let Ok(Ok(slot)) = slot else { return Err(Code::TooBusy.into()) };
        let memory = self.uploads.reserve((SMALL_UPLOAD_BYTES as u64).min(place.bytes)).await?;
        let Some(part) = self.store.begin_part(id, place).await? else { return Ok(Upload::Held) };
        // Nobody can seal it or make its parts smaller from here on, but somebody may have since the record was read.
        let record = self.load(id).await?;
        let share = record.live(self.now())?;
        if share.object.is_sealed {
            return Err(Code::BadRequest.into());
        }
        if share.layout().place(place.number, place.bytes, &self.config.accepts)? != place {
            return Err(Code::WrongLength.into());
        }
        let (relay, memory) = (self.clone(), vec![memory]);
        Ok(Upload::New(NewPart { relay, id, part, begun: None, received: 0, memory, _slot: slot }))
    }

    /// `POST …/seal`.
    pub async fn seal(self: &Arc<Self>, id: ShareId, manage_key: Option<Bytes32>, payload_bytes: u64) -> Result<()> {
        let record = self.managed(id, manage_key).await?;
        if record.may_seal(payload_bytes, &self.config.accepts, self.now())? {
            return Ok(());
        }
        let layout = record.live(self.now())?.layout();
        let paused = match self.seal_content(id, &layout, payload_bytes).await {
            Err(Error::Store(error)) => return Err(self.explain(id, error).await),
            other => other?,
        };
        let sealed = move |record: &mut Record, now| {
            // No part is written until it is known to be ready.
            let _ = &paused;
            record.seal(payload_bytes, now)
        };
        self.change(id, sealed).await?;
        self.notifier.notify(id);
        Ok(())
    }

    /// Brings complete content to its exact length. Nothing more is written to it until the answer is dropped.
    async fn seal_content(&self, id: ShareId, layout: &Layout, payload_bytes: u64) -> Result<Box<dyn Send>> {
        let paused = self.store.pause_writers(id).await?;
        let _memory = self.lists.reserve(PARTS_MEMORY).await?;
        if !layout.is_complete(payload_bytes, &self.store.parts(id, 0..MAX_PARTS).await?) {
            return Err(Code::PartsMissing.into());
        }
        self.store.seal(id, layout.header_bytes.saturating_add(payload_bytes)).await?;
        Ok(paused)
    }
}

impl<S: Store> Upload<S> {
    /// Takes what arrived of the part.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        match self {
            Self::New(new) => new.write(bytes).await,
            Self::Held => Ok(()),
        }
    }

    /// The part is whole: makes it durable, and says so to those who wait for it. Carried through even if the
    /// caller goes away.
    pub async fn finish(self) -> Result<()> {
        match self {
            Self::New(new) => tokio::spawn(new.finish()).await?,
            Self::Held => Ok(()),
        }
    }
}

impl<S: Store> NewPart<S> {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        self.received += bytes.len() as u64;
        if self.memory.len() == 1 && self.received >= UPLOAD_TRIAL_BYTES {
            let is_fast = begun.elapsed().as_secs_f64() * FAST_BYTES_PER_SECOND as f64 <= self.received as f64;
            let larger = is_fast.then(|| self.relay.uploads.reserve_extra(BLOCK_BYTES as u64)).flatten();
            if let Some(memory) = larger {
                self.memory.push(memory);
                self.part.use_large_blocks();
            }
        }
        Ok(self.part.write(bytes).await?)
    }

    async fn finish(self) -> Result<()> {
        if let Err(error) = self.part.finish().await {
            return Err(self.relay.explain(self.id, error).await);
        }
        self.relay.notifier.notify_part(self.id);
        let record = self.relay.load(self.id).await?;
        record.live(self.relay.now())?;
        if record.wants_touch(self.relay.now()) {
            self.relay.change(self.id, |record, now| record.touch(now)).await?;
        }
        Ok(())
    }
}
