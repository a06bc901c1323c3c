//! How far the work under way is: a bar, or a counter where the total is unknown.

use std::{
    fmt,
    io::{self, IsTerminal},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{
    BinaryBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressState, ProgressStyle,
};
use share_client::{Progress, progress::Work};

use super::pace::Pace;
use crate::{i18n::fl, messages};

/// What is shown of the work under way; nothing where that is not wanted.
pub struct Display {
    hidden: bool,
    bar: Mutex<Option<Bar>>,
    /// It was said that something is tried again while no bar was there to say it.
    said_waiting: AtomicBool,
}

struct Bar {
    bar: ProgressBar,
    /// Of what the relay acknowledges, for an upload: how fast that goes the line does not tell.
    pace: Option<Arc<Mutex<Pace>>>,
}

impl Display {
    /// Nothing is under way yet.
    pub fn new(hidden: bool) -> Self {
        Self { hidden, bar: Mutex::default(), said_waiting: AtomicBool::new(false) }
    }

    /// Shows this. Gives what is to be said beside it, if anything.
    pub fn show(&self, progress: Progress<'_>) -> Option<String> {
        let mut shown = locked(&self.bar);
        match (progress, &mut *shown) {
            (Progress::Begin { work, bytes }, shown) => *shown = Some(Bar::new(work, bytes, self.hidden)),
            (Progress::Done, shown) => drop(shown.take()),
            (Progress::Waiting(error), Some(bar)) => {
                bar.wait_for(fl!("transfer-waiting", why = messages::call(error)));
            }
            (Progress::Waiting(error), None) => {
                let first = !self.said_waiting.swap(true, Ordering::Relaxed);
                return first.then(|| fl!("transfer-waiting", why = messages::call(error)));
            }
            (Progress::Comparing, _) => return Some(fl!("transfer-comparing")),
            (Progress::SmallerParts, _) => return Some(fl!("transfer-smaller-parts")),
            (_, None) => {}
            (Progress::Moved(bytes), Some(bar)) => bar.moved(bytes),
            (Progress::Acknowledged(bytes), Some(bar)) => bar.paced(|pace| pace.acknowledged(bytes, Instant::now())),
            (Progress::Held(bytes), Some(bar)) => bar.held(bytes),
            (Progress::Lost(bytes), Some(bar)) => {
                bar.bar.set_position(bar.bar.position().saturating_sub(bytes));
            }
        }
        None
    }

    /// Shows how many rows of a table are done, where somebody sees a bar.
    pub fn begin_rows(&self, rows: u64) {
        if self.hidden || !io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos} / {len}  {msg}  {eta}");
        bar.set_style(style.expect("the template is a constant"));
        bar.enable_steady_tick(Duration::from_millis(250));
        *locked(&self.bar) = Some(Bar { bar: bar.with_finish(ProgressFinish::AndClear), pace: None });
    }

    /// One more row is done. `false` if nothing shows it.
    pub fn row_done(&self) -> bool {
        locked(&self.bar).as_ref().inspect(|rows| rows.bar.inc(1)).is_some()
    }

    /// So many bytes have moved for all rows.
    pub fn rows_moved(&self, bytes: u64) {
        if let Some(rows) = &*locked(&self.bar) {
            rows.bar.set_message(messages::size(bytes));
        }
    }

    /// All rows are done.
    pub fn end_rows(&self) {
        drop(locked(&self.bar).take());
    }

    /// Does this while no bar is drawn.
    pub fn beside<T>(&self, print: impl FnOnce() -> T) -> T {
        let bar = locked(&self.bar).as_ref().map(|bar| bar.bar.clone());
        match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Bar {
    fn new(work: Work, bytes: Option<u64>, hidden: bool) -> Self {
        let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::hidden());
        let pace = (work == Work::Upload).then(Arc::default);
        let this = Self { bar: bar.with_finish(ProgressFinish::AndClear), pace };
        if work == Work::Check {
            this.bar.set_prefix(format!("{}  ", fl!("get-checking")));
        }
        this.style(false);
        if !hidden {
            this.bar.set_draw_target(ProgressDrawTarget::stderr());
            this.bar.enable_steady_tick(Duration::from_millis(250));
        }
        this
    }

    fn moved(&self, bytes: u64) {
        self.bar.inc(bytes);
        if !self.bar.message().is_empty() {
            self.bar.set_message("");
            self.style(false);
        }
        self.paced(|pace| pace.begin(Instant::now()));
        if self.pace.is_some() && self.bar.length() == Some(self.bar.position()) {
            self.wait_for(fl!("transfer-storing"));
        }
    }

    /// What had moved before says nothing of the speed.
    fn held(&self, bytes: u64) {
        self.bar.set_position(self.bar.position() + bytes);
        self.bar.reset_eta();
        self.paced(|pace| pace.held(bytes));
    }

    fn wait_for(&self, why: String) {
        self.style(true);
        self.bar.set_message(why);
    }

    /// The bar is not to be touched meanwhile: while it is drawn, it asks for the pace.
    fn paced(&self, tell: impl FnOnce(&mut Pace)) {
        if let Some(pace) = &self.pace {
            tell(&mut locked(pace));
        }
    }

    /// How it looks: how far it is and how fast; or, while nothing moves, how far, and why below it, where there is room.
    fn style(&self, waiting: bool) {
        let template = match (self.bar.length().is_some(), waiting) {
            (true, false) => "{prefix}{bar:30} {percent:>3} %  {bytes} / {total_bytes}  {rate}  {left}",
            (true, true) => "{prefix}{bar:30} {percent:>3} %  {bytes} / {total_bytes}\n{msg}",
            (false, false) => "{spinner} {bytes}  {rate}  {elapsed}",
            (false, true) => "{spinner} {bytes}\n{msg}",
        };
        let (rate, left) = (self.pace.clone(), self.pace.clone());
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        let style = style.with_key("rate", move |state: &ProgressState, out: &mut dyn fmt::Write| {
            let rate = match &rate {
                Some(pace) => locked(pace).rate(Instant::now()),
                None => Some(state.per_sec()),
            };
            // There is no way to tell that a terminal does not take it.
            let _ = rate.map_or(Ok(()), |rate| write!(out, "{}/s", BinaryBytes(rate as u64)));
        });
        let style = style.with_key("left", move |state: &ProgressState, out: &mut dyn fmt::Write| {
            let left = match &left {
                Some(pace) => locked(pace).left(state.len().unwrap_or_default(), Instant::now()),
                None => Some(state.eta()),
            };
            let _ = left.map_or(Ok(()), |left| write!(out, "{:#}", HumanDuration(left)));
        });
        self.bar.set_style(style);
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
