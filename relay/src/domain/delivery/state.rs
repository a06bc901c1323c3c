//! What recipients have done with a share so far.

use serde::{Deserialize, Serialize};
use share_relay_api::Bytes32;

use super::{attempts::ProofAttempts, ticket::ActiveTicket, ticket_set::TicketSet};
use crate::domain::digest;

/// Proofs, tickets and receipts, as counted so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Wrong proofs and locks.
    pub attempts: ProofAttempts,
    /// Tickets that have not ended.
    pub running: Vec<ActiveTicket>,
    /// Downloads whose receipt came.
    pub received: u32,
    /// Downloads that took everything and sent no receipt.
    pub unconfirmed: u32,
    /// The newest of their tickets, whose receipt may still come.
    pub late: TicketSet,
    /// The newest tickets that were replaced after all was served on them, whose receipt may still come.
    pub replaced: TicketSet,
}

impl Delivery {
    /// The ticket of this hash, if it runs.
    pub fn running(&self, ticket: &Bytes32, now: u64) -> Option<&ActiveTicket> {
        self.running.iter().find(|running| digest::equal(&running.hash, ticket) && now < running.expires_at)
    }

    /// Until when a download that was given to a browser can be made again, if there is one.
    pub fn again_until(&self, now: u64) -> Option<u64> {
        self.running.iter().filter(|running| running.again && now < running.expires_at).map(|it| it.expires_at).max()
    }

    /// Takes a ticket out of those that run, or that ended after all was served on them.
    pub(super) fn remove_ticket(&mut self, ticket: &Bytes32) {
        self.running.retain(|running| running.hash != *ticket);
        if self.late.remove(ticket) {
            self.unconfirmed = self.unconfirmed.saturating_sub(1);
        }
    }

    /// Tickets that are remembered of it, those that have ended among them.
    pub fn tickets(&self) -> usize {
        self.running.len() + self.late.len() + self.replaced.len()
    }
}
