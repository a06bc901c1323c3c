//! How a batch gets on, whatever its rows ask for: each is counted, and what became of it is told.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use share_client::{Cancel, Host, Progress, ProgressSink, clock, files::shown};
use share_format::RelayUrl;

use super::{
    monitoring::Monitoring,
    results::is_retryable,
    stop::Stop,
    summary::{Failed, Summary},
};
use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    messages::{with_causes, with_causes_and_hint},
    ui::Ui,
};

/// How many rows of one relay may fail one after another because it cannot be reached, for each that is worked on at a time.
const UNREACHABLE_ROWS: usize = 2;

/// What became of the rows so far.
pub struct Tally {
    pub ui: Ui,
    /// Whether more rows may begin.
    pub stop: Stop,
    fail_fast: bool,
    most_unreachable: usize,
    counts: Mutex<Counts>,
    moved: AtomicU64,
    said_waiting: AtomicBool,
}

#[derive(Default)]
struct Counts {
    done: u64,
    before: u64,
    bytes: u64,
    failed: Vec<Failed>,
    /// Why rows are not done, by their lines; nothing for those that were not begun.
    left: BTreeMap<u64, String>,
    unreachable_in_a_row: HashMap<RelayUrl, usize>,
    /// What no other row would fare better with.
    fatal: Option<Error>,
}

/// A row that is done.
pub struct Done<E> {
    /// Bytes of plaintext; nothing if an earlier run has done it.
    pub bytes: Option<u64>,
    /// What programs are told of it.
    pub event: E,
    /// What people are told of it.
    pub sentence: String,
}

#[derive(Serialize)]
struct FailedEvent<'a> {
    event: &'static str,
    key: &'a str,
    status: &'static str,
    before: bool,
    code: &'static str,
    retryable: bool,
    message: &'a str,
}

impl Tally {
    /// Of a batch that works on so many rows at the same time, and with `fail_fast` begins no other once one has failed.
    pub fn new(ui: &Ui, at_once: usize, fail_fast: bool) -> Self {
        Self {
            ui: ui.clone(),
            stop: Stop::default(),
            fail_fast,
            most_unreachable: UNREACHABLE_ROWS * at_once,
            counts: Mutex::default(),
            moved: AtomicU64::new(0),
            said_waiting: AtomicBool::new(false),
        }
    }

    /// Works on rows until all are done; or until the user, or this deadline, stops it. What was begun is kept then.
    pub async fn until_stopped<T>(
        &self,
        cancel: &Cancel,
        deadline: Option<Duration>,
        work: impl Future<Output = T>,
    ) -> T {
        let at_deadline = async {
            self.stop.after(deadline).await;
            std::future::pending().await
        };
        tokio::select! {
            result = work => result,
            () = self.stop.when_asked(cancel) => unreachable!("it waits for the next wish to stop"),
            () = at_deadline => unreachable!("it waits for ever after the deadline"),
        }
    }

    /// Works on the row on this line, unless no more may begin, counts it, and tells what became of it. Of a relay that
    /// cannot be reached for row after row, no more are begun.
    pub async fn row<E: Serialize>(
        &self,
        line: u64,
        key: &str,
        relay: Option<&RelayUrl>,
        work: impl AsyncFnOnce(Cancel) -> Result<Done<E>>,
    ) {
        let cancel = self.stop.begun(line);
        let is_away = relay.is_some_and(|relay| {
            self.counts().unreachable_in_a_row.get(relay).is_some_and(|count| *count >= self.most_unreachable)
        });
        if !self.stop.may_begin() || is_away {
            self.stop.ended(line);
            return self.not_begun([line].into_iter());
        }
        let result = work(cancel).await;
        self.stop.ended(line);
        match result {
            Ok(done) => {
                let mut counts = self.counts();
                match done.bytes {
                    Some(bytes) => {
                        counts.done += 1;
                        counts.bytes += bytes;
                        relay.and_then(|relay| counts.unreachable_in_a_row.remove(relay));
                    }
                    None => counts.before += 1,
                }
                drop(counts);
                self.told(&done.sentence, &done.event);
            }
            Err(error) if error.kind() == Kind::Interrupted && !self.stop.may_begin() => {
                self.not_begun([line].into_iter());
            }
            Err(error) => self.failed(line, key, relay, &error),
        }
    }

    fn failed(&self, line: u64, key: &str, relay: Option<&RelayUrl>, error: &Error) {
        let (message, code, retryable) = (with_causes(error), error.code(), is_retryable(error));
        let mut counts = self.counts();
        counts.failed.push(Failed { key: key.to_owned(), code: code.to_owned(), retryable });
        counts.left.insert(line, message.clone());
        if let Some(relay) = relay {
            match error.kind() {
                Kind::Unreachable => *counts.unreachable_in_a_row.entry(relay.clone()).or_default() += 1,
                _ => drop(counts.unreachable_in_a_row.remove(relay)),
            }
        }
        drop(counts);
        if self.fail_fast {
            self.stop.begin_no_more();
        }
        self.ui.about(key).warn(with_causes_and_hint(error));
        let event =
            FailedEvent { event: "row", key, status: "failed", before: false, code, retryable, message: &message };
        self.ui.row_done(None);
        // As with what is done.
        let _ = self.ui.event(&event);
    }

