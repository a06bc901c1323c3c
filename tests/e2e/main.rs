//! End-to-end tests: the real `share` and `share-relay`, as processes, over real connections.
//!
//! Each module holds one kind of promise; [`support`] has what they share.

// Tests show what they measured.
#![allow(clippy::print_stderr)]

#[path = "../support/mod.rs"]
mod support;

mod batch_docs;
mod batch_fetch;
mod batch_monitoring;
mod batch_once;
mod batch_run;
mod batch_watch;
mod clocks;
mod corrupt;
mod crowd;
mod doctor;
mod download_resume;
mod durability;
mod failures;
mod file_systems;
mod full_disk;
mod here;
mod hostile_relay;
mod interruptions;
mod json;
mod kept;
mod keys;
mod last_steps;
mod limits;
mod live;
mod local_files;
mod long_paths;
mod manage;
mod narrow;
mod networks;
mod relay_learns_nothing;
mod round_trips;
mod sending;
mod siege;
mod slow_relay;
mod sources;
mod stock_tools;
mod storage;
mod surroundings;
mod terminal;
mod tokens;
mod upload_resume;
mod usage;
