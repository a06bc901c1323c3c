//! A relay in this process, at a time the test sets.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use share_relay::clock::Clock;
use tokio::sync::oneshot;

/// Listens on loopback, on a thread of its own. Stops when dropped.
pub struct ClockedRelay {
    pub url: String,
    clock: Arc<TestClock>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

/// A wall clock and a monotonic one, in seconds.
struct TestClock {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl Clock for TestClock {
    fn wall(&self) -> u64 {
        self.wall.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(Ordering::SeqCst))
    }

    fn is_synchronised(&self) -> bool {
        false
    }
}

impl ClockedRelay {
    /// With its data in this folder, and the time it is now. It keeps shares for up to a year.
    pub fn start(data: &Path) -> Self {
        let clock = Arc::new(TestClock { wall: share_client::clock::now().into(), monotonic: AtomicU64::default() });
        let mut config =
            share_relay::Config { clock: clock.clone(), ..share_relay::Config::new(share_relay::Senders::Anyone) };
        config.accepts.expiry_seconds = 365 * 24 * 3600;
        let store = share_relay::storage::LocalStore::init(data).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(format!("http://{}", listener.local_addr().unwrap())).unwrap();
                let stopped = async { drop(stopped.await) };
                share_relay::serve(listener, config, store, stopped).await.unwrap();
            });
        });
        Self { url: told.recv().unwrap(), clock, stop: Some(stop), serving: Some(serving) }
    }

    pub fn pass(&self, time: Duration) {
        self.clock.monotonic.fetch_add(time.as_secs(), Ordering::SeqCst);
        self.clock.wall.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// Sets the clock on the wall wrong, or right again, though no time passes.
    pub fn jump(&self, seconds: i64) {
        self.clock.wall.fetch_add(seconds as u64, Ordering::SeqCst);
    }
}

impl Drop for ClockedRelay {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A relay that panicked has said so already.
        let _ = self.serving.take().map(JoinHandle::join);
    }
}
