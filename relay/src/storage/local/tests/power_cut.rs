//! What a power cut leaves of recorded changes, as POSIX allows it: the sync of a file makes its bytes and length
//! durable but not its name; a name is made durable by the sync of its directory. Of all else any part may be kept, in
//! any order, and writes may be torn between the blocks of the disk.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Component, Path, PathBuf},
};

use super::recorder::Change;

/// What a power cut keeps of the changes that are not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// None of them.
    Nothing,
    /// All of them: the process was only killed.
    Everything,
    /// Some, drawn with this seed.
    Some(u64),
}

/// The first of the seeds of this run, which is shown when it fails: `SHARE_SEED` repeats it.
#[allow(clippy::print_stderr, reason = "a failed test must be repeatable")]
pub fn seed() -> u64 {
    let now = || std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos() as u64 >> 10);
    let seed = setting("SHARE_SEED").unwrap_or_else(now);
    eprintln!("SHARE_SEED={seed}");
    seed
}

/// What may be kept at each cut: nothing, everything, and as many draws as `SHARE_ROUNDS` says.
pub fn kept(seed: u64) -> impl Iterator<Item = Kept> {
    let draws = (0..setting("SHARE_ROUNDS").unwrap_or(3)).map(move |round| Kept::Some(seed + round));
    draws.chain([Kept::Nothing, Kept::Everything])
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A directory with all below it, as it is and as a power cut may leave it.
#[derive(Debug)]
pub struct PowerCut {
    root: PathBuf,
    nodes: Vec<Node>,
    /// Files by their number on the disk.
    files: HashMap<u64, usize>,
}

#[derive(Debug)]
enum Node {
    Dir(BTreeMap<String, Vec<Name>>),
    File(Bytes),
}

/// What a name stands for, or that there is none. A list of them begins with the durable one and ends with the present.
#[derive(Debug, Clone, Copy)]
struct Name {
    node: Option<usize>,
    /// A sync that should have made it durable failed, and no later one will.
    lost: bool,
}

#[derive(Debug, Default)]
struct Bytes {
    durable: Vec<u8>,
    present: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    change: Edit,
    lost: bool,
}

#[derive(Debug)]
enum Edit {
    Write(usize, Vec<u8>),
    Length(usize),
}

const ROOT: usize = 0;

impl PowerCut {
    /// An empty directory, which was made long ago.
    pub fn of(root: &Path) -> Self {
        Self { root: root.to_owned(), nodes: vec![Node::Dir(BTreeMap::new())], files: HashMap::new() }
    }

    /// Makes one more change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::CreateDir(path) => {
                let dir = self.add(Node::Dir(BTreeMap::new()));
                self.name(path, Some(dir));
            }
            Change::Create(path, number) => {
                let file = self.add(Node::File(Bytes::default()));
                self.files.insert(*number, file);
                self.name(path, Some(file));
            }
            Change::Write(number, offset, bytes) => {
                self.file(*number).edit(Edit::Write(usize::try_from(*offset).unwrap(), bytes.clone()));
            }
            Change::SetLen(number, bytes) => self.file(*number).edit(Edit::Length(usize::try_from(*bytes).unwrap())),
            Change::Sync(number) => self.file(*number).sync(),
            Change::SyncFailed(number) => self.file(*number).pending.iter_mut().for_each(|edit| edit.lost = true),
            Change::SyncDir(path) => self.each_name(path, |names| {
                if let Some(name) = names.last().copied().filter(|name| !name.lost) {
                    *names = vec![name];
                }
            }),
            Change::SyncDirFailed(path) => self.each_name(path, |names| {
                names.iter_mut().skip(1).for_each(|name| name.lost = true);
            }),
            Change::Rename(from, to) => {
                let node = self.find(from);
                self.name(to, node);
                self.name(from, None);
            }
            Change::RemoveFile(path) => self.name(path, None),
            Change::RemoveDirAll(path) => self.remove_all(path),
        }
    }

    /// Builds in `into`, an empty directory, what a power cut at this moment leaves.
    pub fn build(&self, kept: Kept, into: &Path) {
        let mut dice = Dice::new(kept);
        self.build_dir(ROOT, &mut dice, into);
    }

    fn build_dir(&self, dir: usize, dice: &mut Dice, into: &Path) {
        for (name, values) in self.names(dir) {
            let Some(node) = values[dice.pick(values.len())].node else { continue };
            let path = into.join(name);
            match &self.nodes[node] {
                Node::Dir(_) => {
                    fs::create_dir(&path).unwrap();
                    self.build_dir(node, dice, &path);
                }
                Node::File(bytes) => fs::write(path, bytes.after_a_cut(dice)).unwrap(),
            }
        }
    }

    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn names(&self, dir: usize) -> &BTreeMap<String, Vec<Name>> {
        match &self.nodes[dir] {
            Node::Dir(names) => names,
            Node::File(_) => panic!("a file is no directory"),
        }
    }

    /// What a path names at present; `None` for nothing, and for what is not below the root.
    fn find(&self, path: &Path) -> Option<usize> {
        let below = path.strip_prefix(&self.root).ok()?;
        below.components().try_fold(ROOT, |dir, name| self.names(dir).get(text(name))?.last()?.node)
    }

    fn name(&mut self, path: &Path, node: Option<usize>) {
        let dir = self.find(path.parent().unwrap()).unwrap_or_else(|| panic!("no directory for {path:?}"));
        let Node::Dir(names) = &mut self.nodes[dir] else { panic!("a file is no directory") };
        let name = text(path.components().next_back().unwrap()).to_owned();
        let nothing = Name { node: None, lost: false };
        names.entry(name).or_insert_with(|| vec![nothing]).push(Name { node, lost: false });
    }

    fn file(&mut self, number: u64) -> &mut Bytes {
        match &mut self.nodes[self.files[&number]] {
            Node::File(bytes) => bytes,
            Node::Dir(_) => panic!("a directory is no file"),
        }
    }

    fn each_name(&mut self, dir: &Path, change: impl FnMut(&mut Vec<Name>)) {
        if let Some(dir) = self.find(dir)
            && let Node::Dir(names) = &mut self.nodes[dir]
        {
            names.values_mut().for_each(change);
        }
    }

    fn remove_all(&mut self, path: &Path) {
        let dir = self.find(path).unwrap();
        for name in self.names(dir).keys().cloned().collect::<Vec<_>>() {
            let below = path.join(name);
            match self.find(&below).map(|node| &self.nodes[node]) {
                Some(Node::Dir(_)) => self.remove_all(&below),
                Some(Node::File(_)) => self.name(&below, None),
                None => {}
            }
        }
        self.name(path, None);
    }
}

