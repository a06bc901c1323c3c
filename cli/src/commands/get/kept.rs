//! Downloads that were begun and not finished: what their staging folders hold, and what becomes of them.
//!
//! Beside `lock` and `files/` such a folder holds `manifest.age` (the manifest as the relay gave it out, which only the
//! words or the key open; it binds header, nonce and length), `tags` (what has been verified, see
//! [`landing`](crate::transfer::landing)), for content without listed entries `content` instead of `files/`, and
//! `journal.json`, last. The ticket stays in its own file ([`ticket`](super::ticket)), where it serves other folders
//! too. So nothing here is secret but the files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use share_format::link::Link;
use share_relay_api::{Kind as ShareKind, limits};

use super::About;
use crate::{
    system,
    transfer::{
        leftover::{Standing, postpone, untouched},
        staging::{JOURNAL, Staging},
        tags::TagFile,
    },
};

/// The file of the tags.
const TAGS: &str = "tags";
/// The longest journal that is read.
const MAX_JOURNAL_BYTES: u64 = 8 * 1024;
/// For so long after it was touched last, a download can be expected to be gone on with: its ticket should still run.
const FRESH_SECONDS: u64 = limits::TICKET_SECONDS;
/// After so long nobody is expected to go on with it: relays have forgotten a share of ordinary life by then.
const OLD_SECONDS: u64 = 30 * 24 * 3600;

#[derive(Serialize, Deserialize)]
struct Journal {
    version: u64,
    link: String,
    kind: ShareKind,
    /// In seconds since 1970 by the relay's clock.
    expires_at: u64,
    /// When the ticket ends that it was fetched with last, by the same clock.
    ticket_expires_at: u64,
}

const VERSION: u64 = 1;

impl Journal {
    /// That of this folder; nothing if it is no journal, an error if that cannot be told.
    fn read(folder: &Path) -> io::Result<Option<Self>> {
        match bounded(&folder.join(JOURNAL), MAX_JOURNAL_BYTES) {
            Ok(json) => Ok(serde_json::from_slice(&json).ok().filter(|journal: &Self| journal.version == VERSION)),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_of(&self, link: &Link) -> bool {
        self.link == link.to_string()
    }
}

/// A download that was begun and not finished; this process holds its folder.
pub struct Kept {
    /// Its folder.
    pub staging: Staging,
    journal: Journal,
}

/// How long ago somebody worked on a download, by this computer's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// Somebody may go on with it any time.
    Fresh,
    /// Its ticket should have ended.
    Stale,
    /// Too long for anybody to go on with it.
    Old,
}

impl Kept {
    /// Those of this link left in this folder. What cannot be gone on with is removed.
    pub fn of(link: &Link, own: &Staging, output: &Path) -> Vec<Self> {
        Self::all(own, output, |_, journal| journal.is_of(link))
    }

    /// Those of other links left in this folder, of at least this age: nobody is kept from going on with the rest.
    pub fn of_others(link: &Link, least: Age, own: &Staging, output: &Path) -> Vec<Self> {
        Self::all(own, output, |folder, journal| !journal.is_of(link) && age(folder) >= least)
    }

    fn all(own: &Staging, output: &Path, wanted: impl Fn(&Path, &Journal) -> bool) -> Vec<Self> {
        let wanted = |folder: &Path| match Journal::read(folder) {
            Ok(journal) => journal.is_none_or(|journal| wanted(folder, &journal)),
            Err(_) => false,
        };
        own.others(output, wanted).into_iter().filter_map(Self::read).collect()
    }

    fn read(mut staging: Staging) -> Option<Self> {
        // One that cannot be read now stays.
        match Journal::read(staging.path()).ok()? {
            Some(journal) => Some(Self { staging, journal }),
            None => {
                staging.keep(false);
                None
            }
        }
    }

    /// The link it is of.
    pub fn link(&self) -> &str {
        &self.journal.link
    }

    /// The manifest's age file.
    pub fn manifest(&self) -> io::Result<Bytes> {
        bounded(&manifest_file(&self.staging), limits::MAX_MANIFEST_BYTES).map(Bytes::from)
    }

    /// What it knows of its share, which the relay gives to newcomers no more.
    pub fn about(&self) -> Option<About> {
        let Journal { kind, expires_at, ticket_expires_at: now, .. } = self.journal;
        let kept_manifest = Some(self.manifest().ok()?);
        Some(About { kind, expires_at, now, content_bytes: None, sending: None, kept_manifest })
    }

    /// How many of so many chunks it has noted.
    pub fn noted(&self, chunks: u64) -> u64 {
        noted(&self.staging, chunks)
    }

    /// When the ticket ends that it was fetched with last, in seconds since 1970 by the relay's clock.
    pub fn ticket_expires_at(&self) -> u64 {
        self.journal.ticket_expires_at
    }

