//! Who is writing: a part has one writer at a time, and may be kept from having any.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;

/// What is being done to a share's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    /// This part is written.
    Part(u64),
    /// No part may be written.
    Pause,
}

/// All that is being written by this process.
#[derive(Debug, Clone, Default)]
pub struct Writers(Arc<Mutex<HashSet<(ShareId, Work)>>>);

/// The right to write, until dropped.
#[derive(Debug)]
pub struct Claim {
    writers: Writers,
    what: (ShareId, Work),
}

impl Writers {
    /// Claims a part, unless somebody else writes it or the writers are paused.
    pub fn part(&self, id: ShareId, number: u64) -> Option<Claim> {
        self.claim((id, Work::Part(number)), |other| other == (id, Work::Part(number)) || other == (id, Work::Pause))
    }

    /// Keeps others from writing, unless somebody does.
    pub fn pause(&self, id: ShareId) -> Option<Claim> {
        self.claim((id, Work::Pause), |other| other.0 == id)
    }

    fn claim(&self, what: (ShareId, Work), in_the_way: impl Fn((ShareId, Work)) -> bool) -> Option<Claim> {
        let mut all = self.all();
        if all.iter().copied().any(in_the_way) {
            return None;
        }
        all.insert(what);
        Some(Claim { writers: self.clone(), what })
    }

    fn all(&self) -> MutexGuard<'_, HashSet<(ShareId, Work)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.writers.all().remove(&self.what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_one_writer_and_pausing_waits_for_all() {
        let (writers, one, two) = (Writers::default(), ShareId::from_random([1; 12]), ShareId::from_random([2; 12]));
        let part = writers.part(one, 5).unwrap();
        assert!(writers.part(one, 5).is_none() && writers.pause(one).is_none());
        assert!(writers.part(one, 6).is_some() && writers.part(two, 5).is_some() && writers.pause(two).is_some());
        drop(part);
        let paused = writers.pause(one).unwrap();
        assert!(writers.part(one, 5).is_none() && writers.pause(one).is_none());
        drop(paused);
        assert!(writers.part(one, 5).is_some());
    }
}
