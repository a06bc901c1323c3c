//! Tests of what only the store on a local disk guarantees, and their tools: a recorded disk, and power cuts.

#[cfg(unix)]
mod failures;
#[cfg(unix)]
pub mod power_cut;
#[cfg(unix)]
mod power_loss;
#[cfg(unix)]
pub mod promises;
#[cfg(unix)]
pub mod recorder;

use std::fs;

use tempfile::TempDir;

use super::{inner::*, *};
use crate::{
    admission::tokens::TokenFile,
    storage::conformance::{self, Reopen},
};

impl Reopen for TempDir {
    async fn open(&self) -> Storage {
        LocalStore::init(self.path()).unwrap().into()
    }
}

/// A temporary directory in memory, if the system has such a file system. Tests that simulate power cuts do not depend
/// on real syncs.
pub fn fast_dir() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn id(n: u8) -> ShareId {
    ShareId::from_random([n; 12])
}

fn key(n: u8) -> Key {
    Key::Share(id(n))
}

fn value() -> Value {
    Value::new("a share", Some(0)).unwrap()
}

async fn create(store: &LocalStore, n: u8) -> bool {
    store.create(key(n), value()).await.unwrap()
}

/// The place of a part of 4 bytes.
fn place(number: u64) -> PartPlace {
    PartPlace { generation: 0, number, offset: number * 4, bytes: 4 }
}

async fn begin(store: &LocalStore, place: PartPlace) -> Box<dyn PartWriter> {
    store.begin_part(id(1), place).await.unwrap().unwrap()
}

async fn put_part(store: &LocalStore, place: PartPlace, text: &'static str) {
    let mut part = begin(store, place).await;
    part.write(Bytes::from_static(text.as_bytes())).await.unwrap();
    part.finish().await.unwrap();
}

/// The layout of a payload of this many bytes after a header of 6, in parts of 4.
fn layout(payload: u64) -> Layout {
    Layout { generation: 0, header_bytes: 6, payload_bytes: Some(payload), part_bytes: 4 }
}

const CONTENT_OF: fn(u64) -> Source = |payload| Source::Content(layout(payload));

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn it_conforms_on_a_disk_and_in_memory() {
    for dir in [tempfile::tempdir().unwrap(), fast_dir()] {
        conformance::run(&dir).await;
        let mut left = files(dir.path());
        left.sort();
        assert_eq!(left, ["lock", "relay-id", "reserve"].map(|name| dir.path().join(name)), "nothing is left over");
    }
}

#[test]
fn a_directory_has_one_relay() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    for again in [LocalStore::open(dir.path()), LocalStore::init(dir.path())] {
        assert!(matches!(again, Err(OpenError::InUse(_))));
    }
    drop(store);
    LocalStore::open(dir.path()).unwrap();
}

#[tokio::test]
async fn a_folder_that_nothing_marks_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    for path in [dir.path(), &missing] {
        let unmarked = |error: &FolderError| matches!(error, FolderError::Unmarked(_));
        assert!(matches!(LocalStore::open(path), Err(OpenError::Folder(error)) if unmarked(&error)));
        assert!(matches!(confirm_time(path, 0), Err(OpenError::Folder(error)) if unmarked(&error)));
        assert!(TokenFile::in_dir(path).is_err_and(|error| unmarked(&error)));
    }
    assert!(!missing.exists() && fs::read_dir(dir.path()).unwrap().count() == 0);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let store = LocalStore::init(&data).unwrap();
    create(&store, 1).await;
    store.put_blob(id(1), BlobKind::Manifest, Bytes::from_static(b"m")).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for path in files(&data) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        assert_eq!(mode(path.parent().unwrap()), 0o700, "{}", path.display());
    }
}