    /// Whether nobody is expected to go on with it: this computer's clock and its relay's both say so, or the relay is
    /// gone. Otherwise its age counts anew, should it look old.
    pub fn is_old(&self, standing: Standing) -> bool {
        let old = self.ticket_expires_at().saturating_add(OLD_SECONDS);
        let looks_old = age(self.staging.path()) == Age::Old;
        looks_old && (standing.is_past(old) || postpone(&self.staging.journal(), standing))
    }

    /// Whether its ticket still runs, as its relay says.
    pub fn can_go_on(&self, standing: Standing) -> bool {
        matches!(standing, Standing::Alive { .. }) && !standing.is_past(self.ticket_expires_at())
    }

    /// Removes it.
    pub fn remove(mut self) {
        self.staging.keep(false);
    }
}

fn age(folder: &Path) -> Age {
    match untouched(&[TAGS, JOURNAL].map(|name| folder.join(name))).as_secs() {
        0..FRESH_SECONDS => Age::Fresh,
        FRESH_SECONDS..OLD_SECONDS => Age::Stale,
        _ => Age::Old,
    }
}

/// Makes what it takes to note what arrives, and to open it later.
pub fn begin(staging: &Staging, manifest: &[u8]) -> io::Result<TagFile> {
    write(&manifest_file(staging), manifest)?;
    TagFile::create(&tags_file(staging))
}

/// Writes the journal, so that it survives power loss, and keeps the folder from now on.
pub fn write_journal(staging: &mut Staging, link: &Link, about: &About, ticket_expires_at: u64) -> io::Result<()> {
    let (link, kind, expires_at) = (link.to_string(), about.kind, about.expires_at);
    let journal = Journal { version: VERSION, link, kind, expires_at, ticket_expires_at };
    let unfinished = staging.path().join("journal.new");
    // A program that was killed may have left one.
    let _ = fs::remove_file(&unfinished);
    write(&unfinished, &serde_json::to_vec(&journal).expect("journals always become JSON"))?;
    fs::rename(unfinished, staging.journal())?;
    system::sync_dir(staging.path())?;
    staging.keep(true);
    Ok(())
}

/// How many of so many chunks are noted in a staging folder. None in a file that cannot be read: it will be of no use.
pub fn noted(staging: &Staging, chunks: u64) -> u64 {
    TagFile::open(&tags_file(staging)).and_then(|tags| tags.count(chunks)).unwrap_or_default()
}

/// Where the tags lie.
pub fn tags_file(staging: &Staging) -> PathBuf {
    staging.path().join(TAGS)
}

fn manifest_file(staging: &Staging) -> PathBuf {
    staging.path().join("manifest.age")
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = system::create_private(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

fn bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(system::open_regular(path)?, limit + 1), &mut bytes)?;
    if bytes.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use share_relay_api::ShareId;

    use super::*;

    fn link(number: u8) -> Link {
        Link::parse(&format!("https://relay.example/s/{}", ShareId::from_random([number; 12]))).unwrap()
    }

    fn leave(output: &Path, link: &Link) {
        let mut staging = Staging::create(output).unwrap();
        let kind = ShareKind::Keys;
        let about = About { kind, expires_at: 1, now: 1, content_bytes: None, sending: None, kept_manifest: None };
        begin(&staging, b"manifest").unwrap();
        write_journal(&mut staging, link, &about, 1).unwrap();
    }

    #[test]
    fn one_download_keeps_nobody_from_another() {
        let output = tempfile::tempdir().unwrap();
        let (one, other) = (link(1), link(2));
        [&one, &other].into_iter().for_each(|link| leave(output.path(), link));
        let own = Staging::create(output.path()).unwrap();
        let mine = Kept::of(&one, &own, output.path());
        assert_eq!(mine.len(), 1);
        assert!(Kept::of(&one, &own, output.path()).is_empty(), "it is in use");
        assert!(Kept::of_others(&one, Age::Stale, &own, output.path()).is_empty(), "somebody may go on with it");
        let asked_about = Kept::of_others(&one, Age::Fresh, &own, output.path());
        assert_eq!(asked_about[0].link(), other.to_string());
        drop(asked_about);
        assert_eq!(Kept::of(&other, &own, output.path()).len(), 1);
    }

    #[test]
    fn only_what_is_certainly_no_journal_is_of_no_use() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Journal::read(folder.path()).is_err());
        let journal = folder.path().join(JOURNAL);
        for text in ["", "{", r#"{"version":1}"#, &" ".repeat(MAX_JOURNAL_BYTES as usize + 1)] {
            fs::write(&journal, text).unwrap();
            assert!(Journal::read(folder.path()).unwrap().is_none(), "{text}");
        }
        fs::remove_file(&journal).unwrap();
        fs::create_dir(&journal).unwrap();
        assert!(Journal::read(folder.path()).is_err());
    }
}
