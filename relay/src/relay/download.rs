//! Serving the content and the manifest: read ahead by one block, as fast as the client takes it, until it is all
//! sent, the client stalls, the share is revoked or collected, or the ticket ends.

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
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::{Relay, Result, short};
use crate::{
    auth,
    changes::Subscription,
    error::Error,
    limits::{BLOCK_BYTES, DOWNLOAD_MEMORY, MAX_ANSWERS_PER_TICKET, PARTS_AHEAD, SLICE_BYTES},
    share::{BlobKind, Record},
    store::{Object, Store, StoreError},
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
    /// Bytes given out so far; what is never given out is not charged.
    taken: Arc<AtomicU64>,
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
        // In slices, so that one who takes them slowly is told from one who takes nothing.
        let slice = self.block.split_to(self.block.len().min(SLICE_BYTES));
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

/// Called once if a client stalls, so that its connection can be closed.
pub type OnStall = Box<dyn FnOnce() + Send>;

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
    pub async fn manifest(self: &Arc<Self>, id: ShareId, bytes: u64, on_stall: OnStall) -> Result<Part> {
        self.check_end(id, Object::Manifest, bytes).await?;
        let memory = self.reserve(DOWNLOAD_MEMORY.min(bytes))?;
        Ok(Feed::new(self, id, Object::Manifest, 0..bytes, None).start(memory, on_stall))
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
                tracing::error!(
                    share = short(&id),
                    error = &damage as &dyn std::error::Error,
                    "stored bytes are missing"
                );
                Err(Code::ContentDamaged.into())
            }
            other => Err(other),
        }
    }
}

impl<S: Store> Download<S> {
    /// Charges a range of the content to the ticket, durably, and serves it. If the caller goes away in between, the
    /// charge is given back.
    pub async fn serve(self, range: Range<u64>, on_stall: OnStall) -> Result<Part> {
        let (ticket, bytes) = (self.ticket, range.end - range.start);
        let counted = self.relay.answers.count(ticket.hash, MAX_ANSWERS_PER_TICKET).ok_or(Code::TooBusy)?;
        let memory = self.relay.reserve(DOWNLOAD_MEMORY.min(bytes))?;
        let serving = tokio::spawn(async move {
            self.relay.change(self.id, move |record, _| record.charge(&ticket.hash, bytes)).await?;
            let feed = Feed::new(&self.relay, self.id, Object::Content, range, Some(ticket));
            Ok(feed.start((memory, counted), on_stall))
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
    fn start<R: Send + 'static>(self, reserved: R, on_stall: OnStall) -> Part {
        let (sender, blocks) = mpsc::channel(1);
        let part = Part { bytes: self.bytes, blocks, block: Bytes::new(), taken: self.taken.clone() };
        tokio::spawn(async move {
            self.run(sender, on_stall).await;
            drop(reserved);
        });
        part
    }

    async fn run(mut self, sender: mpsc::Sender<Bytes>, on_stall: OnStall) {
        let relay = self.relay.clone();
        let _running = relay.metrics.downloads_running.hold();
        let cut = self.send_all(&sender).await.err();
        drop(sender);
        if let Some(cut) = &cut {
            let cause = std::error::Error::source(cut);
            tracing::info!(share = short(&self.id), reason = %cut, cause, "download cut off");
        }
        if let Some(Cut::ClientStalled) = cut {
            on_stall();
        }
        self.refund().await;
    }

    async fn send_all(&mut self, sender: &mpsc::Sender<Bytes>) -> std::result::Result<(), Cut> {
        self.check().await?;
        while !self.range.is_empty() {
            let bytes = tokio::select! {
                bytes = self.next_block() => bytes?,
                () = sender.closed() => return Err(Cut::ClientGone),
            };
            let length = bytes.len() as u64;
            self.hand_over(sender, bytes).await?;
            self.range.start += length;
        }
        // The connection lets go of the receiver when it has taken the last block, or is gone.
        moving(&self.taken, self.relay.config.limits.write_idle, sender.closed()).await
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
                timeout_at(patience, self.changes.changed()).await.map_err(|_| Cut::SenderStalled)?;
            }
        }
        Ok(())
    }

    /// Gives one block to the connection, unless the share ends first.
    async fn hand_over(&mut self, sender: &mpsc::Sender<Bytes>, bytes: Bytes) -> std::result::Result<(), Cut> {
        let (taken, patience) = (self.taken.clone(), self.relay.config.limits.write_idle);
        let mut place = pin!(moving(&taken, patience, sender.reserve()));
        loop {
            tokio::select! {
                place = &mut place => {
                    place?.map_err(|_| Cut::ClientGone)?.send(bytes);
                    return Ok(());
                }
                () = self.changes.changed() => self.check().await?,
            }
        }
    }

    /// Looks at the record again: whether this may go on, and how far the content reaches by now.
    async fn check(&mut self) -> std::result::Result<(), Cut> {
        let record = self.relay.load(self.id).await.map_err(Cut::Ended)?;
        if let Object::Manifest = self.object {
            record.kept().map_err(|gone| Cut::Ended(gone.into()))?;
            self.available_to = self.range.end;
            return Ok(());
        }
        let ready = self.admitted(&record).map_err(Cut::Ended)?;
        self.available_to = if ready {
            self.range.end
        } else {
            let layout = record.kept().map_err(|gone| Cut::Ended(gone.into()))?.layout();
            let first = layout.part_at(self.range.start);
            let parts = self.relay.store.parts(self.id, first..first + PARTS_AHEAD).await;
            let parts = parts.map_err(|error| Cut::Failed(error.into()))?;
            self.range.start + layout.available(self.range.start, &parts)
        };
        Ok(())
    }

    fn admitted(&self, record: &Record) -> Result<bool> {
        let (share, _) = record.admitted(self.ticket.as_ref().map(|ticket| &ticket.hash), self.relay.now())?;
        Ok(share.ready)
    }

    /// Gives back what was charged and not sent. A ticket that has ended meanwhile has no use for it.
    async fn refund(self) {
        let taken = self.taken.load(Ordering::Acquire);
        self.relay.metrics.bytes_out.add(taken);
        let unsent = self.bytes.saturating_sub(taken);
        let Some(ticket) = self.ticket.filter(|_| unsent > 0) else { return };
        match self.relay.change(self.id, move |record, _| record.refund(&ticket.hash, unsent)).await {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(error) => {
                tracing::error!(share = short(&self.id), error = &error as &dyn std::error::Error, "refund");
            }
        }
    }
}

/// Waits for the client, as long as it goes on taking something: whoever has taken nothing for a whole such time has
/// stalled.
async fn moving<T>(
    taken: &AtomicU64,
    patience: Duration,
    waiting: impl Future<Output = T>,
) -> std::result::Result<T, Cut> {
    let mut waiting = pin!(waiting);
    loop {
        let before = taken.load(Ordering::Acquire);
        match timeout(patience, waiting.as_mut()).await {
            Ok(done) => return Ok(done),
            Err(_) if taken.load(Ordering::Acquire) > before => {}
            Err(_) => return Err(Cut::ClientStalled),
        }
    }
}
