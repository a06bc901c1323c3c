//! The calls of the protocol: each checks who may make it, applies the rules, and stores the outcome.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use share_relay_api::{
    Bytes32, Code, CreateShare, Created, Events, PartsHeld, Receipt, RelayInfo, RelayLimits, Repeatable, ShareId,
    ShareStatus, TakeTicket, Ticket, VERSION, limits::MAX_PARTS,
};
use tokio::{
    sync::{Mutex, Semaphore},
    time::timeout,
};

use super::{
    change_queue::ChangeQueue,
    concurrency_limit::ConcurrencyLimit,
    error::{Error, Result},
    memory::Pool,
    metrics::Metrics,
    notifier::Notifier,
    stored::{Stored, short, value_of},
    unstored::Unstored,
};
use crate::{
    admission::Principal,
    clock::{ClockWatch, Trust},
    config::Config,
    domain::{Record, Refusal, digest},
    keyed_locks::KeyedLocks,
    limits, line,
    storage::{Key, Objects, Records, Source, Storage, StoreError, Value},
};

/// A relay: the rules applied to a store.
pub struct Relay {
    pub(super) records: Arc<dyn Records>,
    pub(super) objects: Arc<dyn Objects>,
    /// The operator's settings.
    pub config: Config,
    /// Counters and gauges.
    pub metrics: Metrics,
    clock: ClockWatch,
    pub(super) notifier: Notifier,
    /// Memory for JSON bodies.
    pub json: Pool,
    /// Memory for lists on their way out, and pages.
    pub lists: Pool,
    /// Memory for manifests and headers on their way in.
    pub(super) blobs: Pool,
    /// Memory for parts on their way in.
    pub(super) uploads: Pool,
    /// For each share, how many more parts it may send at once.
    pub(super) upload_slots: KeyedLocks<ShareId, Semaphore>,
    /// Memory for content on its way out.
    pub(super) downloads: Pool,
    /// Answers with content, by the hash of their ticket.
    pub(super) answers: ConcurrencyLimit<Bytes32>,
    /// Changes of shares that could not be stored.
    pub(super) unstored: Unstored,
    /// Changes of each share that wait to be applied.
    pub(super) change_queues: KeyedLocks<ShareId, ChangeQueue>,
    /// Held while a share's header is set, and its manifest, so that two different ones cannot mix.
    pub(super) header_locks: KeyedLocks<ShareId, Mutex<()>>,
    pub(super) manifest_locks: KeyedLocks<ShareId, Mutex<()>>,
}

impl Relay {
    /// A relay on this store.
    pub fn new(config: Config, store: Storage) -> Arc<Self> {
        let (limits, metrics) = (&config.limits, Metrics::default());
        let pool = |bytes| Pool::new(bytes, limits.memory_wait, metrics.waiting_for_memory.clone());
        Arc::new(Self {
            records: store.records,
            objects: store.objects,
            clock: ClockWatch::new(&*config.clock),
            json: pool(limits.call_memory),
            lists: pool(limits.call_memory),
            blobs: pool(limits.call_memory),
            uploads: pool(limits.upload_memory),
            upload_slots: KeyedLocks::new(|| Semaphore::new(limits::PARTS_AT_ONCE)),
            downloads: pool(limits.answer_memory),
            config,
            metrics,
            notifier: Notifier::default(),
            answers: ConcurrencyLimit::default(),
            unstored: Unstored::default(),
            change_queues: KeyedLocks::default(),
            header_locks: KeyedLocks::default(),
            manifest_locks: KeyedLocks::default(),
        })
    }

    /// Waits until no request or answer body is in progress any more, and downloads have given back what they did not
    /// send. All connections are closed by then, so this takes only a moment.
    pub async fn drain_bodies(&self) {
        let drained = async { tokio::join!(self.uploads.all_free(), self.downloads.all_free()) };
        if timeout(limits::SHUTDOWN_GRACE, drained).await.is_err() {
            tracing::warn!("downloads did not end in time");
        }
    }

    /// The time by the relay's clock.
    pub fn now(&self) -> u64 {
        self.config.clock.wall()
    }

    /// How far that clock can be trusted.
    pub fn trust(&self) -> Trust {
        let trust = self.clock.trust(&*self.config.clock);
        self.metrics.clock.store(trust as u64, Ordering::Relaxed);
        trust
    }

