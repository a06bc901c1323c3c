//! From creation to tombstone.

use super::*;

#[test]
fn a_stored_record_keeps_its_form() {
    let mut record = begun(request());
    take(&mut record, 1, 0).unwrap();
    let stored = serde_json::to_value(&record).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&stored), "history life");
    assert_eq!(keys(&stored["history"]), "ended is_damaged moved newest receipts received");
    let share = &stored["life"]["live"];
    assert_eq!(keys(share), "created_at delivery expires_at object owner request");
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
    let mut record = Record::create(request(), Principal::Anyone, &ACCEPTS, 100).unwrap();
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
fn an_upload_does_not_outlive_its_expiry_even_with_tickets() {
    let mut record = begun(CreateShare { expires_in: 60, ..request() });
    take(&mut record, 50, 5).unwrap();
    record.settle(60);
    assert!(record.is_gone());
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
    let mut record = Record::create(request(), Principal::Anyone, &ACCEPTS, u64::MAX - 5).unwrap();
    record.settle(u64::MAX);
    assert_eq!(record.state(u64::MAX), State::Expired);
    record.settle(0);
    assert!(!record.forgotten(0));
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
