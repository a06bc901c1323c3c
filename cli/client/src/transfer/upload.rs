//! The sender's side: plaintext is read, sealed and sent block by block, several at once.
//!
//! A block of files is read and sealed on any thread; those of a stream in order, one after another. Each chunk is read
//! straight into its place and sealed there. The tags of a block are on disk before its first byte is sent, so that
//! whoever goes on after a crash knows what may have been sent and never sends anything else in its place. Only blocks
//! on their way are held in memory, whatever the size of the content.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use share_format::envelope::{self, CHUNK, SEALED_CHUNK, Stream as SealedStream, TAG};
use share_relay_api::{Bytes32, Code, CreateShare, ShareId};
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    api::{Client, ClientError, ClientResult},
    error::{Error, Result},
    files::{ContentReader, FilesError, shown},
    patience::{Backoff, Patience},
    progress::Progress,
    secret::Secret,
    state::{
        StateError,
        tag_file::{TagFile, is_missing},
    },
    threads::{blocking, detached},
    transfer::{
        buffer_pool::{Buffer, BufferPool},
        parts::{BLOCK_BYTES, BLOCK_CHUNKS, Parts},
    },
};

/// Blocks being sealed, waiting or being sent at one time.
const BLOCKS_IN_MEMORY: usize = 5;
/// Connections that carry parts at one time.
const CONNECTIONS: usize = 4;
/// How often a first part may be cut off before smaller ones are tried.
const CUTS: u32 = 2;

/// Where plaintext comes from.
pub enum Source {
    /// Files, of known size, read at any offset.
    Files(Arc<ContentReader>),
    /// Standard input, of unknown size, read in order.
    Stream(Box<dyn Read + Send>),
}

/// An upload to a share that exists.
pub struct Upload {
    pub client: Client,
    pub id: ShareId,
    pub manage: Secret,
    /// What it takes to create it, should it have to be asked for anew with smaller parts.
    pub token: Option<Secret>,
    /// What it was created with.
    pub request: CreateShare,
    pub stream: Arc<SealedStream>,
    /// What has been sealed so far.
    pub tags: Arc<TagFile>,
    /// Whether some of that may have been in an earlier process.
    pub resumed: bool,
    /// The parts, and what the relay holds of them.
    pub parts: Parts,
    /// How long to keep trying.
    pub patience: Patience,
    pub buffers: BufferPool,
    /// The part that showed how large parts may be; `None` inside where that is known without.
    pub first: OnceCell<Option<u64>>,
}

/// What was uploaded.
pub struct Uploaded {
    pub plain_bytes: u64,
    /// Bytes of all parts.
    pub payload_bytes: u64,
    /// Names the exact bytes.
    pub fingerprint: Bytes32,
}

/// A block as it goes to the relay.
struct Block {
    number: u64,
    bytes: Bytes,
}

/// Buffers for the blocks of an upload of this many sealed bytes, if that is known; one only, until scrypt is done. They are
/// no larger than what is sent: many small shares in a row would spend their time on clearing them.
pub fn buffers(bytes: Option<u64>) -> BufferPool {
    let bytes = bytes.map_or(BLOCK_BYTES, |bytes| bytes.min(BLOCK_BYTES as u64) as usize);
    BufferPool::narrow(BLOCKS_IN_MEMORY, bytes)
}

impl Upload {
    /// Sends every part that the relay lacks, in any order, and waits until it holds them all.
    pub async fn run(&self, source: Source) -> Result<Uploaded> {
        let plain_bytes = match source {
            Source::Files(content) => {
                if self.resumed {
                    // What was sealed before may be of files that have changed since: that is told before anything is sent.
                    content.look_again();
                    self.compare(&content).await?;
                }
                self.send_all(self.file_blocks(Arc::clone(&content))).await?;
                self.compare(&content).await?;
                content.length()
            }
            Source::Stream(reader) => envelope::plain_len(self.send_all(self.stream_blocks(reader)).await?)
                .expect("whole chunks and a last one have been sealed"),
        };
        let payload_bytes = envelope::sealed_len(plain_bytes);
        let (tags, chunks) = (Arc::clone(&self.tags), payload_bytes.div_ceil(SEALED_CHUNK as u64));
        let fingerprint = blocking(move || tags.fingerprint(chunks).map_err(journal_failed)).await?;
        let fingerprint = fingerprint.ok_or_else(|| journal_failed(io::ErrorKind::InvalidData.into()))?;
        Ok(Uploaded { plain_bytes, payload_bytes, fingerprint })
    }

