//! The rules, with a clock moved by hand.

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
    digest,
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
    let mut record = Record::create(request, &ACCEPTS, 0).unwrap();
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

#[test]
fn a_stored_record_keeps_its_form() {
    let mut record = begun(request());
    take(&mut record, 1, 0).unwrap();
    let stored = serde_json::to_value(&record).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&stored), "history life");
    assert_eq!(keys(&stored["history"]), "ended is_damaged moved newest received receipts");
    let share = &stored["life"]["live"];
    assert_eq!(keys(share), "created_at delivery expires_at object request");
    assert_eq!(keys(&share["object"]), "generation header is_sealed manifest payload_bytes touched_at");
    assert_eq!(keys(&share["object"]["header"]), "bytes hash");
    assert_eq!(keys(&share["delivery"]), "attempts late received replaced running unconfirmed");
    assert_eq!(keys(&share["delivery"]["attempts"]), "locked_until locks wrong");
    assert_eq!(keys(&share["delivery"]["running"][0]), "again expires_at hash received served");
    assert_eq!(serde_json::from_value::<Record>(stored).unwrap(), record);
    record.end(Ending::Revoked, 5);
    let gone = &serde_json::to_value(&record).unwrap()["life"]["gone"];
    assert_eq!((keys(gone).as_str(), &gone["ending"]), ("at ending has_content manage_key_hash", &"revoked".into()));
}

#[test]
fn a_share_goes_from_uploading_to_ready_to_expired_to_forgotten() {
    let mut record = Record::create(request(), &ACCEPTS, 100).unwrap();
    assert_eq!(record.state(100), State::Uploading);
    assert_eq!(record.may_seal(PAYLOAD, &ACCEPTS, 100), Err(Code::PartsMissing.into()));
    for kind in [BlobKind::Header, BlobKind::Manifest] {
        assert_eq!(record.may_seal(PAYLOAD, &ACCEPTS, 100), Err(Code::PartsMissing.into()));
        record.hold(kind, Blob { hash: bytes(9), bytes: 500 }, 100).unwrap();
    }
    assert_eq!(record.may_seal(PAYLOAD, &ACCEPTS, 100), Ok(false));
    record.seal(PAYLOAD, 100).unwrap();
    assert_eq!((record.state(100), record.may_seal(PAYLOAD, &ACCEPTS, 100)), (State::Ready, Ok(true)));
    record.seal(PAYLOAD, 101).unwrap();
    let end = 100 + 7 * DAY;
    assert_eq!(record.state(end - 1), State::Ready);
    assert_eq!(record.state(end), State::Expired, "before any sweep");
    assert_eq!(record.live(end).err(), Some(gone(Ending::Expired, end)));
    record.settle(end + 5);
    assert!(record.is_gone());
    assert_eq!(record.live(end + 5).err(), Some(gone(Ending::Expired, end)));
    assert!(!record.forgotten(end + TOMBSTONE_SECONDS - 1) && record.forgotten(end + TOMBSTONE_SECONDS));
    assert_eq!(kinds(&record), ["created", "ready", "expired"]);
}

#[test]
fn a_tombstone_keeps_nothing_but_the_ending_the_manager_and_the_events() {
    let mut record = ready(None);
    take(&mut record, 50, 5).unwrap();
    record.revoke(6).unwrap();
    let json = serde_json::to_value(&record).unwrap();
    let fields: Vec<&String> = json["life"]["gone"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["at", "ending", "has_content", "manage_key_hash"]);
    assert_eq!(record.managed_by(Some(&digest::of_secret(&bytes(MANAGER)))), Ok(()));
    assert_eq!(record.events(EventLog::default(), 6).state, State::Revoked);
    assert_eq!(kinds(&record), ["created", "ready", "ticket", "revoked"]);
}

#[test]
fn the_same_request_again_changes_nothing_and_another_is_a_conflict() {
    let record = Record::create(request(), &ACCEPTS, 100).unwrap();
    let created = record.created_again(&request(), 200).unwrap();
    assert_eq!((created.created_at, created.expires_at), (100, 100 + 7 * DAY));
    let other = CreateShare { downloads: Some(1), ..request() };
    assert_eq!(record.created_again(&other, 200), Err(Code::Conflict.into()));
}

