//! What of a share may be kept in memory alone while the disk takes nothing: else a full or failing disk would be an
//! invitation to guess the words, and keep what it still holds from those it is for.

use super::record::{Life, Record, Share};

impl Record {
    /// The share, if all that sets it apart from the stored one may be lost with the process: guesses at the words, and,
    /// where downloads are not counted, tickets and what was served on them. Never a receipt.
    pub fn volatile_since(&self, stored: &Self) -> Option<&Share> {
        let (Life::Live(now), Life::Live(then)) = (&self.life, &stored.life) else { return None };
        let mut same = (**now).clone();
        if now.request.downloads.is_none() {
            same.delivery.clone_from(&then.delivery);
        } else {
            same.delivery.attempts.clone_from(&then.delivery.attempts);
        }
        (same == **then && self.history.receipts() == stored.history.receipts()).then_some(now)
    }

    /// Puts a share that could not be stored in the place of this record's.
    pub fn recall(&mut self, volatile: &Share) {
        if let Life::Live(share) = &mut self.life {
            **share = volatile.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use share_relay_api::{Receipt, Saved};

    use super::*;
    use crate::domain::{
        digest,
        tests::{bytes, ready},
    };

    fn take(record: &mut Record, ticket: u8) {
        let proof = digest::of_secret(&bytes(2));
        record.take_ticket(Some(&proof), &bytes(ticket), |_| Some(Duration::MAX), 0).unwrap();
    }

    #[test]
    fn guesses_pass_and_tickets_do_where_downloads_are_not_counted() {
        for downloads in [None, Some(2)] {
            let stored = ready(downloads);
            let mut record = stored.clone();
            assert!(record.prove(Some(&bytes(9)), 0).is_err());
            assert!(record.volatile_since(&stored).is_some());
            take(&mut record, 5);
            record.charge(&bytes(5), 100, 0).unwrap();
            assert_eq!(record.volatile_since(&stored).is_some(), downloads.is_none());
            record.end(crate::domain::refusal::Ending::Revoked, 0);
            assert!(record.volatile_since(&stored).is_none());
        }
    }

    #[test]
    fn no_receipt_passes_whatever_it_changes() {
        for downloads in [None, Some(1)] {
            let mut stored = ready(downloads);
            take(&mut stored, 5);
            stored.charge(&bytes(5), u64::MAX, 0).unwrap();
            // With a limit, it takes the place of the first, whose receipt is noted and changes nothing else.
            take(&mut stored, 6);
            for saved in [Saved::Disk, Saved::Browser] {
                let mut record = stored.clone();
                let receipt = Receipt { fingerprint: bytes(7), time: 0, saved, mac: bytes(8) };
                record.receive(Some(&bytes(5)), &receipt, 3600, 0).unwrap();
                assert!(record.volatile_since(&stored).is_none(), "{downloads:?} {saved:?}");
            }
        }
    }
}
