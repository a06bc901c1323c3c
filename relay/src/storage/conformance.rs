//! What every store must do; run against each of them.

use std::sync::Arc;

use bytes::Bytes;
use share_relay_api::ShareId;
use tokio::task::JoinSet;

use super::contract::*;
use crate::domain::{PartPlace, Record, tests::ready};

/// Opens the same store again, as after a crash. The one before has been dropped.
pub trait Reopen: Sync {
    /// The store.
    type Store: Store;
    /// Opens it.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;
}

fn id(n: u8) -> ShareId {
    ShareId::from_random([n; 12])
}

fn part(number: u64, bytes: u64) -> PartPlace {
    PartPlace { number, offset: 10 + number * 1000, bytes }
}

async fn put_part(store: &impl Store, id: ShareId, place: PartPlace, fill: u8) {
    let mut writer = store.begin_part(id, place).await.unwrap().unwrap();
    // In uneven pieces, so that blocks and pieces do not line up.
    let bytes = Bytes::from(vec![fill; usize::try_from(place.bytes).unwrap()]);
    for piece in bytes.chunks(333) {
        writer.write(bytes.slice_ref(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
}

/// Runs all of it.
pub async fn run(stores: &impl Reopen) {
    records_are_created_once_and_swapped_by_tag(stores).await;
    of_racing_changes_one_wins(stores).await;
    bytes_survive_reopening(stores).await;
    cut_parts_are_not_held(stores).await;
    large_parts_are_written_whole(stores).await;
    a_part_has_one_writer(stores).await;
    sealing_makes_the_exact_length(stores).await;
    deleting_content_keeps_the_record(stores).await;
    removal_forgets_everything(stores).await;
}

async fn records_are_created_once_and_swapped_by_tag(stores: &impl Reopen) {
    let store = stores.open().await;
    let mut record = ready(None);
    assert!(store.load(id(1)).await.unwrap().is_none());
    assert!(store.create(id(1), &record).await.unwrap());
    assert!(!store.create(id(1), &ready(Some(9))).await.unwrap());
    let first = store.load(id(1)).await.unwrap().unwrap();
    assert_eq!(first.record, record);
    record.version += 1;
    assert!(store.replace(id(1), &first.tag, &record).await.unwrap());
    assert!(!store.replace(id(1), &first.tag, &record).await.unwrap(), "the tag is old");
    assert!(!store.replace(id(2), &first.tag, &record).await.unwrap(), "there is no such share");
    store.check().await.unwrap();
    drop(store);
    let store = stores.open().await;
    assert_eq!(store.load(id(1)).await.unwrap().unwrap().record, record);
    assert!(store.due(0).await.unwrap().contains(&id(1)));
    store.remove(id(1)).await.unwrap();
}

async fn of_racing_changes_one_wins(stores: &impl Reopen) {
    let store = Arc::new(stores.open().await);
    let mut racing = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        racing.spawn(async move { store.create(id(3), &ready(None)).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.iter().filter(|won| **won).count(), 1);
    let first = store.load(id(3)).await.unwrap().unwrap();
    let mut racing = JoinSet::new();
    for number in 1..=16 {
        let (store, tag) = (store.clone(), first.tag.clone());
        let record = Record { version: 2, ..ready(Some(number)) };
        racing.spawn(async move { store.replace(id(3), &tag, &record).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.iter().filter(|won| **won).count(), 1);
    store.remove(id(3)).await.unwrap();
}

async fn bytes_survive_reopening(stores: &impl Reopen) {
    let store = stores.open().await;
    assert!(store.create(id(4), &ready(None)).await.unwrap());
    assert_eq!(store.stored_bytes(id(4)).await.unwrap(), 0);
    store.put_header(id(4), Bytes::from_static(b"0123456789")).await.unwrap();
    store.put_header(id(4), Bytes::from_static(b"0123456789")).await.unwrap();
    store.put_manifest(id(4), Bytes::from_static(b"inside")).await.unwrap();
    store.put_manifest(id(4), Bytes::from_static(b"inside")).await.unwrap();
    put_part(&store, id(4), part(2, 500), b'c').await;
    put_part(&store, id(4), part(0, 1000), b'a').await;
    assert!(store.begin_part(id(4), part(0, 1000)).await.unwrap().is_none(), "held, and not written again");
    assert_eq!(store.stored_bytes(id(4)).await.unwrap(), 1500);
    drop(store);
    let store = stores.open().await;
    assert_eq!(store.parts(id(4), 0..99).await.unwrap().ranges(9), [(0, 1), (2, 3)]);
    assert_eq!(store.parts(id(4), 2..3).await.unwrap().ranges(9), [(0, 1)]);
    assert_eq!(store.parts(id(4), 3..99).await.unwrap().ranges(9), []);
    assert_eq!(store.stored_bytes(id(4)).await.unwrap(), 1500);
    let read = |offset, most| store.read(id(4), Object::Content, offset, most);
    assert_eq!(read(8, 4).await.unwrap(), "89aa");
    assert_eq!(read(1009, 1).await.unwrap(), "a");
    assert_eq!(read(2010, 1000).await.unwrap(), "c".repeat(500), "fewer bytes at the end");
    assert_eq!(read(9999, 1000).await.unwrap(), "");
    assert_eq!(store.read(id(4), Object::Manifest, 2, 100).await.unwrap(), "side");
    store.remove(id(4)).await.unwrap();
}

async fn cut_parts_are_not_held(stores: &impl Reopen) {
    let store = stores.open().await;
    store.create(id(5), &ready(None)).await.unwrap();
    let mut dropped = store.begin_part(id(5), part(0, 1000)).await.unwrap().unwrap();
    dropped.write(Bytes::from(vec![1; 1000])).await.unwrap();
    drop(dropped);
    let mut short = store.begin_part(id(5), part(1, 1000)).await.unwrap().unwrap();
    short.write(Bytes::from(vec![1; 999])).await.unwrap();
    assert!(matches!(short.finish().await, Err(StoreError::Length)));
    let mut long = store.begin_part(id(5), part(2, 1000)).await.unwrap().unwrap();
    assert!(matches!(long.write(Bytes::from(vec![1; 1001])).await, Err(StoreError::Length)));
    drop(long);
    assert_eq!(store.stored_bytes(id(5)).await.unwrap(), 0);
    put_part(&store, id(5), part(0, 1000), b'x').await;
    assert_eq!(store.read(id(5), Object::Content, 10, 1000).await.unwrap(), "x".repeat(1000));
    assert!(matches!(store.begin_part(id(6), part(0, 1)).await, Err(StoreError::Missing)));
    store.remove(id(5)).await.unwrap();
}

async fn large_parts_are_written_whole(stores: &impl Reopen) {
    let store = stores.open().await;
    store.create(id(7), &ready(None)).await.unwrap();
    let bytes: Vec<u8> = (0..3_000_001u32).map(|i| (i % 251) as u8).collect();
    let place = PartPlace { number: 0, offset: 10, bytes: bytes.len() as u64 };
    let whole = Bytes::from(bytes);
    let mut writer = store.begin_part(id(7), place).await.unwrap().unwrap();
    for piece in whole.chunks(100_000) {
        writer.write(whole.slice_ref(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
    assert!(store.read(id(7), Object::Content, 10, whole.len()).await.unwrap() == whole);
    store.remove(id(7)).await.unwrap();
}

async fn a_part_has_one_writer(stores: &impl Reopen) {
    let store = stores.open().await;
    store.create(id(11), &ready(None)).await.unwrap();
    let first = store.begin_part(id(11), part(0, 1000)).await.unwrap().unwrap();
    assert!(matches!(store.begin_part(id(11), part(0, 1000)).await, Err(StoreError::Busy)));
    assert!(matches!(store.pause_writers(id(11)).await, Err(StoreError::Busy)));
    drop(first);
    let paused = store.pause_writers(id(11)).await.unwrap();
    assert!(matches!(store.begin_part(id(11), part(0, 1000)).await, Err(StoreError::Busy)));
    drop(paused);
    put_part(&store, id(11), part(0, 1000), b'x').await;
    store.remove(id(11)).await.unwrap();
}

async fn sealing_makes_the_exact_length(stores: &impl Reopen) {
    let store = stores.open().await;
    store.create(id(8), &ready(None)).await.unwrap();
    put_part(&store, id(8), part(0, 500), b'a').await;
    let mut beyond = store.begin_part(id(8), part(1, 1000)).await.unwrap().unwrap();
    beyond.write(Bytes::from(vec![1; 1000])).await.unwrap();
    drop(beyond);
    store.seal(id(8), 510).await.unwrap();
    store.seal(id(8), 510).await.unwrap();
    assert_eq!(store.read(id(8), Object::Content, 10, 9999).await.unwrap(), "a".repeat(500));
    store.remove(id(8)).await.unwrap();
}

async fn deleting_content_keeps_the_record(stores: &impl Reopen) {
    let store = stores.open().await;
    store.create(id(9), &ready(None)).await.unwrap();
    store.put_header(id(9), Bytes::from_static(b"0123456789")).await.unwrap();
    store.put_manifest(id(9), Bytes::from_static(b"inside")).await.unwrap();
    let mut running = store.begin_part(id(9), part(0, 1000)).await.unwrap().unwrap();
    running.write(Bytes::from(vec![1; 500])).await.unwrap();
    store.delete_content(id(9)).await.unwrap();
    store.delete_content(id(9)).await.unwrap();
    running.write(Bytes::from(vec![1; 500])).await.unwrap();
    // Whether a running writer learns of it is left open; that nothing comes back is not.
    drop(running.finish().await);
    for object in [Object::Content, Object::Manifest] {
        assert!(matches!(store.read(id(9), object, 0, 1).await, Err(StoreError::Missing)));
    }
    assert!(matches!(store.parts(id(9), 0..9).await, Err(StoreError::Missing)));
    assert!(matches!(store.put_header(id(9), Bytes::from_static(b"x")).await, Err(StoreError::Missing)));
    assert!(store.load(id(9)).await.unwrap().is_some());
    store.remove(id(9)).await.unwrap();
}

async fn removal_forgets_everything(stores: &impl Reopen) {
    let store = stores.open().await;
    store.create(id(10), &ready(None)).await.unwrap();
    store.put_manifest(id(10), Bytes::from_static(b"inside")).await.unwrap();
    store.remove(id(10)).await.unwrap();
    store.remove(id(10)).await.unwrap();
    assert!(store.load(id(10)).await.unwrap().is_none());
    drop(store);
    let store = stores.open().await;
    assert!(!store.due(u64::MAX).await.unwrap().contains(&id(10)));
    assert!(store.create(id(10), &ready(None)).await.unwrap(), "the id is free again");
    store.remove(id(10)).await.unwrap();
}
