//! How a batch ends before all rows are done: when the user stops it, at its deadline, or after a failure.

use std::{
    collections::HashMap,
    future::pending,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use share_client::Cancel;

/// Whether rows may begin, and what stops those that are worked on.
#[derive(Default)]
pub struct Stop {
    no_more: AtomicBool,
    by_user: AtomicBool,
    running: Mutex<HashMap<u64, Cancel>>,
}

impl Stop {
    /// Whether another row may begin.
    pub fn may_begin(&self) -> bool {
        !self.no_more.load(Ordering::SeqCst)
    }

    /// Whether the user has stopped the batch.
    pub fn is_by_user(&self) -> bool {
        self.by_user.load(Ordering::SeqCst)
    }

    /// Begins no other row.
    pub fn begin_no_more(&self) {
        self.no_more.store(true, Ordering::SeqCst);
    }

    /// The cancellation of a row on this line, until [`Stop::ended`].
    pub fn begun(&self, line: u64) -> Cancel {
        let cancel = Cancel::default();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(line, cancel.clone());
        cancel
    }

    /// The row on this line has ended.
    pub fn ended(&self, line: u64) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&line);
    }

    /// Stops all rows each time the user wishes so: what was begun is kept to go on with.
    pub async fn when_asked(&self, cancel: &Cancel) {
        while cancel.unless_cancelled(pending::<share_client::Result<()>>()).await.is_err() {
            self.by_user.store(true, Ordering::SeqCst);
            self.all();
        }
    }

    /// Stops all rows after this time.
    pub async fn after(&self, time: Option<Duration>) {
        match time {
            Some(time) => tokio::time::sleep(time).await,
            None => pending().await,
        }
        self.all();
    }

    fn all(&self) {
        self.begin_no_more();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(Cancel::cancel);
    }
}
