//! Counts how often something is going on at once, and remembers for a while that it has.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// What is going on, and how often. It holds an entry while something is, and for [`REMEMBERED`] afterwards.
#[derive(Debug)]
pub struct Tally<K>(Arc<Mutex<HashMap<K, Entry>>>);

#[derive(Debug)]
struct Entry {
    running: usize,
    /// When one began or ended last.
    changed: Instant,
}

/// One thing going on, until dropped.
#[derive(Debug)]
pub struct Counted<K: Copy + Eq + Hash> {
    counts: Tally<K>,
    key: K,
}

/// How long it is remembered that something was going on.
pub const REMEMBERED: Duration = Duration::from_secs(300);

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
        let (mut counts, now) = (self.counts(), Instant::now());
        if !counts.contains_key(&key) {
            counts.retain(|_, entry| entry.running > 0 || now - entry.changed < REMEMBERED);
        }
        let entry = counts.entry(key).or_insert(Entry { running: 0, changed: now });
        if entry.running >= most {
            return None;
        }
        *entry = Entry { running: entry.running + 1, changed: now };
        Some(Counted { counts: self.clone(), key })
    }

    /// For how long nothing has been going on: `None` while something is, the longest time if nothing is remembered.
    pub fn quiet_for(&self, key: &K) -> Option<Duration> {
        match self.counts().get(key) {
            Some(entry) => (entry.running == 0).then(|| entry.changed.elapsed()),
            None => Some(Duration::MAX),
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<K, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        if let Some(entry) = self.counts.counts().get_mut(&self.key) {
            *entry = Entry { running: entry.running.saturating_sub(1), changed: Instant::now() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_key_has_its_own_bound_and_is_forgotten_after_a_while() {
        let tally = Tally::default();
        let held = [tally.count('a', 2).unwrap(), tally.count('a', 2).unwrap(), tally.count('b', 1).unwrap()];
        assert!(tally.count('a', 2).is_none() && tally.count('b', 1).is_none());
        assert_eq!((tally.quiet_for(&'a'), tally.quiet_for(&'c')), (None, Some(Duration::MAX)));
        drop(held);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(tally.quiet_for(&'a'), Some(Duration::from_secs(7)));
        assert!(tally.count('a', 2).is_some());
        tokio::time::advance(REMEMBERED).await;
        let _held = tally.count('c', 1);
        assert_eq!(tally.counts().len(), 1);
    }
}
