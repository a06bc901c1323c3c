//! The calls on a real store, with a clock moved by hand.

use std::time::Duration;

use share_relay_api::{EventKind, Saved, State, limits::*};
use tempfile::TempDir;

#[cfg(unix)]
mod failing;
mod growing;
#[cfg(unix)]
mod power_loss;
mod racing;
#[cfg(unix)]
mod sweeping;
mod watched;

use super::*;
use crate::{
    admission::tokens::TokenFile,
    clock::{STEADY, TestClock},
    domain::BlobKind,
    limits::Limits,
    service::{
        download::{Backpressure, DownloadBody},
        upload,
    },
    storage::LocalStore,
};

const HEADER: &[u8] = b"header and nonce";
const PAYLOAD: u64 = SEALED_CHUNK_BYTES + 100;

/// Sets a header or manifest as a call does.
async fn put_blob(relay: &Arc<Relay>, kind: BlobKind, bytes: &'static [u8]) -> Result<()> {
    let memory = relay.expect_blob(id(), key(), kind, bytes.len() as u64).await?;
    relay.put_blob(id(), key(), kind, Bytes::from_static(bytes), memory).await
}

struct Setting {
    dir: TempDir,
    clock: Arc<TestClock>,
    relay: Arc<Relay>,
}

fn key() -> Option<Bytes32> {
    Some(Bytes32([1; 32]))
}

fn id() -> ShareId {
    ShareId::from_random([5; 12])
}

fn request(downloads: Option<u32>) -> CreateShare {
    CreateShare {
        manage_key_hash: digest::of_secret(&key().unwrap()),
        proof_hash: None,
        header_bytes: HEADER.len() as u64,
        payload_bytes: Some(PAYLOAD),
        part_bytes: SEALED_CHUNK_BYTES,
        expires_in: 3600,
        downloads,
    }
}

fn setting() -> Setting {
    setting_with(Limits::default())
}

fn setting_with(limits: Limits) -> Setting {
    let dir = tempfile::tempdir().unwrap();
    let clock = TestClock::at(1000);
    let config = Config { clock: clock.clone(), limits, ..Config::new(Senders::Anyone) };
    let relay = Relay::new(config, LocalStore::init(dir.path()).unwrap().into());
    // Until its clock is trusted.
    clock.pass(STEADY.as_secs());
    Setting { dir, clock, relay }
}

impl Setting {
    async fn upload(&self, downloads: Option<u32>, parts: &[u64]) {
        self.relay.create(id(), request(downloads)).await.unwrap();
        self.upload_rest(parts).await;
    }

    /// All that follows once the share is created.
    async fn upload_rest(&self, parts: &[u64]) {
        for (kind, bytes) in [(BlobKind::Header, HEADER), (BlobKind::Manifest, b"manifest")] {
            put_blob(&self.relay, kind, bytes).await.unwrap();
        }
        for &number in parts {
            self.put_part(number).await.unwrap();
        }
    }

    async fn put_part(&self, number: u64) -> Result<()> {
        let bytes = if number == 0 { SEALED_CHUNK_BYTES } else { 100 };
        let mut upload = self.relay.begin_part(id(), key(), number, bytes).await?;
        upload.write(Bytes::from(vec![number as u8; bytes as usize])).await?;
        upload.finish().await
    }

    async fn take(&self, ticket: u8) -> Result<Ticket> {
        let ticket_hash = digest::of_secret(&Bytes32([ticket; 32]));
        self.relay.take_ticket(id(), TakeTicket { proof: None, ticket_hash }).await
    }

    async fn receive(&self, ticket: u8) -> Result<()> {
        assert_eq!(self.receive_as(ticket, Saved::Disk).await?, None);
        Ok(())
    }

    async fn receive_as(&self, ticket: u8, saved: Saved) -> Result<Option<Repeatable>> {
        self.receive_on(Bytes32([ticket; 32]), saved).await
    }