#[tokio::test]
async fn what_a_crash_left_half_done_is_removed_with_the_first_sweep() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    create(&store, 1).await;
    drop(store);
    fs::write(dir.path().join("tmp/123-0"), b"half a record").unwrap();
    // A process may have had the same number as this one: in a container it often has.
    let removal = dir.path().join("tmp").join(format!("{}-0", std::process::id()));
    fs::create_dir(&removal).unwrap();
    fs::write(removal.join("content.age"), b"half a removal").unwrap();
    let orphan = dir.path().join("shares").join(id(2).as_str());
    fs::create_dir(&orphan).unwrap();
    fs::write(orphan.join(CONTENT), b"content without a record").unwrap();
    let not_ours = dir.path().join("shares/notes.txt");
    fs::write(&not_ours, b"an operator's own file").unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    assert_eq!(store.due(0).await.unwrap(), [key(1)]);
    assert!(!orphan.exists() && not_ours.exists());
}

#[tokio::test]
async fn a_share_whose_record_was_only_not_found_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    create(&store, 1).await;
    store.put_blob(id(1), BlobKind::Header, Bytes::from_static(b"header")).await.unwrap();
    // As if the folder had been away for a moment.
    assert!(!store.0.remove_without_record(id(1)).unwrap());
    assert_eq!(store.read(id(1), CONTENT_OF(0), 0, 6).await.unwrap(), "header");
    fs::remove_file(dir.path().join("shares").join(id(1).as_str()).join(RECORD)).unwrap();
    assert!(store.0.remove_without_record(id(1)).unwrap());
    assert_eq!(files(&dir.path().join("shares")), files(&dir.path().join("tmp")), "it is gone");
}

#[tokio::test]
async fn a_damaged_record_is_an_error_and_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    create(&store, 1).await;
    let path = dir.path().join("shares").join(id(1).as_str()).join(RECORD);
    fs::write(&path, b"{").unwrap();
    assert!(matches!(store.load(key(1)).await, Err(StoreError::Damaged(_))));
    drop(store);
    LocalStore::init(dir.path()).unwrap();
    assert_eq!(fs::read(path).unwrap(), b"{");
}

#[tokio::test]
async fn a_share_is_removed_by_hand_while_a_relay_runs() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    for number in [1, 2] {
        create(&store, number).await;
    }
    put_part(&store, place(0), "four").await;
    assert_eq!(store.stored_bytes(id(1), 0).await.unwrap(), 4);
    fs::write(dir.path().join("shares").join(id(1).as_str()).join(RECORD), b"{").unwrap();
    let id_1 = id(1);
    let beginning = &id_1.as_str()[..6];
    assert!(matches!(remove_share(dir.path(), &beginning[..5]), Err(RemoveError::Short)));
    assert!(matches!(remove_share(dir.path(), "zzzzzzzz"), Err(RemoveError::Unknown(_))));
    assert!(matches!(remove_share(dir.path(), "../../"), Err(RemoveError::Unknown(_))));
    remove_share(dir.path(), beginning).unwrap();
    assert!(store.load(key(1)).await.unwrap().is_none());
    assert_eq!(store.due(0).await.unwrap(), [key(2)]);
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
    assert!(create(&store, 1).await);
    assert_eq!(store.stored_bytes(id(1), 0).await.unwrap(), 0, "nothing is known of what was removed");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_read_or_written_while_the_folder_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let (data, away) = (dir.path().join("data"), dir.path().join("away"));
    let store = LocalStore::init(&data).unwrap();
    create(&store, 1).await;
    let mut part = begin(&store, place(0)).await;
    let mut late = begin(&store, place(1)).await;
    let written = store.load(key(1)).await.unwrap().unwrap().written;
    part.write(Bytes::from_static(b"four")).await.unwrap();
    late.write(Bytes::from_static(b"five")).await.unwrap();
    fs::rename(&data, &away).unwrap();
    let is_away = |error| matches!(error, StoreError::Away);
    for replaced in 0..3 {
        match replaced {
            1 => fs::create_dir(&data).unwrap(),
            // Of an earlier time, with the same marker and shares.
            2 => assert!(std::process::Command::new("cp").arg("-aT").args([&away, &data]).status().unwrap().success()),
            _ => {}
        }
        let before = fs::metadata(&data).is_ok().then(|| files(&data));
        assert!(store.load(key(1)).await.is_err_and(is_away));
        assert!(store.load(key(2)).await.is_err_and(is_away));
        assert!(store.create(key(2), value()).await.is_err_and(is_away));
        assert!(store.replace(key(1), written, value()).await.is_err_and(is_away));
        assert!(store.begin_part(id(1), place(2)).await.map(drop).is_err_and(is_away));
        assert!(store.parts(id(1), 0, 0..9).await.is_err_and(is_away));
        assert!(store.put_blob(id(1), BlobKind::Manifest, Bytes::from_static(b"m")).await.is_err_and(is_away));
        assert!(store.read(id(2), CONTENT_OF(8), 0, 4).await.is_err_and(is_away));
        assert!(store.seal(id(1), layout(8)).await.is_err_and(is_away));
        assert!(store.remove(key(1), written).await.is_err_and(is_away));
        assert!(store.delete(id(1)).await.is_err_and(is_away));
        assert!(store.due(0).await.is_err_and(is_away));
        assert!(store.create(Key::Clock, value()).await.is_err_and(is_away));
        assert!(store.check().await.is_err_and(is_away));
        assert_eq!(fs::metadata(&data).is_ok().then(|| files(&data)), before, "nothing is made");
    }
    assert!(late.finish().await.is_err_and(is_away), "it is in a folder that may never come back");
    assert_eq!(fs::read(data.join("shares").join(id(1).as_str()).join(PARTS)).unwrap(), b"");
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&away, &data).unwrap();
    part.finish().await.unwrap();
    assert_eq!(store.parts(id(1), 0, 0..9).await.unwrap(), Parts(vec![4]));
    assert!(store.replace(key(1), written, value()).await.unwrap());
}

