//! Patience with networks: which failures are tried again, when, and for how long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::client::{Answer, ClientError};

/// The first wait; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// The longest wait the client chooses by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How long to keep trying, and whom to tell that something is being tried again.
#[derive(Clone)]
pub struct Patience {
    /// How long a failure may last.
    pub total: Duration,
    /// Hears of each failure that is tried again.
    pub notice: Arc<dyn Fn(&ClientError) + Send + Sync>,
}

impl Patience {
    /// Makes the call until it works, fails for good, or patience ends; then the last error is the result.
    pub async fn with<T>(&self, call: impl AsyncFn() -> Answer<T>) -> Answer<T> {
        let mut backoff = Backoff::new(self.clone());
        loop {
            match call().await {
                Ok(value) => return Ok(value),
                Err(error) => backoff.wait(error).await?,
            }
        }
    }
}

/// The state of one series of tries.
pub struct Backoff {
    patience: Patience,
    failing_since: Option<Instant>,
    wait: Duration,
}

impl Backoff {
    /// A series that has not failed yet.
    pub fn new(patience: Patience) -> Self {
        Self { patience, failing_since: None, wait: FIRST_WAIT }
    }

    /// Something worked: the next failure begins a new series.
    pub fn worked(&mut self) {
        self.failing_since = None;
        self.wait = FIRST_WAIT;
    }

    /// Something else of the same transfer worked: patience begins anew, but the waits stay as long as they are.
    pub fn worked_elsewhere(&mut self) {
        self.failing_since = None;
    }

    /// Waits before the next try; gives the error back if there should be none.
    pub async fn wait(&mut self, error: ClientError) -> Answer<()> {
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if !error.is_passing() || since.elapsed() >= self.patience.total {
            return Err(error);
        }
        (self.patience.notice)(&error);
        let left = self.patience.total.saturating_sub(since.elapsed());
        tokio::time::sleep(self.next_wait(&error).min(left)).await;
        Ok(())
    }

    /// Twice the last wait with a jitter of ±25 %, so that clients spread out; longer if the relay asks for more.
    fn next_wait(&mut self, error: &ClientError) -> Duration {
        let base = self.wait;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        let jitter = getrandom::u32().unwrap_or(u32::MAX / 2);
        let own = base * 3 / 4 + base / 2 * (jitter >> 16) / (1 << 16);
        match error {
            ClientError::Problem { retry_after: Some(seconds), .. } => own.max(Duration::from_secs(*seconds)),
            _ => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use share_relay_api::{Code, Problem};

    use super::*;

    fn patience(seconds: u64) -> Patience {
        Patience { total: Duration::from_secs(seconds), notice: Arc::new(|_| {}) }
    }

    fn passing() -> ClientError {
        ClientError::Status(503)
    }

    fn busy(retry_after: u64) -> ClientError {
        let problem = Box::new(Problem::new(Code::TooBusy));
        ClientError::Problem { problem, retry_after: Some(retry_after) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_failure_is_tried_again() {
        let tries = Cell::new(0);
        let result = patience(60)
            .with(async || {
                tries.set(tries.get() + 1);
                if tries.get() < 3 { Err(passing()) } else { Ok(tries.get()) }
            })
            .await;
        assert_eq!(result.unwrap(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_with_the_last_error() {
        let start = tokio::time::Instant::now();
        let mut backoff = Backoff::new(patience(0));
        assert!(matches!(backoff.wait(passing()).await, Err(ClientError::Status(503))));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn what_works_elsewhere_renews_patience_but_not_the_waits() {
        let mut backoff = Backoff::new(patience(0));
        backoff.failing_since = Instant::now().checked_sub(Duration::from_secs(9));
        backoff.patience.total = Duration::from_secs(5);
        assert!(backoff.wait(passing()).await.is_err());
        backoff.worked_elsewhere();
        backoff.wait = FIRST_WAIT * 4;
        backoff.patience.total = Duration::from_millis(1);
        backoff.wait(passing()).await.unwrap();
        assert_eq!(backoff.wait, FIRST_WAIT * 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_failure_is_not_tried_again() {
        let tries = Cell::new(0);
        let gone = || ClientError::Problem { problem: Box::new(Problem::new(Code::Expired)), retry_after: None };
        let result = patience(60)
            .with(async || {
                tries.set(tries.get() + 1);
                Err::<(), _>(gone())
            })
            .await;
        assert!(result.is_err());
        assert_eq!(tries.get(), 1);
    }

    #[test]
    fn waits_grow_to_a_bound_and_the_relay_can_only_lengthen_them() {
        let mut backoff = Backoff::new(patience(600));
        let waits: Vec<_> = (0..10).map(|_| backoff.next_wait(&passing())).collect();
        assert!(waits[0] >= FIRST_WAIT * 3 / 4 && waits[0] <= FIRST_WAIT * 5 / 4, "{waits:?}");
        assert!(waits[9] >= LONGEST_WAIT * 3 / 4 && waits[9] <= LONGEST_WAIT * 5 / 4, "{waits:?}");
        assert_eq!(backoff.next_wait(&busy(70)), Duration::from_secs(70));
        assert!(backoff.next_wait(&busy(0)) >= LONGEST_WAIT * 3 / 4);
    }

    #[tokio::test(start_paused = true)]
    async fn the_relay_cannot_ask_for_more_than_patience() {
        let start = tokio::time::Instant::now();
        let mut backoff = Backoff::new(patience(5));
        backoff.wait(busy(u64::MAX)).await.unwrap();
        assert!(start.elapsed() <= Duration::from_secs(6), "{:?}", start.elapsed());
    }
}
