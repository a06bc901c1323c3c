//! Records: a share appears and disappears by renaming its whole directory, and a record is replaced whole. A record's file
//! begins with a line of JSON with the value's write id and due time; the value follows.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::Error as _};
use share_relay_api::ShareId;

use super::{
    inner::{CONTENT, Inner, PARTS, RECORD},
    unsynced::UnsyncedRecord,
};
use crate::storage::{
    contract::{Key, Result, StoreError, Value, WriteId},
    disk,
};

#[derive(Serialize, Deserialize)]
struct FirstLine {
    written: WriteId,
    due: Option<u64>,
}

/// A value as it lies in its file.
pub(super) fn to_file(value: &Value) -> Result<Vec<u8>> {
    let first = FirstLine { written: value.written, due: value.due };
    let mut file = serde_json::to_vec(&first).map_err(StoreError::Damaged)?;
    file.push(b'\n');
    file.extend_from_slice(&value.bytes);
    Ok(file)
}

fn from_file(file: Vec<u8>) -> Result<Value> {
    let damaged = || StoreError::Damaged(serde_json::Error::custom("there is no first line"));
    let end = file.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let FirstLine { written, due } = serde_json::from_slice(&file[..end]).map_err(StoreError::Damaged)?;
    Ok(Value { written, due, bytes: Bytes::from(file).slice(end + 1..) })
}

impl Inner {
    pub(super) fn create(&self, key: Key, value: &Value) -> Result<bool> {
        self.recover_share_of(key)?;
        let _lock = self.lock_record(key);
        self.make_record_durable(key)?;
        if self.read_record(key)?.is_some() {
            return Ok(false);
        }
        let file = to_file(value)?;
        self.due.lower(key, value.due);
        match key {
            Key::Share(id) => self.create_share(id, &file)?,
            Key::Events(_) | Key::Clock => self.put_record(key, &file)?,
        }
        Ok(true)
    }

    fn create_share(&self, id: ShareId, record: &[u8]) -> Result<()> {
        self.reserve.fill()?;
        let temporary = self.temporary();
        if let Err(error) = self.fill(&temporary, record) {
            self.discard(temporary);
            return Err(error.into());
        }
        // A share of the same id may have been removed by hand.
        self.forget_parts(id);
        self.unsynced.record_pending(Key::Share(id), UnsyncedRecord::Creation);
        if let Err(error) = self.disk.put_in_place(&temporary, &self.dir(id)) {
            self.discard(temporary);
            self.make_record_durable(Key::Share(id))?;
            return Err(error.into());
        }
        self.unsynced.record_synced(Key::Share(id));
        Ok(())
    }

    /// Makes the directory of a new share, durably.
    fn fill(&self, dir: &Path, record: &[u8]) -> io::Result<()> {
        self.disk.create_private_dir(dir)?;
        // Both are empty, so only their names need a sync.
        self.disk.create_new(&dir.join(CONTENT))?;
        self.disk.create_new(&dir.join(PARTS))?;
        self.disk.write_new(&dir.join(RECORD), record)?;
        self.disk.sync_dir(dir)
    }

    pub(super) fn load(&self, key: Key) -> Result<Option<Value>> {
        self.recover_share_of(key)?;
        let stored = self.read_record(key)?;
        // Checked after reading: the value read may have been written just before and not be durable yet.
        if stored.is_some() && self.unsynced.record(key).is_none() {
            return Ok(stored);
        }
        let _lock = self.lock_record(key);
        self.make_record_durable(key)?;
        let stored = self.read_record(key)?;
        if stored.is_none() {
            // It may have been removed by hand.
            self.due.set(key, None);
        }
        Ok(stored)
    }

    pub(super) fn read_record(&self, key: Key) -> Result<Option<Value>> {
        match self.disk.read(&self.record_file(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            file => from_file(file?).map(Some),
        }
    }

    pub(super) fn replace(&self, key: Key, old: WriteId, value: &Value) -> Result<bool> {
        self.recover_share_of(key)?;
        let _lock = self.lock_record(key);
        self.make_record_durable(key)?;
        if self.read_record(key)?.is_none_or(|stored| stored.written != old) {
            return Ok(false);
        }
        self.due.lower(key, value.due);
        self.put_record(key, &to_file(value)?)?;
        self.due.set(key, value.due);
        Ok(true)
    }

    fn put_record(&self, key: Key, file: &[u8]) -> io::Result<()> {
        match self.try_to_put_record(key, file) {
            Err(error) if disk::is_full(&error) => {
                self.reserve.give_up()?;
                self.try_to_put_record(key, file)
            }
            other => other,
        }
    }

    fn try_to_put_record(&self, key: Key, file: &[u8]) -> io::Result<()> {
        let temporary = self.temporary();
        let put = self.disk.write_new(&temporary, file).and_then(|()| {
            self.unsynced.record_pending(key, UnsyncedRecord::Change);
            self.disk.put_in_place(&temporary, &self.record_file(key))
        });
        match put {
            Ok(()) => self.unsynced.record_synced(key),
            Err(_) => self.discard(temporary),
        }
        put
    }

    /// Makes a record durable whose last sync did not succeed: removes a share whose creation may not be durable, and
    /// writes the current value of a record again. The caller holds the record's lock.
    fn make_record_durable(&self, key: Key) -> Result<()> {
        match (self.unsynced.record(key), key) {
            (None, _) => Ok(()),
            (Some(UnsyncedRecord::Creation), Key::Share(id)) => {
                self.discard(self.take_away(id)?);
                Ok(())
            }
            (Some(_), _) => match self.disk.read(&self.record_file(key)) {
                // This was the first record of this key, and the write failed before the rename.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.unsynced.record_synced(key);
                    Ok(())
                }
                file => Ok(self.put_record(key, &file?)?),
            },
        }
    }

    pub(super) fn remove(&self, key: Key, old: WriteId) -> Result<bool> {
        self.recover_share_of(key)?;
        let _lock = self.lock_record(key);
        self.make_record_durable(key)?;
        match self.read_record(key)? {
            None => return Ok(true),
            Some(stored) if stored.written != old => return Ok(false),
            Some(_) => {}
        }
        match key {
            Key::Share(id) => {
                let taken = self.take_away(id)?;
                // Its files are deleted only once power loss cannot bring the directory back.
                let synced = self.disk.sync_dir(&self.shares);
                match synced {
                    Ok(()) => self.discard(taken),
                    Err(_) => self.undeleted().push(taken),
                }
                synced?;
            }
            Key::Events(_) | Key::Clock => {
                let file = self.record_file(key);
                self.disk.remove_file_if_there(&file)?;
                file.parent().map_or(Ok(()), |dir| self.disk.sync_dir(dir))?;
            }
        }
        self.due.set(key, None);
        Ok(true)
    }

    fn recover_share_of(&self, key: Key) -> Result<()> {
        match key {
            Key::Share(id) | Key::Events(id) => self.recover_share(id),
            Key::Clock => Ok(()),
        }
    }

    /// Moves a share's directory, if it exists, to a temporary path and returns that path.
    pub(super) fn take_away(&self, id: ShareId) -> io::Result<PathBuf> {
        let temporary = self.temporary();
        match self.disk.rename(&self.dir(id), &temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
        self.forget_parts(id);
        self.unsynced.record_synced(Key::Share(id));
        self.unsynced.record_synced(Key::Events(id));
        Ok(temporary)
    }
}
