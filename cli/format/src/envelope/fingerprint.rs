//! The fingerprint: SHA-256 over the 16-byte tags of sealed chunks, in order. It names exact bytes and costs nothing.

use aws_lc_rs::digest::{Context, SHA256};
use share_relay_api::Bytes32;

use super::{SEALED_CHUNK, TAG};

/// A fingerprint being computed, of a part or of a whole payload. Runs are added in order.
#[derive(Clone)]
pub struct Fingerprint(Context);

impl Fingerprint {
    /// The fingerprint of no chunk.
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Adds a run of sealed chunks, of which only the last may be short.
    pub fn add_sealed(&mut self, run: &[u8]) {
        chunk_tags(run).for_each(|tag| self.0.update(tag));
    }

    /// Adds what [`tags`] took from a run, for instance before it was opened in place.
    pub fn add_tags(&mut self, tags: &[u8]) {
        self.0.update(tags);
    }

    /// The 32 bytes.
    pub fn finish(self) -> Bytes32 {
        let digest = self.0.finish();
        Bytes32(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}

/// The tags of a run of sealed chunks, one after another.
pub fn tags(run: &[u8]) -> Vec<u8> {
    chunk_tags(run).flatten().copied().collect()
}

fn chunk_tags(run: &[u8]) -> impl Iterator<Item = &[u8]> {
    run.chunks(SEALED_CHUNK).map(|chunk| &chunk[chunk.len().saturating_sub(TAG)..])
}
