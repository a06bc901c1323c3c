//! End-to-end tests: the real `share` and `share-relay`, as processes, over real connections.
//!
//! [`world`] has what every test needs; each other module holds one kind of promise.

// Tests tell what they measured, and what this machine does not let them show.
#![allow(clippy::print_stderr)]

mod clocked_relay;
mod corrupt;
mod failures;
mod gate;
mod here;
mod limits;
mod local_files;
mod manage;
mod raw;
mod round_trips;
mod terminal;
mod usage;
mod world;