    async fn receive_on(&self, ticket: Bytes32, saved: Saved) -> Result<Option<Repeatable>> {
        let receipt = Receipt { fingerprint: Bytes32([0; 32]), time: 0, saved, mac: Bytes32([0; 32]) };
        self.relay.receipt(id(), Some(ticket), receipt).await
    }

    async fn fetch(&self, ticket: u8) -> Result<DownloadBody> {
        let download = self.relay.content(id(), Some(Bytes32([ticket; 32]))).await?;
        let total = download.total;
        download.serve(0..total, Backpressure { written: None, on_stall: Box::new(|| ()) }).await
    }

    async fn served(&self) -> u64 {
        self.relay.load(id()).await.unwrap().kept(self.relay.now()).unwrap().delivery.running[0].served
    }

    /// The record as it is stored.
    async fn stored(&self) -> Record {
        self.relay.stored(id()).await.unwrap().unwrap().record
    }

    fn advance(&self, seconds: u64) {
        self.clock.pass(seconds);
    }

    fn on_disk(&self, name: &str) -> bool {
        self.dir.path().join("shares").join(id().as_str()).join(name).exists()
    }
}

async fn drain(mut body: DownloadBody) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(Ok(block)) = std::future::poll_fn(|context| body.poll_next(context)).await {
        all.extend_from_slice(&block);
    }
    all
}

fn code<T>(outcome: Result<T>) -> Code {
    outcome.err().unwrap().problem().code
}

/// Content: the header, then each part filled with its number.
fn content() -> Vec<u8> {
    [HEADER, &[0; SEALED_CHUNK_BYTES as usize], &[1; 100]].concat()
}

#[tokio::test]
async fn what_is_uploaded_is_downloaded_and_collected() {
    let setting = setting();
    setting.upload(Some(1), &[1, 0]).await;
    assert_eq!(setting.relay.status(id()).await.unwrap().state, State::Uploading);
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    let status = setting.relay.status(id()).await.unwrap();
    assert_eq!((status.state, status.stored_bytes, status.downloads_left), (State::Ready, PAYLOAD, Some(1)));
    setting.take(9).await.unwrap();
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
    assert!(setting.on_disk("content.age"));
    setting.receive(9).await.unwrap();
    for name in ["content.age", "manifest.age", "parts"] {
        assert!(!setting.on_disk(name), "{name}");
    }
    assert_eq!(code(setting.relay.status(id()).await), Code::Collected);
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    assert_eq!(setting.relay.events(id(), key()).await.unwrap().state, State::Collected);
}

#[tokio::test]
async fn sealing_wants_every_part() {
    let setting = setting();
    setting.upload(None, &[0]).await;
    assert_eq!(code(setting.relay.seal(id(), key(), PAYLOAD).await), Code::PartsMissing);
    setting.put_part(1).await.unwrap();
    assert_eq!(code(setting.relay.seal(id(), key(), PAYLOAD - 1).await), Code::Conflict);
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
}

#[tokio::test]
async fn not_ready_says_how_far_it_is() {
    let setting = setting();
    setting.relay.create(id(), request(None)).await.unwrap();
    setting.put_part(1).await.unwrap();
    for outcome in [setting.relay.open(id(), None).await.map(drop), setting.take(9).await.map(drop)] {
        let problem = outcome.unwrap_err().problem();
        assert_eq!(
            (problem.code, problem.stored_bytes, problem.total_bytes),
            (Code::NotReady, Some(100), Some(PAYLOAD))
        );
    }
}

#[tokio::test]
async fn a_download_follows_the_upload() {
    let setting = setting();
    setting.upload(None, &[]).await;
    setting.take(9).await.unwrap();
    let download = tokio::spawn(drain(setting.fetch(9).await.unwrap()));
    setting.put_part(1).await.unwrap();
    setting.put_part(0).await.unwrap();
    assert_eq!(download.await.unwrap(), content());
}