    /// Sends the blocks as they are sealed. Gives their bytes together.
    async fn send_all(&self, blocks: impl Stream<Item = impl Future<Output = Result<Block>>>) -> Result<u64> {
        let connections = Semaphore::new(CONNECTIONS);
        let sent = blocks.map(|block| async { self.send(block.await?, &connections).await });
        sent.buffer_unordered(BLOCKS_IN_MEMORY).try_fold(0, async |sum, bytes| Ok(sum + bytes)).await
    }

    /// Blocks of content whose size is known, each sealed by itself. Empty content is one empty chunk.
    fn file_blocks(&self, content: Arc<ContentReader>) -> impl Stream<Item = impl Future<Output = Result<Block>>> {
        let payload = envelope::sealed_len(content.length());
        let blocks = (0..payload.div_ceil(BLOCK_BYTES as u64)).filter(move |number| {
            let bytes = (payload - number * BLOCK_BYTES as u64).min(BLOCK_BYTES as u64) as usize;
            let to_do = self.is_to_do(*number, bytes);
            if !to_do {
                self.tell(Progress::Held(bytes as u64));
            }
            to_do
        });
        stream::iter(blocks).map(move |number| {
            let content = Arc::clone(&content);
            async move {
                let (buffer, sealer) = (self.buffers.take().await, self.sealer());
                blocking(move || sealer.seal_block(&content, number, buffer)).await
            }
        })
    }

    /// Reads files again that were written to, touched or replaced since they were found, and compares them with what was
    /// sealed. If all is the same, it is what they held when the last of it had been read, and nothing is of two times.
    async fn compare(&self, content: &Arc<ContentReader>) -> Result<()> {
        let touched = content.touched();
        if !touched.is_empty() {
            self.tell(Progress::Comparing);
        }
        for index in touched {
            let (sealer, content) = (self.sealer(), Arc::clone(content));
            blocking(move || {
                if !sealer.is_as_sealed(&content, index)? {
                    content.lose(index);
                }
                Ok::<_, Error>(())
            })
            .await?;
        }
        match content.lost().first() {
            Some(lost) => Err(FilesError::Changed(shown(&lost.path)).into()),
            None => Ok(()),
        }
    }

    /// Whether something of a block must be sent. What the relay holds and we have no tags of is sent again, as the
    /// fingerprint needs them.
    fn is_to_do(&self, number: u64, bytes: usize) -> bool {
        let chunks = bytes.div_ceil(SEALED_CHUNK) as u64;
        let known = || self.tags.read(number * BLOCK_CHUNKS..number * BLOCK_CHUNKS + chunks);
        !self.parts.missing(number, bytes).is_empty() || known().map_or(true, |tags| tags.chunks(TAG).any(is_missing))
    }

    /// Blocks of a stream, sealed one after another.
    fn stream_blocks(&self, reader: Box<dyn Read + Send>) -> impl Stream<Item = std::future::Ready<Result<Block>>> {
        let start = Some(LookaheadReader { reader, byte: None, number: 0 });
        stream::unfold(start, move |state| async move {
            let ahead = state?;
            let (buffer, sealer) = (self.buffers.take().await, self.sealer());
            match detached(move || sealer.seal_next(ahead, buffer)).await {
                Ok((block, ahead)) => Some((std::future::ready(Ok(block)), ahead)),
                Err(error) => Some((std::future::ready(Err(error)), None)),
            }
        })
    }

    fn sealer(&self) -> Sealer {
        Sealer { stream: Arc::clone(&self.stream), tags: Arc::clone(&self.tags) }
    }

    /// Sends the parts of a block that the relay lacks. Gives the block's bytes.
    async fn send(&self, block: Block, connections: &Semaphore) -> Result<u64> {
        let bytes = block.bytes.len();
        let _connection = connections.acquire().await.expect("the semaphore is never closed");
        let first = *self.first.get_or_try_init(|| self.find_size(&block)).await?;
        let mut sent = 0;
        for (number, range) in self.parts.missing(block.number, bytes) {
            sent += range.len();
            if first != Some(number) {
                let part = block.bytes.slice(range);
                self.patience.with(async || self.try_send(number, part.clone()).await).await?;
            }
        }
        self.tell(Progress::Held((bytes - sent) as u64));
        Ok(bytes as u64)
    }

