//! Proofs that a caller knows the words.

use share_relay_api::{Bytes32, Code, EventKind};

use super::{
    super::{record::Record, refusal::Refusal},
    attempts::ProofAttempts,
};
use crate::domain::digest;

impl Record {
    /// Checks a proof by its hash. While the share is locked even a right one is refused. A share to public keys
    /// has no proof, and whoever shows one means another share.
    pub fn prove(&mut self, proof_hash: Option<&Bytes32>, now: u64) -> Result<(), Refusal> {
        let (share, history) = self.not_ended_mut(now)?;
        let (known, given) = match (&share.request.proof_hash, proof_hash) {
            (Some(known), Some(given)) => (known, given),
            (None, None) => return Ok(()),
            (Some(_), None) | (None, Some(_)) => return Err(Code::BadRequest.into()),
        };
        if let Some(until) = share.delivery.attempts.locked_until(now) {
            return Err(Refusal::Locked { until });
        }
        if digest::equal(known, given) {
            share.delivery.attempts.wrong = 0;
            return Ok(());
        }
        history.push(now, EventKind::WrongProof);
        let locked_until = share.delivery.attempts.count_wrong(now);
        if let Some(until) = locked_until {
            history.push(now, EventKind::Locked { until });
        }
        Err(Refusal::WrongProof { tries_left: share.delivery.attempts.tries_left(now), locked_until })
    }

    /// Ends a lock and forgets all wrong proofs.
    pub fn unlock(&mut self, now: u64) -> Result<(), Refusal> {
        let (share, history) = self.live_mut(now)?;
        if share.delivery.attempts != ProofAttempts::default() {
            share.delivery.attempts = ProofAttempts::default();
            history.push(now, EventKind::Unlocked);
        }
        Ok(())
    }
}