    fn told(&self, sentence: &str, event: &impl Serialize) {
        self.ui.row_done(Some(sentence));
        // Standard output may be closed: results and the exit code tell all the same.
        let _ = self.ui.event(event);
    }

    /// The rows on these lines are left for another run.
    pub fn not_begun(&self, lines: impl Iterator<Item = u64>) {
        self.counts().left.extend(lines.map(|line| (line, String::new())));
    }

    /// Begins no other row, for this reason.
    pub fn end_with(&self, error: Error) {
        self.stop.begin_no_more();
        self.counts().fatal.get_or_insert(error);
    }

    /// Shows how the transfers of all rows get on.
    pub fn progress(&self, progress: Progress<'_>) {
        match progress {
            Progress::Moved(bytes) => self.ui.rows_moved(self.moved.fetch_add(bytes, Ordering::Relaxed) + bytes),
            Progress::Lost(bytes) => drop(self.moved.fetch_sub(bytes, Ordering::Relaxed)),
            Progress::Acknowledged(_) => self.said_waiting.store(false, Ordering::Relaxed),
            Progress::Waiting(error) if !self.said_waiting.swap(true, Ordering::Relaxed) => {
                self.ui.note(fl!("transfer-waiting", why = crate::messages::call(error)));
            }
            _ => {}
        }
    }

    /// Why rows are not done, by their lines; nothing for those that were not begun.
    pub fn left(&self) -> BTreeMap<u64, String> {
        self.counts().left.clone()
    }

    /// Sums up a batch of so many rows, the rest of which is in the table `left`; with what kept it from beginning, or else
    /// what to end with.
    pub fn conclude(&self, rows: u64, left: &Path, not_begun: Option<Error>) -> (Summary, Option<Error>) {
        let mut counts = self.counts();
        let failed = mem::take(&mut counts.failed);
        let summary = Summary {
            rows,
            done: counts.done,
            before: counts.before,
            not_begun: counts.left.len() as u64 - failed.len() as u64,
            failed,
            bytes: counts.bytes,
            ..Summary::default()
        };
        let error = match not_begun.or(counts.fatal.take()) {
            Some(error) => Some(error),
            None if self.stop.is_by_user() => Some(Error::interrupted(fl!("batch-stopped"))),
            None if summary.failed.is_empty() && summary.not_begun > 0 => {
                let not_begun = Error::new(Kind::SomeFailed, "not_begun", fl!("batch-not-begun"));
                Some(not_begun.hint(fl!("batch-not-begun-hint")))
            }
            None if !summary.is_complete() => {
                let some_failed = Error::new(Kind::SomeFailed, "some_failed", fl!("batch-some-failed"));
                Some(some_failed.hint(fl!("batch-some-failed-hint", path = shown(left))))
            }
            None => None,
        };
        (summary, error)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a batch began.
pub struct Began {
    moment: Instant,
    /// In seconds since 1970.
    pub time: u64,
}

impl Began {
    /// Now.
    pub fn now() -> Self {
        Self { moment: Instant::now(), time: clock::now() }
    }

    /// The summary of the batch, which has just ended.
    pub fn ended(&self, summary: Summary) -> Summary {
        let seconds = self.moment.elapsed().as_secs_f64();
        Summary { seconds, started_at: self.time, ended_at: clock::now(), ..summary }
    }
}

/// Tells whoever monitors the batch that it could not begin; unless it is running already, and tells how that ends.
pub async fn could_not_begin(ui: &Ui, monitoring: &Monitoring, error: Error) -> Result<()> {
    if error.kind() != Kind::AlreadyRunning {
        monitoring.ended(ui, &Began::now().ended(Summary::default()), Some(&error)).await;
    }
    Err(error)
}

/// Tells what a batch came to: whoever monitors it, programs, and people last.
pub async fn tell(ui: &Ui, monitoring: &Monitoring, summary: &Summary, error: Option<Error>) -> Result<()> {
    monitoring.ended(ui, summary, error.as_ref()).await;
    if let Some(error) = &error {
        ui.error(error);
    }
    ui.event(&summary.event())?;
    ui.say(summary.sentence())?;
    match error {
        Some(error) => Err(error.told()),
        None => Ok(()),
    }
}

/// Hears of what is not about a row.
pub struct Quiet;

impl ProgressSink for Quiet {}

impl Host for Quiet {}
