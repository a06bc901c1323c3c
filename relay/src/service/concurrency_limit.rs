//! Limits how many things of one key run at once, and remembers for a while when the last one ended.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How many run, by key. It holds an entry while any does, and for [`REMEMBERED`] afterwards.
#[derive(Debug)]
pub struct ConcurrencyLimit<K>(Arc<Mutex<HashMap<K, Entry>>>);

#[derive(Debug)]
struct Entry {
    running: usize,
    /// When one began or ended last.
    changed: Instant,
}

/// One of those that run, until dropped.
#[derive(Debug)]
pub struct Permit<K: Copy + Eq + Hash> {
    counts: ConcurrencyLimit<K>,
    key: K,
}

/// How long it is remembered that something ran.
pub const REMEMBERED: Duration = Duration::from_secs(300);

impl<K> Clone for ConcurrencyLimit<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Default for ConcurrencyLimit<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Copy + Eq + Hash> ConcurrencyLimit<K> {
    /// Begins one more, unless `most` run already.
    pub fn acquire(&self, key: K, most: usize) -> Option<Permit<K>> {
        let (mut counts, now) = (self.counts(), Instant::now());
        if !counts.contains_key(&key) {
            counts.retain(|_, entry| entry.running > 0 || now - entry.changed < REMEMBERED);
        }
        let entry = counts.entry(key).or_insert(Entry { running: 0, changed: now });
        if entry.running >= most {
            return None;
        }
        *entry = Entry { running: entry.running + 1, changed: now };
        Some(Permit { counts: self.clone(), key })
    }

    /// For how long nothing has run: `None` while something does, the longest time if nothing is remembered.
    pub fn idle_for(&self, key: &K) -> Option<Duration> {
        match self.counts().get(key) {
            Some(entry) => (entry.running == 0).then(|| entry.changed.elapsed()),
            None => Some(Duration::MAX),
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<K, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for Permit<K> {
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
        let limit = ConcurrencyLimit::default();
        let held = [limit.acquire('a', 2).unwrap(), limit.acquire('a', 2).unwrap(), limit.acquire('b', 1).unwrap()];
        assert!(limit.acquire('a', 2).is_none() && limit.acquire('b', 1).is_none());
        assert_eq!((limit.idle_for(&'a'), limit.idle_for(&'c')), (None, Some(Duration::MAX)));
        drop(held);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(limit.idle_for(&'a'), Some(Duration::from_secs(7)));
        assert!(limit.acquire('a', 2).is_some());
        tokio::time::advance(REMEMBERED).await;
        let _held = limit.acquire('c', 1);
        assert_eq!(limit.counts().len(), 1);
    }
}
