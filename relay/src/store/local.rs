//! The store on a local disk.
//!
//! ```text
//! DIR/lock                       held while a relay runs
//! DIR/shares/ID/record.json      replaced whole: temporary file, fsync, rename, fsync of the directory
//! DIR/shares/ID/content.age      header and nonce, then the parts in place; once sealed, exactly an age file
//! DIR/shares/ID/manifest.age     replaced whole
//! DIR/shares/ID/parts            4 bytes a part, little-endian: its length once it is durable, else 0
//! DIR/tmp/                       what is half made or half deleted; emptied at start
//! ```
//! A part is written in place and synced; only then is its length written to `parts` and synced, so `parts` never
//! claims what a crash could lose. A share appears and disappears by renaming its whole directory.

mod writers;

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use share_relay_api::ShareId;
use tokio::task::{JoinHandle, spawn_blocking};

use self::writers::{Claim, Writers};
use super::{Object, PartPlace, PartWriter, Parts, Result, Store, StoreError, Stored, Tag};
use crate::{
    blocks::{Block, Blocks},
    disk,
    limits::BLOCK_BYTES,
    share::Record,
    turns::Turns,
};

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
    shares: PathBuf,
    temporary: PathBuf,
    names: AtomicU64,
    /// One of these is held while a record is compared and swapped; which one follows from the id.
    turns: Turns<Mutex<()>>,
    writers: Writers,
    /// Bytes of the parts held of shares somebody has asked about.
    sums: Mutex<HashMap<ShareId, u64>>,
    blocks: Blocks,
    _lock: File,
}

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
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse(dir.to_owned()),
            _ => OpenError::Io(dir.to_owned(), error),
        };
        disk::create_private_dir(dir).map_err(failed)?;
        let lock = disk::lock(&dir.join("lock")).map_err(failed)?;
        let inner = Inner {
            shares: dir.join("shares"),
            temporary: dir.join("tmp"),
            names: AtomicU64::new(0),
            turns: Turns::default(),
            writers: Writers::default(),
            sums: Mutex::default(),
            blocks: Blocks::default(),
            _lock: lock,
        };
        inner.prepare().and_then(|()| disk::sync_parent(dir)).map_err(failed)?;
        Ok(Self(Arc::new(inner)))
    }

    /// Runs disk work where it does not hold up others. It is finished even if nobody waits for it any more.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Arc<Inner>) -> Result<T> + Send + 'static) -> Result<T> {
        let inner = self.0.clone();
        spawn_blocking(move || work(&inner)).await.map_err(|error| StoreError::Io(io::Error::other(error)))?
    }
}

