//! The bytes of a share: header and parts in one file, the manifest in another.

use std::{
    fs::{self, File},
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
    domain::{BlobKind, PartPlace},
    limits::BLOCK_BYTES,
    storage::{
        blocks::Block,
        contract::{Result, Source, StoreError},
    },
};

impl Inner {
    pub(super) fn put_blob(&self, id: ShareId, kind: BlobKind, bytes: &[u8]) -> Result<()> {
        if kind == BlobKind::Header {
            let file = self.disk.open(&self.file(id, CONTENT))?;
            file.write_all_at(bytes, 0)?;
            return Ok(file.sync_data()?);
        }
        self.reserve.fill()?;
        let temporary = self.temporary();
        self.disk
            .write_new(&temporary, bytes)
            .map_err(StoreError::from)
            .and_then(|()| {
                // Nothing of a share comes back once its content is deleted.
                let lock = self.write_locks.of(id);
                let _writable = lock.writable();
                fs::metadata(self.file(id, CONTENT))?;
                Ok(self.disk.put_in_place(&temporary, &self.file(id, MANIFEST))?)
            })
            .inspect_err(|_| self.discard(temporary))
    }

    pub(super) fn begin_part(self: &Arc<Self>, id: ShareId, place: PartPlace) -> Result<Option<LocalPart>> {
        let claim = self.writers.claim(id, place).ok_or(StoreError::Busy)?;
        self.recover_share(id)?;
        let lock = self.write_locks.of(id);
        if !self.make_writable(id, place, &lock)? {
            return Ok(None);
        }
        self.reserve.fill()?;
        let content = self.disk.open(&self.file(id, CONTENT))?;
        Ok(Some(LocalPart::new(self.clone(), id, place, content, lock, claim)))
    }

    pub(super) fn read(&self, id: ShareId, source: Source, offset: u64, most: usize) -> Result<Bytes> {
        let mut file = File::open(self.source(id, source))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut block = self.block(most);
        let read = read_full(&mut file, block.room())?;
        block.fill(read);
        Ok(Bytes::from_owner(block))
    }

    /// Reads from the page cache without blocking on the disk; `None` unless all of it is there.
    #[cfg(target_os = "linux")]
    pub(super) fn read_cached(&self, id: ShareId, source: Source, offset: u64, most: usize) -> Option<Bytes> {
        use rustix::{
            fs::{CWD, Mode, OFlags, ResolveFlags, openat2},
            io::{ReadWriteFlags, preadv2},
        };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat2(CWD, self.source(id, source), flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
        // tmpfs does not support the flag, and never blocks.
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
    pub(super) fn read_cached(&self, _: ShareId, _: Source, _: u64, _: usize) -> Option<Bytes> {
        None
    }

    fn source(&self, id: ShareId, source: Source) -> PathBuf {
        match source {
            Source::Content(_) => self.file(id, CONTENT),
            Source::Manifest => self.file(id, MANIFEST),
        }
    }

    fn block(&self, bytes: usize) -> Block {
        if bytes == BLOCK_BYTES { self.blocks.take() } else { Block::small(bytes) }
    }

    pub(super) fn delete(&self, id: ShareId) -> Result<()> {
        let lock = self.write_locks.of(id);
        let _writable = lock.writable();
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

/// Reads until the buffer is full, or the file ends.
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
