//! From content to files, in any order: with the manifest's entries every byte of the content has a known place, so it
//! is written there as it comes, by several threads at once. The mirror of [`ContentReader`](super::ContentReader).
//!
//! A tar's headers and padding are held to the one form they can have; nothing of them is stored. What is there can be
//! read back as content, so that a later program can find out what of it is whole.

use std::{
    fs::File,
    io,
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use share_format::{
    Fault, FormatError, Manifest,
    entry::Entry,
    manifest::Kind,
    names::printable,
    tar::{self, END, padded},
};

use super::{error::FilesError, holes, sync::on_workers};
use crate::system::{self, HeldFolder};

/// Files from this size on are kept open between writes; smaller ones come whole with one or two.
const KEPT_OPEN_FROM: u64 = 1024 * 1024;
/// Files kept open at most: one for each place that is being written at a time.
const MOST_OPEN: usize = 8;

/// What to expect in the folder that content is written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing: each file and folder is created, and none may be there.
    Nothing,
    /// What an earlier program left after it had created all of it, each file and folder anew, so that no two of them are
    /// one: what is missing is created.
    Leftovers,
}

/// Files and folders that content is written into.
pub struct ContentWriter {
    folder: Arc<HeldFolder>,
    kind: Kind,
    entries: Vec<Entry>,
    length: u64,
    found: Found,
    open: Mutex<Vec<(usize, Arc<File>)>>,
}