impl Inner {
    fn prepare(&self) -> io::Result<()> {
        disk::create_private_dir(&self.shares)?;
        disk::create_private_dir(&self.temporary)?;
        disk::sync_parent(&self.shares)?;
        for entry in fs::read_dir(&self.shares)? {
            let entry = entry?;
            let ours = entry.file_name().to_str().is_some_and(|name| name.parse::<ShareId>().is_ok());
            if ours && !entry.path().join(RECORD).try_exists()? {
                fs::rename(entry.path(), self.temporary())?;
            }
        }
        for entry in fs::read_dir(&self.temporary)? {
            let entry = entry?;
            let remove = if entry.file_type()?.is_dir() { fs::remove_dir_all } else { fs::remove_file };
            remove(entry.path())?;
        }
        Ok(())
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

    fn create(&self, id: ShareId, record: &[u8]) -> Result<bool> {
        let _turn = self.turn(id);
        let dir = self.dir(id);
        if dir.try_exists()? {
            return Ok(false);
        }
        let temporary = self.temporary();
        let made = fill(&temporary, record).and_then(|()| fs::rename(&temporary, &dir));
        if let Err(error) = made {
            remove_dir_if_there(&temporary)?;
            return Err(error.into());
        }
        disk::sync_dir(&self.shares)?;
        Ok(true)
    }

    fn load(&self, id: ShareId) -> Result<Option<Stored>> {
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
        match self.load(id)? {
            Some(stored) if stored.tag == *tag => {}
            _ => return Ok(false),
        }
        disk::replace(&self.file(id, RECORD), &self.temporary(), record)?;
        Ok(true)
    }

    fn remove(&self, id: ShareId) -> Result<()> {
        let _turn = self.turn(id);
        let temporary = self.temporary();
        match fs::rename(self.dir(id), &temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        }
        self.sums().remove(&id);
        disk::sync_dir(&self.shares)?;
        Ok(fs::remove_dir_all(temporary)?)
    }

    fn ids(&self) -> Result<Vec<ShareId>> {
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
        let mut file = File::options().write(true).open(self.file(id, CONTENT))?;
        file.write_all(bytes)?;
        Ok(file.sync_data()?)
    }

    fn put_manifest(&self, id: ShareId, bytes: &[u8]) -> Result<()> {
        Ok(disk::replace(&self.file(id, MANIFEST), &self.temporary(), bytes)?)
    }

    fn begin_part(self: &Arc<Self>, id: ShareId, place: PartPlace) -> Result<Option<LocalPart>> {
        let claim = Arc::new(self.writers.part(id, place.number).ok_or(StoreError::Busy)?);
        if self.parts(id, place.number..place.number + 1)?.holds(0) {
            return Ok(None);
        }
        let mut content = File::options().write(true).open(self.file(id, CONTENT))?;
        content.seek(SeekFrom::Start(place.offset))?;
        let disk = Disk::Idle(Gathered { content, block: self.blocks.take() });
        Ok(Some(LocalPart { store: self.clone(), id, place, disk, missing: place.bytes, claim }))
    }

    fn parts(&self, id: ShareId, numbers: Range<u64>) -> Result<Parts> {
        let mut marks = File::open(self.file(id, PARTS))?;
        marks.seek(SeekFrom::Start(mark_at(numbers.start)))?;
        let mut bytes = Vec::new();
        marks.take(mark_at(numbers.end - numbers.start)).read_to_end(&mut bytes)?;
        let (marks, _) = bytes.as_chunks::<MARK_BYTES>();
        Ok(Parts(marks.iter().map(|mark| u32::from_le_bytes(*mark)).collect()))
    }

    /// Marks a part as held, durably.
    fn mark(&self, id: ShareId, place: PartPlace) -> Result<()> {
        let length = u32::try_from(place.bytes).map_err(|_| StoreError::Length)?;
        let mut marks = File::options().write(true).open(self.file(id, PARTS))?;
        marks.seek(SeekFrom::Start(mark_at(place.number)))?;
        {
            // A sum is not taken between the mark and its addition.
            let _turn = self.turn(id);
            marks.write_all(&length.to_le_bytes())?;
            if let Some(sum) = self.sums().get_mut(&id) {
                *sum += place.bytes;
            }
        }
        Ok(marks.sync_data()?)
    }

    fn stored_bytes(&self, id: ShareId) -> Result<u64> {
        let _turn = self.turn(id);
        if let Some(sum) = self.sums().get(&id) {
            return Ok(*sum);
        }
        let mut marks = BufReader::new(File::open(self.file(id, PARTS))?);
        let (mut sum, mut mark) = (0, [0; MARK_BYTES]);
        while marks.read(&mut mark[..1])? > 0 {
            marks.read_exact(&mut mark[1..])?;
            sum += u64::from(u32::from_le_bytes(mark));
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
        let file = File::options().write(true).open(self.file(id, CONTENT))?;
        if file.metadata()?.len() != content_bytes {
            file.set_len(content_bytes)?;
        }
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
        let written = disk::write_new(&probe, RECORD.as_bytes());
        disk::remove_file_if_there(&probe)?;
        Ok(written?)
    }

    fn delete_content(&self, id: ShareId) -> Result<()> {
        let dir = self.dir(id);
        self.sums().remove(&id);
        let mut there = false;
        for name in [CONTENT, MANIFEST, PARTS] {
            there |= dir.join(name).try_exists()?;
            disk::remove_file_if_there(&dir.join(name))?;
        }
        if there {
            disk::sync_dir(&dir)?;
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

/// Where the mark of a part lies in `parts`.
fn mark_at(number: u64) -> u64 {
    number.saturating_mul(MARK_BYTES as u64)
}

/// Makes the directory of a new share, durably.
fn fill(dir: &Path, record: &[u8]) -> io::Result<()> {
    disk::create_private_dir(dir)?;
    disk::write_new(&dir.join(CONTENT), b"")?;
    disk::write_new(&dir.join(PARTS), b"")?;
    disk::write_new(&dir.join(RECORD), record)?;
    disk::sync_dir(dir)
}

fn remove_dir_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
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
        self.run(|inner| inner.ids()).await
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

/// A part on its way to the disk: a block is gathered, then written.
#[derive(Debug)]
pub struct LocalPart {
    store: Arc<Inner>,
    id: ShareId,
    place: PartPlace,
    disk: Disk,
    /// Bytes still to come.
    missing: u64,
    /// Held by what writes to the disk too: a writer that is dropped keeps its part until its last write is over.
    claim: Arc<Claim>,
}

#[derive(Debug)]
enum Disk {
    Idle(Gathered),
    Writing(JoinHandle<io::Result<Gathered>>),
    Failed,
}

/// What comes next in the content.
#[derive(Debug)]
struct Gathered {
    /// The content's file, at the place of the block.
    content: File,
    block: Block,
}

impl Gathered {
    fn gather(&mut self, bytes: &mut Bytes) {
        let room = self.block.room();
        let some = bytes.split_to(room.len().min(bytes.len()));
        room[..some.len()].copy_from_slice(&some);
        self.block.fill(some.len());
    }

    fn write(&mut self) -> io::Result<()> {
        self.content.write_all(self.block.as_ref())?;
        self.block.clear();
        Ok(())
    }
}

impl LocalPart {
    /// Waits for the block that is being written.
    async fn settle(&mut self) -> Result<Gathered> {
        match std::mem::replace(&mut self.disk, Disk::Failed) {
            Disk::Idle(gathered) => Ok(gathered),
            Disk::Writing(task) => Ok(task.await.map_err(io::Error::other)??),
            Disk::Failed => Err(StoreError::Io(io::Error::other("an earlier write of this part failed"))),
        }
    }

    fn write_out(&self, mut gathered: Gathered) -> Disk {
        let claim = self.claim.clone();
        Disk::Writing(spawn_blocking(move || {
            gathered.write()?;
            drop(claim);
            Ok(gathered)
        }))
    }
}

impl PartWriter for LocalPart {
    async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        self.missing = self.missing.checked_sub(bytes.len() as u64).ok_or(StoreError::Length)?;
        while !bytes.is_empty() {
            let mut gathered = self.settle().await?;
            gathered.gather(&mut bytes);
            self.disk = if gathered.block.is_full() { self.write_out(gathered) } else { Disk::Idle(gathered) };
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<()> {
        if self.missing > 0 {
            return Err(StoreError::Length);
        }
        let mut last = self.settle().await?;
        let finished = spawn_blocking(move || {
            last.write()?;
            last.content.sync_data()?;
            drop(last);
            self.store.mark(self.id, self.place)
        });
        finished.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests;
