//! Moving ciphertext: parts up to the relay, the content down from it.
//!
//! - send: [`upload`] reads, seals and puts the payload, block by block; [`parts`] tells how a block is cut for the relay;
//! - get into files: [`ranged`] fetches one piece of [`segments`] at a time over several connections, and
//!   [`download_sink`] opens and writes it; in order: [`download`], on one connection;
//! - [`buffer_pool`] keeps memory flat. What has gone over is remembered by
//!   [`tag_file`](crate::state::tag_file), so that both go on after a crash.

pub mod buffer_pool;
pub mod download;
pub mod download_sink;
pub mod parts;
pub mod ranged;
pub mod segments;
pub mod upload;
