//! Downloads that were begun and not finished: what their working folders hold, and what becomes of them.
//!
//! Beside `lock` and `files/` such a folder holds `manifest.age` (the manifest as the relay gave it out, which only the
//! words or the key open; it binds header, nonce and length), `tags` (what has been verified, see
//! `transfer::download_sink`), for content without listed entries `content` instead of `files/`,
//! and `journal.json`, last. The ticket stays in its own file ([`tickets`](super::tickets)), where it serves other folders
//! too. So nothing here is secret but the files.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use share_format::link::Link;
use share_relay_api::{Kind as ShareKind, limits};

use super::{
    private_file,
    remote_state::{RemoteState, postpone, untouched},
    working_folder::{JOURNAL, WorkingFolder},
};
use crate::{state::tag_file::TagFile, system};

/// The file of the tags.
const TAGS: &str = "tags";
/// The longest journal that is read.
const MAX_JOURNAL_BYTES: u64 = 8 * 1024;
/// Untouched for so long by this computer's clock, a download is not sure to be gone on with: its ticket should have ended.
pub const STALE_AFTER: Duration = Duration::from_secs(limits::TICKET_SECONDS);
/// Untouched for so long, nobody is expected to go on with it: relays have forgotten a share of ordinary life by then.
pub const OLD_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a download is of, written down to go on with it.
#[derive(Serialize, Deserialize)]
pub struct DownloadJournal {
    version: u64,
    /// The link.
    pub link: String,
    /// What opens the share.
    pub kind: ShareKind,
    /// When the share expires, in seconds since 1970 by the relay's clock.
    pub expires_at: u64,
    /// When the ticket ends that it was fetched with last, by the same clock.
    pub ticket_expires_at: u64,
}

const VERSION: u64 = 1;

impl DownloadJournal {
    /// Of a download that begins.
    pub fn new(link: &Link, kind: ShareKind, expires_at: u64, ticket_expires_at: u64) -> Self {
        Self { version: VERSION, link: link.to_string(), kind, expires_at, ticket_expires_at }
    }

