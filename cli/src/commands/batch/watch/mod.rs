//! `share batch watch`: whatever is put into a folder is sent, each file or folder exactly once, until the program is stopped.
//!
//! [`lookout`] looks at the folder: [`arrivals`] finds what is complete, and [`rules`] says for whom it is. [`delivery`] sends
//! it, and [`put_away`] moves it to `sent/` or `failed/`. The key of each is its name and what it holds, so that the relay tells after any crash whether it was sent.

mod arrivals;
mod delivery;
mod lookout;
mod put_away;
mod rules;

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use serde::Serialize;
use share_client::{
    Cancel, Context, Error as ClientLibraryError,
    batch::{Run, table::TableError},
    clock,
    files::shown,
    send,
    state::{Dirs, private_file},
    system::Renames,
    threads::blocking,
};
use share_format::names::printable;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::{
    arrivals::{After, Arrival, Arrivals, FAILED, PAUSES, SENT},
    delivery::{Delivery, Fault, fault, told},
    lookout::Lookout,
    put_away::{Report, put_away},
    rules::{Rules, RulesFile},
};
use super::{
    at_once, beside,
    monitoring::Monitoring,
    rows::{Job, Terms},
    stop::Stop,
    summary::{Failed, Summary},
    tally::Quiet,
};
use crate::{
    args,
    commands::cancel_on_signal,
    error::{Error, Kind, Result},
    i18n::fl,
    messages::{with_causes, with_causes_and_hint},
    time,
    ui::Ui,
};

/// The lock of the process that watches a folder.
const LOCK: &str = ".share-batch.lock";
/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How much longer than a look the pause after it is at least, where looking takes long.
const PAUSE_PER_LOOK: u32 = 5;
/// How often uploads that are over are removed.
const TIDY_EVERY: Duration = Duration::from_secs(24 * 3600);
/// The code of what was sent and cannot be moved.
const NOT_MOVED: &str = "not_moved";
/// What goes on beside the arrivals, for [`Stop`]; they have the numbers that follow.
const LOOKING: u64 = 0;
const TIDYING: u64 = 1;
const FIRST_ARRIVAL: u64 = 2;

/// Runs `share batch watch`.
pub async fn run(ui: &Ui, dirs: Arc<Dirs>, args: args::BatchWatch) -> Result<()> {
    let settle = time::duration(&args.settle)?;
    let monitoring = Monitoring::new(&args.monitoring, "watch")?;
    let unusable = |error| Error::local(fl!("batch-watch-no-folder", path = shown(&args.folder)), error);
    let folder = fs::canonicalize(&args.folder).map_err(unusable)?;
    let _lock = lock(&folder)?;
    let terms = Terms::new(&dirs, args.relay, None, None, &args.patience).await?;
    let relay = terms.relay.clone();
    let mut rules = RulesFile::new(folder.clone(), terms);
    rules.look()?;
    let dirs = beside::writable_state(ui, dirs, &folder)?;
    let name = [b"watch:", folder.as_os_str().as_encoded_bytes()].concat();
    let run = Run::open(&dirs, relay, &name)?;
    [SENT, FAILED].iter().for_each(|into| private_file::remove_abandoned(&folder.join(into)));
    let renames = Renames::into_folder(&folder)
        .inspect_err(|error| ui.warn(fl!("batch-watch-no-renames", why = error.to_string())))
        .ok();

    let (at_once, derivations) = at_once(args.jobs);
    let cancel = cancel_on_signal()?;
    let watch = Arc::new(Watch {
        context: Context::new(Arc::new(Quiet), dirs, cancel.clone(), derivations),
        ui: ui.clone(),
        run,
        stop: Stop::default(),
        begun: AtomicU64::new(FIRST_ARRIVAL),
        pause: Mutex::default(),
        folder: folder.clone(),
    });
    ui.event(&serde_json::json!({ "event": "watching", "folder": folder.to_string_lossy() }))?;
    ui.note(fl!("batch-watch-begins", path = shown(&folder)));
    let (taken, mut to_send) = unbounded_channel();
    let (give_back, given_back) = unbounded_channel();
    let lookout = Lookout::new(ui.clone(), folder.clone(), Arrivals::new(folder, settle, renames), rules);
    let looking = watch.look_out(lookout, taken, given_back, &monitoring);
    let sending = stream::poll_fn(|context| to_send.poll_recv(context)).for_each_concurrent(at_once, |taken| {
        let (watch, give_back) = (Arc::clone(&watch), give_back.clone());
        async move {
            let given_back = watch.take(taken).await;
            // Whoever looks out ends first, and has no use for it then.
            let _ = give_back.send(given_back);
        }
    });
    tokio::select! {
        _ = async { tokio::join!(looking, sending, watch.tidy()) } => {}
        () = watch.stop.when_asked(&cancel) => unreachable!("it waits for the next wish to stop"),
    }
    ui.note(fl!("batch-watch-stopped"));
    Ok(())
}

