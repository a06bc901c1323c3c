//! The folder that is saved in: made, found writable and large enough before a download is spent, and gone again if
//! nothing came.

use std::{
    fs, io, iter,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use share_format::{entry::Entry, link::Link, names::MAX_PATH_BYTES};

use crate::{
    error::{Error, Result},
    files::place::try_placing,
    state::{
        partial_download::{self, DownloadJournal, PartialDownload},
        working_folder::WorkingFolder,
    },
    system,
};

/// A folder to save in.
pub struct OutputFolder {
    // Dropped first: it lies in the folder.
    /// The folder in it where what arrives is put until it is verified.
    pub working: WorkingFolder,
    output: MadeFolder,
    /// What the earlier download has written down that is gone on with.
    pub earlier: Option<DownloadJournal>,
}

/// A folder, and those above it that had to be made; they go again if nothing was saved in them.
struct MadeFolder {
    path: PathBuf,
    made: Vec<PathBuf>,
}

impl MadeFolder {
    fn create(path: &Path) -> io::Result<Self> {
        let absent = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let made = path.ancestors().take_while(absent).map(Path::to_owned).collect();
        let output = Self { path: path.to_owned(), made };
        fs::create_dir_all(path)?;
        Ok(output)
    }
}

impl Drop for MadeFolder {
    fn drop(&mut self) {
        // Fails, as it should, where something is in it.
        let _ = self.made.iter().try_for_each(fs::remove_dir);
    }
}

impl OutputFolder {
    /// Makes it and finds it writable, and that what arrives will get its name.
    pub fn create(path: &Path) -> Result<Self> {
        let made = MadeFolder::create(path).and_then(|output| Ok((WorkingFolder::create(path)?, output)));
        let (working, output) = made.map_err(|error| Error::writing(path, error))?;
        try_placing(working.path())?;
        Ok(Self { working, output, earlier: None })
    }

    /// Goes on with the download of this link, with this manifest and so many chunks, that was left here; of several,
    /// with the one that has come farthest. The rest of them is removed. Gives how many chunks are noted.
    pub fn resume(&mut self, link: &Link, manifest: &Bytes, chunks: u64) -> u64 {
        let mine = PartialDownload::all(&self.working, self.path(), |journal, _| journal.is_of(link)).into_iter();
        let (mut same, different): (Vec<_>, Vec<_>) =
            mine.partition(|partial| partial.manifest().is_ok_and(|kept| kept == *manifest));
        same.sort_by_cached_key(|partial| partial_download::noted(&partial.folder, chunks));
        let best = same.pop();
        same.into_iter().chain(different).for_each(PartialDownload::remove);
        let Some(PartialDownload { folder, journal }) = best else { return 0 };
        (self.working, self.earlier) = (folder, Some(journal));
        partial_download::noted(&self.working, chunks)
    }

    /// Gives up what an earlier download left here, and begins anew.
    pub fn start_afresh(&mut self) -> Result<()> {
        self.working.keep(false);
        self.working = WorkingFolder::create(self.path()).map_err(|error| Error::writing(self.path(), error))?;
        self.earlier = None;
        Ok(())
    }

    /// Finds it large enough for so much more.
    pub fn check_room(&self, needed: u64) -> Result<()> {
        // Where the system does not tell, the writing will.
        match system::free_space(self.path()).ok().flatten() {
            Some(free) if free < needed => Err(Error::NoRoom { folder: self.path().to_owned(), needed, free }),
            _ => Ok(()),
        }
    }

    /// Finds that the system follows paths in it that are as long as the longest of these entries, which are made; or as
    /// long as any can be, where they are not listed.
    pub fn check_depth(&self, entries: &[Entry]) -> Result<()> {
        let followed = match entries.iter().map(|entry| &entry.path).max_by_key(|path| path.len()) {
            Some(longest) => fs::symlink_metadata(self.working.files().join(longest)).map(drop),
            None => self.try_longest_path(),
        };
        followed.map_err(|error| match system::refuses_name(&error) {
            true => Error::TooDeep(self.path().to_owned()),
            false => Error::writing(self.path(), error),
        })
    }

    /// Makes the longest path, of names that are short enough for any file system, and removes it.
    fn try_longest_path(&self) -> io::Result<()> {
        let name = "x".repeat(99);
        let first = self.working.files().join(&name);
        let longest = iter::repeat_n(name, MAX_PATH_BYTES / 100 - 1).fold(first.clone(), |path, name| path.join(name));
        let made = fs::create_dir_all(longest);
        // What stays is removed before anything is unpacked.
        let _ = fs::remove_dir_all(first);
        made
    }

    /// Refuses to go on in a working folder that somebody has put in the place of ours.
    pub fn check_not_swapped(&self) -> Result<()> {
        match self.working.is_intact() {
            Ok(true) => Ok(()),
            intact => Err(Error::WorkingFolderSwapped { folder: self.path().to_owned(), source: intact.err() }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.output.path
    }
}
