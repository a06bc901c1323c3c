//! Which parts are being written. A part has one writer at a time: two that write at the same place would leave a mixture.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;

use crate::domain::PartPlace;

/// All parts that are being written by this process, each by its share, generation and number.
#[derive(Debug, Clone, Default)]
pub struct Writers(Arc<Mutex<HashSet<(ShareId, u32, u64)>>>);

/// The right to write a part, until dropped.
#[derive(Debug)]
pub struct Claim {
    writers: Writers,
    part: (ShareId, u32, u64),
}

impl Writers {
    /// Claims a part, unless it has a writer already.
    pub fn claim(&self, id: ShareId, place: PartPlace) -> Option<Claim> {
        let part = (id, place.generation, place.number);
        self.all().insert(part).then(|| Claim { writers: self.clone(), part })
    }

    fn all(&self) -> MutexGuard<'_, HashSet<(ShareId, u32, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.writers.all().remove(&self.part);
    }
}
