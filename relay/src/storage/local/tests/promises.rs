//! A run of the store under a recorder: what it was asked, what it acknowledged, and whether a directory keeps that.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use tokio::task::JoinSet;

use super::{
    power_cut::{Kept, PowerCut},
    recorder::Recorder,
    *,
};
use crate::limits::BLOCK_BYTES;

const HEADER: &[u8] = b"header and nonce";
const INSIDE: &[u8] = b"what is inside";

/// Parts of a share.
const COUNT: u64 = 4;

const LAST_BYTES: u64 = 700;

/// The share whose parts take several writes each.
const LARGE: u8 = 3;

/// The share whose parts were made smaller.
const RESIZED: u8 = 4;

fn id(n: u8) -> ShareId {
    ShareId::from_random([n; 12])
}

fn generation(of: ShareId) -> u32 {
    if of == id(RESIZED) { 1 } else { 0 }
}

fn place(of: ShareId, number: u64) -> PartPlace {
    let full = if of == id(LARGE) { BLOCK_BYTES as u64 + 5000 } else { 9000 };
    let bytes = if number + 1 == COUNT { LAST_BYTES } else { full };
    PartPlace { generation: generation(of), number, offset: HEADER.len() as u64 + number * full, bytes }
}

/// The bytes of a part. Any 8 of them tell the share, the part and their place in it.
fn part(of: ShareId, number: u64) -> Bytes {
    let name = of.as_str().as_bytes()[1] as u64 * 16 + number + 1;
    let words = (0..place(of, number).bytes.div_ceil(8)).flat_map(|word| ((name << 32) | (word + 1)).to_be_bytes());
    Bytes::from_iter(words).slice(..usize::try_from(place(of, number).bytes).unwrap())
}

/// A record of this version, of a share that is there or gone.
fn record(version: u64, gone: bool) -> Value {
    Value::new(format!("{version} {}", if gone { GONE } else { "there" }), Some(version)).unwrap()
}

const GONE: &str = "gone";

fn text(record: &[u8]) -> (u64, bool) {
    let (version, state) = str::from_utf8(record).unwrap().split_once(' ').unwrap();
    (version.parse().unwrap(), state == GONE)
}

fn layout(of: ShareId) -> Layout {
    let (part_bytes, end) = (place(of, 0).bytes, place(of, COUNT - 1));
    let header_bytes = HEADER.len() as u64;
    let payload_bytes = Some(end.offset + end.bytes - header_bytes);
    Layout { generation: generation(of), header_bytes, payload_bytes, part_bytes }
}

/// Something a store was asked, or acknowledged.
#[derive(Debug, Clone, Copy)]
enum Fact {
    TriesRecord(ShareId, u64),
    HasRecord(ShareId, u64),
    HasHeader(ShareId),
    HasManifest(ShareId),
    HasPart(ShareId, u64),
    IsSealed(ShareId),
    LosesContent(ShareId),
    MayBeRemoved(ShareId),
}

impl Fact {
    fn share(&self) -> ShareId {
        match *self {
            Self::TriesRecord(id, _) | Self::HasRecord(id, _) | Self::HasPart(id, _) => id,
            Self::HasHeader(id) | Self::HasManifest(id) | Self::IsSealed(id) => id,
            Self::LosesContent(id) | Self::MayBeRemoved(id) => id,
        }
    }
}

/// What a share must be.
#[derive(Debug, Default)]
struct Owed {
    acknowledged: u64,
    tried: u64,
    header: bool,
    manifest: bool,
    parts: BTreeSet<u64>,
    is_sealed: bool,
    loses_content: bool,
    may_be_removed: bool,
}

/// A store under a recorder, and what it has promised.
#[derive(Clone)]
pub struct Run {
    /// What is done to its disk.
    pub recorder: Recorder,
    root: PathBuf,
    /// What it does.
    pub store: LocalStore,
    /// Each with the number of changes made before it.
    facts: Arc<Mutex<Vec<(usize, Fact)>>>,
}

