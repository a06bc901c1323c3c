//! From content to files: trusts neither the manifest nor the tar, and wants them to agree.

use std::{
    io::Read,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use share_format::{
    Fault, FormatError, Manifest,
    entry::Entry,
    manifest::Kind,
    tar::{self, Input, padded},
    tree::Tree,
};

use super::{error::FilesError, holes, sync::sync_tree};
use crate::system::{self, HeldFolder};

const BUFFER_BYTES: usize = 256 * 1024;

/// Reads the whole content to its very end and writes its files and folders below `staging`, a directory that
/// exists, is empty and that no one else can enter. All of it is on disk when this returns.
///
/// After an error nothing in `staging` is worth keeping. The reader's own errors come back as
/// [`FormatError::Input`].
pub fn unpack(reader: impl Read, manifest: &Manifest, staging: &Path) -> Result<(), FilesError> {
    let near = manifest.entries.first().map_or("", |entry| &entry.path);
    let folder = HeldFolder::open(staging).map_err(FilesError::write(staging))?;
    let mut unpacking =
        Unpacking { input: Input::new(reader, manifest.length, near), folder, buffer: vec![0; BUFFER_BYTES] };
    match manifest.kind {
        Kind::File => unpacking.single(manifest)?,
        Kind::Tar => unpacking.tar(manifest)?,
    }
    unpacking.input.finish()?;
    sync_tree(staging)
}

struct Unpacking<R> {
    input: Input<R>,
    folder: HeldFolder,
    buffer: Vec<u8>,
}

impl<R: Read> Unpacking<R> {
    fn single(&mut self, manifest: &Manifest) -> Result<(), FilesError> {
        let [entry] = &manifest.entries[..] else { return Err(FormatError::Manifest(Fault::Totals).into()) };
        Tree::default().enter(&entry.path, entry.folder).map_err(|fault| self.input.fault(fault))?;
        self.file(entry)
    }

    fn tar(&mut self, manifest: &Manifest) -> Result<(), FilesError> {
        let mut tree = Tree::default();
        let mut tally = Tally { manifest, files: 0, folders: 0, bytes: 0 };
        let mut open: Vec<Entry> = Vec::new();
        while let Some(entry) = tar::read_header(&mut self.input)? {
            let checked = tree.enter(&entry.path, entry.folder).and_then(|left| tally.take(&entry).map(|()| left));
            let left = checked.map_err(|fault| self.input.fault(fault))?;
            self.complete(open.drain(open.len() - left..));
            if entry.folder {
                let path = Path::new(&entry.path);
                self.folder.create_folder(path, entry.private).map_err(FilesError::create(path))?;
                open.push(entry);
            } else {
                self.file(&entry)?;
                let padding = padded(entry.size).unwrap_or(entry.size) - entry.size;
                self.input.zeros(padding)?;
            }
        }
        self.complete(open.drain(..));
        Ok(tally.finish().map_err(|fault| self.input.fault(fault))?)
    }

    fn file(&mut self, entry: &Entry) -> Result<(), FilesError> {
        // Errors name the file as the user knows it, not its staging place.
        let name = Path::new(&entry.path);
        let file = self.folder.create_file(name, entry.private).map_err(FilesError::create(name))?;
        if entry.size > 0 {
            file.set_len(entry.size).map_err(FilesError::write(name))?;
        }
        let mut written = 0;
        while written < entry.size {
            let piece = &mut self.buffer[..(entry.size - written).min(BUFFER_BYTES as u64) as usize];
            self.input.fill(piece)?;
            holes::write_to_zeros(&file, piece, written).map_err(FilesError::write(name))?;
            written += piece.len() as u64;
        }
        // A file system that keeps no times or rights (FAT) is no reason to lose the file.
        let _ = file.set_modified(UNIX_EPOCH + Duration::from_secs(entry.mtime));
        if entry.executable {
            let _ = system::set_executable(&file);
        }
        Ok(())
    }

    /// Nothing more comes into these folders, which would change their times.
    fn complete(&self, folders: impl Iterator<Item = Entry>) {
        for folder in folders {
            // As with files.
            let opened = self.folder.open_folder(Path::new(&folder.path));
            let _ = opened.and_then(|opened| opened.set_modified(UNIX_EPOCH + Duration::from_secs(folder.mtime)));
        }
    }
}

/// Counts what the tar holds against what the manifest promises.
struct Tally<'a> {
    manifest: &'a Manifest,
    files: u64,
    folders: u64,
    bytes: u64,
}

impl Tally<'_> {
    fn take(&mut self, entry: &Entry) -> Result<(), Fault> {
        let listed = &self.manifest.entries;
        if !listed.is_empty() && listed.get((self.files + self.folders) as usize) != Some(entry) {
            return Err(Fault::Unlisted);
        }
        match entry.folder {
            true => self.folders += 1,
            false => self.files += 1,
        }
        self.bytes = self.bytes.saturating_add(entry.size);
        let Manifest { files, folders, bytes, .. } = *self.manifest;
        if self.files > files || self.folders > folders || self.bytes > bytes {
            return Err(Fault::Totals);
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), Fault> {
        let Manifest { files, folders, bytes, .. } = *self.manifest;
        if (self.files, self.folders, self.bytes) == (files, folders, bytes) { Ok(()) } else { Err(Fault::Totals) }
    }
}
