//! What this sender has sent: one private file a share, with the manage key, without words or file keys.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use share_format::link::Link;
use share_relay_api::{Bytes32, Kind as ShareKind, ShareId};

use super::{Dirs, Item, StateError, private_file};
use crate::secret::Secret;

/// The longest entry that is read.
const MAX_BYTES: u64 = 1024 * 1024;

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
    /// Whether its sender took it back: not a program that gave it up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

/// How many names an entry keeps.
pub const NAMES_KEPT: usize = 5;

/// All that is in the ledger.
pub struct Listing {
    /// The entries, the oldest first.
    pub entries: Vec<Entry>,
    /// Entries that cannot be read, each with its file.
    pub damaged: Vec<(PathBuf, StateError)>,
}

/// The folder of entries.
pub struct Ledger(PathBuf);

impl Ledger {
    /// The ledger of the user who runs this.
    pub fn of_user(dirs: &Dirs) -> Result<Self, StateError> {
        Ok(Self(dirs.ledger()?))
    }

    /// Writes an entry, whole or not at all.
    pub fn put(&self, id: &ShareId, entry: &Entry) -> Result<(), StateError> {
        let unwritable = |source| StateError::Unwritable { item: Item::Ledger, path: self.0.clone(), source };
        private_file::write(&self.path(id), &private_file::json(entry)).map_err(unwritable)
    }

    /// Removes the entry of a share that was never finished. An entry that stays does no harm.
    pub fn forget(&self, id: &ShareId) {
        let _ = fs::remove_file(self.path(id));
    }

    /// The entry of a share; an error if it was not sent from here.
    pub fn get(&self, id: &ShareId) -> Result<Entry, StateError> {
        let path = self.path(id);
        let json = match private_file::read(File::open(&path), MAX_BYTES) {
            Ok(json) => json.ok_or(StateError::NotSentFromHere)?,
            Err(source) => return Err(self.unreadable(source)),
        };
        let entry: Option<Entry> = serde_json::from_slice(&json).ok();
        let entry = entry.filter(|entry| Link::parse(&entry.link).is_ok_and(|link| link.id == *id));
        entry.ok_or(StateError::Damaged { item: Item::Ledger, path })
    }

    /// All entries.
    pub fn list(&self) -> Result<Listing, StateError> {
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

    fn unreadable(&self, source: io::Error) -> StateError {
        StateError::Unreadable { item: Item::Ledger, path: self.0.clone(), source }
    }
}

fn id_of(path: &Path) -> Option<ShareId> {
    path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()
}