impl Bytes {
    fn edit(&mut self, change: Edit) {
        change.apply(&mut self.present);
        self.pending.push(Pending { change, lost: false });
    }

    fn sync(&mut self) {
        for edit in self.pending.iter().filter(|edit| !edit.lost) {
            edit.change.apply(&mut self.durable);
        }
        self.pending.retain(|edit| edit.lost);
        // What is still to come of a lost change is the present state of its place.
        for edit in &mut self.pending {
            match &mut edit.change {
                Edit::Write(offset, bytes) => {
                    let present = self.present.get(*offset..).unwrap_or_default();
                    *bytes = present[..bytes.len().min(present.len())].to_owned();
                }
                Edit::Length(bytes) => *bytes = self.present.len(),
            }
        }
    }

    fn after_a_cut(&self, dice: &mut Dice) -> Vec<u8> {
        match dice {
            Dice::First => self.durable.clone(),
            Dice::Last => self.present.clone(),
            Dice::Random(_) => {
                let mut bytes = self.durable.clone();
                let mut lengths = vec![bytes.len()];
                for edit in &self.pending {
                    edit.change.torn(dice).iter().for_each(|piece| piece.apply(&mut bytes));
                    lengths.push(bytes.len());
                }
                // The length is kept on its own: bytes beyond it are not there, and a gap below it is empty.
                bytes.resize(lengths[dice.pick(lengths.len())], 0);
                bytes
            }
        }
    }
}

