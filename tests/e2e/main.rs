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
mod hostile_relay;
mod http;
mod interruptions;
mod keys;
mod limits;
mod local_files;
mod manage;
mod raw;
mod relay_learns_nothing;
mod round_trips;
mod sending;
mod stock_tools;
mod tap;
mod terminal;
mod usage;
mod world;