    /// Sends the first part of all by itself: should something on the way not let it through, parts become smaller, which
    /// they can only while the relay holds none.
    async fn find_size(&self, block: &Block) -> Result<Option<u64>> {
        let mut backoff = Backoff::new(self.patience.clone());
        let mut cuts = 0;
        loop {
            let missing = self.parts.missing(block.number, block.bytes.len());
            let Some((number, range)) = missing.into_iter().next() else { return Ok(None) };
            let Err(error) = self.try_send(number, block.bytes.slice(range)).await else { return Ok(Some(number)) };
            cuts += u32::from(is_cut(&error));
            let refused = matches!(error.inner(), ClientError::Status { status: 413, .. });
            let too_large = refused || (cuts >= CUTS && self.holds_none().await);
            match self.parts.smaller() {
                Some(smaller) if too_large && self.shrink(smaller).await => cuts = 0,
                _ => backoff.wait(error).await?,
            }
        }
    }

    /// Whether small calls pass, and tell that the relay holds nothing yet.
    async fn holds_none(&self) -> bool {
        self.client.parts(&self.id, &self.manage).await.is_ok_and(|parts| parts.held.is_empty())
    }

    /// Has the relay take smaller parts; while it still waits for the rest of one that was cut off, it is busy. `false` if
    /// it does not take them: there would be too many, or the one that was cut off has arrived after all.
    async fn shrink(&self, part_bytes: u64) -> bool {
        let request = CreateShare { part_bytes, ..self.request.clone() };
        let call = async || self.client.create(&self.id, self.token.as_ref(), &request).await;
        let taken = self.patience.with(call).await.is_ok();
        if taken {
            self.parts.resize(part_bytes);
            self.tell(Progress::SmallerParts);
        }
        taken
    }

    fn tell(&self, progress: Progress<'_>) {
        self.patience.host().progress(progress);
    }

    async fn try_send(&self, number: u64, part: Bytes) -> ClientResult<()> {
        let moved = Arc::new(AtomicU64::new(0));
        let (host, counter) = (Arc::clone(self.patience.host()), Arc::clone(&moved));
        let sent = move |bytes| {
            counter.fetch_add(bytes, Ordering::Relaxed);
            host.progress(Progress::Moved(bytes));
        };
        let bytes = part.len() as u64;
        let result = self.client.put_part(&self.id, &self.manage, number, part, sent).await;
        match result {
            Ok(()) => self.tell(Progress::Acknowledged(bytes)),
            Err(_) => self.tell(Progress::Lost(moved.load(Ordering::Relaxed))),
        }
        unless_collected(result)
    }
}

/// A recipient may be done before the sender is: then the relay has had all it needed (protocol.md, "seal").
pub fn unless_collected(answer: ClientResult<()>) -> ClientResult<()> {
    match answer {
        Err(error) if error.code() == Some(Code::Collected) => Ok(()),
        other => other,
    }
}

/// Whether a connection broke, or something on the way answered in the relay's place.
fn is_cut(error: &ClientError) -> bool {
    matches!(error.inner(), ClientError::Unreachable(_) | ClientError::Stalled | ClientError::Status { .. })
        && error.is_passing()
}

fn journal_failed(error: io::Error) -> Error {
    StateError::Journal(error).into()
}

/// What reads and seals blocks, on any thread.
struct Sealer {
    stream: Arc<SealedStream>,
    tags: Arc<TagFile>,
}

impl Sealer {
    /// Reads each chunk of a block into its place and seals it there.
    fn seal_block(&self, content: &ContentReader, number: u64, mut buffer: Buffer) -> Result<Block> {
        let mut reader = content.reader();
        let mut chunk = number * BLOCK_CHUNKS;
        let mut sealed = 0;
        loop {
            let offset = chunk * CHUNK as u64;
            let plain = (content.length() - offset).min(CHUNK as u64) as usize;
            let last = offset + plain as u64 == content.length();
            reader.read_at(offset, &mut buffer[sealed..sealed + plain])?;
            self.stream.seal_chunk(chunk, last, &mut buffer[sealed..sealed + plain + TAG]);
            sealed += plain + TAG;
            chunk += 1;
            if last || sealed == BLOCK_BYTES {
                reader.finish()?;
                return self.finish(number, buffer, sealed);
            }
        }
    }

