//! Power loss between any two changes loses nothing that was acknowledged.
//!
//! `SHARE_ROUNDS=200 cargo test -p share-relay -- power_loss` tries more; `SHARE_SEED` repeats a run that failed.

use super::{
    fast_dir,
    power_cut::{Kept, kept, seed},
    promises::Run,
    recorder::Recorder,
};

/// A relay that is killed leaves to the next one what it had written and not synced; then the power goes.
async fn survives_both(first: usize, seed: u64) -> bool {
    let dir = fast_dir();
    let run = Run::start(dir.path(), Recorder::default());
    run.recorder.die(first);
    let killed = tokio::spawn({
        let run = run.clone();
        async move { run.uploads().await }
    });
    while !run.recorder.has_failed() && !killed.is_finished() {
        tokio::task::yield_now().await;
    }
    if killed.is_finished() && !run.recorder.has_failed() {
        return false;
    }
    killed.abort();
    drop(killed.await);
    run.recorder.heal();
    let run = run.restarted();
    run.uploads().await;
    let (mut cut, changes) = (run.power_cut(), run.recorder.changes());
    changes.iter().for_each(|change| cut.apply(change));
    for kept in [Kept::Nothing, Kept::Some(seed + first as u64)] {
        run.check_cut(&cut, changes.len(), kept).await;
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn power_loss_after_a_kill_loses_nothing_that_the_next_relay_acknowledged() {
    let seed = seed();
    let mut first = 0;
    while survives_both(first, seed).await {
        first += 1;
    }
    assert!(first > 100, "only {first} steps were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn power_loss_at_any_step_loses_nothing_acknowledged() {
    let (dir, seed) = (fast_dir(), seed());
    let run = Run::start(dir.path(), Recorder::default());
    run.everything().await;
    run.check_now().await;
    let mut cut = run.power_cut();
    let changes = run.recorder.changes();
    for made in 0..=changes.len() {
        for kept in kept(seed) {
            run.check_cut(&cut, made, kept).await;
        }
        if let Some(change) = changes.get(made) {
            cut.apply(change);
        }
    }
}
