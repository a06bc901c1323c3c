//! The payload: age's STREAM over ChaCha20-Poly1305, a run of chunks at a time, at any place, on any core.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::{EnvelopeError, FileKey, NONCE};

/// Bytes of plaintext in every chunk but the last.
pub const CHUNK: usize = 64 * 1024;

/// Bytes of a chunk's authentication tag, at its end.
pub const TAG: usize = 16;

/// Bytes of every sealed chunk but the last.
pub const SEALED_CHUNK: usize = CHUNK + TAG;

/// Bytes of the payload that `plain` bytes seal to; `u64::MAX` if that is more than a `u64` can say.
pub fn sealed_len(plain: u64) -> u64 {
    let chunks = plain.div_ceil(CHUNK as u64).max(1);
    plain.saturating_add(chunks * TAG as u64)
}

/// Bytes of plaintext in a payload of `sealed` bytes, or `None` if no payload is that long.
pub fn plain_len(sealed: u64) -> Option<u64> {
    let plain = sealed.checked_sub(sealed.div_ceil(SEALED_CHUNK as u64) * TAG as u64)?;
    (sealed_len(plain) == sealed).then_some(plain)
}

/// Holds the payload's length to the one its authenticated manifest gives.
pub fn check_len(sealed: u64, plain: u64) -> Result<(), EnvelopeError> {
    match sealed.cmp(&sealed_len(plain)) {
        std::cmp::Ordering::Less => Err(EnvelopeError::Truncated),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(EnvelopeError::TrailingData),
    }
}

/// The cipher of one payload. It has no state besides its key: threads share it and take runs in any order.
///
/// A run is any number of consecutive chunks. Only a run that ends the payload (`last`) may have a short chunk, its
/// final one; a payload of nothing is one empty chunk.
pub struct Stream(LessSafeKey);

impl Stream {
    /// The payload key is HKDF-SHA-256(ikm = file key, salt = nonce, info = "payload").
    pub fn new(file_key: &FileKey, nonce: &[u8; NONCE]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        file_key.derive(nonce, b"payload", &mut key);
        Self(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &*key).expect("the key has 32 bytes")))
    }

    /// Appends to `out` the sealed chunks of `plain`, a run that begins at chunk `first_chunk`.
    ///
    /// # Panics
    /// If `plain` is not a run as described at [`Stream`].
    pub fn seal_run(&self, first_chunk: u64, last: bool, plain: &[u8], out: &mut Vec<u8>) {
        assert!(last || plain.len().is_multiple_of(CHUNK), "only the payload's last chunk may be short");
        assert!(!plain.is_empty() || (last && first_chunk == 0), "an empty chunk stands alone");
        let chunks = plain.len().div_ceil(CHUNK).max(1);
        out.reserve(plain.len() + chunks * TAG);
        for i in 0..chunks {
            let piece = &plain[i * CHUNK..plain.len().min((i + 1) * CHUNK)];
            let start = out.len();
            out.extend_from_slice(piece);
            let nonce = chunk_nonce(first_chunk, i, last && i + 1 == chunks);
            let tag = self.0.seal_in_place_separate_tag(nonce, Aad::empty(), &mut out[start..]);
            out.extend_from_slice(tag.expect("a chunk is far below the cipher's limit").as_ref());
        }
    }

    /// Opens a run of sealed chunks in place and returns its plaintext, at the beginning of `sealed`.
    ///
    /// Nothing of a run that fails may be used; its bytes are garbage. `chunk` in an error counts from the payload's
    /// beginning.
    pub fn open_run<'a>(
        &self,
        first_chunk: u64,
        last: bool,
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], EnvelopeError> {
        let plain = run_len(first_chunk, last, sealed.len())?;
        let chunks = sealed.len().div_ceil(SEALED_CHUNK);
        for i in 0..chunks {
            let (from, to) = (i * SEALED_CHUNK, sealed.len().min((i + 1) * SEALED_CHUNK));
            let final_chunk = last && i + 1 == chunks;
            // A full chunk that should be the last but is not tells truncation from tampering; there is one at most.
            let copy = (final_chunk && to - from == SEALED_CHUNK).then(|| sealed[from..to].to_vec());
            // The plaintext goes to its final place, over chunks that are already open.
            let place = &mut sealed[i * CHUNK..to];
            let nonce = chunk_nonce(first_chunk, i, final_chunk);
            if self.0.open_within(nonce, Aad::empty(), place, from - i * CHUNK..).is_err() {
                let goes_on = copy.is_some_and(|mut chunk| self.opens_as_middle(first_chunk, i, &mut chunk));
                let chunk = chunk_number(first_chunk, i);
                return Err(if goes_on { EnvelopeError::Truncated } else { EnvelopeError::Tampered { chunk } });
            }
        }
        Ok(&mut sealed[..plain])
    }

    fn opens_as_middle(&self, first_chunk: u64, i: usize, sealed: &mut [u8]) -> bool {
        self.0.open_in_place(chunk_nonce(first_chunk, i, false), Aad::empty(), sealed).is_ok()
    }
}

/// Bytes of plaintext in a run of `sealed` bytes, if a run can be that long.
fn run_len(first_chunk: u64, last: bool, sealed: usize) -> Result<usize, EnvelopeError> {
    let plain = plain_len(sealed as u64).ok_or(EnvelopeError::Truncated)?;
    if !last && !sealed.is_multiple_of(SEALED_CHUNK) {
        return Err(EnvelopeError::Truncated);
    }
    if plain == 0 && first_chunk > 0 {
        return Err(EnvelopeError::Tampered { chunk: first_chunk });
    }
    Ok(plain as usize)
}

fn chunk_number(first_chunk: u64, i: usize) -> u64 {
    first_chunk.checked_add(i as u64).expect("a payload has fewer than 2^64 chunks")
}

/// 11 bytes of big-endian chunk number, of which a `u64` fills the lower eight, and the last-chunk flag.
fn chunk_nonce(first_chunk: u64, i: usize, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&chunk_number(first_chunk, i).to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}
