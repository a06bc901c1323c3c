//! Where a download goes into files: each run is opened in place, its plaintext goes to its files, and then its tags are noted.
//!
//! What an earlier program left is found out by sealing it again: only chunks that give their noted tags are there. So
//! nothing needs to be written in any order, and neither power loss nor tampering can leave a wrong byte.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use share_format::envelope::{CHUNK, Stream, TAG, tags};
use share_relay_api::Bytes32;

use super::segments::{Run, Runs, ranges};
use crate::{
    error::{Error, Result},
    files::{ContentWriter, FilesError},
    progress::{Progress, ProgressSink},
    state::tag_file::{TagFile, is_missing},
};

/// Bytes that land between two syncs on the way, so that little is left for the one at the end.
const SYNC_EVERY: u64 = 128 * 1024 * 1024;

/// The content and the tags of what has been verified of it.
pub struct DownloadSink {
    content: ContentWriter,
    tags: TagFile,
    stream: Arc<Stream>,
    held: AtomicU64,
    /// A sync has failed.
    lost: AtomicBool,
}

impl DownloadSink {
    /// Into these files, noting tags there.
    pub fn new(content: ContentWriter, tags: TagFile, stream: Arc<Stream>) -> Self {
        Self { content, tags, stream, held: AtomicU64::new(0), lost: AtomicBool::new(false) }
    }

    pub fn content(&self) -> &ContentWriter {
        &self.content
    }

    pub fn runs(&self) -> Runs {
        Runs::of(self.content.length())
    }

    /// Bytes of plaintext that have been found whole, or verified and written, by this process.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Bytes of plaintext whose tags are noted, whether or not they have been found whole. None once a sync has failed:
    /// the system may show what is not on the disk, and does not try to bring it there again.
    pub fn noted(&self) -> u64 {
        if self.lost.load(Ordering::Relaxed) {
            return 0;
        }
        // Only told, so one that cannot be read tells nothing.
        let chunks = self.tags.count(self.runs().chunks()).unwrap_or_default();
        self.content.length().min(chunks * CHUNK as u64)
    }

    /// Opens a run in place, which leaves its plaintext in the buffer, writes that and notes its tags.
    pub fn write(&self, run: &Run, sealed: &mut [u8]) -> Result<()> {
        let tags = tags(sealed);
        let plain = self.stream.open_run(run.chunks.start, run.last, sealed)?;
        self.content.write_at(run.plain.start, plain)?;
        self.tags.write(run.chunks.start, &tags).map_err(not_noted)?;
        let before = self.held.fetch_add(plain.len() as u64, Ordering::Relaxed);
        match before / SYNC_EVERY < (before + plain.len() as u64) / SYNC_EVERY {
            true => self.synced(self.content.sync_some()),
            false => Ok(()),
        }
    }

    /// Gives all files and folders their times and rights, once every run has landed. All is on disk when this returns.
    pub fn finish(&self) -> Result<()> {
        self.synced(self.content.finish())
    }

    fn synced(&self, result: std::result::Result<(), FilesError>) -> Result<()> {
        Ok(result.inspect_err(|_| self.lost.store(true, Ordering::Relaxed))?)
    }

    /// The runs that are not there whole, in order. Blocks for as long as it takes to read and seal what is there.
    pub fn find_missing(&self, host: &dyn ProgressSink) -> Vec<Range<u64>> {
        let (next, missing) = (AtomicU64::new(0), Mutex::new(Vec::new()));
        let look = || {
            let mut buffers = (Vec::new(), Vec::new());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.runs().count() {
                    return;
                }
                let run = self.runs().get(number);
                let length = run.plain.end - run.plain.start;
                match self.is_there(&run, &mut buffers) {
                    true => drop(self.held.fetch_add(length, Ordering::Relaxed)),
                    false => missing.lock().unwrap_or_else(PoisonError::into_inner).push(number),
                }
                host.progress(Progress::Moved(length));
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            // This thread looks too, so a system that gives no more of them only makes it slower.
            (1..threads).for_each(|_| drop(thread::Builder::new().spawn_scoped(scope, look)));
            look();
        });
        let mut missing = missing.into_inner().unwrap_or_else(PoisonError::into_inner);
        missing.sort_unstable();
        ranges(missing)
    }

    /// Whether sealing what is in the files gives the tags that are noted. What cannot be read is not there: it is
    /// fetched again, and if it cannot be written either, that is told.
    fn is_there(&self, run: &Run, (plain, sealed): &mut (Vec<u8>, Vec<u8>)) -> bool {
        let Ok(noted) = self.tags.read(run.chunks.clone()) else { return false };
        if noted.chunks(TAG).any(is_missing) {
            return false;
        }
        plain.resize((run.plain.end - run.plain.start) as usize, 0);
        if self.content.read_at(run.plain.start, plain).is_err() {
            return false;
        }
        sealed.clear();
        self.stream.seal_run(run.chunks.start, run.last, plain, sealed);
        // Not secret: the relay knows them too.
        tags(sealed) == noted
    }

    /// The fingerprint, once every run has landed.
    pub fn fingerprint(&self) -> Result<Bytes32> {
        let found = self.tags.fingerprint(self.runs().chunks()).map_err(not_noted)?;
        // Every run has landed, and none has tags of zeros.
        found.ok_or_else(|| not_noted(std::io::ErrorKind::InvalidData.into()))
    }
}

fn not_noted(error: std::io::Error) -> Error {
    match FilesError::write(std::path::Path::new(""))(error) {
        FilesError::Write(_, error) => Error::Tags(error),
        full => full.into(),
    }
}
