//! The changes of one share that wait to be applied, each with its outcome.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use share_relay_api::Code;

use super::error::{Error, Result};
use crate::domain::{Record, Refusal};

/// The changes of one share that wait to be applied.
#[derive(Default)]
pub struct ChangeQueue {
    /// Held while changes are applied.
    pub lock: tokio::sync::Mutex<()>,
    waiting: Mutex<Vec<Arc<Mutex<dyn Change>>>>,
}

/// A rule and its outcome, which holds once the changed record is stored.
pub struct Pending<T, F> {
    /// The rule.
    pub rule: F,
    /// The outcome, once the rule has been applied.
    pub outcome: Option<Result<T>>,
}

/// A change of a record.
pub trait Change: Send {
    /// Applies the rule to the record and stores the outcome in this change; `true` if the rule refuses.
    fn apply(&mut self, record: &mut Record, now: u64) -> bool;

    /// Discards the outcome: the changed record was not stored.
    fn forget(&mut self);

    /// Replaces the outcome by an error: it is unknown whether the changed record was stored.
    fn fail(&mut self);
}

impl<T, F> Change for Pending<T, F>
where
    T: Send,
    F: FnMut(&mut Record, u64) -> std::result::Result<T, Refusal> + Send,
{
    fn apply(&mut self, record: &mut Record, now: u64) -> bool {
        self.outcome.insert((self.rule)(record, now).map_err(Error::from)).is_err()
    }

    fn forget(&mut self) {
        self.outcome = None;
    }

    fn fail(&mut self) {
        self.outcome = Some(Err(Code::StorageFailing.into()));
    }
}

impl ChangeQueue {
    /// Takes all changes out of the queue if `own` is one of them; none otherwise. `own` is missing if it was already
    /// taken and applied together with others, which failed.
    pub fn take_with(&self, own: &Arc<Mutex<dyn Change>>) -> Vec<Arc<Mutex<dyn Change>>> {
        let mut waiting = self.waiting();
        let is_waiting = waiting.iter().any(|change| Arc::ptr_eq(change, own));
        if is_waiting { std::mem::take(&mut *waiting) } else { Vec::new() }
    }

    /// The waiting changes, in the order of their arrival.
    pub fn waiting(&self) -> MutexGuard<'_, Vec<Arc<Mutex<dyn Change>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks a change, to apply it or to take its outcome.
pub fn locked<T: ?Sized>(change: &Mutex<T>) -> MutexGuard<'_, T> {
    change.lock().unwrap_or_else(PoisonError::into_inner)
}
