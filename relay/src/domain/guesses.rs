//! Wrong proofs and the locks they bring. Counted per share, never per address.

use serde::{Deserialize, Serialize};
use share_relay_api::{
    Bytes32, Code, EventKind,
    limits::{FIRST_LOCK_SECONDS, MAX_LOCK_SECONDS, TRIES},
};

use super::{Record, Refusal, events};
use crate::admission::tokens;

/// How often the words were guessed wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses {
    /// Wrong proofs in a row since the last right one, lock or unlock.
    wrong: u32,
    /// Locks so far; each lasts twice as long as the one before. Only the sender's unlock sets it back.
    locks: u32,
    /// Until when the newest lock lasts.
    locked_until: Option<u64>,
}

impl Guesses {
    /// Until when the share is locked, if it is.
    pub fn locked_until(&self, now: u64) -> Option<u64> {
        self.locked_until.filter(|&until| now < until)
    }

    /// Wrong proofs that may still be made before a lock.
    pub fn tries_left(&self, now: u64) -> u32 {
        if self.locked_until(now).is_some() { 0 } else { TRIES.saturating_sub(self.wrong) }
    }

    /// Counts a wrong proof; the end of the lock it brings, if it was one too many.
    fn count_wrong(&mut self, now: u64) -> Option<u64> {
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

impl Record {
    /// Checks a proof by its hash. While the share is locked even a right one is refused. A share to public keys
    /// has no proof, and whoever shows one means another share.
    pub fn prove(&mut self, proof_hash: Option<&Bytes32>, now: u64) -> Result<(), Refusal> {
        let (share, log) = self.kept_mut(now)?;
        let (known, given) = match (&share.request.proof_hash, proof_hash) {
            (Some(known), Some(given)) => (known, given),
            (None, None) => return Ok(()),
            (Some(_), None) | (None, Some(_)) => return Err(Code::BadRequest.into()),
        };
        if let Some(until) = share.guesses.locked_until(now) {
            return Err(Refusal::Locked { until });
        }
        if tokens::same(known, given) {
            share.guesses.wrong = 0;
            return Ok(());
        }
        events::push(log, now, EventKind::WrongProof);
        let locked_until = share.guesses.count_wrong(now);
        if let Some(until) = locked_until {
            events::push(log, now, EventKind::Locked { until });
        }
        Err(Refusal::WrongProof { tries_left: share.guesses.tries_left(now), locked_until })
    }

    /// Ends a lock and forgets all wrong proofs.
    pub fn unlock(&mut self, now: u64) -> Result<(), Refusal> {
        let (share, log) = self.live_mut(now)?;
        if share.guesses != Guesses::default() {
            share.guesses = Guesses::default();
            events::push(log, now, EventKind::Unlocked);
        }
        Ok(())
    }
}
