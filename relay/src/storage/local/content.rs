//! The bytes of a share: header and parts in one file, the manifest in another.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

use bytes::Bytes;
use share_relay_api::ShareId;

use super::{
    inner::{CONTENT, Inner, MANIFEST, PARTS},
    part::LocalPart,
};
use crate::{
    domain::PartPlace,
    limits::BLOCK_BYTES,
    storage::{
        blocks::Block,
        contract::{Object, Result, StoreError},
    },
};

impl Inner {
    pub(super) fn put_header(&self, id: ShareId, bytes: &[u8]) -> Result<()> {
        let file = self.disk.open(&self.file(id, CONTENT))?;
        file.write_all_at(bytes, 0)?;
        Ok(file.sync_data()?)
    }

    pub(super) fn put_manifest(&self, id: ShareId, bytes: &[u8]) -> Result<()> {
        self.reserve.fill()?;
        let temporary = self.temporary();
        let put = self.disk.replace(&self.file(id, MANIFEST), &temporary, bytes);
        if put.is_err() {
            self.discard(temporary);
        }
        Ok(put?)
    }

    pub(super) fn begin_part(self: &Arc<Self>, id: ShareId, place: PartPlace) -> Result<Option<LocalPart>> {
        let claim = Arc::new(self.writers.part(id, place.number).ok_or(StoreError::Busy)?);
        if self.parts(id, place.number..place.number + 1)?.holds(0) {
            return Ok(None);
        }
        self.reserve.fill()?;
        let content = self.disk.open(&self.file(id, CONTENT))?;
        Ok(Some(LocalPart::new(self.clone(), id, place, content, claim)))
    }

    pub(super) fn seal(&self, id: ShareId, content_bytes: u64) -> Result<()> {
        let file = self.disk.open(&self.file(id, CONTENT))?;
        // What is held up to there was synced, and the length with it.
        let length = file.length()?;
        if length == content_bytes {
            return Ok(());
        }
        file.set_len(content_bytes)?;
        if let Err(error) = file.sync_all() {
            // Or else the next try would find it done.
            file.set_len(length)?;
            return Err(error.into());
        }
        Ok(())
    }

    pub(super) fn read(&self, id: ShareId, object: Object, offset: u64, most: usize) -> Result<Bytes> {
        let mut file = File::open(self.object(id, object))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut block = self.block(most);
        let read = read_full(&mut file, block.room())?;
        block.fill(read);
        Ok(Bytes::from_owner(block))
    }

    /// Reads what the system has in memory, without waiting for the disk; `None` if it has not all of it.
    #[cfg(target_os = "linux")]
    pub(super) fn read_cached(&self, id: ShareId, object: Object, offset: u64, most: usize) -> Option<Bytes> {
        use rustix::{
            fs::{CWD, Mode, OFlags, ResolveFlags, openat2},
            io::{ReadWriteFlags, preadv2},
        };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat2(CWD, self.object(id, object), flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
        // tmpfs does not know the flag, and needs none.
        let wait = if self.is_in_memory { ReadWriteFlags::empty() } else { ReadWriteFlags::NOWAIT };
        let mut block = self.block(most);
        while !block.is_full() {
            let at = offset + block.as_ref().len() as u64;
            let read = preadv2(&file, &mut [io::IoSliceMut::new(block.room())], at, wait).ok()?;
            if read == 0 {
                return None;
            }
            block.fill(read);
        }
        Some(Bytes::from_owner(block))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn read_cached(&self, _: ShareId, _: Object, _: u64, _: usize) -> Option<Bytes> {
        None
    }

    fn object(&self, id: ShareId, object: Object) -> PathBuf {
        self.file(
            id,
            match object {
                Object::Content => CONTENT,
                Object::Manifest => MANIFEST,
            },
        )
    }

    fn block(&self, bytes: usize) -> Block {
        if bytes == BLOCK_BYTES { self.blocks.take() } else { Block::small(bytes) }
    }

    pub(super) fn delete_content(&self, id: ShareId) -> Result<()> {
        let dir = self.dir(id);
        self.forget_parts(id);
        let mut there = false;
        for name in [CONTENT, MANIFEST, PARTS] {
            there |= dir.join(name).try_exists()?;
            self.disk.remove_file_if_there(&dir.join(name))?;
        }
        if there {
            self.disk.sync_dir(&dir)?;
        }
        Ok(())
    }
}

/// Reads until there is no room left, or nothing more.
fn read_full(file: &mut File, mut room: &mut [u8]) -> io::Result<usize> {
    let all = room.len();
    while !room.is_empty() {
        match file.read(room) {
            Ok(0) => break,
            Ok(read) => room = &mut room[read..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all - room.len())
}
