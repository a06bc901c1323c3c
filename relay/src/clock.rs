//! The relay's clock, and whether it can be trusted to end anything.
//!
//! A wall clock may be wrong: a computer without a battery starts in another year, and a time server puts it right while
//! the relay runs. So what has expired is refused by the clock as it is, but nothing is deleted or written down as ended
//! until the clock has run [`STEADY`] without a step, and not while it is far from the time that was noted last, unless
//! the system or the operator says that it is right.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use serde::Serialize;

/// Where the time comes from. Tests bring their own.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z, as the system believes. May jump.
    fn wall(&self) -> u64;

    /// Time since some moment; never jumps.
    fn monotonic(&self) -> Duration;

    /// Whether the system says that a time server has set its clock.
    fn is_synchronised(&self) -> bool;
}

/// The clock of this computer.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> u64 {
        system_time()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    /// By the mark of systemd-timesyncd(8). Not by `adjtimex`, which the system call filters recommended for services
    /// forbid, some of them by ending the process.
    fn is_synchronised(&self) -> bool {
        Path::new("/run/systemd/timesync/synchronized").exists()
    }
}

/// Seconds since 1970-01-01T00:00:00Z by this computer's clock.
pub fn system_time() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// How long the clock must run without a step before anything ends by it.
pub const STEADY: Duration = Duration::from_secs(3600);

/// A difference between both clocks that is a step, in seconds.
const STEP_SECONDS: u64 = 60;

/// A difference from the time noted last that somebody must confirm, in seconds.
const FAR_SECONDS: u64 = 7 * 24 * 3600;

/// How far the clock can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// What its time has ended is deleted.
    Steady,
    /// The relay has just started, or the clock has just been set: nothing is deleted yet.
    Settling,
    /// It is far from the time noted last, and nobody has confirmed it: nothing is deleted.
    Unconfirmed,
}

impl Trust {
    /// In a word, for logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Settling => "settling",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// Watches a clock for steps.
pub struct ClockWatch(Mutex<Watched>);

struct Watched {
    /// What both clocks showed at the same moment.
    wall: u64,
    monotonic: Duration,
    /// Since when there was no step, by the monotonic clock.
    steady_since: Duration,
    /// The time noted last on disk, by a clock that was trusted.
    noted: Option<u64>,
    told: Option<Trust>,
}

impl ClockWatch {
    /// Begins to watch.
    pub fn new(clock: &dyn Clock) -> Self {
        let (wall, monotonic) = (clock.wall(), clock.monotonic());
        Self(Mutex::new(Watched { wall, monotonic, steady_since: monotonic, noted: None, told: None }))
    }

    /// Learns which time was noted last.
    pub fn noted(&self, time: Option<u64>) {
        self.watched().noted = time;
    }

    /// How far the clock can be trusted right now. A change is logged.
    pub fn trust(&self, clock: &dyn Clock) -> Trust {
        let mut watched = self.watched();
        let (wall, monotonic) = (clock.wall(), clock.monotonic());
        watched.look(wall, monotonic);
        let trust = if watched.is_far(wall) && !clock.is_synchronised() {
            Trust::Unconfirmed
        } else if monotonic.saturating_sub(watched.steady_since) < STEADY {
            Trust::Settling
        } else {
            Trust::Steady
        };
        if watched.told.replace(trust) != Some(trust) {
            watched.tell(trust, wall);
        }
        trust
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// Compares both clocks. Small differences add up while nothing is compared, so after an hour in which they were
    /// small they are forgotten.
    fn look(&mut self, wall: u64, monotonic: Duration) {
        let passed = monotonic.saturating_sub(self.monotonic);
        let is_step = wall.abs_diff(self.wall.saturating_add(passed.as_secs())) > STEP_SECONDS;
        if is_step {
            self.steady_since = monotonic;
        }
        if is_step || passed >= STEADY {
            (self.wall, self.monotonic) = (wall, monotonic);
        }
    }

    fn is_far(&self, wall: u64) -> bool {
        self.noted.is_some_and(|noted| wall.abs_diff(noted) > FAR_SECONDS)
    }

    fn tell(&self, trust: Trust, wall: u64) {
        let (clock, noted) = (trust.name(), self.noted);
        match trust {
            Trust::Steady => tracing::info!(clock, "what has expired is deleted"),
            Trust::Settling => {
                tracing::info!(
                    clock,
                    hold_seconds = STEADY.as_secs(),
                    "what has expired is refused, and not deleted yet"
                );
            }
            Trust::Unconfirmed => tracing::error!(
                clock,
                now = wall,
                noted,
                "the clock is more than 7 days from the time noted last: what has expired is refused, and nothing is \
                 deleted until the system reports synchronised time or `share-relay confirm-clock` is run"
            ),
        }
    }
}

/// A clock that tests move by hand.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    wall: std::sync::atomic::AtomicU64,
    monotonic: std::sync::atomic::AtomicU64,
    pub(crate) synchronised: std::sync::atomic::AtomicBool,
}

#[cfg(test)]
impl TestClock {
    /// A clock that shows this time.
    pub(crate) fn at(wall: u64) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self { wall: wall.into(), ..Self::default() })
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: u64) {
        self.monotonic.fetch_add(seconds, std::sync::atomic::Ordering::Relaxed);
        self.wall.fetch_add(seconds, std::sync::atomic::Ordering::Relaxed);
    }

    /// Sets the wall clock, while no time passes.
    pub(crate) fn set(&self, wall: u64) {
        self.wall.store(wall, std::sync::atomic::Ordering::Relaxed);
    }
}