impl Edit {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*offset..end].copy_from_slice(bytes);
            }
            Self::Length(bytes) => to.resize(*bytes, 0),
        }
    }

    /// What is left of it: all, nothing, or some of the disk's blocks.
    fn torn(&self, dice: &mut Dice) -> Vec<Self> {
        let block = [512, 4096][dice.pick(2)];
        let how = dice.pick(3);
        let mut keep = || how == 0 || how == 1 && dice.pick(2) == 0;
        match self {
            Self::Length(bytes) => Vec::from_iter(keep().then_some(Self::Length(*bytes))),
            Self::Write(offset, bytes) => {
                let (mut pieces, mut from) = (Vec::new(), 0);
                while from < bytes.len() {
                    let to = bytes.len().min((offset + from) / block * block + block - offset);
                    if keep() {
                        pieces.push(Self::Write(offset + from, bytes[from..to].to_owned()));
                    }
                    from = to;
                }
                pieces
            }
        }
    }
}

/// Chooses what is kept.
enum Dice {
    First,
    Last,
    Random(u64),
}

impl Dice {
    fn new(kept: Kept) -> Self {
        match kept {
            Kept::Nothing => Self::First,
            Kept::Everything => Self::Last,
            Kept::Some(seed) => Self::Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        }
    }

    /// One of so many.
    fn pick(&mut self, many: usize) -> usize {
        match self {
            Self::First => 0,
            Self::Last => many - 1,
            Self::Random(state) => {
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                usize::try_from(*state >> 33).unwrap() % many
            }
        }
    }
}

fn text(component: Component<'_>) -> &str {
    component.as_os_str().to_str().unwrap()
}

#[cfg(test)]
mod tests {
    use super::super::recorder::Recorder;
    use super::*;
    use crate::storage::disk::Disk;

    /// What a cut leaves of `name` after these changes, with many different seeds.
    fn left(name: &str, make: impl FnOnce(&Disk, &Path)) -> std::collections::BTreeSet<Option<Vec<u8>>> {
        let (dir, recorder) = (tempfile::tempdir().unwrap(), Recorder::default());
        make(&Disk::recorded(&recorder), dir.path());
        let mut cut = PowerCut::of(dir.path());
        recorder.changes().iter().for_each(|change| cut.apply(change));
        let kept = (0..200).map(Kept::Some).chain([Kept::Nothing, Kept::Everything]);
        kept.map(|kept| {
            let into = tempfile::tempdir().unwrap();
            cut.build(kept, into.path());
            fs::read(into.path().join(name)).ok()
        })
        .collect()
    }

    #[test]
    fn bytes_and_names_are_durable_only_by_their_own_syncs() {
        let all = left("f", |disk, dir| disk.write_new(&dir.join("f"), &[7; 5000]).unwrap());
        assert_eq!(all, [None, Some(vec![7; 5000])].into(), "the name may be missing, never the bytes");
        let all = left("f", |disk, dir| {
            disk.create_new(&dir.join("f")).unwrap().write_all_at(&[7; 5000], 0).unwrap();
            disk.sync_dir(dir).unwrap();
        });
        assert!(all.len() > 4 && !all.contains(&None) && all.contains(&Some(vec![])), "torn, but there");
        let all = left("f", |disk, dir| {
            disk.write_new(&dir.join("t"), b"new").unwrap();
            disk.put_in_place(&dir.join("t"), &dir.join("f")).unwrap();
        });
        assert_eq!(all, [Some(b"new".to_vec())].into());
    }

    #[test]
    fn what_a_failed_sync_gave_up_a_later_one_does_not_save() {
        let eio = 5;
        let write_and_fail = |disk: &Disk, dir: &Path, recorder: &Recorder| {
            let file = disk.create_new(&dir.join("f")).unwrap();
            disk.sync_dir(dir).unwrap();
            file.write_all_at(b"a", 0).unwrap();
            recorder.fail(0, 1, eio);
            assert!(file.sync_data().is_err());
            file.sync_data().unwrap();
            file
        };
        let cut_after = |again: bool| {
            let (dir, recorder) = (tempfile::tempdir().unwrap(), Recorder::default());
            let file = write_and_fail(&Disk::recorded(&recorder), dir.path(), &recorder);
            if again {
                file.write_all_at(b"a", 0).unwrap();
                file.sync_data().unwrap();
            }
            let mut cut = PowerCut::of(dir.path());
            recorder.changes().iter().for_each(|change| cut.apply(change));
            let into = tempfile::tempdir().unwrap();
            cut.build(Kept::Nothing, into.path());
            fs::read(into.path().join("f")).unwrap()
        };
        assert_eq!((cut_after(false), cut_after(true)), (b"".to_vec(), b"a".to_vec()));
    }
}
