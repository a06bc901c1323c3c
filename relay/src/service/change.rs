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
    domain::{EventLog, Life, Record, Refusal},
    limits, line,
    storage::{Key, StoreError, Value, WriteId},
};

/// A record as it was read, with the write that stored it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub record: Record,
    pub written: WriteId,
}

impl Relay {
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
            // Applying them again might make them twice.
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
            let mut record = self.unstored.recall(id, stored.written, stored.record.clone());
            if record.history.is_full() {
                self.move_events(id, &mut record).await;
            }
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
            // A refusal because time has run out holds even if that cannot be stored.
            let stands = all_refused && record == settled;
            match self.keep_or_remember(id, &stored, &record).await {
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

    /// Like [`Relay::keep`], but while the store cannot write, changes that may be lost with the process are kept in memory.
    async fn keep_or_remember(&self, id: ShareId, old: &Stored, new: &Record) -> Result<bool> {
        match self.keep(id, old, new).await {
            Err(Error::Store(error)) if error.takes_nothing() => match new.volatile_since(&old.record) {
                Some(share) if self.unstored.remember(id, old.written, share) => Ok(true),
                _ => Err(error.into()),
            },
            kept => kept,
        }
    }

    /// Replaces a record; `false` if another change was faster. A share that ends loses its content.
    pub(super) async fn keep(&self, id: ShareId, old: &Stored, new: &Record) -> Result<bool> {
        let (key, value) = (Key::Share(id), value_of(new)?);
        let ends = new.is_gone() && !old.record.is_gone();
        let mut replaced = self.write(key, Some(old.written), value.clone()).await;
        if ends && matches!(replaced, Err(StoreError::Full)) {
            // A full disk must not keep a share from ending: its content goes first and makes the room.
            self.objects.delete(id).await?;
            replaced = self.write(key, Some(old.written), value).await;
        }
        if !replaced? {
            return Ok(false);
        }
        self.unstored.forget(id);
        if ends {
            self.notifier.notify(id);
            self.objects.delete(id).await?;
            log_end(&id, new);
        }
        Ok(true)
    }

    /// Replaces the value that the write `old` stored, or creates the key; `false` if another write was faster. Unless the
    /// store reports success, the value is read back: it may be stored although a last step failed, or the answer was lost.
    pub(super) async fn write(
        &self,
        key: Key,
        old: Option<WriteId>,
        value: Value,
    ) -> std::result::Result<bool, StoreError> {
        let written = value.written;
        let outcome = match old {
            Some(old) => self.records.replace(key, old, value).await,
            None => self.records.create(key, value).await,
        };
        if let Ok(true) = outcome {
            return outcome;
        }
        match (outcome, self.records.load(key).await) {
            (outcome, Ok(Some(stored))) if stored.written == written => {
                if let Err(error) = outcome {
                    tracing::warn!(error = line::of_error(&error), "a change was stored after all");
                }
                Ok(true)
            }
            (outcome, Ok(_)) => outcome,
            (Err(error), Err(_)) | (Ok(_), Err(error)) => Err(StoreError::Uncertain(Box::new(error))),
        }
    }

    /// Moves the events of a stored record to the share's log, and drops them from the record, which is to be stored next. If
    /// that fails, they stay until it works.
    async fn move_events(&self, id: ShareId, record: &mut Record) {
        let moved = async {
            let (mut log, before) = self.event_log(id).await?;
            let has_more = log.take_over(&record.history);
            let value = Value::new(serde_json::to_vec(&log).map_err(StoreError::Damaged)?, None)?;
            if !has_more || self.write(Key::Events(id), before, value).await? {
                record.history.drop_moved(&log);
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = moved.await {
            tracing::warn!(share = short(&id), error = line::of_error(&error), "events stay in the share's record");
        }
    }

    /// The log of a share's events, with the write that stored it.
    pub(super) async fn event_log(&self, id: ShareId) -> std::result::Result<(EventLog, Option<WriteId>), StoreError> {
        let Some(stored) = self.records.load(Key::Events(id)).await? else { return Ok((EventLog::default(), None)) };
        let log = serde_json::from_slice(&stored.bytes).map_err(StoreError::Damaged)?;
        Ok((log, Some(stored.written)))
    }
}

/// A record as it is stored.
pub(super) fn value_of(record: &Record) -> std::result::Result<Value, StoreError> {
    let bytes = serde_json::to_vec(record).map_err(StoreError::Damaged)?;
    Value::new(bytes, Some(record.due()))
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
