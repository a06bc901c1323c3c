//! The memory that bodies may take: a pool for each kind of call, so that one kind cannot make the others wait.

use std::{sync::Arc, time::Duration};

use share_relay_api::Code;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::metrics::Gauge;

/// Memory reserved for a body; given back when dropped.
pub type Memory = OwnedSemaphorePermit;

/// The unit of [`Memory`], in bytes.
const UNIT: u64 = 1024;

/// Memory for bodies of one kind. Waiting bodies get it in the order of their arrival.
#[derive(Debug)]
pub struct Pool {
    free: Arc<Semaphore>,
    units: u32,
    /// How long a body waits for its memory.
    patience: Duration,
    waiting: Gauge,
}

impl Pool {
    /// A pool of this many bytes. `waiting` counts the bodies that wait.
    pub fn new(bytes: u64, patience: Duration, waiting: Gauge) -> Self {
        let units = units(bytes).min(u32::MAX >> 3);
        Self { free: Arc::new(Semaphore::new(units as usize)), units, patience, waiting }
    }

    /// Reserves this many bytes, once others have released them; `too_busy` if that takes too long.
    pub async fn reserve(&self, bytes: u64) -> Result<Memory, Code> {
        let free = self.free.clone();
        if let Ok(memory) = free.clone().try_acquire_many_owned(units(bytes)) {
            return Ok(memory);
        }
        let _waiting = self.waiting.hold();
        let reserved = timeout(self.patience, free.acquire_many_owned(units(bytes))).await;
        reserved.ok().and_then(Result::ok).ok_or(Code::TooBusy)
    }

    /// Reserves this many bytes more for a body that does not require them, from the half of the pool that is not kept
    /// for new bodies.
    pub fn reserve_extra(&self, bytes: u64) -> Option<Memory> {
        let left = self.free.available_permits().checked_sub(units(bytes) as usize)?;
        if left < self.units as usize / 2 {
            return None;
        }
        self.free.clone().try_acquire_many_owned(units(bytes)).ok()
    }

    /// Returns once everything is given back.
    pub async fn all_free(&self) {
        drop(self.free.acquire_many(self.units).await);
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_memory_waits_for_a_while() {
        let pool = Pool::new(10 * UNIT, PATIENCE, Gauge::default());
        let held = pool.reserve(10 * UNIT).await.unwrap();
        assert_eq!(pool.reserve(1).await.unwrap_err(), Code::TooBusy);
        let gives_back = async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(held);
        };
        let (reserved, ()) = tokio::join!(pool.reserve(1), gives_back);
        drop(reserved.unwrap());
        assert_eq!(pool.reserve(u64::MAX).await.unwrap_err(), Code::TooBusy, "more than there is");
        pool.all_free().await;
    }

    #[tokio::test]
    async fn what_could_be_done_without_leaves_half_of_it_to_others() {
        let pool = Pool::new(10 * UNIT, PATIENCE, Gauge::default());
        let extra = pool.reserve_extra(4 * UNIT).unwrap();
        assert!(pool.reserve_extra(2 * UNIT).is_none());
        let _held = pool.reserve(5 * UNIT).await.unwrap();
        drop(extra);
        assert!(pool.reserve_extra(1).is_none());
    }
}
