//! What happens between two looks at the store.

use std::pin::Pin;

use super::*;
use crate::{
    domain::{PartPlace, Parts},
    storage::Tag,
};

type Result<T> = std::result::Result<T, StoreError>;

type Meddling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store in which something else happens just before the parts are looked at, or a manifest is written.
struct Meddled {
    store: LocalStore,
    /// For one look each, the last one first.
    before_parts: std::sync::Mutex<Vec<Meddling>>,
    before_manifest: std::sync::Mutex<Option<Meddling>>,
}

impl Meddled {
    fn open(dir: &TempDir) -> Self {
        let store = LocalStore::init(dir.path()).unwrap();
        Self { store, before_parts: Default::default(), before_manifest: Default::default() }
    }
}

impl Store for Meddled {
    type Part = <LocalStore as Store>::Part;

    async fn create(&self, id: ShareId, record: &Record) -> Result<bool> {
        self.store.create(id, record).await
    }

    async fn load(&self, id: ShareId) -> Result<Option<Stored>> {
        self.store.load(id).await
    }

    async fn replace(&self, id: ShareId, tag: &Tag, record: &Record) -> Result<bool> {
        self.store.replace(id, tag, record).await
    }

    async fn remove(&self, id: ShareId) -> Result<()> {
        self.store.remove(id).await
    }

    async fn due(&self, now: u64) -> Result<Vec<ShareId>> {
        self.store.due(now).await
    }

    async fn put_header(&self, id: ShareId, bytes: Bytes) -> Result<()> {
        self.store.put_header(id, bytes).await
    }

    async fn put_manifest(&self, id: ShareId, bytes: Bytes) -> Result<()> {
        let meddling = self.before_manifest.lock().unwrap().take();
        if let Some(meddling) = meddling {
            meddling.await;
        }
        self.store.put_manifest(id, bytes).await
    }

    async fn begin_part(&self, id: ShareId, place: PartPlace) -> Result<Option<Self::Part>> {
        self.store.begin_part(id, place).await
    }

    async fn parts(&self, id: ShareId, numbers: std::ops::Range<u64>) -> Result<Parts> {
        let meddling = self.before_parts.lock().unwrap().pop();
        if let Some(meddling) = meddling {
            meddling.await;
        }
        self.store.parts(id, numbers).await
    }

    async fn stored_bytes(&self, id: ShareId) -> Result<u64> {
        self.store.stored_bytes(id).await
    }

    async fn pause_writers(&self, id: ShareId) -> Result<Box<dyn Send>> {
        self.store.pause_writers(id).await
    }

    async fn seal(&self, id: ShareId, content_bytes: u64) -> Result<()> {
        self.store.seal(id, content_bytes).await
    }

    async fn read(&self, id: ShareId, object: Object, offset: u64, most: usize) -> Result<Bytes> {
        self.store.read(id, object, offset, most).await
    }

    async fn delete_content(&self, id: ShareId) -> Result<()> {
        self.store.delete_content(id).await
    }

    async fn note_time(&self, now: u64) -> Result<()> {
        self.store.note_time(now).await
    }

    async fn noted_time(&self) -> Result<Option<u64>> {
        self.store.noted_time().await
    }

    async fn free_space(&self) -> Result<Option<u64>> {
        self.store.free_space().await
    }

    async fn check(&self) -> Result<()> {
        self.store.check().await
    }
}

const PARTS: u64 = 8;

fn sized(chunks: u64) -> CreateShare {
    let payload_bytes = Some(PARTS * SEALED_CHUNK_BYTES);
    CreateShare { payload_bytes, part_bytes: chunks * SEALED_CHUNK_BYTES, ..request(None) }
}

fn part(number: u64) -> Bytes {
    vec![number as u8 + 1; SEALED_CHUNK_BYTES as usize].into()
}

async fn put_small_part(relay: &Arc<Relay<Meddled>>, number: u64) {
    let mut upload = relay.begin_part(id(), key(), number, SEALED_CHUNK_BYTES).await.unwrap();
    upload.write(part(number)).await.unwrap();
    upload.finish().await.unwrap();
}