#[tokio::test]
async fn a_download_is_cut_when_the_sender_stops_and_not_charged_for_the_rest() {
    let setting = setting_with(Limits { part_wait: Duration::from_millis(50), ..Limits::default() });
    setting.upload(None, &[0]).await;
    setting.take(9).await.unwrap();
    let got = drain(setting.fetch(9).await.unwrap()).await;
    assert_eq!(got, content()[..content().len() - 100]);
    setting.relay.settle_bodies().await;
    assert_eq!(setting.served().await, got.len() as u64);
}

#[tokio::test]
async fn revoking_deletes_the_content_under_a_running_download() {
    let setting = setting();
    setting.upload(None, &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    let part = setting.fetch(9).await.unwrap();
    setting.relay.revoke(id(), key()).await.unwrap();
    assert!(!setting.on_disk("content.age"));
    drop(part);
    assert_eq!(code(setting.fetch(9).await), Code::Revoked);
}

#[tokio::test]
async fn what_was_not_sent_is_given_back() {
    let setting = setting();
    setting.upload(Some(1), &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    drop(setting.fetch(9).await.unwrap());
    setting.relay.settle_bodies().await;
    assert_eq!(setting.served().await, 0);
    setting.advance(TICKET_SECONDS);
    assert_eq!(code(setting.fetch(9).await), Code::Expired, "the share's own hour is over too");
}

#[tokio::test]
async fn a_ticket_outlives_the_share_and_then_the_sweep_takes_all() {
    let setting = setting();
    setting.upload(None, &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    setting.advance(3600);
    setting.relay.sweep().await.unwrap();
    assert_eq!(code(setting.relay.status(id()).await), Code::Expired);
    assert_eq!(code(setting.take(8).await), Code::Expired);
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
    setting.advance(TICKET_SECONDS - 3600);
    setting.relay.sweep().await.unwrap();
    assert!(!setting.on_disk("content.age") && setting.on_disk("record.json"));
    assert_eq!(setting.relay.events(id(), key()).await.unwrap().state, State::Expired);
    setting.advance(TOMBSTONE_SECONDS);
    setting.relay.sweep().await.unwrap();
    assert!(!setting.on_disk("record.json"));
    assert_eq!(code(setting.relay.status(id()).await), Code::NotFound);
}

#[tokio::test]
async fn an_unfinished_upload_is_swept_48_hours_after_its_last_part() {
    let setting = setting();
    let patient = CreateShare { expires_in: 20 * 24 * 3600, ..request(None) };
    setting.relay.create(id(), patient).await.unwrap();
    setting.advance(UNFINISHED_SECONDS - 1);
    setting.put_part(0).await.unwrap();
    setting.advance(UNFINISHED_SECONDS);
    setting.relay.sweep().await.unwrap();
    setting.put_part(1).await.unwrap();
    setting.advance(UNFINISHED_SECONDS + limits::TOUCH_SECONDS);
    assert_eq!(code(setting.put_part(1).await), Code::Expired, "before the sweep, too");
    setting.relay.sweep().await.unwrap();
    assert!(!setting.on_disk("content.age"));
}

#[tokio::test]
async fn leftovers_of_an_ended_share_are_swept() {
    let setting = setting();
    setting.upload(None, &[0]).await;
    setting.relay.revoke(id(), key()).await.unwrap();
    let left = setting.dir.path().join("shares").join(id().as_str()).join("content.age");
    std::fs::write(&left, b"a crash came between").unwrap();
    setting.relay.sweep().await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn a_part_that_is_held_is_not_written_again() {
    let setting = setting();
    setting.upload(None, &[1]).await;
    let mut again = setting.relay.begin_part(id(), key(), 1, 100).await.unwrap();
    assert!(matches!(again, upload::Upload::Held));
    again.write(Bytes::from_static(&[7; 100])).await.unwrap();
    again.finish().await.unwrap();
    setting.put_part(0).await.unwrap();
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
}

#[tokio::test]
async fn a_part_being_written_is_neither_written_again_nor_sealed() {
    let setting = setting();
    setting.upload(None, &[0]).await;
    let mut slow = setting.relay.begin_part(id(), key(), 1, 100).await.unwrap();
    slow.write(Bytes::from_static(&[1; 50])).await.unwrap();
    assert_eq!(code(setting.put_part(1).await), Code::TooBusy);
    assert_eq!(code(setting.relay.seal(id(), key(), PAYLOAD).await), Code::TooBusy);
    slow.write(Bytes::from_static(&[1; 50])).await.unwrap();
    slow.finish().await.unwrap();
    setting.put_part(1).await.unwrap();
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
}

#[tokio::test]
async fn a_download_that_waits_for_the_sender_ends_with_its_client() {
    let setting = setting();
    setting.upload(None, &[]).await;
    setting.take(9).await.unwrap();
    drop(setting.fetch(9).await.unwrap());
    timeout(Duration::from_secs(10), setting.relay.settle_bodies()).await.unwrap();
    assert_eq!(setting.served().await, 0);
}

#[tokio::test]
async fn answers_on_one_ticket_are_bounded_and_small_ones_reserve_little() {
    let setting = setting();
    setting.upload(None, &[]).await;
    setting.take(9).await.unwrap();
    setting.take(8).await.unwrap();
    let content = u64::try_from(content().len()).unwrap();
    let memory = setting.relay.config.limits.answer_memory - 10 * (content + 1024);
    let _rest = setting.relay.downloads.reserve(memory).await.unwrap();
    let mut running = Vec::new();
    for _ in 0..limits::MAX_ANSWERS_PER_TICKET {
        running.push(setting.fetch(9).await.unwrap());
    }
    assert_eq!(code(setting.fetch(9).await), Code::TooBusy);
    setting.fetch(8).await.unwrap();
}

#[tokio::test]
async fn a_rule_that_panics_is_in_nobodys_way() {
    let setting = setting();
    setting.upload(None, &[0]).await;
    let panics = |_: &mut Record, _| -> std::result::Result<(), Refusal> { panic!("as the test wants") };
    assert!(setting.relay.change(id(), panics).await.is_err());
    setting.take(1).await.unwrap();
    // Beside others, what came of those is forgotten too, as it is not stored.
    let charge = |record: &mut Record, now| record.charge(&hash_of(1), 10, now);
    let waiting = queued(&setting.relay, vec![Box::new(charge), Box::new(charge), Box::new(panics)]).await;
    let charged = waiting.into_iter().filter(|outcome| outcome.is_ok()).count() as u64;
    assert!(charged >= 1, "one may fail with the rule that panicked, whose turn it was");
    assert_eq!(setting.served().await, 10 * charged);
}

type Rule = Box<dyn FnMut(&mut Record, u64) -> std::result::Result<(), Refusal> + Send>;

/// Lets changes come while others are applied, so that they are applied together; gives what came of each.
async fn queued(relay: &Arc<Relay>, rules: Vec<Rule>) -> Vec<Result<()>> {
    let queue = relay.change_queues.of(id());
    let lock = queue.lock.lock().await;
    let mut waiting = Vec::new();
    for (number, rule) in rules.into_iter().enumerate() {
        let relay = relay.clone();
        waiting.push(tokio::spawn(async move { relay.change(id(), rule).await }));
        while queue.waiting().len() <= number {
            tokio::task::yield_now().await;
        }
    }
    drop(lock);
    let mut outcomes = Vec::new();
    for waiting in waiting {
        outcomes.push(waiting.await.unwrap());
    }
    outcomes
}

fn hash_of(ticket: u8) -> Bytes32 {
    digest::of_secret(&Bytes32([ticket; 32]))
}

#[tokio::test]
async fn parts_of_one_share_wait_for_each_other_and_those_of_others_do_not() {
    let setting = setting_with(Limits { memory_wait: Duration::from_millis(50), ..Limits::default() });
    let other = ShareId::from_random([6; 12]);
    for id in [id(), other] {
        setting.relay.create(id, CreateShare { payload_bytes: None, ..request(None) }).await.unwrap();
    }
    let begin = |id, number| setting.relay.begin_part(id, key(), number, SEALED_CHUNK_BYTES);
    let mut parts = Vec::new();
    for number in 0..limits::PARTS_AT_ONCE as u64 {
        parts.push(begin(id(), number).await.unwrap());
    }
    assert_eq!(code(begin(id(), 100).await), Code::TooBusy);
    begin(other, 0).await.unwrap();
    parts.pop();
    begin(id(), 100).await.unwrap();
}

#[tokio::test]
async fn a_part_that_ends_after_the_share_did_is_not_acknowledged() {
    let setting = setting();
    setting.upload(None, &[]).await;
    let mut upload = setting.relay.begin_part(id(), key(), 1, 100).await.unwrap();
    setting.relay.revoke(id(), key()).await.unwrap();
    upload.write(Bytes::from_static(&[1; 100])).await.unwrap();
    assert_eq!(code(upload.finish().await), Code::Revoked);
    assert_eq!(code(setting.put_part(0).await), Code::Revoked);
    assert!(!setting.on_disk("content.age") && !setting.on_disk("parts"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_racing_for_three_exactly_three_get_a_ticket() {
    let setting = Arc::new(setting());
    setting.upload(Some(3), &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    let mut racing = tokio::task::JoinSet::new();
    for ticket in 0..50 {
        let setting = setting.clone();
        racing.spawn(async move { setting.take(ticket).await.map(drop).map_err(|error| error.problem().code) });
    }
    let outcomes = racing.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(Code::DownloadsTaken)).count(), 47);
}

#[tokio::test]
async fn changes_that_wait_for_their_turn_are_stored_together() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::at(1000));
    let store = watched::Watched::new(LocalStore::init(dir.path()).unwrap());
    let relay = Relay::new(Config { clock: clock.clone(), ..Config::new(Senders::Anyone) }, store.storage());
    let setting = Arc::new(Setting { dir, clock, relay });
    setting.upload(None, &[0]).await;
    let before = store.written().len();
    let mut taking = tokio::task::JoinSet::new();
    for ticket in 0..100 {
        let setting = setting.clone();
        taking.spawn(async move { setting.take(ticket).await.unwrap() });
    }
    assert_eq!(taking.join_all().await.len(), 100);
    assert_eq!(setting.stored().await.running_tickets(), 100);
    assert!(store.written().len() - before < 20, "{} writes", store.written().len() - before);
}

#[tokio::test]
async fn bodies_wait_for_memory_and_not_for_that_of_others() {
    let setting = setting_with(Limits { memory_wait: Duration::from_millis(50), ..Limits::default() });
    setting.upload(None, &[0]).await;
    setting.take(9).await.unwrap();
    let all = setting.relay.uploads.reserve(setting.relay.config.limits.upload_memory).await.unwrap();
    assert_eq!(code(setting.relay.begin_part(id(), key(), 1, 100).await), Code::TooBusy);
    assert_eq!(setting.relay.parts(id(), key()).await.unwrap().held, [(0, 1)]);
    setting.fetch(9).await.unwrap();
    drop(all);
    setting.put_part(1).await.unwrap();
    let all = setting.relay.downloads.reserve(setting.relay.config.limits.answer_memory).await.unwrap();
    assert_eq!(code(setting.fetch(9).await), Code::TooBusy);
    drop(all);
    drain(setting.fetch(9).await.unwrap()).await;
    setting.relay.settle_bodies().await;
}

#[tokio::test]
async fn a_listed_token_is_needed_as_soon_as_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    drop(LocalStore::init(dir.path()).unwrap());
    let file = TokenFile::in_dir(dir.path()).unwrap();
    let relay = |senders| {
        let data = tempfile::tempdir().unwrap();
        Relay::new(Config::new(senders), LocalStore::init(data.path()).unwrap().into())
    };
    let (some, always) = (relay(Senders::TokensIfAny(file.clone())), relay(Senders::Tokens(file.clone())));
    some.admit_sender(None).await.unwrap();
    assert_eq!(code(always.admit_sender(None).await), Code::TokenRequired);
    assert!(always.info([]).await.unwrap().token_required && !some.info([]).await.unwrap().token_required);
    let token = file.add("anna", 0).unwrap();
    for relay in [&some, &always] {
        assert_eq!(code(relay.admit_sender(None).await), Code::TokenRequired);
        assert_eq!(code(relay.admit_sender(Some(&Bytes32([3; 32]))).await), Code::TokenRequired);
        relay.admit_sender(Some(&token)).await.unwrap();
    }
    file.remove("anna").unwrap();
    for relay in [&some, &always] {
        assert_eq!(
            code(relay.admit_sender(Some(&token)).await),
            Code::TokenRequired,
            "the last one gone opens nothing"
        );
    }
    std::fs::write(dir.path().join("tokens.json"), b"damaged").unwrap();
    assert_eq!(code(some.admit_sender(None).await), Code::StorageFailing, "a damaged list lets nobody in");
}

impl Setting {
    /// The same data under a relay that starts at this time.
    fn restarted_at(self, wall: u64) -> Self {
        let Self { dir, relay, .. } = self;
        drop(relay);
        let clock = TestClock::at(wall);
        let config = Config { clock: clock.clone(), ..Config::new(Senders::Anyone) };
        let relay = Relay::new(config, LocalStore::init(dir.path()).unwrap().into());
        Self { dir, clock, relay }
    }

    async fn check_and_sweep(&self) {
        self.relay.check_clock().await;
        self.relay.sweep().await.unwrap();
    }
}

const DAY: u64 = 24 * 3600;

/// A complete share, noted by a clock that is trusted.
async fn uploaded() -> Setting {
    let setting = setting();
    setting.upload(Some(1), &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.check_and_sweep().await;
    setting
}

#[tokio::test]
async fn a_start_with_a_wrong_clock_deletes_nothing() {
    let setting = uploaded().await;
    let right = setting.relay.now();
    let mut setting = setting;
    for wrong in [right + 2 * DAY, right + 40 * DAY, right + 5000 * DAY] {
        setting = setting.restarted_at(wrong);
        for _ in 0..3 {
            setting.check_and_sweep().await;
            assert_eq!(code(setting.relay.status(id()).await), Code::Expired, "it is refused all the same");
            assert_eq!(code(setting.take(9).await), Code::Expired);
            assert_eq!(setting.relay.events(id(), key()).await.unwrap().state, State::Expired);
            assert!(setting.on_disk("content.age"));
            setting.clock.pass(STEADY.as_secs() / 4);
        }
    }
    let setting = setting.restarted_at(right);
    setting.check_and_sweep().await;
    setting.take(9).await.unwrap();
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
}

#[tokio::test]
async fn a_clock_that_is_set_while_the_relay_runs_deletes_nothing_for_an_hour() {
    let setting = uploaded().await;
    let expired = setting.relay.now() + 3600;
    setting.clock.set(expired);
    setting.check_and_sweep().await;
    setting.clock.pass(STEADY.as_secs() - 1);
    setting.check_and_sweep().await;
    assert!(setting.on_disk("content.age"));
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Settling);
    setting.clock.pass(1);
    setting.check_and_sweep().await;
    assert!(!setting.on_disk("content.age"));
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Steady);
}

#[tokio::test]
async fn far_from_the_noted_time_nothing_is_deleted_until_somebody_confirms_it() {
    let setting = uploaded().await;
    setting.relay.revoke(id(), key()).await.unwrap();
    let setting = {
        let later = setting.relay.now() + TOMBSTONE_SECONDS + 10 * DAY;
        setting.restarted_at(later)
    };
    for _ in 0..3 {
        setting.check_and_sweep().await;
        assert!(setting.on_disk("record.json"), "the tombstone stays");
        setting.clock.pass(STEADY.as_secs());
    }
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Unconfirmed);
    assert!(setting.relay.metrics.render().contains("share_relay_clock_trust 2\n"));
    crate::storage::confirm_time(setting.dir.path(), setting.relay.now()).unwrap();
    setting.check_and_sweep().await;
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Steady);
    setting.check_and_sweep().await;
    assert!(!setting.on_disk("record.json"));
}

