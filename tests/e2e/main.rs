//! End-to-end tests: the real `share` and `share-relay`, as processes, over real connections.
//!
//! [`world`] has what every test needs. [`gate`] and [`tap`] stand between a program and a relay: one holds and cuts,
//! the other records and counts. [`http`] is a server that lies, [`raw`] makes single calls as no program of ours
//! would, [`clocked_relay`] is a relay whose clock the test sets. Each other module holds one kind of promise.

// Tests show what they measured.
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
mod narrow;
mod raw;
mod relay_learns_nothing;
mod round_trips;
mod sending;
mod stock_tools;
mod tap;
mod terminal;
mod upload_resume;
mod usage;
mod world;
