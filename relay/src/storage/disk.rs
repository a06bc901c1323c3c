//! Files that only their owner can read and that survive power loss. All differences between systems are here: on
//! Windows the access list of the profile takes the place of file modes, and directories cannot be synced.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    path::Path,
};

#[cfg(all(test, unix))]
use super::test_support::{Made, Recorder};

/// The disk. Every change to a file or directory of the relay goes through it, so that a test can record it, and
/// stop or fail it at any step.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    is_read_only: bool,
    #[cfg(all(test, unix))]
    pub(super) recorder: Option<Recorder>,
}

/// A file that is open for changes.
#[derive(Debug)]
pub struct File {
    file: fs::File,
    disk: Disk,
}

/// One change of the disk, or one sync.
#[derive(Debug)]
#[cfg_attr(not(all(test, unix)), expect(dead_code, reason = "only tests look into it"))]
pub(super) enum Step<'a> {
    CreateDir(&'a Path),
    Create(&'a Path),
    Open,
    Write(&'a fs::File, u64, &'a [u8]),
    Free(&'a fs::File, u64, u64),
    SetLen(&'a fs::File, u64),
    Sync(&'a fs::File),
    SyncDir(&'a Path),
    Rename(&'a Path, &'a Path),
    RemoveFile(&'a Path),
    RemoveDirAll(&'a Path),
}

impl Disk {
    /// The same disk with every write refused, whether or not the system would allow it.
    pub fn read_only(mut self) -> Self {
        self.is_read_only = true;
        self
    }

    /// Whether every write is refused.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// Whether `path` lies on a file system in memory, where no access blocks.
    #[cfg(target_os = "linux")]
    pub fn is_in_memory(&self, path: &Path) -> bool {
        // statfs(2).
        const TMPFS_MAGIC: u64 = 0x0102_1994;
        #[cfg(test)]
        if self.recorder.is_some() {
            return false;
        }
        rustix::fs::statfs(path).is_ok_and(|told| u64::try_from(told.f_type) == Ok(TMPFS_MAGIC))
    }

    /// Whether `path` lies on a file system in memory; unknown on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn is_in_memory(&self, _: &Path) -> bool {
        false
    }

    /// Makes a directory that only its owner can enter, and its missing parents likewise.
    pub fn create_private_dirs(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir());
        parent.map_or(Ok(()), |parent| self.create_private_dirs(parent))?;
        self.create_private_dir(path)
    }

    /// Makes a directory that only its owner can enter. One that exists already is left as it is.
    pub fn create_private_dir(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match self.step(Step::CreateDir(path), || builder.create(path)) {
            // Another process has made it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other,
        }
    }

    /// Makes a new file that only its owner can read and write.
    pub fn create_new(&self, path: &Path) -> io::Result<File> {
        let file = self.step(Step::Create(path), || private().create_new(true).open(path))?;
        Ok(File { file, disk: self.clone() })
    }

    /// All bytes of a file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        #[cfg(all(test, unix))]
        if let Some(recorder) = &self.recorder {
            recorder.has_read();
        }
        fs::read(path)
    }

    /// Opens a file to change it.
    pub fn open(&self, path: &Path) -> io::Result<File> {
        let file = self.step(Step::Open, || OpenOptions::new().write(true).open(path))?;
        Ok(File { file, disk: self.clone() })
    }

    /// Writes and syncs a new private file.
    pub fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = self.create_new(path)?;
        file.write_all_at(bytes, 0)?;
        file.sync_all()
    }

    /// Replaces `path` by a file of these bytes, whole or not at all, by way of `temporary` on the same file system.
    /// On return the change survives power loss. After a failure `temporary` may be left, or `path` may be the new file
    /// without being durable.
    pub fn replace(&self, path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write_new(temporary, bytes)?;
        self.put_in_place(temporary, path)
    }

    /// Renames a synced file to its final name, replacing another file, so that the name survives power loss.
    pub fn put_in_place(&self, temporary: &Path, path: &Path) -> io::Result<()> {
        self.rename(temporary, path)?;
        self.sync_dir(parent(path))
    }

    /// Renames a file or directory.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(Step::Rename(from, to), || fs::rename(from, to))
    }

    /// Makes the names in a directory survive power loss, on systems where that takes a sync.
    pub fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step(Step::SyncDir(path), || if cfg!(unix) { fs::File::open(path)?.sync_all() } else { Ok(()) })
    }

    /// Makes the names of a directory and of all its parents survive power loss. Parents that this process may not read
    /// are skipped, because it cannot have made them.
    pub fn sync_path_to(&self, dir: &Path) -> io::Result<()> {
        for above in dir.canonicalize()?.ancestors().skip(1) {
            match self.sync_dir(above) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Removes a file, if it exists.
    pub fn remove_file_if_there(&self, path: &Path) -> io::Result<()> {
        unless_missing(self.step(Step::RemoveFile(path), || fs::remove_file(path)))
    }

    /// Removes a file, or a directory with everything in it, if it exists.
    pub fn remove_all_if_there(&self, path: &Path) -> io::Result<()> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => {
                unless_missing(self.step(Step::RemoveDirAll(path), || fs::remove_dir_all(path)))
            }
            Ok(_) => self.remove_file_if_there(path),
            Err(error) => unless_missing(Err(error)),
        }
    }

    /// Opens or makes a file and takes its lock until the file is closed; `WouldBlock` when another process has it.
    pub fn lock(&self, path: &Path) -> io::Result<File> {
        let file = self.open_or_create(path)?;
        file.file.try_lock()?;
        Ok(file)
    }

    /// Like [`Disk::lock`], for an existing file that is opened only to read.
    pub fn lock_to_read(&self, path: &Path) -> io::Result<File> {
        let file = fs::File::open(path)?;
        file.try_lock()?;
        Ok(File { file, disk: self.clone() })
    }

    /// Like [`Disk::lock`], but waits for the other process.
    pub fn wait_for_lock(&self, path: &Path) -> io::Result<File> {
        let file = self.open_or_create(path)?;
        file.file.lock()?;
        Ok(file)
    }

    /// Opens a file to read and change it, or makes a private one.
    pub fn open_or_create(&self, path: &Path) -> io::Result<File> {
        let step = if path.exists() { Step::Open } else { Step::Create(path) };
        let file = self.step(step, || private().read(true).create(true).truncate(false).open(path))?;
        Ok(File { file, disk: self.clone() })
    }

    #[cfg(all(test, unix))]
    fn step<T>(&self, step: Step<'_>, act: impl FnOnce() -> io::Result<T>) -> io::Result<T>
    where
        T: Made,
    {
        self.may_write()?;
        match &self.recorder {
            Some(recorder) => recorder.step(step, act),
            None => act(),
        }
    }

    #[cfg(not(all(test, unix)))]
    fn step<T>(&self, _: Step<'_>, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.may_write()?;
        act()
    }

    fn may_write(&self) -> io::Result<()> {
        if self.is_read_only { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
    }
}

impl File {
    /// Writes all of these bytes at this offset.
    pub fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.step(Step::Write(&self.file, offset, bytes), || write_all_at(&self.file, bytes, offset))
    }

    /// Frees the disk space of a range, where the system supports it. The range then reads as zeros.
    pub fn free(&self, offset: u64, bytes: u64) -> io::Result<()> {
        self.disk.step(Step::Free(&self.file, offset, bytes), || free(&self.file, offset, bytes))
    }

    /// The first byte of a file that was opened for reading too; `None` if it is empty. It must be read through this
    /// handle, because on some systems a locked file cannot be read through any other.
    pub fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        let read = (&self.file).read(&mut byte)?;
        Ok((read > 0).then_some(byte[0]))
    }

    /// How long the file is.
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Makes the file this long.
    pub fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.disk.step(Step::SetLen(&self.file, bytes), || self.file.set_len(bytes))
    }

    /// Makes the file's bytes and its length survive power loss. After a failure it is unknown which of the bytes
    /// written since the last sync are durable, and a further call may report success: they must be written again.
    pub fn sync_data(&self) -> io::Result<()> {
        self.disk.step(Step::Sync(&self.file), || self.file.sync_data())
    }

    /// Like [`File::sync_data`], for the file's metadata too.
    pub fn sync_all(&self) -> io::Result<()> {
        self.disk.step(Step::Sync(&self.file), || self.file.sync_all())
    }
}

