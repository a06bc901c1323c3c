//! Receipts, and the grace of a download that was given to a browser.

use super::*;

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
