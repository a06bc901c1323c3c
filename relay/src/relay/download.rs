//! Serving the content and the manifest: one block is read while the one before is sent, until all is sent, the client
//! stalls, the share is revoked or collected, or the ticket ends.

use std::{
    io,
    ops::Range,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use share_relay_api::{Bytes32, Code, ShareId};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout, timeout_at},
};

use super::{Memory, Relay, Result, short};
use crate::{
    auth,
    changes::Subscription,
    error::Error,
    limits::{BLOCK_BYTES, DOWNLOAD_BLOCKS, DOWNLOAD_MEMORY, MAX_ANSWERS_PER_TICKET, PARTS_AHEAD, SLICE_BYTES},
    line,
    share::{BlobKind, Record},
    store::{Object, Store, StoreError},
    tally::Counted,
};

/// The content as one ticket may fetch it.
pub struct Download<S> {
    relay: Arc<Relay<S>>,
    id: ShareId,
    ticket: Valid,
    /// Bytes of the whole content.
    pub total: u64,
    /// Names these very bytes: the first 32 hexadecimal digits of SHA-256 over header and nonce.
    pub etag: String,
}

/// A ticket that lets its holder download.
#[derive(Debug, Clone, Copy)]
struct Valid {
    hash: Bytes32,
    expires_at: u64,
}

/// Some bytes of an object, as they become available.
pub struct Part {
    /// How many bytes there are in all.
    pub bytes: u64,
    blocks: mpsc::Receiver<Bytes>,
    /// What is left of the newest block.
    block: Bytes,
    /// Bytes given out at once.
    slice: usize,
    /// Bytes given out so far; what is never given out is not charged.
    taken: Arc<AtomicU64>,
    /// Its place among the answers on its ticket, which is free before the client can ask for more.
    _counted: Option<Counted<Bytes32>>,
}

impl Part {
    /// Bytes still to come.
    pub fn missing(&self) -> u64 {
        self.bytes.saturating_sub(self.taken.load(Ordering::Acquire))
    }

    /// The next bytes; `UnexpectedEof` when cut off before the end.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.missing() == 0 {
            return Poll::Ready(None);
        }
        if self.block.is_empty() {
            match ready!(self.blocks.poll_recv(context)) {
                Some(block) => self.block = block,
                None => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            }
        }
        let slice = self.block.split_to(self.block.len().min(self.slice));
        self.taken.fetch_add(slice.len() as u64, Ordering::Release);
        Poll::Ready(Some(Ok(slice)))
    }
}

