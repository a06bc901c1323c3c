//! Tells running downloads that their share has changed: another part is there, or the share is gone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;
use tokio::sync::watch;

/// Who waits for which share. It holds an entry only while somebody waits.
#[derive(Debug, Clone, Default)]
pub struct Changes(Arc<Mutex<HashMap<ShareId, watch::Sender<()>>>>);

/// Somebody who waits for one share's changes.
#[derive(Debug)]
pub struct Subscription {
    changes: Changes,
    id: ShareId,
    receiver: watch::Receiver<()>,
}

impl Changes {
    /// Tells all who wait for this share.
    pub fn tell(&self, id: ShareId) {
        if let Some(sender) = self.entries().get(&id) {
            sender.send_replace(());
        }
    }

    /// Waits for this share's changes from now on.
    pub fn subscribe(&self, id: ShareId) -> Subscription {
        let receiver = self.entries().entry(id).or_insert_with(|| watch::channel(()).0).subscribe();
        Subscription { changes: self.clone(), id, receiver }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<ShareId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Returns once the share has changed since the last return, or since subscribing.
    pub async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender lives in `changes` for as long as this subscription does.
            std::future::pending::<()>().await;
        }
    }

    /// Whether the share has changed since; asking counts as having been told.
    pub fn has_changed(&mut self) -> bool {
        let changed = self.receiver.has_changed().unwrap_or(false);
        self.receiver.mark_unchanged();
        changed
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut entries = self.changes.entries();
        if entries.get(&self.id).is_some_and(|sender| sender.receiver_count() == 1) {
            entries.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_reaches_those_who_wait_for_that_share_only() {
        let (changes, one, two) = (Changes::default(), ShareId::from_random([1; 12]), ShareId::from_random([2; 12]));
        let (mut a, mut b, mut other) = (changes.subscribe(one), changes.subscribe(one), changes.subscribe(two));
        changes.tell(one);
        a.changed().await;
        assert!(b.has_changed() && !b.has_changed() && !other.has_changed());
    }

    #[test]
    fn nothing_is_kept_once_nobody_waits() {
        let (changes, id) = (Changes::default(), ShareId::from_random([1; 12]));
        let (a, b) = (changes.subscribe(id), changes.subscribe(id));
        drop(a);
        assert_eq!(changes.entries().len(), 1);
        drop(b);
        assert_eq!(changes.entries().len(), 0);
        changes.tell(id);
    }
}
