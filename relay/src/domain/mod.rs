//! The rules of a share: its states, who may do what, and when it ends. Pure functions over a [`Record`] and the
//! time; nothing here knows of HTTP or disks.

mod delivery;
pub mod digest;
mod events;
mod layout;
mod object;
mod record;
mod refusal;
#[cfg(test)]
pub(crate) mod tests;
mod upload;
mod volatile;

pub use events::EventLog;
pub use layout::{Layout, PartPlace, Parts};
pub use object::{Blob, BlobKind};
pub use record::{Life, Record, Share};
pub use refusal::Refusal;