    /// That of this folder; nothing if it is no journal, an error if that cannot be told.
    fn read(folder: &Path) -> io::Result<Option<Self>> {
        match bounded(&folder.join(JOURNAL), MAX_JOURNAL_BYTES) {
            Ok(json) => Ok(serde_json::from_slice(&json).ok().filter(|journal: &Self| journal.version == VERSION)),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it, so that it survives power loss, and keeps the folder from now on.
    pub fn write(&self, folder: &mut WorkingFolder) -> io::Result<()> {
        private_file::write(&folder.journal(), &private_file::json(self))?;
        folder.keep(true);
        Ok(())
    }

    /// Whether it is of this link.
    pub fn is_of(&self, link: &Link) -> bool {
        self.link == link.to_string()
    }
}

/// A download that was begun and not finished; this process holds its folder.
pub struct PartialDownload {
    /// Its folder.
    pub folder: WorkingFolder,
    /// What it is of.
    pub journal: DownloadJournal,
}

impl PartialDownload {
    /// One of this link in a folder that may not be there.
    pub fn find(link: &Link, output: &Path) -> Option<Self> {
        if !output.is_dir() {
            return None;
        }
        // Made to tell whose folders are this user's.
        let own = WorkingFolder::create(output).ok()?;
        Self::all(&own, output, |journal, _| journal.is_of(link)).pop()
    }

    /// Those that were left in this folder and are wanted, by what they are of and how long ago somebody worked on them.
    /// What cannot be gone on with is removed.
    pub fn all(own: &WorkingFolder, output: &Path, wanted: impl Fn(&DownloadJournal, Duration) -> bool) -> Vec<Self> {
        let wanted = |folder: &Path| match DownloadJournal::read(folder) {
            Ok(journal) => journal.is_none_or(|journal| wanted(&journal, age(folder))),
            Err(_) => false,
        };
        own.others(output, wanted).into_iter().filter_map(Self::read).collect()
    }

    fn read(mut folder: WorkingFolder) -> Option<Self> {
        // One that cannot be read now stays.
        match DownloadJournal::read(folder.path()).ok()? {
            Some(journal) => Some(Self { folder, journal }),
            None => {
                folder.keep(false);
                None
            }
        }
    }

    /// The manifest's age file.
    pub fn manifest(&self) -> io::Result<Bytes> {
        bounded(&manifest_file(&self.folder), limits::MAX_MANIFEST_BYTES).map(Bytes::from)
    }

    /// Whether nobody is expected to go on with it: this computer's clock and its relay's both say so, or the relay is
    /// gone. Otherwise its age counts anew, should it look old.
    pub fn is_old(&self, remote: RemoteState) -> bool {
        let old = self.journal.ticket_expires_at.saturating_add(OLD_AFTER.as_secs());
        let looks_old = age(self.folder.path()) >= OLD_AFTER;
        looks_old && (remote.is_past(old) || postpone(&self.folder.journal(), remote))
    }

    /// Whether its ticket still runs, as its relay says.
    pub fn can_go_on(&self, remote: RemoteState) -> bool {
        matches!(remote, RemoteState::Alive { .. }) && !remote.is_past(self.journal.ticket_expires_at)
    }

    /// Removes it.
    pub fn remove(mut self) {
        self.folder.keep(false);
    }
}

/// How long ago somebody worked on it, by this computer's clock.
fn age(folder: &Path) -> Duration {
    untouched(&[TAGS, JOURNAL].map(|name| folder.join(name)))
}

/// Makes what it takes to note what arrives, and to open it later.
pub fn begin(folder: &WorkingFolder, manifest: &[u8]) -> io::Result<TagFile> {
    private_file::write(&manifest_file(folder), manifest)?;
    TagFile::create(&tags_file(folder))
}

/// How many of so many chunks are noted in a folder. None in a file that cannot be read: it will be of no use.
pub fn noted(folder: &WorkingFolder, chunks: u64) -> u64 {
    TagFile::open(&tags_file(folder)).and_then(|tags| tags.count(chunks)).unwrap_or_default()
}

/// Where the tags lie.
pub fn tags_file(folder: &WorkingFolder) -> PathBuf {
    folder.path().join(TAGS)
}

fn manifest_file(folder: &WorkingFolder) -> PathBuf {
    folder.path().join("manifest.age")
}

fn bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let bytes = private_file::read(system::open_regular(path), limit)?;
    bytes.map(|bytes| bytes.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use share_relay_api::ShareId;

    use std::fs;

    use super::*;

    fn link(number: u8) -> Link {
        Link::parse(&format!("https://relay.example/s/{}", ShareId::from_random([number; 12]))).unwrap()
    }

    fn leave(output: &Path, link: &Link) {
        let mut staging = WorkingFolder::create(output).unwrap();
        begin(&staging, b"manifest").unwrap();
        DownloadJournal::new(link, ShareKind::Keys, 1, 1).write(&mut staging).unwrap();
    }

    #[test]
    fn one_download_keeps_nobody_from_another() {
        let output = tempfile::tempdir().unwrap();
        let (one, other) = (link(1), link(2));
        [&one, &other].into_iter().for_each(|link| leave(output.path(), link));
        let own = WorkingFolder::create(output.path()).unwrap();
        let of = |link: &Link| PartialDownload::all(&own, output.path(), |journal, _| journal.is_of(link));
        let of_others =
            |least| PartialDownload::all(&own, output.path(), |journal, age| !journal.is_of(&one) && age >= least);
        let mine = of(&one);
        assert_eq!(mine.len(), 1);
        assert!(of(&one).is_empty(), "it is in use");
        assert!(of_others(STALE_AFTER).is_empty(), "somebody may go on with it");
        let asked_about = of_others(Duration::ZERO);
        assert_eq!(asked_about[0].journal.link, other.to_string());
        drop(asked_about);
        assert_eq!(of(&other).len(), 1);
    }

    #[test]
    fn only_what_is_certainly_no_journal_is_of_no_use() {
        let folder = tempfile::tempdir().unwrap();
        assert!(DownloadJournal::read(folder.path()).is_err());
        let journal = folder.path().join(JOURNAL);
        for text in ["", "{", r#"{"version":1}"#, &" ".repeat(MAX_JOURNAL_BYTES as usize + 1)] {
            fs::write(&journal, text).unwrap();
            assert!(DownloadJournal::read(folder.path()).unwrap().is_none(), "{text}");
        }
        fs::remove_file(&journal).unwrap();
        fs::create_dir(&journal).unwrap();
        assert!(DownloadJournal::read(folder.path()).is_err());
    }
}
