//! A lock for each share: calls on one share wait for each other, and for no other share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use share_relay_api::ShareId;

/// A lock of some kind for each share that anybody is about.
#[derive(Debug)]
pub struct ShareLocks<L> {
    new: fn() -> L,
    locks: Mutex<Locks<L>>,
}

#[derive(Debug)]
struct Locks<L> {
    by_share: HashMap<ShareId, Weak<L>>,
    /// So many entries are let grow before those that nobody uses any more are dropped.
    sweep_at: usize,
}

const FEW: usize = 64;

impl<L: Default> Default for ShareLocks<L> {
    fn default() -> Self {
        Self::new(L::default)
    }
}

impl<L> ShareLocks<L> {
    /// Locks that are made by `new`.
    pub fn new(new: fn() -> L) -> Self {
        Self { new, locks: Mutex::new(Locks { by_share: HashMap::new(), sweep_at: FEW }) }
    }

    /// The lock of this share: the same one for everybody as long as somebody has it.
    pub fn of(&self, id: ShareId) -> Arc<L> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.by_share.get(&id).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.by_share.len() >= locks.sweep_at {
            locks.by_share.retain(|_, lock| lock.strong_count() > 0);
            locks.sweep_at = FEW.max(2 * locks.by_share.len());
        }
        let lock = Arc::new((self.new)());
        locks.by_share.insert(id, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_one_lock_and_nothing_is_kept_of_those_that_nobody_has() {
        let locks = ShareLocks::<Mutex<()>>::default();
        let id = |n: u32| ShareId::from_random([n.to_be_bytes(), [0; 4], [0; 4]].concat().try_into().unwrap());
        let (one, other) = (locks.of(id(0)), locks.of(id(1)));
        assert!(Arc::ptr_eq(&one, &locks.of(id(0))) && !Arc::ptr_eq(&one, &other));
        (2..10_000).for_each(|n| drop(locks.of(id(n))));
        assert!(locks.locks.lock().unwrap().by_share.len() <= FEW);
        assert!(Arc::ptr_eq(&one, &locks.of(id(0))));
    }
}