/// Why a download was cut off before its end.
#[derive(Debug, thiserror::Error)]
enum Cut {
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

/// How the connection takes an answer.
pub struct Taker {
    /// Counts what the client takes, on a connection that this answer has for itself. On a shared one the answer is
    /// handed over in slices, so that one who takes them slowly is told from one who takes nothing.
    pub alone: Option<Arc<AtomicU64>>,
    /// Called once if the client stalls, so that its connection can be closed.
    pub on_stall: Box<dyn FnOnce() + Send>,
}

/// A block that is being sent, and the place it takes among those an answer may have.
struct Sending {
    bytes: Bytes,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Sending {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<S: Store> Relay<S> {
    /// Begins `GET …/content`: checks the ticket and charges nothing yet.
    pub async fn content(self: &Arc<Self>, id: ShareId, ticket: Option<Bytes32>) -> Result<Download<S>> {
        let hash = ticket.as_ref().map(auth::hash);
        let record = self.load(id).await?;
        let (share, running) = record.admitted(hash.as_ref(), self.now())?;
        // A ticket is given only once the header is held and the size known.
        let total = share.layout().content_bytes().ok_or(Code::NotReady)?;
        let header = share.blob(BlobKind::Header).ok_or(Code::NotReady)?;
        let etag = header.hash.to_string()[..32].to_owned();
        if share.ready {
            self.check_end(id, Object::Content, total).await?;
        }
        let ticket = Valid { hash: running.hash, expires_at: running.expires_at };
        Ok(Download { relay: self.clone(), id, ticket, total, etag })
    }

    /// The manifest, for a caller whose proof [`Relay::open`] has accepted.
    pub async fn manifest(self: &Arc<Self>, id: ShareId, bytes: u64, taker: Taker) -> Result<Part> {
        self.check_end(id, Object::Manifest, bytes).await?;
        let memory = self.reserve(DOWNLOAD_MEMORY.min(bytes))?;
        Ok(Feed::new(self, id, Object::Manifest, 0..bytes, None).start(memory, taker))
    }

    /// Finds out before an answer begins whether an object still has all its bytes. An answer that is cut off
    /// later looks like a broken connection, and would be asked for again and again.
    async fn check_end(&self, id: ShareId, object: Object, bytes: u64) -> Result<()> {
        let damage = match self.store.read(id, object, bytes.saturating_sub(1), 1).await {
            Ok(last) if !last.is_empty() => return Ok(()),
            Ok(_) => StoreError::Length,
            Err(error) => error,
        };
        match self.explain(id, damage).await {
            Error::Store(damage @ (StoreError::Length | StoreError::Missing)) => {
                tracing::error!(share = short(&id), error = line::of_error(&damage), "stored bytes are missing");
                Err(Code::ContentDamaged.into())
            }
            other => Err(other),
        }
    }
}

impl<S: Store> Download<S> {
    /// Charges a range of the content to the ticket, durably, and serves it. If the caller goes away in between, the
    /// charge is given back.
    pub async fn serve(self, range: Range<u64>, taker: Taker) -> Result<Part> {
        let (ticket, bytes) = (self.ticket, range.end - range.start);
        let counted = self.relay.answers.count(ticket.hash, MAX_ANSWERS_PER_TICKET).ok_or(Code::TooBusy)?;
        let memory = self.relay.reserve(DOWNLOAD_MEMORY.min(bytes))?;
        let serving = tokio::spawn(async move {
            self.relay.change(self.id, move |record, now| record.charge(&ticket.hash, bytes, now)).await?;
            let feed = Feed::new(&self.relay, self.id, Object::Content, range, Some(ticket));
            Ok(Part { _counted: Some(counted), ..feed.start(memory, taker) })
        });
        serving.await?
    }
}

/// One running answer.
struct Feed<S> {
    relay: Arc<Relay<S>>,
    id: ShareId,
    object: Object,
    /// What is still to be read.
    range: Range<u64>,
    /// What has to be served in all.
    bytes: u64,
    /// Bytes the connection has taken.
    taken: Arc<AtomicU64>,
    /// The ticket it is charged to, for content.
    ticket: Option<Valid>,
    changes: Subscription,
    /// Up to where the content is known to be there.
    available_to: u64,
}

impl<S: Store> Feed<S> {
    fn new(relay: &Arc<Relay<S>>, id: ShareId, object: Object, range: Range<u64>, ticket: Option<Valid>) -> Self {
        let changes = relay.changes.subscribe(id);
        let bytes = range.end - range.start;
        Self { relay: relay.clone(), id, object, range, bytes, taken: Arc::default(), ticket, changes, available_to: 0 }
    }

    /// Feeds it, and lets go of what it reserved at its end.
    fn start(mut self, memory: Memory, taker: Taker) -> Part {
        let (sender, blocks) = mpsc::channel(DOWNLOAD_BLOCKS as usize);
        let slice = if taker.alone.is_some() { BLOCK_BYTES } else { SLICE_BYTES };
        let taken = self.taken.clone();
        let part = Part { bytes: self.bytes, blocks, block: Bytes::new(), slice, taken, _counted: None };
        tokio::spawn(async move {
            let taken = self.run(sender, taker).await;
            self.refund(taken).await;
            drop(memory);
        });
        part
    }

    /// Gives how many bytes the client has taken.
    async fn run(&mut self, sender: mpsc::Sender<Bytes>, taker: Taker) -> u64 {
        let relay = self.relay.clone();
        let _running = relay.metrics.downloads_running.hold();
        let alone = taker.alone.is_some();
        let progress = taker.alone.unwrap_or_else(|| self.taken.clone());
        let client = Client {
            places: Arc::new(Semaphore::new(DOWNLOAD_BLOCKS as usize)),
            alone,
            before: progress.load(Ordering::Acquire),
            progress,
            patience: relay.config.limits.write_idle,
        };
        let cut = self.send_all(&sender, &client).await.err();
        drop(sender);
        if let Some(cut) = &cut {
            let cause = std::error::Error::source(cut);
            tracing::info!(share = short(&self.id), reason = %cut, cause, "download cut off");
        }
        if let Some(Cut::ClientStalled) = cut {
            (taker.on_stall)();
        }
        client.taken().min(self.taken.load(Ordering::Acquire))
    }

    async fn send_all(&mut self, sender: &mpsc::Sender<Bytes>, client: &Client) -> std::result::Result<(), Cut> {
        self.check().await?;
        while !self.range.is_empty() {
            let place = self.place(client).await?;
            let bytes = tokio::select! {
                biased;
                () = sender.closed() => return Err(Cut::ClientGone),
                bytes = self.next_block() => bytes?,
            };
            self.range.start += bytes.len() as u64;
            // There is a place in the channel for each block.
            let sending = Bytes::from_owner(Sending { bytes, _place: place });
            sender.try_send(sending).map_err(|_| Cut::ClientGone)?;
        }
        client.all_taken(sender).await
    }

    /// Reads the next block, once it is there.
    async fn next_block(&mut self) -> std::result::Result<Bytes, Cut> {
        self.wait_for_bytes().await?;
        if self.ticket.is_some_and(|ticket| self.relay.now() >= ticket.expires_at) {
            return Err(Cut::Ended(Code::TicketInvalid.into()));
        }
        let end = self.range.end.min(self.available_to);
        let most = usize::try_from(end - self.range.start).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
        let bytes = self.relay.read(self.id, self.object, self.range.start, most).await.map_err(Cut::Failed)?;
        if bytes.is_empty() {
            return Err(Cut::Failed(StoreError::Length.into()));
        }
        Ok(bytes)
    }

    async fn wait_for_bytes(&mut self) -> std::result::Result<(), Cut> {
        if self.changes.has_changed() {
            self.check().await?;
        }
        let patience = Instant::now() + self.relay.config.limits.part_wait;
        while self.available_to <= self.range.start {
            // More may be there than was looked at so far.
            self.check().await?;
            if self.available_to <= self.range.start {
                timeout_at(patience, self.changes.moved_on()).await.map_err(|_| Cut::SenderStalled)?;
            }
        }
        Ok(())
    }

    /// Waits until the client has taken enough for another block, unless the share ends first.
    async fn place(&mut self, client: &Client) -> std::result::Result<OwnedSemaphorePermit, Cut> {
        let mut place = pin!(client.moving(client.places.clone().acquire_owned()));
        loop {
            tokio::select! {
                place = &mut place => return place?.map_err(|_| Cut::ClientGone),
                () = self.changes.changed() => self.check().await?,
            }
        }
    }

    /// Looks at the record again: whether this may go on, and how far the content reaches by now. It looks once more if
    /// the share changes meanwhile, because the parts found may not be of the size that was in the record.
    async fn check(&mut self) -> std::result::Result<(), Cut> {
        loop {
            let record = self.relay.load(self.id).await.map_err(Cut::Ended)?;
            let available_to = self.available_to(&record).await?;
            if !self.changes.has_changed() {
                self.available_to = available_to;
                return Ok(());
            }
        }
    }

    async fn available_to(&self, record: &Record) -> std::result::Result<u64, Cut> {
        let share = match self.ticket {
            Some(ticket) => record.admitted(Some(&ticket.hash), self.relay.now()).map(|(share, _)| share),
            None => record.kept(self.relay.now()),
        };
        let share = share.map_err(|refusal| Cut::Ended(refusal.into()))?;
        if share.ready || self.object == Object::Manifest {
            return Ok(self.range.end);
        }
        let layout = share.layout();
        let first = layout.part_at(self.range.start);
        let parts = self.relay.store.parts(self.id, first..first + PARTS_AHEAD).await;
        let parts = parts.map_err(|error| Cut::Failed(error.into()))?;
        Ok(self.range.start + layout.available(self.range.start, &parts))
    }

    /// Gives back what was charged and not sent. A ticket that has ended meanwhile has no use for it.
    async fn refund(self, taken: u64) {
        self.relay.metrics.bytes_out.add(taken);
        let unsent = self.bytes.saturating_sub(taken);
        let Some(ticket) = self.ticket.filter(|_| unsent > 0) else { return };
        match self.relay.change(self.id, move |record, now| record.refund(&ticket.hash, unsent, now)).await {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(error) => {
                tracing::error!(share = short(&self.id), error = line::of_error(&error), "refund");
            }
        }
    }
}

/// The client of an answer, as far as it is seen to move.
struct Client {
    /// One for each block it may still be given.
    places: Arc<Semaphore>,
    /// Whether it takes nothing else meanwhile.
    alone: bool,
    /// Bytes it had taken before this answer.
    before: u64,
    /// Bytes it has taken.
    progress: Arc<AtomicU64>,
    /// How long it may take next to nothing.
    patience: Duration,
}

impl Client {
    /// Bytes it has taken of this answer, and of its head.
    fn taken(&self) -> u64 {
        self.progress.load(Ordering::Acquire).saturating_sub(self.before)
    }

    /// Waits until everything is sent; on a shared connection, until it is handed over.
    async fn all_taken(&self, sender: &mpsc::Sender<Bytes>) -> std::result::Result<(), Cut> {
        if self.alone {
            self.moving(self.places.acquire_many(DOWNLOAD_BLOCKS)).await.map(drop)
        } else {
            self.moving(sender.closed()).await
        }
    }

    /// Waits for the client, as long as it goes on taking something: whoever has taken less than a slice for a whole
    /// such time has stalled.
    async fn moving<T>(&self, waiting: impl Future<Output = T>) -> std::result::Result<T, Cut> {
        let mut waiting = pin!(waiting);
        loop {
            let before = self.progress.load(Ordering::Acquire);
            match timeout(self.patience, waiting.as_mut()).await {
                Ok(done) => return Ok(done),
                Err(_) if self.progress.load(Ordering::Acquire) - before >= SLICE_BYTES as u64 => {}
                Err(_) => return Err(Cut::ClientStalled),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn client() -> Client {
        let places = Arc::new(Semaphore::new(0));
        Client { places, alone: true, before: 0, progress: Arc::default(), patience: PATIENCE }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_a_slice_now_and_then_is_waited_for() {
        let client = client();
        let slowly = async {
            for _ in 0..4 {
                sleep(PATIENCE * 7 / 10).await;
                client.progress.fetch_add(SLICE_BYTES as u64, Ordering::Release);
            }
        };
        client.moving(slowly).await.unwrap();
        assert_eq!(client.taken(), 4 * SLICE_BYTES as u64);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_less_has_stalled() {
        let client = client();
        let dripping = async {
            client.progress.fetch_add(SLICE_BYTES as u64 - 1, Ordering::Release);
            std::future::pending::<()>().await;
        };
        assert!(matches!(client.moving(dripping).await, Err(Cut::ClientStalled)));
    }
}
