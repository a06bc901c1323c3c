//! Files to content and back.
//!
//! Sending: [`walk`](walk::walk) finds what there is; [`ContentReader`] is its content as a byte string that is read at
//! any place and never held in memory, and makes its [`Manifest`](share_format::Manifest).
//! Receiving: [`ContentWriter`] holds the content to its manifest and writes it into a working folder in any order;
//! [`unpack`](unpack::unpack) does so in order where the manifest lists no entries; [`place`](place::place) moves what is
//! verified to its final names.
//!
//! What may be a name, the tar and the manifest are in `share-format`. Nothing here knows a network. Content and manifest
//! come from a stranger: the rules and the exact bytes are in docs/format.md.

pub mod content_reader;
pub mod content_writer;
pub mod error;
pub mod holes;
pub mod place;
pub mod renaming;
mod sync;
pub mod unpack;
pub mod walk;

pub use content_reader::ContentReader;
pub use content_writer::ContentWriter;
pub use error::{FilesError, shown};
pub use place::{Placed, find_in_the_way, place, place_one, plan};
pub use unpack::unpack;
pub use walk::walk;
