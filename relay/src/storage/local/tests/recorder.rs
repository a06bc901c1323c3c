//! A disk that is looked on: it writes down every change in its order, and fails the one it is told to.

use std::{
    collections::HashMap,
    fs, io,
    os::{
        fd::{AsRawFd, RawFd},
        unix::fs::MetadataExt,
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use crate::storage::disk::{Disk, Step, write_all_at};

/// A change as it was made. Files are named by their number on the disk, which a new file may have inherited.
#[derive(Debug, Clone)]
pub enum Change {
    CreateDir(PathBuf),
    Create(PathBuf, u64),
    Write(u64, u64, Vec<u8>),
    SetLen(u64, u64),
    Sync(u64),
    /// It failed: what it should have made durable may never become so.
    SyncFailed(u64),
    SyncDir(PathBuf),
    /// Likewise.
    SyncDirFailed(PathBuf),
    Rename(PathBuf, PathBuf),
    RemoveFile(PathBuf),
    RemoveDirAll(PathBuf),
}

/// Writes down all changes.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    changes: Vec<Change>,
    /// Steps begun, failed ones and those that only open a file among them.
    steps: usize,
    /// Files read.
    reads: usize,
    /// The steps from the first number to before the second fail, each with this error of the system.
    fail: Option<(usize, usize, i32)>,
    /// Whether failing steps leave no trace, as those of a process that is no more.
    dead: bool,
    /// Open files by their descriptor, each with the number of failed syncs it knows of.
    open: HashMap<RawFd, usize>,
    /// Failed syncs by the number of their file: the system tells each of those who had it open once, at their next
    /// sync.
    failed_syncs: HashMap<u64, (usize, i32)>,
}

/// What a step can give.
pub trait Made {
    /// The file that was made or opened, if one was.
    fn file(&self) -> Option<&fs::File>;
}

impl Made for fs::File {
    fn file(&self) -> Option<&fs::File> {
        Some(self)
    }
}

impl Made for () {
    fn file(&self) -> Option<&fs::File> {
        None
    }
}

impl Disk {
    /// A disk this recorder looks on.
    pub fn recorded(recorder: &Recorder) -> Self {
        let mut disk = Self::default();
        disk.recorder = Some(recorder.clone());
        disk
    }
}

impl Recorder {
    /// All changes made so far.
    pub fn changes(&self) -> Vec<Change> {
        self.log().changes.clone()
    }

    /// How many changes were made so far.
    pub fn made(&self) -> usize {
        self.log().changes.len()
    }

    /// How many steps were begun and files read so far.
    pub fn calls(&self) -> usize {
        let log = self.log();
        log.steps + log.reads
    }

    /// Counts a file that is read.
    pub fn has_read(&self) {
        self.log().reads += 1;
    }

    /// Lets so many steps fail with this error of the system, after `after` more of them.
    pub fn fail(&self, after: usize, many: usize, error: i32) {
        let mut log = self.log();
        let first = log.steps + after;
        log.fail = Some((first, first.saturating_add(many), error));
    }

    /// Lets nothing happen any more after so many steps, until healed: the process was killed.
    pub fn die(&self, after: usize) {
        self.fail(after, usize::MAX, 5);
        self.log().dead = true;
    }

    /// Whether any step was made to fail since [`Recorder::fail`].
    pub fn has_failed(&self) -> bool {
        let log = self.log();
        log.fail.is_some_and(|(first, ..)| log.steps > first)
    }

    /// Whether the process was killed.
    pub fn is_dead(&self) -> bool {
        self.log().dead
    }

    /// Lets nothing fail from here on.
    pub fn heal(&self) {
        let mut log = self.log();
        (log.fail, log.dead) = (None, false);
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap()
    }

    /// Makes one change, or fails it, and writes it down. Nothing comes between.
    pub(in crate::storage) fn step<T: Made>(
        &self,
        step: Step<'_>,
        act: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let mut log = self.log();
        log.steps += 1;
        let number = log.steps - 1;
        if let Some((_, _, error)) = log.fail.filter(|(first, end, _)| (*first..*end).contains(&number)) {
            if log.dead {
                return Err(io::Error::from_raw_os_error(error));
            }
            if let Step::Sync(file) = step {
                log.sync_fails(file, error);
            }
            log.changes.extend(failed(&step));
            return Err(io::Error::from_raw_os_error(error));
        }
        if let Step::Sync(file) = step
            && let Some(error) = log.untold(file)
        {
            return Err(error);
        }
        let made = act()?;
        if let Some(file) = made.file() {
            let known = log.failed_syncs.get(&number_of(file)).map_or(0, |(many, _)| *many);
            log.open.insert(file.as_raw_fd(), known);
        }
        log.changes.extend(change(&step, &made));
        Ok(made)
    }
}

impl Log {
    /// The failed sync of another one that has this file open, unless it was told already.
    fn untold(&mut self, file: &fs::File) -> Option<io::Error> {
        let (many, error) = *self.failed_syncs.get(&number_of(file))?;
        let known = self.open.insert(file.as_raw_fd(), many)?;
        (known < many).then(|| io::Error::from_raw_os_error(error))
    }

    fn sync_fails(&mut self, file: &fs::File, error: i32) {
        let failed = self.failed_syncs.entry(number_of(file)).or_insert((0, error));
        failed.0 += 1;
        self.open.insert(file.as_raw_fd(), failed.0);
    }
}

fn number_of(file: &fs::File) -> u64 {
    file.metadata().unwrap().ino()
}

fn change(step: &Step<'_>, made: &impl Made) -> Option<Change> {
    let owned = |path: &Path| path.to_owned();
    Some(match *step {
        Step::CreateDir(path) => Change::CreateDir(owned(path)),
        Step::Create(path) => Change::Create(owned(path), made.file().map(number_of)?),
        Step::Open => return None,
        Step::Write(file, offset, bytes) => Change::Write(number_of(file), offset, bytes.to_vec()),
        Step::Free(file, offset, bytes) => {
            Change::Write(number_of(file), offset, vec![0; usize::try_from(bytes).unwrap()])
        }
        Step::SetLen(file, bytes) => Change::SetLen(number_of(file), bytes),
        Step::Sync(file) => Change::Sync(number_of(file)),
        Step::SyncDir(path) => Change::SyncDir(owned(path)),
        Step::Rename(from, to) => Change::Rename(owned(from), owned(to)),
        Step::RemoveFile(path) => Change::RemoveFile(owned(path)),
        Step::RemoveDirAll(path) => Change::RemoveDirAll(owned(path)),
    })
}

/// What a failed step does all the same: a write leaves its first half.
fn failed(step: &Step<'_>) -> Option<Change> {
    match *step {
        Step::Write(file, offset, bytes) => {
            let half = &bytes[..bytes.len() / 2];
            write_all_at(file, half, offset).unwrap();
            Some(Change::Write(number_of(file), offset, half.to_vec()))
        }
        Step::Sync(file) => Some(Change::SyncFailed(number_of(file))),
        Step::SyncDir(path) => Some(Change::SyncDirFailed(path.to_owned())),
        _ => None,
    }
}
