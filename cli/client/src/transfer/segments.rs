//! How a payload is cut: chunks into runs, which are opened together, and runs into segments, which are asked for
//! together. Plain arithmetic.

use std::ops::Range;

use share_format::envelope::{CHUNK, SEALED_CHUNK, sealed_len};

/// Chunks in every run but the last.
pub const CHUNKS_PER_RUN: u64 = 16;
/// Bytes of every sealed run but the last.
pub const RUN_BYTES: u64 = CHUNKS_PER_RUN * SEALED_CHUNK as u64;
/// Runs in a segment at most: 16 MiB. The relay writes each answer down before it begins, so none is tiny.
const MOST_RUNS: u64 = 16;
/// Runs in a segment at least, if there are so many.
const LEAST_RUNS: u64 = 4;
/// Segments that a payload of medium size is cut into, so that several connections have something to do.
const SEGMENTS: u64 = 8;

/// A payload as runs.
#[derive(Debug, Clone, Copy)]
pub struct Runs {
    plain: u64,
}

/// Consecutive chunks that are opened together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub chunks: Range<u64>,
    /// Whether it ends the payload.
    pub last: bool,
    /// The bytes of its plaintext in the content.
    pub plain: Range<u64>,
    /// Its bytes in the payload.
    pub sealed: Range<u64>,
}

impl Runs {
    /// The runs that so many bytes of plaintext are sealed in.
    pub fn of(plain: u64) -> Self {
        Self { plain }
    }

    /// Chunks of the payload; an empty one has one too.
    pub fn chunks(self) -> u64 {
        self.plain.div_ceil(CHUNK as u64).max(1)
    }

    /// How many runs there are; at least one.
    pub fn count(self) -> u64 {
        self.chunks().div_ceil(CHUNKS_PER_RUN)
    }

    /// The run of this number.
    pub fn get(self, number: u64) -> Run {
        let chunks = number * CHUNKS_PER_RUN..self.chunks().min((number + 1) * CHUNKS_PER_RUN);
        let plain = chunks.start * CHUNK as u64..self.plain.min(chunks.end * CHUNK as u64);
        let last = chunks.end == self.chunks();
        let end = if last { sealed_len(self.plain) } else { chunks.end * SEALED_CHUNK as u64 };
        Run { sealed: chunks.start * SEALED_CHUNK as u64..end, chunks, last, plain }
    }

    /// The bytes of these runs in the payload.
    pub fn sealed(self, runs: &Range<u64>) -> Range<u64> {
        self.get(runs.start).sealed.start..self.get(runs.end - 1).sealed.end
    }

    /// These runs in pieces to be asked for one after another.
    pub fn segments(self, missing: impl IntoIterator<Item = Range<u64>>) -> impl Iterator<Item = Range<u64>> {
        let most = (self.count() / SEGMENTS).clamp(LEAST_RUNS, MOST_RUNS);
        missing.into_iter().flat_map(move |runs| {
            let end = runs.end;
            runs.step_by(most as usize).map(move |start| start..end.min(start + most))
        })
    }
}

/// Numbers in ascending order as ranges.
pub fn ranges(numbers: impl IntoIterator<Item = u64>) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(range) if range.end == number => range.end += 1,
            _ => ranges.push(number..number + 1),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: u64 = CHUNK as u64;
    const S: u64 = SEALED_CHUNK as u64;

    #[test]
    fn runs_cover_the_payload_without_a_gap() {
        for plain in [0, 1, C, C + 1, 16 * C - 1, 16 * C, 16 * C + 1, 100 * C + 7] {
            let runs = Runs::of(plain);
            let all: Vec<_> = (0..runs.count()).map(|number| runs.get(number)).collect();
            assert!(all.windows(2).all(|pair| pair[0].sealed.end == pair[1].sealed.start && !pair[0].last));
            assert!(all.windows(2).all(|pair| pair[0].plain.end == pair[1].plain.start));
            let last = all.last().unwrap();
            assert_eq!((last.last, last.plain.end, last.sealed.end), (true, plain, sealed_len(plain)), "{plain}");
            assert_eq!(runs.sealed(&(0..runs.count())), 0..sealed_len(plain));
        }
        assert_eq!(Runs::of(0).get(0), Run { chunks: 0..1, last: true, plain: 0..0, sealed: 0..16 });
        assert_eq!(
            Runs::of(17 * C).get(1),
            Run { chunks: 16..17, last: true, plain: 16 * C..17 * C, sealed: 16 * S..17 * S }
        );
    }

    #[test]
    fn segments_cover_what_is_missing_in_order() {
        let runs = Runs::of(1024 * CHUNKS_PER_RUN * C);
        let segments: Vec<_> = runs.segments([3..4, 10..50]).collect();
        assert_eq!(segments, [3..4, 10..26, 26..42, 42..50]);
        let small = Runs::of(10 * CHUNKS_PER_RUN * C);
        assert_eq!(small.segments(Some(0..10)).collect::<Vec<_>>(), [0..4, 4..8, 8..10]);
        assert_eq!(Runs::of(5).segments(Some(0..1)).count(), 1);
    }

    #[test]
    fn numbers_next_to_each_other_become_one_range() {
        assert_eq!(ranges([0, 1, 2, 5, 7, 8]), [0..3, 5..6, 7..9]);
        assert_eq!(ranges([]), []);
    }
}
