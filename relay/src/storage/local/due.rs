//! When each share is due. The index is in memory alone, because it follows from the records: it can neither be lost nor
//! disagree with a folder that was put back from a backup. What it costs is that the first sweep after a start reads every
//! record once.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::storage::contract::Key;

/// Keys by the time from which on they are due.
#[derive(Debug, Default)]
pub struct DueIndex(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<Key, u64>,
    by_time: BTreeSet<(u64, Key)>,
}

impl DueIndex {
    /// The key is due at this time, or never.
    pub fn set(&self, key: Key, due: Option<u64>) {
        let mut entries = self.entries();
        if let Some(before) = entries.by_key.remove(&key) {
            entries.by_time.remove(&(before, key));
        }
        if let Some(due) = due {
            entries.by_key.insert(key, due);
            entries.by_time.insert((due, key));
        }
    }

    /// A value of this key may be stored that is due at this time, or the one before stays.
    pub fn lower(&self, key: Key, due: Option<u64>) {
        let before = self.entries().by_key.get(&key).copied();
        let Some(due) = due else { return };
        if before.is_none_or(|before| due < before) {
            self.set(key, Some(due));
        }
    }

    /// The keys that are due at this time or earlier, the earliest first.
    pub fn until(&self, now: u64) -> Vec<Key> {
        self.entries().by_time.iter().take_while(|(due, _)| *due <= now).map(|(_, key)| *key).collect()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use share_relay_api::ShareId;

    use super::*;

    #[test]
    fn a_key_is_due_at_its_newest_time_or_an_earlier_one_that_may_be_stored() {
        let (index, key) = (DueIndex::default(), |n: u8| Key::Share(ShareId::from_random([n; 12])));
        for (number, due) in [(1, 30), (2, 10), (3, 20)] {
            index.set(key(number), Some(due));
        }
        assert_eq!(index.until(20), [key(2), key(3)]);
        index.lower(key(1), Some(5));
        index.lower(key(2), Some(15));
        index.lower(key(3), None);
        assert_eq!(index.until(20), [key(1), key(2), key(3)]);
        index.set(key(1), Some(30));
        index.set(key(2), None);
        assert_eq!((index.until(20), index.until(u64::MAX)), (vec![key(3)], vec![key(3), key(1)]));
    }
}
