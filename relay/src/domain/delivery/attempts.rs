//! Wrong proofs and the locks they bring. Counted per share, never per address.

use serde::{Deserialize, Serialize};
use share_relay_api::limits::{FIRST_LOCK_SECONDS, MAX_LOCK_SECONDS, TRIES};

/// How often the words were guessed wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofAttempts {
    /// Wrong proofs in a row since the last right one, lock or unlock.
    pub(super) wrong: u32,
    /// Locks so far; each lasts twice as long as the one before. Only the sender's unlock sets it back.
    pub(super) locks: u32,
    /// Until when the newest lock lasts.
    pub(super) locked_until: Option<u64>,
}

impl ProofAttempts {
    /// Until when the share is locked, if it is.
    pub fn locked_until(&self, now: u64) -> Option<u64> {
        self.locked_until.filter(|&until| now < until)
    }

    /// Wrong proofs that may still be made before a lock.
    pub fn tries_left(&self, now: u64) -> u32 {
        if self.locked_until(now).is_some() { 0 } else { TRIES.saturating_sub(self.wrong) }
    }

    /// Counts a wrong proof; the end of the lock it brings, if it was one too many.
    pub(super) fn count_wrong(&mut self, now: u64) -> Option<u64> {
        self.wrong += 1;
        if self.wrong < TRIES {
            return None;
        }
        let seconds = FIRST_LOCK_SECONDS.saturating_mul(1 << self.locks.min(32)).min(MAX_LOCK_SECONDS);
        let until = now.saturating_add(seconds);
        *self = Self { wrong: 0, locks: self.locks.saturating_add(1), locked_until: Some(until) };
        Some(until)
    }
}
