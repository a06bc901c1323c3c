//! Windows. Files and folders made here inherit the rights of the user's profile, which others cannot read.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, IsTerminal},
    os::windows::fs::FileExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use filetime::FileTime;

/// Creates a new file with the rights of its folder. Fails if something has the name already.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Creates a new file with the rights of its folder. Fails if something has the name already.
pub fn create_public(path: &Path) -> io::Result<File> {
    create_private(path)
}

/// Creates a folder and its parents with the rights of the one they are in.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Windows knows no executable bit.
pub fn is_executable(_metadata: &Metadata) -> bool {
    false
}

/// Windows gives rights by the folder that something is in.
pub fn is_private(_metadata: &Metadata) -> bool {
    false
}

/// What others may do is up to the folder.
pub fn is_open_to_others(_metadata: &Metadata) -> bool {
    false
}

/// Windows knows no executable bit.
pub fn set_executable(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Windows gives a file room for its whole length.
pub fn is_sparse(_metadata: &Metadata) -> bool {
    false
}

/// Fills `buffer` from `offset` on. `UnexpectedEof` if the file is shorter.
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

/// Files get the rights of their folder.
pub fn make_private(_file: &File) -> io::Result<()> {
    Ok(())
}

/// A file that is open cannot be replaced.
pub fn is_same_file(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Writes the whole buffer from `offset` on.
pub fn write_all_at(file: &File, mut buffer: &[u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.seek_write(buffer, offset)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                buffer = &buffer[written..];
                offset += written as u64;
            }
        }
    }
    Ok(())
}

/// NTFS journals names by itself.
pub fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Windows has no such rename for folders that its file systems all know.
pub fn rename_new(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether a file system does not take a name, or a path is longer than the system follows.
pub fn refuses_name(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidFilename
}

/// Bytes this user can still write where `path` lies.
pub fn free_space(path: &Path) -> io::Result<Option<u64>> {
    fs4::available_space(path).map(Some)
}

/// Opens a file to read and write. A link is refused.
pub fn open_regular(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path)?.is_file() {
        true => OpenOptions::new().read(true).write(true).open(path),
        false => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// A folder in which others cannot rename; nothing needs to be held but its path.
pub struct HeldFolder(PathBuf);

impl HeldFolder {
    /// It is there; a link to a folder is refused.
    pub fn open(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path)?.is_dir() {
            true => Ok(Self(path.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// It is where it was.
    pub fn is_at(&self, _path: &Path) -> io::Result<bool> {
        Ok(true)
    }

    /// What lies in a folder of this user is this user's.
    pub fn has_owner_of(&self, _path: &Path) -> io::Result<bool> {
        Ok(true)
    }

    /// Both have the rights of the folder they are in.
    pub fn is_as_private_as(&self, _other: &Self) -> io::Result<bool> {
        Ok(true)
    }

    /// Makes a folder inside it, with its rights.
    pub fn create_folder(&self, path: &Path, _private: bool) -> io::Result<()> {
        fs::create_dir(self.0.join(path))
    }

    /// A folder inside it; a link is refused.
    pub fn open_folder(&self, path: &Path) -> io::Result<Self> {
        Self::open(&self.0.join(path))
    }

    /// Makes a file inside it, with its rights. Fails if something has the name already.
    pub fn create_file(&self, path: &Path, _private: bool) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.0.join(path))
    }

    /// Opens a file inside it to read and write. A link, and anything but a file, is refused.
    pub fn open_file(&self, path: &Path) -> io::Result<File> {
        open_regular(&self.0.join(path))
    }

    /// Sets when it was last changed.
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        filetime::set_file_mtime(&self.0, FileTime::from_system_time(time))
    }

    /// NTFS journals names by itself.
    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
