//! Moving ciphertext: parts up to the relay, the content down from it.
//!
//! send: `source -> seal -> PUT` in [`upload`]; get: `GET -> open -> plaintext` in [`download`], into a [`staging`]
//! folder. [`backoff`] decides how long a broken connection is tried again.

pub mod backoff;
mod buffers;
pub mod download;
pub mod plain;
pub mod staging;
pub mod upload;