#[test]
fn a_repeated_request_may_make_the_parts_smaller_and_nothing_else() {
    let sized = |chunks| CreateShare { part_bytes: chunks * SEALED_CHUNK_BYTES, ..request() };
    let mut record = Record::create(sized(4), &ACCEPTS, 0).unwrap();
    let first = record.created_again(&sized(4), 0).unwrap();
    assert_eq!(record.wants_smaller_parts(&sized(4), 0), Ok(false));
    assert_eq!(record.wants_smaller_parts(&sized(5), 0), Ok(false));
    assert_eq!(record.wants_smaller_parts(&CreateShare { downloads: Some(1), ..sized(2) }, 0), Ok(false));
    assert_eq!(record.wants_smaller_parts(&sized(2), 0), Ok(true));
    assert_eq!(record.make_parts_smaller(&sized(2), &ACCEPTS, 5), Ok(first.clone()));
    assert_eq!(record.created_again(&sized(2), 6), Ok(first.clone()));
    assert_eq!(record.make_parts_smaller(&sized(2), &ACCEPTS, 6), Ok(first.clone()), "asked twice at once");
    for larger in [sized(4), sized(3)] {
        assert_eq!(record.make_parts_smaller(&larger, &ACCEPTS, 6), Err(Code::Conflict.into()));
    }
    assert_eq!(record.make_parts_smaller(&sized(1), &ACCEPTS, 6), Ok(first));
    assert_eq!(record.live(6).unwrap().layout().part_bytes, SEALED_CHUNK_BYTES);
}

#[test]
fn smaller_parts_keep_to_the_limits() {
    let huge = CreateShare {
        payload_bytes: Some(SEALED_CHUNK_BYTES * (MAX_PARTS + 1)),
        part_bytes: 2 * SEALED_CHUNK_BYTES,
        ..request()
    };
    let mut record = Record::create(huge.clone(), &ACCEPTS, 0).unwrap();
    let before = record.clone();
    let too_many = CreateShare { part_bytes: SEALED_CHUNK_BYTES, ..huge.clone() };
    let crooked = CreateShare { part_bytes: SEALED_CHUNK_BYTES + 1, ..huge.clone() };
    for refused in [too_many, crooked, CreateShare { part_bytes: 0, ..huge }] {
        assert!(record.make_parts_smaller(&refused, &ACCEPTS, 0).is_err());
    }
    assert_eq!(record, before);
}

