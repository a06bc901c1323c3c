//! A relay's data folder: the marker that tells it from every other folder, and whether it is there. A folder that is
//! empty because its volume is not mounted must not be taken for a relay without shares and tokens.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use share_relay_api::Bytes32;

use crate::storage::disk::Disk;

/// The marker: a line with [`FORMAT`] and a random identity. It is written once, before anything else.
const MARKER: &str = "relay-id";

/// The marker on its way.
const NEW_MARKER: &str = "relay-id.new";

/// What a marker begins with; its number is that of the folder's format.
const FORMAT: &str = "share-relay 2 ";

/// What may lie in the folder of a new relay: a marker that power loss kept from getting its name, and what file systems
/// put at their top.
const NO_CONTENT: [&str; 2] = [NEW_MARKER, "lost+found"];

/// The data folder of one relay, as it was found.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    marker: Vec<u8>,
    seen: Seen,
    /// Open, so that no other file gets its number.
    _held: Arc<fs::File>,
}

/// What the system tells of a file without reading it. The same file, unchanged, looks the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    #[cfg(unix)]
    number: (u64, u64),
    bytes: u64,
    changed: Option<SystemTime>,
}

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Nothing marks it.
    #[error(
        "{} is not the data folder of a relay: there is no {MARKER} in it. If it lies on a volume, is that mounted? \
         To make a new relay there: share-relay serve --init", .0.display()
    )]
    Unmarked(PathBuf),
    /// A new relay is to be made where something is.
    #[error("cannot make a new relay in {}: it is not empty, and no {MARKER} says that it is a relay's", .0.display())]
    Occupied(PathBuf),
    /// It has a marker of another kind.
    #[error("{} is not a marker that this version of share-relay can read; nothing was changed", .0.display())]
    Marker(PathBuf),
    /// It is not there, and cannot be made.
    #[error(
        "cannot make the folder {}: make it first, for the user who runs the relay (install -d -m 700 -o USER {})",
        .0.display(),
        .0.display()
    )]
    Make(PathBuf, #[source] io::Error),
    /// It cannot be read or written.
    #[error("cannot use {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
}

impl Folder {
    /// The folder of a relay, which is made and marked, durably, unless it is marked already.
    pub fn init(disk: &Disk, path: &Path) -> Result<Self, FolderError> {
        match Self::open(path) {
            Err(FolderError::Unmarked(_)) => {}
            other => return other,
        }
        disk.create_private_dirs(path).map_err(|error| FolderError::Make(path.to_owned(), error))?;
        let failed = |error| FolderError::Io(path.to_owned(), error);
        for entry in fs::read_dir(path).map_err(failed)? {
            if !NO_CONTENT.iter().any(|name| entry.as_ref().is_ok_and(|entry| entry.file_name() == *name)) {
                return Err(FolderError::Occupied(path.to_owned()));
            }
        }
        let mut identity = Bytes32([0; 32]);
        getrandom::fill(&mut identity.0).map_err(|error| failed(io::Error::other(error)))?;
        let marker = format!("{FORMAT}{identity}\n");
        let temporary = path.join(NEW_MARKER);
        disk.sync_path_to(path)
            .and_then(|()| disk.remove_file_if_there(&temporary))
            .and_then(|()| disk.replace(&path.join(MARKER), &temporary, marker.as_bytes()))
            .map_err(failed)?;
        Self::open(path)
    }

