//! Power loss between any two changes loses nothing that was acknowledged.
//!
//! `SHARE_ROUNDS=200 cargo test -p share-relay -- power_loss` tries more; `SHARE_SEED` repeats a run that failed.

use super::promises::{Run, fast_dir};
use crate::disk::{
    power_cut::{kept, seed},
    recorder::Recorder,
};

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