#[tokio::test]
async fn the_sealed_content_is_header_and_parts_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    create(&store, 1).await;
    store.put_blob(id(1), BlobKind::Header, Bytes::from_static(b"header")).await.unwrap();
    for (number, text) in [(1, "five"), (0, "four")] {
        put_part(&store, PartPlace { offset: 6 + number * 4, ..place(number) }, text).await;
    }
    // Somebody's who was cut off.
    let mut beyond = begin(&store, PartPlace { offset: 14, ..place(2) }).await;
    beyond.write(Bytes::from_static(b"more")).await.unwrap();
    drop(beyond);
    assert!(store.seal(id(1), layout(8)).await.unwrap());
    let share = dir.path().join("shares").join(id(1).as_str());
    assert_eq!(fs::read(share.join(CONTENT)).unwrap(), b"headerfourfive");
    assert_eq!(fs::read(share.join(PARTS)).unwrap(), [1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0], "sealed, of generation 0");
}

#[tokio::test]
async fn half_an_entry_counts_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    create(&store, 1).await;
    fs::write(dir.path().join("shares").join(id(1).as_str()).join(PARTS), [0, 0, 0, 0, 4, 0, 0, 0, 9, 9]).unwrap();
    assert_eq!(store.stored_bytes(id(1), 0).await.unwrap(), 4);
    assert_eq!(store.parts(id(1), 0, 0..9).await.unwrap(), Parts(vec![4]));
}

#[tokio::test]
async fn what_a_killed_relay_left_is_settled_when_it_is_asked_for_and_behind_that() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::init(dir.path()).unwrap();
    for share in [1, 2, 3] {
        create(&store, share).await;
    }
    drop(store);
    // As one that was killed leaves it, and a share that got no record.
    fs::write(dir.path().join("lock"), [RUNNING]).unwrap();
    fs::remove_file(dir.path().join("shares").join(id(2).as_str()).join(RECORD)).unwrap();
    let store = LocalStore::open(dir.path()).unwrap();
    assert_eq!(store.0.unrecovered().len(), 3);
    assert!(store.load(key(1)).await.unwrap().is_some());
    assert_eq!(store.0.unrecovered().len(), 2);
    assert!(create(&store, 2).await, "what was no share is in nobody's way");
    store.due(0).await.unwrap();
    assert!(store.0.unrecovered().is_empty());
    drop(store);
    assert_eq!(fs::read(dir.path().join("lock")).unwrap(), [ENDED]);
}

