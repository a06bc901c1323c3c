//! The store on a local disk.
//!
//! ```text
//! DIR/lock                       held while a relay runs; one byte tells whether it came to a clean end
//! DIR/shares/ID/record.json      replaced whole: temporary file, fsync, rename, fsync of the directory
//! DIR/shares/ID/content.age      header and nonce, then the parts in place; once sealed, exactly an age file
//! DIR/shares/ID/manifest.age     replaced whole
//! DIR/shares/ID/parts            4 bytes a part, little-endian: its length once it is durable, else 0
//! DIR/tmp/                       what is half made or half deleted; emptied at start
//! DIR/reserve                    takes up room that records get when the disk is full
//! ```
//! A part is written in place and synced; only then is its length written to `parts` and synced, so `parts` never
//! claims what a crash could lose. A share appears and disappears by renaming its whole directory. What is not known
//! to be durable is not given out: no mark and no record is, while it is synced or after its sync failed.

mod doubts;
mod part;
mod reserve;
mod writers;

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use share_relay_api::ShareId;
use tokio::task::spawn_blocking;

use self::{
    doubts::{Doubt, Doubts},
    part::LocalPart,
    reserve::Reserve,
    writers::Writers,
};
use super::{Object, PartPlace, Parts, Result, Store, StoreError, Stored, Tag};
use crate::{blocks::Blocks, disk, limits::BLOCK_BYTES, share::Record, turns::Turns};

const RECORD: &str = "record.json";
const CONTENT: &str = "content.age";
const MANIFEST: &str = "manifest.age";
const PARTS: &str = "parts";

/// Bytes a part takes in `parts`.
const MARK_BYTES: usize = 4;

/// Shares whose held bytes are remembered.
const MAX_SUMS: usize = 10_000;

/// A directory of shares, held by one process.
#[derive(Debug, Clone)]
pub struct LocalStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    disk: disk::Disk,
    shares: PathBuf,
    temporary: PathBuf,
    names: AtomicU64,
    /// One of these is held while a record is compared and swapped; which one follows from the id.
    turns: Turns<Mutex<()>>,
    /// One of these is held while a block is written: the system lets a file have one writer at a time, and the others
    /// would wait for it on a processor.
    pens: Turns<Mutex<()>>,
    writers: Writers,
    /// Bytes of the parts held of shares somebody has asked about.
    sums: Mutex<HashMap<ShareId, u64>>,
    blocks: Blocks,
    doubts: Doubts,
    reserve: Reserve,
    /// Temporary files and directories that could not be removed.
    leftovers: Mutex<Vec<PathBuf>>,
    lock: disk::File,
    /// Whether what a relay before this one left is settled.
    settled: bool,
}

/// In `lock`: a relay runs, or was killed.
const RUNNING: &[u8] = b"+";

/// In `lock`: the last relay has ended, and all that it wrote is durable.
const ENDED: &[u8] = b"-";

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another relay runs on it.
    #[error("another relay is using {}", .0.display())]
    InUse(PathBuf),
    /// It cannot be made, locked or cleaned.
    #[error("cannot use {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
}

impl LocalStore {
    /// Opens or makes a store in `dir` (0700), takes its lock, and removes what a crash left half done.
    pub fn open(dir: &Path) -> std::result::Result<Self, OpenError> {
        Self::open_on(disk::Disk::default(), dir)
    }

    pub(crate) fn open_on(disk: disk::Disk, dir: &Path) -> std::result::Result<Self, OpenError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse(dir.to_owned()),
            _ => OpenError::Io(dir.to_owned(), error),
        };
        disk.create_private_dir(dir).map_err(failed)?;
        let lock = disk.lock(&dir.join("lock")).map_err(failed)?;
        let mut inner = Inner {
            reserve: Reserve::new(disk.clone(), dir.join("reserve")),
            disk,
            shares: dir.join("shares"),
            temporary: dir.join("tmp"),
            names: AtomicU64::new(0),
            turns: Turns::default(),
            pens: Turns::default(),
            writers: Writers::default(),
            sums: Mutex::default(),
            blocks: Blocks::default(),
            doubts: Doubts::default(),
            leftovers: Mutex::default(),
            lock,
            settled: false,
        };
        inner.prepare(dir).map_err(failed)?;
        inner.settled = true;
        Ok(Self(Arc::new(inner)))
    }

    /// Runs disk work where it does not hold up others. It is finished even if nobody waits for it any more.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Arc<Inner>) -> Result<T> + Send + 'static) -> Result<T> {
        let inner = self.0.clone();
        spawn_blocking(move || work(&inner)).await.map_err(|error| StoreError::Io(io::Error::other(error)))?
    }
}

