//! What it takes to go on with an upload that was cut off: one private folder for each, `<data dir>/uploads/<id>/`.
//!
//! | file | holds |
//! |---|---|
//! | `lock` | nothing of use; held while a process works on the upload, touched whenever one begins to |
//! | `journal.json` | a [`Record`]: link, keys, words, and what was asked for |
//! | `tags` | a [`TagFile`]; the tags of a block are in it, on disk, before its first byte is sent |
//! | `sources.json` | the files and folders that are sent, as they were found; nothing of the kind for standard input |
//! | `manifest.age` | the manifest as it was first sent; that of a stream once the stream has ended |
//! | `header` | the age header, before its first byte is sent. Until it is here another may be made for the same file key |
//!
//! The folder exists before the relay hears of the share, and goes away when the share is ready, taken back or over.
//! Each file is written whole or not at all, but for the tags.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use share_format::{
    envelope::{FileKey, NONCE},
    link::Link,
    manifest::hex,
    words::{Passphrase, WordList},
};
use share_relay_api::{
    Bytes32, CreateShare, ShareId,
    limits::{self, SEALED_CHUNK_BYTES, UNFINISHED_SECONDS},
};
use zeroize::Zeroizing;

use super::{
    Dirs, Item, StateError,
    private_file::{self, lock, lost_race},
    remote_state::{RemoteState, postpone, untouched},
};
use crate::{clock, files::walk::Source, secret::Secret, state::tag_file::TagFile, system};

/// Once nobody has touched a journal for so long, by this computer's clock, its relay may have given the upload up: it
/// waits a day less.
const OLD_SECONDS: u64 = UNFINISHED_SECONDS + 24 * 3600;
/// Folders made before giving up; each can only be lost to another program that sweeps at the same moment.
const TRIES: usize = 16;

/// An upload, as it stands in `journal.json`.
#[derive(Serialize, Deserialize)]
pub struct Record {
    /// The link.
    pub link: String,
    /// The manage key.
    pub manage_key: Secret,
    /// The words joined by `-`; absent for public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Passphrase>,
    /// The file that the words were written to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words_file: Option<OsString>,
    /// What seals header and payload.
    pub file_key: FileKey,
    /// The content's nonce.
    #[serde(with = "hex")]
    pub nonce: [u8; NONCE],
    /// What the share was created with.
    pub request: CreateShare,
    /// What was asked for.
    pub resume_key: ResumeKey,
    /// When it began, by this computer's clock, in seconds since 1970.
    pub began_at: u64,
}

impl Record {
    /// Reads what [`UploadJournals::create`] wrote; nothing if it is damaged.
    fn read(json: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(json).ok()?;
        Link::parse(&record.link).is_ok().then_some(record)
    }
}

/// What makes a command the same command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeKey {
    /// Absolute paths; none for standard input.
    pub paths: Vec<OsString>,
    /// Whether symbolic links are followed.
    pub follow: bool,
    /// The name that standard input gets.
    pub name: Option<String>,
    /// The name by which the sender wants to be known.
    pub sender: Option<String>,
    /// SHA-256 of the message.
    pub message: Option<Bytes32>,
    /// The relay.
    pub relay: String,
    /// How long it lives, as it was given.
    pub expires: String,
    /// How often it may be fetched.
    pub downloads: Option<u32>,
    /// For words: how many, and of which list if one was named.
    pub words: Option<(u8, Option<WordList>)>,
    /// The public keys, for keys.
    pub recipients: Vec<String>,
}

/// A journal that this process works on: no other does until it is dropped.
pub struct UploadJournal {
    folder: PathBuf,
    /// What was put down at the beginning.
    pub record: Record,
    /// What has been sealed so far.
    pub tags: Arc<TagFile>,
    _lock: Option<File>,
}

/// A journal that is there.
pub struct UnfinishedUpload {
    folder: PathBuf,
    /// What was put down at the beginning.
    pub record: Record,
}

/// The folder of journals.
pub struct UploadJournals(PathBuf);

impl UploadJournals {
    /// Those of the user who runs this.
    pub fn of_user(dirs: &Dirs) -> Result<Self, StateError> {
        Ok(Self(dirs.uploads()?))
    }

    /// A new one, on disk before anything is sent; of files and folders as they were found, with the header if that is
    /// there already.
    pub fn create(
        &self,
        id: &ShareId,
        record: Record,
        sources: Option<&[Source]>,
        header: Option<&[u8]>,
    ) -> Result<UploadJournal, StateError> {
        let unwritable = |source| StateError::Unwritable { item: Item::Uploads, path: self.0.clone(), source };
        self.try_create(id, record, sources, header).map_err(unwritable)
    }