/// Takes the lock of a folder; it goes with the process. File systems without locks have none.
fn lock(folder: &Path) -> Result<Option<File>> {
    let path = folder.join(LOCK);
    let is_file = fs::symlink_metadata(&path).map_or(true, |metadata| metadata.is_file());
    let file = match is_file {
        true => File::options().create(true).append(true).open(&path),
        false => Err(io::ErrorKind::AlreadyExists.into()),
    };
    match file.and_then(private_file::lock) {
        Ok(lock) => Ok(lock),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(ClientLibraryError::Table(TableError::InUse(folder.to_owned())).into())
        }
        Err(error) => Err(Error::local(fl!("batch-watch-no-folder", path = shown(folder)), error)),
    }
}

/// A folder that is watched.
struct Watch {
    context: Context,
    ui: Ui,
    run: Run,
    stop: Stop,
    /// How many have been begun, to tell them apart.
    begun: AtomicU64,
    pause: Mutex<Pause>,
    folder: PathBuf,
}

/// After a failure that everything else would meet too, such as of the relay, nothing is begun for a while.
#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    length: Duration,
    /// The failure that the user has been told of.
    told: Option<&'static str>,
}

/// An arrival that is to be sent by these rules.
type Taken = (Arrival, Arc<Rules>);

/// An arrival with which nothing happens any more for now.
struct GivenBack {
    name: OsString,
    after: After,
    /// What happened to it, and whether an earlier try had sent it, if that is clear.
    outcome: Option<(Report, bool)>,
}

/// From the first arrival until all that arrived is away from the folder.
struct Round {
    began: Instant,
    summary: Summary,
}

impl Watch {
    /// Looks at the folder again and again, has sent what is complete, and tells whoever monitors it of each round.
    async fn look_out(
        &self,
        mut lookout: Lookout,
        taken: UnboundedSender<Taken>,
        mut given_back: UnboundedReceiver<GivenBack>,
        monitoring: &Monitoring,
    ) {
        let stopped = self.stop.begun(LOOKING);
        let mut round = None::<Round>;
        while self.stop.may_begin() {
            let began = Instant::now();
            while let Ok(GivenBack { name, after, outcome }) = given_back.try_recv() {
                lookout.arrivals.give_back(&name, after, began);
                if let (Some(round), Some((report, before))) = (&mut round, outcome) {
                    round.count(report, before);
                }
            }
            let may_take = !self.is_paused();
            let look = blocking(move || {
                let complete = lookout.look(may_take);
                Ok((lookout, complete))
            });
            let complete;
            (lookout, complete) = match stopped.unless_cancelled(look).await {
                Ok(looked) => looked,
                Err(_) => break,
            };
            if !complete.is_empty() && round.is_none() {
                round = Some(Round { began: Instant::now(), summary: Summary::default() });
                self.unless_stopped(&stopped, monitoring.started(&self.ui, clock::now())).await;
            }
            // Where nobody takes them any more, the program is ending.
            complete.into_iter().for_each(|complete| drop(taken.send(complete)));
            if lookout.arrivals.is_worked_off()
                && let Some(round) = round.take()
            {
                self.unless_stopped(&stopped, monitoring.ended(&self.ui, &round.ended(), None)).await;
            }
            let pause = LOOK_EVERY.max(PAUSE_PER_LOOK * began.elapsed());
            self.unless_stopped(&stopped, tokio::time::sleep(pause)).await;
        }
        self.stop.ended(LOOKING);
    }

    /// Does something that may take long, unless the program is ending.
    async fn unless_stopped(&self, stopped: &Cancel, work: impl Future<Output = ()>) {
        let work = async {
            work.await;
            Ok(())
        };
        if self.stop.may_begin() {
            // The loop around it looks whether to go on.
            let _ = stopped.unless_cancelled(work).await;
        }
    }

    /// Removes uploads that are over, now and then.
    async fn tidy(&self) {
        let stopped = self.stop.begun(TIDYING);
        while self.stop.may_begin() {
            match stopped.unless_cancelled(send::tidy(&self.context)).await {
                Err(error) if error.kind() != Kind::Interrupted => self.ui.warn(with_causes(&Error::from(error))),
                _ => {}
            }
            self.unless_stopped(&stopped, tokio::time::sleep(TIDY_EVERY)).await;
        }
        self.stop.ended(TIDYING);
    }

    /// Sends an arrival and puts it away, unless nothing may begin.
    async fn take(self: Arc<Self>, (arrival, rules): Taken) -> GivenBack {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let cancel = self.stop.begun(number);
        let delivery = Arc::new(Delivery {
            path: self.folder.join(&arrival.name),
            job: Job { key: arrival.key(), ..rules.job.clone() },
            ui: self.ui.about(&arrival.name.to_string_lossy()),
            arrival,
            rules,
        });
        let (after, outcome) = match self.stop.may_begin() && !self.is_paused() {
            false => (After::Stays, None),
            true => match self.deliver(&delivery, cancel).await {
                Ok((report, before)) => self.put_away(&delivery, report, before).await,
                Err(after) => (after, None),
            },
        };
        self.stop.ended(number);
        GivenBack { name: delivery.arrival.name.clone(), after, outcome }
    }