#[test]
fn a_record_reads_back_as_it_was_written() {
    let mut record = ready(Some(3));
    take(&mut record, 50, 5).unwrap();
    receive(&mut record, 50, 6).unwrap();
    guess(&mut record, 7).unwrap_err();
    for record in [record.clone(), {
        record.revoke(8).unwrap();
        record
    }] {
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}

#[test]
fn header_and_manifest_are_set_once() {
    let mut record = Record::create(request(), &ACCEPTS, 0).unwrap();
    let [one, other] = [9, 8].map(|hash| Blob { hash: bytes(hash), bytes: HEADER });
    assert_eq!(record.holds(BlobKind::Header, &one, 0), Ok(false));
    record.hold(BlobKind::Header, one.clone(), 0).unwrap();
    assert_eq!(record.holds(BlobKind::Header, &one, 0), Ok(true));
    assert_eq!(record.holds(BlobKind::Header, &other, 0), Err(Code::Conflict.into()));
    assert_eq!(record.hold(BlobKind::Header, other, 0), Err(Code::Conflict.into()));
    assert_eq!(record.live(0).unwrap().object.header, Some(one));
}

#[test]
fn an_unfinished_upload_lives_48_hours_after_its_last_part() {
    let mut record = begun(request());
    let touched = 1000;
    assert_eq!(record.live(0).unwrap().parts_unnoted_until(), TOUCH_SECONDS);
    record.touch(TOUCH_SECONDS - 1).unwrap();
    assert_eq!(record.live(0).unwrap().parts_unnoted_until(), TOUCH_SECONDS, "that is too early");
    record.touch(touched).unwrap();
    assert_eq!(record.state(touched + UNFINISHED_SECONDS), State::Uploading);
    let end = touched + UNFINISHED_SECONDS + TOUCH_SECONDS;
    assert_eq!(record.state(end - 1), State::Uploading);
    record.settle(end);
    assert_eq!(record.live(end).err(), Some(gone(Ending::Expired, end)));
}

#[test]
fn an_upload_does_not_outlive_its_expiry_even_with_tickets() {
    let mut record = begun(CreateShare { expires_in: 60, ..request() });
    take(&mut record, 50, 5).unwrap();
    record.settle(60);
    assert!(record.is_gone());
}

#[test]
fn sealing_with_another_size_than_said_is_a_conflict() {
    let record = begun(request());
    assert_eq!(record.may_seal(PAYLOAD + 1, &ACCEPTS, 0), Err(Code::Conflict.into()));
    let mut unknown = begun(CreateShare { payload_bytes: None, ..request() });
    assert_eq!(unknown.may_seal(0, &ACCEPTS, 0), Err(Code::BadRequest.into()));
    assert!(unknown.may_seal(u64::MAX, &ACCEPTS, 0).is_err());
    unknown.seal(5, 0).unwrap();
    assert_eq!(unknown.seal(6, 0), Err(Code::Conflict.into()));
    assert_eq!(unknown.live(0).unwrap().object.payload_bytes, Some(5));
}

#[test]
fn ten_wrong_proofs_lock_for_an_hour_and_then_for_two() {
    let mut record = ready(None);
    if let Life::Live(share) = &mut record.life {
        share.expires_at = u64::MAX;
    }
    for expected in (1..TRIES).rev() {
        let wrong = Refusal::WrongProof { tries_left: expected, locked_until: None };
        assert_eq!(guess(&mut record, 0), Err(wrong));
    }
    let until = FIRST_LOCK_SECONDS;
    assert_eq!(guess(&mut record, 0), Err(Refusal::WrongProof { tries_left: 0, locked_until: Some(until) }));
    assert_eq!(right(&mut record, until - 1), Err(Refusal::Locked { until }), "even a right one");
    assert_eq!(record.live(0).unwrap().status(0, 0).locked_until, Some(until));
    assert_eq!(right(&mut record, until), Ok(()));
    let lasts = |record: &mut Record, now| {
        guess_often(record, TRIES - 1, now);
        match guess(record, now) {
            Err(Refusal::WrongProof { locked_until: Some(until), .. }) => until - now,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(lasts(&mut record, until), 2 * FIRST_LOCK_SECONDS);
    let mut now = until + 2 * FIRST_LOCK_SECONDS;
    assert_eq!(lasts(&mut record, now), 4 * FIRST_LOCK_SECONDS);
    for _ in 0..80 {
        now += MAX_LOCK_SECONDS;
        assert!(lasts(&mut record, now) <= MAX_LOCK_SECONDS);
    }
    assert_eq!(lasts(&mut record, now + MAX_LOCK_SECONDS), MAX_LOCK_SECONDS);
}

#[test]
fn a_right_proof_begins_the_row_again_and_unlock_forgets_all() {
    let mut record = ready(None);
    guess_often(&mut record, TRIES - 1, 0);
    right(&mut record, 0).unwrap();
    assert_eq!(guess(&mut record, 0), Err(Refusal::WrongProof { tries_left: TRIES - 1, locked_until: None }));
    guess_often(&mut record, TRIES - 1, 0);
    assert!(matches!(right(&mut record, 1), Err(Refusal::Locked { .. })));
    record.unlock(1).unwrap();
    record.unlock(1).unwrap();
    right(&mut record, 1).unwrap();
    assert_eq!(kinds(&record).iter().filter(|kind| *kind == "unlocked").count(), 1);
    guess_often(&mut record, TRIES, 2);
    assert_eq!(
        record.live(2).unwrap().delivery.attempts.locked_until(2),
        Some(2 + FIRST_LOCK_SECONDS),
        "doubling begins again"
    );
}

#[test]
fn a_missing_proof_is_not_a_guess_and_keys_have_none() {
    let mut record = ready(None);
    assert_eq!(record.prove(None, 0), Err(Code::BadRequest.into()));
    assert_eq!(record.live(0).unwrap().delivery.attempts.tries_left(0), TRIES);
    let mut keys = begun(CreateShare { proof_hash: None, ..request() });
    assert_eq!(keys.prove(None, 0), Ok(()));
    assert_eq!(keys.prove(Some(&bytes(99)), 0), Err(Code::BadRequest.into()));
    assert_eq!(keys.live(0).unwrap().status(0, 0).kind, Kind::Keys);
}

#[test]
fn wrong_proofs_count_on_tickets_too() {
    let mut record = ready(None);
    let wrong = record.take_ticket(Some(&bytes(99)), &bytes(50), |_| Some(Duration::MAX), 0);
    assert_eq!(wrong, Err(Refusal::WrongProof { tries_left: TRIES - 1, locked_until: None }));
    assert!(record.live(0).unwrap().delivery.running.is_empty());
}

#[test]
fn the_same_ticket_again_takes_no_second_place() {
    let mut record = ready(Some(2));
    let first = take(&mut record, 50, 10).unwrap();
    assert_eq!(first.expires_at, 10 + TICKET_SECONDS);
    assert_eq!(take(&mut record, 50, 20), Ok(first));
    assert_eq!(left(&record), Some(1));
    take(&mut record, 51, 20).unwrap();
    assert_eq!(take_while(&mut record, 52, &[50, 51], 20), Err(Code::DownloadsTaken.into()));
    take(&mut record, 51, 30).unwrap();
}

#[test]
fn tickets_wait_for_header_manifest_and_size() {
    let mut record = Record::create(request(), &ACCEPTS, 0).unwrap();
    assert_eq!(take(&mut record, 50, 0), Err(Refusal::NotReady { stored: 0, total: Some(PAYLOAD) }));
    assert!(take(&mut begun(request()), 50, 0).is_ok(), "parts may still be coming");
    let mut unknown = begun(CreateShare { payload_bytes: None, ..request() });
    assert_eq!(take(&mut unknown, 50, 0), Err(Refusal::NotReady { stored: 0, total: None }));
}

#[test]
fn running_tickets_are_bounded() {
    let mut record = begun(CreateShare { proof_hash: None, ..request() });
    for number in 0..MAX_RUNNING_TICKETS {
        record.take_ticket(None, &digest::of(&number.to_be_bytes()), |_| Some(Duration::MAX), 0).unwrap();
    }
    assert_eq!(record.take_ticket(None, &bytes(1), |_| Some(Duration::MAX), 0), Err(Code::TooBusy.into()));
}

#[test]
fn a_ticket_gives_its_place_back_unless_everything_was_served() {
    let mut record = ready(Some(2));
    for ticket in [50, 51] {
        take(&mut record, ticket, 0).unwrap();
        record.charge(&bytes(ticket), HEADER + PAYLOAD, 0).unwrap();
    }
    record.refund(&bytes(51), 1, 0).unwrap();
    assert_eq!(take_while(&mut record, 52, &[50, 51], TICKET_SECONDS - 1), Err(Code::DownloadsTaken.into()));
    record.settle(TICKET_SECONDS);
    assert_eq!(left(&record), Some(1), "51 came back, 50 did not");
    assert_eq!(kinds(&record), ["created", "ready", "ticket", "ticket", "ticket_returned"]);
    assert_eq!(record.admitted(Some(&bytes(51)), TICKET_SECONDS).err(), Some(Code::TicketInvalid.into()));
    assert_eq!(receive(&mut record, 51, TICKET_SECONDS), Err(Code::TicketInvalid.into()));
    assert!(record.admitted(Some(&bytes(50)), TICKET_SECONDS).is_err(), "it has ended too");
    take(&mut record, 52, TICKET_SECONDS).unwrap();
    receive(&mut record, 52, TICKET_SECONDS).unwrap();
    assert_eq!(take(&mut record, 53, TICKET_SECONDS), Err(Code::DownloadsTaken.into()), "50 never sent a receipt");
    assert_eq!(record.state(TICKET_SECONDS), State::Ready);
    receive(&mut record, 50, TICKET_SECONDS + 1).unwrap();
    assert_eq!(record.state(TICKET_SECONDS + 1), State::Collected, "a late receipt counts");
    receive(&mut record, 50, TICKET_SECONDS + 2).unwrap();
}

#[test]
fn pieces_served_on_one_ticket_add_up() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 0).unwrap();
    record.charge(&bytes(50), HEADER, 0).unwrap();
    record.charge(&bytes(50), PAYLOAD, 0).unwrap();
    record.settle(TICKET_SECONDS);
    assert_eq!(left(&record), Some(0));
    assert_eq!(record.charge(&bytes(50), 1, 0), Err(Code::TicketInvalid.into()));
    assert_eq!(record.refund(&bytes(50), 1, 0), Err(Code::TicketInvalid.into()));
}

#[test]
fn the_last_receipt_ends_the_share() {
    let mut record = ready(Some(2));
    take(&mut record, 50, 1).unwrap();
    take(&mut record, 51, 1).unwrap();
    receive(&mut record, 50, 2).unwrap();
    receive(&mut record, 50, 3).unwrap();
    assert_eq!(record.state(3), State::Ready, "the same receipt twice is one");
    receive(&mut record, 51, 4).unwrap();
    assert_eq!(record.live(4).err(), Some(gone(Ending::Collected, 4)));
    assert_eq!(receive(&mut record, 51, 5), Ok(()), "again, after the end");
    assert_eq!(receive(&mut record, 52, 5), Err(gone(Ending::Collected, 4)));
    assert_eq!(take(&mut record, 52, 5), Err(gone(Ending::Collected, 4)));
    assert_eq!(record.revoke(6), Err(gone(Ending::Collected, 4)));
    assert_eq!(record.may_seal(PAYLOAD, &ACCEPTS, 6), Ok(true), "a sender that seals late is done");
    assert_eq!(kinds(&record), ["created", "ready", "ticket", "ticket", "receipt", "receipt", "collected"]);
}

#[test]
fn a_receipt_without_a_ticket_is_refused() {
    let mut record = ready(Some(1));
    for saved in [Saved::Disk, Saved::Browser, Saved::Confirmed] {
        assert_eq!(record.receive(None, &receipt(saved), GRACE, 0), Err(Code::TicketInvalid.into()));
        assert_eq!(record.receive(Some(&bytes(50)), &receipt(saved), GRACE, 0), Err(Code::TicketInvalid.into()));
    }
    assert_eq!(record.state(0), State::Ready);
}

#[test]
fn without_a_limit_a_share_stays_after_receipts() {
    let mut record = ready(None);
    for ticket in 50..60 {
        take(&mut record, ticket, 0).unwrap();
        receive(&mut record, ticket, 0).unwrap();
    }
    assert_eq!((record.state(0), left(&record)), (State::Ready, None));
}

#[test]
fn a_given_ticket_is_honoured_past_expiry_to_its_own_end() {
    let mut record = ready(None);
    let (end, taken) = (7 * DAY, 7 * DAY - 10);
    take(&mut record, 50, taken).unwrap();
    take(&mut record, 51, taken).unwrap();
    record.settle(end);
    assert!(!record.is_gone());
    assert_eq!(record.state(end), State::Expired);
    assert_eq!(take(&mut record, 52, end), Err(gone(Ending::Expired, end)), "nobody new");
    assert!(take(&mut record, 50, end).is_ok(), "the same ticket asked again");
    assert!(record.admitted(Some(&bytes(50)), end).is_ok());
    assert_eq!(record.admitted(Some(&bytes(52)), end).err(), Some(gone(Ending::Expired, end)));
    assert_eq!(receive(&mut record, 50, end + 1), Ok(()));
    assert!(!record.is_gone(), "51 still runs");
    record.settle(taken + TICKET_SECONDS);
    assert_eq!(record.live(taken + TICKET_SECONDS).err(), Some(gone(Ending::Expired, end)));
}

#[test]
fn the_last_running_receipt_past_expiry_ends_the_share() {
    let mut record = ready(None);
    take(&mut record, 50, 7 * DAY - 10).unwrap();
    receive(&mut record, 50, 7 * DAY + 10).unwrap();
    assert!(record.is_gone());
    assert_eq!(record.state(7 * DAY + 10), State::Expired);
}

#[test]
fn revoking_ends_everything_at_once_and_may_be_repeated() {
    let mut record = ready(None);
    take(&mut record, 50, 5).unwrap();
    record.revoke(6).unwrap();
    record.revoke(7).unwrap();
    assert_eq!(record.admitted(Some(&bytes(50)), 7).err(), Some(gone(Ending::Revoked, 6)));
    assert_eq!(record.created_again(&request(), 7), Err(gone(Ending::Revoked, 6)));
    assert_eq!(record.unlock(7), Err(gone(Ending::Revoked, 6)));
    let mut expired = ready(None);
    take(&mut expired, 50, 7 * DAY - 1).unwrap();
    expired.settle(7 * DAY + 1);
    expired.revoke(7 * DAY + 1).unwrap();
    assert!(expired.is_gone(), "the sender may stop tickets that outlive the expiry");
}

#[test]
fn only_the_manage_key_manages() {
    let record = ready(None);
    assert_eq!(record.managed_by(Some(&digest::of_secret(&bytes(MANAGER)))), Ok(()));
    for wrong in [None, Some(&bytes(MANAGER)), Some(&bytes(0))] {
        assert_eq!(record.managed_by(wrong), Err(Code::NotManager.into()));
    }
}

#[test]
fn a_clock_that_jumps_does_not_overflow() {
    let mut record = Record::create(request(), &ACCEPTS, u64::MAX - 5).unwrap();
    record.settle(u64::MAX);
    assert_eq!(record.state(u64::MAX), State::Expired);
    record.settle(0);
    assert!(!record.forgotten(0));
}

#[test]
fn what_was_given_to_a_browser_can_be_downloaded_again_for_a_while() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 10).unwrap();
    record.charge(&bytes(50), HEADER + PAYLOAD, 10).unwrap();
    let until = 20 + GRACE;
    assert_eq!(receive_as(&mut record, 50, Saved::Browser, 20), Ok(Some(until)));
    assert_eq!(receive_as(&mut record, 50, Saved::Browser, 30), Ok(Some(until)), "again, it changes nothing");
    assert_eq!(record.state(until - 1), State::Ready);
    assert_eq!(record.live(30).unwrap().delivery.again_until(30), Some(until));
    assert_eq!(record.events(EventLog::default(), 30).content_until, Some(until));
    assert_eq!(left(&record), Some(0));
    assert!(record.admitted(Some(&bytes(50)), until - 1).is_ok(), "the same ticket goes on");
    assert_eq!(take(&mut record, 50, 30), Ok(Ticket { expires_at: until }), "and is not given anew");
    record.settle(until);
    assert_eq!(record.live(until).err(), Some(gone(Ending::Collected, until)));
    assert_eq!(receive_as(&mut record, 50, Saved::Browser, until + 1), Ok(None), "after the end too");
    assert_eq!(receive_as(&mut record, 50, Saved::Confirmed, until + 1), Ok(None));
    assert_eq!(kinds(&record), ["created", "ready", "ticket", "receipt", "collected"]);
}

