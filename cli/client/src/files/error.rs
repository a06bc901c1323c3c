//! What can go wrong between files and content, on either side. Every name in here is printable already.

use std::{io, path::Path};

use share_format::{FormatError, names::printable, quote::quoted};

use crate::{error_kind::ErrorKind, system};

/// Why files could not be read, or content could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// There is no file or folder to send.
    #[error("there is nothing to send")]
    NothingToSend,
    /// A path to send does not exist.
    #[error("{} does not exist", quoted(.0))]
    NotFound(String),
    /// A file or folder to send cannot be read.
    #[error("{} cannot be read", quoted(.0))]
    Unreadable(String, #[source] io::Error),
    /// A file is no longer as it was when the send began.
    #[error("{} has changed", quoted(.0))]
    Changed(String),
    /// A path to send is neither a file nor a folder, or a file whose length is not known before it is read.
    #[error("{} is neither a file nor a folder", quoted(.0))]
    Special(String),
    /// A path to send has no name of its own, as the root has none.
    #[error("{} has no name", quoted(.0))]
    Nameless(String),
    /// More files and folders than fit in one share.
    #[error("too many files and folders")]
    TooMany,

    /// What travels is not as the format has it.
    #[error(transparent)]
    Format(#[from] FormatError),

    /// The disk, or the user's share of it, is full.
    #[error("no room for {}", quoted(.0))]
    DiskFull(String),
    /// The user may not write here.
    #[error("no permission to write {}", quoted(.0))]
    NoPermission(String),
    /// Something else of the same share has the name already, as the file system takes names.
    #[error("{} is there already", quoted(.0))]
    NameTaken(String),
    /// The file system does not take this name, or the whole path is longer than the system follows.
    #[error("{} is no possible name", quoted(.0))]
    Unnameable(String, #[source] io::Error),
    /// A file is larger than files can be in this place.
    #[error("{} is too large", quoted(.0))]
    TooLarge(String),
    /// What has the name already may not be replaced: a folder by a file, or the reverse.
    #[error("{} is in the way", quoted(.0))]
    InTheWay(String),
    /// Not everything got its final name; what did.
    #[error("only {} could be saved", quoted(.0))]
    Partly(String, #[source] Box<FilesError>),
    /// Writing failed for another reason.
    #[error("{} cannot be written", quoted(.0))]
    Write(String, #[source] io::Error),
}

/// The path as it may be shown.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

impl FilesError {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        use FormatError as F;
        match self {
            Self::Changed(_) => ErrorKind::Changed,
            Self::NothingToSend | Self::Nameless(_) => ErrorKind::Usage,
            Self::Format(F::Newer | F::Manifest(_) | F::Archive(..)) => ErrorKind::Corrupt,
            Self::Format(F::Input(_) | F::ForbiddenName(..)) => ErrorKind::LocalFile,
            // What the sender gave: a message, or a name.
            Self::Format(_) => ErrorKind::Usage,
            _ => ErrorKind::LocalFile,
        }
    }

    /// Sorts an error in writing to `path`.
    pub fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(shown(path)),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::NoPermission(shown(path)),
            io::ErrorKind::FileTooLarge => Self::TooLarge(shown(path)),
            _ if system::refuses_name(&error) => Self::Unnameable(shown(path), error),
            _ => Self::Write(shown(path), error),
        }
    }

    /// Sorts an error in making `path`, which nothing outside the share can have been before.
    pub fn create(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| match error.kind() {
            io::ErrorKind::AlreadyExists => Self::NameTaken(shown(path)),
            // The answer to a name that has characters the file system does not take (FAT).
            io::ErrorKind::InvalidInput => Self::Unnameable(shown(path), error),
            _ => Self::write(path)(error),
        }
    }

    /// Sorts an error in reading `path`.
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound(shown(path)),
            _ => Self::Unreadable(shown(path), error),
        }
    }
}
