//! Files as content: one byte string, of known length, read at any place and by several threads at once, each with a
//! [`Reader`] of its own. Nothing of it is held in memory; headers are made when they are asked for.

use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata},
    hash::{BuildHasher, RandomState},
    io,
    ops::Range,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use share_format::{
    FormatError, Manifest,
    entry::Entry,
    manifest::Kind,
    tar::{Layout, header, padded},
};

use super::{
    error::{FilesError, shown},
    walk::Source,
};
use crate::system;

/// The content made of files and folders on this computer.
#[derive(Debug)]
pub struct ContentReader {
    kind: Kind,
    sources: Vec<Source>,
    length: u64,
    /// Of each file the hash of its first piece and of its last one, as they were read together with bytes of others; 0 if
    /// they were not. Of all else that is read, who seals it knows what it was.
    pieces: Vec<[AtomicU64; 2]>,
    hasher: RandomState,
    noticed: Mutex<Noticed>,
}

/// What reading showed of files, by their places among the sources.
#[derive(Debug, Default)]
struct Noticed {
    /// Written to, touched or replaced since they were found. Whether their bytes are others, their bytes tell.
    touched: BTreeSet<usize>,
    /// Gone, cut short, unreadable, or known to hold other bytes.
    lost: BTreeSet<usize>,
}

impl ContentReader {
    /// One file is its own bytes; anything else is a tar.
    pub fn new(mut sources: Vec<Source>) -> Result<Self, FilesError> {
        if let [source] = &sources[..]
            && !source.entry.folder
        {
            return Ok(Self::of(Kind::File, source.entry.size, sources));
        }
        let mut layout = Layout::default();
        for source in &mut sources {
            source.entry.offset = layout.place(&source.entry).ok_or(FilesError::TooMany)?;
        }
        Ok(Self::of(Kind::Tar, layout.length(), sources))
    }

    fn of(kind: Kind, length: u64, sources: Vec<Source>) -> Self {
        let pieces = sources.iter().map(|_| Default::default()).collect();
        Self { kind, sources, length, pieces, hasher: RandomState::new(), noticed: Mutex::default() }
    }

    /// How the content is made up.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of content.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// How many files there are.
    pub fn files(&self) -> u64 {
        self.sources.iter().filter(|source| !source.entry.folder).count() as u64
    }

    /// Bytes of all files together.
    pub fn file_bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.entry.size).sum()
    }

    /// The names that are not inside a folder of this content.
    pub fn top_names(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|source| source.entry.path.as_str()).filter(|path| !path.contains('/'))
    }

    /// The manifest of this content, sealed with this nonce.
    pub fn manifest(&self, nonce: [u8; 16], message: Option<String>) -> Manifest {
        let entries = self.sources.iter().map(|source| &source.entry);
        Manifest::new(self.kind, entries, self.length, nonce, message)
    }

    /// The files and folders in it, in its order.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Looks which files are no longer as they were found.
    pub fn look_again(&self) {
        for (index, source) in self.sources.iter().enumerate().filter(|(_, source)| source.entry.size > 0) {
            match fs::metadata(&source.path) {
                Ok(now) if now.is_file() && now.len() >= source.entry.size => {
                    if !source.is_as_found(&now) {
                        self.noticed().touched.insert(index);
                    }
                }
                _ => self.lose(index),
            }
        }
    }

    /// Files, by their places, that were written to, touched or replaced since they were found.
    pub fn touched(&self) -> Vec<usize> {
        self.noticed().touched.iter().copied().collect()
    }

    /// Where a file's bytes are in the content.
    pub fn span(&self, index: usize) -> Range<u64> {
        let Entry { offset, size, .. } = self.sources[index].entry;
        offset..offset + size
    }

    /// Notes that a file cannot be sent whole.
    pub fn lose(&self, index: usize) {
        self.noticed().lost.insert(index);
    }

    /// The files that cannot be sent whole, as far as that has been noticed.
    pub fn lost(&self) -> Vec<&Source> {
        self.noticed().lost.iter().map(|index| &self.sources[*index]).collect()
    }

    /// Files that are longer now than what is sent of them.
    pub fn grown(&self) -> Vec<&Source> {
        let is_longer = |source: &&Source| fs::metadata(&source.path).is_ok_and(|now| now.len() > source.entry.size);
        self.touched().into_iter().map(|index| &self.sources[index]).filter(is_longer).collect()
    }

    fn noticed(&self) -> MutexGuard<'_, Noticed> {
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it from any place on, best in order.
    pub fn reader(&self) -> Reader<'_> {
        Reader { content: self, open: None, notes: true }
    }

    /// The same, to compare with what was read before.
    pub fn second_reader(&self) -> Reader<'_> {
        Reader { content: self, open: None, notes: false }
    }

    fn piece(&self, index: usize, offset: u64) -> &AtomicU64 {
        &self.pieces[index][usize::from(offset > 0)]
    }

    fn hash(&self, bytes: &[u8]) -> u64 {
        self.hasher.hash_one(bytes).max(1)
    }
}