#[test]
fn who_shows_the_proof_takes_over_what_was_given_to_a_browser() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 10).unwrap();
    record.charge(&bytes(50), HEADER + PAYLOAD, 10).unwrap();
    receive_as(&mut record, 50, Saved::Browser, 20).unwrap();
    assert_eq!(take_while(&mut record, 51, &[50], 30), Ok(Ticket { expires_at: 30 + TICKET_SECONDS }));
    assert_eq!(record.admitted(Some(&bytes(50)), 31).err(), Some(Code::TicketInvalid.into()), "its ticket has ended");
    assert_eq!(take(&mut record, 50, 31), Err(Code::TicketInvalid.into()), "and does not come back");
    assert_eq!(receive_as(&mut record, 50, Saved::Confirmed, 31), Ok(None), "nor does another receipt end anything");
    assert_eq!(record.state(20 + GRACE), State::Ready, "the new one has its own time");
    record.settle(30 + TICKET_SECONDS);
    assert!(matches!(record.live(30 + TICKET_SECONDS), Err(Refusal::Gone { ending: Ending::Collected, .. })));
    assert_eq!(kinds(&record), ["created", "ready", "ticket", "receipt", "ticket", "collected"]);
}

#[test]
fn confirming_ends_the_grace_and_only_a_proof_takes_over() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 10).unwrap();
    receive_as(&mut record, 50, Saved::Browser, 20).unwrap();
    assert_eq!(receive_as(&mut record, 50, Saved::Confirmed, 30), Ok(None));
    assert_eq!(record.live(30).err(), Some(gone(Ending::Collected, 30)));
    assert_eq!(receive_as(&mut record, 50, Saved::Confirmed, 40), Ok(None));
    assert_eq!(kinds(&record), ["created", "ready", "ticket", "receipt", "receipt", "collected"]);

    let mut keys = begun(CreateShare { proof_hash: None, downloads: Some(1), ..request() });
    keys.seal(PAYLOAD, 0).unwrap();
    let take = |keys: &mut Record, ticket| keys.take_ticket(None, &bytes(ticket), |_| Some(Duration::MAX), 25);
    take(&mut keys, 50).unwrap();
    assert_eq!(take(&mut keys, 51), Err(Code::DownloadsTaken.into()));
    receive_as(&mut keys, 50, Saved::Browser, 20).unwrap();
    assert_eq!(take(&mut keys, 51), Err(Code::DownloadsTaken.into()));
    assert!(take(&mut keys, 50).is_ok() && keys.admitted(Some(&bytes(50)), 25).is_ok(), "the same ticket only");
}

