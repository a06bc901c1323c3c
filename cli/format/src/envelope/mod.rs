//! The envelope: content and manifest as standard age files (age-encryption.org/v1, `docs/format.md`).
//!
//! The `age` crate makes and opens headers; the payload is ours ([`Stream`]), because it runs on many cores, opens
//! at any place and goes on after a crash. Everything here is plain computation: no network, no terminal, and no
//! file but the key files a user names.

mod error;
mod file_key;
mod fingerprint;
mod header;
mod identities;
mod proof;
mod receipt;
mod recipients;
mod stream;

pub use error::{EnvelopeError, KeyError};
pub use file_key::FileKey;
pub use fingerprint::{Fingerprint, tags};
pub use header::{MAX_WORK_FACTOR, Opener, PendingHeader, WORK_FACTOR, header_len, open_header};
pub use identities::{Identities, read_identities};
pub use proof::proof;
pub use receipt::ReceiptKey;
pub use recipients::{Recipient, parse_recipient, read_recipients};
pub use stream::{CHUNK, SEALED_CHUNK, Stream, TAG, check_len, plain_len, sealed_len};

/// Bytes of a nonce. Each age file has its own, between header and payload.
pub const NONCE: usize = 16;

/// A new random nonce.
pub fn random_nonce() -> Result<[u8; NONCE], EnvelopeError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| EnvelopeError::System(std::io::Error::other(error.to_string())))?;
    Ok(nonce)
}

/// A new random nonce for another file under the same key, so that the two are not sealed alike.
pub fn other_nonce(than: &[u8; NONCE]) -> Result<[u8; NONCE], EnvelopeError> {
    match random_nonce()? {
        nonce if nonce != *than => Ok(nonce),
        _ => Err(EnvelopeError::System(std::io::Error::other("the system gives the same random numbers twice"))),
    }
}

/// A whole small age file: `header ‖ nonce ‖ STREAM(plain)`. The header must hold this file key.
pub fn seal_bytes(header: &[u8], nonce: &[u8; NONCE], file_key: &FileKey, plain: &[u8]) -> Vec<u8> {
    let mut file = [header, nonce].concat();
    Stream::new(file_key, nonce).seal_run(0, true, plain, &mut file);
    file
}

/// The plaintext of a small age file, given what follows its header: `nonce ‖ STREAM`.
pub fn open_bytes(file_key: &FileKey, after_header: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let (nonce, payload) = after_header.split_first_chunk().ok_or(EnvelopeError::Truncated)?;
    let mut bytes = payload.to_vec();
    let len = Stream::new(file_key, nonce).open_run(0, true, &mut bytes)?.len();
    bytes.truncate(len);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
