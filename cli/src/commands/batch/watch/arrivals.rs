//! What arrives in the watched folder, and when it is complete: when it was renamed into place, when a mark `NAME.ready`
//! is beside it, or when nothing in it has changed for a while.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::{OsStr, OsString},
    fs::{self, FileType},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use share_client::{secret::sha256, system::Renames};
use share_relay_api::Bytes32;

/// Where what was sent goes.
pub const SENT: &str = "sent";
/// Where what cannot be sent goes.
pub const FAILED: &str = "failed";
/// The file of rules.
pub const RULES: &str = "share-batch.toml";

/// How names of what is not complete end, as programs that save, copy and download give them.
const UNFINISHED: [&str; 6] = [".part", ".partial", ".tmp", ".crdownload", ".filepart", "~"];
/// How the name of a mark ends.
const MARK: &str = ".ready";
/// The digits of a snapshot in a key.
const KEY_DIGITS: usize = 20;

/// How long the first pause is after a failure, and how long they get.
pub const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// A file or folder that is complete.
#[derive(Debug)]
pub struct Arrival {
    pub name: OsString,
    pub snapshot: Snapshot,
    /// The failure of an earlier try that the user has been told of.
    pub told: Option<&'static str>,
}

impl Arrival {
    /// What tells it from others, and from what had its name before.
    pub fn key(&self) -> String {
        let mut digest = self.snapshot.digest.to_string();
        digest.truncate(KEY_DIGITS);
        format!("{} {digest}", self.name.to_string_lossy())
    }
}

/// What has become of an arrival that was taken.
#[derive(Debug)]
pub enum After {
    /// It is no longer in the folder.
    Gone,
    /// It failed, with this code: another try follows after a pause, once it is complete.
    Failed(&'static str),
    /// It was not begun, or stopped.
    Stays,
}

/// What one look at the folder has found.
#[derive(Debug, Default)]
pub struct Found {
    /// Complete, and taken from now on, in the order of their names.
    pub complete: Vec<Arrival>,
    /// New, and neither file nor folder: left alone.
    pub left_alone: Vec<OsString>,
}

/// What lies in the folder, and since when it has been as it is.
pub struct Arrivals {
    folder: PathBuf,
    settle: Duration,
    renames: Option<Renames>,
    items: HashMap<OsString, Item>,
    left_alone: BTreeSet<OsString>,
}

struct Item {
    snapshot: Option<Snapshot>,
    /// When it was first seen as it is.
    since: Instant,
    renamed: bool,
    /// Taken, and not given back yet.
    busy: bool,
    /// Taken at some time.
    begun: bool,
    pause: Duration,
    not_before: Option<Instant>,
    told: Option<&'static str>,
}

impl Arrivals {
    /// Of this folder; `settle` is how long nothing may change. `None` in place of `renames` where the system tells none.
    pub fn new(folder: PathBuf, settle: Duration, renames: Option<Renames>) -> Self {
        Self { folder, settle, renames, items: HashMap::new(), left_alone: BTreeSet::new() }
    }

    /// Looks at everything in the folder. Takes what is complete if `take`.
    pub fn look(&mut self, now: Instant, take: bool) -> io::Result<Found> {
        let renamed = self.renames.as_mut().map(Renames::take).unwrap_or_default();
        let mut there: BTreeMap<OsString, FileType> = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // What has just gone is not there.
            if let Ok(kind) = entry.file_type() {
                there.insert(entry.file_name(), kind);
            }
        }
        self.items.retain(|name, item| item.busy || there.contains_key(name));
        self.left_alone.retain(|name| there.contains_key(name));
        let mut found = Found::default();
        for (name, kind) in &there {
            if !may_be_taken(name) {
                continue;
            }
            if !kind.is_file() && !kind.is_dir() {
                if self.left_alone.insert(name.clone()) {
                    found.left_alone.push(name.clone());
                }
                continue;
            }
            let item = self.items.entry(name.clone()).or_insert_with(|| Item::new(now));
            if renamed.contains(name) {
                (item.renamed, item.snapshot) = (true, None);
            }
            if item.busy || item.not_before.is_some_and(|time| now < time) {
                continue;
            }
            let Some(snapshot) = Snapshot::of(&self.folder.join(name)) else { continue };
            if item.snapshot.as_ref() != Some(&snapshot) {
                // Whatever was renamed into place does not change any more, or it was not complete.
                item.renamed &= item.snapshot.is_none();
                (item.snapshot, item.since) = (Some(snapshot.clone()), now);
            }
            let has_settled = now.duration_since(item.since) >= self.settle;
            if take && (item.renamed || has_settled || is_marked(&self.folder, name, &snapshot)) {
                (item.busy, item.begun) = (true, true);
                found.complete.push(Arrival { name: name.clone(), snapshot, told: item.told });
            }
        }
        Ok(found)
    }