#[test]
fn a_ticket_that_was_left_is_taken_over_and_one_in_use_is_not() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 10).unwrap();
    record.charge(&bytes(50), HEADER, 10).unwrap();
    assert_eq!(take_while(&mut record, 51, &[50], 20), Err(Code::DownloadsTaken.into()), "an answer runs on it");
    assert!(
        record.take_ticket(Some(&bytes(99)), &bytes(51), |_| Some(Duration::MAX), 20).is_err(),
        "without the words"
    );
    take(&mut record, 51, 20).unwrap();
    assert_eq!(record.charge(&bytes(50), 1, 20), Err(Code::TicketInvalid.into()));
    assert_eq!(record.admitted(Some(&bytes(50)), 20).err(), Some(Code::TicketInvalid.into()));
    let replaced = events(&record).iter().find_map(|event| match &event.kind {
        EventKind::Ticket { ticket_hash, replaces } if *ticket_hash == bytes(51) => *replaces,
        _ => None,
    });
    assert_eq!(replaced, Some(bytes(50)));
    receive(&mut record, 51, 30).unwrap();
    assert_eq!(record.state(30), State::Collected);
}

#[test]
fn a_ticket_that_was_just_taken_is_not_taken_over() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 100).unwrap();
    assert_eq!(take(&mut record, 51, 100 + FRESH_TICKET_SECONDS - 1), Err(Code::DownloadsTaken.into()));
    take(&mut record, 51, 100 + FRESH_TICKET_SECONDS).unwrap();
}

