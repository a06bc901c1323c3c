//! What is said of files that cannot be read, and of content that cannot be written.

use share_client::files::{FilesError, renaming::Why, walk::SkipReason};
use share_format::{FormatError, manifest::MAX_ENTRIES, quote::quoted};

use super::format;
use crate::{error::Error, i18n::fl};

/// Why files could not be read, or content could not be written.
pub fn files(error: &FilesError) -> String {
    use FilesError as F;
    match error {
        F::NothingToSend => fl!("content-nothing"),
        F::NotFound(path) => fl!("content-not-found", path = quoted(path)),
        F::Unreadable(path, _) => fl!("content-unreadable", path = quoted(path)),
        F::Changed(path) => fl!("content-changed", path = quoted(path)),
        F::Special(path) => fl!("content-special", path = quoted(path)),
        F::Nameless(path) => fl!("content-nameless", path = quoted(path)),
        F::TooMany => fl!("content-too-many", limit = MAX_ENTRIES),
        F::Format(error) => format::format(error),
        F::DiskFull(path) => fl!("content-disk-full", path = quoted(path)),
        F::NoPermission(path) => fl!("content-no-permission", path = quoted(path)),
        F::NameTaken(path) => fl!("content-name-taken", path = quoted(path)),
        F::Unnameable(path, _) => fl!("content-unnameable", path = quoted(path)),
        F::TooLarge(path) => fl!("content-too-large", path = quoted(path)),
        F::InTheWay(path) => fl!("content-in-the-way", path = quoted(path)),
        F::Partly(saved, _) => fl!("content-partly", saved = saved.as_str()),
        F::Write(path, _) => fl!("content-write", path = quoted(path)),
    }
}

/// The same with a fixed name for programs, and a hint.
pub(super) fn error(error: FilesError) -> Error {
    use FilesError as F;
    let (code, hint) = match &error {
        F::Changed(_) => ("file_changed", Some(fl!("content-changed-hint"))),
        F::NothingToSend | F::Nameless(_) => ("usage", None),
        F::Format(FormatError::Newer) => ("newer_version", Some(fl!("content-newer-hint"))),
        // Authenticated, so only who sealed it can have made it so.
        F::Format(FormatError::Manifest(_) | FormatError::Archive(..)) => ("corrupt", Some(fl!("corrupt-sender-hint"))),
        F::Format(FormatError::Input(_) | FormatError::ForbiddenName(..)) => ("local_file", None),
        F::Format(_) => ("usage", None),
        F::DiskFull(_) => ("disk_full", Some(fl!("disk-full-hint"))),
        F::NameTaken(_) => ("name_not_possible", Some(fl!("content-name-taken-hint"))),
        F::NoPermission(_) => ("no_permission", Some(fl!("no-permission-hint"))),
        F::TooLarge(_) => ("file_too_large", Some(fl!("file-too-large-hint"))),
        F::Unnameable(..) => ("name_not_possible", Some(fl!("name-not-possible-hint"))),
        _ => ("local_file", None),
    };
    let told = Error::new(error.kind(), code, files(&error));
    match hint {
        Some(hint) => told.hint(hint),
        None => told,
    }
    .because(error)
}

/// Why something is not sent.
pub fn skipped(reason: SkipReason) -> String {
    match reason {
        SkipReason::Link => fl!("skip-link"),
        SkipReason::Broken => fl!("skip-broken"),
        SkipReason::Loop => fl!("skip-loop"),
        SkipReason::Special => fl!("skip-special"),
        SkipReason::Unfinished => fl!("skip-unfinished"),
        SkipReason::Vanished => fl!("skip-vanished"),
        SkipReason::NotWhole => fl!("skip-not-whole"),
    }
}

/// Why something is sent under another name than it has.
pub fn renamed(why: &Why) -> String {
    match why {
        Why::NotUnicode => fl!("name-not-unicode"),
        Why::Forbidden(error) => format::name(error),
        Why::Same(other) => fl!("name-same", other = other.as_str()),
    }
}
