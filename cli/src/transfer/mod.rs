//! Moving ciphertext: parts up to the relay, the content down from it.
//!
//! send: `source -> seal -> PUT` in [`upload`]; get: `GET` in [`download`], on several connections in [`ranged`], one
//! piece of [`segments`] at a time, to be opened and written in [`landing`], in a [`staging`] folder. [`tags`] remembers what has gone over, so that both go on after a crash; [`lanes`] finds out how many
//! connections help; [`backoff`] decides how long a broken one is tried again.

pub mod backoff;
mod buffers;
pub mod download;
pub mod landing;
pub mod lanes;
pub mod plain;
pub mod ranged;
pub mod segments;
pub mod staging;
pub mod tags;
pub mod upload;
