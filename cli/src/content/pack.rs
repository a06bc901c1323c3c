//! Files as content: one byte string, of known length, read at any place and by several threads at once, each with a
//! [`Reader`] of its own. Nothing of it is held in memory; headers are made when they are asked for.

use std::{fs::File, io, ops::Range, time::UNIX_EPOCH};

use ring::digest::{Context, SHA256};
use share_relay_api::Bytes32;

use super::{
    archive::{Layout, header, padded},
    error::{ContentError, shown},
    manifest::{Entry, Kind, Manifest},
    walk::Source,
};
use crate::system;

/// The content made of files and folders on this computer.
#[derive(Debug)]
pub struct Packed {
    kind: Kind,
    sources: Vec<Source>,
    length: u64,
}

impl Packed {
    /// One file is its own bytes; anything else is a tar.
    pub fn new(mut sources: Vec<Source>) -> Result<Self, ContentError> {
        if let [source] = &sources[..]
            && !source.entry.folder
        {
            return Ok(Self { kind: Kind::File, length: source.entry.size, sources });
        }
        let mut layout = Layout::default();
        for source in &mut sources {
            source.entry.offset = layout.place(&source.entry).ok_or(ContentError::TooMany)?;
        }
        Ok(Self { kind: Kind::Tar, sources, length: layout.length() })
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
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sources.iter().map(|source| &source.entry)
    }

    /// SHA-256 over what tells files and folders that have changed from those that have not: paths in the share, sizes,
    /// times to the nanosecond, and the rights that travel.
    pub fn digest(&self) -> Bytes32 {
        let mut digest = Context::new(&SHA256);
        for Source { entry, modified, .. } in &self.sources {
            let since = modified.duration_since(UNIX_EPOCH);
            let nanoseconds = since.map_or_else(|error| error.duration().as_nanos(), |since| !since.as_nanos());
            digest.update(&(entry.path.len() as u64).to_be_bytes());
            digest.update(entry.path.as_bytes());
            digest.update(&entry.size.to_be_bytes());
            digest.update(&nanoseconds.to_be_bytes());
            digest.update(&[u8::from(entry.folder), u8::from(entry.executable), u8::from(entry.private)]);
        }
        Bytes32(digest.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes"))
    }

    /// Reads it from any place on, best in order.
    pub fn reader(&self) -> Reader<'_> {
        Reader { packed: self, open: None }
    }
}

/// Reads content, and keeps the file it is in open, so that many reads of a file open it once.
///
/// [`ContentError::Changed`] names a file that is no longer as it was found; [`Reader::finish`] looks at the last one.
pub struct Reader<'a> {
    packed: &'a Packed,
    open: Option<(&'a Source, File)>,
}

impl<'a> Reader<'a> {
    /// Fills the buffer with the content from `offset` on. Content that ends before the buffer does is an error of the
    /// caller: `UnexpectedEof`.
    pub fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), ContentError> {
        let packed = self.packed;
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= packed.length);
        let end = end.ok_or_else(|| ContentError::Input(io::ErrorKind::UnexpectedEof.into()))?;
        let mut wanted = Wanted { range: offset..end, buffer };
        // The first entry that does not end before the range.
        let first = packed.sources.partition_point(|source| source.end() <= offset);
        let mut start = first.checked_sub(1).map_or(0, |before| packed.sources[before].end());
        for source in &packed.sources[first..] {
            if start >= end {
                break;
            }
            self.read_source(source, start, &mut wanted)?;
            start = source.end();
        }
        wanted.part(start..packed.length, |_, end_of_tar| {
            end_of_tar.fill(0);
            Ok(())
        })
    }

    /// Reads what is wanted of a file's header, bytes and padding, which begin at `start`.
    fn read_source(&mut self, source: &'a Source, start: u64, wanted: &mut Wanted<'_>) -> Result<(), ContentError> {
        let Entry { offset, size, .. } = source.entry;
        wanted.part(start..offset, |from, part| {
            let header = header(&source.entry);
            part.copy_from_slice(&header[from as usize..][..part.len()]);
            Ok(())
        })?;
        wanted.part(offset..offset + size, |from, part| self.read_file(source, from, part))?;
        match self.packed.kind {
            Kind::File => Ok(()),
            Kind::Tar => wanted.part(offset + size..source.end(), |_, padding| {
                padding.fill(0);
                Ok(())
            }),
        }
    }

    fn read_file(&mut self, source: &'a Source, offset: u64, buffer: &mut [u8]) -> Result<(), ContentError> {
        if self.open.as_ref().is_none_or(|(open, _)| !std::ptr::eq(*open, source)) {
            self.close()?;
        }
        let (_, file) = match &mut self.open {
            Some(open) => open,
            closed => closed.insert((source, File::open(&source.path).map_err(|error| source.failed(error))?)),
        };
        system::read_exact_at(file, buffer, offset).map_err(|error| source.failed(error))
    }

    /// Makes sure that the last file was still as it was found.
    pub fn finish(mut self) -> Result<(), ContentError> {
        self.close()
    }

    /// After the bytes: what was written before they were read shows in the time.
    fn close(&mut self) -> Result<(), ContentError> {
        let Some((source, file)) = self.open.take() else { return Ok(()) };
        let metadata = file.metadata().map_err(|error| source.failed(error))?;
        let modified = metadata.modified().map_err(|error| source.failed(error))?;
        match metadata.len() == source.entry.size && modified == source.modified {
            true => Ok(()),
            false => Err(source.changed()),
        }
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
        read: impl FnOnce(u64, &mut [u8]) -> Result<(), ContentError>,
    ) -> Result<(), ContentError> {
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

    fn changed(&self) -> ContentError {
        ContentError::Changed(shown(&self.path))
    }

    fn failed(&self, error: io::Error) -> ContentError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => self.changed(),
            _ => ContentError::read(&self.path)(error),
        }
    }
}