#[test]
fn a_ticket_whose_receipt_is_about_to_come_is_not_taken_over() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 0).unwrap();
    record.charge(&bytes(50), HEADER + PAYLOAD, 0).unwrap();
    let proof = digest::of_secret(&bytes(PROOF));
    let after =
        |record: &mut Record, quiet: Duration| record.take_ticket(Some(&proof), &bytes(51), |_| Some(quiet), 100);
    let soon = RECEIPT_WAIT - Duration::from_secs(1);
    assert_eq!(after(&mut record, soon), Err(Code::DownloadsTaken.into()));
    assert!(after(&mut record, RECEIPT_WAIT).is_ok());
}

#[test]
fn a_free_place_is_taken_before_another_is_taken_over() {
    let mut record = ready(Some(2));
    take(&mut record, 50, 10).unwrap();
    receive_as(&mut record, 50, Saved::Browser, 20).unwrap();
    take(&mut record, 51, 30).unwrap();
    assert!(record.admitted(Some(&bytes(50)), 30).is_ok());
    take_while(&mut record, 52, &[50, 51], 40).unwrap();
    assert!(record.admitted(Some(&bytes(51)), 40).is_ok(), "one in use stays");
    assert!(record.admitted(Some(&bytes(50)), 40).is_err());
    assert_eq!(record.live(40).unwrap().delivery.running.len(), 2);
}

