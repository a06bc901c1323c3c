//! End-to-end tests: the real `share` and `share-relay`, as processes, over real connections.
//!
//! [`world`] has what every test needs; each other module holds one kind of promise.

// Tests print what they measure.
#![allow(clippy::print_stderr)]

mod hostile_relay;
mod http;
mod interruptions;
mod keys;
mod relay_learns_nothing;
mod round_trips;
mod stock_tools;
mod tap;
mod world;