impl Run {
    /// Opens a store below `root`, as often as it takes.
    pub fn start(root: &Path, recorder: Recorder) -> Self {
        let store = LocalStore::init_on(disk::Disk::recorded(&recorder), &root.join("data")).unwrap();
        Self { recorder, root: root.to_owned(), store, facts: Arc::default() }
    }

    /// The store again, as if its process had been killed; its start fails where the recorder says.
    pub fn restarted(self) -> Self {
        let Self { recorder, root, store, facts } = self;
        drop(store);
        // As a process leaves it that had no time to say that it ends.
        fs::write(root.join("data/lock"), [RUNNING]).unwrap();
        // The work of the one before may still hold the lock.
        let open = || LocalStore::init_on(disk::Disk::recorded(&recorder), &root.join("data"));
        let store = std::iter::repeat_with(open).take(100_000).flatten().next().unwrap();
        Self { recorder, root, store, facts }
    }

    fn note(&self, fact: Fact) {
        let made = self.recorder.made();
        self.facts.lock().unwrap().push((made, fact));
    }

    /// Repeats a call until it works. What fails here are single steps of the disk.
    async fn insist<T, F: Future<Output = Result<T>>>(&self, call: impl Fn() -> F) -> T {
        for _ in 0..9 {
            if let Ok(done) = call().await {
                return done;
            }
            if self.recorder.is_dead() {
                std::future::pending::<()>().await;
            }
        }
        call().await.unwrap()
    }

    async fn version(&self, id: ShareId) -> (WriteId, u64) {
        let stored = self.insist(|| self.store.load(Key::Share(id))).await.unwrap();
        (stored.written, text(&stored.bytes).0)
    }

    async fn create(&self, id: ShareId) {
        if !self.owed(usize::MAX).contains_key(&id) {
            self.note(Fact::TriesRecord(id, 1));
        }
        let record = record(1, false);
        self.insist(|| self.store.create(Key::Share(id), record.clone())).await;
        let (_, version) = self.version(id).await;
        self.note(Fact::HasRecord(id, version));
    }

    async fn change(&self, id: ShareId, gone: bool) {
        let (before, version) = self.version(id).await;
        let next = record(version + 1, gone);
        self.note(Fact::TriesRecord(id, version + 1));
        let replaced = self.insist(|| self.store.replace(Key::Share(id), before, next.clone())).await;
        // A call that failed may have happened.
        assert!(replaced || self.version(id).await.0 == next.written);
        self.note(Fact::HasRecord(id, version + 1));
    }

    async fn put_blob(&self, id: ShareId, kind: BlobKind) {
        let (bytes, fact) = match kind {
            BlobKind::Header => (HEADER, Fact::HasHeader(id)),
            BlobKind::Manifest => (INSIDE, Fact::HasManifest(id)),
        };
        self.insist(|| self.store.put_blob(id, kind, Bytes::from_static(bytes))).await;
        self.note(fact);
    }

    async fn put_part(&self, id: ShareId, number: u64) {
        self.insist(|| async {
            let Some(mut writer) = self.store.begin_part(id, place(id, number)).await? else { return Ok(()) };
            for piece in part(id, number).chunks(100_000) {
                writer.write(Bytes::copy_from_slice(piece)).await?;
            }
            writer.finish().await
        })
        .await;
        self.note(Fact::HasPart(id, number));
    }

    async fn drop_part(&self, id: ShareId, number: u64) {
        self.insist(|| async {
            let mut writer = self.store.begin_part(id, place(id, number)).await?.unwrap();
            writer.write(part(id, number)).await
        })
        .await;
    }

    async fn seal(&self, id: ShareId) {
        assert!(self.insist(|| self.store.seal(id, layout(id))).await, "all parts are held");
        self.note(Fact::IsSealed(id));
    }