/// Where a stretch of the content belongs.
enum Place<'a> {
    /// The header of an entry.
    Header(&'a Entry),
    /// The file of this number.
    File(usize),
    /// What follows an entry; zeros. The fault if it is something else.
    Zeros(&'a Entry, fn() -> Fault),
}

impl ContentWriter {
    /// Makes the files and folders of this manifest, which lists them, in a folder that no one else can enter. Each
    /// file has its whole size at once.
    pub fn create(manifest: &Manifest, folder: Arc<HeldFolder>, found: Found) -> Result<Self, FilesError> {
        manifest.validate().map_err(FormatError::Manifest)?;
        if manifest.entries.is_empty() {
            return Err(FormatError::Manifest(Fault::Totals).into());
        }
        Self::of(manifest.kind, manifest.entries.clone(), manifest.length, folder, found)
    }

    /// One file of this name for the content as it is.
    pub fn whole(name: &str, length: u64, folder: Arc<HeldFolder>, found: Found) -> Result<Self, FilesError> {
        let path = name.to_owned();
        let entry = Entry { path, folder: false, size: length, mtime: 0, executable: false, private: false, offset: 0 };
        Self::of(Kind::File, vec![entry], length, folder, found)
    }

    fn of(
        kind: Kind,
        entries: Vec<Entry>,
        length: u64,
        folder: Arc<HeldFolder>,
        found: Found,
    ) -> Result<Self, FilesError> {
        for entry in &entries {
            make(entry, &folder, found).map_err(FilesError::create(Path::new(&entry.path)))?;
        }
        if let Some(largest) = entries.iter().filter(|entry| !entry.folder).max_by_key(|entry| entry.size) {
            let path = Path::new(&largest.path);
            let tried = folder.open_file(path).and_then(|file| holes::try_end(&file, largest.size));
            tried.map_err(FilesError::write(path))?;
        }
        Ok(Self { folder, kind, entries, length, found, open: Mutex::default() })
    }

    /// Bytes of content.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether others have rights to something private in it all the same: where a file system keeps none.
    pub fn is_open_to_others(&self) -> Result<bool, FilesError> {
        let Some(entry) = self.entries.iter().find(|entry| entry.private && !entry.folder) else { return Ok(false) };
        let metadata = self.folder.open_file(Path::new(&entry.path)).and_then(|file| file.metadata());
        metadata.map(|metadata| system::is_open_to_others(&metadata)).map_err(FilesError::write(Path::new(&entry.path)))
    }

    /// Writes these bytes of the content, which begin at `offset`, to their places. Threads may do it at the same time
    /// for bytes that differ.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), FilesError> {
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= self.length);
        let end = end.ok_or_else(|| fault(&self.entries[0], Fault::Trailing))?;
        self.places(offset..end, |place, from, piece| {
            let bytes = &bytes[piece];
            match place {
                Place::Header(entry) => match tar::header(entry)[from as usize..][..bytes.len()] == *bytes {
                    true => Ok(()),
                    false => Err(fault(entry, Fault::Unlisted)),
                },
                Place::File(number) => self.with_file(number, |file| match self.found {
                    Found::Nothing => holes::write_to_zeros(file, bytes, from),
                    Found::Leftovers => holes::write_to_anything(file, bytes, from),
                }),
                Place::Zeros(entry, otherwise) => match bytes.iter().all(|byte| *byte == 0) {
                    true => Ok(()),
                    false => Err(fault(entry, otherwise())),
                },
            }
        })
    }

    /// Fills the buffer with the content from `offset` on, as it is there now.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FilesError> {
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= self.length);
        let end = end.ok_or_else(|| FormatError::Input(io::ErrorKind::UnexpectedEof.into()))?;
        self.places(offset..end, |place, from, piece| {
            let buffer = &mut buffer[piece];
            match place {
                Place::Header(entry) => {
                    buffer.copy_from_slice(&tar::header(entry)[from as usize..][..buffer.len()]);
                    Ok(())
                }
                Place::File(number) => self.with_file(number, |file| system::read_exact_at(file, buffer, from)),
                Place::Zeros(..) => {
                    buffer.fill(0);
                    Ok(())
                }
            }
        })
    }

    /// Brings to the disk what has been written into the files that are open, so that less is left for the end.
    pub fn sync_some(&self) -> Result<(), FilesError> {
        let open = self.open().clone();
        open.iter().try_for_each(|(number, file)| {
            file.sync_data().map_err(FilesError::write(Path::new(&self.entries[*number].path)))
        })
    }

    /// Gives all files and folders their times and rights. All of it is on disk when this returns.
    pub fn finish(&self) -> Result<(), FilesError> {
        self.open().clear();
        on_workers(self.entries.iter().filter(|entry| !entry.folder), |entry| self.finish_one(entry, Self::file_done))?;
        // From the inside out; nothing changes a folder's time any more.
        let mut folders = self.entries.iter().rev().filter(|entry| entry.folder);
        folders.try_for_each(|entry| self.finish_one(entry, Self::folder_done))?;
        self.folder.sync().map_err(FilesError::write(Path::new("")))
    }

    fn finish_one(&self, entry: &Entry, done: fn(&Self, &Entry) -> io::Result<()>) -> Result<(), FilesError> {
        // Errors name the file as the user knows it, not its staging place.
        done(self, entry).map_err(FilesError::write(Path::new(&entry.path)))
    }

    fn file_done(&self, entry: &Entry) -> io::Result<()> {
        let file = self.folder.open_file(Path::new(&entry.path))?;
        // A file system that keeps no times or rights (FAT) is no reason to lose the file.
        let _ = file.set_modified(UNIX_EPOCH + Duration::from_secs(entry.mtime));
        if entry.executable {
            let _ = system::set_executable(&file);
        }
        file.sync_all()
    }

    fn folder_done(&self, entry: &Entry) -> io::Result<()> {
        let folder = self.folder.open_folder(Path::new(&entry.path))?;
        // As with files.
        let _ = folder.set_modified(UNIX_EPOCH + Duration::from_secs(entry.mtime));
        folder.sync()
    }

    /// Visits the places of a range of the content, in order, each with how far into it the range begins, and where
    /// its bytes are in the range.
    fn places(
        &self,
        range: Range<u64>,
        mut visit: impl FnMut(Place<'_>, u64, Range<usize>) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        let mut part = |span: Range<u64>, place| {
            let (start, end) = (span.start.max(range.start), span.end.min(range.end));
            if start >= end {
                return Ok(());
            }
            let piece = (start - range.start) as usize..(end - range.start) as usize;
            visit(place, start - span.start, piece)
        };
        // The first entry that does not end before the range.
        let first = self.entries.partition_point(|entry| self.end(entry) <= range.start);
        let mut start = first.checked_sub(1).map_or(0, |before| self.end(&self.entries[before]));
        for (number, entry) in self.entries.iter().enumerate().skip(first) {
            if start >= range.end {
                return Ok(());
            }
            let (offset, end) = (entry.offset, entry.offset + entry.size);
            part(start..offset, Place::Header(entry))?;
            part(offset..end, Place::File(number))?;
            part(end..self.end(entry), Place::Zeros(entry, || Fault::Malformed))?;
            start = self.end(entry);
        }
        let last = &self.entries[self.entries.len() - 1];
        // Where another entry could begin, and what must follow that.
        let middle = self.length.min(start + END / 2);
        part(start..middle, Place::Zeros(last, || Fault::Unlisted))?;
        part(middle..self.length, Place::Zeros(last, || Fault::Malformed))
    }

    /// Where an entry's padding ends.
    fn end(&self, entry: &Entry) -> u64 {
        match self.kind {
            Kind::File => entry.size,
            // The layout has been checked with the same sum.
            Kind::Tar => entry.offset + padded(entry.size).unwrap_or(entry.size),
        }
    }

    fn with_file(&self, number: usize, act: impl FnOnce(&File) -> io::Result<()>) -> Result<(), FilesError> {
        let entry = &self.entries[number];
        self.file(number, entry).and_then(|file| act(&file)).map_err(FilesError::write(Path::new(&entry.path)))
    }

    /// The file of this number: one that is open, if it is large.
    fn file(&self, number: usize, entry: &Entry) -> io::Result<Arc<File>> {
        let known = self.open().iter().find(|(open, _)| *open == number).map(|(_, file)| Arc::clone(file));
        if let Some(file) = known {
            return Ok(file);
        }
        let file = Arc::new(self.folder.open_file(Path::new(&entry.path))?);
        if entry.size >= KEPT_OPEN_FROM {
            let mut open = self.open();
            if open.len() == MOST_OPEN {
                open.remove(0);
            }
            open.push((number, Arc::clone(&file)));
        }
        Ok(file)
    }

    fn open(&self) -> MutexGuard<'_, Vec<(usize, Arc<File>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a file or folder, or finds that it is there already.
fn make(entry: &Entry, folder: &HeldFolder, found: Found) -> io::Result<()> {
    let path = Path::new(&entry.path);
    let there = |error: &io::Error| found == Found::Leftovers && error.kind() == io::ErrorKind::AlreadyExists;
    if entry.folder {
        return match folder.create_folder(path, entry.private) {
            Err(error) if there(&error) => folder.open_folder(path).map(drop),
            made => made,
        };
    }
    let file = match folder.create_file(path, entry.private) {
        Err(error) if there(&error) => folder.open_file(path)?,
        made => made?,
    };
    if entry.size > 0 || found == Found::Leftovers { file.set_len(entry.size) } else { Ok(()) }
}

fn fault(entry: &Entry, fault: Fault) -> FilesError {
    FormatError::Archive(printable(&entry.path), fault).into()
}