#[tokio::test]
async fn a_noted_time_that_cannot_be_read_counts_as_far_off() {
    let setting = uploaded().await;
    let now = setting.relay.now();
    std::fs::write(setting.dir.path().join("clock"), "soon\n").unwrap();
    let setting = setting.restarted_at(now);
    setting.relay.check_clock().await;
    setting.clock.pass(STEADY.as_secs());
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Unconfirmed);
}

#[tokio::test]
async fn a_clock_set_back_revives_nothing() {
    let setting = uploaded().await;
    let before = setting.relay.now();
    setting.advance(3600);
    assert_eq!(code(setting.relay.status(id()).await), Code::Expired, "by a clock that is trusted");
    setting.clock.set(before);
    assert_eq!(code(setting.relay.status(id()).await), Code::Expired);
    assert_eq!(code(setting.take(9).await), Code::Expired);
}

#[tokio::test]
async fn what_was_given_to_a_browser_stays_for_the_grace_and_goes_then() {
    let setting = uploaded().await;
    setting.take(9).await.unwrap();
    drain(setting.fetch(9).await.unwrap()).await;
    let until = setting.relay.now() + crate::config::DEFAULT_GRACE;
    assert_eq!(setting.receive_as(9, Saved::Browser).await.unwrap(), Some(Repeatable { again_until: until }));
    assert_eq!(setting.relay.events(id(), key()).await.unwrap().content_until, Some(until));
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
    setting.advance(crate::config::DEFAULT_GRACE);
    setting.check_and_sweep().await;
    assert!(!setting.on_disk("content.age"));
    let events = setting.relay.events(id(), key()).await.unwrap();
    assert_eq!((events.state, events.content_until), (State::Collected, None));
    assert_eq!(setting.receive_as(9, Saved::Browser).await.unwrap(), None, "again, after the end");
}

#[tokio::test]
async fn an_answer_on_a_ticket_that_is_taken_over_is_cut_off() {
    let setting = setting();
    let proof = Bytes32([3; 32]);
    let words = CreateShare { proof_hash: Some(digest::of_secret(&proof)), ..request(Some(1)) };
    setting.relay.create(id(), words).await.unwrap();
    setting.upload_rest(&[0]).await;
    let take = async |ticket: u8| {
        let ticket_hash = digest::of_secret(&Bytes32([ticket; 32]));
        setting.relay.take_ticket(id(), TakeTicket { proof: Some(proof), ticket_hash }).await
    };
    take(9).await.unwrap();
    let waiting = setting.fetch(9).await.unwrap();
    assert_eq!(code(take(8).await), Code::DownloadsTaken, "somebody is downloading");
    setting.receive_as(9, Saved::Browser).await.unwrap();
    take(8).await.unwrap();
    assert!(drain(waiting).await.len() < content().len(), "it waits for a part that is not there");
    assert_eq!(code(setting.fetch(9).await.map(drop)), Code::TicketInvalid);
    setting.put_part(1).await.unwrap();
    assert_eq!(drain(setting.fetch(8).await.unwrap()).await, content());
}