    async fn end(&self, id: ShareId) {
        self.note(Fact::LosesContent(id));
        self.change(id, true).await;
        self.insist(|| self.store.delete(id)).await;
    }

    async fn remove(&self, id: ShareId) {
        self.note(Fact::MayBeRemoved(id));
        let (written, _) = self.version(id).await;
        self.insist(|| self.store.remove(Key::Share(id), written)).await;
    }

    /// Everything a store can be asked, of shares in every state.
    pub async fn everything(&self) {
        self.uploads().await;
        self.end(id(2)).await;
        self.remove(id(2)).await;
        self.insist(|| self.store.check()).await;
        self.insist(|| self.store.due(0)).await;
    }

    /// Uploads in every state. It can be done again at any time.
    pub async fn uploads(&self) {
        let (sealed, crowded, unfinished) = (id(1), id(2), id(LARGE));
        self.create(sealed).await;
        self.put_blob(sealed, BlobKind::Header).await;
        self.put_part(sealed, 2).await;
        self.create(unfinished).await;
        self.put_blob(sealed, BlobKind::Manifest).await;
        for number in [0, 3, 0, 1, 2] {
            self.put_part(sealed, number).await;
            self.change(sealed, false).await;
        }
        self.seal(sealed).await;
        self.change(sealed, false).await;
        self.drop_part(unfinished, 1).await;

        self.create(crowded).await;
        let mut crowd = JoinSet::new();
        for number in (0..COUNT).rev() {
            let run = self.clone();
            crowd.spawn(async move { run.put_part(crowded, number).await });
        }
        let run = self.clone();
        crowd.spawn(async move {
            run.put_blob(crowded, BlobKind::Header).await;
            run.put_blob(crowded, BlobKind::Manifest).await;
            run.change(crowded, false).await;
        });
        crowd.join_all().await;
        self.put_part(crowded, 1).await;
        self.put_part(unfinished, 3).await;

        let resized = id(RESIZED);
        self.create(resized).await;
        // Of the size before: it fails if this is done again.
        let before = PartPlace { generation: 0, number: 0, offset: HEADER.len() as u64, bytes: 20_000 };
        if let Ok(Some(mut writer)) = self.store.begin_part(resized, before).await {
            let _ = writer.write(Bytes::from(vec![0xff; 20_000])).await;
        }
        for number in [1, 0] {
            self.put_part(resized, number).await;
        }
    }

    /// What is owed once so many changes are made.
    fn owed(&self, made: usize) -> BTreeMap<ShareId, Owed> {
        let mut owed: BTreeMap<ShareId, Owed> = BTreeMap::new();
        for (_, fact) in self.facts.lock().unwrap().iter().filter(|(at, _)| *at <= made) {
            let share = owed.entry(fact.share()).or_default();
            match fact {
                Fact::TriesRecord(_, version) => share.tried = *version,
                Fact::HasRecord(_, version) => share.acknowledged = *version,
                Fact::HasHeader(_) => share.header = true,
                Fact::HasManifest(_) => share.manifest = true,
                Fact::HasPart(_, number) => drop(share.parts.insert(*number)),
                Fact::IsSealed(_) => share.is_sealed = true,
                Fact::LosesContent(_) => share.loses_content = true,
                Fact::MayBeRemoved(_) => share.may_be_removed = true,
            }
        }
        owed
    }

    /// Cuts the power after so many changes, opens what is left, sweeps it, and looks whether all that is owed is
    /// there and nothing else.
    pub async fn check_cut(&self, cut: &PowerCut, made: usize, kept: Kept) {
        let _told = Told(format!(
            "the power was cut after {made} changes: {:?}, {kept:?} kept",
            self.recorder.changes().get(made.saturating_sub(4)..made)
        ));
        let dir = fast_dir();
        cut.build(kept, dir.path());
        let data = dir.path().join("data");
        let store = LocalStore::init(&data).unwrap();
        let owed = self.owed(made);
        sweep(&store).await;
        for (id, owed) in &owed {
            owed.check(&store, *id).await;
        }
        assert_no_orphan(&data, |id| owed.contains_key(&id), |record| text(record).1);
    }

