//! What of a share may be kept in memory alone while the disk takes nothing: else a full or failing disk would be an
//! invitation to guess the words, and keep what it still holds from those it is for.

use share_relay_api::EventKind;

use super::{Life, Record, Share};

impl Record {
    /// The share, if all that sets it apart from the stored one may be lost with the process: guesses at the words, and,
    /// where downloads are not counted, tickets and what was served on them. Never a receipt.
    pub fn passing_since(&self, stored: &Self) -> Option<&Share> {
        let (Life::Live(now), Life::Live(then)) = (&self.life, &stored.life) else { return None };
        let mut same = Share { guesses: then.guesses.clone(), ..(**now).clone() };
        if now.request.downloads.is_none() {
            same.running.clone_from(&then.running);
            same.late.clone_from(&then.late);
            same.replaced.clone_from(&then.replaced);
            (same.received, same.unconfirmed) = (then.received, then.unconfirmed);
        }
        (same == **then && self.receipts() == stored.receipts()).then_some(now)
    }

    /// Puts a share that could not be stored in the place of this record's.
    pub fn recall(&mut self, passing: &Share) {
        if let Life::Live(share) = &mut self.life {
            **share = passing.clone();
        }
    }

    fn receipts(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.kind, EventKind::Receipt { .. })).count()
    }
}

impl Share {
    /// Tickets that are remembered of it, those that have ended among them.
    pub fn tickets(&self) -> usize {
        self.running.len() + self.late.len() + self.replaced.len()
    }
}
