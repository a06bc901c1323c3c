//! Many shares by one job, each sent exactly once, whatever happens in between.
//!
//! [`Run`] gives each row of a job an id and a manage key that are the same in every try, so that the relay itself tells
//! what was sent before; [`Run::send_once`] asks it and sends what is missing. [`table`] reads rows, [`log`] is a file that
//! grows by a synced line at a time: results, and words.

mod identity;
pub mod log;
mod once;
pub mod table;

pub use self::{
    identity::Run,
    once::{Sent, SourceState, relay_info},
};