#[cfg(unix)]
pub(super) fn write_all_at(file: &fs::File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(file: &fs::File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn free(file: &fs::File, offset: u64, bytes: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    Ok(fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, offset, bytes)?)
}

#[cfg(not(target_os = "linux"))]
fn free(_: &fs::File, _: u64, _: u64) -> io::Result<()> {
    Ok(())
}

/// Options to write a file that only its owner can read and write.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The directory a path lies in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(here) if here.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

fn unless_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Bytes that this user can still write to the file system of `path`; `None` if it does not report them.
#[cfg(unix)]
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    let told = rustix::fs::statvfs(path)?;
    Ok((told.f_blocks > 0).then(|| told.f_bavail.saturating_mul(told.f_frsize)))
}

/// Bytes that this user can still write to the file system of `path`.
#[cfg(windows)]
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    fs4::available_space(path).map(Some)
}

/// Whether the disk or the user's quota is full.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether the process or the system has reached its limit of open files.
pub fn is_too_many_open(error: &io::Error) -> bool {
    // EMFILE and ENFILE, which are the same numbers on every Unix, and ERROR_TOO_MANY_OPEN_FILES.
    const CODES: &[i32] = if cfg!(windows) { &[4] } else { &[24, 23] };
    error.raw_os_error().is_some_and(|code| CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_whole_private_and_leaves_nothing_beside_it() {
        let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
        let (path, temporary) = (dir.path().join("f"), dir.path().join("t"));
        disk.replace(&path, &temporary, b"one").unwrap();
        disk.replace(&path, &temporary, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(!temporary.exists());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    }

    #[test]
    fn a_failed_replacement_changes_nothing() {
        let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
        let (path, temporary) = (dir.path().join("f"), dir.path().join("t"));
        fs::create_dir(&path).unwrap();
        assert!(disk.replace(&path, &temporary, b"one").is_err());
        assert!(path.is_dir());
        disk.remove_all_if_there(&temporary).unwrap();
        disk.remove_all_if_there(&temporary).unwrap();
        assert!(!temporary.exists());
    }

    #[test]
    fn directories_are_made_with_those_above_them() {
        let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
        let path = dir.path().join("a/b/c");
        assert!(disk.create_private_dir(&path).is_err(), "not those above it");
        disk.create_private_dirs(&path).unwrap();
        disk.create_private_dirs(&path).unwrap();
        disk.sync_path_to(&path).unwrap();
        fs::write(dir.path().join("file"), b"").unwrap();
        assert!(disk.create_private_dir(&dir.path().join("file")).is_err());
        assert!(disk.create_private_dirs(&dir.path().join("file/below")).is_err());
    }

    #[test]
    fn a_lock_has_one_holder() {
        let (disk, dir) = (Disk::default(), tempfile::tempdir().unwrap());
        let path = dir.path().join("lock");
        let held = disk.lock(&path).unwrap();
        assert_eq!(disk.lock(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        disk.lock(&path).unwrap();
    }
}
