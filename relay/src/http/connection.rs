//! The activity of a connection: it is closed when it has been idle for too long, or when its place is needed for another
//! one.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::limits::Limits;

/// An idle connection is kept at least this long even if its place is needed: it may be about to send its request, or to
/// receive an answer.
const SHORTEST_IDLE: Duration = Duration::from_millis(250);

/// A handle to a connection's activity.
#[derive(Debug, Clone)]
pub struct Connection(Arc<State>);

/// The idle connections, longest idle first.
#[derive(Debug, Clone, Default)]
pub struct Idle(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    /// The connections in the order in which they became idle, each with that time.
    connections: BTreeMap<u64, (Instant, Weak<State>)>,
    next: u64,
}

#[derive(Debug)]
struct State {
    activity: Mutex<Activity>,
    idle: Idle,
    closed: Notify,
    written: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Activity {
    /// Requests being handled, and answers with content being produced.
    works: usize,
    /// How many of these wait for a small body, and how many produce an answer.
    waits: usize,
    answers: usize,
    /// Complete answers that the client has not taken entirely.
    sending: usize,
    /// When the last request or answer ended. Bytes received do not count: a client could send a head byte by byte, or
    /// ping for ever.
    idle_since: Instant,
    /// When the first bytes arrived after `idle_since`.
    head_since: Option<Instant>,
    /// Its number among the idle connections, while it is one.
    number: Option<u64>,
}

/// Keeps a connection from being idle until dropped.
#[derive(Debug)]
pub struct Work(Connection);

/// Marks that the relay waits for a small body, until dropped.
#[derive(Debug)]
pub struct Wait(Connection);

/// Marks that a complete answer is being sent, until dropped.
#[derive(Debug)]
pub struct Sending(Connection);

/// Marks that an answer with content is being produced, until dropped.
#[derive(Debug)]
pub struct Feeding(Work);

impl Idle {
    /// Closes the connection that has been idle for longest, if that is long enough. `false` if there is none.
    pub fn close_longest(&self) -> bool {
        let mut line = self.line();
        let longest = line.connections.first_entry().filter(|first| first.get().0.elapsed() >= SHORTEST_IDLE);
        let Some((_, longest)) = longest.map(|first| first.remove()) else { return false };
        drop(line);
        // If the upgrade fails, the connection is being closed already and its place becomes free anyway.
        longest.upgrade().inspect(|state| state.closed.notify_one());
        true
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// A new connection, which is idle.
    pub fn new(idle: &Idle) -> Self {
        let activity = Activity {
            works: 0,
            waits: 0,
            answers: 0,
            sending: 0,
            idle_since: Instant::now(),
            head_since: None,
            number: None,
        };
        let (activity, idle) = (Mutex::new(activity), idle.clone());
        let connection = Self(Arc::new(State { activity, idle, closed: Notify::new(), written: Arc::default() }));
        connection.change(|_| {});
        connection
    }

    /// A count of the bytes that the client has taken.
    pub fn written(&self) -> Arc<AtomicU64> {
        self.0.written.clone()
    }

    /// Counts bytes that the client has taken. While it takes a complete answer, such as a file of the page, the connection
    /// counts as idle only from the newest bytes on.
    pub fn has_written(&self, bytes: usize) {
        self.0.written.fetch_add(bytes as u64, Ordering::Release);
        let is_taken = {
            let activity = self.activity();
            activity.works == 0 && activity.sending > 0
        };
        if is_taken {
            drop(self.work());
        }
    }

    /// Begins to send a complete answer.
    pub fn send(&self) -> Sending {
        self.change(|activity| activity.sending += 1);
        Sending(self.clone())
    }

    /// Notes that bytes have arrived.
    pub fn has_read(&self) {
        let mut activity = self.activity();
        if activity.works == 0 && activity.head_since.is_none() {
            activity.head_since = Some(Instant::now());
        }
    }

    /// Begins to handle a request.
    pub fn work(&self) -> Work {
        self.change(|activity| activity.works += 1);
        Work(self.clone())
    }

    /// Begins to wait for a request's small body. Until it arrives, the connection may be closed like an idle one.
    pub fn wait(&self) -> Wait {
        self.change(|activity| activity.waits += 1);
        Wait(self.clone())
    }

    /// Begins to produce an answer with content.
    pub fn feed(&self) -> Feeding {
        self.change(|activity| activity.answers += 1);
        Feeding(self.work())
    }

    /// Whether an answer with content is being produced.
    pub fn is_fed(&self) -> bool {
        self.activity().answers > 0
    }

    /// Returns when the connection is to be closed: its client has stalled, it was idle for too long, or its place is needed.
    pub async fn finished(&self, limits: &Limits) {
        tokio::select! {
            () = self.0.closed.notified() => {}
            () = self.idle(limits) => {}
        }
    }

    async fn idle(&self, limits: &Limits) {
        loop {
            let now = Instant::now();
            let ends = {
                let activity = self.activity();
                let head = activity.head_since.map(|since| since + limits.head);
                let idle = activity.idle_since + limits.connection_idle;
                if activity.works > 0 { now + limits.head } else { head.unwrap_or(idle).min(idle) }
            };
            if ends <= now {
                return;
            }
            // Checked again after this time, because a head that begins meanwhile has a shorter limit.
            sleep_until(ends.min(now + limits.head)).await;
        }
    }

    /// Changes the activity, and enters or removes the connection among the idle ones accordingly.
    fn change(&self, change: impl FnOnce(&mut Activity)) {
        let mut activity = self.activity();
        change(&mut activity);
        if activity.works > 0 {
            activity.head_since = None;
        }
        let is_idle = activity.works <= activity.waits;
        match activity.number {
            None if is_idle => {
                let mut line = self.0.idle.line();
                let number = line.next;
                line.next += 1;
                line.connections.insert(number, (Instant::now(), Arc::downgrade(&self.0)));
                activity.number = Some(number);
            }
            Some(number) if !is_idle => {
                self.0.idle.line().connections.remove(&number);
                activity.number = None;
            }
            _ => {}
        }
    }

    fn activity(&self) -> MutexGuard<'_, Activity> {
        self.0.activity()
    }
}

impl State {
    fn activity(&self) -> MutexGuard<'_, Activity> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feeding {
    /// Closes the connection, because its client has stalled.
    pub fn stalled(self) {
        self.0.0.0.closed.notify_one();
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.0.0.change(|activity| activity.answers -= 1);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.change(|activity| {
            activity.works -= 1;
            activity.idle_since = Instant::now();
        });
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.change(|activity| activity.sending -= 1);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.change(|activity| activity.waits -= 1);
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let number = self.activity().number;
        if let Some(number) = number {
            self.idle.line().connections.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, timeout};

    use super::*;

    fn limits() -> Limits {
        Limits { head: Duration::from_secs(5), connection_idle: Duration::from_secs(20), ..Limits::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_work_is_finished_after_the_limit() {
        let (connection, begun) = (Connection::new(&Idle::default()), Instant::now());
        connection.finished(&limits()).await;
        assert_eq!(begun.elapsed(), limits().connection_idle);
    }

    #[tokio::test(start_paused = true)]
    async fn work_keeps_it_open_and_the_limit_counts_from_its_end() {
        let (connection, limits) = (Connection::new(&Idle::default()), limits());
        let work = connection.work();
        connection.has_read();
        assert!(timeout(3 * limits.connection_idle, connection.finished(&limits)).await.is_err());
        drop(work);
        let ended = Instant::now();
        connection.finished(&limits).await;
        assert_eq!(ended.elapsed(), limits.connection_idle);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_has_begun_has_less_time() {
        let (connection, limits) = (Connection::new(&Idle::default()), limits());
        let begins = async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            connection.has_read();
            Instant::now()
        };
        let (begun, ()) = tokio::join!(begins, connection.finished(&limits));
        assert!(begun.elapsed() >= limits.head && begun.elapsed() < 2 * limits.head);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_client_is_finished_at_once() {
        let connection = Connection::new(&Idle::default());
        connection.feed().stalled();
        timeout(Duration::from_secs(1), connection.finished(&limits())).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_waited_longest_gives_way_and_one_at_work_does_not() {
        let idle = Idle::default();
        let [silent, waiting, busy, answered] = [(); 4].map(|()| Connection::new(&idle));
        let (_waits, _works) = ((waiting.work(), waiting.wait()), busy.work());
        drop(answered.work());
        assert!(!idle.close_longest(), "they had no time yet");
        advance(SHORTEST_IDLE).await;
        let mut closed = Vec::new();
        while idle.close_longest() {
            for (number, connection) in [&silent, &waiting, &busy, &answered].into_iter().enumerate() {
                if timeout(Duration::from_nanos(1), connection.0.closed.notified()).await.is_ok() {
                    closed.push(number);
                }
            }
        }
        assert_eq!(closed, [0, 1, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_an_answer_slowly_is_idle_from_its_last_bytes_on() {
        let (idle, limits) = (Idle::default(), limits());
        let [silent, taking] = [(); 2].map(|()| Connection::new(&idle));
        let _sending = taking.send();
        for _ in 0..5 {
            advance(limits.connection_idle / 2).await;
            taking.has_written(1);
        }
        assert!(timeout(limits.connection_idle / 2, taking.finished(&limits)).await.is_err());
        assert!(idle.close_longest(), "the other one waits for longer");
        timeout(Duration::from_nanos(1), silent.0.closed.notified()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_gone_is_in_nobodys_way() {
        let idle = Idle::default();
        drop(Connection::new(&idle));
        assert!(idle.line().connections.is_empty());
        let connection = Connection::new(&idle);
        drop(connection.work());
        advance(SHORTEST_IDLE).await;
        assert!(idle.close_longest() && !idle.close_longest());
    }
}
