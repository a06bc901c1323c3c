//! A disk that fails at any step costs nothing that was acknowledged, and what failed works when it is repeated.

use super::{
    fast_dir,
    power_cut::{Kept, seed},
    promises::Run,
    recorder::Recorder,
};
use crate::storage::Records;

const EIO: i32 = 5;
const EMFILE: i32 = 24;
const ENOSPC: i32 = 28;

/// Up to so many changes after a failure the power is cut, after every third of them.
const CUTS: usize = 24;

/// Runs everything with a disk that fails at step `first` and maybe the next; `false` if there was no such step.
async fn survives(first: usize, many: usize, error: i32, seed: u64) -> bool {
    let (dir, recorder) = (fast_dir(), Recorder::default());
    let run = Run::start(dir.path(), recorder);
    let begun = run.recorder.made();
    run.recorder.fail(first, many, error);
    run.everything().await;
    if !run.recorder.has_failed() {
        return false;
    }
    run.recorder.heal();
    run.check_now().await;
    let mut cut = run.power_cut();
    let changes = run.recorder.changes();
    for (made, change) in changes.iter().enumerate() {
        cut.apply(change);
        if (begun + first..begun + first + CUTS).contains(&made) && made % 3 == first % 3 {
            run.check_cut(&cut, made + 1, Kept::Nothing).await;
        }
    }
    for kept in [Kept::Nothing, Kept::Everything, Kept::Some(seed + first as u64)] {
        run.check_cut(&cut, changes.len(), kept).await;
    }
    true
}

async fn survives_at_every_step(error: i32) {
    let seed = seed();
    for first in 0.. {
        // Sometimes what comes next fails too.
        if !survives(first, 1 + first % 3 / 2, error, seed).await {
            assert!(first > 100, "only {first} steps were tried");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_cannot_write_somewhere_loses_nothing_acknowledged() {
    survives_at_every_step(EIO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_at_any_step_loses_nothing_acknowledged() {
    survives_at_every_step(ENOSPC).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_open_files_at_any_step_lose_nothing_acknowledged() {
    survives_at_every_step(EMFILE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_at_any_step_can_be_repeated() {
    let (dir, recorder) = (fast_dir(), Recorder::default());
    let mut run = Run::start(dir.path(), recorder.clone());
    run.everything().await;
    for error in [EIO, ENOSPC, EMFILE] {
        for first in 0.. {
            recorder.fail(first, 1, error);
            run = run.restarted();
            drop(run.store.due(0).await);
            if !recorder.has_failed() {
                assert!(first > 9, "only {first} steps were tried");
                break;
            }
            run.check_now().await;
        }
    }
}
