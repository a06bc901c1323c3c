//! The tests of the storage contracts, which every store must pass.

use bytes::Bytes;
use share_relay_api::ShareId;
use tokio::task::JoinSet;

use super::contract::*;
use crate::domain::{BlobKind, Layout, PartPlace};

/// A store that can be opened several times, as after a crash.
pub trait Reopen: Sync {
    /// Opens the store. The one opened before has been dropped.
    fn open(&self) -> impl Future<Output = Storage> + Send;
}

fn id(n: u8) -> ShareId {
    ShareId::from_random([n; 12])
}

fn key(n: u8) -> Key {
    Key::Share(id(n))
}

fn value(text: &'static str) -> Value {
    Value::new(text, None).unwrap()
}

const HEADER: &str = "0123456789";

/// The layout of a payload of this many bytes after the header, in parts of 1000.
fn layout(payload: u64) -> Layout {
    Layout { generation: 0, header_bytes: 10, payload_bytes: Some(payload), part_bytes: 1000 }
}

fn part(number: u64, bytes: u64) -> PartPlace {
    PartPlace { generation: 0, number, offset: 10 + number * 1000, bytes }
}

async fn create(store: &Storage, n: u8) {
    assert!(store.records.create(key(n), value("a share")).await.unwrap());
}

async fn remove(store: &Storage, n: u8) {
    let stored = store.records.load(key(n)).await.unwrap().unwrap();
    assert!(store.records.remove(key(n), stored.written).await.unwrap());
}

async fn begin(store: &Storage, id: ShareId, place: PartPlace) -> Box<dyn PartWriter> {
    store.objects.begin_part(id, place).await.unwrap().unwrap()
}

async fn is_busy(store: &Storage, id: ShareId, place: PartPlace) -> bool {
    matches!(store.objects.begin_part(id, place).await, Err(StoreError::Busy))
}

