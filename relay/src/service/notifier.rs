//! Notifies running downloads of what has become of their share: another part is there, or the share itself has changed. Only
//! those that wait for parts are woken by parts.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;
use tokio::sync::watch;

/// The subscriptions to each share. A share has an entry only while it has subscriptions.
#[derive(Debug, Clone, Default)]
pub struct Notifier(Arc<Mutex<HashMap<ShareId, Entry>>>);

#[derive(Debug)]
struct Entry {
    share: watch::Sender<()>,
    parts: watch::Sender<()>,
}

/// A subscription to the changes of one share.
#[derive(Debug)]
pub struct Subscription {
    notifier: Notifier,
    id: ShareId,
    share: watch::Receiver<()>,
    parts: watch::Receiver<()>,
}

impl Notifier {
    /// Tells all who wait for this share that it has changed.
    pub fn notify(&self, id: ShareId) {
        if let Some(entry) = self.entries().get(&id) {
            entry.share.send_replace(());
        }
    }

    /// Tells those who wait for parts of this share that there is another.
    pub fn notify_part(&self, id: ShareId) {
        if let Some(entry) = self.entries().get(&id) {
            entry.parts.send_replace(());
        }
    }

    /// Waits for this share's changes from now on.
    pub fn subscribe(&self, id: ShareId) -> Subscription {
        let mut entries = self.entries();
        let entry =
            entries.entry(id).or_insert_with(|| Entry { share: watch::channel(()).0, parts: watch::channel(()).0 });
        let (share, parts) = (entry.share.subscribe(), entry.parts.subscribe());
        Subscription { notifier: self.clone(), id, share, parts }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<ShareId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Returns once there is another part, or the share has changed, since the last notification.
    pub async fn changed(&mut self) {
        tokio::select! {
            () = notified(&mut self.share) => {}
            () = notified(&mut self.parts) => {}
        }
    }

    /// Whether the share itself has changed since; asking counts as being notified.
    pub fn has_changed(&mut self) -> bool {
        let changed = self.share.has_changed().unwrap_or(false);
        self.share.mark_unchanged();
        changed
    }
}

async fn notified(receiver: &mut watch::Receiver<()>) {
    if receiver.changed().await.is_err() {
        // The sender lives in the notifier for as long as the subscription does.
        std::future::pending::<()>().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut entries = self.notifier.entries();
        if entries.get(&self.id).is_some_and(|entry| entry.share.receiver_count() == 1) {
            entries.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_reaches_those_who_wait_for_that_share_only() {
        let (notifier, one, two) = (Notifier::default(), ShareId::from_random([1; 12]), ShareId::from_random([2; 12]));
        let (mut a, mut b, mut other) = (notifier.subscribe(one), notifier.subscribe(one), notifier.subscribe(two));
        notifier.notify(one);
        a.changed().await;
        assert!(b.has_changed() && !b.has_changed() && !other.has_changed());
    }

    #[tokio::test]
    async fn a_part_is_told_to_those_who_wait_for_parts_only() {
        let (notifier, id) = (Notifier::default(), ShareId::from_random([1; 12]));
        let mut waiting = notifier.subscribe(id);
        notifier.notify_part(id);
        assert!(!waiting.has_changed());
        waiting.changed().await;
        notifier.notify(id);
        waiting.changed().await;
        assert!(!waiting.has_changed(), "notified already");
    }

    #[test]
    fn nothing_is_kept_once_nobody_waits() {
        let (notifier, id) = (Notifier::default(), ShareId::from_random([1; 12]));
        let (a, b) = (notifier.subscribe(id), notifier.subscribe(id));
        drop(a);
        assert_eq!(notifier.entries().len(), 1);
        drop(b);
        assert_eq!(notifier.entries().len(), 0);
        notifier.notify(id);
    }
}
