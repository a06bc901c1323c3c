//! Power loss at any step of a share's life: what the relay answered stays true, what was begun goes on, and what is
//! over is gone after the next sweep.

use std::collections::BTreeSet;

use super::{watched::Watched, *};
use crate::storage::{
    WriteId,
    disk::Disk,
    test_support::{Kept, PowerCut, Recorder, Told, assert_no_orphan, fast_dir, kept, seed},
};

/// A life that is recorded, and what was known after each of its calls.
struct Life {
    setting: Setting,
    store: Arc<Watched>,
    recorder: Recorder,
    known: Vec<Known>,
}

/// What the relay had answered for once so many changes were made.
#[derive(Debug, Clone, Default)]
struct Known {
    changes: usize,
    time: u64,
    record: Option<Stored>,
    events: usize,
    parts: BTreeSet<u64>,
}

fn relay_on(store: Storage, clock: &Arc<TestClock>) -> Arc<Relay> {
    let relay = Relay::new(Config { clock: clock.clone(), ..Config::new(Senders::Anyone) }, store);
    clock.pass(STEADY.as_secs());
    relay
}

impl Life {
    fn begin() -> Self {
        let (dir, recorder) = (fast_dir(), Recorder::default());
        let clock = TestClock::at(1000);
        let store = LocalStore::init_on(Disk::recorded(&recorder), &dir.path().join("data")).unwrap();
        let store = Watched::new(store);
        let relay = relay_on(store.storage(), &clock);
        let nothing = Known { changes: recorder.made(), time: relay.now(), ..Known::default() };
        Self { setting: Setting { dir, clock, relay }, store, recorder, known: vec![nothing] }
    }

    /// Notes what must be true from here on.
    async fn note(&mut self) {
        let relay = &self.setting.relay;
        let record = relay.stored(id()).await.unwrap();
        let held = relay.objects.parts(id(), 0, 0..9).await.unwrap_or_default();
        let parts = (0..9).filter(|number| held.holds(*number)).collect();
        let events = relay.events(id(), key()).await.map_or(0, |told| told.events.len());
        self.known.push(Known { changes: self.recorder.made(), time: relay.now(), record, events, parts });
    }

    async fn upload(&mut self, downloads: Option<u32>) {
        self.setting.relay.create(id(), Principal::Anyone, request(downloads)).await.unwrap();
        self.note().await;
        self.setting.put_part(1).await.unwrap();
        self.note().await;
        for (kind, bytes) in [(BlobKind::Header, HEADER), (BlobKind::Manifest, b"manifest")] {
            put_blob(&self.setting.relay, kind, bytes).await.unwrap();
            self.note().await;
        }
        self.setting.put_part(0).await.unwrap();
        self.note().await;
        self.setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
        self.note().await;
    }

    async fn download(&mut self, ticket: u8) {
        self.setting.take(ticket).await.unwrap();
        self.note().await;
        assert_eq!(drain(self.setting.fetch(ticket).await.unwrap()).await, content());
        self.setting.relay.drain_bodies().await;
        self.note().await;
    }

    /// Cuts the power at every step.
    async fn check(self) {
        let (seed, changes) = (seed(), self.recorder.changes());
        let mut cut = PowerCut::of(self.setting.dir.path());
        for made in 0..=changes.len() {
            for kept in kept(seed) {
                self.check_cut(&cut, made, kept).await;
            }
            if let Some(change) = changes.get(made) {
                cut.apply(change);
            }
        }
    }

    async fn check_cut(&self, cut: &PowerCut, made: usize, kept: Kept) {
        let _told = Told(format!("the power was cut after {made} changes, {kept:?} kept"));
        let next = self.known.partition_point(|known| known.changes <= made);
        let before = next.checked_sub(1).map_or_else(Known::default, |last| self.known[last].clone());
        let after = self.known.get(next).unwrap_or(&before);
        let dir = fast_dir();
        cut.build(kept, dir.path());
        let data = dir.path().join("data");
        let clock = TestClock::at(before.time.saturating_sub(STEADY.as_secs()));
        let relay = relay_on(LocalStore::init(&data).unwrap().into(), &clock);
        relay.sweep().await.unwrap();
        let may_be = |found| found == id() && (before.record.is_some() || after.record.is_some());
        assert_no_orphan(&data, may_be, |record| serde_json::from_slice::<Record>(record).unwrap().is_gone());
        let found = relay.stored(id()).await.unwrap();
        assert_between(&before, found.as_ref(), after, &self.store.written());
        if found.is_some() {
            assert_events(&relay.events(id(), key()).await.unwrap().events, before.events);
        }
        let setting = Setting { dir, clock, relay };
        if let Some(Ok(share)) = found.as_ref().map(|stored| stored.record.not_ended(setting.relay.now())) {
            goes_on(&setting, share, &before.parts).await;
        }
    }
}

