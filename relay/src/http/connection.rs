//! One connection's life: whether anything is going on, so that it can be closed when nothing is.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
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
    /// When an answer last moved. Bytes that come in do not count: a head may drip for ever.
    last_moved: Mutex<Instant>,
    stalled: Notify,
}

/// Something going on for a connection, until dropped.
#[derive(Debug)]
pub struct Work(Connection);

/// A stream whose written bytes are noted.
#[derive(Debug)]
pub struct Noted<T> {
    stream: T,
    connection: Connection,
}

impl Connection {
    /// A new connection.
    pub fn new() -> Self {
        let (at_work, last_moved) = (AtomicUsize::new(0), Mutex::new(Instant::now()));
        Self(Arc::new(State { at_work, last_moved, stalled: Notify::new() }))
    }

    /// Notes that something is going on.
    pub fn work(&self) -> Work {
        self.0.at_work.fetch_add(1, Ordering::Relaxed);
        Work(self.clone())
    }

    /// A stream whose written bytes count as movement of this connection.
    pub fn note<T>(&self, stream: T) -> Noted<T> {
        Noted { stream, connection: self.clone() }
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
            let since = if busy { Instant::now() } else { *self.last_moved() };
            if since.elapsed() >= limit {
                return;
            }
            sleep_until(since + limit).await;
        }
    }

    fn moved(&self) {
        *self.last_moved() = Instant::now();
    }

    fn last_moved(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.0.last_moved.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.0.moved();
        self.0.0.at_work.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Noted<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Noted<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes));
        this.connection.moved();
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(context, slices));
        this.connection.moved();
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::timeout,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_connection_without_work_is_finished_after_the_limit() {
        let (connection, begun) = (Connection::new(), Instant::now());
        connection.finished(LIMIT).await;
        assert!(begun.elapsed() >= LIMIT);
    }

    #[tokio::test]
    async fn work_keeps_it_open_and_the_limit_counts_from_its_end() {
        let connection = Connection::new();
        let work = connection.work();
        assert!(timeout(3 * LIMIT, connection.finished(LIMIT)).await.is_err());
        drop(work);
        let ended = Instant::now();
        connection.finished(LIMIT).await;
        assert!(ended.elapsed() >= LIMIT - Duration::from_millis(1));
    }

    #[tokio::test]
    async fn a_stalled_client_is_finished_at_once() {
        let connection = Connection::new();
        connection.work().stalled();
        timeout(LIMIT, connection.finished(1000 * LIMIT)).await.unwrap();
    }

    #[tokio::test]
    async fn only_what_is_written_counts_as_movement() {
        let connection = Connection::new();
        let before = *connection.last_moved();
        let (near, mut far) = tokio::io::duplex(64);
        let mut noted = connection.note(near);
        far.write_all(b"dripping").await.unwrap();
        noted.read_exact(&mut [0; 8]).await.unwrap();
        assert_eq!(*connection.last_moved(), before);
        noted.write_all(b"answer").await.unwrap();
        assert!(*connection.last_moved() > before);
    }
}
