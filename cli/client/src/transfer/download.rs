//! The recipient's side of the network: the content's bytes over connections that may break, and whole in order.
//!
//! A broken connection goes on with `Range` where it stopped; the relay's strong `ETag` makes sure that it is still the
//! same content, and the envelope would notice if it were not. Into files, [`ranged`](super::ranged) fetches on several
//! connections at once; where it is written in order, here, on one.

use std::{
    ops::Range,
    pin::pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use share_format::envelope::{EnvelopeError, Fingerprint, Stream as SealedStream, sealed_len, tags};
use share_relay_api::{Bytes32, Code, Problem, ShareId, State};
use tokio::task::spawn_blocking;

use super::segments::{Run, Runs};
use crate::{
    api::{Client, ClientError, ClientResult, Content},
    error::{Error, Result},
    patience::{Backoff, Patience},
    progress::{Progress, ProgressSink},
    secret::Secret,
    threads::{blocking, joined},
};

/// Runs being opened at one time where they are written in order.
const RUNS_IN_FLIGHT: usize = 4;
/// Bytes of a sealed content that are written at once.
const PIECE_BYTES: usize = 1024 * 1024;
/// Bytes that must arrive before a connection counts as working again, and the transfer as going on.
const WORKING_BYTES: u64 = 64 * 1024;
/// How often it is looked whether the sender has sent more, and how long nothing must have moved for that.
const SENDER_WATCH: Duration = Duration::from_secs(3);

/// A download that a ticket allows. Clones are of the same one.
#[derive(Clone)]
pub struct Download(Arc<Inner>);

struct Inner {
    client: Client,
    id: ShareId,
    ticket: Secret,
    patience: Patience,
    host: Arc<dyn ProgressSink>,
    /// Bytes of the whole content, if they are known before the relay tells.
    total: Option<u64>,
    /// Bytes of the whole content, and the relay's name for it if there is one, as the first answer has them.
    begun: OnceLock<(u64, Option<String>)>,
    pulse: Mutex<Pulse>,
}

/// Whether the transfer as a whole goes on.
struct Pulse {
    last: Instant,
    bytes: u64,
    /// How much of the content the relay holds of how much, while the sender still sends.
    sender: Option<(u64, u64)>,
}

/// Writes a piece of what was fetched; it may block.
pub type WritePiece = Box<dyn FnMut(&[u8]) -> Result<()> + Send>;

/// What the content must be, known from the manifest and its header.
pub struct Expected {
    pub header: Bytes,
    pub nonce: [u8; 16],
    /// Bytes of plaintext.
    pub length: u64,
    pub stream: Arc<SealedStream>,
}

impl Download {
    /// Of this share, with this ticket. `total` is how many bytes the content must have, where that is known.
    pub fn new(client: Client, id: ShareId, ticket: Secret, total: Option<u64>, patience: Patience) -> Self {
        let host = Arc::clone(patience.host());
        let pulse = Mutex::new(Pulse { last: Instant::now(), bytes: 0, sender: None });
        Self(Arc::new(Inner { client, id, ticket, patience, host, total, begun: OnceLock::new(), pulse }))
    }

    /// The sender is still sending: `stored` of `total` bytes are there.
    pub fn still_sending(&self, stored: u64, total: u64) {
        self.pulse(|pulse| pulse.sender = Some((stored, total)));
    }

    /// Fetches, opens and verifies the content, and has its plaintext written in order. Gives the fingerprint.
    pub async fn open_into(self, expected: Expected, write: WritePiece) -> Result<Bytes32> {
        let mut pieces = Pieces::of(Source::new(self.clone(), 0..expected.total()));
        expected.check_start(&mut pieces).await?;
        let opening = runs(pieces, expected.length).map_err(Error::from).map_ok(|(run, sealed)| {
            let stream = Arc::clone(&expected.stream);
            blocking(move || Ok(open(&stream, &run, sealed)?))
        });
        let mut fingerprint = Fingerprint::new();
        let opened = opening.try_buffered(RUNS_IN_FLIGHT).map_ok(|(tags, plain)| {
            fingerprint.add_tags(&tags);
            plain
        });
        write_in_order(opened, write).await?;
        Ok(fingerprint.finish())
    }

    /// Fetches the content and has it written as it is, in order.
    pub async fn save_into(self, write: WritePiece) -> Result<()> {
        let source = Source::new(self.clone(), 0..self.0.total.unwrap_or(u64::MAX));
        let pieces = stream::try_unfold(source, |mut source| async move {
            let mut piece = Vec::new();
            while piece.len() < PIECE_BYTES
                && let Some(bytes) = source.next().await?
            {
                piece.extend_from_slice(&bytes);
            }
            Ok((!piece.is_empty()).then(|| (Bytes::from(piece), source)))
        });
        write_in_order(pieces, write).await
    }

    /// Tells, as long as nothing moves because the sender has not sent it yet, how far the sender is.
    pub(super) async fn watch_sender(&self) {
        loop {
            tokio::time::sleep(SENDER_WATCH).await;
            let (idle, sending) = self.pulse(|pulse| (pulse.last.elapsed(), pulse.sender.is_some()));
            if sending
                && idle >= SENDER_WATCH
                && let Some(waiting) = self.look_at_sender().await
            {
                self.0.patience.report_waiting(&waiting);
            }
        }
    }

    /// Asks how far the sender is. `None` once it has sent all, or if the relay does not tell.
    async fn look_at_sender(&self) -> Option<ClientError> {
        let status = self.0.client.status(&self.0.id).await.ok()?;
        let uploading = status.state == State::Uploading;
        let sender = status.payload_bytes.filter(|_| uploading).map(|total| (status.stored_bytes, total));
        if sender > self.pulse(|pulse| std::mem::replace(&mut pulse.sender, sender)) {
            self.0.patience.made_progress();
        }
        let (stored, total) = sender?;
        let problem = Problem { stored_bytes: Some(stored), total_bytes: Some(total), ..Problem::new(Code::NotReady) };
        Some(ClientError::Problem { problem: Box::new(problem), retry_after: None })
    }

    /// Bytes have arrived.
    fn moved(&self, count: u64) {
        self.0.host.progress(Progress::Moved(count));
        self.pulse(|pulse| {
            pulse.bytes += count;
            if pulse.bytes >= WORKING_BYTES {
                (pulse.bytes, pulse.last) = (0, Instant::now());
            }
        });
    }

    fn pulse<T>(&self, act: impl FnOnce(&mut Pulse) -> T) -> T {
        act(&mut self.0.pulse.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes each piece while the next one is on its way.
async fn write_in_order(pieces: impl Stream<Item = Result<Bytes>>, write: WritePiece) -> Result<()> {
    let mut pieces = pin!(pieces);
    let mut writing = spawn_blocking(move || Ok(write));
    loop {
        let (next, mut write) = tokio::try_join!(pieces.try_next(), async { joined(writing.await) })?;
        let Some(piece) = next else { return Ok(()) };
        writing = spawn_blocking(move || write(&piece).map(|()| write));
    }
}

/// A range of the content over connections that may break, one after another.
pub(super) struct Source {
    download: Download,
    /// What has not arrived yet. Up to `u64::MAX` is all there is.
    range: Range<u64>,
    failed_at: u64,
    connection: Option<Content>,
    backoff: Backoff,
}

impl Source {
    /// These bytes of the content.
    pub(super) fn new(download: Download, range: Range<u64>) -> Self {
        let backoff = Backoff::new(download.0.patience.clone());
        Self { download, failed_at: range.start, range, connection: None, backoff }
    }

    /// The next bytes; nothing at the end of the range.
    pub(super) async fn next(&mut self) -> ClientResult<Option<Bytes>> {
        while self.range.start < self.range.end {
            match self.try_next().await {
                Ok(bytes) => {
                    self.arrived(bytes.len() as u64)?;
                    return Ok(Some(bytes));
                }
                Err(error) => self.recover(error).await?,
            }
        }
        Ok(None)
    }

    async fn try_next(&mut self) -> ClientResult<Bytes> {
        if self.connection.is_none() {
            self.connection = Some(self.connect().await?);
        }
        let content = self.connection.as_mut().expect("connected above");
        match content.body.next().await {
            Some(result) => result,
            None => Err(ClientError::Unreachable("the connection was cut".into())),
        }
    }

    async fn connect(&mut self) -> ClientResult<Content> {
        let Inner { client, id, ticket, total, begun, .. } = &*self.download.0;
        let etag = begun.get().and_then(|(_, etag)| etag.as_deref());
        let whole = begun.get().is_none() && self.range == (0..total.unwrap_or(u64::MAX));
        let content = client.content(id, ticket, (!whole).then(|| self.range.clone()), etag).await?;
        let found = content.total.or(*total).ok_or(ClientError::BadAnswer("Content-Length"))?;
        if begun.get().is_none() && total.is_some_and(|total| total != found) {
            return Err(ClientError::NotTheContent);
        }
        let (total, etag) = begun.get_or_init(|| (found, content.etag.clone()));
        // Several connections may have begun before any answer had named the content.
        let is_other = etag.is_some() && content.etag.is_some() && *etag != content.etag;
        if *total != found || is_other {
            return Err(ClientError::ContentChanged);
        }
        self.range.end = self.range.end.min(*total);
        Ok(content)
    }

    fn arrived(&mut self, count: u64) -> ClientResult<()> {
        self.range.start += count;
        if self.range.start > self.range.end {
            return Err(ClientError::BadAnswer("length"));
        }
        if self.range.start - self.failed_at >= WORKING_BYTES {
            self.backoff.worked();
        }
        self.download.moved(count);
        Ok(())
    }

    /// Waits before the next connection, or gives the error back if there should be none.
    async fn recover(&mut self, error: ClientError) -> ClientResult<()> {
        self.connection = None;
        self.failed_at = self.range.start;
        // Whoever asks to be left alone is asked nothing else, and heard.
        let waiting = error.is_passing() && error.retry_after().is_none();
        let error = match waiting && self.download.pulse(|pulse| pulse.sender.is_some()) {
            true => self.download.look_at_sender().await.unwrap_or(error),
            false => error,
        };
        self.backoff.wait(error).await
    }
}

/// Bytes of a source in pieces of a wanted length.
pub(super) struct Pieces {
    source: Source,
    ready: Bytes,
}

impl Pieces {
    pub(super) fn of(source: Source) -> Self {
        Self { source, ready: Bytes::new() }
    }

    /// Fills the buffer.
    pub(super) async fn fill(&mut self, mut buffer: &mut [u8]) -> ClientResult<()> {
        while !buffer.is_empty() {
            if self.ready.is_empty() {
                self.ready = self.source.next().await?.ok_or(ClientError::BadAnswer("length"))?;
            }
            let count = self.ready.len().min(buffer.len());
            let (filled, rest) = buffer.split_at_mut(count);
            self.ready.copy_to_slice(filled);
            buffer = rest;
        }
        Ok(())
    }

    async fn take(&mut self, length: usize) -> ClientResult<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes).await?;
        Ok(bytes)
    }
}

impl Expected {
    /// Bytes of header and nonce.
    pub fn start_bytes(&self) -> u64 {
        (self.header.len() + self.nonce.len()) as u64
    }

    /// Bytes of the whole age file.
    pub fn total(&self) -> u64 {
        self.start_bytes().saturating_add(sealed_len(self.length))
    }

    /// Reads header and nonce and checks that they are the manifest's.
    pub(super) async fn check_start(&self, pieces: &mut Pieces) -> ClientResult<()> {
        let found = pieces.take(self.start_bytes() as usize).await?;
        let (header, nonce) = found.split_at(self.header.len());
        if header == self.header && nonce == self.nonce { Ok(()) } else { Err(ClientError::NotTheContent) }
    }
}

/// Gives the chunks' tags and plaintext.
fn open(stream: &SealedStream, run: &Run, mut sealed: Vec<u8>) -> std::result::Result<(Vec<u8>, Bytes), EnvelopeError> {
    let tags = tags(&sealed);
    let length = stream.open_run(run.chunks.start, run.last, &mut sealed)?.len();
    sealed.truncate(length);
    Ok((tags, sealed.into()))
}

/// The payload's runs, in order, each with its sealed bytes.
fn runs(pieces: Pieces, length: u64) -> impl Stream<Item = ClientResult<(Run, Vec<u8>)>> + Send {
    let runs = Runs::of(length);
    stream::try_unfold((pieces, 0), move |(mut pieces, number)| async move {
        if number == runs.count() {
            return Ok(None);
        }
        let run = runs.get(number);
        let sealed = pieces.take((run.sealed.end - run.sealed.start) as usize).await?;
        Ok(Some(((run, sealed), (pieces, number + 1))))
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// What is written of these pieces, where a writer that takes so many bytes fails; and whether all went well.
    async fn written(pieces: Vec<Result<Bytes>>, room: usize) -> (Vec<u8>, Result<()>) {
        let written = Arc::new(Mutex::new(Vec::new()));
        let out = Arc::clone(&written);
        let write = move |piece: &[u8]| {
            let mut out = out.lock().unwrap();
            out.extend_from_slice(piece);
            if out.len() > room { Err(Error::StandardOutput(io::ErrorKind::StorageFull.into())) } else { Ok(()) }
        };
        let result = write_in_order(stream::iter(pieces), Box::new(write)).await;
        (written.lock().unwrap().clone(), result)
    }

    #[tokio::test]
    async fn pieces_are_written_in_order_until_something_fails() {
        let pieces = || (0..100).map(|number| Ok(Bytes::from(vec![number; 3])));
        let all: Vec<u8> = (0..100).flat_map(|number| [number; 3]).collect();
        let (whole, result) = written(pieces().collect(), 300).await;
        assert!(result.is_ok() && whole == all);
        let (half, result) = written(pieces().collect(), 100).await;
        assert!(matches!(result, Err(Error::StandardOutput(_))) && half == all[..102]);
        let cut = || Err(ClientError::Unreachable("the connection was cut".into()).into());
        let (some, result) = written(pieces().take(50).chain([cut()]).collect(), 300).await;
        assert!(matches!(result, Err(Error::Api(_))) && all.starts_with(&some), "{some:?}");
    }
}
