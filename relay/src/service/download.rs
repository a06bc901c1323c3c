//! Serves the content and the manifest: reads a block whenever the connection has taken the one before, until everything
//! is sent, the client stalls, the share is revoked or collected, or the ticket ends.

use std::{
    convert::Infallible,
    io,
    ops::Range,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use share_relay_api::{Bytes32, Code, ShareId};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, sleep, timeout_at},
};

use super::{
    concurrency_limit::Permit,
    error::{Error, Result},
    memory::Memory,
    notifier::Subscription,
    relay::Relay,
    stored::short,
};
use crate::{
    domain::{BlobKind, Layout, Record, digest},
    limits::{
        ANSWER_BLOCKS, BLOCK_BYTES, FAST_BYTES_PER_SECOND, MAX_ANSWERS_PER_TICKET, PARTS_AHEAD, SLICE_BYTES,
        SLOW_ANSWER_BYTES,
    },
    line,
    storage::{Source, StoreError},
};

/// A download of the content with one ticket.
pub struct Download {
    relay: Arc<Relay>,
    id: ShareId,
    layout: Layout,
    ticket: ChargedTicket,
    /// Bytes of the whole content.
    pub total: u64,
    /// Identifies the content: the first 32 hexadecimal digits of SHA-256 over header and nonce.
    pub etag: String,
}

/// The ticket that a download is charged to.
#[derive(Debug, Clone, Copy)]
struct ChargedTicket {
    hash: Bytes32,
    expires_at: u64,
}

/// A range of an object, read at the rate at which the client takes it.
pub struct DownloadBody {
    /// Length of the range in bytes.
    pub bytes: u64,
    blocks: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    /// The rest of the newest block.
    block: Bytes,
    /// Most bytes given out at once.
    slice: usize,
    progress: Arc<Progress>,
    /// A permit for one of the concurrent answers on the ticket. It is released before the client can see the end of
    /// this answer and send its next request.
    _permit: Option<Permit<Bytes32>>,
}

/// The progress of an answer.
#[derive(Debug, Default)]
struct Progress {
    /// Bytes given out. Bytes never given out are not charged.
    given: AtomicU64,
    /// Blocks read so far, and whether the client waits for another.
    blocks: AtomicU64,
    is_awaited: AtomicBool,
    /// Why the answer was cut off, if it was.
    abort_reason: Mutex<Option<AbortReason>>,
}

impl DownloadBody {
    /// Bytes not given out yet.
    pub fn missing(&self) -> u64 {
        self.bytes.saturating_sub(self.progress.given.load(Ordering::Acquire))
    }

    /// The next bytes; `UnexpectedEof` when cut off before the end.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.missing() == 0 {
            return Poll::Ready(None);
        }
        if self.block.is_empty() {
            match ready!(self.blocks.as_mut().poll_next(context)) {
                Some(block) => self.block = block,
                None => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            }
        }
        let slice = self.block.split_to(self.block.len().min(self.slice));
        self.progress.given.fetch_add(slice.len() as u64, Ordering::Release);
        Poll::Ready(Some(Ok(slice)))
    }
}