async fn put_part(store: &Storage, id: ShareId, place: PartPlace, fill: u8) {
    let mut writer = begin(store, id, place).await;
    // In uneven pieces, so that blocks and pieces do not line up.
    let bytes = Bytes::from(vec![fill; usize::try_from(place.bytes).unwrap()]);
    for piece in bytes.chunks(333) {
        writer.write(bytes.slice_ref(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
}

async fn read(store: &Storage, n: u8, offset: u64, most: usize) -> Bytes {
    store.objects.read(id(n), Source::Content(layout(1500)), offset, most).await.unwrap()
}

/// Runs all conformance tests, each on the same store.
pub async fn run(stores: &impl Reopen) {
    records_are_created_once_and_swapped_by_their_write(stores).await;
    of_racing_changes_one_wins(stores).await;
    a_write_whose_outcome_was_lost_is_found_by_its_id(stores).await;
    what_is_due_is_found_earliest_first_and_nothing_else(stores).await;
    bytes_survive_reopening(stores).await;
    cut_parts_are_not_held(stores).await;
    large_parts_are_written_whole(stores).await;
    a_part_has_one_writer(stores).await;
    a_new_generation_ends_the_one_before(stores).await;
    sealing_makes_the_exact_length_and_lets_nothing_be_written(stores).await;
    deleting_an_object_keeps_the_record(stores).await;
    removal_forgets_everything(stores).await;
}

async fn records_are_created_once_and_swapped_by_their_write(stores: &impl Reopen) {
    for key in [key(1), Key::Clock] {
        let records = stores.open().await.records;
        let (first, second) = (value("first"), value("second"));
        assert!(records.load(key).await.unwrap().is_none());
        assert!(!records.replace(key, first.written, second.clone()).await.unwrap(), "there is none");
        assert!(records.create(key, first.clone()).await.unwrap());
        assert!(!records.create(key, second.clone()).await.unwrap());
        assert_eq!(records.load(key).await.unwrap().as_ref(), Some(&first));
        assert!(records.replace(key, first.written, second.clone()).await.unwrap());
        assert!(!records.replace(key, first.written, value("third")).await.unwrap(), "it was replaced");
        assert!(!records.remove(key, first.written).await.unwrap(), "it was replaced");
        records.check().await.unwrap();
        drop(records);
        let records = stores.open().await.records;
        assert_eq!(records.load(key).await.unwrap().as_ref(), Some(&second));
        assert!(records.remove(key, second.written).await.unwrap());
        assert!(records.remove(key, second.written).await.unwrap(), "again");
        assert!(records.load(key).await.unwrap().is_none());
    }
}

async fn of_racing_changes_one_wins(stores: &impl Reopen) {
    let store = stores.open().await;
    let mut racing = JoinSet::new();
    for _ in 0..16 {
        let records = store.records.clone();
        racing.spawn(async move { records.create(key(3), value("new")).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.iter().filter(|won| **won).count(), 1);
    let first = store.records.load(key(3)).await.unwrap().unwrap().written;
    let mut racing = JoinSet::new();
    for _ in 0..16 {
        let records = store.records.clone();
        racing.spawn(async move { records.replace(key(3), first, value("newer")).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.iter().filter(|won| **won).count(), 1);
    remove(&store, 3).await;
}

async fn a_write_whose_outcome_was_lost_is_found_by_its_id(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 2).await;
    let before = store.records.load(key(2)).await.unwrap().unwrap();
    // Two independent writers store the same bytes.
    let [mine, other] = [value("same"), value("same")];
    for lost in [mine.clone(), other.clone()] {
        // The outcome of the call is ignored, as if it had been lost.
        let records = store.records.clone();
        drop(tokio::spawn(async move { records.replace(key(2), before.written, lost).await }).await);
    }
    let stored = store.records.load(key(2)).await.unwrap().unwrap().written;
    assert!(stored == mine.written && stored != other.written);
    remove(&store, 2).await;
}

async fn what_is_due_is_found_earliest_first_and_nothing_else(stores: &impl Reopen) {
    let store = stores.open().await;
    for (n, due) in [(20, Some(100)), (21, Some(200)), (22, None)] {
        assert!(store.records.create(key(n), Value::new("x", due).unwrap()).await.unwrap());
    }
    let mut opened = store;
    for _ in 0..2 {
        let due = async |now| opened.records.due(now).await.unwrap();
        assert_eq!((due(99).await, due(100).await), (vec![], vec![key(20)]));
        assert_eq!(due(u64::MAX).await, [key(20), key(21)]);
        drop(opened);
        opened = stores.open().await;
    }
    let before = opened.records.load(key(21)).await.unwrap().unwrap().written;
    assert!(opened.records.replace(key(21), before, Value::new("y", Some(50)).unwrap()).await.unwrap());
    assert_eq!(opened.records.due(99).await.unwrap(), [key(21)]);
    for n in [20, 21, 22] {
        remove(&opened, n).await;
    }
    assert_eq!(opened.records.due(u64::MAX).await.unwrap(), []);
}

async fn bytes_survive_reopening(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 4).await;
    assert_eq!(store.objects.stored_bytes(id(4), 0).await.unwrap(), 0);
    for (kind, bytes) in [(BlobKind::Header, HEADER), (BlobKind::Manifest, "inside")] {
        for _ in 0..2 {
            store.objects.put_blob(id(4), kind, Bytes::from_static(bytes.as_bytes())).await.unwrap();
        }
    }
    put_part(&store, id(4), part(2, 500), b'c').await;
    put_part(&store, id(4), part(0, 1000), b'a').await;
    assert!(store.objects.begin_part(id(4), part(0, 1000)).await.unwrap().is_none(), "held, and not written again");
    assert_eq!(store.objects.stored_bytes(id(4), 0).await.unwrap(), 1500);
    drop(store);
    let store = stores.open().await;
    let held = async |numbers| store.objects.parts(id(4), 0, numbers).await.unwrap().ranges(9);
    assert_eq!(held(0..99).await, [(0, 1), (2, 3)]);
    assert_eq!(held(2..3).await, [(0, 1)]);
    assert_eq!(held(3..99).await, []);
    assert_eq!(store.objects.stored_bytes(id(4), 0).await.unwrap(), 1500);
    assert_eq!(read(&store, 4, 8, 4).await, "89aa");
    assert_eq!(read(&store, 4, 1009, 1).await, "a");
    assert_eq!(read(&store, 4, 2010, 1000).await, "c".repeat(500), "fewer bytes at the end");
    assert_eq!(read(&store, 4, 9999, 1000).await, "");
    assert_eq!(store.objects.read(id(4), Source::Manifest, 2, 100).await.unwrap(), "side");
    remove(&store, 4).await;
}

async fn cut_parts_are_not_held(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 5).await;
    let mut dropped = begin(&store, id(5), part(0, 1000)).await;
    dropped.write(Bytes::from(vec![1; 1000])).await.unwrap();
    drop(dropped);
    let mut short = begin(&store, id(5), part(1, 1000)).await;
    short.write(Bytes::from(vec![1; 999])).await.unwrap();
    assert!(matches!(short.finish().await, Err(StoreError::Length)));
    let mut long = begin(&store, id(5), part(2, 1000)).await;
    assert!(matches!(long.write(Bytes::from(vec![1; 1001])).await, Err(StoreError::Length)));
    drop(long);
    assert_eq!(store.objects.stored_bytes(id(5), 0).await.unwrap(), 0);
    put_part(&store, id(5), part(0, 1000), b'x').await;
    assert_eq!(read(&store, 5, 10, 1000).await, "x".repeat(1000));
    assert!(matches!(store.objects.begin_part(id(6), part(0, 1)).await, Err(StoreError::Missing)));
    remove(&store, 5).await;
}

async fn large_parts_are_written_whole(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 7).await;
    let bytes: Vec<u8> = (0..3_000_001u32).map(|i| (i % 251) as u8).collect();
    let whole = Bytes::from(bytes);
    let mut writer = begin(&store, id(7), part(0, whole.len() as u64)).await;
    for piece in whole.chunks(100_000) {
        writer.write(whole.slice_ref(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
    assert!(read(&store, 7, 10, whole.len()).await == whole);
    remove(&store, 7).await;
}

async fn a_part_has_one_writer(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 11).await;
    let first = begin(&store, id(11), part(0, 1000)).await;
    assert!(is_busy(&store, id(11), part(0, 1000)).await);
    drop(first);
    put_part(&store, id(11), part(0, 1000), b'x').await;
    remove(&store, 11).await;
}

async fn a_new_generation_ends_the_one_before(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 12).await;
    let [mut early, mut late] =
        [begin(&store, id(12), part(0, 1000)).await, begin(&store, id(12), part(1, 1000)).await];
    early.write(Bytes::from(vec![b'o'; 1000])).await.unwrap();
    // Generations may be skipped.
    let new = |number| PartPlace { generation: 2, number, offset: 10 + number * 500, bytes: 500 };
    put_part(&store, id(12), new(0), b'n').await;
    put_part(&store, id(12), new(3), b'n').await;
    let _ = late.write(Bytes::from(vec![b'o'; 1000])).await;
    for writer in [early, late] {
        assert!(matches!(writer.finish().await, Err(StoreError::Busy | StoreError::Io(_))));
    }
    for generation in [0, 1] {
        assert!(is_busy(&store, id(12), PartPlace { generation, ..part(0, 1000) }).await);
        assert_eq!(store.objects.parts(id(12), generation, 0..9).await.unwrap().ranges(9), []);
        assert_eq!(store.objects.stored_bytes(id(12), generation).await.unwrap(), 0);
    }
    drop(store);
    let store = stores.open().await;
    assert!(is_busy(&store, id(12), part(1, 1000)).await, "also after a start");
    assert_eq!(store.objects.parts(id(12), 2, 0..9).await.unwrap().ranges(9), [(0, 1), (3, 4)]);
    assert_eq!(store.objects.stored_bytes(id(12), 2).await.unwrap(), 1000);
    for number in [0, 3] {
        assert_eq!(read(&store, 12, new(number).offset, 500).await, "n".repeat(500));
    }
    remove(&store, 12).await;
}

async fn sealing_makes_the_exact_length_and_lets_nothing_be_written(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 8).await;
    assert!(!store.objects.seal(id(8), layout(500)).await.unwrap(), "a part is missing");
    put_part(&store, id(8), part(0, 500), b'a').await;
    for other in [layout(499), layout(501), layout(1500), Layout { payload_bytes: None, ..layout(500) }] {
        assert!(!store.objects.seal(id(8), other).await.unwrap(), "{other:?}");
    }
    let mut beyond = begin(&store, id(8), part(1, 1000)).await;
    beyond.write(Bytes::from(vec![1; 1000])).await.unwrap();
    let mut later = begin(&store, id(8), part(2, 1000)).await;
    for _ in 0..2 {
        assert!(store.objects.seal(id(8), layout(500)).await.unwrap());
    }
    let _ = later.write(Bytes::from(vec![1; 1000])).await;
    for writer in [beyond, later] {
        assert!(matches!(writer.finish().await, Err(StoreError::Busy | StoreError::Io(_))));
    }
    assert!(is_busy(&store, id(8), part(3, 1000)).await);
    assert!(store.objects.begin_part(id(8), part(0, 500)).await.unwrap().is_none(), "it is held");
    assert_eq!(read(&store, 8, 10, 9999).await, "a".repeat(500));
    drop(store);
    let store = stores.open().await;
    assert!(store.objects.seal(id(8), layout(500)).await.unwrap());
    assert_eq!(read(&store, 8, 10, 9999).await, "a".repeat(500));
    remove(&store, 8).await;
}

async fn deleting_an_object_keeps_the_record(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 9).await;
    let put = |kind| store.objects.put_blob(id(9), kind, Bytes::from_static(HEADER.as_bytes()));
    put(BlobKind::Header).await.unwrap();
    put(BlobKind::Manifest).await.unwrap();
    let mut running = begin(&store, id(9), part(0, 1000)).await;
    running.write(Bytes::from(vec![1; 500])).await.unwrap();
    store.objects.delete(id(9)).await.unwrap();
    store.objects.delete(id(9)).await.unwrap();
    // A running writer may fail or not, but it must bring nothing back.
    let _ = running.write(Bytes::from(vec![1; 500])).await;
    drop(running.finish().await);
    for source in [Source::Content(layout(1000)), Source::Manifest] {
        assert!(matches!(store.objects.read(id(9), source, 0, 1).await, Err(StoreError::Missing)));
    }
    assert!(matches!(store.objects.parts(id(9), 0, 0..9).await, Err(StoreError::Missing)));
    for kind in [BlobKind::Header, BlobKind::Manifest] {
        assert!(matches!(put(kind).await, Err(StoreError::Missing)));
    }
    for generation in [0, 1] {
        let begun = store.objects.begin_part(id(9), PartPlace { generation, ..part(0, 1000) }).await;
        assert!(matches!(begun, Err(StoreError::Missing)));
    }
    assert!(store.records.load(key(9)).await.unwrap().is_some());
    remove(&store, 9).await;
}

async fn removal_forgets_everything(stores: &impl Reopen) {
    let store = stores.open().await;
    create(&store, 10).await;
    store.objects.put_blob(id(10), BlobKind::Manifest, Bytes::from_static(b"inside")).await.unwrap();
    put_part(&store, id(10), part(0, 1000), b'x').await;
    remove(&store, 10).await;
    assert!(store.records.load(key(10)).await.unwrap().is_none());
    drop(store);
    let store = stores.open().await;
    assert!(store.records.create(key(10), value("the id is free again")).await.unwrap());
    assert!(matches!(store.objects.read(id(10), Source::Manifest, 0, 1).await, Err(StoreError::Missing)));
    assert_eq!(store.objects.stored_bytes(id(10), 0).await.unwrap(), 0);
    remove(&store, 10).await;
}
