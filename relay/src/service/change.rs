//! Changes of a share's record: a rule is applied to it, and the outcome is stored. Those that wait at one
//! share are applied together, so that a crowd at one share costs few writes.

use std::sync::{Arc, Mutex};

use share_relay_api::{Code, ShareId};

use super::{
    change_queue::{Change, Pending, locked},
    error::{Error, Result},
    relay::{Relay, short},
};
use crate::{
    domain::{Life, Record, Refusal},
    limits, line,
    storage::{Store, StoreError, Stored},
};

impl<S: Store> Relay<S> {
    /// Applies a rule to a share's record and keeps the outcome, also when the rule refuses. It is carried through
    /// even if the caller goes away, so that a share that ends loses its content at once.
    pub(super) async fn change<T, F>(self: &Arc<Self>, id: ShareId, rule: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Record, u64) -> std::result::Result<T, Refusal> + Send + 'static,
    {
        let relay = self.clone();
        tokio::spawn(async move { relay.carry_through(id, rule).await }).await?
    }

    /// Like [`Relay::change`], for a caller that does not go away.
    pub(super) async fn carry_through<T, F>(&self, id: ShareId, rule: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Record, u64) -> std::result::Result<T, Refusal> + Send + 'static,
    {
        let queue = self.change_queues.of(id);
        let own = Arc::new(Mutex::new(Pending { rule, outcome: None }));
        let change: Arc<Mutex<dyn Change>> = own.clone();
        queue.waiting().push(change.clone());
        let _lock = queue.lock.lock().await;
        if let Some(outcome) = locked(&own).outcome.take() {
            return outcome;
        }
        let all = queue.take_with(&change);
        let together = if all.len() < 2 { None } else { Some(self.apply(id, &all).await) };
        match together {
            Some(Ok(())) => {}
            // Applied again, they might be made twice.
            Some(Err(Error::Store(StoreError::Uncertain(_)))) => all.iter().for_each(|change| locked(change).fail()),
            Some(Err(_)) | None => self.apply(id, &[change]).await?,
        }
        let outcome = locked(&own).outcome.take();
        outcome.unwrap_or_else(|| Err(Code::Internal.into()))
    }

    /// Applies changes one after the other and stores what comes of them, at once. Unless that is done, nothing came of
    /// them.
    async fn apply(&self, id: ShareId, changes: &[Arc<Mutex<dyn Change>>]) -> Result<()> {
        let mut applied = Applied { changes, are_stored: false };
        self.apply_and_store(id, changes).await?;
        applied.are_stored = true;
        Ok(())
    }

    async fn apply_and_store(&self, id: ShareId, changes: &[Arc<Mutex<dyn Change>>]) -> Result<()> {
        for _ in 0..limits::CHANGE_TRIES {
            let stored = self.stored(id).await?.ok_or(Code::NotFound)?;
            let (now, may_end) = (self.now(), self.may_end());
            let mut record = self.unstored.recall(id, stored.record.clone());
            if may_end {
                record.settle(now);
            }
            let settled = record.clone();
            let mut all_refused = true;
            for change in changes {
                all_refused &= locked(change).apply(&mut record, now);
                if may_end {
                    record.settle(now);
                }
            }
            if record == stored.record {
                self.unstored.forget(id);
                return Ok(());
            }
            // What time has ended is refused whether or not that can be written down.
            let stands = all_refused && record == settled;
            match self.keep_or_remember(id, &stored, record).await {
                Err(Error::Store(error)) if stands && error.takes_nothing() => return Ok(()),
                kept => {
                    if kept? {
                        return Ok(());
                    }
                }
            }
        }
        Err(Code::TooBusy.into())
    }

    /// Like [`Relay::keep`]. While the disk takes nothing, what may be lost with the process is kept in memory.
    async fn keep_or_remember(&self, id: ShareId, old: &Stored, new: Record) -> Result<bool> {
        let (passing, version) = (new.volatile_since(&old.record).cloned(), old.record.version);
        match (self.keep(id, old, new).await, passing) {
            (Err(Error::Store(error)), Some(share)) if error.takes_nothing() => {
                if self.unstored.remember(id, version, &share) { Ok(true) } else { Err(error.into()) }
            }
            (kept, _) => kept,
        }
    }

    /// Replaces a record; `false` if somebody else did first.
    pub(super) async fn keep(&self, id: ShareId, old: &Stored, mut new: Record) -> Result<bool> {
        new.version += 1;
        let ends = new.is_gone() && !old.record.is_gone();
        let replaced = match self.store.replace(id, &old.tag, &new).await {
            Err(StoreError::Full) if ends => {
                // A full disk must not keep a share from ending: its content goes first and makes the room.
                self.store.delete_content(id).await?;
                self.store.replace(id, &old.tag, &new).await
            }
            other => other,
        };
        let replaced = match replaced {
            Ok(true) => true,
            // Its last step may have failed alone, or been done and not told.
            other => match (other, self.is_stored(id, &new).await) {
                (Ok(_), Ok(true)) => true,
                (Err(error), Ok(true)) => {
                    tracing::warn!(share = short(&id), error = line::of_error(&error), "a change was stored after all");
                    true
                }
                (other, Ok(false)) => other?,
                (Err(error), Err(_)) | (Ok(_), Err(error)) => return Err(StoreError::Uncertain(Box::new(error)).into()),
            },
        };
        if replaced {
            self.unstored.forget(id);
        }
        if replaced && ends {
            self.notifier.notify(id);
            self.store.delete_content(id).await?;
            log_end(&id, &new);
        }
        Ok(replaced)
    }

    /// Whether this very record is there, durably.
    async fn is_stored(&self, id: ShareId, record: &Record) -> std::result::Result<bool, StoreError> {
        Ok(self.store.load(id).await?.is_some_and(|stored| stored.record == *record))
    }
}

/// Changes that are being applied. What came of them is forgotten when this is dropped, also by a rule that panics, unless
/// it is stored.
struct Applied<'a> {
    changes: &'a [Arc<Mutex<dyn Change>>],
    are_stored: bool,
}

impl Drop for Applied<'_> {
    fn drop(&mut self) {
        if !self.are_stored {
            self.changes.iter().for_each(|change| locked(change).forget());
        }
    }
}

fn log_end(id: &ShareId, record: &Record) {
    if let Life::Gone { ending, .. } = &record.life {
        tracing::info!(share = short(id), ending = ?ending, "share ended");
    }
}
