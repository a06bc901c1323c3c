//! One connection's life: whether anything is going on, so that it can be closed when nothing is.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// What is known of a connection.
#[derive(Debug, Clone)]
pub struct Connection(Arc<State>);

#[derive(Debug)]
struct State {
    /// Requests being handled and answers being fed.
    at_work: AtomicUsize,
    /// When the last of them ended. Bytes that come and go do not count: a head may drip and a client ping for ever.
    last_worked: Mutex<Instant>,
    stalled: Notify,
    written: Arc<AtomicU64>,
}

/// Something going on for a connection, until dropped.
#[derive(Debug)]
pub struct Work(Connection);

impl Connection {
    /// A new connection.
    pub fn new() -> Self {
        let (at_work, last_worked) = (AtomicUsize::new(0), Mutex::new(Instant::now()));
        Self(Arc::new(State { at_work, last_worked, stalled: Notify::new(), written: Arc::default() }))
    }

    /// How many bytes the client's side has taken.
    pub fn written(&self) -> Arc<AtomicU64> {
        self.0.written.clone()
    }

    /// Notes that something is going on.
    pub fn work(&self) -> Work {
        self.0.at_work.fetch_add(1, Ordering::Relaxed);
        Work(self.clone())
    }

    /// Returns once the client has stalled, or nothing has gone on for so long.
    pub async fn finished(&self, idle: Duration) {
        tokio::select! {
            () = self.0.stalled.notified() => {}
            () = self.idle(idle) => {}
        }
    }

    async fn idle(&self, limit: Duration) {
        loop {
            let busy = self.0.at_work.load(Ordering::Relaxed) > 0;
            let since = if busy { Instant::now() } else { *self.last_worked() };
            if since.elapsed() >= limit {
                return;
            }
            sleep_until(since + limit).await;
        }
    }

    fn last_worked(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.0.last_worked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    /// The client takes nothing any more: the connection is to be closed.
    pub fn stalled(self) {
        self.0.0.stalled.notify_one();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        *self.0.last_worked() = Instant::now();
        self.0.0.at_work.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_work_is_finished_after_the_limit() {
        let (connection, begun) = (Connection::new(), Instant::now());
        connection.finished(LIMIT).await;
        assert_eq!(begun.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn work_keeps_it_open_and_the_limit_counts_from_its_end() {
        let connection = Connection::new();
        let work = connection.work();
        assert!(timeout(3 * LIMIT, connection.finished(LIMIT)).await.is_err());
        drop(work);
        let ended = Instant::now();
        connection.finished(LIMIT).await;
        assert_eq!(ended.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_client_is_finished_at_once() {
        let connection = Connection::new();
        connection.work().stalled();
        timeout(LIMIT, connection.finished(1000 * LIMIT)).await.unwrap();
    }
}
