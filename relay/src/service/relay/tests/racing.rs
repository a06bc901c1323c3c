//! What happens between two looks at the store.

use super::{watched::Watched, *};

/// A relay on a watched store.
fn watched(dir: &TempDir, clock: &Arc<TestClock>) -> (Arc<Relay>, Arc<Watched>) {
    let store = Watched::new(LocalStore::init(dir.path()).unwrap());
    let config = Config { clock: clock.clone(), ..Config::new(Senders::Anyone) };
    (Relay::new(config, store.storage()), store)
}

const PARTS: u64 = 8;

fn sized(chunks: u64) -> CreateShare {
    let payload_bytes = Some(PARTS * SEALED_CHUNK_BYTES);
    CreateShare { payload_bytes, part_bytes: chunks * SEALED_CHUNK_BYTES, ..request(None) }
}

fn part(number: u64) -> Bytes {
    vec![number as u8 + 1; SEALED_CHUNK_BYTES as usize].into()
}

async fn put_small_part(relay: &Arc<Relay>, number: u64) {
    let mut upload = relay.begin_part(id(), key(), number, SEALED_CHUNK_BYTES).await.unwrap();
    upload.write(part(number)).await.unwrap();
    upload.finish().await.unwrap();
}

#[tokio::test]
async fn a_download_is_not_misled_when_parts_become_smaller_while_it_looks() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, store) = watched(&dir, &TestClock::at(1000));
    relay.create(id(), Principal::Anyone, sized(2)).await.unwrap();
    for (kind, bytes) in [(BlobKind::Header, HEADER), (BlobKind::Manifest, b"manifest")] {
        put_blob(&relay, kind, bytes).await.unwrap();
    }
    let ticket = Bytes32([9; 32]);
    relay.take_ticket(id(), TakeTicket { proof: None, ticket_hash: digest::of_secret(&ticket) }).await.unwrap();
    // Part 3 of the size before would lie where nothing is yet.
    let sender = relay.clone();
    let shrink = Box::pin(async move {
        sender.create(id(), Principal::Anyone, sized(1)).await.unwrap();
        put_small_part(&sender, 3).await;
        put_small_part(&sender, 7).await;
    });
    store.interrupt("parts", shrink);
    let download = relay.content(id(), Some(ticket)).await.unwrap();
    let (from, to) = (download.total - 2 * SEALED_CHUNK_BYTES, download.total);
    let backpressure = Backpressure { written: None, on_stall: Box::new(|| ()) };
    let got = tokio::spawn(drain(download.serve(from..to, backpressure).await.unwrap()));
    while relay.stored_bytes(id(), 1).await.unwrap() < 2 * SEALED_CHUNK_BYTES {
        tokio::task::yield_now().await;
    }
    put_small_part(&relay, 6).await;
    assert!(got.await.unwrap() == [part(6), part(7)].concat(), "these are not the bytes that were sent");
}

#[tokio::test]
async fn of_two_manifests_that_race_the_first_is_kept_even_if_its_caller_goes_away() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, store) = watched(&dir, &TestClock::at(1000));
    relay.create(id(), Principal::Anyone, request(None)).await.unwrap();
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
    store.interrupt("put manifest", held_up);
    tokio::select! {
        put = put(b"first") => panic!("it is held up: {put:?}"),
        _ = &mut written => {}
    }
    let second = tokio::spawn(put(b"second"));
    tokio::task::yield_now().await;
    go_on.send(()).unwrap();
    assert_eq!(code(second.await.unwrap()), Code::Conflict);
    put(b"first").await.unwrap();
    assert_eq!(&relay.objects.read(id(), Source::Manifest, 0, 9).await.unwrap()[..], b"first");
}

#[tokio::test]
async fn a_clock_that_jumps_while_a_manifest_is_written_deletes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = TestClock::at(1000);
    let (relay, store) = watched(&dir, &clock);
    relay.create(id(), Principal::Anyone, request(None)).await.unwrap();
    put_blob(&relay, BlobKind::Header, HEADER).await.unwrap();
    let mut part = relay.begin_part(id(), key(), 1, 100).await.unwrap();
    part.write(vec![1; 100].into()).await.unwrap();
    part.finish().await.unwrap();
    let jumping = clock.clone();
    store.interrupt("put manifest", Box::pin(async move { jumping.set(1000 + 40 * DAY) }));
    let manifest = || put_blob(&relay, BlobKind::Manifest, b"manifest");
    assert_eq!(code(manifest().await), Code::Expired);
    clock.set(1000);
    manifest().await.unwrap();
    assert_eq!(relay.stored_bytes(id(), 0).await.unwrap(), 100);
}

#[tokio::test]
async fn a_part_of_the_layout_before_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, store) = watched(&dir, &TestClock::at(1000));
    relay.create(id(), Principal::Anyone, sized(2)).await.unwrap();
    let sender = relay.clone();
    let shrink = async move {
        sender.create(id(), Principal::Anyone, sized(1)).await.unwrap();
    };
    store.interrupt("loaded", Box::pin(shrink));
    let late = relay.begin_part(id(), key(), 0, 2 * SEALED_CHUNK_BYTES).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::Plain(Code::WrongLength)))));
    put_small_part(&relay, 0).await;
}

#[tokio::test]
async fn parts_are_not_made_smaller_under_one_that_is_on_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let (relay, _) = watched(&dir, &TestClock::at(1000));
    relay.create(id(), Principal::Anyone, sized(2)).await.unwrap();
    let part = relay.begin_part(id(), key(), 0, 2 * SEALED_CHUNK_BYTES).await.unwrap();
    assert_eq!(code(relay.create(id(), Principal::Anyone, sized(1)).await), Code::TooBusy);
    drop(part);
    relay.create(id(), Principal::Anyone, sized(1)).await.unwrap();
    put_small_part(&relay, 0).await;
    assert_eq!(code(relay.create(id(), Principal::Anyone, sized(2)).await), Code::Conflict);
}

#[tokio::test]
async fn a_part_costs_one_look_at_its_share() {
    let dir = tempfile::tempdir().unwrap();
    let clock = TestClock::at(1000);
    let (relay, store) = watched(&dir, &clock);
    relay.create(id(), Principal::Anyone, sized(1)).await.unwrap();
    store.calls();
    put_small_part(&relay, 0).await;
    assert_eq!(store.calls(), ["load", "loaded", "begin part"]);
    // Now and then it is noted that parts still come.
    clock.pass(limits::TOUCH_SECONDS);
    put_small_part(&relay, 1).await;
    assert_eq!(store.calls(), ["load", "loaded", "begin part", "load", "loaded", "replace"]);
}