    /// Whether what has ended by the clock may be deleted.
    pub(super) fn may_end(&self) -> bool {
        self.trust() == Trust::Steady
    }

    /// Learns which time was noted last, or notes it anew if the clock can be trusted.
    pub async fn check_clock(&self) {
        let noted = if self.may_end() { self.note_time().await } else { self.noted_time().await };
        match noted {
            Ok(noted) => self.clock.noted(noted),
            Err(error) => {
                tracing::error!(error = line::of_error(&error), "noting the time");
                if !self.may_end() {
                    // An unknown time counts as far off.
                    self.clock.noted(Some(u64::MAX));
                }
            }
        }
    }

    async fn note_time(&self) -> std::result::Result<Option<u64>, StoreError> {
        let (now, before) = (self.now(), self.records.load(Key::Clock).await?);
        // If another value was stored first, the operator has just confirmed that one.
        self.write(Key::Clock, before.map(|it| it.written), Value::new(now.to_string(), None)?).await?;
        Ok(Some(now))
    }

    async fn noted_time(&self) -> std::result::Result<Option<u64>, StoreError> {
        let Some(noted) = self.records.load(Key::Clock).await? else { return Ok(None) };
        serde_json::from_slice(&noted.bytes).map(Some).map_err(StoreError::Damaged)
    }

    /// `GET /v1`, for an admitted sender or anybody else. `page` is the hash of each file of the browser page.
    pub async fn info(
        &self,
        sender: Option<Principal>,
        page: impl IntoIterator<Item = (String, Bytes32)>,
    ) -> Result<RelayInfo> {
        let token_required = self.config.senders.needed().await?.is_some();
        let room_bytes = match sender.is_some() || !token_required {
            // A store that cannot tell now does not keep the relay from telling the rest.
            true => self.objects.free_space().await.unwrap_or(None),
            false => None,
        };
        Ok(RelayInfo {
            version: VERSION,
            software: concat!("share-relay ", env!("CARGO_PKG_VERSION")).to_owned(),
            now: self.now(),
            token_required,
            limits: RelayLimits { room_bytes, ..self.config.accepts.clone() },
            page: page.into_iter().collect(),
        })
    }

    /// `GET /readyz`: whether the store answers, who may send is known, and how far the clock can be trusted.
    pub async fn ready(&self) -> Result<Trust> {
        self.records.check().await?;
        self.config.senders.needed().await?;
        Ok(self.trust())
    }

    /// Who this sender is, or a refusal of one who shows no listed token where one is needed.
    pub async fn admit_sender(&self, token: Option<&Bytes32>) -> Result<Principal> {
        self.config.senders.admit(token).await?.ok_or(Code::TokenRequired.into())
    }

    /// `PUT /v1/shares/{id}`, by an admitted sender. `true` if the share is new.
    pub async fn create(
        self: &Arc<Self>,
        id: ShareId,
        owner: Principal,
        request: CreateShare,
    ) -> Result<(bool, Created)> {
        let now = self.now();
        if let Some(record) = self.find(id).await? {
            return Ok((false, self.create_again(id, &record, request).await?));
        }
        let record = Record::create(request.clone(), owner, &self.config.accepts, now)?;
        let created = record.created_again(&request, now)?;
        // Refused now rather than when most of it has been sent. If others take the space later, a part is refused.
        let bytes = request.header_bytes.saturating_add(request.payload_bytes.unwrap_or(0));
        if self.objects.free_space().await?.is_some_and(|free| free < bytes) {
            return Err(Code::StorageFull.into());
        }
        if self.write(Key::Share(id), None, value_of(&record)?).await? {
            self.metrics.shares_created.add(1);
            return Ok((true, created));
        }
        Ok((false, self.load(id).await?.created_again(&request, now)?))
    }

    /// `GET /v1/shares/{id}`.
    pub async fn status(&self, id: ShareId) -> Result<ShareStatus> {
        let now = self.now();
        let record = self.load(id).await?;
        let share = record.live(now)?;
        let stored = if share.object.is_sealed {
            share.object.payload_bytes.unwrap_or(0)
        } else {
            self.stored_bytes(id, share.object.generation).await?
        };
        Ok(share.status(stored, now))
    }

