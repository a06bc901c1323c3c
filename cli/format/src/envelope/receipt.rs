//! Receipts: only who could open the file key can make one, and the sender can tell.

use std::fmt;

use aws_lc_rs::hmac;
use share_relay_api::{Bytes32, Receipt, Saved};
use zeroize::Zeroizing;

use super::FileKey;

/// The key that authenticates receipts. The sender's ledger keeps it, and not the file key.
#[derive(Clone)]
pub struct ReceiptKey(Zeroizing<[u8; 32]>);

impl ReceiptKey {
    /// HKDF-SHA-256(ikm = file key, no salt, info = "share/v1/receipt").
    pub fn derive(file_key: &FileKey) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        file_key.derive(&[], b"share/v1/receipt", &mut key);
        Self(key)
    }

    /// The key a ledger kept.
    pub fn from_bytes(bytes: Bytes32) -> Self {
        Self(Zeroizing::new(bytes.0))
    }

    /// The secret itself, for a ledger that only its owner can read.
    pub fn to_bytes(&self) -> Bytes32 {
        Bytes32(*self.0)
    }

    /// A receipt for the download with this ticket.
    pub fn sign(&self, ticket_hash: &Bytes32, fingerprint: Bytes32, time: u64, saved: Saved) -> Receipt {
        let mut receipt = Receipt { fingerprint, time, saved, mac: Bytes32([0; 32]) };
        let tag = hmac::sign(&self.key(), &message(ticket_hash, &receipt));
        receipt.mac.0.copy_from_slice(tag.as_ref());
        receipt
    }

    /// Whether this is the receipt of somebody who could open the share, for the download with this ticket; in constant
    /// time.
    pub fn verify(&self, ticket_hash: &Bytes32, receipt: &Receipt) -> bool {
        hmac::verify(&self.key(), &message(ticket_hash, receipt), &receipt.mac.0).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &*self.0)
    }
}

/// What the MAC covers: ticket hash ‖ fingerprint ‖ time as 8 bytes big-endian ‖ a byte that says how it was saved.
fn message(ticket_hash: &Bytes32, receipt: &Receipt) -> [u8; 73] {
    let mut message = [0; 73];
    message[..32].copy_from_slice(&ticket_hash.0);
    message[32..64].copy_from_slice(&receipt.fingerprint.0);
    message[64..72].copy_from_slice(&receipt.time.to_be_bytes());
    message[72] = match receipt.saved {
        Saved::Disk => 1,
        Saved::Browser => 2,
        Saved::Confirmed => 3,
    };
    message
}

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptKey(..)")
    }
}
