//! What can go wrong between files and content, on either side. Every name in here is printable already; sentences quote
//! no more of it than a line.

use std::{fmt, io, path::Path};

use super::names::{NameError, printable};
use crate::{i18n::fl, quote::quoted, system};

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
    /// A file name that would be refused by the recipient.
    ForbiddenName(String, NameError),
    /// More files and folders than fit in one share.
    TooMany,
    /// The sender's message is too long.
    MessageLong,
    /// The sender's message holds a control character.
    MessageCharacter(char),
    /// The sender's name is empty or too long.
    SenderLength,
    /// The sender's name holds a character that is not shown, or not everywhere.
    SenderCharacter(char),
    /// The sender's name holds two spaces in a row.
    SenderSpaces,

    /// The manifest is of a version this program does not know.
    Newer,
    /// The manifest is not what any client of this format makes.
    Manifest(Fault),
    /// The content is not what the manifest promises or the format allows; near this file.
    Archive(String, Fault),
    /// The content could not be read; the cause is the reader's.
    Input(io::Error),

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

/// What is wrong with a manifest or an archive. None is the recipient's doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It ends too early.
    Truncated,
    /// Something follows its end.
    Trailing,
    /// Not in the one form that the format prescribes.
    Malformed,
    /// An entry that is neither a file nor a folder; the type byte.
    Type(u8),
    /// A name that may not travel.
    Name(NameError),
    /// The same name twice, or two that differ in case only.
    SameName,
    /// A file inside something that is no folder.
    NoFolder,
    /// Entries are not in ascending order.
    Order,
    /// Sizes, offsets or counts that contradict each other.
    Totals,
    /// More entries than allowed.
    TooMany,
    /// The archive holds another entry than the manifest lists.
    Unlisted,
    /// A message that is too long or holds control characters.
    Message,
    /// A sender's name that is empty, too long, or not shown as it is.
    Sender,
    /// The manifest's age file has the nonce of the content's.
    Nonce,
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

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::NothingToSend => fl!("content-nothing"),
            Self::NotFound(path) => fl!("content-not-found", path = quoted(path)),
            Self::Unreadable(path, _) => fl!("content-unreadable", path = quoted(path)),
            Self::Changed(path) => fl!("content-changed", path = quoted(path)),
            Self::Special(path) => fl!("content-special", path = quoted(path)),
            Self::Nameless(path) => fl!("content-nameless", path = quoted(path)),
            Self::ForbiddenName(path, _) => fl!("content-forbidden-name", path = quoted(path)),
            Self::TooMany => fl!("content-too-many", limit = super::manifest::MAX_ENTRIES),
            Self::MessageLong => {
                fl!("content-message-long", limit = (super::manifest::MAX_MESSAGE_BYTES / 1024).to_string())
            }
            Self::MessageCharacter(c) => fl!("content-message-character", character = printable(&c.to_string())),
            Self::SenderLength => fl!("content-sender-length", most = super::manifest::MAX_SENDER_CHARACTERS),
            Self::SenderSpaces => fl!("content-sender-spaces"),
            Self::SenderCharacter(c) => {
                fl!("content-sender-character", character = format!("U+{:04X}", u32::from(*c)))
            }
            Self::Newer => fl!("content-newer"),
            Self::Manifest(_) => fl!("content-manifest"),
            Self::Archive(path, _) => fl!("content-archive", path = quoted(path)),
            Self::Input(_) => fl!("content-input"),
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
            Self::Unreadable(_, error) | Self::Input(error) | Self::Write(_, error) | Self::Unnameable(_, error) => {
                Some(error)
            }
            Self::Partly(_, error) => Some(error),
            Self::ForbiddenName(_, error) => Some(error),
            Self::Manifest(fault) | Self::Archive(_, fault) => Some(fault),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Truncated => fl!("fault-truncated"),
            Self::Trailing => fl!("fault-trailing"),
            Self::Malformed => fl!("fault-malformed"),
            Self::Type(byte) => fl!("fault-type", kind = byte.escape_ascii().to_string()),
            Self::Name(_) => fl!("fault-name"),
            Self::SameName => fl!("fault-same-name"),
            Self::NoFolder => fl!("fault-no-folder"),
            Self::Order => fl!("fault-order"),
            Self::Totals => fl!("fault-totals"),
            Self::TooMany => fl!("fault-too-many", limit = super::manifest::MAX_ENTRIES),
            Self::Unlisted => fl!("fault-unlisted"),
            Self::Message => fl!("fault-message"),
            Self::Sender => fl!("fault-sender"),
            Self::Nonce => fl!("fault-nonce"),
        })
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Name(error) => Some(error),
            _ => None,
        }
    }
}