#[test]
fn a_place_on_which_everything_was_served_stays_used_when_it_is_taken_over() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 0).unwrap();
    record.charge(&bytes(50), HEADER + PAYLOAD, 0).unwrap();
    take(&mut record, 51, 10).unwrap();
    record.charge(&bytes(51), HEADER, 10).unwrap();
    record.refund(&bytes(51), HEADER, 10).unwrap();
    assert_eq!(receive(&mut record, 50, 11), Ok(()), "its holder has it all, and says so");
    assert_eq!(record.state(11), State::Ready, "the one who took over goes on");
    assert!(record.admitted(Some(&bytes(51)), 11).is_ok() && record.admitted(Some(&bytes(50)), 11).is_err());
    record.settle(10 + TICKET_SECONDS);
    assert_eq!(left(&record), Some(0));

    let mut part = ready(Some(1));
    take(&mut part, 50, 0).unwrap();
    part.charge(&bytes(50), HEADER, 0).unwrap();
    take(&mut part, 51, 10).unwrap();
    assert_eq!(receive(&mut part, 50, 11), Err(Code::TicketInvalid.into()), "it cannot have it all");
    part.settle(10 + TICKET_SECONDS);
    assert_eq!(left(&part), Some(1), "nobody had everything");
}

#[test]
fn a_ticket_that_has_ended_never_comes_back() {
    let mut record = ready(Some(3));
    for ticket in [50, 51, 52] {
        take(&mut record, ticket, 0).unwrap();
    }
    record.charge(&bytes(51), HEADER + PAYLOAD, 0).unwrap();
    receive(&mut record, 50, 1).unwrap();
    for (ticket, why) in [(50, "its receipt came"), (51, "everything was served"), (52, "it was returned")] {
        let before = record.clone();
        let now = if ticket == 50 { 2 } else { TICKET_SECONDS };
        let refused = take(&mut record, ticket, now);
        assert_eq!(refused, Err(Code::TicketInvalid.into()), "{why}");
        if ticket == 50 {
            assert_eq!(record, before, "repeats change nothing");
            assert_eq!(receive(&mut record, 50, 3), Ok(()));
            assert_eq!(record, before, "repeats change nothing");
        }
    }
    assert_eq!(left(&record), Some(1));
}

