//! What is told while a share is fetched, and what is asked.

use std::path::{Path, PathBuf};

use share_format::manifest::Manifest;
use share_relay_api::Kind as ShareKind;

use super::Received;
use crate::{error::Error, state::StateError};

/// Something that happened while a share was fetched. Times are in seconds since 1970 by the relay's clock.
pub enum Event<'a> {
    /// The receipt of an earlier download has been sent now.
    ReceiptSent {
        /// Its link.
        link: &'a str,
    },
    /// All of it was saved by an earlier run, so it is not downloaded again.
    SavedBefore,
    /// These files were changed or removed after an earlier run had saved them, so they are downloaded again.
    Lost(&'a [PathBuf]),
    /// The relay's clock and this computer's are far apart.
    ClocksDiffer {
        /// The time at the relay.
        relay: u64,
        /// The time here.
        here: u64,
    },
    /// The sender is still sending; it is fetched as it arrives.
    StillSending,
    /// The relay does not know the share; what an earlier download has left stays in this folder.
    PartialKept(&'a Path),
    /// The share has ended; what an earlier download had left is removed.
    PartialRemoved,
    /// A share was found that can be fetched, and opens with this.
    Found(ShareKind),
    /// The share is open.
    Opened {
        /// What is inside.
        manifest: &'a Manifest,
        /// When the share expires.
        expires_at: u64,
    },
    /// Others will be able to read the private files in this folder, whose file system keeps no rights.
    NotPrivate(&'a Path),
    /// What an old download of this link had left is removed.
    OtherRemoved {
        /// Its link.
        link: &'a str,
    },
    /// The ticket cannot be kept, so downloading the share again would count as another download.
    TicketNotKept(StateError),
    /// The ticket of the earlier download had ended, so going on counts as another download.
    TicketOver,
    /// A part of the content is there from an earlier download.
    GoingOn {
        /// So many bytes are there.
        there: u64,
        /// Of so many.
        of: u64,
    },
    /// The folder cannot hold a name in the share, so what was downloaded is removed.
    NotHere,
    /// The download failed; what has arrived is kept.
    Kept {
        /// So many bytes have arrived.
        arrived: u64,
        /// Of so many.
        of: u64,
        /// The working folder.
        folder: &'a Path,
    },
    /// What was downloaded could not be given its names; it is kept in this folder.
    NotPlaced(&'a Path),
    /// All is saved, now or by an earlier run, and the relay is told next. After an error the same request begins here.
    Saved(&'a Received),
    /// All is saved, but the relay does not have the receipt, for this reason; a later run sends it.
    ReceiptKept(Error),
    /// All is saved, but the relay will never have the receipt, for this reason.
    NoReceipt(Error),
}

/// What is asked while a share is fetched.
pub enum Question<'a> {
    /// Whether to save what is inside in this folder.
    Save(&'a Path),
    /// Whether to write what is inside to standard output.
    WriteToStandardOutput,
    /// Whether to remove what another download has left, which may be of use to nobody.
    RemoveOther {
        /// Its link.
        link: &'a str,
        /// Where it is.
        folder: &'a Path,
    },
}
