//! What travels: everything that the two ends of a transfer have to agree on, as docs/format.md describes it.
//!
//! Bytes go in and bytes come out: the envelope around content and manifest, the words and the link, the names, the tar and
//! the manifest inside. No network, no async, no terminal, no sentences for users, and no files but the key files that a
//! user names. What goes wrong is a typed error; the program that uses this package says it in a language.

pub mod entry;
pub mod envelope;
mod error;
pub mod link;
pub mod manifest;
pub mod names;
pub mod quote;
pub mod tar;
pub mod text;
pub mod tree;
pub mod words;

pub use error::{Fault, FormatError};
pub use link::{Link, LinkError, RelayUrl, RelayUrlError};
pub use manifest::Manifest;
pub use names::NameError;
pub use words::WordsError;