#[tokio::test]
async fn a_download_is_not_misled_when_parts_become_smaller_while_it_looks() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::new(Config::new(Senders::Anyone), Meddled::open(&dir));
    relay.create(id(), sized(2)).await.unwrap();
    for (kind, bytes) in [(BlobKind::Header, HEADER), (BlobKind::Manifest, b"manifest")] {
        put_blob(&relay, kind, bytes).await.unwrap();
    }
    let ticket = Bytes32([9; 32]);
    relay.take_ticket(id(), TakeTicket { proof: None, ticket_hash: digest::of_secret(&ticket) }).await.unwrap();
    // Part 3 of the size before would lie where nothing is yet.
    let sender = relay.clone();
    let shrink = Box::pin(async move {
        sender.create(id(), sized(1)).await.unwrap();
        put_small_part(&sender, 3).await;
        put_small_part(&sender, 7).await;
    });
    *relay.store.before_parts.lock().unwrap() = vec![shrink];
    let download = relay.content(id(), Some(ticket)).await.unwrap();
    let (from, to) = (download.total - 2 * SEALED_CHUNK_BYTES, download.total);
    let backpressure = Backpressure { written: None, on_stall: Box::new(|| ()) };
    let got = tokio::spawn(drain(download.serve(from..to, backpressure).await.unwrap()));
    while relay.stored_bytes(id()).await.unwrap() < 2 * SEALED_CHUNK_BYTES {
        tokio::task::yield_now().await;
    }
    put_small_part(&relay, 6).await;
    assert!(got.await.unwrap() == [part(6), part(7)].concat(), "these are not the bytes that were sent");
}

#[tokio::test]
async fn of_two_manifests_that_race_the_first_is_kept_even_if_its_caller_goes_away() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Relay::new(Config::new(Senders::Anyone), Meddled::open(&dir));
    relay.create(id(), request(None)).await.unwrap();
    let put = |bytes: &'static [u8]| {
        let relay = relay.clone();
        async move { put_blob(&relay, BlobKind::Manifest, bytes).await }
    };
    let (is_written, mut written) = tokio::sync::oneshot::channel::<()>();
    let (go_on, goes_on) = tokio::sync::oneshot::channel::<()>();
    let held_up = Box::pin(async move {
        is_written.send(()).unwrap();
        goes_on.await.unwrap();
    });
    *relay.store.before_manifest.lock().unwrap() = Some(held_up);
    tokio::select! {
        put = put(b"first") => panic!("it is held up: {put:?}"),
        _ = &mut written => {}
    }
    let second = tokio::spawn(put(b"second"));
    tokio::task::yield_now().await;
    go_on.send(()).unwrap();
    assert_eq!(code(second.await.unwrap()), Code::Conflict);
    put(b"first").await.unwrap();
    assert_eq!(&relay.store.read(id(), Object::Manifest, 0, 9).await.unwrap()[..], b"first");
}

#[tokio::test]
async fn a_clock_that_jumps_while_a_manifest_is_written_deletes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = TestClock::at(1000);
    let relay = Relay::new(Config { clock: clock.clone(), ..Config::new(Senders::Anyone) }, Meddled::open(&dir));
    relay.create(id(), request(None)).await.unwrap();
    put_blob(&relay, BlobKind::Header, HEADER).await.unwrap();
    let mut part = relay.begin_part(id(), key(), 1, 100).await.unwrap();
    part.write(vec![1; 100].into()).await.unwrap();
    part.finish().await.unwrap();
    let jumping = clock.clone();
    *relay.store.before_manifest.lock().unwrap() = Some(Box::pin(async move { jumping.set(1000 + 40 * DAY) }));
    let manifest = || put_blob(&relay, BlobKind::Manifest, b"manifest");
    assert_eq!(code(manifest().await), Code::Expired);
    clock.set(1000);
    manifest().await.unwrap();
    assert_eq!(relay.stored_bytes(id()).await.unwrap(), 100);
}
