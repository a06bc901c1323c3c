//! What can be read but may not survive power loss: it is being synced, or its sync failed. A failed sync must not
//! just be repeated: the system may have given up what it could not write, and then says that all is well. (Linux
//! tells of the failure everyone who had the file open, so others who write to it fail likewise.)

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use share_relay_api::ShareId;

/// What must be written again before anybody builds on it.
#[derive(Debug, Default)]
pub struct Doubts(Mutex<Doubtful>);

#[derive(Debug, Default)]
struct Doubtful {
    records: HashMap<ShareId, Doubt>,
    /// Marks of parts.
    marks: HashSet<(ShareId, u64)>,
}

/// What of a share's record is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Whether the share is there at all.
    Creation,
    /// Whether it is this record, or the one before.
    Change,
}

impl Doubts {
    /// Doubts a record, until it is trusted.
    pub fn doubt_record(&self, id: ShareId, doubt: Doubt) {
        self.all().records.insert(id, doubt);
    }

    /// A record is known to survive, or that there is none.
    pub fn trust_record(&self, id: ShareId) {
        self.all().records.remove(&id);
    }

    /// What of a record is in doubt.
    pub fn of_record(&self, id: ShareId) -> Option<Doubt> {
        self.all().records.get(&id).copied()
    }

    /// Doubts the mark of a part, until it is trusted.
    pub fn doubt_mark(&self, id: ShareId, number: u64) {
        self.all().marks.insert((id, number));
    }

    /// The mark of a part is known to survive.
    pub fn trust_mark(&self, id: ShareId, number: u64) {
        self.all().marks.remove(&(id, number));
    }

    /// The numbers of a share's parts whose marks are in doubt.
    pub fn marks(&self, id: ShareId) -> Vec<u64> {
        self.all().marks.iter().filter(|(of, _)| *of == id).map(|(_, number)| *number).collect()
    }

    /// Forgets a share's marks, with the share's parts.
    pub fn forget_marks(&self, id: ShareId) {
        self.all().marks.retain(|(of, _)| *of != id);
    }

    /// Whether everything survives.
    pub fn is_empty(&self) -> bool {
        let all = self.all();
        all.records.is_empty() && all.marks.is_empty()
    }

    fn all(&self) -> MutexGuard<'_, Doubtful> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
