//! Changes of a share's record: a rule is applied to it, and the outcome is stored. Changes that wait for the same
//! share are applied together, so that many callers of one share cost few writes.

use std::sync::{Arc, Mutex};

use share_relay_api::{Code, ShareId};

use super::{
    change_queue::{Change, Pending, locked},
    error::{Error, Result},
    relay::Relay,
    stored::{Stored, short, value_of},
};
use crate::{
    domain::{EventLog, Life, Record, Refusal},
    limits, line,
    storage::{Key, StoreError, Value, WriteId},
};

impl Relay {
    /// Applies a rule to a share's record and stores the outcome, also when the rule refuses. This is completed even if
    /// the caller goes away, so that the content of a share that ends is deleted at once.
    pub(super) async fn change<T, F>(self: &Arc<Self>, id: ShareId, rule: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Record, u64) -> std::result::Result<T, Refusal> + Send + 'static,
    {
        let relay = self.clone();
        tokio::spawn(async move { relay.carry_through(id, rule).await }).await?
    }

    /// Like [`Relay::change`], for a caller that runs it to its end.
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
            // They may have been stored, so they must not be applied again.
            Some(Err(Error::Store(StoreError::Uncertain(_)))) => all.iter().for_each(|change| locked(change).fail()),
            Some(Err(_)) | None => self.apply(id, &[change]).await?,
        }
        let outcome = locked(&own).outcome.take();
        outcome.unwrap_or_else(|| Err(Code::Internal.into()))
    }

    /// Applies changes one after the other and stores the resulting record with one write. Discards their outcomes
    /// unless that write succeeds.
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
            // If every rule refused, only expiry has changed the record. The refusals hold even if that cannot be
            // stored.
            let stands = all_refused && record == settled;
            match self.replace_or_remember(id, &stored, &record).await {
                Err(Error::Store(error)) if stands && error.takes_nothing() => return Ok(()),
                replaced => {
                    if replaced? {
                        return Ok(());
                    }
                }
            }
        }
        Err(Code::TooBusy.into())
    }

    /// Like [`Relay::replace_record`], but while the store cannot write, changes that may be lost with the process are
    /// remembered in memory.
    async fn replace_or_remember(&self, id: ShareId, old: &Stored, new: &Record) -> Result<bool> {
        match self.replace_record(id, old, new).await {
            Err(Error::Store(error)) if error.takes_nothing() => match new.volatile_since(&old.record) {
                Some(share) if self.unstored.remember(id, old.written, share) => Ok(true),
                _ => Err(error.into()),
            },
            replaced => replaced,
        }
    }

    /// Replaces a share's record by compare-and-swap; `false` if another change was stored first. The content of a
    /// share that ends is deleted.
    pub(super) async fn replace_record(&self, id: ShareId, old: &Stored, new: &Record) -> Result<bool> {
        let (key, value) = (Key::Share(id), value_of(new)?);
        let ends = new.is_gone() && !old.record.is_gone();
        let mut replaced = self.write(key, Some(old.written), value.clone()).await;
        if ends && matches!(replaced, Err(StoreError::Full)) {
            // A full disk must not prevent a share from ending: deleting its content first makes room.
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

/// Changes that are being applied. When this is dropped before they are stored, for example because a rule panics,
/// their outcomes are discarded.
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