#[test]
fn a_late_receipt_of_a_browser_gives_its_grace_too() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 0).unwrap();
    record.charge(&bytes(50), HEADER + PAYLOAD, 0).unwrap();
    let late = TICKET_SECONDS + 5;
    assert_eq!(receive_as(&mut record, 50, Saved::Browser, late), Ok(Some(late + GRACE)));
    record.settle(late + GRACE);
    assert_eq!(record.live(late + GRACE).err(), Some(gone(Ending::Collected, late + GRACE)));
}

#[test]
fn a_grace_outlives_the_expiry_and_lets_nobody_new_in() {
    let mut record = ready(None);
    let end = 7 * DAY;
    take(&mut record, 50, end - 20).unwrap();
    receive_as(&mut record, 50, Saved::Browser, end - 10).unwrap();
    record.settle(end);
    assert!(!record.is_gone() && record.admitted(Some(&bytes(50)), end).is_ok());
    assert_eq!(take(&mut record, 51, end), Err(gone(Ending::Expired, end)));
    record.settle(end - 10 + GRACE);
    assert!(record.is_gone());
}

#[test]
fn revoking_ends_a_grace_at_once() {
    let mut record = ready(Some(1));
    take(&mut record, 50, 10).unwrap();
    receive_as(&mut record, 50, Saved::Browser, 20).unwrap();
    record.revoke(30).unwrap();
    assert_eq!(record.admitted(Some(&bytes(50)), 30).err(), Some(gone(Ending::Revoked, 30)));
    assert_eq!(record.events(EventLog::default(), 30).content_until, None);
}

/// While the clock cannot be trusted nothing is settled; what has expired is refused all the same, and nothing that a
/// right clock would still have is lost.
#[test]
fn what_has_expired_is_refused_before_it_is_written_down() {
    let take_unsettled = |record: &mut Record, ticket, now| {
        record.take_ticket(Some(&digest::of_secret(&bytes(PROOF))), &bytes(ticket), |_| Some(Duration::MAX), now)
    };
    let mut record = ready(Some(2));
    for ticket in [50, 51] {
        take(&mut record, ticket, 0).unwrap();
    }
    record.charge(&bytes(50), HEADER + PAYLOAD, 0).unwrap();
    let far = TICKET_SECONDS + 1;
    for ticket in [50, 51] {
        assert_eq!(record.admitted(Some(&bytes(ticket)), far).err(), Some(Code::TicketInvalid.into()));
    }
    assert_eq!(left(&record), Some(0), "no place is given away");
    let before = record.clone();
    assert_eq!(record.receive(Some(&bytes(50)), &receipt(Saved::Disk), GRACE, far), Ok(None), "all was served on it");
    assert_eq!(record.state(far), State::Ready);

    let mut record = before;
    let end = 7 * DAY;
    assert_eq!(take_unsettled(&mut record, 52, end), Err(gone(Ending::Expired, end)));
    assert_eq!((record.state(end), record.is_gone()), (State::Expired, false));
    assert!(record.admitted(Some(&bytes(51)), 5).is_ok(), "with the right time it is there");

    let mut given = ready(Some(1));
    take(&mut given, 50, 0).unwrap();
    receive_as(&mut given, 50, Saved::Browser, 0).unwrap();
    assert_eq!(given.state(GRACE), State::Collected);
    assert_eq!(take_unsettled(&mut given, 51, GRACE), Err(gone(Ending::Collected, GRACE)));
    assert!(!given.is_gone());
    given.revoke(GRACE).unwrap();
    assert!(given.is_gone(), "taking back needs no clock");
}
