//! The folder that is saved in: made, found writable and large enough before a download is spent, and gone again if
//! nothing came.

use std::{
    fs, io, iter,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use share_format::{entry::Entry, link::Link, names::MAX_PATH_BYTES};

use super::kept::{self, Age, Kept};
use crate::{
    content::place::try_placing,
    error::{Error, Kind, Result},
    i18n::fl,
    system,
    transfer::staging::Staging,
    ui::{printable, size},
};

/// A folder to save in.
pub struct Folder {
    // Dropped first: it lies in the folder.
    staging: Staging,
    output: Output,
    resumed: Option<Resumed>,
}

/// An earlier download that is gone on with.
#[derive(Debug, Clone, Copy)]
struct Resumed {
    ticket_expires_at: u64,
}

/// The path of a folder, and those above it that had to be made; they go again if nothing was saved in them.
struct Output {
    path: PathBuf,
    made: Vec<PathBuf>,
}

impl Output {
    fn create(path: &Path) -> io::Result<Self> {
        let absent = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let made = path.ancestors().take_while(absent).map(Path::to_owned).collect();
        let output = Self { path: path.to_owned(), made };
        fs::create_dir_all(path)?;
        Ok(output)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Fails, as it should, where something is in it.
        let _ = self.made.iter().try_for_each(fs::remove_dir);
    }
}

impl Folder {
    /// Makes it and finds it writable, and that what arrives will get its name.
    pub fn create(path: &Path) -> Result<Self> {
        let made = Output::create(path).and_then(|output| Ok((Staging::create(path)?, output)));
        let (staging, output) = made.map_err(|error| Error::writing(path, error))?;
        try_placing(staging.path())?;
        Ok(Self { staging, output, resumed: None })
    }

    /// Goes on with the download of this link, with this manifest and so many chunks, that was left here; of several,
    /// with the one that has come farthest. The rest of them is removed.
    pub fn resume(&mut self, link: &Link, manifest: &Bytes, chunks: u64) {
        let mine = Kept::of(link, &self.staging, self.path()).into_iter();
        let (mut same, different): (Vec<_>, Vec<_>) =
            mine.partition(|kept| kept.manifest().is_ok_and(|kept| kept == *manifest));
        same.sort_by_cached_key(|kept| kept.noted(chunks));
        if let Some(best) = same.pop() {
            self.resumed = Some(Resumed { ticket_expires_at: best.ticket_expires_at() });
            self.staging = best.staging;
        }
        same.into_iter().chain(different).for_each(Kept::remove);
    }

    /// What is left here of other links, of at least this age.
    pub fn left_of_others(&self, link: &Link, least: Age) -> Vec<Kept> {
        Kept::of_others(link, least, &self.staging, self.path())
    }

    /// Whether it holds a part of an earlier download.
    pub fn is_resumed(&self) -> bool {
        self.resumed.is_some()
    }

    /// When the ticket of the earlier download ends of which it holds a part, in seconds since 1970 by the relay's clock.
    pub fn earlier_ticket_expires_at(&self) -> Option<u64> {
        self.resumed.map(|resumed| resumed.ticket_expires_at)
    }

    /// How many of so many chunks an earlier download has noted.
    pub fn noted(&self, chunks: u64) -> u64 {
        if self.is_resumed() { kept::noted(&self.staging, chunks) } else { 0 }
    }

    /// Gives up what an earlier download left here, and begins anew.
    pub fn start_afresh(&mut self) -> Result<()> {
        self.staging.keep(false);
        self.staging = Staging::create(self.path()).map_err(|error| Error::writing(self.path(), error))?;
        self.resumed = None;
        Ok(())
    }

    /// Finds it large enough for so much more.
    pub fn check_room(&self, needed: u64) -> Result<()> {
        // Where the system does not tell, the writing will.
        match system::free_space(self.path()).ok().flatten() {
            Some(free) if free < needed => Err(no_room(self.path(), needed, free)),
            _ => Ok(()),
        }
    }

    /// Finds that the system follows paths in it that are as long as the longest of these entries, which are made; or as
    /// long as any can be, where they are not listed.
    pub fn check_depth(&self, entries: &[Entry]) -> Result<()> {
        let followed = match entries.iter().map(|entry| &entry.path).max_by_key(|path| path.len()) {
            Some(longest) => fs::symlink_metadata(self.staged().join(longest)).map(drop),
            None => self.try_longest_path(),
        };
        followed.map_err(|error| match system::refuses_name(&error) {
            true => too_deep(self.path()),
            false => Error::writing(self.path(), error),
        })
    }

    /// Makes the longest path, of names that are short enough for any file system, and removes it.
    fn try_longest_path(&self) -> io::Result<()> {
        let name = "x".repeat(99);
        let first = self.staged().join(&name);
        let longest = iter::repeat_n(name, MAX_PATH_BYTES / 100 - 1).fold(first.clone(), |path, name| path.join(name));
        let made = fs::create_dir_all(longest);
        // What stays is removed before anything is unpacked.
        let _ = fs::remove_dir_all(first);
        made
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.output.path
    }

    /// The folder in it where what arrives is put until it is verified.
    pub fn staging(&self) -> &Staging {
        &self.staging
    }

    /// The same, to write down how to go on.
    pub fn staging_mut(&mut self) -> &mut Staging {
        &mut self.staging
    }

    /// Where what arrives is put until it is verified.
    pub fn staged(&self) -> PathBuf {
        self.staging.files()
    }

    /// Refuses to go on in a staging folder that somebody has put in the place of ours.
    pub fn check(&self) -> Result<()> {
        match self.staging.is_intact() {
            Ok(true) => Ok(()),
            Ok(false) => Err(swapped(&self.output.path)),
            Err(error) => Err(swapped(&self.output.path).because(error)),
        }
    }
}

/// Looks for a download of this link in a folder that may not be there.
pub fn find_kept(output: &Path, link: &Link) -> Option<Kept> {
    if !output.is_dir() {
        return None;
    }
    // Made to tell whose folders are this user's.
    let own = Staging::create(output).ok()?;
    Kept::of(link, &own, output).pop()
}

fn no_room(path: &Path, needed: u64, free: u64) -> Error {
    let path = printable(&path.display().to_string());
    let message = fl!("get-no-room", path = path, needed = size(needed), free = size(free));
    Error::new(Kind::LocalFile, "disk_full", message).hint(fl!("disk-full-hint"))
}

fn too_deep(path: &Path) -> Error {
    let path = printable(&path.display().to_string());
    Error::new(Kind::LocalFile, "name_not_possible", fl!("get-too-deep", path = path))
        .hint(fl!("name-not-possible-hint"))
}

fn swapped(path: &Path) -> Error {
    let path = printable(&path.display().to_string());
    Error::new(Kind::LocalFile, "staging_swapped", fl!("get-staging-swapped", path = path))
        .hint(fl!("get-staging-swapped-hint"))
}
