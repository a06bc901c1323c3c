//! Linux and macOS.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    time::SystemTime,
};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, mkdirat, openat, renameat_with, statvfs};

/// Creates a new file only this user can read and write (0600). Fails if something has the name already.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Creates a new file that others can read, as far as the umask lets them (0644). Fails if something has the name already.
pub fn create_public(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)
}

/// Creates a directory, and its parents, that only this user can enter (0700). An existing one is left as it is.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Whether the file may be executed by its owner.
pub fn is_executable(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o100 != 0
}

/// Whether its owner is the only one with rights to the file or folder.
pub fn is_private(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o077 == 0
}

/// Whether others than its owner have rights to the file.
pub fn is_open_to_others(metadata: &Metadata) -> bool {
    !is_private(metadata)
}

/// Lets nobody but its owner read and write the file.
pub fn make_private(file: &File) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

/// Whether this path leads to the open file.
pub fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    Ok(fs::metadata(path).is_ok_and(|named| (named.dev(), named.ino()) == (open.dev(), open.ino())))
}

/// Lets everyone who may read the file execute it too.
pub fn set_executable(file: &File) -> io::Result<()> {
    let mode = file.metadata()?.permissions().mode();
    file.set_permissions(fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

/// Whether the file system has given the file less room than its length.
pub fn is_sparse(metadata: &Metadata) -> bool {
    metadata.blocks().saturating_mul(512) < metadata.len()
}

/// Fills `buffer` from `offset` on, without moving the file's cursor. `UnexpectedEof` if the file is shorter.
pub fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(buffer, offset)
}

/// Writes the whole buffer from `offset` on, without moving the file's cursor.
pub fn write_all_at(file: &File, buffer: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(buffer, offset)
}

/// Makes the names in a directory survive power loss, as far as the file system takes part: some that a server or another
/// system keeps (SMB, shared folders of virtual machines) know no such call.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    sync_folder(&File::open(path)?)
}

fn sync_folder(folder: &File) -> io::Result<()> {
    match folder.sync_all() {
        Err(error) if is_unknown(&error) => Ok(()),
        synced => synced,
    }
}

/// Whether a file system says that it does not know a call, or not with these flags.
fn is_unknown(error: &io::Error) -> bool {
    use rustix::io::Errno;
    Errno::from_io_error(error)
        .is_some_and(|number| [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::NOTTY].contains(&number))
}

/// Moves a file or folder to a name that nothing has; fails with `AlreadyExists` if something has it, and with
/// `Unsupported` where the file system cannot promise that.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let renamed = renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from);
    renamed.map_err(|error| if is_unknown(&error) { io::ErrorKind::Unsupported.into() } else { error })
}

/// Whether a file system does not take a name, or a path is longer than the system follows.
pub fn refuses_name(error: &io::Error) -> bool {
    let number = rustix::io::Errno::from_io_error(error);
    number.is_some_and(|number| [rustix::io::Errno::NAMETOOLONG, rustix::io::Errno::ILSEQ].contains(&number))
}

/// Bytes this user can still write where `path` lies; `None` where the file system does not tell.
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    let told = statvfs(path)?;
    Ok((told.f_blocks > 0).then(|| told.f_bavail.saturating_mul(told.f_frsize)))
}

/// Opens a file to read and write. Never follows a link, and never waits for the other end of a pipe.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// A folder held open: while it is, no other can have its identity. Paths inside it are looked up from it, so whoever
/// puts another folder in its place changes nothing.
pub struct HeldFolder(File);

impl HeldFolder {
    /// Opens it; a link to a folder is refused.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = (OFlags::NOFOLLOW | OFlags::DIRECTORY).bits() as i32;
        OpenOptions::new().read(true).custom_flags(flags).open(path).map(Self)
    }

    /// Whether this path, not followed if it is a link, still is the folder.
    pub fn is_at(&self, path: &Path) -> io::Result<bool> {
        let (held, there) = (self.0.metadata()?, fs::symlink_metadata(path)?);
        Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
    }

    /// Whether its owner is also that of the file or folder at this path, not followed if it is a link.
    pub fn has_owner_of(&self, path: &Path) -> io::Result<bool> {
        Ok(self.0.metadata()?.uid() == fs::symlink_metadata(path)?.uid())
    }

    /// Whether others may do no more in it than in this one.
    pub fn is_as_private_as(&self, other: &Self) -> io::Result<bool> {
        let for_others = |folder: &Self| Ok::<_, io::Error>(folder.0.metadata()?.permissions().mode() & 0o077);
        Ok(for_others(self)? & !for_others(other)? == 0)
    }

    /// Makes a folder inside it, which only this user can enter if it is private.
    pub fn create_folder(&self, path: &Path, private: bool) -> io::Result<()> {
        Ok(mkdirat(&self.0, path, Mode::from_raw_mode(if private { 0o700 } else { 0o777 }))?)
    }

    /// A folder inside it; a link is refused.
    pub fn open_folder(&self, path: &Path) -> io::Result<Self> {
        self.open_at(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::DIRECTORY, 0).map(Self)
    }

    /// Makes a file inside it, which only this user can read and write if it is private. Fails if something has the name
    /// already.
    pub fn create_file(&self, path: &Path, private: bool) -> io::Result<File> {
        let mode = if private { 0o600 } else { 0o666 };
        self.open_at(path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, mode)
    }

    /// Opens a file inside it to read and write. A link, and anything but a file, is refused.
    pub fn open_file(&self, path: &Path) -> io::Result<File> {
        let file = self.open_at(path, OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK, 0)?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Sets when it was last changed.
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.0.set_modified(time)
    }

    /// Makes the names in it survive power loss.
    pub fn sync(&self) -> io::Result<()> {
        sync_folder(&self.0)
    }

    fn open_at(&self, path: &Path, flags: OFlags, mode: u32) -> io::Result<File> {
        Ok(openat(&self.0, path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(mode as _))?.into())
    }
}
