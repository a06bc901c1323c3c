//! Moving ciphertext: parts up to the relay, the content down from it.
//!
//! send: `source -> seal -> PUT` in [`upload`], of a payload that [`parts`] cuts for the relay; get: `GET` in
//! [`download`], on several connections in [`ranged`], one piece of [`segments`] at a time, opened and written in
//! [`landing`], in a [`staging`] folder, or in order into a pipe, [`plain`]. [`tags`] remembers what has gone over, so
//! that both go on after a crash, and [`journal`] what else an upload needs for that; [`leftover`] tells when what nobody
//! went on with may go; [`lanes`] finds out how many connections help; [`backoff`] decides how long a broken one is
//! tried again.

pub mod backoff;
mod buffers;
pub mod download;
pub mod journal;
pub mod landing;
pub mod lanes;
pub mod leftover;
pub mod parts;
pub mod plain;
pub mod ranged;
pub mod segments;
pub mod staging;
pub mod tags;
pub mod upload;