    /// The folder of a relay.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let file = path.join(MARKER);
        let read = || -> io::Result<_> {
            let held = fs::File::open(&file)?;
            Ok((Seen::of(&held.metadata()?), fs::read(&file)?, Arc::new(held)))
        };
        match read() {
            Ok((seen, marker, held)) if is_marker(&marker) => {
                Ok(Self { path: path.to_owned(), marker, seen, _held: held })
            }
            Ok(_) => Err(FolderError::Marker(file)),
            Err(error) if is_missing(&error) => Err(FolderError::Unmarked(path.to_owned())),
            Err(error) => Err(FolderError::Io(path.to_owned(), error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the very folder that was opened is still where it was; not a copy of it either, which may be older.
    pub fn is_there(&self) -> io::Result<bool> {
        let file = self.path.join(MARKER);
        let looked = fs::metadata(&file).and_then(|found| {
            let seen = Seen::of(&found);
            Ok(seen == self.seen || (seen.is_same_file(&self.seen) && fs::read(&file)? == self.marker))
        });
        match looked {
            Err(error) if is_missing(&error) => Ok(false),
            other => other,
        }
    }
}

impl Seen {
    fn of(found: &fs::Metadata) -> Self {
        Self {
            #[cfg(unix)]
            number: (std::os::unix::fs::MetadataExt::dev(found), std::os::unix::fs::MetadataExt::ino(found)),
            bytes: found.len(),
            changed: found.modified().ok(),
        }
    }

    #[cfg(unix)]
    fn is_same_file(&self, other: &Self) -> bool {
        self.number == other.number
    }

    /// A folder with open files in it cannot be moved on Windows.
    #[cfg(windows)]
    fn is_same_file(&self, _: &Self) -> bool {
        true
    }
}

fn is_marker(text: &[u8]) -> bool {
    let identity = str::from_utf8(text).ok().and_then(|text| text.strip_prefix(FORMAT)?.strip_suffix('\n'));
    identity.is_some_and(|identity| identity.parse::<Bytes32>().is_ok())
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn init(path: &Path) -> Result<Folder, FolderError> {
        Folder::init(&Disk::default(), path)
    }

    #[test]
    fn a_new_relay_is_made_only_where_nothing_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/data");
        assert!(matches!(Folder::open(&path), Err(FolderError::Unmarked(_))));
        assert!(!dir.path().join("a").exists(), "looking makes nothing");
        let made = init(&path).unwrap();
        assert_eq!(init(&path).unwrap().marker, made.marker, "again, it is as it was");
        assert_eq!(Folder::open(&path).unwrap().marker, made.marker);

        let volume = dir.path().join("volume");
        for there in ["lost+found", NEW_MARKER] {
            fs::create_dir_all(&volume).unwrap();
            fs::write(volume.join(there), b"").unwrap();
            assert!(matches!(Folder::open(&volume), Err(FolderError::Unmarked(_))));
            assert_ne!(init(&volume).unwrap().marker, made.marker, "each has its own");
            fs::remove_dir_all(&volume).unwrap();
        }

        let other = dir.path().join("other");
        fs::create_dir_all(other.join("shares")).unwrap();
        assert!(matches!(init(&other), Err(FolderError::Occupied(_))));
        assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
        fs::write(other.join(MARKER), b"share-relay 3 x\n").unwrap();
        for opened in [init(&other), Folder::open(&other)] {
            assert!(matches!(opened, Err(FolderError::Marker(_))));
        }
    }

    #[test]
    fn a_folder_is_there_until_it_is_moved_or_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (path, away) = (dir.path().join("data"), dir.path().join("away"));
        let folder = init(&path).unwrap();
        assert!(folder.is_there().unwrap());
        fs::rename(&path, &away).unwrap();
        assert!(!folder.is_there().unwrap());
        fs::create_dir(&path).unwrap();
        assert!(!folder.is_there().unwrap(), "empty");
        init(&path).unwrap();
        assert!(!folder.is_there().unwrap(), "another relay's");
        fs::copy(away.join(MARKER), path.join(MARKER)).unwrap();
        if cfg!(unix) {
            assert!(!folder.is_there().unwrap(), "a copy of an earlier time");
        }
        fs::remove_dir_all(&path).unwrap();
        fs::write(&path, b"").unwrap();
        assert!(!folder.is_there().unwrap(), "a file");
        fs::remove_file(&path).unwrap();
        fs::rename(&away, &path).unwrap();
        assert!(folder.is_there().unwrap(), "back");
        let marker = fs::read(path.join(MARKER)).unwrap();
        fs::write(path.join(MARKER), &marker).unwrap();
        assert!(folder.is_there().unwrap(), "touched");
        fs::write(path.join(MARKER), b"share-relay 2 other\n").unwrap();
        assert!(!folder.is_there().unwrap(), "overwritten");
    }
}
