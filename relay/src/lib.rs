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
mod config;
mod domain;
mod http;
mod keyed_locks;
mod limits;
mod line;
mod operator;
mod program;
mod server;
mod service;
pub mod storage;

pub use admission::Senders;
pub use config::Config;
pub use program::run;
pub use server::{serve, serve_with_operator};