#[cfg(unix)]
#[tokio::test]
async fn an_unsynced_entry_counts_for_nothing_in_the_next_generation() {
    const EIO: i32 = 5;
    let (dir, recorder) = (tempfile::tempdir().unwrap(), recorder::Recorder::default());
    let store = LocalStore::init_on(disk::Disk::recorded(&recorder), dir.path()).unwrap();
    create(&store, 1).await;
    let mut part = begin(&store, place(1)).await;
    part.write(Bytes::from_static(b"five")).await.unwrap();
    // The content is written and synced, the index is opened and written, and then cannot be synced.
    recorder.fail(4, 1, EIO);
    assert!(part.finish().await.is_err() && recorder.has_failed());
    recorder.heal();
    assert_eq!(store.stored_bytes(id(1), 0).await.unwrap(), 0);
    let index = dir.path().join("shares").join(id(1).as_str()).join(PARTS);
    assert_eq!(fs::read(&index).unwrap(), [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]);
    drop(begin(&store, PartPlace { generation: 1, ..place(0) }).await);
    assert_eq!(fs::read(&index).unwrap(), [2, 0, 0, 0]);
}

#[cfg(unix)]
#[tokio::test]
async fn on_a_full_disk_records_still_change_and_new_parts_wait_for_room() {
    const ENOSPC: i32 = 28;
    let (dir, recorder) = (tempfile::tempdir().unwrap(), recorder::Recorder::default());
    let store = LocalStore::init_on(disk::Disk::recorded(&recorder), dir.path()).unwrap();
    create(&store, 1).await;
    let reserve = || fs::metadata(dir.path().join("reserve")).unwrap().len();
    assert_eq!(reserve(), 1024 * 1024);
    let mut running = begin(&store, place(0)).await;
    // Until room is made.
    recorder.fail(0, 1, ENOSPC);
    let written = store.load(key(1)).await.unwrap().unwrap().written;
    assert!(store.replace(key(1), written, value()).await.unwrap());
    assert_eq!(reserve(), 0, "the record took its place");
    running.write(Bytes::from_static(b"four")).await.unwrap();
    assert!(matches!(running.finish().await, Err(StoreError::Full)), "it may not take the room of records");
    recorder.fail(0, usize::MAX, ENOSPC);
    assert!(matches!(store.begin_part(id(1), place(1)).await, Err(StoreError::Full)));
    assert!(matches!(store.create(key(2), value()).await, Err(StoreError::Full)));
    recorder.heal();
    begin(&store, place(1)).await;
    assert_eq!(reserve(), 1024 * 1024);
}

#[test]
fn many_parts_at_once_need_no_more_than_one_thread_for_the_disk() {
    const BYTES: u64 = 1_000_000;
    let dir = tempfile::tempdir().unwrap();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).max_blocking_threads(1).enable_all().build().unwrap();
    let writing = async {
        let store = LocalStore::init(dir.path()).unwrap();
        create(&store, 1).await;
        let mut parts = tokio::task::JoinSet::new();
        for number in 0..8 {
            let (store, place) = (store.clone(), PartPlace { offset: number * BYTES, bytes: BYTES, ..place(number) });
            parts.spawn(async move {
                let mut part = begin(&store, place).await;
                for _ in 0..10 {
                    part.write(Bytes::from(vec![1; 100_000])).await.unwrap();
                    store.stored_bytes(id(1), 0).await.unwrap();
                }
                part.finish().await.unwrap();
            });
        }
        parts.join_all().await;
        assert_eq!(store.stored_bytes(id(1), 0).await.unwrap(), 8 * BYTES);
    };
    let in_time = runtime.block_on(async { tokio::time::timeout(std::time::Duration::from_secs(120), writing).await });
    in_time.expect("they wait for each other");
}
