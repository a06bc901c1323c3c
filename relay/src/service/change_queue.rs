//! The changes of one share that wait to be applied, each with what came of it.

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

/// A rule, and what came of it once that is stored.
pub struct Pending<T, F> {
    /// The rule.
    pub rule: F,
    /// What came of it.
    pub outcome: Option<Result<T>>,
}

/// What can be done to a record.
pub trait Change: Send {
    /// Does it. `true` if the rule refuses.
    fn apply(&mut self, record: &mut Record, now: u64) -> bool;

    /// It was not stored.
    fn forget(&mut self);

    /// Nobody knows whether it was stored.
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
    /// Takes all changes out of the queue, if this is one of them. It is not if they were applied together in vain.
    pub fn take_with(&self, own: &Arc<Mutex<dyn Change>>) -> Vec<Arc<Mutex<dyn Change>>> {
        let mut waiting = self.waiting();
        let is_waiting = waiting.iter().any(|change| Arc::ptr_eq(change, own));
        if is_waiting { std::mem::take(&mut *waiting) } else { Vec::new() }
    }

    /// Those that wait, in their order.
    pub fn waiting(&self) -> MutexGuard<'_, Vec<Arc<Mutex<dyn Change>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The change, for whoever applies it.
pub fn locked<T: ?Sized>(change: &Mutex<T>) -> MutexGuard<'_, T> {
    change.lock().unwrap_or_else(PoisonError::into_inner)
}
