//! Counts how often something is going on at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What is going on, and how often. It holds an entry only while something is.
#[derive(Debug)]
pub struct Tally<K>(Arc<Mutex<HashMap<K, usize>>>);

/// One thing going on, until dropped.
#[derive(Debug)]
pub struct Counted<K: Copy + Eq + Hash> {
    counts: Tally<K>,
    key: K,
}

impl<K> Clone for Tally<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Copy + Eq + Hash> Tally<K> {
    /// Counts one more, unless there are `most` already.
    pub fn count(&self, key: K, most: usize) -> Option<Counted<K>> {
        let mut counts = self.counts();
        let count = counts.get(&key).copied().unwrap_or(0);
        if count >= most {
            return None;
        }
        counts.insert(key, count + 1);
        Some(Counted { counts: self.clone(), key })
    }

    /// Whether it is going on.
    pub fn has(&self, key: &K) -> bool {
        self.counts().contains_key(key)
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        let mut counts = self.counts.counts();
        match counts.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_bound_and_nothing_is_kept() {
        let tally = Tally::default();
        let held = [tally.count('a', 2).unwrap(), tally.count('a', 2).unwrap(), tally.count('b', 1).unwrap()];
        assert!(tally.count('a', 2).is_none() && tally.count('b', 1).is_none());
        assert!(tally.has(&'a') && !tally.has(&'c'));
        drop(held);
        assert!(tally.counts().is_empty() && tally.count('a', 2).is_some());
    }
}