    /// Looks whether all that is owed by now is there and nothing else.
    pub async fn check_now(&self) {
        sweep(&self.store).await;
        for (id, owed) in &self.owed(usize::MAX) {
            owed.check(&self.store, *id).await;
        }
        assert_no_orphan(&self.root.join("data"), |_| true, |record| text(record).1);
    }

    /// The disk as it was before the first change.
    pub fn power_cut(&self) -> PowerCut {
        PowerCut::of(&self.root)
    }
}

impl Owed {
    async fn check(&self, store: &LocalStore, id: ShareId) {
        let Some(stored) = store.load(Key::Share(id)).await.unwrap() else {
            assert!(self.acknowledged == 0 || self.may_be_removed, "{id:?} is not there: {self:?}");
            return;
        };
        let (version, _) = text(&stored.bytes);
        assert!((self.acknowledged..=self.tried).contains(&version), "{id:?} has version {version}: {self:?}");
        if self.loses_content {
            return;
        }
        let content = store.read(id, Source::Content(layout(id)), 0, 10_000_000).await.unwrap();
        assert!(!self.header || content.starts_with(HEADER), "{id:?}: the header");
        if self.manifest {
            assert_eq!(store.read(id, Source::Manifest, 0, 1000).await.unwrap(), INSIDE, "{id:?}");
        }
        let held = store.parts(id, generation(id), 0..COUNT + 9).await.unwrap();
        for number in (0..COUNT + 9).filter(|number| held.holds(*number)) {
            let at = usize::try_from(place(id, number).offset).unwrap();
            let bytes = content.get(at..).and_then(|from| from.get(..part(id, number).len()));
            assert!(bytes == Some(&part(id, number)), "{id:?}: part {number} is not what was sent");
        }
        let lost: Vec<_> = self.parts.iter().filter(|number| !held.holds(**number)).collect();
        assert!(lost.is_empty(), "{id:?}: parts {lost:?} are lost");
        assert!(
            !self.is_sealed || content.len() as u64 == place(id, COUNT - 1).offset + LAST_BYTES,
            "{id:?}: the length"
        );
    }
}

/// Told when a test fails while this is in scope.
pub struct Told(pub String);

impl Drop for Told {
    #[allow(clippy::print_stderr, reason = "it is for whoever reads the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// What the relay's sweep does to a store.
async fn sweep(store: &LocalStore) {
    for key in store.due(u64::MAX).await.unwrap() {
        let Key::Share(id) = key else { continue };
        if store.load(key).await.unwrap().is_some_and(|stored| text(&stored.bytes).1) {
            store.delete(id).await.unwrap();
        }
    }
}

/// That a data directory holds shares that may be there, each whole or a tombstone, and nothing else.
#[track_caller]
pub fn assert_no_orphan(data: &Path, may_be: impl Fn(ShareId) -> bool, is_gone: impl Fn(&[u8]) -> bool) {
    assert_eq!(fs::read_dir(data.join("tmp")).unwrap().count(), 0, "something is left in tmp");
    for entry in fs::read_dir(data.join("shares")).unwrap() {
        let entry = entry.unwrap();
        let id: ShareId = entry.file_name().to_str().unwrap().parse().unwrap();
        assert!(may_be(id), "{id:?} was never asked for");
        let is_gone =
            is_gone(fs::read(entry.path().join(RECORD)).unwrap().split(|byte| *byte == b'\n').nth(1).unwrap());
        let files = fs::read_dir(entry.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<String> = files.filter(|name| name != EVENTS && (is_gone || name != MANIFEST)).collect();
        files.sort();
        let expected: &[&str] = if is_gone { &[RECORD] } else { &[CONTENT, PARTS, RECORD] };
        assert_eq!(files, expected, "{id:?}");
    }
}
