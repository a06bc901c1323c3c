//! How a file travels between this computer and a relay: what `share` does, for any program.
//!
//! - [`send`] and [`get`] are sending and receiving step by step, each from a request to an outcome;
//! - [`batch`] sends many shares, each exactly once;
//! - [`api`] is the relay's API as typed calls, with patience for networks that fail. Only it names reqwest;
//! - [`files`] makes content of files and folders, and files and folders of content;
//! - `transfer` moves sealed content up and down over several connections, in memory that stays flat;
//! - [`state`] is all that this computer remembers: settings, sender tokens, shares that were sent, and what it takes to
//!   go on with a transfer that was cut off;
//! - [`system`] is what differs by operating system.
//!
//! What happens is told as typed events to the [`Host`], the program that uses this; what goes wrong is a typed [`Error`].
//! No sentence for a user stands here, and nothing here knows a terminal.

pub mod api;
pub mod batch;
pub mod clock;
pub mod error;
pub mod error_kind;
pub mod files;
pub mod get;
pub mod host;
mod patience;
pub mod progress;
pub mod secret;
pub mod send;
pub mod state;
pub mod system;
pub mod threads;
mod transfer;

pub use error::{Error, Result};
pub use error_kind::ErrorKind;
pub use host::{Cancel, Context, Host};
pub use progress::{Progress, ProgressSink};
