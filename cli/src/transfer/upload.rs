//! The sender's side: plaintext is read, sealed and sent part by part, several parts at once.
//!
//! Files are read and sealed on as many threads as there are parts in flight; a stream is read and sealed in order.
//! Only sealed parts in flight are held in memory, whatever the size of the content.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use share_relay_api::{
    Bytes32, ShareId,
    limits::{CHUNKS_PER_PART, PART_BYTES},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    client::{Answer, Client},
    content::Packed,
    envelope::{self, CHUNK, Fingerprint, Stream as SealedStream},
    error::{Error, Result},
    i18n::fl,
    secret::Secret,
    threads::{blocking, detached},
    transfer::{
        backoff::Patience,
        buffers::{Buffer, Buffers},
    },
    ui::Progress,
};

/// Plaintext bytes of a full part: 8 MiB.
const PLAIN_PART: u64 = CHUNKS_PER_PART * CHUNK as u64;
/// Plaintext bytes that are read and sealed together.
const PLAIN_RUN: usize = 4 * CHUNK;
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
    /// How many parts may be in memory.
    pub room: Room,
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

/// Room in memory for sealed parts. One at a time until [`Room::widen`], because scrypt's own 128 MiB are in use
/// while the first ones go out.
#[derive(Clone)]
pub struct Room {
    permits: Arc<Semaphore>,
    buffers: Buffers,
}

impl Room {
    /// Room for one part.
    pub fn narrow() -> Self {
        Self { permits: Arc::new(Semaphore::new(1)), buffers: Buffers::default() }
    }

    /// Makes room for all parts that help.
    pub fn widen(&self) {
        self.permits.add_permits(PARTS_IN_FLIGHT - 1);
    }

    async fn enter(&self) -> Place {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed");
        Place { buffer: self.buffers.take(PART_BYTES as usize), _permit: permit }
    }
}

