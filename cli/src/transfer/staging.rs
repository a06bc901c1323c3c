//! The hidden folder beside the target in which a download grows until its last chunk has been verified.
//!
//! `<output>/.share-<random>.part/` holds `lock` and `files/`. Whoever lives holds the lock; a folder whose lock is free
//! was left by a program that was killed, and the next download into the same place removes it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use share_relay_api::Bytes32;

use crate::system;

const PREFIX: &str = ".share-";
const SUFFIX: &str = ".part";
/// Names tried before giving up; each can only be lost to another program that sweeps at the same moment.
const TRIES: usize = 16;

/// A staging folder of this process; removed with everything in it when dropped.
pub struct Staging {
    folder: PathBuf,
    _lock: File,
}

impl Staging {
    /// A new one in `output`, after removing those that killed programs left there.
    pub fn create(output: &Path) -> io::Result<Self> {
        sweep(output)?;
        for _ in 0..TRIES {
            let folder = output.join(random_name()?);
            match Self::create_at(&folder) {
                Err(error) if lost_race(&error) => continue,
                result => return result,
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// The folder for what arrives.
    pub fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    fn create_at(folder: &Path) -> io::Result<Self> {
        system::create_private_dir(folder)?;
        let path = folder.join("lock");
        let lock = system::create_private(&path)?;
        lock.try_lock()?;
        let staging = Self { folder: folder.to_owned(), _lock: lock };
        // A sweep may have come between creating and locking.
        fs::metadata(&path)?;
        fs::create_dir(staging.files())?;
        Ok(staging)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next sweep.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn lost_race(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::WouldBlock)
}

fn random_name() -> io::Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{PREFIX}{}{SUFFIX}", &Bytes32(bytes).to_string()[..16]))
}

/// Removes staging folders that nobody holds.
fn sweep(output: &Path) -> io::Result<()> {
    for item in fs::read_dir(output)? {
        let item = item?;
        let name = item.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if ours && item.file_type()?.is_dir() {
            remove_if_free(&item.path());
        }
    }
    Ok(())
}

/// Leaves what cannot be removed: it may belong to another user or be in use, and does no harm here.
fn remove_if_free(folder: &Path) {
    match File::open(folder.join("lock")) {
        Ok(lock) if lock.try_lock().is_ok() => drop(fs::remove_dir_all(folder)),
        Ok(_) => {}
        // Killed before it had a lock: then it is empty, and only an empty folder goes.
        Err(_) => drop(fs::remove_dir(folder)),
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
        let dead = output.path().join(".share-00.part");
        fs::create_dir_all(dead.join("files")).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        let unborn = output.path().join(".share-01.part");
        fs::create_dir(&unborn).unwrap();
        let foreign = output.path().join(".share-notes");
        fs::create_dir(&foreign).unwrap();

        let next = Staging::create(output.path()).unwrap();
        assert!(alive.files().exists() && next.files().exists() && foreign.exists());
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
}
