//! Notices when a request's body stands still: the connection takes no more of it, or nobody answers the whole.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::Limits;

/// How much of a request's body the connection has taken, and when.
pub struct StallDetector {
    all: u64,
    begun: Instant,
    /// Bytes so far, and the moment of the last ones.
    so_far: Mutex<(u64, Instant)>,
}

impl StallDetector {
    /// Nothing yet of so many bytes.
    pub fn begin(all: u64) -> Self {
        let now = Instant::now();
        Self { all, begun: now, so_far: Mutex::new((0, now)) }
    }

    /// The connection has taken so many more.
    pub fn moved(&self, count: u64) {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        *so_far = (so_far.0 + count, Instant::now());
    }

    /// When it counts as broken, if nothing more moves.
    fn deadline(&self, limits: Limits) -> Instant {
        let (bytes, last) = *self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = if bytes < self.all { limits.hand_over } else { limits.answer };
        last + patience + ((last - self.begun) * 2).min(limits.slow)
    }

    /// Resolves once nothing has moved for too long.
    pub async fn standstill(&self, limits: Limits) {
        loop {
            let deadline = self.deadline(limits);
            tokio::time::sleep_until(deadline).await;
            if self.deadline(limits) == deadline {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// When a body that moves like this, in milliseconds after its begin, counts as broken.
    async fn given_up(all: u64, moves: &[u64], limits: Limits) -> Duration {
        let start = Instant::now();
        let stall_detector = StallDetector::begin(all);
        let moving = async {
            for at in moves {
                tokio::time::sleep_until(start + Duration::from_millis(*at)).await;
                stall_detector.moved(1);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = stall_detector.standstill(limits) => start.elapsed(),
            () = moving => unreachable!(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_standstill_is_noticed_in_time_but_a_slow_line_gets_more() {
        let limits = Limits::default();
        let seconds = Duration::from_secs;
        let near = |found: Duration, wanted: Duration| assert!(found.abs_diff(wanted) < seconds(1), "{found:?}");
        near(given_up(9, &[], limits).await, seconds(60));
        near(given_up(9, &[100, 200, 300], limits).await, seconds(60));
        near(given_up(2, &[100, 200], limits).await, seconds(120));
        // Each pause may be twice as long as all before it.
        near(given_up(9, &[10_000, 85_000, 300_000], limits).await, seconds(300 + 60 + 300));
        near(given_up(3, &[10_000, 50_000, 100_000], limits).await, seconds(100 + 120 + 200));
    }
}