impl Inner {
    fn prepare(&self, dir: &Path) -> io::Result<()> {
        let killed = fs::read(dir.join("lock"))? != ENDED;
        self.lock.write_all_at(RUNNING, 0)?;
        if !self.shares.try_exists()? {
            self.disk.sync_path_to(dir)?;
        }
        self.disk.create_private_dir(&self.temporary)?;
        self.disk.create_private_dir(&self.shares)?;
        self.disk.sync_dir(dir)?;
        self.disk.sync_dir(&self.shares)?;
        // First, so that no name of a process that had this one's number is in the way.
        for entry in fs::read_dir(&self.temporary)? {
            self.disk.remove_all_if_there(&entry?.path())?;
        }
        for id in self.ids()? {
            if !self.file(id, RECORD).try_exists()? {
                self.discard(self.take_away(id)?);
            } else if killed {
                self.sync_share(id)?;
            }
        }
        Ok(())
    }

    /// Makes durable what the relay before this one wrote: it may have been killed between a change and its sync.
    fn sync_share(&self, id: ShareId) -> io::Result<()> {
        self.disk.sync_dir(&self.dir(id))?;
        match self.disk.open(&self.file(id, PARTS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            marks => marks?.sync_data(),
        }
    }

    fn dir(&self, id: ShareId) -> PathBuf {
        self.shares.join(id.as_str())
    }

    fn file(&self, id: ShareId, name: &str) -> PathBuf {
        self.dir(id).join(name)
    }

    /// A path that nothing else uses while this process lives.
    fn temporary(&self) -> PathBuf {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        self.temporary.join(format!("{}-{number}", std::process::id()))
    }

    fn turn(&self, id: ShareId) -> MutexGuard<'_, ()> {
        self.turns.of(id).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what is not needed any more, now or with a later sweep.
    fn discard(&self, temporary: PathBuf) {
        if let Err(error) = self.disk.remove_all_if_there(&temporary) {
            tracing::warn!(%error, "a temporary file is left until the next sweep");
            self.leftovers().push(temporary);
        }
    }

    fn leftovers(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.leftovers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, id: ShareId, record: &[u8]) -> Result<bool> {
        let _turn = self.turn(id);
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
        self.doubts.doubt_record(id, Doubt::Creation);
        if let Err(error) = self.disk.put_in_place(&temporary, &dir) {
            self.discard(temporary);
            self.settle_record(id)?;
            return Err(error.into());
        }
        self.doubts.trust_record(id);
        Ok(true)
    }

    /// Makes the directory of a new share, durably.
    fn fill(&self, dir: &Path, record: &[u8]) -> io::Result<()> {
        self.disk.create_private_dir(dir)?;
        self.disk.write_new(&dir.join(CONTENT), b"")?;
        self.disk.write_new(&dir.join(PARTS), b"")?;
        self.disk.write_new(&dir.join(RECORD), record)?;
        self.disk.sync_dir(dir)
    }

    fn load(&self, id: ShareId) -> Result<Option<Stored>> {
        if self.doubts.of_record(id).is_some() {
            let _turn = self.turn(id);
            self.settle_record(id)?;
        }
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

    fn replace(&self, id: ShareId, tag: &Tag, record: &[u8]) -> Result<bool> {
        let _turn = self.turn(id);
        self.settle_record(id)?;
        match self.read_record(id)? {
            Some(stored) if stored.tag == *tag => {}
            _ => return Ok(false),
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
            self.doubts.doubt_record(id, Doubt::Change);
            self.disk.put_in_place(&temporary, &self.file(id, RECORD))
        });
        match put {
            Ok(()) => self.doubts.trust_record(id),
            Err(_) => self.discard(temporary),
        }
        put
    }

    /// Leaves no doubt about a record: takes back a share that may not be there, and writes a record again that may
    /// not be this one. The caller has the share's turn.
    fn settle_record(&self, id: ShareId) -> Result<()> {
        match self.doubts.of_record(id) {
            None => Ok(()),
            Some(Doubt::Creation) => {
                self.discard(self.take_away(id)?);
                Ok(())
            }
            Some(Doubt::Change) => Ok(self.put_record(id, &fs::read(self.file(id, RECORD))?)?),
        }
    }

    fn remove(&self, id: ShareId) -> Result<()> {
        let _turn = self.turn(id);
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
    fn take_away(&self, id: ShareId) -> io::Result<PathBuf> {
        let temporary = self.temporary();
        match self.disk.rename(&self.dir(id), &temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
        self.forget_parts(id);
        self.doubts.trust_record(id);
        Ok(temporary)
    }

    fn forget_parts(&self, id: ShareId) {
        self.sums().remove(&id);
        self.doubts.forget_marks(id);
    }

    fn due(&self) -> Result<Vec<ShareId>> {
        let leftovers = std::mem::take(&mut *self.leftovers());
        leftovers.into_iter().for_each(|temporary| self.discard(temporary));
        Ok(self.ids()?)
    }

    fn ids(&self) -> io::Result<Vec<ShareId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.shares)? {
            // A name that is no id is not ours; it is left alone.
            if let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    fn put_header(&self, id: ShareId, bytes: &[u8]) -> Result<()> {
        let file = self.disk.open(&self.file(id, CONTENT))?;
        file.write_all_at(bytes, 0)?;
        Ok(file.sync_data()?)
    }

    fn put_manifest(&self, id: ShareId, bytes: &[u8]) -> Result<()> {
        self.reserve.fill()?;
        let temporary = self.temporary();
        let put = self.disk.replace(&self.file(id, MANIFEST), &temporary, bytes);
        if put.is_err() {
            self.discard(temporary);
        }
        Ok(put?)
    }

    fn begin_part(self: &Arc<Self>, id: ShareId, place: PartPlace) -> Result<Option<LocalPart>> {
        let claim = Arc::new(self.writers.part(id, place.number).ok_or(StoreError::Busy)?);
        if self.parts(id, place.number..place.number + 1)?.holds(0) {
            return Ok(None);
        }
        self.reserve.fill()?;
        let content = self.disk.open(&self.file(id, CONTENT))?;
        Ok(Some(LocalPart::new(self.clone(), id, place, content, claim)))
    }

    fn parts(&self, id: ShareId, numbers: Range<u64>) -> Result<Parts> {
        let mut marks = File::open(self.file(id, PARTS))?;
        marks.seek(SeekFrom::Start(mark_at(numbers.start)))?;
        let mut bytes = Vec::new();
        marks.take(mark_at(numbers.end - numbers.start)).read_to_end(&mut bytes)?;
        let (marks, _) = bytes.as_chunks::<MARK_BYTES>();
        let mut parts = Parts(marks.iter().map(|mark| u32::from_le_bytes(*mark)).collect());
        for number in self.doubts.marks(id) {
            let place = number.checked_sub(numbers.start).and_then(|place| usize::try_from(place).ok());
            if let Some(length) = place.and_then(|place| parts.0.get_mut(place)) {
                *length = 0;
            }
        }
        Ok(parts)
    }

    /// Marks a part as held, durably.
    fn mark(&self, id: ShareId, place: PartPlace) -> Result<()> {
        let length = u32::try_from(place.bytes).map_err(|_| StoreError::Length)?;
        let marks = self.disk.open(&self.file(id, PARTS))?;
        {
            let _turn = self.turn(id);
            self.doubts.doubt_mark(id, place.number);
        }
        marks.write_all_at(&length.to_le_bytes(), mark_at(place.number))?;
        marks.sync_data()?;
        // No sum is taken in between.
        let _turn = self.turn(id);
        self.doubts.trust_mark(id, place.number);
        if let Some(sum) = self.sums().get_mut(&id) {
            *sum += place.bytes;
        }
        Ok(())
    }

    fn stored_bytes(&self, id: ShareId) -> Result<u64> {
        let _turn = self.turn(id);
        if let Some(sum) = self.sums().get(&id) {
            return Ok(*sum);
        }
        let mut marks = BufReader::new(File::open(self.file(id, PARTS))?);
        let doubtful = self.doubts.marks(id);
        let (mut sum, mut mark) = (0, [0; MARK_BYTES]);
        for number in 0.. {
            if marks.read(&mut mark[..1])? == 0 {
                break;
            }
            marks.read_exact(&mut mark[1..])?;
            if !doubtful.contains(&number) {
                sum += u64::from(u32::from_le_bytes(mark));
            }
        }
        let mut sums = self.sums();
        if sums.len() >= MAX_SUMS {
            sums.clear();
        }
        sums.insert(id, sum);
        Ok(sum)
    }

    fn sums(&self) -> MutexGuard<'_, HashMap<ShareId, u64>> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seal(&self, id: ShareId, content_bytes: u64) -> Result<()> {
        let file = self.disk.open(&self.file(id, CONTENT))?;
        file.set_len(content_bytes)?;
        Ok(file.sync_all()?)
    }

    fn read(&self, id: ShareId, object: Object, offset: u64, most: usize) -> Result<Bytes> {
        let name = match object {
            Object::Content => CONTENT,
            Object::Manifest => MANIFEST,
        };
        let mut file = File::open(self.file(id, name))?;
        file.seek(SeekFrom::Start(offset))?;
        if most != BLOCK_BYTES {
            let mut bytes = vec![0; most];
            let read = read_full(&mut file, &mut bytes)?;
            bytes.truncate(read);
            return Ok(bytes.into());
        }
        let mut block = self.blocks.take();
        let read = read_full(&mut file, block.room())?;
        block.fill(read);
        Ok(Bytes::from_owner(block))
    }

    fn check(&self) -> Result<()> {
        fs::metadata(&self.shares)?;
        let probe = self.temporary();
        let written = self.disk.write_new(&probe, RECORD.as_bytes());
        self.discard(probe);
        Ok(written?)
    }

    fn delete_content(&self, id: ShareId) -> Result<()> {
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

impl Drop for Inner {
    fn drop(&mut self) {
        if self.settled && self.doubts.is_empty() {
            // If it fails, the next start only does more than it must.
            let _ = self.lock.write_all_at(ENDED, 0);
        }
    }
}

/// Where the mark of a part lies in `parts`.
fn mark_at(number: u64) -> u64 {
    number.saturating_mul(MARK_BYTES as u64)
}

fn to_json(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(StoreError::Damaged)
}

impl Store for LocalStore {
    type Part = LocalPart;

    async fn create(&self, id: ShareId, record: &Record) -> Result<bool> {
        let record = to_json(record)?;
        self.run(move |inner| inner.create(id, &record)).await
    }

    async fn load(&self, id: ShareId) -> Result<Option<Stored>> {
        self.run(move |inner| inner.load(id)).await
    }

    async fn replace(&self, id: ShareId, tag: &Tag, record: &Record) -> Result<bool> {
        let (tag, record) = (tag.clone(), to_json(record)?);
        self.run(move |inner| inner.replace(id, &tag, &record)).await
    }

    async fn remove(&self, id: ShareId) -> Result<()> {
        self.run(move |inner| inner.remove(id)).await
    }

    async fn due(&self, _now: u64) -> Result<Vec<ShareId>> {
        self.run(|inner| inner.due()).await
    }

    async fn put_header(&self, id: ShareId, bytes: Bytes) -> Result<()> {
        self.run(move |inner| inner.put_header(id, &bytes)).await
    }

    async fn put_manifest(&self, id: ShareId, bytes: Bytes) -> Result<()> {
        self.run(move |inner| inner.put_manifest(id, &bytes)).await
    }

    async fn begin_part(&self, id: ShareId, place: PartPlace) -> Result<Option<LocalPart>> {
        self.run(move |inner| inner.begin_part(id, place)).await
    }

    async fn parts(&self, id: ShareId, numbers: Range<u64>) -> Result<Parts> {
        self.run(move |inner| inner.parts(id, numbers)).await
    }

    async fn stored_bytes(&self, id: ShareId) -> Result<u64> {
        self.run(move |inner| inner.stored_bytes(id)).await
    }

    async fn pause_writers(&self, id: ShareId) -> Result<Box<dyn Send>> {
        Ok(Box::new(self.0.writers.pause(id).ok_or(StoreError::Busy)?))
    }

    async fn seal(&self, id: ShareId, content_bytes: u64) -> Result<()> {
        self.run(move |inner| inner.seal(id, content_bytes)).await
    }

    async fn read(&self, id: ShareId, object: Object, offset: u64, most: usize) -> Result<Bytes> {
        self.run(move |inner| inner.read(id, object, offset, most)).await
    }

    async fn delete_content(&self, id: ShareId) -> Result<()> {
        self.run(move |inner| inner.delete_content(id)).await
    }

    async fn check(&self) -> Result<()> {
        self.run(|inner| inner.check()).await
    }
}

#[cfg(all(test, unix))]
mod failures;
#[cfg(all(test, unix))]
mod power_loss;
#[cfg(all(test, unix))]
pub mod promises;
#[cfg(test)]
mod tests;
