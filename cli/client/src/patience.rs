//! Patience with networks: which failures are tried again, when, and for how long.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    api::{ClientError, ClientResult, Limits},
    progress::{Progress, ProgressSink},
};

/// The first wait; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// What connecting may take however little patience there is.
const SHORTEST_CONNECT: Duration = Duration::from_secs(5);
/// The longest wait the client chooses by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How long to keep trying, and whom to tell that something is being tried again. Clones share a transfer: as long as
/// one of its connections makes progress, none gives up.
#[derive(Clone)]
pub struct Patience {
    total: Duration,
    host: Arc<dyn ProgressSink>,
    last_progress: Arc<Mutex<Option<Instant>>>,
}

impl Patience {
    /// Patience for so long without any progress; the host hears of each failure that is tried again.
    pub fn new(total: Duration, host: Arc<dyn ProgressSink>) -> Self {
        Self { total, host, last_progress: Arc::default() }
    }

    /// The program that hears of it.
    pub fn host(&self) -> &Arc<dyn ProgressSink> {
        &self.host
    }

    /// Limits of single calls that fit: connecting takes no longer than patience lasts, but at least
    /// [`SHORTEST_CONNECT`].
    pub fn limits(&self) -> Limits {
        let limits = Limits::default();
        Limits { connect: limits.connect.min(self.total.max(SHORTEST_CONNECT)), ..limits }
    }

    /// Makes the call until it works, fails for good, or patience ends; then the last error is the result.
    pub async fn with<T>(&self, call: impl AsyncFn() -> ClientResult<T>) -> ClientResult<T> {
        let mut backoff = Backoff::new(self.clone());
        loop {
            match call().await {
                Ok(value) => {
                    backoff.worked();
                    return Ok(value);
                }
                Err(error) => backoff.wait(error).await?,
            }
        }
    }

    /// The transfer has made progress: patience begins anew.
    pub fn made_progress(&self) {
        *self.last_progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Reports why it makes no progress.
    pub fn report_waiting(&self, waiting: &ClientError) {
        self.host.progress(Progress::Waiting(waiting));
    }

    fn last_progress(&self) -> Option<Instant> {
        *self.last_progress.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Something worked: the next failure begins a new series, and patience of the whole transfer begins anew.
    pub fn worked(&mut self) {
        self.failing_since = None;
        self.wait = FIRST_WAIT;
        self.patience.made_progress();
    }

    /// Waits before the next try; gives the error back if there should be none: it is final, patience has ended, or
    /// `Retry-After` asks for longer than what is left of it.
    pub async fn wait(&mut self, error: ClientError) -> ClientResult<()> {
        let first = *self.failing_since.get_or_insert_with(Instant::now);
        let since = self.patience.last_progress().map_or(first, |progress| progress.max(first));
        let left = self.patience.total.saturating_sub(since.elapsed());
        let asked = error.retry_after().unwrap_or_default();
        if !error.is_passing() || left.is_zero() || asked > left {
            return Err(error);
        }
        self.patience.report_waiting(&error);
        tokio::time::sleep(self.next_wait(asked).min(left)).await;
        Ok(())
    }

    /// Twice the last wait with a jitter of ±25 %, so that clients spread out; longer if that was asked for.
    fn next_wait(&mut self, asked: Duration) -> Duration {
        let base = self.wait;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        let jitter = getrandom::u32().unwrap_or(u32::MAX / 2);
        let own = base * 3 / 4 + base / 2 * (jitter >> 16) / (1 << 16);
        own.max(asked)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use share_relay_api::{Code, Problem};

    use super::*;

    struct Silent;

    impl ProgressSink for Silent {}

    fn patience(seconds: u64) -> Patience {
        Patience::new(Duration::from_secs(seconds), Arc::new(Silent))
    }

    fn passing() -> ClientError {
        ClientError::Status { status: 503, retry_after: None }
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
        let start = Instant::now();
        let mut backoff = Backoff::new(patience(0));
        assert!(matches!(backoff.wait(passing()).await, Err(ClientError::Status { status: 503, .. })));
        assert_eq!(start.elapsed(), Duration::ZERO);
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
    fn waits_grow_to_a_bound_and_can_only_be_lengthened() {
        let mut backoff = Backoff::new(patience(600));
        let waits: Vec<_> = (0..10).map(|_| backoff.next_wait(Duration::ZERO)).collect();
        assert!(waits[0] >= FIRST_WAIT * 3 / 4 && waits[0] <= FIRST_WAIT * 5 / 4, "{waits:?}");
        assert!(waits[9] >= LONGEST_WAIT * 3 / 4 && waits[9] <= LONGEST_WAIT * 5 / 4, "{waits:?}");
        assert_eq!(backoff.next_wait(Duration::from_secs(70)), Duration::from_secs(70));
    }

    #[test]
    fn clients_spread_out() {
        let waits: std::collections::BTreeSet<_> =
            (0..20).map(|_| Backoff::new(patience(600)).next_wait(Duration::ZERO)).collect();
        assert!(waits.len() > 10, "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_honoured() {
        let start = Instant::now();
        Backoff::new(patience(60)).wait(busy(60)).await.unwrap();
        let asked = ClientError::Status { status: 429, retry_after: Some(45) };
        Backoff::new(patience(60)).wait(asked).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 60 + 45);
        for seconds in [61, u64::MAX] {
            assert!(Backoff::new(patience(60)).wait(busy(seconds)).await.is_err(), "longer than patience lasts");
        }
        assert_eq!(start.elapsed().as_secs(), 60 + 45);
    }

    /// How long a connection that always fails is tried while another one does this.
    async fn given_up_after(total: u64, other: impl AsyncFnOnce(Patience)) -> u64 {
        let (start, patience) = (Instant::now(), patience(total));
        let failing = patience.with(async || Err::<(), _>(passing()));
        let (failed, ()) = tokio::join!(
            async {
                failing.await.unwrap_err();
                start.elapsed().as_secs()
            },
            other(patience.clone())
        );
        failed
    }

    #[tokio::test(start_paused = true)]
    async fn patience_counts_from_the_last_progress_of_the_whole_transfer() {
        assert_eq!(given_up_after(60, async |_| {}).await, 60);
        let works_for_ten_minutes = async |patience: Patience| {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_secs(30)).await;
                patience.with(async || Ok(())).await.unwrap();
            }
        };
        assert_eq!(given_up_after(60, works_for_ten_minutes).await, 600 + 60);
        let fails_too = async |patience: Patience| drop(patience.with(async || Err::<(), _>(passing())).await);
        assert_eq!(given_up_after(60, fails_too).await, 60);
    }
}
