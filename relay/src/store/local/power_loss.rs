//! Power loss between any two changes loses nothing that was acknowledged.
//!
//! `SHARE_ROUNDS=100 cargo test -p share-relay -- power_loss` tries more; `SHARE_SEED` repeats a run that failed.

use super::promises::{Run, fast_dir};
use crate::disk::{power_cut::Kept, recorder::Recorder};

/// A number from the environment.
pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The first of the seeds of this run, which is shown when it fails.
#[allow(clippy::print_stderr, reason = "a failed test must be repeatable")]
pub fn seed() -> u64 {
    let now = || std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos() as u64 >> 10);
    let seed = setting("SHARE_SEED").unwrap_or_else(now);
    eprintln!("SHARE_SEED={seed}");
    seed
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
        let some = (0..setting("SHARE_ROUNDS").unwrap_or(3)).map(|round| Kept::Some(seed + round));
        for kept in some.chain([Kept::Nothing, Kept::Everything]) {
            run.check_cut(&cut, made, kept).await;
        }
        if let Some(change) = changes.get(made) {
            cut.apply(change);
        }
    }
}
