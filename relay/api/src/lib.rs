//! The wire contract between `share` and its relay: ids, paths, JSON types, limits and error codes.
//!
//! Both sides depend on this crate and on nothing else of each other. It does no I/O and depends on serde alone,
//! so another client can read it as the machine-checked half of `docs/protocol.md`.

mod bytes32;
mod id;
mod json;
pub mod limits;
pub mod page;
pub mod paths;
mod problem;
mod types;

pub use bytes32::{Bytes32, Bytes32Error};
pub use id::{IdError, ShareId};
pub use json::Json;
pub use problem::{Code, Problem};
pub use types::{
    CreateShare, Created, Event, EventKind, Events, Kind, OpenShare, PartsHeld, Receipt, RelayInfo, RelayLimits,
    Repeatable, Saved, SealShare, ShareStatus, State, TakeTicket, Ticket,
};

/// The protocol's version, as in the path prefix `/v1` and in [`RelayInfo::version`].
pub const VERSION: u32 = 1;
