//! The sender's calls that bring bytes.

use std::sync::Arc;

use bytes::Bytes;
use share_relay_api::{Bytes32, Code, CreateShare, Created, ShareId, limits::MAX_MANIFEST_BYTES};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout},
};

use super::{error::Result, memory::Memory, relay::Relay};
use crate::{
    domain::{Blob, BlobKind, Layout, Record, Refusal, digest},
    limits::{BLOCK_BYTES, FAST_BYTES_PER_SECOND, PARTS_AT_ONCE, PARTS_MEMORY, SMALL_UPLOAD_BYTES, UPLOAD_TRIAL_BYTES},
    storage::PartWriter,
};

/// A part on its way: either it is written, or it is held already and what arrives is thrown away.
pub enum Upload {
    /// It is written.
    New(NewPart),
    /// It is held already.
    Held,
}

/// A part being written.
pub struct NewPart {
    relay: Arc<Relay>,
    id: ShareId,
    part: Box<dyn PartWriter>,
    /// Until when it can be acknowledged without reading the record again.
    unnoted_until: u64,
    /// When its first bytes came, and how many came since.
    begun: Option<Instant>,
    received: u64,
    memory: Vec<Memory>,
    /// One of the places for parts of its share.
    _slot: OwnedSemaphorePermit,
}

impl Relay {
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
        // A part on its way could be acknowledged after the check that none is held.
        let slots = self.upload_slots.of(id).try_acquire_many_owned(PARTS_AT_ONCE as u32);
        let _slots = slots.map_err(|_| Code::TooBusy)?;
        let generation = self.load(id).await?.live(self.now())?.object.generation;
        if self.stored_bytes(id, generation).await? > 0 {
            return Err(Code::Conflict.into());
        }
        let accepts = self.config.accepts.clone();
        let rule = move |record: &mut Record, now| match record.live(now)?.object.generation == generation {
            true => record.make_parts_smaller(&request, &accepts, now),
            false => Err(Code::TooBusy.into()),
        };
        let made = self.carry_through(id, rule).await?;
        // Downloads that wait for parts, and parts that have read the old record, look at the record again.
        self.notifier.notify(id);
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
        if let Err(error) = self.objects.put_blob(id, kind, bytes).await {
            return Err(self.explain(id, error).await);
        }
        self.change(id, move |record, now| record.hold(kind, blob.clone(), now)).await?;
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
    ) -> Result<Upload> {
        let mut changes = self.notifier.subscribe(id);
        let mut record = self.managed(id, manage_key).await?;
        record.live(self.now())?.layout().place(number, bytes, &self.config.accepts)?;
        let slot = timeout(self.config.limits.memory_wait, self.upload_slots.of(id).acquire_owned()).await;
        let Ok(Ok(slot)) = slot else { return Err(Code::TooBusy.into()) };
        let memory = self.uploads.reserve((SMALL_UPLOAD_BYTES as u64).min(bytes)).await?;
        if changes.has_changed() {
            record = self.load(id).await?;
        }
        let share = record.live(self.now())?;
        let place = share.layout().place(number, bytes, &self.config.accepts)?;
        if share.object.is_sealed {
            return Ok(Upload::Held);
        }
        let part = match self.objects.begin_part(id, place).await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(Upload::Held),
            Err(error) => return Err(self.explain(id, error).await),
        };
        let (relay, unnoted_until, memory) = (self.clone(), share.parts_unnoted_until(), vec![memory]);
        Ok(Upload::New(NewPart { relay, id, part, unnoted_until, begun: None, received: 0, memory, _slot: slot }))
    }

    /// `POST …/seal`.
    pub async fn seal(self: &Arc<Self>, id: ShareId, manage_key: Option<Bytes32>, payload_bytes: u64) -> Result<()> {
        let record = self.managed(id, manage_key).await?;
        if record.may_seal(payload_bytes, &self.config.accepts, self.now())? {
            return Ok(());
        }
        let layout = Layout { payload_bytes: Some(payload_bytes), ..record.live(self.now())?.layout() };
        let memory = self.lists.reserve(PARTS_MEMORY).await?;
        match self.objects.seal(id, layout).await {
            Ok(true) => {}
            Ok(false) if self.upload_slots.of(id).available_permits() < PARTS_AT_ONCE => {
                return Err(Code::TooBusy.into());
            }
            Ok(false) => return Err(Code::PartsMissing.into()),
            Err(error) => return Err(self.explain(id, error).await),
        }
        drop(memory);
        self.change(id, move |record, now| record.seal(payload_bytes, now)).await?;
        self.notifier.notify(id);
        Ok(())
    }
}

impl Upload {
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

impl NewPart {
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
        if self.relay.now() >= self.unnoted_until {
            self.relay.change(self.id, Record::touch).await?;
        }
        Ok(())
    }
}
