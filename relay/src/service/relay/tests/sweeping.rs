//! What the sweep costs.

use super::*;
use crate::storage::{
    disk::Disk,
    test_support::{Recorder, fast_dir},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_costs_what_is_due_and_not_what_there_is() {
    const SHARES: u32 = 10_000;
    const DUE: u32 = 10;
    let (dir, recorder, clock) = (fast_dir(), Recorder::default(), TestClock::at(1000));
    let start = || {
        let store = LocalStore::init_on(Disk::recorded(&recorder), dir.path()).unwrap();
        let relay = Relay::new(Config { clock: clock.clone(), ..Config::new(Senders::Anyone) }, store.into());
        clock.pass(STEADY.as_secs());
        relay
    };
    let mut relay = start();
    relay.sweep().await.unwrap();
    let id = |number: u32| ShareId::from_random([number.to_be_bytes(); 3].concat().try_into().unwrap());
    for number in 0..SHARES {
        let expires_in = if number < DUE { 3600 } else { 24 * 3600 };
        relay.create(id(number), Principal::Anyone, CreateShare { expires_in, ..request(None) }).await.unwrap();
    }
    let cost = async |relay: &Arc<Relay>| {
        let before = recorder.calls();
        relay.sweep().await.unwrap();
        recorder.calls() - before
    };
    assert_eq!(cost(&relay).await, 0, "nothing is due");
    clock.pass(3600);
    let due = cost(&relay).await;
    assert!(due >= DUE as usize && due <= 50 * DUE as usize, "{due} calls to the disk for {DUE} shares");
    assert_eq!(code(relay.status(id(0)).await), Code::Expired);
    assert_eq!(relay.status(id(DUE)).await.unwrap().state, State::Uploading);
    assert_eq!(cost(&relay).await, 0, "all is done");

    drop(relay);
    relay = start();
    assert!(cost(&relay).await <= SHARES as usize, "the first sweep after a start reads each record once");
    assert_eq!(cost(&relay).await, 0);
    clock.pass(24 * 3600);
    relay.sweep().await.unwrap();
    assert_eq!(code(relay.status(id(SHARES - 1)).await), Code::Expired);
}
