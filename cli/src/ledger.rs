//! What this sender has sent: one private file a share, with the manage key, without words or file keys.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use share_format::link::Link;
use share_relay_api::{Bytes32, Kind as ShareKind, ShareId};
use zeroize::Zeroizing;

use crate::{
    config::{self, Dirs},
    error::{Error, Kind, Result},
    i18n::fl,
    secret::Secret,
    ui::shown,
};

/// One share that was sent from here.
#[derive(Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The link.
    pub link: String,
    /// What opens it.
    pub kind: ShareKind,
    /// The first names in it, for people.
    pub names: Vec<String>,
    /// How many files it holds.
    pub files: u64,
    /// Bytes of plaintext; absent until standard input has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it was created, by the relay's clock, in seconds since 1970.
    pub created_at: u64,
    /// When it expires, likewise.
    pub expires_at: u64,
    /// The manage key.
    pub manage_key: Secret,
    /// Verifies receipts.
    pub receipt_key: Bytes32,
    /// Names the exact bytes that were sent; absent until the upload is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Bytes32>,
}

/// What an [`Entry`] begins with.
pub struct NewEntry<'a> {
    /// The link.
    pub link: &'a Link,
    /// What opens it.
    pub kind: ShareKind,
    /// All names in it.
    pub names: Vec<String>,
    /// How many files it holds.
    pub files: u64,
    /// Bytes of plaintext, where known.
    pub bytes: Option<u64>,
    /// When it was created and when it expires.
    pub times: &'a share_relay_api::Created,
    /// The manage key.
    pub manage: &'a Secret,
    /// Verifies receipts.
    pub receipt_key: Bytes32,
}

/// Names an entry keeps.
const NAMES_KEPT: usize = 5;

impl Entry {
    /// An entry for a share that was just created.
    pub fn new(new: NewEntry<'_>) -> Self {
        Self {
            link: new.link.to_string(),
            kind: new.kind,
            names: new.names.into_iter().take(NAMES_KEPT).collect(),
            files: new.files,
            bytes: new.bytes,
            created_at: new.times.created_at,
            expires_at: new.times.expires_at,
            manage_key: new.manage.clone(),
            receipt_key: new.receipt_key,
            fingerprint: None,
        }
    }
}

/// All that is in the ledger.
pub struct Listing {
    /// The entries, the oldest first.
    pub entries: Vec<Entry>,
    /// Entries that cannot be read, each with its file.
    pub damaged: Vec<(PathBuf, Error)>,
}

/// The folder of entries.
pub struct Ledger(PathBuf);

impl Ledger {
    /// The ledger of the user who runs this.
    pub fn of_user(dirs: &Dirs) -> Result<Self> {
        Ok(Self(dirs.ledger()?))
    }

    /// Writes an entry, whole or not at all.
    pub fn put(&self, id: &ShareId, entry: &Entry) -> Result<()> {
        let json = Zeroizing::new(serde_json::to_vec_pretty(entry).expect("entries always become JSON"));
        config::write_private(&self.path(id), &json)
            .map_err(|error| Error::at_home(fl!("ledger-unwritable", path = shown(&self.0)), error))
    }

    /// Removes the entry of a share that was never finished. An entry that stays does no harm.
    pub fn forget(&self, id: &ShareId) {
        let _ = fs::remove_file(self.path(id));
    }

    /// The entry of a share; an error if it was not sent from here.
    pub fn get(&self, id: &ShareId) -> Result<Entry> {
        match fs::read(self.path(id)) {
            Ok(bytes) => {
                let entry: Option<Entry> = serde_json::from_slice(&Zeroizing::new(bytes)).ok();
                entry.filter(|entry| Link::parse(&entry.link).is_ok_and(|link| link.id == *id)).ok_or_else(damaged)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::new(Kind::LocalFile, "not_sent_from_here", fl!("ledger-not-here"))
                    .hint(fl!("ledger-not-here-hint")))
            }
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// All entries.
    pub fn list(&self) -> Result<Listing> {
        let mut listing = Listing { entries: Vec::new(), damaged: Vec::new() };
        let folder = match fs::read_dir(&self.0) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            Err(error) => return Err(self.unreadable(error)),
        };
        for item in folder {
            let path = item.map_err(|error| self.unreadable(error))?.path();
            match id_of(&path).map(|id| self.get(&id)) {
                Some(Ok(entry)) => listing.entries.push(entry),
                Some(Err(error)) => listing.damaged.push((path, error)),
                None => {}
            }
        }
        listing.entries.sort_by_key(|entry| entry.created_at);
        Ok(listing)
    }

    fn path(&self, id: &ShareId) -> PathBuf {
        self.0.join(format!("{id}.json"))
    }

    fn unreadable(&self, error: io::Error) -> Error {
        Error::at_home(fl!("ledger-unreadable", path = shown(&self.0)), error)
    }
}

fn id_of(path: &Path) -> Option<ShareId> {
    path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()
}

fn damaged() -> Error {
    Error::new(Kind::LocalFile, "ledger_damaged", fl!("ledger-damaged"))
}
