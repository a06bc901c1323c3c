//! A disk that can only be read, or takes nothing: what can be served is, and nothing is acknowledged that is not kept.

use super::*;
use crate::storage::{disk::Disk, test_support::Recorder};

const EIO: i32 = 5;
const EROFS: i32 = 30;
const WRONG: u8 = 9;
const PROOF: u8 = 4;

/// A relay whose disk fails when it is told to, with complete shares.
struct Failing {
    setting: Setting,
    recorder: Recorder,
}

impl Failing {
    /// With a share of so many downloads, to words or else to keys.
    async fn with(downloads: Option<u32>, words: bool) -> Self {
        let (dir, recorder, clock) = (tempfile::tempdir().unwrap(), Recorder::default(), TestClock::at(1000));
        let store = LocalStore::init_on(Disk::recorded(&recorder), dir.path()).unwrap();
        let relay = Relay::new(Config { clock: clock.clone(), ..Config::new(Senders::Anyone) }, store.into());
        clock.pass(STEADY.as_secs());
        let setting = Setting { dir, clock, relay };
        let proof_hash = words.then(|| digest::of_secret(&Bytes32([PROOF; 32])));
        setting.relay.create(id(), Principal::Anyone, CreateShare { proof_hash, ..request(downloads) }).await.unwrap();
        setting.upload_rest(&[0, 1]).await;
        setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
        Self { setting, recorder }
    }

    /// Nothing can be written from here on.
    fn fail(&self, error: i32) {
        self.recorder.fail(0, usize::MAX, error);
    }

    async fn events(&self) -> String {
        let events = self.setting.relay.events(id(), key()).await.unwrap().events;
        serde_json::to_string(&events).unwrap()
    }

    async fn guess(&self, proof: u8) -> Result<u64> {
        self.setting.relay.open(id(), Some(Bytes32([proof; 32]))).await
    }
}

#[tokio::test]
async fn a_share_without_a_limit_is_served_and_its_receipt_waits() {
    for error in [EROFS, EIO] {
        let failing = Failing::with(None, false).await;
        let Failing { setting, .. } = &failing;
        setting.take(1).await.unwrap();
        failing.fail(error);
        for ticket in [1, 2] {
            setting.take(ticket).await.unwrap();
            assert_eq!(drain(setting.fetch(ticket).await.unwrap()).await, content());
            setting.relay.drain_bodies().await;
        }
        assert_eq!(setting.served().await, content().len() as u64, "it is charged");
        for saved in [Saved::Disk, Saved::Browser] {
            assert_eq!(code(setting.receive_as(2, saved).await), Code::StorageFailing);
        }
        assert!(!failing.events().await.contains("receipt"), "what is not acknowledged is not told either");
        assert_eq!(code(setting.relay.ready().await), Code::StorageFailing);

        failing.recorder.heal();
        setting.receive(2).await.unwrap();
        setting.receive_as(1, Saved::Browser).await.unwrap();
        assert_eq!(failing.events().await.matches("receipt").count(), 2);
        setting.relay.ready().await.unwrap();
        let stored = setting.stored().await;
        assert_eq!(stored, setting.relay.load(id()).await.unwrap(), "nothing is in memory alone any more");
    }
}

#[tokio::test]
async fn a_limited_share_and_all_that_is_new_are_refused_until_the_disk_works() {
    let failing = Failing::with(Some(2), false).await;
    let Failing { setting, .. } = &failing;
    setting.take(1).await.unwrap();
    failing.fail(EROFS);
    assert_eq!(code(setting.take(2).await), Code::StorageFailing);
    assert_eq!(code(setting.fetch(1).await), Code::StorageFailing);
    assert_eq!(code(setting.receive(1).await), Code::StorageFailing);
    assert_eq!(code(setting.relay.revoke(id(), key()).await), Code::StorageFailing);
    let other = ShareId::from_random([6; 12]);
    assert_eq!(code(setting.relay.create(other, Principal::Anyone, request(None)).await), Code::StorageFailing);
    assert_eq!(setting.relay.status(id()).await.unwrap().state, State::Ready, "what is known is told");
    failing.recorder.heal();
    assert_eq!(setting.relay.status(id()).await.unwrap().downloads_left, Some(1), "no place is lost");
    setting.take(2).await.unwrap();
    assert_eq!(drain(setting.fetch(1).await.unwrap()).await, content());
    setting.receive(1).await.unwrap();
    setting.relay.create(other, Principal::Anyone, request(None)).await.unwrap();
}

#[tokio::test]
async fn a_change_of_which_only_the_last_sync_fails_is_made_once() {
    let failing = Failing::with(None, false).await;
    let Failing { setting, recorder } = &failing;
    setting.take(1).await.unwrap();
    // A new file, its bytes, its sync, its name.
    recorder.fail(4, 1, EIO);
    assert_eq!(drain(setting.fetch(1).await.unwrap()).await, content());
    assert!(recorder.has_failed());
    setting.relay.drain_bodies().await;
    assert_eq!(setting.served().await, content().len() as u64);
}

