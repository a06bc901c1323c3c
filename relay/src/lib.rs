//! The relay: passes on ciphertext it cannot read.
//!
//! ```text
//! http -> service (the calls) -> domain (the rules) -> storage
//! ```
//! The library never sees a command line or a signal: [`serve`] gets a listener and is told when to stop. The wire
//! contract is the package `share-relay-api` and `docs/protocol.md`.

pub mod admission;
mod args;
pub mod clock;
pub mod config;
mod digest;
pub mod domain;
mod http;
mod keyed_locks;
pub mod limits;
mod line;
mod memory;
mod metrics;
pub mod operator;
mod program;
mod server;
mod service;
pub mod storage;

pub use config::{Config, Senders};
pub use domain::{Ending, Refusal};
pub use program::run;
pub use server::{serve, serve_with_operator};
