//! How a transfer gets on.

use crate::api::ClientError;

/// Hears how a transfer gets on.
pub trait ProgressSink: Send + Sync {
    /// A transfer gets on, or does not. Called often, and from any thread.
    fn progress(&self, _progress: Progress<'_>) {}
}

/// How a transfer gets on.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// Something takes a while now, until [`Progress::Done`].
    Begin {
        /// What.
        work: Work,
        /// How many bytes there are to it, where that is known.
        bytes: Option<u64>,
    },
    /// So many more bytes have moved.
    Moved(u64),
    /// The relay has stored so many of the bytes that moved.
    Acknowledged(u64),
    /// So many bytes had moved before.
    Held(u64),
    /// So many bytes that moved did not arrive after all.
    Lost(u64),
    /// Nothing moves, for this reason; it is tried again.
    Waiting(&'a ClientError),
    /// Files are compared with what was sent of them before.
    Comparing,
    /// Something on the way lets no large parts through: smaller ones are sent from now on.
    SmallerParts,
    /// What was begun is done.
    Done,
}

/// What takes a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Sending ciphertext.
    Upload,
    /// Fetching ciphertext.
    Download,
    /// Reading what is on this computer.
    Check,
}
