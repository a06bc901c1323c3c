//! The recipient's side: the content arrives in order, is opened in runs on several threads, and goes into a pipe.
//!
//! A broken connection goes on with `Range` where it stopped; the relay's strong `ETag` makes sure that it is still the
//! same content, and the envelope would notice if it were not.

use std::{pin::Pin, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use share_relay_api::{Bytes32, ShareId};

use crate::{
    client::{Answer, Client, ClientError, Content},
    envelope::{EnvelopeError, Fingerprint, SEALED_CHUNK, Stream as SealedStream, sealed_len, tags},
    error::{Error, Kind},
    i18n::fl,
    secret::Secret,
    threads::blocking,
    transfer::{
        backoff::{Backoff, Patience},
        plain::{PlainWriter, ReaderGone},
    },
    ui::Progress,
};

/// Chunks that are opened together: 1 MiB of plaintext.
const CHUNKS_PER_RUN: u64 = 16;
/// Runs being opened at one time.
const RUNS_IN_FLIGHT: usize = 4;
/// Bytes that must arrive before a connection counts as working again.
const WORKING_BYTES: u64 = 64 * 1024;

/// A download that a ticket allows.
pub struct Download {
    /// The relay.
    pub client: Client,
    /// The share.
    pub id: ShareId,
    /// The right to fetch it.
    pub ticket: Secret,
    /// How long to keep trying.
    pub patience: Patience,
    /// Hears of ciphertext that moves.
    pub progress: Progress,
}

/// What the content must be, known from the manifest and its header.
pub struct Expected {
    /// The age header.
    pub header: Bytes,
    /// The content's nonce.
    pub nonce: [u8; 16],
    /// Bytes of plaintext.
    pub length: u64,
    /// What opens it.
    pub stream: Arc<SealedStream>,
}

/// Why a download ended early.
pub enum DownloadError {
    /// The one who reads the pipe has gone away; its own error says why.
    ReaderGone,
    /// The download itself failed.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for DownloadError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

type Result<T> = std::result::Result<T, DownloadError>;
type Ciphertext = Pin<Box<dyn Stream<Item = Answer<Bytes>> + Send>>;

impl Download {
    /// Fetches, opens and verifies the content, and writes its plaintext into the pipe. Gives the fingerprint.
    pub async fn open_into(self, expected: Expected, writer: PlainWriter) -> Result<Bytes32> {
        let (total, ciphertext) = self.ciphertext().await?;
        let mut gathered = Gathered { rest: ciphertext, ready: BytesMut::new() };
        let payload_bytes = check_start(total, &mut gathered, &expected).await?;
        let stream = expected.stream;
        let mut opened = runs(gathered, payload_bytes)
            .map_err(Error::from)
            .map_ok(|run| {
                let stream = Arc::clone(&stream);
                blocking(move || Ok(run.open(&stream)?))
            })
            .try_buffered(RUNS_IN_FLIGHT);
        let mut fingerprint = Fingerprint::new();
        while let Some((tags, plain)) = opened.try_next().await? {
            fingerprint.add_tags(&tags);
            writer.send(plain).await.map_err(gone)?;
        }
        writer.finish().await.map_err(gone)?;
        Ok(fingerprint.finish())
    }

    /// Fetches the content as it is into the pipe. Gives its length.
    pub async fn save_into(self, writer: PlainWriter) -> Result<u64> {
        let (total, mut ciphertext) = self.ciphertext().await?;
        while let Some(bytes) = ciphertext.try_next().await? {
            writer.send(bytes).await.map_err(gone)?;
        }
        writer.finish().await.map_err(gone)?;
        Ok(total)
    }

    /// The content's length and all its bytes, in order, over as many connections one after another as it takes.
    async fn ciphertext(self) -> Answer<(u64, Ciphertext)> {
        let first = self.patience.with(async || self.client.content(&self.id, &self.ticket, 0, None).await).await?;
        let (total, etag) = (first.total, first.etag.clone());
        let backoff = Backoff::new(self.patience.clone());
        let state =
            Resumable { offset: 0, failed_at: 0, total, etag, connection: Some(first), backoff, download: self };
        let bytes = stream::try_unfold(state, |mut state| async move {
            let next = state.next().await?;
            Ok(next.map(|bytes| (bytes, state)))
        });
        Ok((total, Box::pin(bytes)))
    }
}

fn gone(_: ReaderGone) -> DownloadError {
    DownloadError::ReaderGone
}

/// The content's bytes over connections that may break.
struct Resumable {
    download: Download,
    offset: u64,
    failed_at: u64,
    total: u64,
    etag: String,
    connection: Option<Content>,
    backoff: Backoff,
}

impl Resumable {
    async fn next(&mut self) -> Answer<Option<Bytes>> {
        while self.offset < self.total {
            match self.try_next().await {
                Ok(bytes) => {
                    self.arrived(bytes.len() as u64)?;
                    return Ok(Some(bytes));
                }
                Err(error) => {
                    self.connection = None;
                    self.failed_at = self.offset;
                    self.backoff.wait(error).await?;
                }
            }
        }
        Ok(None)
    }

    async fn try_next(&mut self) -> Answer<Bytes> {
        if self.connection.is_none() {
            let Download { client, id, ticket, .. } = &self.download;
            let content = client.content(id, ticket, self.offset, Some(&self.etag)).await?;
            if content.total != self.total {
                return Err(ClientError::ContentChanged);
            }
            self.connection = Some(content);
        }
        let content = self.connection.as_mut().expect("connected above");
        match content.body.next().await {
            Some(result) => result,
            None => Err(ClientError::Unreachable("the connection was cut".into())),
        }
    }

    fn arrived(&mut self, count: u64) -> Answer<()> {
        self.offset += count;
        if self.offset > self.total {
            return Err(ClientError::BadAnswer("length"));
        }
        if self.offset - self.failed_at >= WORKING_BYTES {
            self.backoff.worked();
        }
        self.download.progress.moved(count);
        Ok(())
    }
}

/// Ciphertext that can be taken in pieces of a wanted length.
struct Gathered {
    rest: Ciphertext,
    ready: BytesMut,
}

impl Gathered {
    async fn take(&mut self, length: usize) -> Answer<BytesMut> {
        self.ready.reserve(length.saturating_sub(self.ready.len()));
        while self.ready.len() < length {
            let more = self.rest.try_next().await?.ok_or(ClientError::BadAnswer("length"))?;
            self.ready.extend_from_slice(&more);
        }
        Ok(self.ready.split_to(length))
    }
}

/// Reads header and nonce and checks that they, and the length, are the manifest's. Gives the payload's length.
async fn check_start(total: u64, gathered: &mut Gathered, expected: &Expected) -> Result<u64> {
    let start = expected.header.len() + expected.nonce.len();
    let payload_bytes = sealed_len(expected.length);
    if total != payload_bytes + start as u64 {
        return Err(not_the_content().into());
    }
    let found = gathered.take(start).await?;
    let (header, nonce) = found.split_at(expected.header.len());
    if header != expected.header || nonce != expected.nonce {
        return Err(not_the_content().into());
    }
    Ok(payload_bytes)
}

/// What the relay gives out is not what the manifest describes.
fn not_the_content() -> Error {
    Error::new(Kind::Corrupt, "corrupt", fl!("transfer-not-the-content")).hint(fl!("corrupt-hint"))
}

/// Consecutive sealed chunks.
struct Run {
    first_chunk: u64,
    last: bool,
    sealed: BytesMut,
}

impl Run {
    /// Gives the chunks' tags and plaintext.
    fn open(mut self, stream: &SealedStream) -> std::result::Result<(Vec<u8>, Bytes), EnvelopeError> {
        let tags = tags(&self.sealed);
        let length = stream.open_run(self.first_chunk, self.last, &mut self.sealed)?.len();
        self.sealed.truncate(length);
        Ok((tags, self.sealed.freeze()))
    }
}

fn runs(gathered: Gathered, payload_bytes: u64) -> Pin<Box<dyn Stream<Item = Answer<Run>> + Send>> {
    let run_bytes = CHUNKS_PER_RUN * SEALED_CHUNK as u64;
    Box::pin(stream::try_unfold((gathered, 0), move |(mut gathered, number)| async move {
        let left = payload_bytes.saturating_sub(number * run_bytes);
        if left == 0 {
            return Ok(None);
        }
        let sealed = gathered.take(left.min(run_bytes) as usize).await?;
        let run = Run { first_chunk: number * CHUNKS_PER_RUN, last: left <= run_bytes, sealed };
        Ok(Some((run, (gathered, number + 1))))
    }))
}
