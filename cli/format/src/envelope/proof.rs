//! The proof: what somebody who knows the words shows the relay, which keeps only its hash.

use scrypt::Params;
use share_relay_api::{Bytes32, ShareId};

/// scrypt(words joined by `-`, salt = "share/v1/proof/" + id, N = 2^15, r = 8, p = 1), 32 bytes.
///
/// Takes some 65 ms and 32 MiB: run it where nothing waits.
pub fn proof(passphrase: &str, id: &ShareId) -> Bytes32 {
    let params = Params::new(15, 8, 1, 32).expect("valid parameters");
    let mut proof = [0; 32];
    scrypt::scrypt(passphrase.as_bytes(), format!("share/v1/proof/{id}").as_bytes(), &params, &mut proof)
        .expect("32 bytes is a valid length");
    Bytes32(proof)
}