/// The place of one part in [`Room`].
struct Place {
    buffer: Buffer,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Place {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

/// A part as it goes to the relay.
struct SealedPart {
    number: u64,
    plain_bytes: u64,
    bytes: Bytes,
}

/// What is left of a part once the relay holds it.
struct Held {
    plain_bytes: u64,
    sealed_bytes: u64,
    tags: Vec<u8>,
}

impl Upload {
    /// Sends every part, in any order, and waits until the relay holds them all.
    pub async fn run(&self, source: Source) -> Result<Uploaded> {
        match source {
            Source::Packed(packed) => self.collect(self.packed_parts(packed)).await,
            Source::Stream(reader) => self.collect(self.stream_parts(reader)).await,
        }
    }

    /// Sends the parts as they are sealed.
    async fn collect(&self, parts: impl Stream<Item = impl Future<Output = Result<SealedPart>>>) -> Result<Uploaded> {
        let sent = parts.map(|part| async { self.send(part.await?).await }).buffered(PARTS_IN_FLIGHT);
        let mut sent = std::pin::pin!(sent);
        let mut fingerprint = Fingerprint::new();
        let (mut plain_bytes, mut payload_bytes) = (0, 0);
        while let Some(held) = sent.try_next().await? {
            fingerprint.add_tags(&held.tags);
            plain_bytes += held.plain_bytes;
            payload_bytes += held.sealed_bytes;
        }
        Ok(Uploaded { plain_bytes, payload_bytes, fingerprint: fingerprint.finish() })
    }

    /// Parts of content whose size is known, each sealed by itself. Empty content is one empty part.
    fn packed_parts(&self, packed: Arc<Packed>) -> impl Stream<Item = impl Future<Output = Result<SealedPart>>> {
        let parts = packed.length().div_ceil(PLAIN_PART).max(1);
        stream::iter(0..parts).map(move |number| {
            let packed = Arc::clone(&packed);
            async move {
                let (place, stream) = (self.room.enter().await, Arc::clone(&self.stream));
                blocking(move || seal_packed(&packed, number, &stream, place)).await
            }
        })
    }

    /// Parts of a stream, sealed one after another.
    fn stream_parts(&self, reader: Box<dyn Read + Send>) -> impl Stream<Item = std::future::Ready<Result<SealedPart>>> {
        let start = Some(Ahead { reader, byte: None, number: 0 });
        stream::unfold(start, move |state| async move {
            let ahead = state?;
            let (place, stream) = (self.room.enter().await, Arc::clone(&self.stream));
            match detached(move || seal_next(ahead, &stream, place)).await {
                Ok((part, ahead)) => Some((std::future::ready(Ok(part)), ahead)),
                Err(error) => Some((std::future::ready(Err(error)), None)),
            }
        })
    }

    async fn send(&self, part: SealedPart) -> Result<Held> {
        let SealedPart { number, plain_bytes, bytes } = part;
        self.patience.with(async || self.try_send(number, bytes.clone()).await).await?;
        Ok(Held { plain_bytes, sealed_bytes: bytes.len() as u64, tags: envelope::tags(&bytes) })
    }

    async fn try_send(&self, number: u64, part: Bytes) -> Answer<()> {
        let moved = Arc::new(AtomicU64::new(0));
        let (progress, counter) = (self.progress.clone(), Arc::clone(&moved));
        let sent = move |bytes| {
            counter.fetch_add(bytes, Ordering::Relaxed);
            progress.moved(bytes);
        };
        let result = self.client.put_part(&self.id, &self.manage, number, part, sent).await;
        if result.is_err() {
            self.progress.lost(moved.load(Ordering::Relaxed));
        }
        result
    }
}

fn seal_packed(packed: &Packed, number: u64, stream: &SealedStream, mut place: Place) -> Result<SealedPart> {
    let start = number * PLAIN_PART;
    let end = packed.length().min(start + PLAIN_PART);
    let mut run = Vec::with_capacity(PLAIN_RUN);
    let mut offset = start;
    loop {
        run.resize((end - offset).min(PLAIN_RUN as u64) as usize, 0);
        packed.read_at(offset, &mut run)?;
        let chunk = offset / CHUNK as u64;
        offset += run.len() as u64;
        stream.seal_run(chunk, offset == packed.length(), &run, &mut place.buffer);
        if offset == end {
            return Ok(SealedPart { number, plain_bytes: end - start, bytes: Bytes::from_owner(place) });
        }
    }
}

/// A stream with one byte read ahead, because only the end of the stream tells which chunk is the last.
struct Ahead {
    reader: Box<dyn Read + Send>,
    byte: Option<u8>,
    number: u64,
}

/// Reads and seals the next part; the stream comes back unless it has ended.
fn seal_next(mut ahead: Ahead, stream: &SealedStream, mut place: Place) -> Result<(SealedPart, Option<Ahead>)> {
    let number = ahead.number;
    let mut plain_bytes = 0;
    let mut run = Vec::with_capacity(PLAIN_RUN);
    loop {
        let last = ahead.read_run(&mut run)?;
        let chunk = number * CHUNKS_PER_PART + plain_bytes / CHUNK as u64;
        stream.seal_run(chunk, last, &run, &mut place.buffer);
        plain_bytes += run.len() as u64;
        if last || plain_bytes == PLAIN_PART {
            let part = SealedPart { number, plain_bytes, bytes: Bytes::from_owner(place) };
            return Ok((part, (!last).then_some(Ahead { number: number + 1, ..ahead })));
        }
    }
}

impl Ahead {
    /// Fills the run, and tells whether the stream ends with it.
    fn read_run(&mut self, run: &mut Vec<u8>) -> Result<bool> {
        run.clear();
        run.extend(self.byte.take());
        self.read(PLAIN_RUN - run.len(), run)?;
        let mut next = Vec::new();
        self.read(1, &mut next)?;
        self.byte = next.pop();
        Ok(self.byte.is_none())
    }

    fn read(&mut self, count: usize, into: &mut Vec<u8>) -> Result<()> {
        let read = self.reader.by_ref().take(count as u64).read_to_end(into);
        read.map(drop).map_err(|error| Error::local(fl!("transfer-stdin"), error))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn runs(length: usize) -> Vec<(usize, bool)> {
        let mut ahead = Ahead { reader: Box::new(Cursor::new(vec![7; length])), byte: None, number: 0 };
        let mut run = Vec::new();
        let mut found = Vec::new();
        loop {
            let last = ahead.read_run(&mut run).unwrap();
            found.push((run.len(), last));
            if last {
                return found;
            }
        }
    }

    #[test]
    fn the_last_run_of_a_stream_is_known_to_be_the_last() {
        assert_eq!(runs(0), [(0, true)]);
        assert_eq!(runs(1), [(1, true)]);
        assert_eq!(runs(PLAIN_RUN), [(PLAIN_RUN, true)]);
        assert_eq!(runs(PLAIN_RUN + 1), [(PLAIN_RUN, false), (1, true)]);
        assert_eq!(runs(2 * PLAIN_RUN), [(PLAIN_RUN, false), (PLAIN_RUN, true)]);
    }
}