    fn try_create(
        &self,
        id: &ShareId,
        record: Record,
        sources: Option<&[Source]>,
        header: Option<&[u8]>,
    ) -> io::Result<UploadJournal> {
        let folder = self.folder(id);
        let lock = self.claim(&folder)?;
        let tags = TagFile::create(&folder.join(TAGS))?;
        tags.reserve(record.request.payload_bytes.map_or(0, |bytes| bytes.div_ceil(SEALED_CHUNK_BYTES)))?;
        if let Some(sources) = sources {
            private_file::write(&folder.join(SOURCES), &serde_json::to_vec(sources)?)?;
        }
        if let Some(header) = header {
            private_file::write(&folder.join(HEADER), header)?;
        }
        private_file::write(&folder.join(RECORD), &private_file::json(&record))?;
        system::sync_dir(&self.0)?;
        Ok(UploadJournal { folder, record, tags: Arc::new(tags), _lock: lock })
    }

    /// Those that are there, the newest first. What cannot be read is not among them.
    pub fn list(&self) -> Vec<UnfinishedUpload> {
        let mut found: Vec<_> = self.folders().filter_map(UnfinishedUpload::read).collect();
        found.sort_by_key(|unfinished| std::cmp::Reverse(unfinished.record.began_at));
        found
    }

    /// Removes what was left of some that never began, and what can no longer be read, unless a process holds it.
    pub fn sweep(&self) {
        for folder in self.folders() {
            let record = fs::read(folder.join(RECORD)).map(Zeroizing::new);
            let of_no_use = match record {
                Ok(json) => Record::read(&json).is_none() && is_old(&folder),
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            };
            if of_no_use {
                remove_if_free(&folder);
            }
        }
    }

    /// Those that nobody has touched for longer than a relay waits, by this computer's clock, which may be wrong.
    pub fn old(&self) -> Vec<UnfinishedUpload> {
        self.folders().filter(|folder| is_old(folder)).filter_map(UnfinishedUpload::read).collect()
    }

    /// Removes that of a share, whether or not there is one.
    pub fn remove(&self, id: &ShareId) {
        remove(&self.folder(id));
    }

    /// That of a share.
    pub fn find(&self, id: &ShareId) -> Option<UnfinishedUpload> {
        UnfinishedUpload::read(self.folder(id))
    }

    /// Whether there is one of a share.
    pub fn has(&self, id: &ShareId) -> bool {
        self.folder(id).join(RECORD).exists()
    }

