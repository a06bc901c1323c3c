//! Files to content and back.
//!
//! Sending: [`walk`](walk::walk) finds what there is, [`Packed`] is its content as a byte string
//! that is read at any place and never held in memory, and its [`Manifest`](share_format::Manifest) says what is inside.
//! Receiving: [`Manifest::parse`](share_format::Manifest::parse) checks the promise, [`Scatter`] holds the content to it and writes it into a staging
//! directory in any order, [`unpack`](unpack::unpack) does so in order where the manifest lists no entries, and
//! [`place`](place::place) moves it to its final names.
//! What may be a name, the tar and the manifest are in `share-format`. Content and manifest come from a stranger: the rules
//! and the exact bytes are in docs/format.md.

pub mod error;
pub mod holes;
pub mod pack;
pub mod place;
pub mod renaming;
pub mod scatter;
mod sync;
pub mod unpack;
pub mod walk;

pub use error::{ContentError, shown};
pub use pack::Packed;
pub use place::{Placed, find_in_the_way, place, place_one, plan};
pub use scatter::Scatter;
pub use unpack::unpack;
pub use walk::walk;
