//! The hidden folder beside the target in which a download grows until its last chunk has been verified.
//!
//! `<output>/.share-<16 hexadecimal digits>.part/` holds `lock` and `files/`, and what its owner puts there. Whoever
//! lives holds the lock. A folder whose lock is free was left: if it holds a journal, the work in it can be gone on
//! with, and it is left alone; otherwise the next one in the same place removes it. Where the file system has no locks
//! there is no `lock` either, so nothing is kept there, and nobody removes the folder but its owner.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use share_format::names::{STAGING_PREFIX, STAGING_SUFFIX, is_staging};
use share_relay_api::Bytes32;

use super::private_file::{lock, lost_race};
use crate::system::{self, HeldFolder};

/// Names tried before giving up; each can only be lost to another program that sweeps at the same moment.
const TRIES: usize = 16;

const LOCK: &str = "lock";

/// The journal of work that can be gone on with.
pub const JOURNAL: &str = "journal.json";

/// A working folder of this process; removed with everything in it when dropped, unless it is to be kept.
pub struct WorkingFolder {
    folder: PathBuf,
    held: Arc<HeldFolder>,
    held_files: Arc<HeldFolder>,
    lock: Option<File>,
    keep: bool,
}

impl WorkingFolder {
    /// A new one in `output`. Those that killed programs left there are removed.
    pub fn create(output: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            match Self::create_at(output.join(random_name()?)) {
                Err(error) if lost_race(&error) => continue,
                Err(error) => return Err(error),
                Ok(staging) => {
                    staging.sweep_others(output);
                    return Ok(staging);
                }
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Those that other programs of this user left in `output`, that can be gone on with and are wanted. They are kept
    /// when dropped. Nobody is kept from the rest.
    pub fn others(&self, output: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<Self> {
        let others = self.found_in(output).filter(|folder| folder.join(JOURNAL).is_file() && wanted(folder));
        others.filter_map(|folder| self.adopt(folder).ok()).collect()
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The journal's path.
    pub fn journal(&self) -> PathBuf {
        self.folder.join(JOURNAL)
    }

    /// The folder for what arrives.
    pub fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// The folder itself, held open.
    pub fn held(&self) -> Arc<HeldFolder> {
        Arc::clone(&self.held)
    }

    /// The folder for what arrives, held open.
    pub fn held_files(&self) -> Arc<HeldFolder> {
        Arc::clone(&self.held_files)
    }

    /// Whether it stays when dropped, with its journal, to be gone on with. Without a lock it never does.
    pub fn keep(&mut self, keep: bool) {
        self.keep = keep && self.lock.is_some();
    }

    /// Whether it stays when dropped.
    pub fn is_kept(&self) -> bool {
        self.keep
    }

    /// Whether these are still the folders that were made. Where others may write too, they can move them away and
    /// put others in their place.
    pub fn is_intact(&self) -> io::Result<bool> {
        Ok(self.held.is_at(&self.folder)? && self.held_files.is_at(&self.files())?)
    }

    fn create_at(folder: PathBuf) -> io::Result<Self> {
        system::create_private_dir(&folder)?;
        let held = HeldFolder::open(&folder)?;
        let lock = make_lock(&folder.join(LOCK))?;
        fs::create_dir(folder.join("files"))?;
        Self::of(folder, held, lock, false)
    }

    /// Takes over a folder that nobody holds, and that is no more open to others than this one: where a file system has
    /// no rights of its own, all are open.
    fn adopt(&self, folder: PathBuf) -> io::Result<Self> {
        let held = HeldFolder::open(&folder)?;
        let path = folder.join(LOCK);
        let lock = system::open_regular(&path)?;
        lock.try_lock()?;
        // Its owner may have removed it just before.
        fs::symlink_metadata(&path)?;
        match held.is_as_private_as(&self.held)? {
            true => Self::of(folder, held, Some(lock), true),
            false => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    fn of(folder: PathBuf, held: HeldFolder, lock: Option<File>, keep: bool) -> io::Result<Self> {
        let files = folder.join("files");
        let held_files = HeldFolder::open(&files)?;
        // Somebody else's folder, put here since, would let that person in.
        if !held.has_owner_of(&files)? || !held.is_at(&folder)? {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Self { folder, held: Arc::new(held), held_files: Arc::new(held_files), lock, keep })
    }

    /// Removes the working folders that nobody holds and nobody can go on with, as far as that can be done.
    fn sweep_others(&self, output: &Path) {
        self.found_in(output)
            .filter(|folder| !folder.join(JOURNAL).exists())
            .for_each(|folder| remove_if_free(&folder));
    }

    /// The other working folders of this user: another's do no harm.
    fn found_in(&self, output: &Path) -> impl Iterator<Item = PathBuf> {
        let items = fs::read_dir(output).into_iter().flatten().flatten();
        let found = items.filter(|item| item.file_name().to_str().is_some_and(is_staging)).map(|item| item.path());
        found.filter(|folder| {
            let is_folder = fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir());
            *folder != self.folder && is_folder && self.held.has_owner_of(folder).unwrap_or(false)
        })
    }
}

impl Drop for WorkingFolder {
    fn drop(&mut self) {
        if !self.keep && self.held.is_at(&self.folder).unwrap_or(false) {
            // Without its journal it is nothing to go on with, and what cannot be removed now the next sweep removes.
            let _ = fs::remove_file(self.journal());
            let emptied = remove_all_but(&self.folder, Some(LOCK));
            // A file that is open when it is removed keeps its folder on network file systems.
            self.lock = None;
            let _ = emptied.and_then(|()| remove_lock_and_folder(&self.folder));
        }
    }
}

/// Makes the lock and takes it. `None` where the file system has no locks: a lock that cannot be held would look free.
fn make_lock(path: &Path) -> io::Result<Option<File>> {
    let locked = lock(system::create_private(path)?)?;
    match locked {
        // A sweep may have come between creating and locking.
        Some(_) => fs::metadata(path).map(drop)?,
        None => fs::remove_file(path)?,
    }
    Ok(locked)
}

fn random_name() -> io::Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{STAGING_PREFIX}{}{STAGING_SUFFIX}", &Bytes32(bytes).to_string()[..16]))
}

/// Leaves what is in use, and what cannot be removed.
fn remove_if_free(folder: &Path) {
    match system::open_regular(&folder.join(LOCK)) {
        // Its owner may have written a journal, and left, just before.
        Ok(lock) if lock.try_lock().is_ok() && !folder.join(JOURNAL).exists() => {
            let emptied = remove_all_but(folder, Some(LOCK)).and_then(|()| fs::remove_file(folder.join(LOCK)));
            // Only now, lest its owner, who has just made it, takes it in between.
            drop(lock);
            let _ = emptied.and_then(|()| fs::remove_dir(folder));
        }
        // Killed before it had a lock, or after it had removed it: then it is empty, and only an empty folder goes.
        Err(error) if error.kind() == io::ErrorKind::NotFound => drop(fs::remove_dir(folder)),
        _ => {}
    }
}

/// Removes what is in a folder, but for a file of this name.
pub fn remove_all_but(folder: &Path, but: Option<&str>) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let item = item?;
        match item.file_type()?.is_dir() {
            true => fs::remove_dir_all(item.path())?,
            false if but.is_some_and(|but| item.file_name() == but) => {}
            false => fs::remove_file(item.path())?,
        }
    }
    Ok(())
}

/// The lock goes last: what has none, and is not empty, may be in use where there are no locks, and nobody removes it.
fn remove_lock_and_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join(LOCK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::remove_dir(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_away_with_its_owner() {
        let output = tempfile::tempdir().unwrap();
        let staging = WorkingFolder::create(output.path()).unwrap();
        fs::write(staging.files().join("half"), "x").unwrap();
        drop(staging);
        assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_next_one_removes_what_was_left_and_keeps_what_lives() {
        let output = tempfile::tempdir().unwrap();
        let alive = WorkingFolder::create(output.path()).unwrap();
        let dead = output.path().join(".share-0123456789abcdef.part");
        fs::create_dir_all(dead.join("files")).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        let unborn = output.path().join(".share-0123456789abcdee.part");
        fs::create_dir(&unborn).unwrap();
        let foreign = [".share-notes.part", ".share-2024.part", ".share-0123456789abcdeg.part"];
        for name in foreign {
            fs::create_dir(output.path().join(name)).unwrap();
            fs::write(output.path().join(name).join("lock"), "").unwrap();
        }

        let next = WorkingFolder::create(output.path()).unwrap();
        assert!(alive.files().exists() && next.files().exists());
        assert!(foreign.iter().all(|name| output.path().join(name).join("lock").exists()));
        assert!(!dead.exists() && !unborn.exists());
    }

    #[test]
    fn what_is_kept_is_taken_over_by_one_at_a_time() {
        let output = tempfile::tempdir().unwrap();
        let mut staging = WorkingFolder::create(output.path()).unwrap();
        fs::write(staging.journal(), "{}").unwrap();
        fs::write(staging.files().join("half"), "x").unwrap();
        staging.keep(true);
        let next = WorkingFolder::create(output.path()).unwrap();
        assert!(next.others(output.path(), |_| true).is_empty(), "its owner lives");
        drop(staging);
        let others = next.others(output.path(), |_| true);
        assert_eq!(fs::read(others[0].files().join("half")).unwrap(), b"x");
        assert!(next.others(output.path(), |_| true).is_empty(), "it is taken");
        drop(others);
        let mut others = next.others(output.path(), |_| true);
        others[0].keep(false);
        drop(others);
        drop(next);
        assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_more_open_to_others_than_a_new_one_is_not_taken_over() {
        use std::os::unix::fs::PermissionsExt;
        let output = tempfile::tempdir().unwrap();
        let open = |staging: &WorkingFolder, mode| {
            fs::set_permissions(staging.path(), fs::Permissions::from_mode(mode)).unwrap();
        };
        let mut staging = WorkingFolder::create(output.path()).unwrap();
        fs::write(staging.journal(), "{}").unwrap();
        staging.keep(true);
        open(&staging, 0o755);
        drop(staging);
        let next = WorkingFolder::create(output.path()).unwrap();
        for (mode, taken) in [(0o700, 0), (0o711, 0), (0o755, 1), (0o777, 1)] {
            // As a file system makes it that has no rights of its own.
            open(&next, mode);
            assert_eq!(next.others(output.path(), |_| true).len(), taken, "{mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_look_inside() {
        use std::os::unix::fs::PermissionsExt;
        let output = tempfile::tempdir().unwrap();
        let staging = WorkingFolder::create(output.path()).unwrap();
        assert_eq!(fs::metadata(&staging.folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_no_file_is_neither_followed_nor_waited_for() {
        let output = tempfile::tempdir().unwrap();
        let free = output.path().join("free");
        fs::write(&free, "").unwrap();
        let (link, pipe) = (".share-0000000000000000.part", ".share-0000000000000001.part");
        for name in [link, pipe] {
            fs::create_dir(output.path().join(name)).unwrap();
        }
        std::os::unix::fs::symlink(&free, output.path().join(link).join("lock")).unwrap();
        let fifo = output.path().join(pipe).join("lock");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        WorkingFolder::create(output.path()).unwrap();
        assert!([link, pipe].iter().all(|name| output.path().join(name).exists()));
    }

    #[cfg(unix)]
    #[test]
    fn notices_that_it_was_swapped_and_leaves_the_other_alone() {
        let output = tempfile::tempdir().unwrap();
        for part in ["", "files"] {
            let staging = WorkingFolder::create(output.path()).unwrap();
            assert!(staging.is_intact().unwrap());
            let place = staging.folder.join(part);
            let place = place.components().as_path();
            fs::rename(place, output.path().join(format!("moved{part}"))).unwrap();
            fs::create_dir_all(staging.files()).unwrap();
            assert!(!staging.is_intact().unwrap());
            let folder = staging.folder.clone();
            drop(staging);
            assert_eq!(folder.exists(), part.is_empty(), "only its own folder is removed");
        }
    }

    #[cfg(unix)]
    #[test]
    fn leaves_the_folder_of_another_user() {
        let output = tempfile::tempdir().unwrap();
        let theirs = output.path().join(".share-0000000000000000.part");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("lock"), "").unwrap();
        if std::os::unix::fs::chown(&theirs, Some(65534), None).is_ok() {
            WorkingFolder::create(output.path()).unwrap();
            assert!(theirs.exists());
        }
    }
}