/// Reads content, and keeps the file it is in open, so that many reads of a file open it once. Of a file that has grown
/// since it was found, it reads as much as there was.
pub struct Reader<'a> {
    content: &'a ContentReader,
    open: Option<(usize, File)>,
    /// Whether what it reads is what will be sent.
    notes: bool,
}

impl Reader<'_> {
    /// Fills the buffer with the content from `offset` on. Content that ends before the buffer does is an error of the
    /// caller: `UnexpectedEof`.
    pub fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), FilesError> {
        let content = self.content;
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= content.length);
        let end = end.ok_or_else(|| FormatError::Input(io::ErrorKind::UnexpectedEof.into()))?;
        let mut wanted = Wanted { range: offset..end, buffer };
        // The first entry that does not end before the range.
        let first = content.sources.partition_point(|source| source.end() <= offset);
        let mut start = first.checked_sub(1).map_or(0, |before| content.sources[before].end());
        for index in first..content.sources.len() {
            if start >= end {
                break;
            }
            self.read_source(index, start, &mut wanted)?;
            start = content.sources[index].end();
        }
        wanted.part(start..content.length, |_, end_of_tar| {
            end_of_tar.fill(0);
            Ok(())
        })
    }

    /// Reads what is wanted of a file's header, bytes and padding, which begin at `start`.
    fn read_source(&mut self, index: usize, start: u64, wanted: &mut Wanted<'_>) -> Result<(), FilesError> {
        let content = self.content;
        let source = &content.sources[index];
        let Entry { offset, size, .. } = source.entry;
        let all = wanted.buffer.len();
        wanted.part(start..offset, |from, part| {
            let header = header(&source.entry);
            part.copy_from_slice(&header[from as usize..][..part.len()]);
            Ok(())
        })?;
        wanted.part(offset..offset + size, |from, part| {
            self.read_file(index, from, part)?;
            if self.notes && part.len() < all {
                content.piece(index, from).store(content.hash(part), Ordering::Relaxed);
            }
            Ok(())
        })?;
        match content.kind {
            Kind::File => Ok(()),
            Kind::Tar => wanted.part(offset + size..source.end(), |_, padding| {
                padding.fill(0);
                Ok(())
            }),
        }
    }

    fn read_file(&mut self, index: usize, offset: u64, buffer: &mut [u8]) -> Result<(), FilesError> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
            self.finish()?;
        }
        let content = self.content;
        let failed = |error| content.failed(index, error);
        let (_, file) = match &mut self.open {
            Some(open) => open,
            closed => closed.insert((index, File::open(&content.sources[index].path).map_err(failed)?)),
        };
        system::read_exact_at(file, buffer, offset).map_err(failed)
    }

    /// Whether a piece of a file, which was read before together with bytes of others, is still the same; `None` if it was
    /// not read here.
    pub fn is_same_piece(&mut self, index: usize, offset: u64, buffer: &mut [u8]) -> Result<Option<bool>, FilesError> {
        let before = self.content.piece(index, offset).load(Ordering::Relaxed);
        if before == 0 {
            return Ok(None);
        }
        self.read_file(index, offset, buffer)?;
        Ok(Some(self.content.hash(buffer) == before))
    }

    /// Notes whether the last file was still as it was found. After the bytes: what was written before they were read
    /// shows in the time.
    pub fn finish(&mut self) -> Result<(), FilesError> {
        let Some((index, file)) = self.open.take() else { return Ok(()) };
        let metadata = file.metadata().map_err(|error| self.content.failed(index, error))?;
        if !self.content.sources[index].is_as_found(&metadata) {
            self.content.noticed().touched.insert(index);
        }
        Ok(())
    }
}

/// A range of the content and the buffer it goes into.
struct Wanted<'a> {
    range: Range<u64>,
    buffer: &'a mut [u8],
}

impl Wanted<'_> {
    /// Has `read` fill what is wanted of this span; it gets the place in the span where that begins.
    fn part(
        &mut self,
        span: Range<u64>,
        read: impl FnOnce(u64, &mut [u8]) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        let start = span.start.max(self.range.start);
        let end = span.end.min(self.range.end);
        if start >= end {
            return Ok(());
        }
        let place = (start - self.range.start) as usize..(end - self.range.start) as usize;
        read(start - span.start, &mut self.buffer[place])
    }
}

impl Source {
    /// Where the next entry begins, if the content is a tar.
    fn end(&self) -> u64 {
        // The layout has been computed with the same sum.
        self.entry.offset + padded(self.entry.size).unwrap_or(self.entry.size)
    }

    fn is_as_found(&self, now: &Metadata) -> bool {
        now.len() == self.entry.size && now.modified().is_ok_and(|modified| modified == self.modified)
    }
}

impl ContentReader {
    /// Notes that a file could not be read, and sorts why.
    fn failed(&self, index: usize, error: io::Error) -> FilesError {
        self.lose(index);
        let path = &self.sources[index].path;
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => FilesError::Changed(shown(path)),
            _ => FilesError::read(path)(error),
        }
    }
}
