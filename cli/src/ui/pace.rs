//! How fast an upload goes, by what the relay has acknowledged. Buffers on the way swallow megabytes at once and then
//! nothing for a while, so what was handed to them tells little.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Acknowledgements of so long are looked at, and of longer if they are fewer than [`FEWEST`].
const WINDOW: Duration = Duration::from_secs(30);
/// Several parts are on their way at once, and their acknowledgements come together.
const FEWEST: usize = 16;

/// What was acknowledged, and when.
#[derive(Default)]
pub struct Pace {
    /// Bytes the relay has, also from before.
    there: u64,
    /// Bytes it has acknowledged after the beginning, each time it did; the first is the beginning.
    marks: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// Bytes are on their way from now on, if they were not before.
    pub fn begin(&mut self, now: Instant) {
        if self.marks.is_empty() {
            self.marks.push_back((now, 0));
        }
    }

    /// The relay had so many bytes before; they say nothing of the pace.
    pub fn held(&mut self, bytes: u64) {
        self.there += bytes;
    }

    /// The relay has acknowledged so many more.
    pub fn acknowledged(&mut self, bytes: u64, now: Instant) {
        self.begin(now);
        self.there += bytes;
        let before = self.marks.back().map_or(0, |(_, bytes)| *bytes);
        self.marks.push_back((now, before + bytes));
        while self.marks.len() > FEWEST && self.marks.front().is_some_and(|(at, _)| now - *at > WINDOW) {
            self.marks.pop_front();
        }
    }

    /// Bytes a second; `None` before the first acknowledgement.
    pub fn rate(&self, now: Instant) -> Option<f64> {
        let ((begun, before), (last, after)) = (*self.marks.front()?, *self.marks.back()?);
        let pauses = self.marks.iter().zip(self.marks.iter().skip(1)).map(|((before, _), (after, _))| *after - *before);
        // Only a pause that is long for this line makes it slower.
        let overdue = now.saturating_duration_since(last) > pauses.max()? * 2;
        let taken = if overdue { now - begun } else { last - begun };
        Some((after - before) as f64 / taken.as_secs_f64().max(0.001))
    }

    /// How long the rest of `total` bytes takes.
    pub fn left(&self, total: u64, now: Instant) -> Option<Duration> {
        let (rate, (last, _)) = (self.rate(now)?, *self.marks.back()?);
        let rest = Duration::try_from_secs_f64(total.saturating_sub(self.there) as f64 / rate).ok()?;
        Some(rest.saturating_sub(now.saturating_duration_since(last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn neither_bursts_nor_pauses_between_acknowledgements_move_it_much() {
        let (start, mut pace) = (Instant::now(), Pace::default());
        pace.begin(start);
        assert_eq!(pace.rate(start + seconds(5.0)), None);
        // Four parts of 8 MiB on a line of 4 MiB/s, which arrive together.
        for round in 1..40 {
            let now = start + seconds(f64::from(round) * 8.0);
            (0..4).for_each(|_| pace.acknowledged(8 * MIB, now));
            for later in [0.0, 3.0, 7.9] {
                let rate = pace.rate(now + seconds(later)).unwrap() / MIB as f64;
                assert!((3.0..6.0).contains(&rate), "round {round}, {later} s later: {rate}");
            }
        }
    }

    #[test]
    fn what_is_left_counts_down_between_acknowledgements() {
        let (start, mut pace) = (Instant::now(), Pace::default());
        pace.held(40 * MIB);
        pace.begin(start);
        pace.acknowledged(10 * MIB, start + seconds(10.0));
        assert_eq!(pace.left(100 * MIB, start + seconds(10.0)), Some(seconds(50.0)));
        assert_eq!(pace.left(100 * MIB, start + seconds(15.0)), Some(seconds(45.0)));
        assert_eq!(pace.left(50 * MIB, start + seconds(15.0)), Some(Duration::ZERO));
    }

    #[test]
    fn a_line_that_stands_still_becomes_slow_and_another_one_is_soon_noticed() {
        let (start, mut pace) = (Instant::now(), Pace::default());
        pace.begin(start);
        (1..=100).for_each(|i| pace.acknowledged(MIB, start + seconds(f64::from(i))));
        let rate = |pace: &Pace, at: f64| pace.rate(start + seconds(at)).unwrap() / MIB as f64;
        assert!((rate(&pace, 101.0) - 1.0).abs() < 0.1);
        assert!(rate(&pace, 200.0) < 0.3);
        (1..=400).for_each(|i| pace.acknowledged(MIB, start + seconds(100.0 + f64::from(i) / 10.0)));
        assert!((rate(&pace, 140.0) - 10.0).abs() < 0.5, "{}", rate(&pace, 140.0));
    }
}
