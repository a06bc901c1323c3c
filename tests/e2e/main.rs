//! End-to-end tests: the real `share` and `share-relay`, as processes, over real connections.
//!
//! [`world`] has what every test needs. [`proxy`] stands between a program and a relay: it counts, records, is slow and
//! makes trouble. [`http`] is a server that lies, [`raw`] makes single calls as no program of ours
//! would, [`clocked_relay`] is a relay whose clock the test sets. Each other module holds one kind of promise.

// Tests show what they measured.
#![allow(clippy::print_stderr)]

mod clocked_relay;
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
mod http;
mod interruptions;
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
mod proxy;
mod raw;
mod relay_learns_nothing;
mod round_trips;
mod sending;
mod siege;
mod sources;
mod stock_tools;
mod storage;
mod surroundings;
mod terminal;
mod upload_resume;
mod usage;
mod world;
