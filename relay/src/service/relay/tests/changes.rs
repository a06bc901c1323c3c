//! Changes of one share that wait for each other.

use super::*;

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
