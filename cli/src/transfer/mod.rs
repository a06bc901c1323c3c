//! Moving ciphertext: parts up to the relay, the content down from it.
//!
//! send: `source -> seal -> PUT` in [`upload`]; get: `GET -> open -> plaintext` in [`download`], into a [`staging`]
//! folder. [`tags`] remembers what has gone over, so that both go on after a crash; [`journal`] what else an upload needs
//! for that. [`parts`] says how a payload is cut for the relay; [`lanes`] finds out how many connections help;
//! [`backoff`] decides how long a broken one is tried again.

pub mod backoff;
mod buffers;
pub mod download;
pub mod journal;
pub mod lanes;
pub mod parts;
pub mod plain;
pub mod staging;
pub mod tags;
pub mod upload;
