//! Private files: written whole or not at all, read within bounds, and locked by one process at a time.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{Item, StateError};
use crate::system;

/// The longest file of JSON that is read by [`load`].
const MAX_JSON_BYTES: u64 = 1024 * 1024;
/// More than any record of one share or the settings take.
const RECORD_BYTES: usize = 16 * 1024;
/// How the names of files begin that are being written.
pub const UNFINISHED_PREFIX: &str = ".unfinished-";
/// After so long nobody is writing a small file any more.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Writes a file that only this user can read, whole or not at all, even through power loss.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    system::create_private_dir(folder)?;
    remove_abandoned(folder);
    replace(path, bytes)
}

/// The same in a folder that is there, and that may be anybody's.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_by(system::create_private, path, bytes)
}

/// The same for a file that others may read.
pub fn replace_public(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_by(system::create_public, path, bytes)
}

fn replace_by(create: impl Fn(&Path) -> io::Result<File>, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(UNFINISHED_PREFIX).make_in(folder, create)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    system::sync_dir(folder)
}

/// Like [`write()`], unless something has the name already: then that stays as it is.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    system::create_private_dir(folder)?;
    let mut file = tempfile::Builder::new().prefix(UNFINISHED_PREFIX).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(error.error),
        _ => {}
    }
    system::sync_dir(folder)
}

/// Removes what programs that were killed have left in this folder while they wrote; once, as a folder may have many files.
pub fn remove_abandoned(folder: &Path) {
    static LOOKED_AT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if !LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
        return;
    }
    let items = fs::read_dir(folder).into_iter().flatten().flatten();
    for item in items.filter(|item| item.file_name().to_string_lossy().starts_with(UNFINISHED_PREFIX)) {
        let modified = item.metadata().and_then(|metadata| metadata.modified());
        if modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED_AFTER)) {
            let _ = fs::remove_file(item.path());
        }
    }
}

/// What is in a file, if there is one; `FileTooLarge` if that is more than so many bytes.
pub fn read(file: io::Result<File>, most: u64) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    // With room for all of it, so that no copy stays behind when it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(file.metadata()?.len().min(most) as usize + 1));
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(Some(bytes)),
    }
}

/// The value in a file of JSON; without a file, the default.
pub fn load<T: DeserializeOwned + Default>(item: Item, path: PathBuf) -> Result<T, StateError> {
    match read(File::open(&path), MAX_JSON_BYTES) {
        Ok(None) => Ok(T::default()),
        Ok(Some(json)) => serde_json::from_slice(&json).map_err(|_| StateError::Damaged { item, path }),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(StateError::Damaged { item, path }),
        Err(source) => Err(StateError::Unreadable { item, path, source }),
    }
}

/// The value as JSON. Where it is no longer than a record is, the buffer never grows, so that no copy stays behind.
pub fn json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut json = Zeroizing::new(Vec::with_capacity(RECORD_BYTES));
    serde_json::to_writer_pretty(&mut *json, value).expect("what is kept always becomes JSON");
    json
}

/// Writes the value as a file of JSON, whole or not at all.
pub fn save<T: Serialize>(item: Item, path: PathBuf, value: &T) -> Result<(), StateError> {
    write(&path, &json(value)).map_err(|source| StateError::Unwritable { item, path, source })
}

/// Takes the lock on a file; `WouldBlock` if another process holds it. `None` where the file system has no locks.
pub fn lock(file: File) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Whether making a file and locking it failed because another process removes or makes it at the same moment.
pub fn lost_race(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::WouldBlock | io::ErrorKind::AlreadyExists)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_killed_program_left_is_removed_by_the_next_once_nobody_can_be_writing_it() {
        let folder = tempfile::tempdir().unwrap();
        let (abandoned, fresh) = (folder.path().join(".unfinished-a"), folder.path().join(".unfinished-b"));
        fs::write(&fresh, "x").unwrap();
        File::create(&abandoned).unwrap().set_modified(SystemTime::now() - 2 * ABANDONED_AFTER).unwrap();
        let path = folder.path().join("value.json");
        write(&path, &json(&["secret"])).unwrap();
        assert!(!abandoned.exists() && fresh.exists());
        assert_eq!(load::<Vec<String>>(Item::Settings, path).unwrap(), ["secret"]);
    }

    #[test]
    fn no_more_is_read_than_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(read(File::open(&path), 3).unwrap().is_none());
        fs::write(&path, "four").unwrap();
        assert_eq!(read(File::open(&path), 4).unwrap().unwrap().as_slice(), b"four");
        assert_eq!(read(File::open(&path), 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