    fn folder(&self, id: &ShareId) -> PathBuf {
        self.0.join(id.to_string())
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let items = fs::read_dir(&self.0).into_iter().flatten().flatten().map(|item| item.path());
        items.filter(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.parse::<ShareId>().is_ok())
        })
    }

    /// Makes the folder and its lock, and takes the lock.
    fn claim(&self, folder: &Path) -> io::Result<Option<File>> {
        for _ in 0..TRIES {
            system::create_private_dir(folder)?;
            let path = folder.join(LOCK);
            match system::create_private(&path).and_then(lock) {
                // A sweep may have come between creating and locking.
                Ok(lock) if path.exists() => return Ok(lock),
                Err(error) if !lost_race(&error) => return Err(error),
                _ => {}
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }
}

const LOCK: &str = "lock";
const RECORD: &str = "journal.json";
const TAGS: &str = "tags";
const SOURCES: &str = "sources.json";
const HEADER: &str = "header";
const MANIFEST: &str = "manifest.age";

impl UnfinishedUpload {
    fn read(folder: PathBuf) -> Option<Self> {
        let json = Zeroizing::new(fs::read(folder.join(RECORD)).ok()?);
        Record::read(&json).map(|record| Self { folder, record })
    }

    /// Takes it up; `WouldBlock` if another process works on it.
    pub fn open(self) -> io::Result<UploadJournal> {
        let path = self.folder.join(LOCK);
        let lock = lock(system::open_regular(&path)?)?;
        // Its owner may have finished before the lock was free.
        fs::metadata(&path)?;
        if let Some(file) = &lock {
            file.set_modified(SystemTime::now())?;
        }
        let tags = Arc::new(TagFile::open(&self.folder.join(TAGS))?);
        Ok(UploadJournal { folder: self.folder, record: self.record, tags, _lock: lock })
    }

    /// Removes it, unless a process works on it.
    pub fn remove(&self) {
        remove_if_free(&self.folder);
    }

    /// Has it count as touched, as its relay does not say that it is over. Gives whether that relay seems to be gone.
    pub fn postpone(&self, standing: RemoteState) -> bool {
        postpone(&self.folder.join(LOCK), standing)
    }
}

impl UploadJournal {
    /// Puts down the header, and with it the manifest where that is known, before either is first sent. The header first:
    /// it is the manifest's, too.
    pub fn keep_header(&self, header: &[u8], manifest: Option<&[u8]>) -> io::Result<()> {
        private_file::write(&self.folder.join(HEADER), header)?;
        manifest.map_or(Ok(()), |manifest| self.keep_manifest(manifest))
    }

    /// Puts down the manifest's age file, before it is first sent.
    pub fn keep_manifest(&self, manifest: &[u8]) -> io::Result<()> {
        private_file::write(&self.folder.join(MANIFEST), manifest)
    }

    /// The files and folders that are sent, as they were found.
    pub fn sources(&self) -> io::Result<Vec<Source>> {
        Ok(serde_json::from_slice(&fs::read(self.folder.join(SOURCES))?)?)
    }

    /// The header, if it is known.
    pub fn header(&self) -> io::Result<Option<Vec<u8>>> {
        self.read(HEADER)
    }

    /// The manifest's age file, if it is known.
    pub fn manifest(&self) -> io::Result<Option<Vec<u8>>> {
        self.read(MANIFEST)
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let most = limits::MAX_MANIFEST_BYTES;
        Ok(private_file::read(File::open(self.folder.join(name)), most)?.map(|bytes| bytes.to_vec()))
    }

    /// Whether by this computer's clock no relay holds the upload any more: it expired, or nothing came for too long.
    pub fn is_over_here(&self) -> bool {
        let expired = clock::now() > self.record.began_at.saturating_add(self.record.request.expires_in);
        expired || untouched(&[self.folder.join(TAGS)]).as_secs() > UNFINISHED_SECONDS
    }

    /// Removes it: there is nothing to go on with.
    pub fn remove(&self) {
        remove(&self.folder);
    }
}

fn remove_if_free(folder: &Path) {
    match system::open_regular(&folder.join(LOCK)).map(lock) {
        Ok(Ok(_held)) => remove(folder),
        // Killed before it had a lock: then it is empty, and only an empty folder goes.
        Err(error) if error.kind() == io::ErrorKind::NotFound => drop(fs::remove_dir(folder)),
        _ => {}
    }
}

/// First what makes it a journal, and the lock last: without it a sweep would not know that nobody works here. What cannot
/// be removed now is removed by the next sweep.
fn remove(folder: &Path) {
    let _ = fs::remove_file(folder.join(RECORD));
    let items = fs::read_dir(folder).into_iter().flatten().flatten();
    for item in items.filter(|item| item.file_name() != LOCK) {
        let _ = fs::remove_file(item.path());
    }
    let _ = fs::remove_file(folder.join(LOCK));
    let _ = fs::remove_dir(folder);
}

fn is_old(folder: &Path) -> bool {
    untouched(&[TAGS, LOCK].map(|name| folder.join(name))).as_secs() > OLD_SECONDS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn record() -> Record {
        let zero = Bytes32([0; 32]);
        Record {
            link: format!("https://relay.example/s/{}", id(1)),
            manage_key: Secret::random().unwrap(),
            words: Some(Passphrase::generate(WordList::En, 6).unwrap()),
            words_file: None,
            file_key: FileKey::from_bytes(Zeroizing::new([1; 16])),
            nonce: [2; NONCE],
            request: CreateShare {
                manage_key_hash: zero,
                proof_hash: Some(zero),
                header_bytes: 166,
                payload_bytes: Some(100),
                part_bytes: 65_552,
                expires_in: 7 * 24 * 3600,
                downloads: None,
            },
            resume_key: ResumeKey {
                paths: vec!["/a".into()],
                follow: false,
                name: None,
                sender: None,
                message: None,
                relay: "https://relay.example".to_owned(),
                expires: "7d".to_owned(),
                downloads: None,
                words: Some((6, Some(WordList::Nl))),
                recipients: Vec::new(),
            },
            began_at: clock::now(),
        }
    }

    fn id(number: u8) -> ShareId {
        ShareId::from_random([number; 12])
    }

    #[test]
    fn one_of_a_version_that_named_no_sender_is_read() {
        let mut json = serde_json::to_value(record()).unwrap();
        assert_eq!(json["resume_key"].as_object_mut().unwrap().remove("sender"), Some(serde_json::Value::Null));
        assert_eq!(Record::read(json.to_string().as_bytes()).unwrap().resume_key, record().resume_key);
    }

    #[test]
    fn comes_back_as_it_was_to_one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let journals = UploadJournals(folder.path().join("uploads"));
        let before = record();
        let words = before.words.clone().unwrap();
        let journal = journals.create(&id(1), before, None, None).unwrap();
        assert_eq!(journal.header().unwrap(), None);
        journal.keep_header(b"header", Some(b"manifest")).unwrap();
        journal.tags.write(9_999, &[3; 16]).unwrap();
        let busy = journals.list().remove(0).open().err().unwrap();
        assert_eq!(busy.kind(), io::ErrorKind::WouldBlock);
        drop(journal);

        let found = journals.list().remove(0);
        assert!(journals.has(&id(1)));
        let journal = found.open().unwrap();
        assert_eq!(journal.header().unwrap().unwrap(), b"header");
        assert_eq!(journal.manifest().unwrap().unwrap(), b"manifest");
        assert_eq!(journal.tags.read(9_999..10_000).unwrap(), [3; 16]);
        assert_eq!(journal.record.words.as_ref().unwrap().as_str(), words.as_str());
        assert_eq!((journal.record.file_key.expose(), journal.record.nonce), (&[1; 16], [2; 16]));
        assert_eq!(journal.record.resume_key, record().resume_key);
        journal.remove();
        assert_eq!(fs::read_dir(&journals.0).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let journals = UploadJournals(folder.path().join("uploads"));
        let journal = journals.create(&id(1), record(), None, None).unwrap();
        journal.keep_header(b"header", Some(b"manifest")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&journals.0), mode(&journal.folder)), (0o700, 0o700));
        for item in fs::read_dir(&journal.folder).unwrap() {
            assert_eq!(mode(&item.unwrap().path()), 0o600);
        }
    }

    /// Makes it look as if nobody had touched it for so long, or as if that were to come.
    fn age(folder: &Path, hours: i64) {
        let (now, time) = (SystemTime::now(), Duration::from_secs(hours.unsigned_abs() * 3600));
        let then = if hours < 0 { now + time } else { now - time };
        for name in [TAGS, LOCK] {
            system::open_regular(&folder.join(name)).unwrap().set_modified(then).unwrap();
        }
    }

    #[test]
    fn a_sweep_takes_what_never_began_and_leaves_what_lives() {
        let folder = tempfile::tempdir().unwrap();
        let journals = UploadJournals(folder.path().join("uploads"));
        let alive = journals.create(&id(1), record(), None, None).unwrap().folder.clone();
        age(&alive, 24 * 366);
        let (unborn, half) = (journals.folder(&id(4)), journals.folder(&id(5)));
        fs::create_dir(&unborn).unwrap();
        fs::create_dir(&half).unwrap();
        fs::write(half.join(LOCK), "").unwrap();
        fs::write(half.join(TAGS), "").unwrap();
        let held = system::open_regular(&half.join(LOCK)).unwrap();
        held.try_lock().unwrap();
        journals.sweep();
        let mut left: Vec<_> = journals.folders().collect();
        left.sort();
        let mut expected = vec![alive.clone(), half.clone()];
        expected.sort();
        assert_eq!(left, expected);
        drop(held);
        journals.sweep();
        assert_eq!(journals.folders().collect::<Vec<_>>(), [alive]);
    }

    #[test]
    fn one_that_is_damaged_goes_when_a_relay_would_have_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let journals = UploadJournals(folder.path().join("uploads"));
        let damaged = journals.create(&id(1), record(), None, None).unwrap().folder.clone();
        fs::write(damaged.join(RECORD), "{").unwrap();
        for hours in [0, -24 * 366, 71] {
            age(&damaged, hours);
            journals.sweep();
            assert!(damaged.exists() && journals.list().is_empty());
        }
        age(&damaged, 73);
        journals.sweep();
        assert!(!damaged.exists());
    }

    #[test]
    fn is_asked_about_when_a_relay_may_have_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let journals = UploadJournals(folder.path().join("uploads"));
        let journal = journals.create(&id(1), record(), None, None).unwrap();
        for (hours, old) in [(0, 0), (71, 0), (73, 1), (-24 * 366, 0)] {
            age(&journal.folder, hours);
            assert_eq!(journals.old().len(), old, "{hours}");
        }
        age(&journal.folder, 73);
        let old = journals.old().remove(0);
        old.remove();
        assert!(journal.folder.exists(), "a process works on it");
        assert!(!old.postpone(RemoteState::Alive { now: 0 }) && journals.old().is_empty());
        drop(journal);
        old.remove();
        assert!(journals.list().is_empty());
    }

    #[test]
    fn is_over_here_after_two_days_without_progress_or_once_it_expired() {
        let folder = tempfile::tempdir().unwrap();
        let journals = UploadJournals(folder.path().join("uploads"));
        let journal = journals.create(&id(1), record(), None, None).unwrap();
        for (hours, over) in [(0, false), (47, false), (49, true), (-49, false)] {
            age(&journal.folder, hours);
            assert_eq!(journal.is_over_here(), over, "{hours}");
        }
        for (began_at, over) in [(clock::now() - 8 * 24 * 3600, true), (clock::now() + 24 * 3600, false)] {
            let journal = journals.create(&id(2), Record { began_at, ..record() }, None, None).unwrap();
            assert_eq!(journal.is_over_here(), over);
            journal.remove();
        }
    }
}
