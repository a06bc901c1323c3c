//! SHA-256, by which secrets and files are known, and the comparison of such hashes.

use sha2::{Digest, Sha256};
use share_relay_api::Bytes32;
use subtle::ConstantTimeEq;

/// SHA-256 of any bytes.
pub fn of(bytes: &[u8]) -> Bytes32 {
    Bytes32(Sha256::digest(bytes).into())
}

/// SHA-256 of a secret's 32 bytes (not of its hexadecimal digits).
pub fn of_secret(secret: &Bytes32) -> Bytes32 {
    of(&secret.0)
}

/// Whether two hashes are the same, in a time that does not tell where they differ.
pub fn equal(a: &Bytes32, b: &Bytes32) -> bool {
    a.0.ct_eq(&b.0).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_over_the_bytes() {
        // SHA-256 of 32 zero bytes.
        let known = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(of_secret(&Bytes32([0; 32])).to_string(), known);
    }
}
