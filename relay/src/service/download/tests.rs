//! When a client counts as stalled.

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn watched(progress: &Arc<Progress>) -> (Watch, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::storage::LocalStore::init(dir.path()).unwrap();
    let relay = Relay::new(crate::config::Config::new(crate::admission::Senders::Anyone), store.into());
    let id = ShareId::from_random([1; 12]);
    (Watch { relay, id, ticket: None, bytes: 1 << 30, written: None, before: 0, progress: progress.clone() }, dir)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_slice_now_and_then_is_waited_for_and_one_that_takes_less_is_not() {
    let progress = Arc::<Progress>::default();
    let (watch, _dir) = watched(&progress);
    let slowly = async {
        for _ in 0..4 {
            sleep(PATIENCE * 7 / 10).await;
            progress.given.fetch_add(SLICE_BYTES as u64, Ordering::Release);
        }
        progress.given.fetch_add(SLICE_BYTES as u64 - 1, Ordering::Release);
        Instant::now()
    };
    let (took_last, ()) = tokio::join!(slowly, watch.stalled(PATIENCE));
    assert!(took_last.elapsed() >= PATIENCE && took_last.elapsed() <= 2 * PATIENCE);
    assert_eq!(watch.taken(), 5 * SLICE_BYTES as u64 - 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_more_has_not_stalled() {
    let progress = Arc::<Progress>::default();
    let (watch, _dir) = watched(&progress);
    progress.is_awaited.store(true, Ordering::Release);
    assert!(tokio::time::timeout(10 * PATIENCE, watch.stalled(PATIENCE)).await.is_err());
}
