//! Records: a share appears and disappears by renaming its whole directory, and a record is replaced whole. A record's file
//! has a line of this store's own, JSON with the value's write and time, and then the value.

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
        self.settle_left_of(key)?;
        let _lock = self.lock_record(key);
        self.settle_record(key)?;
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
        // Of a share of this id that was removed by hand.
        self.forget_parts(id);
        self.unsynced.record_pending(Key::Share(id), UnsyncedRecord::Creation);
        if let Err(error) = self.disk.put_in_place(&temporary, &self.dir(id)) {
            self.discard(temporary);
            self.settle_record(Key::Share(id))?;
            return Err(error.into());
        }
        self.unsynced.record_synced(Key::Share(id));
        Ok(())
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

    pub(super) fn load(&self, key: Key) -> Result<Option<Value>> {
        self.settle_left_of(key)?;
        let stored = self.read_record(key)?;
        // Looked at afterwards: what was read may have been put there just before.
        if stored.is_some() && self.unsynced.record(key).is_none() {
            return Ok(stored);
        }
        let _lock = self.lock_record(key);
        self.settle_record(key)?;
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
        self.settle_left_of(key)?;
        let _lock = self.lock_record(key);
        self.settle_record(key)?;
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

    /// Makes a record durable that may not be: takes back a share that may not be there, and writes a record again that may
    /// not be this one. The caller holds the record's lock.
    fn settle_record(&self, key: Key) -> Result<()> {
        match (self.unsynced.record(key), key) {
            (None, _) => Ok(()),
            (Some(UnsyncedRecord::Creation), Key::Share(id)) => {
                self.discard(self.take_away(id)?);
                Ok(())
            }
            (Some(_), _) => match self.disk.read(&self.record_file(key)) {
                // The first record of this key, which failed before it had its name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.unsynced.record_synced(key);
                    Ok(())
                }
                file => Ok(self.put_record(key, &file?)?),
            },
        }
    }

    pub(super) fn remove(&self, key: Key, old: WriteId) -> Result<bool> {
        self.settle_left_of(key)?;
        let _lock = self.lock_record(key);
        self.settle_record(key)?;
        match self.read_record(key)? {
            None => return Ok(true),
            Some(stored) if stored.written != old => return Ok(false),
            Some(_) => {}
        }
        match key {
            Key::Share(id) => {
                let taken = self.take_away(id)?;
                // What is in it goes only once it cannot come back.
                let synced = self.disk.sync_dir(&self.shares);
                match synced {
                    Ok(()) => self.discard(taken),
                    Err(_) => self.leftovers().push(taken),
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

    fn settle_left_of(&self, key: Key) -> Result<()> {
        match key {
            Key::Share(id) | Key::Events(id) => self.settle_left(id),
            Key::Clock => Ok(()),
        }
    }

    /// Takes a share's directory away, if there is one; gives where it is now.
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
