//! The sender's side: plaintext is read, sealed and sent part by part, several parts at once.
//!
//! Parts are read and sealed on blocking threads, so sealing uses as many cores as there are parts in flight. Nothing
//! larger than [`PARTS_IN_FLIGHT`] parts is held in memory, whatever the size of the content.

use std::{io::Read, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use share_relay_api::{
    Bytes32, ShareId,
    limits::{CHUNKS_PER_PART, PART_BYTES},
};
use tokio::task::spawn_blocking;

use crate::{
    client::{Client, Secret},
    content::Packed,
    envelope::{CHUNK, Fingerprint, Stream as SealedStream},
    error::{Error, Result},
    i18n::fl,
    transfer::backoff::Patience,
    ui::Progress,
};

/// Plaintext bytes of a full part: 8 MiB.
const PLAIN_PART: usize = CHUNKS_PER_PART as usize * CHUNK;
/// Parts being read, sealed or sent at one time.
const PARTS_IN_FLIGHT: usize = 3;

/// Where plaintext comes from.
pub enum Source {
    /// Files, of known size, read at any offset.
    Packed(Arc<Packed>),
    /// Standard input, of unknown size, read in order.
    Stream(Box<dyn Read + Send>),
}

/// An upload to a share that exists.
pub struct Upload {
    /// The relay.
    pub client: Client,
    /// The share.
    pub id: ShareId,
    /// Its manage key.
    pub manage: Secret,
    /// What seals it.
    pub stream: Arc<SealedStream>,
    /// How long to keep trying.
    pub patience: Patience,
    /// Hears of ciphertext that moves.
    pub progress: Progress,
}

/// What was uploaded.
pub struct Uploaded {
    /// Bytes of plaintext.
    pub plain_bytes: u64,
    /// Bytes of all parts.
    pub payload_bytes: u64,
    /// Names the exact bytes.
    pub fingerprint: Bytes32,
}

/// One part's plaintext, or where to read it.
struct PlainPart {
    number: u64,
    last: bool,
    bytes: PlainBytes,
}

enum PlainBytes {
    Read(Vec<u8>),
    At(Arc<Packed>, usize),
}

impl Upload {
    /// Sends every part, in any order, and waits until the relay holds them all.
    pub async fn run(&self, source: Source) -> Result<Uploaded> {
        let mut sealed = plain_parts(source).map_ok(|part| self.seal_and_send(part)).try_buffered(PARTS_IN_FLIGHT);
        let mut fingerprint = Fingerprint::new();
        let (mut plain_bytes, mut payload_bytes) = (0, 0);
        while let Some((plain, part)) = sealed.try_next().await? {
            fingerprint.add_sealed(&part);
            plain_bytes += plain;
            payload_bytes += part.len() as u64;
        }
        Ok(Uploaded { plain_bytes, payload_bytes, fingerprint: fingerprint.finish() })
    }

    async fn seal_and_send(&self, part: PlainPart) -> Result<(u64, Bytes)> {
        let number = part.number;
        let stream = Arc::clone(&self.stream);
        let (plain_bytes, sealed) = blocking(move || part.seal(&stream)).await?;
        self.patience.with(async || self.send(number, sealed.clone()).await).await?;
        Ok((plain_bytes, sealed))
    }

    async fn send(&self, number: u64, part: Bytes) -> crate::client::Answer<()> {
        let moved = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let (progress, counter) = (self.progress.clone(), Arc::clone(&moved));
        let sent = move |bytes| {
            counter.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
            progress.moved(bytes);
        };
        let result = self.client.put_part(&self.id, &self.manage, number, part, sent).await;
        if result.is_err() {
            self.progress.lost(moved.load(std::sync::atomic::Ordering::Relaxed));
        }
        result
    }
}

impl PlainPart {
    /// Reads what is still to be read, and seals it. Gives the plaintext's length and the ciphertext.
    fn seal(self, stream: &SealedStream) -> Result<(u64, Bytes)> {
        let plain = match self.bytes {
            PlainBytes::Read(bytes) => bytes,
            PlainBytes::At(packed, length) => {
                let mut bytes = vec![0; length];
                packed.read_at(self.number * PLAIN_PART as u64, &mut bytes)?;
                bytes
            }
        };
        let mut sealed = Vec::with_capacity(PART_BYTES as usize);
        stream.seal_run(self.number * CHUNKS_PER_PART, self.last, &plain, &mut sealed);
        Ok((plain.len() as u64, sealed.into()))
    }
}

fn plain_parts(source: Source) -> stream::BoxStream<'static, Result<PlainPart>> {
    match source {
        Source::Packed(packed) => packed_parts(packed).boxed(),
        Source::Stream(reader) => stream_parts(reader).boxed(),
    }
}

/// Parts of content whose size is known. Empty content is one empty part.
fn packed_parts(packed: Arc<Packed>) -> impl Stream<Item = Result<PlainPart>> {
    let length = packed.length();
    let parts = length.div_ceil(PLAIN_PART as u64).max(1);
    stream::iter(0..parts).map(move |number| {
        let rest = length - number * PLAIN_PART as u64;
        let bytes = PlainBytes::At(Arc::clone(&packed), rest.min(PLAIN_PART as u64) as usize);
        Ok(PlainPart { number, last: number + 1 == parts, bytes })
    })
}

/// Parts of a stream: one is always read ahead, because only the end of the stream tells which part is the last.
fn stream_parts(reader: Box<dyn Read + Send>) -> impl Stream<Item = Result<PlainPart>> {
    stream::try_unfold((Some(reader), None, 0u64), |(reader, ahead, number)| async move {
        let Some(mut reader) = reader else { return Ok(None) };
        blocking(move || {
            let bytes = match ahead {
                Some(bytes) => bytes,
                None => read_part(&mut reader)?,
            };
            let next = if bytes.len() == PLAIN_PART { read_part(&mut reader)? } else { Vec::new() };
            let last = next.is_empty();
            let part = PlainPart { number, last, bytes: PlainBytes::Read(bytes) };
            Ok(Some((part, ((!last).then_some(reader), Some(next), number + 1))))
        })
        .await
    })
}

fn read_part(reader: &mut dyn Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(PLAIN_PART);
    match reader.take(PLAIN_PART as u64).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::local(fl!("transfer-stdin"), error)),
    }
}

/// Runs something that blocks on a thread made for it.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}
