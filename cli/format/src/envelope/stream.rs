//! The payload: age's STREAM over ChaCha20-Poly1305, a run of chunks at a time, at any place, on any core.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
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

    /// Seals one chunk where it stands: `chunk` is its plaintext, and after that room for its tag.
    ///
    /// # Panics
    /// If it is not as long as a chunk at that place may be, as described at [`Stream`].
    pub fn seal_chunk(&self, number: u64, last: bool, chunk: &mut [u8]) {
        let plain = chunk.len().checked_sub(TAG).expect("there is room for the tag");
        assert!(plain == CHUNK || (last && plain < CHUNK), "only the payload's last chunk may be short");
        assert!(plain > 0 || (last && number == 0), "an empty chunk stands alone");
        let (plain, place) = chunk.split_at_mut(plain);
        let tag = self.0.seal_in_place_separate_tag(chunk_nonce(number, 0, last), Aad::empty(), plain);
        place.copy_from_slice(tag.expect("a chunk is far below the cipher's limit").as_ref());
    }

    /// Appends to `out` the sealed chunks of `plain`, a run that begins at chunk `first_chunk`.
    ///
    /// # Panics
    /// If `plain` is not a run as described at [`Stream`].
    pub fn seal_run(&self, first_chunk: u64, last: bool, plain: &[u8], out: &mut Vec<u8>) {
        let chunks = plain.len().div_ceil(CHUNK).max(1);
        out.reserve(plain.len() + chunks * TAG);
        for i in 0..chunks {
            let start = out.len();
            out.extend_from_slice(&plain[i * CHUNK..plain.len().min((i + 1) * CHUNK)]);
            out.extend_from_slice(&[0; TAG]);
            self.seal_chunk(chunk_number(first_chunk, i), last && i + 1 == chunks, &mut out[start..]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::tests::pattern;

    const KEY: [u8; 16] = [7; 16];
    const C: usize = CHUNK;

    fn stream() -> Stream {
        Stream::new(&FileKey::from_bytes(Zeroizing::new(KEY)), &[9; NONCE])
    }

    fn seal(plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        stream().seal_run(0, true, plain, &mut sealed);
        sealed
    }

    fn open(sealed: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        stream().open_run(0, true, &mut sealed.to_vec()).map(|plain| plain.to_vec())
    }

    #[test]
    fn lengths_are_those_of_real_payloads_and_invert() {
        for plain in [0, 1, C - 1, C, C + 1, 2 * C, 3 * C + 5] {
            let sealed = seal(&vec![0; plain]).len() as u64;
            assert_eq!(sealed_len(plain as u64), sealed);
            assert_eq!(plain_len(sealed), Some(plain as u64));
        }
    }

    #[test]
    fn impossible_lengths_have_no_plaintext() {
        let s = SEALED_CHUNK as u64;
        for sealed in [0, 1, 15, s + 1, s + 15, s + 16, 7 * s + 16] {
            assert_eq!(plain_len(sealed), None, "{sealed}");
        }
        assert_eq!(sealed_len(u64::MAX), u64::MAX);
        assert_eq!(plain_len(u64::MAX).map(sealed_len).unwrap_or(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_length_is_held_to_the_promised_one() {
        assert!(check_len(sealed_len(100), 100).is_ok());
        assert!(matches!(check_len(115, 100), Err(EnvelopeError::Truncated)));
        assert!(matches!(check_len(117, 100), Err(EnvelopeError::TrailingData)));
        assert!(matches!(check_len(117, u64::MAX), Err(EnvelopeError::Truncated)));
    }

    #[test]
    fn runs_seal_and_open_in_any_order_and_size() {
        let plain = pattern(10 * C + 7);
        let whole = seal(&plain);
        for run in [1, 2, 3, 5, 11, 100] {
            let count = 11usize.div_ceil(run);
            let mut sealed = vec![0; whole.len()];
            let mut opened = vec![0; plain.len()];
            // 7 is coprime to every count above 1, so this visits each run once, out of order.
            for r in (0..count).map(|i| (i * 7 + 3) % count) {
                let (first, last) = ((r * run) as u64, r + 1 == count);
                let piece = &plain[r * run * C..plain.len().min((r + 1) * run * C)];
                let mut bytes = Vec::new();
                stream().seal_run(first, last, piece, &mut bytes);
                sealed[r * run * SEALED_CHUNK..][..bytes.len()].copy_from_slice(&bytes);
                opened[r * run * C..][..piece.len()]
                    .copy_from_slice(stream().open_run(first, last, &mut bytes).unwrap());
            }
            assert!(sealed == whole, "runs of {run}");
            assert!(opened == plain, "runs of {run}");
        }
    }

    #[test]
    fn threads_share_one_stream() {
        let (plain, stream) = (pattern(8 * C), stream());
        let runs = std::thread::scope(|scope| {
            let seal = |i: usize| {
                let mut run = Vec::new();
                stream.seal_run(2 * i as u64, i == 3, &plain[2 * i * C..2 * (i + 1) * C], &mut run);
                run
            };
            let threads: Vec<_> = (0..4).map(|i| scope.spawn(move || seal(i))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(runs == seal(&plain));
    }

    #[test]
    fn sealing_appends() {
        let mut out = b"before".to_vec();
        stream().seal_run(0, true, b"x", &mut out);
        assert_eq!(out[..6], *b"before");
        assert_eq!(out[6..], seal(b"x"));
    }

    #[test]
    fn any_changed_byte_is_noticed_in_its_chunk() {
        let sealed = seal(&pattern(3 * C + 100));
        let tags = (1..=3).map(|n| n * SEALED_CHUNK - 1);
        for at in [0, 1, C - 1, C, SEALED_CHUNK, 2 * SEALED_CHUNK + 77, sealed.len() - 1].into_iter().chain(tags) {
            let mut changed = sealed.clone();
            changed[at] ^= 0x40;
            let error = open(&changed).unwrap_err();
            let expected = (at / SEALED_CHUNK) as u64;
            assert!(matches!(error, EnvelopeError::Tampered { chunk } if chunk == expected), "{at}: {error:?}");
        }
    }

    #[test]
    fn a_cut_payload_is_refused_at_every_kind_of_place() {
        let sealed = seal(&pattern(3 * C));
        for whole_chunks in [1, 2] {
            assert!(matches!(open(&sealed[..whole_chunks * SEALED_CHUNK]), Err(EnvelopeError::Truncated)));
        }
        for len in [0, 1, 15, SEALED_CHUNK + 3, 2 * SEALED_CHUNK + 15] {
            assert!(matches!(open(&sealed[..len]), Err(EnvelopeError::Truncated)), "{len}");
        }
        for len in [16, 17, SEALED_CHUNK - 1, SEALED_CHUNK + 16, SEALED_CHUNK + 17, 3 * SEALED_CHUNK - 1] {
            assert!(open(&sealed[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn an_extended_payload_is_refused() {
        for plain in [0, 1, C, 2 * C, 2 * C + 1] {
            let sealed = seal(&pattern(plain));
            for extra in [1, 15, 16, 17, SEALED_CHUNK] {
                assert!(open(&[&sealed[..], &vec![0; extra]].concat()).is_err(), "{plain} + {extra}");
            }
            assert!(open(&[&sealed[..], &sealed].concat()).is_err(), "{plain} twice");
        }
    }

    #[test]
    fn chunks_in_another_order_are_refused() {
        let sealed = seal(&pattern(4 * C));
        let chunks: Vec<_> = sealed.chunks(SEALED_CHUNK).collect();
        for order in [[1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2], [0, 0, 2, 3], [3, 1, 2, 0]] {
            assert!(open(&order.map(|i| chunks[i]).concat()).is_err(), "{order:?}");
        }
        assert!(open(&[chunks[0], chunks[1], chunks[3]].concat()).is_err(), "one left out");
        let mut moved = chunks[1].to_vec();
        assert!(matches!(stream().open_run(2, false, &mut moved), Err(EnvelopeError::Tampered { chunk: 2 })));
    }

    #[test]
    fn an_empty_last_chunk_must_be_the_only_one() {
        assert_eq!(open(&seal(b"")).unwrap(), b"");
        let stream = stream();
        let mut sealed = Vec::new();
        stream.seal_run(0, false, &pattern(C), &mut sealed);
        let tag = stream.0.seal_in_place_separate_tag(chunk_nonce(1, 0, true), Aad::empty(), &mut []).unwrap();
        sealed.extend_from_slice(tag.as_ref());
        assert!(open(&sealed).is_err());
        assert!(matches!(
            stream.open_run(1, true, &mut tag.as_ref().to_vec()),
            Err(EnvelopeError::Tampered { chunk: 1 })
        ));
    }

    #[test]
    fn a_run_in_the_middle_must_be_whole() {
        let mut sealed = seal(&pattern(2 * C));
        assert!(matches!(stream().open_run(0, false, &mut sealed[..SEALED_CHUNK + 20]), Err(EnvelopeError::Truncated)));
        assert!(matches!(stream().open_run(0, false, &mut []), Err(EnvelopeError::Truncated)));
        let mut empty = seal(b"");
        assert!(stream().open_run(0, false, &mut empty).is_err(), "an empty chunk does not go on");
    }

    #[test]
    fn other_keys_and_nonces_do_not_open() {
        let sealed = seal(b"plaintext");
        for (key, nonce) in [(KEY, [8; NONCE]), ([6; 16], [9; NONCE])] {
            let other = Stream::new(&FileKey::from_bytes(Zeroizing::new(key)), &nonce);
            assert!(other.open_run(0, true, &mut sealed.clone()).is_err());
        }
    }

    #[test]
    fn the_counter_uses_all_of_a_u64_and_never_wraps() {
        let mut sealed = Vec::new();
        stream().seal_run(u64::MAX, true, b"x", &mut sealed);
        assert_eq!(stream().open_run(u64::MAX, true, &mut sealed).unwrap(), b"x");
        let wraps = || stream().seal_run(u64::MAX, true, &[0; C + 1], &mut Vec::new());
        assert!(std::panic::catch_unwind(wraps).is_err());
    }
}
