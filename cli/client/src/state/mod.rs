//! All that this computer remembers from one run to the next, and nothing else does: settings, sender tokens, the
//! ledger of shares that were sent, journals of uploads, tickets and parts of downloads.
//!
//! Each kind has a file here. [`private_file`] writes, reads and locks what lies in the user's own folders ([`Dirs`]);
//! [`working_folder`] is the folder in which a download grows, beside its target. What was left is removed when the relay
//! of that very share says that it is over ([`remote_state`]).

mod dirs;
mod error;
pub mod ledger;
pub mod partial_download;
pub mod private_file;
pub mod receipts;
pub mod remote_state;
pub mod secret_store;
pub mod settings;
pub mod tag_file;
pub mod tickets;
pub mod upload_journal;
pub mod working_folder;

pub use dirs::Dirs;
pub use error::{Item, StateError};