    /// Sends an arrival. Gives what to report and whether an earlier try had sent it, unless another try is to follow.
    async fn deliver(&self, delivery: &Arc<Delivery>, cancel: Cancel) -> std::result::Result<(Report, bool), After> {
        let error = match delivery.send(&self.run, &self.context, cancel).await {
            Ok(sent) => {
                self.goes_on();
                return Ok((delivery.report(&sent), sent.before));
            }
            Err(error) => error,
        };
        let fault = fault(&error);
        let error = told(error);
        match fault {
            Fault::Stopped => return Err(After::Stays),
            Fault::Final => return Ok((delivery.failure(&error), false)),
            Fault::OfEverything => self.pause_after(&error),
            Fault::Passing if delivery.arrival.told == Some(error.code()) => {}
            Fault::Passing => delivery.ui.warn(fl!("batch-watch-again", what = with_causes(&error))),
        }
        Err(After::Failed(error.code()))
    }

    /// Puts away what was sent or cannot be sent, and tells of it.
    async fn put_away(
        &self,
        delivery: &Arc<Delivery>,
        report: Report,
        before: bool,
    ) -> (After, Option<(Report, bool)>) {
        let (folder, moving, beside) = (self.folder.clone(), Arc::clone(delivery), report.clone());
        let put = blocking(move || Ok::<_, Error>(put_away(&folder, &moving.arrival, &beside))).await;
        match put {
            Ok(Ok(None)) if report.is_failure() => (After::Failed("file_changed"), None),
            Ok(Ok(path)) => {
                let after = if path.is_some() { After::Gone } else { After::Failed("file_changed") };
                self.tell(&report, before, path.as_deref());
                (after, Some((report, before)))
            }
            Ok(Err(error)) => {
                if delivery.arrival.told != Some(NOT_MOVED) {
                    let into = if report.is_failure() { FAILED } else { SENT };
                    delivery.ui.warn(with_causes(&Error::local(fl!("batch-watch-not-moved", into = into), error)));
                }
                (After::Failed(NOT_MOVED), None)
            }
            // The program is ending.
            Err(_) => (After::Stays, None),
        }
    }

    /// Tells what became of an arrival.
    fn tell(&self, report: &Report, before: bool, path: Option<&Path>) {
        #[derive(Serialize)]
        struct RowEvent<'a> {
            event: &'static str,
            #[serde(flatten)]
            report: &'a Report,
            before: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            path: Option<String>,
        }
        let path = path.map(|path| path.to_string_lossy().into_owned());
        let (name, link) = (report.name.as_str(), report.link.as_str());
        let sentence = match report.is_failure() {
            true => {
                let hint = if report.hint.is_empty() { String::new() } else { format!(". {}", report.hint) };
                self.ui.about(name).warn(format!("{}{hint}", report.message.trim_end_matches('.')));
                fl!("batch-watch-failed", name = name)
            }
            false => fl!("batch-watch-sent", name = name, link = link),
        };
        // Standard output may be closed: the reports tell all the same.
        let _ = self.ui.say(printable(&sentence));
        let _ = self.ui.event(&RowEvent { event: "row", report, before, path });
    }

    fn is_paused(&self) -> bool {
        self.pause().until.is_some_and(|until| Instant::now() < until)
    }

    /// Begins nothing for a while, longer each time, and tells why once.
    fn pause_after(&self, error: &Error) {
        let (mut pause, now) = (self.pause(), Instant::now());
        // Several that were under way may fail of the same.
        if pause.until.is_none_or(|until| until <= now) {
            pause.length = (2 * pause.length).clamp(PAUSES.0, PAUSES.1);
            pause.until = Some(now + pause.length);
        }
        if pause.told != Some(error.code()) {
            pause.told = Some(error.code());
            self.ui.warn(fl!("batch-watch-pause", what = in_line(error)));
        }
    }

    /// What everything would meet has passed.
    fn goes_on(&self) {
        let pause = std::mem::take(&mut *self.pause());
        if pause.told.is_some() {
            self.ui.note(fl!("batch-watch-goes-on"));
        }
    }

    fn pause(&self) -> MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error that more is said after.
fn in_line(error: &Error) -> String {
    with_causes_and_hint(error).trim_end_matches('.').to_owned()
}

impl Round {
    fn count(&mut self, report: Report, before: bool) {
        let summary = &mut self.summary;
        summary.rows += 1;
        match report.is_failure() {
            true => {
                let (key, code, retryable) = (report.key, report.code, report.retryable.unwrap_or_default());
                summary.failed.push(Failed { key, code, retryable });
            }
            false if before => summary.before += 1,
            false => {
                summary.done += 1;
                summary.bytes += report.bytes.unwrap_or_default();
            }
        }
    }

    fn ended(self) -> Summary {
        let (took, ended_at) = (self.began.elapsed(), clock::now());
        let started_at = ended_at.saturating_sub(took.as_secs());
        Summary { seconds: took.as_secs_f64(), started_at, ended_at, ..self.summary }
    }
}