/// That a record is what was acknowledged, or what was asked since, of what was written in this order. What the first sweep
/// writes of a share that is over comes last.
#[track_caller]
fn assert_between(before: &Known, found: Option<&Stored>, after: &Known, written: &[WriteId]) {
    let Some(found) = found else {
        return assert!(before.record.is_none() || after.record.is_none(), "the share is lost");
    };
    let place = |stored: &Stored| written.iter().position(|id| *id == stored.written).unwrap_or(usize::MAX);
    assert!(place(found) < usize::MAX || found.record.is_gone(), "{found:?} was never written");
    if let Some(acknowledged) = &before.record {
        assert!(place(found) >= place(acknowledged), "{found:?} is older than {acknowledged:?}");
        assert!(place(found) > place(acknowledged) || found.record == acknowledged.record);
    }
    if let Some(asked) = &after.record {
        let is_asked = found.record == asked.record || found.record.is_gone() && asked.record.is_gone();
        assert!(place(found) < place(asked) || is_asked, "{found:?} is newer than {asked:?}");
    }
}

/// That at least so many events are told, and none of them twice.
#[track_caller]
fn assert_events(told: &[share_relay_api::Event], acknowledged: usize) {
    assert!(told.len() >= acknowledged, "{} events of {acknowledged}", told.len());
    let tickets = told.iter().filter_map(|event| match &event.kind {
        EventKind::Ticket { ticket_hash, .. } => Some(*ticket_hash),
        _ => None,
    });
    let tickets: Vec<_> = tickets.collect();
    assert_eq!(tickets.iter().collect::<BTreeSet<_>>().len(), tickets.len(), "some are told twice");
}

/// That a share's acknowledged parts are held, that its upload can be finished, and that it can then be downloaded
/// with the tickets there are.
async fn goes_on(setting: &Setting, share: &crate::domain::Share, acknowledged: &BTreeSet<u64>) {
    let relay = &setting.relay;
    if share.object.is_sealed {
        for ticket in [8, 9].into_iter().filter(|ticket| has_ticket(share, *ticket)) {
            assert!(drain(setting.fetch(ticket).await.unwrap()).await == content());
        }
    }
    if setting.relay.load(id()).await.unwrap().live(relay.now()).is_err() {
        return;
    }
    let held = relay.objects.parts(id(), 0, 0..9).await.unwrap();
    assert!(acknowledged.iter().all(|number| held.holds(*number)), "{held:?} lacks some of {acknowledged:?}");
    if !share.object.is_sealed {
        setting.upload(share.request.downloads, &[0, 1]).await;
    }
    relay.seal(id(), key(), PAYLOAD).await.unwrap();
    if share.downloads_left() != Some(0) {
        setting.take(7).await.unwrap();
        assert!(drain(setting.fetch(7).await.unwrap()).await == content());
    }
}

fn has_ticket(share: &crate::domain::Share, ticket: u8) -> bool {
    share.delivery.running.iter().any(|running| running.hash == digest::of_secret(&Bytes32([ticket; 32])))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_is_collected() {
    let mut life = Life::begin();
    life.upload(Some(2)).await;
    for ticket in [9, 8] {
        life.download(ticket).await;
    }
    for ticket in [9, 8] {
        life.setting.receive(ticket).await.unwrap();
        life.note().await;
    }
    assert_eq!(code(life.setting.relay.status(id()).await), Code::Collected);
    life.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_is_revoked() {
    let mut life = Life::begin();
    life.upload(None).await;
    life.download(9).await;
    life.setting.relay.revoke(id(), key()).await.unwrap();
    life.note().await;
    life.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_expires_and_is_forgotten() {
    let mut life = Life::begin();
    life.upload(None).await;
    life.download(9).await;
    for seconds in [3600, TICKET_SECONDS, TOMBSTONE_SECONDS] {
        life.setting.advance(seconds);
        life.setting.relay.sweep().await.unwrap();
        life.note().await;
    }
    assert_eq!(code(life.setting.relay.status(id()).await), Code::NotFound);
    life.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_whose_events_are_moved_to_its_log() {
    let mut life = Life::begin();
    life.upload(None).await;
    for ticket in 0..limits::MAX_NEWEST_EVENTS as u8 {
        life.setting.take(ticket).await.unwrap();
        life.note().await;
    }
    assert!(life.setting.relay.event_log(id()).await.unwrap().1.is_some(), "there is a log");
    life.check().await;
}