impl Progress {
    fn abort_reason(&self) -> MutexGuard<'_, Option<AbortReason>> {
        self.abort_reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a download was cut off before its end.
#[derive(Debug, thiserror::Error)]
enum AbortReason {
    #[error("the client went away")]
    ClientGone,
    #[error("the client took nothing for too long")]
    ClientStalled,
    #[error("the sender sent nothing for too long")]
    SenderStalled,
    #[error("the ticket or the share ended")]
    Ended(#[source] Error),
    #[error("the content could not be read")]
    Failed(#[source] Error),
}

/// How an answer learns what its client has taken, and closes the connection of one that stalls.
pub struct Backpressure {
    /// Counts what the client takes, on a connection that carries only this answer. On a shared connection this is
    /// `None`, and the answer is handed over in slices, so that a slow client can be told from a stalled one.
    pub written: Option<Arc<AtomicU64>>,
    /// Called once if the client stalls, so that its connection can be closed.
    pub on_stall: Box<dyn FnOnce() + Send>,
}

/// A block that is being sent, with its memory and its permit among the blocks of its answer.
struct Sending {
    bytes: Bytes,
    _place: OwnedSemaphorePermit,
    _memory: [Option<Arc<Memory>>; 2],
    _unsent: Option<Unsent>,
}

/// Held by every block of an answer that is not sent yet.
type Unsent = mpsc::Sender<Infallible>;

impl AsRef<[u8]> for Sending {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Relay {
    /// Begins `GET …/content`: checks the ticket, without charging it yet.
    pub async fn content(self: &Arc<Self>, id: ShareId, ticket: Option<Bytes32>) -> Result<Download> {
        let hash = ticket.as_ref().map(digest::of_secret);
        let record = self.load(id).await?;
        let (share, running) = record.admitted(hash.as_ref(), self.now())?;
        // Both are known, because a ticket is issued only then.
        let total = share.layout().content_bytes().ok_or(Code::NotReady)?;
        let header = share.object.blob(BlobKind::Header).ok_or(Code::NotReady)?;
        let etag = header.hash.to_string()[..32].to_owned();
        if share.object.is_sealed {
            self.check_end(id, Source::Content(share.layout()), total).await?;
        }
        let ticket = ChargedTicket { hash: running.hash, expires_at: running.expires_at };
        Ok(Download { relay: self.clone(), id, layout: share.layout(), ticket, total, etag })
    }

    /// The manifest, for a caller whose proof [`Relay::open`] has accepted.
    pub async fn manifest(
        self: &Arc<Self>,
        id: ShareId,
        bytes: u64,
        backpressure: Backpressure,
    ) -> Result<DownloadBody> {
        self.check_end(id, Source::Manifest, bytes).await?;
        let memory = self.reserve_for_answer(bytes).await?;
        Ok(BodyPump::new(self, id, Source::Manifest, 0..bytes, None).start(memory, backpressure))
    }

    async fn reserve_for_answer(&self, bytes: u64) -> Result<Memory> {
        Ok(self.downloads.reserve(bytes.min(SLOW_ANSWER_BYTES)).await?)
    }

    /// Checks before an answer begins whether an object still has all its bytes. An answer that is cut off later looks
    /// like a broken connection, and the client would retry it again and again.
    async fn check_end(self: &Arc<Self>, id: ShareId, source: Source, bytes: u64) -> Result<()> {
        let damage = match self.objects.read(id, source, bytes.saturating_sub(1), 1).await {
            Ok(last) if !last.is_empty() => return Ok(()),
            Ok(_) => StoreError::Length,
            Err(error) => error,
        };
        match self.explain(id, damage).await {
            Error::Store(damage @ (StoreError::Length | StoreError::Missing)) => {
                tracing::error!(share = short(&id), error = line::of_error(&damage), "stored bytes are missing");
                if let Err(error) = self.change(id, Record::note_damage).await {
                    tracing::warn!(share = short(&id), error = line::of_error(&error), "the sender is not told of it");
                }
                Err(Code::ContentDamaged.into())
            }
            other => Err(other),
        }
    }
}

impl Download {
    /// Charges a range of the content to the ticket, durably, and serves it. If the caller goes away in between, the
    /// charge is given back.
    pub async fn serve(self, range: Range<u64>, backpressure: Backpressure) -> Result<DownloadBody> {
        let (ticket, bytes) = (self.ticket, range.end - range.start);
        let permit = self.relay.answers.acquire(ticket.hash, MAX_ANSWERS_PER_TICKET).ok_or(Code::TooBusy)?;
        let memory = self.relay.reserve_for_answer(bytes).await?;
        let serving = tokio::spawn(async move {
            self.relay.change(self.id, move |record, now| record.charge(&ticket.hash, bytes, now)).await?;
            let pump = BodyPump::new(&self.relay, self.id, Source::Content(self.layout), range, Some(ticket));
            Ok(DownloadBody { _permit: Some(permit), ..pump.start(memory, backpressure) })
        });
        serving.await?
    }
}

/// Reads the blocks of an answer.
struct BodyPump {
    relay: Arc<Relay>,
    id: ShareId,
    source: Source,
    /// The range that is still to be read.
    range: Range<u64>,
    /// The ticket it is charged to, for content.
    ticket: Option<ChargedTicket>,
    subscription: Subscription,
    /// The content is known to be held up to this offset.
    available_to: u64,
    /// Bytes read at once, and the memory reserved for more than a slice.
    at_once: usize,
    larger: Option<Arc<Memory>>,
    /// When the newest block was given out.
    given_at: Option<Instant>,
}

impl BodyPump {
    fn new(relay: &Arc<Relay>, id: ShareId, source: Source, range: Range<u64>, ticket: Option<ChargedTicket>) -> Self {
        Self {
            relay: relay.clone(),
            id,
            source,
            range,
            ticket,
            subscription: relay.notifier.subscribe(id),
            available_to: 0,
            at_once: SLICE_BYTES,
            larger: None,
            given_at: None,
        }
    }

    /// Begins the answer. Its memory is held until all of it is sent.
    fn start(self, memory: Memory, backpressure: Backpressure) -> DownloadBody {
        let bytes = self.range.end - self.range.start;
        let (unsent, all_sent) = mpsc::channel(1);
        let progress = Arc::<Progress>::default();
        let slice = if backpressure.written.is_some() { BLOCK_BYTES } else { SLICE_BYTES };
        let watch = Watch {
            relay: self.relay.clone(),
            id: self.id,
            ticket: self.ticket,
            bytes,
            before: backpressure.written.as_ref().map_or(0, |taken| taken.load(Ordering::Acquire)),
            written: backpressure.written.clone(),
            progress: progress.clone(),
        };
        let memory = Arc::new(memory);
        let held = memory.clone();
        tokio::spawn(async move {
            watch.until(all_sent, backpressure.on_stall).await;
            drop(held);
        });
        let places = Arc::new(Semaphore::new(ANSWER_BLOCKS));
        let is_exclusive = backpressure.written.is_some();
        let blocks = stream::unfold((self, unsent, progress.clone()), move |(mut pump, unsent, progress)| {
            let (places, memory) = (places.clone(), memory.clone());
            async move {
                let _place = places.acquire_owned().await.ok()?;
                progress.is_awaited.store(true, Ordering::Release);
                let read = pump.next_block().await;
                progress.blocks.fetch_add(1, Ordering::Release);
                progress.is_awaited.store(false, Ordering::Release);
                match read {
                    Ok(bytes) => {
                        // On a shared connection, bytes count as taken when they are handed over.
                        let _unsent = is_exclusive.then(|| unsent.clone());
                        let _memory = [Some(memory), pump.larger.clone()];
                        let sending = Sending { bytes, _place, _memory, _unsent };
                        Some((Bytes::from_owner(sending), (pump, unsent, progress)))
                    }
                    Err(reason) => {
                        *progress.abort_reason() = Some(reason);
                        None
                    }
                }
            }
        });
        DownloadBody { bytes, blocks: Box::pin(blocks), block: Bytes::new(), slice, progress, _permit: None }
    }

    /// Reads the next block, once its bytes have been uploaded.
    async fn next_block(&mut self) -> std::result::Result<Bytes, AbortReason> {
        self.choose_size();
        self.wait_for_bytes().await?;
        if self.ticket.is_some_and(|ticket| self.relay.now() >= ticket.expires_at) {
            return Err(AbortReason::Ended(Code::TicketInvalid.into()));
        }
        let end = self.range.end.min(self.available_to);
        let most = usize::try_from(end - self.range.start).unwrap_or(self.at_once).min(self.at_once);
        let bytes = self.relay.read(self.id, self.source, self.range.start, most).await.map_err(AbortReason::Failed)?;
        if bytes.is_empty() {
            return Err(AbortReason::Failed(StoreError::Length.into()));
        }
        self.range.start += bytes.len() as u64;
        self.given_at = Some(Instant::now());
        Ok(bytes)
    }

    /// Doubles the block size for a client that took the last block fast, if there is memory, and resets it for a slow
    /// one.
    fn choose_size(&mut self) {
        let Some(given_at) = self.given_at else { return };
        let fair = self.at_once as f64 / FAST_BYTES_PER_SECOND as f64;
        let took = given_at.elapsed().as_secs_f64();
        if took <= fair && self.at_once < BLOCK_BYTES {
            let larger = 2 * self.at_once;
            if let Some(memory) = self.relay.downloads.reserve_extra((ANSWER_BLOCKS * larger) as u64) {
                (self.at_once, self.larger) = (larger, Some(Arc::new(memory)));
            }
        } else if took > 2.0 * fair {
            (self.at_once, self.larger) = (SLICE_BYTES, None);
        }
    }

    async fn wait_for_bytes(&mut self) -> std::result::Result<(), AbortReason> {
        if self.subscription.has_changed() {
            self.check().await?;
        }
        let patience = Instant::now() + self.relay.config.limits.part_wait;
        while self.available_to <= self.range.start {
            // More parts may be held than were looked up before.
            self.check().await?;
            if self.available_to <= self.range.start {
                timeout_at(patience, self.subscription.changed()).await.map_err(|_| AbortReason::SenderStalled)?;
            }
        }
        Ok(())
    }

    /// Loads the record again, to see whether the download may continue and how far the content reaches by now. Repeats
    /// that if the share changes meanwhile, because the parts found may have another size than the record said.
    async fn check(&mut self) -> std::result::Result<(), AbortReason> {
        loop {
            let record = self.relay.load(self.id).await.map_err(AbortReason::Ended)?;
            let available_to = self.available_to(&record).await?;
            if !self.subscription.has_changed() {
                self.available_to = available_to;
                return Ok(());
            }
        }
    }

    async fn available_to(&mut self, record: &Record) -> std::result::Result<u64, AbortReason> {
        let share = match self.ticket {
            Some(ticket) => record.admitted(Some(&ticket.hash), self.relay.now()).map(|(share, _)| share),
            None => record.not_ended(self.relay.now()),
        };
        let share = share.map_err(|refusal| AbortReason::Ended(refusal.into()))?;
        if self.source == Source::Manifest {
            return Ok(self.range.end);
        }
        let layout = share.layout();
        self.source = Source::Content(layout);
        if share.object.is_sealed {
            return Ok(self.range.end);
        }
        let first = layout.part_at(self.range.start);
        let parts = self.relay.objects.parts(self.id, layout.generation, first..first + PARTS_AHEAD).await;
        let parts = parts.map_err(|error| AbortReason::Failed(error.into()))?;
        Ok(self.range.start + layout.available(self.range.start, &parts))
    }
}

/// Monitors how a client takes an answer.
struct Watch {
    relay: Arc<Relay>,
    id: ShareId,
    ticket: Option<ChargedTicket>,
    /// Length of the answer in bytes.
    bytes: u64,
    /// The connection's count of bytes taken, and its value before this answer, if the connection carries no other
    /// answer.
    written: Option<Arc<AtomicU64>>,
    before: u64,
    progress: Arc<Progress>,
}

impl Watch {
    /// Waits until the answer ends or its client stalls, then refunds what was charged and not sent.
    async fn until(self, mut all_sent: mpsc::Receiver<Infallible>, on_stall: impl FnOnce()) {
        let relay = self.relay.clone();
        let _running = relay.metrics.downloads_running.hold();
        let stalled = tokio::select! {
            _ = all_sent.recv() => false,
            () = self.stalled(relay.config.limits.write_idle) => true,
        };
        // Read once, so that bytes that the system takes from here on do not count.
        let taken = self.taken();
        let reason = match self.progress.abort_reason().take() {
            _ if stalled => Some(AbortReason::ClientStalled),
            None if taken < self.bytes => Some(AbortReason::ClientGone),
            reason => reason,
        };
        if let Some(reason) = &reason {
            let cause = std::error::Error::source(reason);
            tracing::info!(share = short(&self.id), %reason, cause, "download cut off");
        }
        if stalled {
            on_stall();
        }
        self.refund(taken).await;
    }

    /// Bytes that the client has taken of this answer. The connection's count includes the answer's head.
    fn taken(&self) -> u64 {
        self.written().saturating_sub(self.before).min(self.progress.given.load(Ordering::Acquire))
    }

    fn written(&self) -> u64 {
        self.written.as_deref().unwrap_or(&self.progress.given).load(Ordering::Acquire)
    }

    /// Returns once the client has taken less than a slice in a whole period of `patience`, while there was something
    /// to take.
    async fn stalled(&self, patience: Duration) {
        loop {
            let (written, blocks) = (self.written(), self.progress.blocks.load(Ordering::Acquire));
            sleep(patience).await;
            let was_awaited = self.progress.is_awaited.load(Ordering::Acquire)
                || self.progress.blocks.load(Ordering::Acquire) != blocks;
            if !was_awaited && self.written() - written < SLICE_BYTES as u64 {
                return;
            }
        }
    }

    /// Refunds what was charged and not sent, unless the ticket has ended meanwhile.
    async fn refund(self, taken: u64) {
        self.relay.metrics.bytes_out.add(taken);
        let unsent = self.bytes.saturating_sub(taken);
        let Some(ticket) = self.ticket.filter(|_| unsent > 0) else { return };
        match self.relay.change(self.id, move |record, now| record.refund(&ticket.hash, unsent, now)).await {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(error) => error.log(short(&self.id), "refund"),
        }
    }
}

#[cfg(test)]
mod tests;
