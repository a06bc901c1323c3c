//! How many connections carry a transfer at once: it begins with few and takes one more as long as that makes the
//! whole faster.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::Semaphore;

/// Lanes at the beginning: one moves bytes while the other waits for an answer.
const FIRST: usize = 2;
/// How much faster the whole must have become for one more lane to be worth it: by a tenth.
const WORTH_IT: f64 = 1.1;
/// Pieces each lane carries before the speed is judged.
const PIECES_JUDGED: usize = 2;

/// The lanes of one transfer. Clones share them.
#[derive(Clone)]
pub struct Lanes {
    places: Arc<Semaphore>,
    pace: Arc<Mutex<Pace>>,
}

/// One lane, taken until it has carried its piece. One that fails stays taken: nothing begins on it before the failure
/// has ended the transfer.
pub struct Lane(Lanes);

impl Lanes {
    /// Lanes for a transfer that may use so many at most.
    pub fn new(most: usize) -> Self {
        let width = FIRST.min(most);
        Self {
            places: Arc::new(Semaphore::new(width)),
            pace: Arc::new(Mutex::new(Pace { width, most, best: 0.0, since: Instant::now(), pieces: 0, bytes: 0 })),
        }
    }

    /// Waits for a lane.
    pub async fn enter(&self) -> Lane {
        self.places.acquire().await.expect("the semaphore is never closed").forget();
        Lane(self.clone())
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// This lane has carried a piece of so many bytes.
    pub fn carried(self, bytes: u64) {
        let one_more = self.0.pace().carried(bytes, Instant::now());
        self.0.places.add_permits(1 + usize::from(one_more));
    }
}

/// How fast the lanes there are carry.
struct Pace {
    width: usize,
    most: usize,
    /// The best speed so far, in bytes a second.
    best: f64,
    since: Instant,
    pieces: usize,
    bytes: u64,
}

impl Pace {
    /// Notes a piece; `true` if one more lane should be tried. Once that did not help, no further one is.
    fn carried(&mut self, bytes: u64, now: Instant) -> bool {
        self.pieces += 1;
        self.bytes += bytes;
        if self.width == self.most || self.pieces < PIECES_JUDGED * self.width {
            return false;
        }
        let speed = self.bytes as f64 / now.duration_since(self.since).as_secs_f64();
        let faster = speed > self.best * WORTH_IT;
        if faster {
            self.width += 1;
        } else {
            self.most = self.width;
        }
        (self.best, self.since, self.pieces, self.bytes) = (speed, now, 0, 0);
        faster
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// How many lanes it comes to if so many together carry this many pieces a second.
    fn width(most: usize, speed: impl Fn(usize) -> f64) -> usize {
        let mut now = Instant::now();
        let mut pace = Pace { width: FIRST.min(most), most, best: 0.0, since: now, pieces: 0, bytes: 0 };
        for _ in 0..200 {
            now += Duration::from_secs_f64(1.0 / speed(pace.width));
            pace.carried(1, now);
        }
        pace.width
    }

    #[test]
    fn grows_while_that_is_faster_and_no_further() {
        assert_eq!(width(8, |lanes| lanes as f64), 8);
        assert_eq!(width(8, |_| 5.0), 3, "the third did not help, and is the last");
        assert_eq!(width(8, |lanes| lanes.min(4) as f64), 5);
        assert_eq!(width(1, |lanes| lanes as f64), 1);
    }

    #[tokio::test]
    async fn a_lane_is_free_again_after_its_piece_unless_that_failed() {
        let lanes = Lanes::new(2);
        let (first, second) = (lanes.enter().await, lanes.enter().await);
        assert_eq!(lanes.places.available_permits(), 0);
        first.carried(1);
        drop(second);
        assert_eq!(lanes.places.available_permits(), 1);
        lanes.enter().await.carried(1);
        assert_eq!(lanes.places.available_permits(), 1);
    }
}
