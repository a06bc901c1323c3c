//! The tags of a transfer's chunks, kept in a file: they name exact bytes, so they tell what has been sent, or what has
//! been verified and written, and give the fingerprint of the whole.

use std::{fs::File, io, ops::Range, path::Path};

use share_format::envelope::{Fingerprint, TAG};
use share_relay_api::Bytes32;

use crate::system;

/// Chunks whose tags are read at once for the fingerprint: 64 KiB.
const CHUNKS_READ: u64 = 4096;

/// A file of tags: 16 bytes a chunk, at its place; zeros, or nothing, where there is none yet. A chunk's real tag is
/// zero once in 2^128 times; then it only counts as missing.
pub struct TagFile(File);

impl TagFile {
    /// A new one, private to the user. Fails if something has the name already.
    pub fn create(path: &Path) -> io::Result<Self> {
        system::create_private(path)?;
        Self::open(path)
    }

    /// One that is there.
    pub fn open(path: &Path) -> io::Result<Self> {
        system::open_regular(path).map(Self)
    }

    /// One without a name, which goes away with this process.
    pub fn temporary() -> io::Result<Self> {
        tempfile::tempfile().map(Self)
    }

    /// Fills the places of so many chunks with zeros, durably: then [`TagFile::sync`] has no more to write than tags.
    pub fn reserve(&self, chunks: u64) -> io::Result<()> {
        let zeros = vec![0; CHUNKS_READ as usize * TAG];
        for first in (0..chunks).step_by(CHUNKS_READ as usize) {
            self.write(first, &zeros[..(chunks - first).min(CHUNKS_READ) as usize * TAG])?;
        }
        self.0.sync_all()
    }

    /// The tags of these chunks, one after another.
    pub fn read(&self, chunks: Range<u64>) -> io::Result<Vec<u8>> {
        let (start, wanted) = (chunks.start * TAG as u64, (chunks.end - chunks.start) as usize * TAG);
        let there = self.0.metadata()?.len().saturating_sub(start).min(wanted as u64) as usize;
        let mut tags = vec![0; wanted];
        system::read_exact_at(&self.0, &mut tags[..there], start)?;
        Ok(tags)
    }

    /// Puts down the tags of a run of chunks. Threads may do it at the same time for runs that differ.
    pub fn write(&self, first_chunk: u64, tags: &[u8]) -> io::Result<()> {
        system::write_all_at(&self.0, tags, first_chunk * TAG as u64)
    }

    /// Makes what was put down survive power loss.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    /// How many of so many chunks have a tag.
    pub fn count(&self, chunks: u64) -> io::Result<u64> {
        let (mut count, mut next) = (0, 0);
        let end = chunks.min(self.0.metadata()?.len().div_ceil(TAG as u64));
        while next < end {
            let piece = next..end.min(next + CHUNKS_READ);
            next = piece.end;
            count += self.read(piece)?.chunks(TAG).filter(|tag| !is_missing(tag)).count() as u64;
        }
        Ok(count)
    }

    /// The fingerprint of a payload of so many chunks; `None` if the tag of one is missing.
    pub fn fingerprint(&self, chunks: u64) -> io::Result<Option<Bytes32>> {
        let mut fingerprint = Fingerprint::new();
        let mut next = 0;
        while next < chunks {
            let end = chunks.min(next + CHUNKS_READ);
            let tags = self.read(next..end)?;
            if tags.chunks(TAG).any(is_missing) {
                return Ok(None);
            }
            fingerprint.add_tags(&tags);
            next = end;
        }
        Ok(Some(fingerprint.finish()))
    }
}

/// Whether this is the place of a tag that has not been put down.
pub fn is_missing(tag: &[u8]) -> bool {
    tag.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(of: impl Iterator<Item = u8>) -> Vec<u8> {
        of.flat_map(|byte| [byte; TAG]).collect()
    }

    #[test]
    fn come_back_from_their_places_and_are_zero_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tags");
        let file = TagFile::create(&path).unwrap();
        assert!(TagFile::create(&path).is_err());
        file.write(3, &tags(3..5)).unwrap();
        file.write(0, &tags(10..11)).unwrap();
        file.sync().unwrap();
        let again = TagFile::open(&path).unwrap();
        assert_eq!(again.read(0..6).unwrap(), tags([10, 0, 0, 3, 4, 0].into_iter()));
        assert_eq!(again.read(9..11).unwrap(), tags([0, 0].into_iter()));
    }

    #[test]
    fn the_fingerprint_is_that_of_all_tags_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = TagFile::create(&folder.path().join("tags")).unwrap();
        let chunks = CHUNKS_READ + 2;
        let all = tags((0..chunks).map(|chunk| 1 + (chunk % 250) as u8));
        file.write(1, &all[TAG..]).unwrap();
        assert_eq!(file.fingerprint(chunks).unwrap(), None);
        assert_eq!((file.count(chunks).unwrap(), file.count(3).unwrap()), (chunks - 1, 2));
        file.write(0, &all[..TAG]).unwrap();
        let mut whole = Fingerprint::new();
        whole.add_tags(&all);
        assert_eq!(file.fingerprint(chunks).unwrap(), Some(whole.finish()));
        assert_eq!(file.fingerprint(chunks + 1).unwrap(), None);
    }
}
