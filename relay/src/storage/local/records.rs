//! Records: a share appears and disappears by renaming its whole directory, and its record is replaced whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use share_relay_api::ShareId;

use super::{
    inner::{CONTENT, Inner, PARTS, RECORD},
    unsynced::UnsyncedRecord,
};
use crate::{
    domain::Record,
    storage::{
        contract::{Result, StoreError, Stored, Tag},
        disk,
    },
};

/// What a record begins its changes from.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

impl Inner {
    pub(super) fn create(&self, id: ShareId, record: &[u8]) -> Result<bool> {
        self.settle_left(id)?;
        let _lock = self.lock_record(id);
        self.settle_record(id)?;
        let dir = self.dir(id);
        if dir.try_exists()? {
            return Ok(false);
        }
        self.reserve.fill()?;
        let temporary = self.temporary();
        if let Err(error) = self.fill(&temporary, record) {
            self.discard(temporary);
            return Err(error.into());
        }
        // Of a share of this id that was removed by hand.
        self.forget_parts(id);
        self.unsynced.record_pending(id, UnsyncedRecord::Creation);
        if let Err(error) = self.disk.put_in_place(&temporary, &dir) {
            self.discard(temporary);
            self.settle_record(id)?;
            return Err(error.into());
        }
        self.unsynced.record_synced(id);
        Ok(true)
    }

    /// Makes the directory of a new share, durably.
    fn fill(&self, dir: &Path, record: &[u8]) -> io::Result<()> {
        self.disk.create_private_dir(dir)?;
        // Empty, they have nothing to sync but their names.
        self.disk.create_new(&dir.join(CONTENT))?;
        self.disk.create_new(&dir.join(PARTS))?;
        self.disk.write_new(&dir.join(RECORD), record)?;
        self.disk.sync_dir(dir)
    }

    pub(super) fn load(&self, id: ShareId) -> Result<Option<Stored>> {
        self.settle_left(id)?;
        let stored = self.read_record(id)?;
        // Looked at afterwards: what was read may have been put there just before.
        if self.unsynced.record(id).is_none() {
            return Ok(stored);
        }
        let _lock = self.lock_record(id);
        self.settle_record(id)?;
        self.read_record(id)
    }

    fn read_record(&self, id: ShareId) -> Result<Option<Stored>> {
        let text = match fs::read(self.file(id, RECORD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let record: Record = serde_json::from_slice(&text).map_err(StoreError::Damaged)?;
        let tag = Tag(record.version.to_string());
        Ok(Some(Stored { record, tag }))
    }

    pub(super) fn replace(&self, id: ShareId, tag: &Tag, record: &[u8]) -> Result<bool> {
        self.settle_left(id)?;
        let _lock = self.lock_record(id);
        self.settle_record(id)?;
        let text = match fs::read(self.file(id, RECORD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        // A record may be long; no more of it is needed here.
        let Version { version } = serde_json::from_slice(&text).map_err(StoreError::Damaged)?;
        if Tag(version.to_string()) != *tag {
            return Ok(false);
        }
        self.put_record(id, record)?;
        Ok(true)
    }

    fn put_record(&self, id: ShareId, record: &[u8]) -> io::Result<()> {
        match self.try_to_put_record(id, record) {
            Err(error) if disk::is_full(&error) => {
                self.reserve.give_up()?;
                self.try_to_put_record(id, record)
            }
            other => other,
        }
    }

    fn try_to_put_record(&self, id: ShareId, record: &[u8]) -> io::Result<()> {
        let temporary = self.temporary();
        let put = self.disk.write_new(&temporary, record).and_then(|()| {
            self.unsynced.record_pending(id, UnsyncedRecord::Change);
            self.disk.put_in_place(&temporary, &self.file(id, RECORD))
        });
        match put {
            Ok(()) => self.unsynced.record_synced(id),
            Err(_) => self.discard(temporary),
        }
        put
    }

    /// Makes a record durable that may not be: takes back a share that may not be there, and writes a record again that may
    /// not be this one. The caller holds the record's lock.
    fn settle_record(&self, id: ShareId) -> Result<()> {
        match self.unsynced.record(id) {
            None => Ok(()),
            Some(UnsyncedRecord::Creation) => {
                self.discard(self.take_away(id)?);
                Ok(())
            }
            Some(UnsyncedRecord::Change) => Ok(self.put_record(id, &fs::read(self.file(id, RECORD))?)?),
        }
    }

    pub(super) fn remove(&self, id: ShareId) -> Result<()> {
        let _lock = self.lock_record(id);
        let taken = self.take_away(id)?;
        // What is in it goes only once it cannot come back.
        let synced = self.disk.sync_dir(&self.shares);
        match synced {
            Ok(()) => self.discard(taken),
            Err(_) => self.leftovers().push(taken),
        }
        Ok(synced?)
    }

    /// Takes a share's directory away, if there is one; gives where it is now.
    pub(super) fn take_away(&self, id: ShareId) -> io::Result<PathBuf> {
        let temporary = self.temporary();
        match self.disk.rename(&self.dir(id), &temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
        self.forget_parts(id);
        self.unsynced.record_synced(id);
        Ok(temporary)
    }
}
