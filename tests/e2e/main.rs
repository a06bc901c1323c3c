//! End-to-end tests: the real `share` and `share-relay`, as processes, over real connections.
//!
//! [`world`] has what every test needs; each other module holds one kind of promise.

mod round_trips;
mod world;
