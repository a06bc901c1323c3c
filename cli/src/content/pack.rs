//! Files as content: one byte string, of known length, read at any place and by several threads at once. Nothing
//! of it is held in memory; headers are made when they are asked for.

use std::{fs::File, io, ops::Range};

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

    /// Fills the buffer with the content from `offset` on.
    ///
    /// [`ContentError::Changed`] names a file that is no longer as it was found. Content that ends before the
    /// buffer does is an error of the caller: `UnexpectedEof`.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), ContentError> {
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= self.length);
        let end = end.ok_or_else(|| ContentError::Input(io::ErrorKind::UnexpectedEof.into()))?;
        let mut wanted = Wanted { range: offset..end, buffer };
        // The first entry that does not end before the range.
        let first = self.sources.partition_point(|source| source.end() <= offset);
        let mut start = first.checked_sub(1).map_or(0, |before| self.sources[before].end());
        for source in &self.sources[first..] {
            if start >= end {
                break;
            }
            self.read_source(source, start, &mut wanted)?;
            start = source.end();
        }
        wanted.part(start..self.length, |_, end_of_tar| {
            end_of_tar.fill(0);
            Ok(())
        })
    }

    /// Reads what is wanted of a file's header, bytes and padding, which begin at `start`.
    fn read_source(&self, source: &Source, start: u64, wanted: &mut Wanted<'_>) -> Result<(), ContentError> {
        let Entry { offset, size, .. } = source.entry;
        wanted.part(start..offset, |from, part| {
            let header = header(&source.entry);
            part.copy_from_slice(&header[from as usize..][..part.len()]);
            Ok(())
        })?;
        wanted.part(offset..offset + size, |from, part| source.read_at(from, part))?;
        match self.kind {
            Kind::File => Ok(()),
            Kind::Tar => wanted.part(offset + size..source.end(), |_, padding| {
                padding.fill(0);
                Ok(())
            }),
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

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), ContentError> {
        let changed = || ContentError::Changed(shown(&self.path));
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => changed(),
            _ => ContentError::read(&self.path)(error),
        };
        let file = File::open(&self.path).map_err(failed)?;
        system::read_exact_at(&file, buffer, offset).map_err(failed)?;
        // After the bytes: what was written before they were read shows in the time.
        let metadata = file.metadata().map_err(failed)?;
        let modified = metadata.modified().map_err(failed)?;
        match metadata.len() == self.entry.size && modified == self.modified {
            true => Ok(()),
            false => Err(changed()),
        }
    }
}