#[tokio::test]
async fn changes_that_may_be_stored_are_not_made_again() {
    let failing = Failing::with(Some(2), false).await;
    let Failing { setting, recorder } = &failing;
    setting.take(1).await.unwrap();
    let charge = |record: &mut Record, now| record.charge(&hash_of(1), 10, now);
    recorder.fail(4, usize::MAX, EIO);
    for outcome in queued(&setting.relay, vec![Box::new(charge), Box::new(charge)]).await {
        assert_eq!(code(outcome), Code::StorageFailing);
    }
    recorder.heal();
    assert_eq!(setting.served().await, 20, "they were stored, once");
}

#[tokio::test]
async fn a_disk_that_can_only_be_read_is_no_invitation_to_guess() {
    for downloads in [None, Some(1)] {
        let failing = Failing::with(downloads, true).await;
        failing.fail(EROFS);
        failing.guess(PROOF).await.unwrap();
        for _ in 1..TRIES {
            assert_eq!(code(failing.guess(WRONG).await), Code::WrongProof);
        }
        assert_eq!(code(failing.guess(WRONG).await), Code::WrongProof);
        assert_eq!(code(failing.guess(PROOF).await), Code::Locked);
        failing.recorder.heal();
        assert_eq!(code(failing.guess(PROOF).await), Code::Locked, "it is stored now");
        let stored = failing.setting.stored().await;
        assert_eq!(stored, failing.setting.relay.load(id()).await.unwrap());
    }
}

#[tokio::test]
async fn what_time_ends_is_over_though_it_cannot_be_written_down() {
    let failing = Failing::with(Some(3), false).await;
    let Failing { setting, .. } = &failing;
    setting.take(1).await.unwrap();
    failing.fail(EROFS);
    setting.advance(TICKET_SECONDS + 1);
    assert_eq!(code(setting.relay.status(id()).await), Code::Expired);
    assert_eq!(code(setting.fetch(1).await), Code::Expired);
    assert_eq!(code(setting.take(2).await), Code::Expired);
    assert_eq!(code(setting.relay.sweep().await), Code::StorageFailing);
    assert!(setting.on_disk("content.age"), "it goes when that can be written down");
    failing.recorder.heal();
    setting.relay.sweep().await.unwrap();
    assert!(!setting.on_disk("content.age"));
}

#[tokio::test]
async fn what_was_stored_though_it_failed_is_not_taken_back_by_what_is_in_memory() {
    let failing = Failing::with(Some(1), true).await;
    let setting = &failing.setting;
    failing.fail(EROFS);
    assert_eq!(code(failing.guess(WRONG).await), Code::WrongProof);
    let proof = Some(Bytes32([PROOF; 32]));
    let take =
        || setting.relay.take_ticket(id(), TakeTicket { proof, ticket_hash: digest::of_secret(&Bytes32([1; 32])) });
    // The record is made, written, synced and renamed, and its directory cannot be synced.
    failing.recorder.fail(4, usize::MAX, EIO);
    assert_eq!(code(take().await), Code::StorageFailing);
    failing.recorder.heal();
    let record = setting.relay.load(id()).await.unwrap();
    assert_eq!(record.not_ended(setting.relay.now()).unwrap().delivery.running.len(), 1, "the place is taken");
    take().await.unwrap();
    setting.receive(1).await.unwrap();
    assert_eq!(code(setting.relay.status(id()).await), Code::Collected);
}

#[tokio::test]
async fn tickets_in_memory_are_bounded() {
    let failing = Failing::with(None, false).await;
    failing.fail(EROFS);
    let setting = &failing.setting;
    for number in 0..MAX_RUNNING_TICKETS {
        let ticket_hash = digest::of(&number.to_be_bytes());
        setting.relay.take_ticket(id(), TakeTicket { proof: None, ticket_hash }).await.unwrap();
    }
    assert_eq!(code(setting.take(1).await), Code::TooBusy);
    let share = setting.relay.load(id()).await.unwrap().not_ended(setting.relay.now()).unwrap().clone();
    let unstored = Unstored::default();
    let remembered =
        (0..).take_while(|n| unstored.remember(ShareId::from_random([*n; 12]), Bytes32([1; 32]), &share)).count();
    assert_eq!(remembered, limits::MAX_UNSTORED_TICKETS / MAX_RUNNING_TICKETS);
    assert!(
        unstored.remember(ShareId::from_random([0; 12]), Bytes32([1; 32]), &share),
        "one that is remembered already"
    );
}

#[tokio::test]
async fn content_that_is_found_damaged_is_told_to_the_sender_once() {
    let Failing { setting, .. } = Failing::with(None, false).await;
    let content = setting.dir.path().join("shares").join(id().as_str()).join("content.age");
    let file = std::fs::File::options().write(true).open(&content).unwrap();
    file.set_len(100).unwrap();
    setting.take(1).await.unwrap();
    for _ in 0..2 {
        assert_eq!(code(setting.fetch(1).await), Code::ContentDamaged);
    }
    let events = setting.relay.events(id(), key()).await.unwrap().events;
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::Damaged).count(), 1);
}
