//! Holes in files stay holes: blocks of zeros are not written where zeros are read anyway, so that a disk image of which
//! little is used takes as little room at the recipient's.

use std::{fs::File, io, iter, ops::Range};

use crate::system;

/// What file systems give room to at once.
const BLOCK: usize = 4096;
const ZEROS: [u8; BLOCK] = [0; BLOCK];

/// Writes these bytes into a part of a file that has been written to by nobody and lies within its length.
pub(super) fn write_to_zeros(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    stretches(bytes, offset).try_for_each(|(piece, zeros)| match zeros {
        true => Ok(()),
        false => system::write_all_at(file, &bytes[piece.clone()], offset + piece.start as u64),
    })
}

/// Writes these bytes into a part of a file that may hold anything and lies within its length.
pub(super) fn write_to_anything(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut there = Vec::new();
    stretches(bytes, offset).try_for_each(|(piece, zeros)| {
        let (bytes, offset) = (&bytes[piece.clone()], offset + piece.start as u64);
        if zeros {
            there.resize(bytes.len(), 0);
            system::read_exact_at(file, &mut there, offset)?;
        }
        match zeros && there == bytes {
            true => Ok(()),
            false => system::write_all_at(file, bytes, offset),
        }
    })
}

/// Finds that the last byte of a file of this length can be written, and leaves it as it is: some file systems take a
/// length that no file of theirs can have, or that is more than the user may fill. Where the length already brought the
/// room, nothing more is found that way, and it could mean to fill the whole file.
pub fn try_end(file: &File, length: u64) -> io::Result<()> {
    let Some(last) = length.checked_sub(1) else { return Ok(()) };
    if !system::is_sparse(&file.metadata()?) {
        return Ok(());
    }
    let mut there = [0];
    system::read_exact_at(file, &mut there, last)?;
    system::write_all_at(file, &there, last)
}

/// Cuts bytes that begin at `offset` of a file into stretches of blocks of zeros, and of anything else. Of the blocks at
/// both ends only what is there counts: the rest comes with other bytes.
fn stretches(bytes: &[u8], offset: u64) -> impl Iterator<Item = (Range<usize>, bool)> {
    let mut start = 0;
    iter::from_fn(move || {
        let end_of_block = |at: usize| bytes.len().min(at + BLOCK - ((offset + at as u64) % BLOCK as u64) as usize);
        let is_hole = |at: usize| ZEROS.starts_with(&bytes[at..end_of_block(at)]);
        let first = start;
        let hole = first < bytes.len() && is_hole(first);
        while start < bytes.len() && is_hole(start) == hole {
            start = end_of_block(start);
        }
        (first < start).then_some((first..start, hole))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], offset: u64) -> Vec<(Range<usize>, bool)> {
        stretches(bytes, offset).collect()
    }

    #[test]
    fn blocks_of_zeros_are_holes() {
        assert_eq!(cut(&[], 5), []);
        assert_eq!(cut(&[0; 100], 0), [(0..100, true)]);
        assert_eq!(cut(&[0; 3 * BLOCK], 1), [(0..3 * BLOCK, true)]);
        let edges = [[0; BLOCK], [1; BLOCK]].concat();
        assert_eq!(cut(&edges, 1), [(0..BLOCK - 1, true), (BLOCK - 1..2 * BLOCK, false)]);
        let mut bytes = vec![0; 5 * BLOCK];
        bytes[2 * BLOCK + 7] = 1;
        bytes[3 * BLOCK - 1] = 1;
        assert_eq!(cut(&bytes, 0), [(0..2 * BLOCK, true), (2 * BLOCK..3 * BLOCK, false), (3 * BLOCK..5 * BLOCK, true)]);
        assert_eq!(cut(&[1; 2 * BLOCK + 3], 9), [(0..2 * BLOCK + 3, false)]);
    }

    #[test]
    fn zeros_take_the_place_of_what_was_there_before() {
        let file = tempfile::tempfile().unwrap();
        system::write_all_at(&file, &[7; 4 * BLOCK], 0).unwrap();
        let mut bytes = vec![0; 3 * BLOCK];
        bytes[BLOCK] = 1;
        write_to_anything(&file, &bytes, 100).unwrap();
        let mut there = vec![0; bytes.len()];
        system::read_exact_at(&file, &mut there, 100).unwrap();
        assert!(there == bytes);
    }
}
