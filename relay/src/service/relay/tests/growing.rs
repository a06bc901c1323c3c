//! A share with a crowd: what grows with it is not read by every call.

use super::*;

/// That many took it, and sent their receipts.
const MANY: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn a_share_with_a_thousand_receipts_has_a_small_record_and_forgets_none_of_them() {
    let setting = uploaded_for_all().await;
    let ticket = |number: usize| digest::of(&number.to_be_bytes());
    for number in 0..MANY {
        let ticket_hash = digest::of_secret(&ticket(number));
        setting.relay.take_ticket(id(), TakeTicket { proof: None, ticket_hash }).await.unwrap();
        setting.receive_on(ticket(number), Saved::Disk).await.unwrap();
    }
    let size = |key| {
        let records = setting.relay.records.clone();
        async move { records.load(key).await.unwrap().unwrap().bytes.len() }
    };
    let (record, log) = (size(Key::Share(id())).await, size(Key::Events(id())).await);
    assert!(record < 48 * 1024 && log > 256 * 1024, "a call reads {record} bytes, and not {log} others");

    let events = setting.relay.events(id(), key()).await.unwrap().events;
    assert_eq!(events.len(), MAX_EVENTS);
    let of = |number: usize| {
        let hash = digest::of_secret(&ticket(number));
        let has = |event: &&share_relay_api::Event| matches!(&event.kind, EventKind::Receipt { ticket_hash, .. } if *ticket_hash == hash);
        events.iter().filter(has).count()
    };
    assert!((0..MANY).all(|number| of(number) == 1));
    // What came again, or too often.
    setting.receive_on(ticket(0), Saved::Disk).await.unwrap();
    let again = TakeTicket { proof: None, ticket_hash: digest::of_secret(&ticket(0)) };
    assert_eq!(code(setting.relay.take_ticket(id(), again).await), Code::TicketInvalid);
    setting.take(1).await.unwrap();
    assert_eq!(code(setting.receive(1).await), Code::TooBusy);
    assert_eq!(drain(setting.fetch(1).await.unwrap()).await, content());
    setting.relay.revoke(id(), key()).await.unwrap();
    setting.receive_on(ticket(MANY - 1), Saved::Disk).await.unwrap();
    assert_eq!(setting.relay.events(id(), key()).await.unwrap().events.len(), MAX_EVENTS);
}

/// A complete share without a limit.
async fn uploaded_for_all() -> Setting {
    let setting = setting();
    setting.upload(None, &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting
}

#[cfg(unix)]
#[tokio::test]
async fn events_that_cannot_be_moved_stay_in_the_record() {
    use crate::storage::{disk::Disk, test_support::Recorder};
    const EIO: i32 = 5;
    let (dir, recorder, clock) = (tempfile::tempdir().unwrap(), Recorder::default(), TestClock::at(1000));
    let store = LocalStore::init_on(Disk::recorded(&recorder), dir.path()).unwrap();
    let relay = Relay::new(Config { clock: clock.clone(), ..Config::new(Senders::Anyone) }, store.into());
    let setting = Setting { dir, clock, relay };
    setting.upload(None, &[0]).await;
    for number in 0..3 * limits::MAX_NEWEST_EVENTS as u8 {
        // The log is made, or its bytes cannot be written.
        if setting.stored().await.history.is_full() {
            recorder.fail(usize::from(number % 2), 1, EIO);
        }
        setting.take(number).await.unwrap();
        recorder.heal();
    }
    let events = setting.relay.events(id(), key()).await.unwrap().events;
    let tickets = events.iter().filter(|event| matches!(event.kind, EventKind::Ticket { .. }));
    assert_eq!(tickets.count(), 3 * limits::MAX_NEWEST_EVENTS);
}
