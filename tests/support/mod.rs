//! What the end-to-end tests share: an environment for one test with its programs ([`test_env`], [`program`]), a proxy that
//! makes faults ([`fault_proxy`]), single calls by hand ([`http`]), a relay whose clock can be set ([`clocked_relay`]), a
//! terminal ([`terminal`]), transfers that stop on the way ([`uploads`], [`downloads`], [`interruption`]), and what programs
//! are promised to be told ([`schemas`]).

pub mod batch;
pub mod clocked_relay;
pub mod downloads;
pub mod failures;
pub mod fault_proxy;
pub mod http;
pub mod interruption;
pub mod keys;
pub mod machine;
pub mod network;
pub mod program;
pub mod random;
pub mod schemas;
pub mod terminal;
pub mod test_env;
pub mod uploads;
pub mod web_server;

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const MIB: usize = 1 << 20;
/// Plaintext bytes that are sealed at once.
pub const CHUNK: usize = 64 * 1024;
/// Plaintext bytes of a part, unless the relay wants smaller ones.
pub const PART: usize = 128 * CHUNK;

/// Runs a case with each of these, each on a thread of its own: for cases that mostly wait.
pub fn at_once<T: Send>(items: impl IntoIterator<Item = T>, case: impl Fn(T) + Sync) {
    let case = &case;
    thread::scope(|scope| items.into_iter().for_each(|item| drop(scope.spawn(move || case(item)))));
}

/// Waits until something is so, and fails the test if that takes too long.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    until_some(what, || is_so().then_some(()));
}

/// Waits until something is there.
#[track_caller]
pub fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
