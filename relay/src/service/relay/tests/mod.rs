//! The calls on a real store, with a clock moved by hand.

use std::time::Duration;

use share_relay_api::{EventKind, Saved, State, limits::*};
use tempfile::TempDir;

mod changes;
mod clocks;
mod downloads;
#[cfg(unix)]
mod failing;
mod growing;
#[cfg(unix)]
mod power_loss;
mod racing;
#[cfg(unix)]
mod sweeping;
mod uploads;
mod watched;

use super::*;
use crate::{
    admission::{Senders, tokens::TokenFile},
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
        self.relay.create(id(), Principal::Anyone, request(downloads)).await.unwrap();
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
        self.relay.load(id()).await.unwrap().not_ended(self.relay.now()).unwrap().delivery.running[0].served
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
