//! What can go wrong between files and content, on either side. Every name in here is printable already; sentences quote
//! no more of it than a line.

use std::{fmt, io, path::Path};

use share_format::{FormatError, manifest::MAX_ENTRIES, names::printable};

use crate::{i18n::fl, messages, quote::quoted, system};

/// Why files could not be read, or content could not be written.
#[derive(Debug)]
pub enum ContentError {
    /// There is no file or folder to send.
    NothingToSend,
    /// A path to send does not exist.
    NotFound(String),
    /// A file or folder to send cannot be read.
    Unreadable(String, io::Error),
    /// A file is no longer as it was when the send began.
    Changed(String),
    /// A path to send is neither a file nor a folder, or a file whose length is not known before it is read.
    Special(String),
    /// A path to send has no name of its own, as the root has none.
    Nameless(String),
    /// More files and folders than fit in one share.
    TooMany,

    /// What travels is not as the format has it.
    Format(FormatError),

    /// The disk, or the user's share of it, is full.
    DiskFull(String),
    /// The user may not write here.
    NoPermission(String),
    /// Something else of the same share has the name already, as the file system takes names.
    NameTaken(String),
    /// The file system does not take this name, or the whole path is longer than the system follows.
    Unnameable(String, io::Error),
    /// A file is larger than files can be in this place.
    TooLarge(String),
    /// What has the name already may not be replaced: a folder by a file, or the reverse.
    InTheWay(String),
    /// Not everything got its final name; what did.
    Partly(String, Box<ContentError>),
    /// Writing failed for another reason.
    Write(String, io::Error),
}

/// The path as it may be shown.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

impl ContentError {
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

impl From<FormatError> for ContentError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::NothingToSend => fl!("content-nothing"),
            Self::NotFound(path) => fl!("content-not-found", path = quoted(path)),
            Self::Unreadable(path, _) => fl!("content-unreadable", path = quoted(path)),
            Self::Changed(path) => fl!("content-changed", path = quoted(path)),
            Self::Special(path) => fl!("content-special", path = quoted(path)),
            Self::Nameless(path) => fl!("content-nameless", path = quoted(path)),
            Self::TooMany => fl!("content-too-many", limit = MAX_ENTRIES),
            Self::Format(error) => messages::format(error),
            Self::DiskFull(path) => fl!("content-disk-full", path = quoted(path)),
            Self::NoPermission(path) => fl!("content-no-permission", path = quoted(path)),
            Self::NameTaken(path) => fl!("content-name-taken", path = quoted(path)),
            Self::Unnameable(path, _) => fl!("content-unnameable", path = quoted(path)),
            Self::TooLarge(path) => fl!("content-too-large", path = quoted(path)),
            Self::InTheWay(path) => fl!("content-in-the-way", path = quoted(path)),
            Self::Partly(saved, _) => fl!("content-partly", saved = saved),
            Self::Write(path, _) => fl!("content-write", path = quoted(path)),
        })
    }
}

impl std::error::Error for ContentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error) | Self::Write(_, error) | Self::Unnameable(_, error) => Some(error),
            Self::Partly(_, error) => Some(error),
            // Its own sentence is this one's.
            Self::Format(error) => error.source(),
            _ => None,
        }
    }
}