    /// `GET /v1/shares/{id}/parts`.
    pub async fn parts(&self, id: ShareId, manage_key: Option<Bytes32>) -> Result<PartsHeld> {
        let record = self.managed(id, manage_key).await?;
        let generation = record.live(self.now())?.object.generation;
        let _memory = self.lists.reserve(limits::PARTS_MEMORY).await?;
        let parts = self.objects.parts(id, generation, 0..MAX_PARTS).await?;
        Ok(PartsHeld { held: parts.ranges(limits::MAX_HELD_RANGES) })
    }

    /// `POST …/open`: the length of the manifest's age file, for a right proof.
    pub async fn open(self: &Arc<Self>, id: ShareId, proof: Option<Bytes32>) -> Result<u64> {
        let proof_hash = proof.as_ref().map(digest::of_secret);
        let opened = self
            .change(id, move |record, now| {
                record.live(now)?;
                record.prove(proof_hash.as_ref(), now)?;
                let share = record.live(now)?;
                let not_ready = Refusal::NotReady { stored: 0, total: share.object.payload_bytes };
                share.object.manifest.as_ref().map(|manifest| manifest.bytes).ok_or(not_ready)
            })
            .await;
        self.count_wrong_proof(&opened);
        self.with_progress(id, opened).await
    }

    /// `POST …/tickets`.
    pub async fn take_ticket(self: &Arc<Self>, id: ShareId, request: TakeTicket) -> Result<Ticket> {
        let proof_hash = request.proof.as_ref().map(digest::of_secret);
        let answers = self.answers.clone();
        let idle_for = move |ticket: &Bytes32| answers.idle_for(ticket);
        let taken = self
            .change(id, move |record, now| {
                let before = record.running_tickets();
                let ticket = record.take_ticket(proof_hash.as_ref(), &request.ticket_hash, &idle_for, now)?;
                Ok((ticket, record.running_tickets() > before))
            })
            .await;
        self.count_wrong_proof(&taken);
        if let Ok((_, has_free_place)) = taken {
            self.metrics.tickets.add(1);
            if !has_free_place {
                // Another ticket may have ended for it.
                self.notifier.notify(id);
            }
        }
        Ok(self.with_progress(id, taken).await?.0)
    }

    /// `POST …/receipt`: until when it can be downloaded again, if it can.
    pub async fn receipt(
        self: &Arc<Self>,
        id: ShareId,
        ticket: Option<Bytes32>,
        receipt: Receipt,
    ) -> Result<Option<Repeatable>> {
        let (hash, grace) = (ticket.as_ref().map(digest::of_secret), self.config.grace);
        let until = self.change(id, move |record, now| record.receive(hash.as_ref(), &receipt, grace, now)).await?;
        self.metrics.receipts.add(1);
        Ok(until.map(|again_until| Repeatable { again_until }))
    }

    /// `GET …/events`.
    pub async fn events(&self, id: ShareId, manage_key: Option<Bytes32>) -> Result<Events> {
        let record = self.managed(id, manage_key).await?;
        let (log, _) = self.event_log(id).await?;
        Ok(record.events(log, self.now()))
    }

    /// `POST …/unlock`.
    pub async fn unlock(self: &Arc<Self>, id: ShareId, manage_key: Option<Bytes32>) -> Result<()> {
        self.manage(id, manage_key, Record::unlock).await
    }

    /// `DELETE /v1/shares/{id}`.
    pub async fn revoke(self: &Arc<Self>, id: ShareId, manage_key: Option<Bytes32>) -> Result<()> {
        self.manage(id, manage_key, Record::revoke).await
    }

    /// Writes down what time has ended of one share, deletes the content of a tombstone, and removes an old tombstone.
    pub async fn settle(self: &Arc<Self>, id: ShareId) -> Result<()> {
        let look = |record: &mut Record, now| Ok((record.forgotten(now), record.has_content_to_delete()));
        let (forgotten, has_content) = self.change(id, look).await?;
        if forgotten && self.may_end() {
            if let Some(stored) = self.stored(id).await? {
                self.records.remove(Key::Share(id), stored.written).await?;
            }
        } else if has_content {
            self.objects.delete(id).await?;
            let deleted = |record: &mut Record, _| {
                record.note_deleted();
                Ok(())
            };
            self.change(id, deleted).await?;
        }
        Ok(())
    }

