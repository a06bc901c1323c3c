//! The rules, with a clock moved by hand.

mod life;
mod proofs;
mod receipts;
mod tickets;
mod uploads;

use std::time::Duration;

use share_relay_api::{
    Bytes32, Code, CreateShare, Event, EventKind, Kind, Receipt, RelayLimits, Saved, State, Ticket, limits::*,
};

use super::{
    events::EventLog,
    object::{Blob, BlobKind},
    record::{Life, Record},
    refusal::{Ending, Refusal},
};
use crate::{
    admission::Principal,
    domain::digest,
    limits::{FRESH_TICKET_SECONDS, RECEIPT_WAIT, TOUCH_SECONDS},
};

const ACCEPTS: RelayLimits = RelayLimits::PROTOCOL;
const DAY: u64 = 24 * 3600;
const HEADER: u64 = 182;
const PAYLOAD: u64 = 1000;
const GRACE: u64 = 3600;

pub(crate) fn bytes(n: u8) -> Bytes32 {
    Bytes32([n; 32])
}

const MANAGER: u8 = 1;
const PROOF: u8 = 2;

/// A request for a small share with words.
pub(crate) fn request() -> CreateShare {
    CreateShare {
        manage_key_hash: digest::of_secret(&bytes(MANAGER)),
        proof_hash: Some(digest::of_secret(&bytes(PROOF))),
        header_bytes: HEADER,
        payload_bytes: Some(PAYLOAD),
        part_bytes: SEALED_CHUNK_BYTES,
        expires_in: 7 * DAY,
        downloads: None,
    }
}

fn begun(request: CreateShare) -> Record {
    let mut record = Record::create(request, Principal::Anyone, &ACCEPTS, 0).unwrap();
    for (kind, size) in [(BlobKind::Header, HEADER), (BlobKind::Manifest, 500)] {
        record.hold(kind, Blob { hash: bytes(9), bytes: size }, 0).unwrap();
    }
    record
}

/// A complete share with so many downloads allowed.
pub(crate) fn ready(downloads: Option<u32>) -> Record {
    let mut record = begun(CreateShare { downloads, ..request() });
    record.seal(PAYLOAD, 0).unwrap();
    record
}

fn take(record: &mut Record, ticket: u8, now: u64) -> Result<Ticket, Refusal> {
    record.settle(now);
    take_while(record, ticket, &[], now)
}

/// While answers run on these tickets.
fn take_while(record: &mut Record, ticket: u8, answering: &[u8], now: u64) -> Result<Ticket, Refusal> {
    let is_answering = |hash: &Bytes32| answering.iter().any(|ticket| bytes(*ticket) == *hash);
    let idle_for = |hash: &Bytes32| (!is_answering(hash)).then_some(Duration::MAX);
    record.take_ticket(Some(&digest::of_secret(&bytes(PROOF))), &bytes(ticket), idle_for, now)
}

fn receipt(saved: Saved) -> Receipt {
    Receipt { fingerprint: bytes(7), time: 0, saved, mac: bytes(8) }
}

fn receive(record: &mut Record, ticket: u8, now: u64) -> Result<(), Refusal> {
    let received = receive_as(record, ticket, Saved::Disk, now)?;
    record.settle(now);
    assert_eq!(received, None);
    Ok(())
}

fn receive_as(record: &mut Record, ticket: u8, saved: Saved, now: u64) -> Result<Option<u64>, Refusal> {
    record.settle(now);
    record.receive(Some(&bytes(ticket)), &receipt(saved), GRACE, now)
}

fn guess(record: &mut Record, now: u64) -> Result<(), Refusal> {
    record.prove(Some(&bytes(99)), now)
}

fn guess_often(record: &mut Record, times: u32, now: u64) {
    for _ in 0..times {
        guess(record, now).unwrap_err();
    }
}

fn right(record: &mut Record, now: u64) -> Result<(), Refusal> {
    record.prove(Some(&digest::of_secret(&bytes(PROOF))), now)
}

fn left(record: &Record) -> Option<u32> {
    match &record.life {
        Life::Live(share) => share.downloads_left(),
        Life::Gone { .. } => panic!("it is gone"),
    }
}

fn gone(ending: Ending, at: u64) -> Refusal {
    Refusal::Gone { ending, at }
}

fn events(record: &Record) -> Vec<Event> {
    record.events(EventLog::default(), 0).events
}

fn kinds(record: &Record) -> Vec<String> {
    let name = |event: &Event| serde_json::to_value(event).unwrap()["event"].as_str().unwrap().to_owned();
    events(record).iter().map(name).collect()
}