#[cfg(test)]
impl Clock for TestClock {
    fn wall(&self) -> u64 {
        self.wall.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(std::sync::atomic::Ordering::Relaxed))
    }

    fn is_synchronised(&self) -> bool {
        self.synchronised.load(std::sync::atomic::Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;
    const NOW: u64 = 1_800_000_000;

    #[test]
    fn it_is_steady_an_hour_after_the_start_and_after_each_step() {
        let clock = TestClock::at(NOW);
        let watch = ClockWatch::new(&*clock);
        assert_eq!(watch.trust(&*clock), Trust::Settling);
        clock.pass(HOUR - 1);
        assert_eq!(watch.trust(&*clock), Trust::Settling);
        clock.pass(1);
        assert_eq!(watch.trust(&*clock), Trust::Steady);
        for step in [61, -61] {
            clock.set(clock.wall().saturating_add_signed(step));
            assert_eq!(watch.trust(&*clock), Trust::Settling, "{step}");
            clock.pass(HOUR - 1);
            assert_eq!(watch.trust(&*clock), Trust::Settling, "{step}");
            clock.pass(1);
            assert_eq!(watch.trust(&*clock), Trust::Steady, "{step}");
        }
    }

    #[test]
    fn small_corrections_are_no_step() {
        let clock = TestClock::at(NOW);
        let watch = ClockWatch::new(&*clock);
        clock.pass(HOUR);
        for _ in 0..100 {
            assert_eq!(watch.trust(&*clock), Trust::Steady);
            clock.pass(HOUR);
            clock.set(clock.wall() + 59);
        }
        assert_eq!(watch.trust(&*clock), Trust::Steady);
    }

    #[test]
    fn a_clock_that_runs_too_fast_is_not_steady() {
        let clock = TestClock::at(NOW);
        let watch = ClockWatch::new(&*clock);
        for _ in 0..2 * HOUR {
            clock.pass(1);
            clock.set(clock.wall() + 1);
            assert_eq!(watch.trust(&*clock), Trust::Settling);
        }
    }

    #[test]
    fn far_from_the_time_noted_last_somebody_must_confirm_it() {
        let clock = TestClock::at(NOW);
        let watch = ClockWatch::new(&*clock);
        watch.noted(Some(NOW - 7 * DAY));
        clock.pass(HOUR);
        assert_eq!(watch.trust(&*clock), Trust::Unconfirmed);
        clock.synchronised.store(true, Ordering::Relaxed);
        assert_eq!(watch.trust(&*clock), Trust::Steady, "the system says that it is right");
        clock.synchronised.store(false, Ordering::Relaxed);
        watch.noted(Some(clock.wall()));
        assert_eq!(watch.trust(&*clock), Trust::Steady, "the operator says so");
        clock.set(NOW - 8 * DAY);
        assert_eq!(watch.trust(&*clock), Trust::Unconfirmed, "back");
        clock.set(NOW + HOUR);
        assert_eq!(watch.trust(&*clock), Trust::Settling, "and right again");
    }
}
