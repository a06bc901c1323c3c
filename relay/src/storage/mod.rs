//! Keeps records and bytes: the two contracts of a store, the store on a local disk, and the suite that every store is
//! held to. Nothing here decides what becomes of a share; that is for the rules.

mod blocks;
#[cfg(test)]
pub mod conformance;
mod contract;
pub(crate) mod disk;
pub mod folder;
mod local;

pub use contract::{Key, Objects, PartWriter, Records, Source, Storage, StoreError, Value, WriteId};
pub use local::{LocalStore, OpenError, RemoveError, confirm_time, remove_share};

/// What the tests of other folders need of the local store's.
#[cfg(all(test, unix))]
pub mod test_support {
    pub use super::local::tests::{
        fast_dir,
        power_cut::{Kept, PowerCut, kept, seed},
        promises::{Told, assert_no_orphan},
        recorder::{Made, Recorder},
    };
}
