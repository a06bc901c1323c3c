//! Receipts: only who could open the file key can make one, and the sender can tell.

use std::fmt;

use ring::hmac;
use share_relay_api::Bytes32;
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

    /// HMAC-SHA-256 over ticket hash ‖ fingerprint ‖ time, the last as 8 bytes big-endian.
    pub fn mac(&self, ticket_hash: &Bytes32, fingerprint: &Bytes32, time: u64) -> Bytes32 {
        let tag = hmac::sign(&self.key(), &message(ticket_hash, fingerprint, time));
        Bytes32(tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes"))
    }

    /// Whether `mac` is the one for these; in constant time.
    pub fn verify(&self, ticket_hash: &Bytes32, fingerprint: &Bytes32, time: u64, mac: &Bytes32) -> bool {
        hmac::verify(&self.key(), &message(ticket_hash, fingerprint, time), &mac.0).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &*self.0)
    }
}

fn message(ticket_hash: &Bytes32, fingerprint: &Bytes32, time: u64) -> [u8; 72] {
    let mut message = [0; 72];
    message[..32].copy_from_slice(&ticket_hash.0);
    message[32..64].copy_from_slice(&fingerprint.0);
    message[64..].copy_from_slice(&time.to_be_bytes());
    message
}

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptKey(..)")
    }
}