    /// Gives back what was taken.
    pub fn give_back(&mut self, name: &OsStr, after: After, now: Instant) {
        let Some(item) = self.items.get_mut(name) else { return };
        item.busy = false;
        match after {
            After::Gone => drop(self.items.remove(name)),
            After::Stays => {}
            After::Failed(code) => {
                item.not_before = Some(now + item.pause);
                item.pause = (item.pause * 2).min(PAUSES.1);
                item.told = Some(code);
            }
        }
    }

    /// Whether nothing that was ever taken is still in the folder.
    pub fn is_worked_off(&self) -> bool {
        self.items.values().all(|item| !item.begun)
    }
}

impl Item {
    fn new(now: Instant) -> Self {
        let (pause, _) = PAUSES;
        Self {
            snapshot: None,
            since: now,
            renamed: false,
            busy: false,
            begun: false,
            pause,
            not_before: None,
            told: None,
        }
    }
}

/// Whether something of this name is for others.
fn may_be_taken(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let is_unfinished = UNFINISHED.iter().any(|end| bytes.ends_with(end.as_bytes()));
    ![SENT, FAILED, RULES].iter().any(|ours| name == *ours)
        && !bytes.starts_with(b".")
        && !bytes.ends_with(MARK.as_bytes())
        && !is_unfinished
}

/// The mark that says that what has this name is complete.
pub fn mark_of(name: &OsStr) -> OsString {
    let mut mark = name.to_owned();
    mark.push(MARK);
    mark
}

/// Whether there is a mark for it. One that is older is of something that had the name before.
fn is_marked(folder: &Path, name: &OsStr, snapshot: &Snapshot) -> bool {
    let modified = fs::symlink_metadata(folder.join(mark_of(name))).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| snapshot.newest.is_none_or(|newest| newest <= time))
}

/// What a file, or all below a folder, was at one moment: names, sizes and times, wherever it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    digest: Bytes32,
    /// When the newest file in it changed.
    newest: Option<SystemTime>,
}

impl Snapshot {
    /// `None` if nothing is there. What cannot be looked at counts as such.
    pub fn of(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok()?;
        let mut snapshot = Self { digest: sha256(b""), newest: None };
        snapshot.add(path, OsStr::new(""));
        Some(snapshot)
    }