    /// Whether a file still holds what was sealed of it: by the tags of its chunks, and where a chunk is not its alone, by
    /// the piece that was read of it. Pieces that an earlier process read it knows by the tags, too.
    fn is_as_sealed(&self, content: &ContentReader, index: usize) -> Result<bool> {
        let span = content.span(index);
        let mut reader = content.second_reader();
        let mut buffer = vec![0; SEALED_CHUNK];
        for chunk in span.start / CHUNK as u64..span.end.div_ceil(CHUNK as u64) {
            let known = self.tags.read(chunk..chunk + 1).map_err(journal_failed)?;
            if is_missing(&known) {
                continue;
            }
            let start = chunk * CHUNK as u64;
            let plain = (content.length() - start).min(CHUNK as u64) as usize;
            let (from, to) = (span.start.max(start), span.end.min(start + plain as u64));
            let piece = &mut buffer[..(to - from) as usize];
            if piece.len() < plain {
                match reader.is_same_piece(index, from - span.start, piece) {
                    Ok(None) => {}
                    Ok(Some(true)) => continue,
                    // The reader has noted that it failed.
                    Ok(Some(false)) | Err(_) => return Ok(false),
                }
            }
            if reader.read_at(start, &mut buffer[..plain]).is_err() {
                return Ok(false);
            }
            self.stream.seal_chunk(chunk, start + plain as u64 == content.length(), &mut buffer[..plain + TAG]);
            if buffer[plain..plain + TAG] != known {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads and seals the next block; the stream comes back unless it has ended.
    fn seal_next(&self, mut ahead: LookaheadReader, mut buffer: Buffer) -> Result<(Block, Option<LookaheadReader>)> {
        let number = ahead.number;
        let mut sealed = 0;
        loop {
            let (plain, last) = ahead.read_chunk(&mut buffer[sealed..sealed + CHUNK])?;
            let chunk = number * BLOCK_CHUNKS + (sealed / SEALED_CHUNK) as u64;
            self.stream.seal_chunk(chunk, last, &mut buffer[sealed..sealed + plain + TAG]);
            sealed += plain + TAG;
            if last || sealed == BLOCK_BYTES {
                let block = self.finish(number, buffer, sealed)?;
                return Ok((block, (!last).then_some(LookaheadReader { number: number + 1, ..ahead })));
            }
        }
    }

    /// Makes the block's tags durable, after which it may be sent.
    fn finish(&self, number: u64, mut buffer: Buffer, sealed: usize) -> Result<Block> {
        buffer.shorten(sealed);
        self.write_tags(number * BLOCK_CHUNKS, &envelope::tags(&buffer))?;
        Ok(Block { number, bytes: Bytes::from_owner(buffer) })
    }

    /// Writes tags, durably, unless others are in their place: then the source is not what it was, and what was
    /// sealed now must not be sent.
    ///
    /// A tag that is missing was never sent: no byte of a block leaves before all its tags are on disk. One that is
    /// there may be of a chunk that was never sent either, if power failed while a block's tags were written; it is
    /// whole even then, as 16 bytes never cross a sector, and the unchanged source seals to the same.
    fn write_tags(&self, first_chunk: u64, tags: &[u8]) -> Result<()> {
        let known = self.tags.read(first_chunk..first_chunk + (tags.len() / TAG) as u64).map_err(journal_failed)?;
        let mut pairs = known.chunks(TAG).zip(tags.chunks(TAG));
        if !pairs.all(|(known, new)| is_missing(known) || known == new) {
            return Err(Error::SealedDifferently);
        }
        self.tags.write(first_chunk, tags).and_then(|()| self.tags.sync()).map_err(journal_failed)
    }
}

/// A stream with one byte read ahead, because only the end of the stream tells which chunk is the last.
struct LookaheadReader {
    reader: Box<dyn Read + Send>,
    byte: Option<u8>,
    number: u64,
}

impl LookaheadReader {
    /// Fills the chunk as far as the stream goes. Gives how far that is, and whether the stream ends with it.
    fn read_chunk(&mut self, chunk: &mut [u8]) -> Result<(usize, bool)> {
        let mut filled = 0;
        if let Some(byte) = self.byte.take() {
            chunk[0] = byte;
            filled = 1;
        }
        filled += self.read(&mut chunk[filled..])?;
        let mut next = [0];
        if filled == CHUNK && self.read(&mut next)? == 1 {
            self.byte = Some(next[0]);
        }
        Ok((filled, self.byte.is_none()))
    }

    /// Fills the buffer, or as much of it as there is.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::StandardInput(error)),
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use zeroize::Zeroizing;

    use super::*;
    use share_format::envelope::FileKey;

    fn chunks(length: usize) -> Vec<(usize, bool)> {
        let mut ahead = LookaheadReader { reader: Box::new(Cursor::new(vec![7; length])), byte: None, number: 0 };
        let mut chunk = vec![0; CHUNK];
        let mut found = Vec::new();
        loop {
            found.push(ahead.read_chunk(&mut chunk).unwrap());
            if found.last().unwrap().1 {
                return found;
            }
        }
    }

    #[test]
    fn the_last_chunk_of_a_stream_is_known_to_be_the_last() {
        assert_eq!(chunks(0), [(0, true)]);
        assert_eq!(chunks(1), [(1, true)]);
        assert_eq!(chunks(CHUNK), [(CHUNK, true)]);
        assert_eq!(chunks(CHUNK + 1), [(CHUNK, false), (1, true)]);
        assert_eq!(chunks(2 * CHUNK), [(CHUNK, false), (CHUNK, true)]);
    }

    fn sealer(tags: TagFile) -> Sealer {
        let key = FileKey::from_bytes(Zeroizing::new([7; 16]));
        Sealer { stream: Arc::new(SealedStream::new(&key, &[9; 16])), tags: Arc::new(tags) }
    }

    async fn blocks(sealer: &Sealer, plain: &[u8]) -> Result<Vec<u8>> {
        let mut ahead = Some(LookaheadReader { reader: Box::new(Cursor::new(plain.to_vec())), byte: None, number: 0 });
        let (pool, mut sealed) = (buffers(None), Vec::new());
        while let Some(next) = ahead {
            let (block, rest) = sealer.seal_next(next, pool.take().await)?;
            sealed.extend_from_slice(&block.bytes);
            ahead = rest;
        }
        Ok(sealed)
    }

    #[tokio::test]
    async fn blocks_of_a_stream_are_its_payload_and_their_tags_are_kept() {
        for length in [0, 1, CHUNK, BLOCK_CHUNKS as usize * CHUNK, BLOCK_CHUNKS as usize * CHUNK + 1] {
            let plain: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            let sealer = sealer(TagFile::temporary().unwrap());
            let mut whole = Vec::new();
            sealer.stream.seal_run(0, true, &plain, &mut whole);
            assert!(blocks(&sealer, &plain).await.unwrap() == whole, "{length}");
            let count = whole.len().div_ceil(SEALED_CHUNK) as u64;
            assert_eq!(sealer.tags.read(0..count).unwrap(), envelope::tags(&whole));
        }
    }

    #[tokio::test]
    async fn nothing_else_is_sealed_where_something_may_have_been_sent() {
        let sealer = sealer(TagFile::temporary().unwrap());
        let mut plain = vec![1; 3 * CHUNK];
        blocks(&sealer, &plain).await.unwrap();
        blocks(&sealer, &plain).await.unwrap();
        for (place, longer) in [(5, 0), (2 * CHUNK, 0), (0, 1)] {
            let mut other = plain.clone();
            other[place] ^= u8::from(longer == 0);
            other.resize(plain.len() + longer, 1);
            let error = blocks(&sealer, &other).await.unwrap_err();
            assert!(matches!(error, Error::SealedDifferently), "{place}");
        }
        // Tags that were never made durable, of which power loss left some: what was not sent may change.
        sealer.tags.write(1, &[0; 2 * TAG]).unwrap();
        plain[CHUNK] ^= 1;
        blocks(&sealer, &plain).await.unwrap();
    }
}
