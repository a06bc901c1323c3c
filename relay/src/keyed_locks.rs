//! A lock for each key: calls on one share wait for each other, and for no other share.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// A lock of some kind for each key that anybody is using.
#[derive(Debug)]
pub struct KeyedLocks<K, L> {
    new: fn() -> L,
    locks: Mutex<Locks<K, L>>,
}

#[derive(Debug)]
struct Locks<K, L> {
    by_key: HashMap<K, Weak<L>>,
    /// The number of entries at which unused ones are dropped.
    sweep_at: usize,
}

const FEW: usize = 64;

impl<K: Eq + Hash, L: Default> Default for KeyedLocks<K, L> {
    fn default() -> Self {
        Self::new(L::default)
    }
}

impl<K: Eq + Hash, L> KeyedLocks<K, L> {
    /// Locks that are made by `new`.
    pub fn new(new: fn() -> L) -> Self {
        Self { new, locks: Mutex::new(Locks { by_key: HashMap::new(), sweep_at: FEW }) }
    }

    /// The lock of this key: the same one for all callers as long as one of them holds it.
    pub fn of(&self, key: K) -> Arc<L> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.by_key.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.by_key.len() >= locks.sweep_at {
            locks.by_key.retain(|_, lock| lock.strong_count() > 0);
            locks.sweep_at = FEW.max(2 * locks.by_key.len());
        }
        let lock = Arc::new((self.new)());
        locks.by_key.insert(key, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_lock_and_nothing_is_kept_of_those_that_nobody_has() {
        let locks = KeyedLocks::<u32, Mutex<()>>::default();
        let (one, other) = (locks.of(0), locks.of(1));
        assert!(Arc::ptr_eq(&one, &locks.of(0)) && !Arc::ptr_eq(&one, &other));
        (2..10_000).for_each(|n| drop(locks.of(n)));
        assert!(locks.locks.lock().unwrap().by_key.len() <= FEW);
        assert!(Arc::ptr_eq(&one, &locks.of(0)));
    }
}
