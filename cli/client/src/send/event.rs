//! What the sender is told and asked.

use std::path::{Path, PathBuf};

use share_format::{link::Link, words::Passphrase};

use crate::{
    files::{
        renaming::Renamed,
        walk::{Refused, Skipped},
    },
    state::ledger::Entry,
};

/// What happened while something is sent.
pub enum Event<'a> {
    /// This is not sent, as it cannot travel.
    Skipped(&'a Skipped),
    /// These get other names.
    Renamed(&'a [Renamed]),
    /// None of these can be sent.
    Refused(&'a [Refused]),
    /// These are left out, as was wished; printable paths.
    LeftOut(&'a [String]),
    /// The same was begun before, and not finished; this is a new share.
    NotResumed {
        /// The link of what was begun.
        link: &'a str,
    },
    /// The unfinished upload cannot go on, as files changed since.
    CannotGoOn {
        /// The first file that changed, if it is known.
        path: Option<&'a Path>,
    },
    /// The relay knows the share: link and words may be told. An error takes the share back.
    Created(Created<'a>),
    /// It goes on; the relay has so many bytes already.
    GoingOn {
        /// Bytes of the payload.
        stored: u64,
    },
    /// These files grew meanwhile; printable paths, with the bytes of each that were sent.
    Grown(&'a [(String, u64)]),
    /// The upload is complete, and the relay has made the share ready.
    Ready(&'a Entry),
    /// These files cannot be sent whole.
    NotWhole(&'a [PathBuf]),
    /// The rest is sent again without them, with another link.
    SendingAnew,
    /// What was sent is kept on the relay, to go on with.
    Kept {
        /// The link.
        link: &'a Link,
        /// Whether the user chose to stop.
        by_choice: bool,
    },
    /// The share is being taken back.
    TakingBack,
    /// It is taken back.
    TakenBack {
        /// Whether the user chose to stop.
        by_choice: bool,
    },
    /// It could not be taken back.
    NotTakenBack {
        /// The link.
        link: &'a Link,
    },
    /// An unfinished upload was taken back, or could not be.
    UnfinishedTakenBack {
        /// Its link.
        link: &'a str,
        /// Whether the relay has removed it.
        done: bool,
    },
    /// It is served from this computer, until it has been fetched.
    WaitingForRecipient,
    /// A recipient has saved it.
    Received,
    /// It was given to a browser, which can fetch it again until then, in seconds since 1970.
    GivenToBrowser {
        /// By the relay's clock.
        until: u64,
    },
    /// A receipt came that its recipient cannot have made.
    FalseReceipt,
}

/// A share that the relay knows.
pub struct Created<'a> {
    /// Its link.
    pub link: &'a Link,
    /// Its words, where they are to be told.
    pub words: Option<&'a Passphrase>,
    /// What the ledger holds of it.
    pub entry: &'a Entry,
    /// Whether this goes on with what was begun before.
    pub resumed: bool,
    /// What is sent under another name than it has.
    pub renamed: &'a [Renamed],
    /// What is not sent though it was to be; printable paths.
    pub left_out: &'a [String],
}

/// What the sender is asked.
pub enum Question<'a> {
    /// Send with the changed names?
    ChangeNames,
    /// Send the rest without what cannot be read?
    LeaveOut,
    /// Send the rest again, with another link, without what changed?
    SendAnewWithout,
    /// Go on with what was begun before, rather than take it back?
    GoOn {
        /// Its link.
        link: &'a str,
    },
    /// Send it again, and take back what cannot go on?
    SendAnew,
}
