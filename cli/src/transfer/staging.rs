//! The hidden folder beside the target in which a download grows until its last chunk has been verified.
//!
//! `<output>/.share-<16 hexadecimal digits>.part/` holds `lock` and `files/`. Whoever lives holds the lock; a folder
//! whose lock is free was left by a program that was killed, and the next download into the same place removes it. Where
//! the file system has no locks there is no `lock` either, and nobody removes the folder but its owner.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use share_relay_api::Bytes32;

use crate::{
    content::names::{STAGING_PREFIX, STAGING_SUFFIX, is_staging},
    system::{self, HeldFolder},
};

/// Names tried before giving up; each can only be lost to another program that sweeps at the same moment.
const TRIES: usize = 16;

/// A staging folder of this process; removed with everything in it when dropped.
pub struct Staging {
    folder: PathBuf,
    held: HeldFolder,
    held_files: HeldFolder,
    _lock: Option<File>,
}

impl Staging {
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

    /// The folder for what arrives.
    pub fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// Whether these are still the folders that were made. Where others may write too, they can move them away and
    /// put others in their place.
    pub fn is_intact(&self) -> io::Result<bool> {
        Ok(self.held.is_at(&self.folder)? && self.held_files.is_at(&self.files())?)
    }

    fn create_at(folder: PathBuf) -> io::Result<Self> {
        system::create_private_dir(&folder)?;
        let held = HeldFolder::open(&folder)?;
        let lock = lock(&folder.join("lock"))?;
        let files = folder.join("files");
        fs::create_dir(&files)?;
        let held_files = HeldFolder::open(&files)?;
        // Somebody else's folder, put here since, would let that person in.
        if !held.has_owner_of(&files)? || !held.is_at(&folder)? {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Self { folder, held, held_files, _lock: lock })
    }

    /// Removes the staging folders that nobody holds, as far as that can be done: another user's do no harm.
    fn sweep_others(&self, output: &Path) {
        let items = fs::read_dir(output).into_iter().flatten().flatten();
        let found = items.filter(|item| item.file_name().to_str().is_some_and(is_staging)).map(|item| item.path());
        for folder in found.filter(|folder| *folder != self.folder) {
            let is_folder = fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir());
            if is_folder && self.held.has_owner_of(&folder).unwrap_or(false) {
                remove_if_free(&folder);
            }
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.held.is_at(&self.folder).unwrap_or(false) {
            // What cannot be removed now is removed by the next sweep.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Makes the lock and takes it. `None` where the file system has no locks: a lock that cannot be held would look free.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let lock = system::create_private(path)?;
    match lock.try_lock() {
        Ok(()) => {
            // A sweep may have come between creating and locking.
            fs::metadata(path)?;
            Ok(Some(lock))
        }
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(_)) => fs::remove_file(path).map(|()| None),
    }
}

fn lost_race(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::WouldBlock)
}

fn random_name() -> io::Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{STAGING_PREFIX}{}{STAGING_SUFFIX}", &Bytes32(bytes).to_string()[..16]))
}

/// Leaves what is in use, and what cannot be removed.
fn remove_if_free(folder: &Path) {
    match system::open_regular(&folder.join("lock")) {
        Ok(lock) if lock.try_lock().is_ok() => drop(fs::remove_dir_all(folder)),
        // Killed before it had a lock: then it is empty, and only an empty folder goes.
        Err(error) if error.kind() == io::ErrorKind::NotFound => drop(fs::remove_dir(folder)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_away_with_its_owner() {
        let output = tempfile::tempdir().unwrap();
        let staging = Staging::create(output.path()).unwrap();
        fs::write(staging.files().join("half"), "x").unwrap();
        drop(staging);
        assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_next_one_removes_what_was_left_and_keeps_what_lives() {
        let output = tempfile::tempdir().unwrap();
        let alive = Staging::create(output.path()).unwrap();
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

        let next = Staging::create(output.path()).unwrap();
        assert!(alive.files().exists() && next.files().exists());
        assert!(foreign.iter().all(|name| output.path().join(name).join("lock").exists()));
        assert!(!dead.exists() && !unborn.exists());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_look_inside() {
        use std::os::unix::fs::PermissionsExt;
        let output = tempfile::tempdir().unwrap();
        let staging = Staging::create(output.path()).unwrap();
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
        Staging::create(output.path()).unwrap();
        assert!([link, pipe].iter().all(|name| output.path().join(name).exists()));
    }

    #[cfg(unix)]
    #[test]
    fn notices_that_it_was_swapped_and_leaves_the_other_alone() {
        let output = tempfile::tempdir().unwrap();
        for part in ["", "files"] {
            let staging = Staging::create(output.path()).unwrap();
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
            Staging::create(output.path()).unwrap();
            assert!(theirs.exists());
        }
    }
}