    fn add(&mut self, path: &Path, name: &OsStr) {
        let looked = fs::symlink_metadata(path).and_then(|metadata| {
            if metadata.is_dir() {
                let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name()));
                return Ok((metadata, names.collect::<io::Result<BTreeSet<_>>>()?));
            }
            Ok((metadata, BTreeSet::new()))
        });
        match looked {
            Ok((metadata, names)) if metadata.is_dir() => {
                self.note(b"folder", name, &(names.len() as u64).to_be_bytes());
                names.iter().for_each(|name| self.add(&path.join(name), name));
            }
            Ok((metadata, _)) if metadata.is_file() => {
                let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
                self.newest = self.newest.max(Some(modified));
                let nanoseconds = match modified.duration_since(UNIX_EPOCH) {
                    Ok(since) => since.as_nanos() as i128,
                    Err(before) => -(before.duration().as_nanos() as i128),
                };
                self.note(b"file", name, &[&metadata.len().to_be_bytes()[..], &nanoseconds.to_be_bytes()].concat());
            }
            Ok(_) => self.note(b"other", name, &[]),
            Err(error) => self.note(b"unreadable", name, error.kind().to_string().as_bytes()),
        }
    }

    /// Hashes this to what was noted before, so that folders of any size take no memory.
    fn note(&mut self, kind: &[u8], name: &OsStr, what: &[u8]) {
        let mut text = self.digest.0.to_vec();
        for part in [kind, name.as_encoded_bytes(), what] {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        self.digest = sha256(&text);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    const SETTLE: Duration = Duration::from_secs(30);

    struct Fixture {
        folder: tempfile::TempDir,
        arrivals: Arrivals,
        begin: Instant,
    }

    impl Fixture {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let renames = Renames::into_folder(folder.path()).ok();
            let arrivals = Arrivals::new(folder.path().to_owned(), SETTLE, renames);
            Self { folder, arrivals, begin: Instant::now() }
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn set_modified(&self, name: &str, seconds: u64) {
            let file = File::options().write(true).open(self.folder.path().join(name)).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        }

        /// The names that are complete so many seconds after the beginning.
        fn complete_at(&mut self, seconds: u64) -> Vec<String> {
            let found = self.arrivals.look(self.begin + Duration::from_secs(seconds), true).unwrap();
            found.complete.into_iter().map(|arrival| arrival.name.into_string().unwrap()).collect()
        }

        fn give_back(&mut self, name: &str, after: After, seconds: u64) {
            self.arrivals.give_back(name.as_ref(), after, self.begin + Duration::from_secs(seconds));
        }
    }

    #[test]
    fn what_has_not_changed_for_long_enough_is_complete() {
        let mut fixture = Fixture::new();
        fixture.write("file", "a");
        fixture.write("folder/below/file", "a");
        assert!(fixture.complete_at(0).is_empty());
        fixture.write("folder/below/file", "ab");
        assert!(fixture.complete_at(20).is_empty());
        assert_eq!(fixture.complete_at(30), ["file"]);
        assert!(fixture.complete_at(49).is_empty());
        fixture.write("folder/more", "a");
        assert!(fixture.complete_at(50).is_empty());
        assert_eq!(fixture.complete_at(80), ["folder"]);
        assert!(!fixture.arrivals.is_worked_off());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_renamed_into_place_is_complete_at_once() {
        let mut fixture = Fixture::new();
        fixture.write("file.part", "a");
        assert!(fixture.complete_at(1000).is_empty());
        let path = |name: &str| fixture.folder.path().join(name);
        fs::rename(path("file.part"), path("file")).unwrap();
        assert_eq!(fixture.complete_at(1001), ["file"]);
    }

    #[test]
    fn a_mark_makes_complete_what_is_not_newer() {
        let mut fixture = Fixture::new();
        fixture.write("file", "a");
        fixture.write("file.ready", "");
        assert_eq!(fixture.complete_at(0), ["file"]);
        fixture.write("next", "a");
        fixture.write("next.ready", "");
        fixture.set_modified("next.ready", 1_700_000_000);
        assert!(fixture.complete_at(1).is_empty());
        fixture.set_modified("next", 1_700_000_000);
        assert_eq!(fixture.complete_at(2), ["next"]);
    }

    #[test]
    fn what_failed_is_taken_again_after_growing_pauses() {
        let mut fixture = Fixture::new();
        fixture.write("file", "a");
        fixture.complete_at(0);
        assert_eq!(fixture.complete_at(30), ["file"]);
        assert!(fixture.complete_at(60).is_empty(), "it is busy");
        fixture.give_back("file", After::Failed("x"), 60);
        assert!(fixture.complete_at(60).is_empty());
        let found = fixture.arrivals.look(fixture.begin + Duration::from_secs(61), true).unwrap();
        assert_eq!(found.complete[0].told, Some("x"));
        fixture.give_back("file", After::Failed("x"), 61);
        assert!(fixture.complete_at(62).is_empty());
        fixture.write("file", "changed");
        assert!(fixture.complete_at(63).is_empty(), "it has to settle");
        assert_eq!(fixture.complete_at(93), ["file"]);
        fixture.give_back("file", After::Stays, 93);
        assert_eq!(fixture.complete_at(93), ["file"]);
        fixture.give_back("file", After::Gone, 93);
        assert!(fixture.arrivals.is_worked_off());
    }

    #[test]
    fn what_is_not_for_others_stays() {
        let mut fixture = Fixture::new();
        let names = ["share-batch.toml", "sent/a", "failed/a", ".hidden", "a.part", "a.tmp", "a~", "a.crdownload"];
        names.iter().for_each(|name| fixture.write(name, ""));
        fixture.write("b.ready", "");
        fixture.write("a.filepart/b", "");
        fixture.complete_at(0);
        assert!(fixture.complete_at(1000).is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn links_are_left_alone_and_told_once() {
        let mut fixture = Fixture::new();
        std::os::unix::fs::symlink("/etc/passwd", fixture.folder.path().join("link")).unwrap();
        let mut look = || fixture.arrivals.look(fixture.begin + SETTLE, true).unwrap();
        assert_eq!(look().left_alone, ["link"]);
        let found = look();
        assert!(found.left_alone.is_empty() && found.complete.is_empty());
    }

    #[test]
    fn a_snapshot_is_the_same_wherever_it_lies() {
        let fixture = Fixture::new();
        fixture.write("folder/a", "a");
        let path = |name: &str| fixture.folder.path().join(name);
        let before = Snapshot::of(&path("folder")).unwrap();
        fs::rename(path("folder"), path("other")).unwrap();
        assert_eq!(Snapshot::of(&path("other")), Some(before.clone()));
        assert_eq!(Snapshot::of(&path("folder")), None);
        fs::rename(path("other/a"), path("other/b")).unwrap();
        assert_ne!(Snapshot::of(&path("other")), Some(before));
    }
}
