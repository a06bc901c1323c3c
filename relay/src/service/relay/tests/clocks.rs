//! What time ends, and a clock that is wrong.

use super::*;

#[tokio::test]
async fn a_ticket_outlives_the_share_and_then_the_sweep_takes_all() {
    let setting = setting();
    setting.upload(None, &[0, 1]).await;
    setting.relay.seal(id(), key(), PAYLOAD).await.unwrap();
    setting.take(9).await.unwrap();
    setting.advance(3600);
    setting.relay.sweep().await.unwrap();
    assert_eq!(code(setting.relay.status(id()).await), Code::Expired);
    assert_eq!(code(setting.take(8).await), Code::Expired);
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
    setting.advance(TICKET_SECONDS - 3600);
    setting.relay.sweep().await.unwrap();
    assert!(!setting.on_disk("content.age") && setting.on_disk("record.json"));
    assert_eq!(setting.relay.events(id(), key()).await.unwrap().state, State::Expired);
    setting.advance(TOMBSTONE_SECONDS);
    setting.relay.sweep().await.unwrap();
    assert!(!setting.on_disk("record.json"));
    assert_eq!(code(setting.relay.status(id()).await), Code::NotFound);
}

#[tokio::test]
async fn leftovers_of_an_ended_share_are_swept() {
    let setting = setting();
    setting.upload(None, &[0]).await;
    setting.relay.revoke(id(), key()).await.unwrap();
    let left = setting.dir.path().join("shares").join(id().as_str()).join("content.age");
    std::fs::write(&left, b"a crash came between").unwrap();
    setting.relay.sweep().await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn a_start_with_a_wrong_clock_deletes_nothing() {
    let setting = uploaded().await;
    let right = setting.relay.now();
    let mut setting = setting;
    for wrong in [right + 2 * DAY, right + 40 * DAY, right + 5000 * DAY] {
        setting = setting.restarted_at(wrong);
        for _ in 0..3 {
            setting.check_and_sweep().await;
            assert_eq!(code(setting.relay.status(id()).await), Code::Expired, "it is refused all the same");
            assert_eq!(code(setting.take(9).await), Code::Expired);
            assert_eq!(setting.relay.events(id(), key()).await.unwrap().state, State::Expired);
            assert!(setting.on_disk("content.age"));
            setting.clock.pass(STEADY.as_secs() / 4);
        }
    }
    let setting = setting.restarted_at(right);
    setting.check_and_sweep().await;
    setting.take(9).await.unwrap();
    assert_eq!(drain(setting.fetch(9).await.unwrap()).await, content());
}

#[tokio::test]
async fn a_clock_that_is_set_while_the_relay_runs_deletes_nothing_for_an_hour() {
    let setting = uploaded().await;
    let expired = setting.relay.now() + 3600;
    setting.clock.set(expired);
    setting.check_and_sweep().await;
    setting.clock.pass(STEADY.as_secs() - 1);
    setting.check_and_sweep().await;
    assert!(setting.on_disk("content.age"));
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Settling);
    setting.clock.pass(1);
    setting.check_and_sweep().await;
    assert!(!setting.on_disk("content.age"));
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Steady);
}

#[tokio::test]
async fn far_from_the_noted_time_nothing_is_deleted_until_somebody_confirms_it() {
    let setting = uploaded().await;
    setting.relay.revoke(id(), key()).await.unwrap();
    let setting = {
        let later = setting.relay.now() + TOMBSTONE_SECONDS + 10 * DAY;
        setting.restarted_at(later)
    };
    for _ in 0..3 {
        setting.check_and_sweep().await;
        assert!(setting.on_disk("record.json"), "the tombstone stays");
        setting.clock.pass(STEADY.as_secs());
    }
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Unconfirmed);
    assert!(setting.relay.metrics.render().contains("share_relay_clock_trust 2\n"));
    crate::storage::confirm_time(setting.dir.path(), setting.relay.now()).unwrap();
    setting.check_and_sweep().await;
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Steady);
    setting.check_and_sweep().await;
    assert!(!setting.on_disk("record.json"));
}

#[tokio::test]
async fn a_noted_time_that_cannot_be_read_counts_as_far_off() {
    let setting = uploaded().await;
    let now = setting.relay.now();
    std::fs::write(setting.dir.path().join("clock"), "soon\n").unwrap();
    let setting = setting.restarted_at(now);
    setting.relay.check_clock().await;
    setting.clock.pass(STEADY.as_secs());
    assert_eq!(setting.relay.ready().await.unwrap(), Trust::Unconfirmed);
}

#[tokio::test]
async fn a_clock_set_back_revives_nothing() {
    let setting = uploaded().await;
    let before = setting.relay.now();
    setting.advance(3600);
    assert_eq!(code(setting.relay.status(id()).await), Code::Expired, "by a clock that is trusted");
    setting.clock.set(before);
    assert_eq!(code(setting.relay.status(id()).await), Code::Expired);
    assert_eq!(code(setting.take(9).await), Code::Expired);
}
