//! Tickets, their places, and who takes them over.

use super::*;

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
    let mut record = Record::create(request(), Principal::Anyone, &ACCEPTS, 0).unwrap();
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
