//! A ticket that has not ended.

use serde::{Deserialize, Serialize};
use share_relay_api::{Bytes32, limits};

use crate::limits::FRESH_TICKET_SECONDS;

/// A ticket that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveTicket {
    /// SHA-256 of the ticket.
    pub hash: Bytes32,
    /// When it ends.
    pub expires_at: u64,
    /// Bytes of content served on it. A range is charged before it is served and what was not sent is refunded
    /// after, so a crash in between can only count too much. A ticket that replaces one on which everything was served
    /// goes on from that.
    pub served: u64,
    /// Whether a receipt came for its place in the download limit, on this ticket or on one that it replaced: then the
    /// place is used up, whatever becomes of this ticket.
    pub received: bool,
    /// Whether it was given to a browser, and can be downloaded again until it ends.
    pub again: bool,
}

impl ActiveTicket {
    /// Whether its holder has only just taken it.
    pub(super) fn is_fresh(&self, now: u64) -> bool {
        self.served == 0 && now.saturating_add(limits::TICKET_SECONDS - FRESH_TICKET_SECONDS) < self.expires_at
    }
}