    /// Settles every share that may be due. A failure is logged and does not stop the sweep, unless the store itself
    /// fails.
    pub async fn sweep(self: &Arc<Self>) -> Result<()> {
        for key in self.records.due(self.now()).await? {
            let Key::Share(id) = key else { continue };
            match self.settle(id).await {
                Ok(()) | Err(Error::Refused(_)) => {}
                Err(error) => {
                    error.log(short(&id), "sweep");
                    match self.records.check().await {
                        Ok(()) | Err(StoreError::Full) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(())
    }

    /// A share's record as of now, if it exists. What time has ended is stored as ended, so that a clock that is set
    /// back does not revive it.
    async fn find(&self, id: ShareId) -> Result<Option<Record>> {
        let Some(stored) = self.stored(id).await? else { return Ok(None) };
        let mut record = self.unstored.recall(id, stored.written, stored.record.clone());
        if self.may_end() {
            let before = record.clone();
            record.settle(self.now());
            if record != before {
                match self.replace_record(id, &stored, &record).await {
                    // It counts as ended even if that cannot be stored.
                    Err(Error::Store(error)) if error.takes_nothing() => {}
                    replaced => drop(replaced?),
                }
            }
        }
        Ok(Some(record))
    }

    /// A share's record as it is stored, if it exists. A damaged record is an error of its share alone, not of the
    /// store.
    pub(super) async fn stored(&self, id: ShareId) -> Result<Option<Stored>> {
        let loaded = match self.records.load(Key::Share(id)).await {
            Ok(Some(Value { written, bytes, .. })) => serde_json::from_slice(&bytes)
                .map(|record| Some(Stored { record, written }))
                .map_err(StoreError::Damaged),
            other => other.map(|_| None),
        };
        match loaded {
            Err(error @ StoreError::Damaged(_)) => {
                tracing::error!(
                    share = short(&id),
                    error = line::of_error(&error),
                    "damaged; share-relay remove ends it"
                );
                Err(Code::RecordDamaged.into())
            }
            loaded => Ok(loaded?),
        }
    }

    pub(super) async fn load(&self, id: ShareId) -> Result<Record> {
        self.find(id).await?.ok_or(Code::NotFound.into())
    }

    pub(super) async fn managed(&self, id: ShareId, manage_key: Option<Bytes32>) -> Result<Record> {
        let record = self.load(id).await?;
        record.managed_by(manage_key.as_ref().map(digest::of_secret).as_ref())?;
        Ok(record)
    }

    async fn manage<T, F>(self: &Arc<Self>, id: ShareId, manage_key: Option<Bytes32>, mut rule: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Record, u64) -> std::result::Result<T, Refusal> + Send + 'static,
    {
        let hash = manage_key.as_ref().map(digest::of_secret);
        self.change(id, move |record, now| {
            record.managed_by(hash.as_ref())?;
            rule(record, now)
        })
        .await
    }

    pub(super) async fn stored_bytes(&self, id: ShareId, generation: u32) -> Result<u64> {
        match self.objects.stored_bytes(id, generation).await {
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(self.explain(id, error).await),
        }
    }

    /// Adds the bytes stored so far to a refusal as not ready.
    async fn with_progress<T>(&self, id: ShareId, outcome: Result<T>) -> Result<T> {
        match outcome {
            Err(Error::Refused(Refusal::NotReady { total, .. })) => {
                let generation = self.load(id).await?.not_ended(self.now())?.object.generation;
                Err(Refusal::NotReady { stored: self.stored_bytes(id, generation).await?, total }.into())
            }
            other => other,
        }
    }

    /// Replaces the error "missing" by the share's refusal if the share has just ended.
    pub(super) async fn explain(&self, id: ShareId, error: StoreError) -> Error {
        if let StoreError::Missing = error {
            match self.load(id).await.and_then(|record| Ok(record.not_ended(self.now()).map(drop)?)) {
                Err(gone) => return gone,
                Ok(()) => return error.into(),
            }
        }
        error.into()
    }

    fn count_wrong_proof<T>(&self, outcome: &Result<T>) {
        if let Err(Error::Refused(Refusal::WrongProof { .. })) = outcome {
            self.metrics.wrong_proofs.add(1);
        }
    }

    pub(super) async fn read(&self, id: ShareId, source: Source, offset: u64, most: usize) -> Result<Bytes> {
        match self.objects.read(id, source, offset, most).await {
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(self.explain(id, error).await),
        }
    }
}

#[cfg(test)]
mod tests;
