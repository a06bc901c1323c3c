//! Why what this computer remembers cannot be read or written.

use std::{io, path::PathBuf};

/// Why something that this computer remembers cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The user has no home folder.
    #[error("there is no home folder")]
    NoHome,
    /// It cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// What.
        item: Item,
        /// Where it is.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("{} cannot be written", path.display())]
    Unwritable {
        /// What.
        item: Item,
        /// Where it is.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It can be read, and is not as this program writes it.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// What.
        item: Item,
        /// Where it is.
        path: PathBuf,
    },
    /// The journal of the upload under way cannot be read or written.
    #[error("the journal of the upload fails")]
    Journal(#[source] io::Error),
    /// The share was not sent from this computer.
    #[error("the share was not sent from here")]
    NotSentFromHere,
    /// Another process works on the upload of this link.
    #[error("the upload of {link} is running")]
    UploadRunning {
        /// The link.
        link: String,
    },
}

/// What this computer remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// The settings.
    Settings,
    /// The sender tokens.
    Secrets,
    /// The shares that were sent.
    Ledger,
    /// Uploads that were cut off.
    Uploads,
    /// Tickets of downloads.
    Tickets,
    /// The secret of batches.
    BatchSecret,
}
