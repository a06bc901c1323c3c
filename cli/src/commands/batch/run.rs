//! `share batch run`: one share for each row, several at the same time.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use serde::Serialize;
use share_client::{
    Cancel, Context, Error as ClientLibraryError, Host, Progress, ProgressSink,
    batch::{Run, SourceState, relay_info, table::Row},
    files::{FilesError, shown},
    send::{self, Event},
    state::{Dirs, ledger::Ledger},
    threads::{blocking, detached},
};
use share_format::Link;

use super::{
    at_once, beside,
    journal::Journal,
    monitoring::Monitoring,
    results::{CHANGED_SINCE_SENT, ResultLine, WORDS_LOST, WORDS_UNKNOWN, concerns_all_rows},
    rows::{COLUMN_ORDER, COLUMNS, Job, Jobs, KEY_TWICE, MALFORMED, Terms, is_plain},
    summary::Summary,
    tally::{self, Done, Quiet, Tally},
    words::{Words, WordsPlan},
};
use crate::{
    args,
    commands::{cancel_on_signal, send as send_command, through_library},
    error::{Error, Kind, Result},
    i18n::fl,
    messages::with_causes,
    time,
    ui::Ui,
};

/// Runs `share batch run`.
pub async fn run(ui: &Ui, dirs: Arc<Dirs>, args: args::BatchRun) -> Result<()> {
    let monitoring = Monitoring::new(&args.monitoring, "run")?;
    let began = tally::Began::now();
    let cancel = cancel_on_signal()?;
    let (batch, left, deadline) = match prepare(ui, dirs, &args, &cancel).await {
        Ok(prepared) => prepared,
        Err(error) => return tally::could_not_begin(ui, &monitoring, error).await,
    };
    monitoring.started(ui, began.time).await;
    let error = batch.tally.until_stopped(&cancel, deadline, Arc::clone(&batch).work()).await;
    let (summary, error) = batch.conclude(&left, error);
    tally::tell(ui, &monitoring, &began.ended(summary), error).await
}

/// Reads and opens all that a batch needs. Gives it with the file for the rows that are not done, and the deadline.
async fn prepare(
    ui: &Ui,
    dirs: Arc<Dirs>,
    args: &args::BatchRun,
    cancel: &Cancel,
) -> Result<(Arc<Batch>, PathBuf, Option<Duration>)> {
    let Some(path) = args.results.clone() else { return Err(Error::usage(fl!("batch-no-results"))) };
    let deadline = args.rows.deadline.as_deref().map(time::until).transpose()?;
    let words = WordsPlan::of(args)?;
    let left = args.rows.failed.clone().unwrap_or_else(|| beside::left_over(&path, &args.table));
    beside::check_files(&[Some(&args.table), Some(&path), args.words.as_ref()])?;
    beside::check_files(&[Some(&left), Some(&path), args.words.as_ref()])?;
    let table = args.table.clone();
    let read = detached(move || Jobs::read(&table).map_err(through_library));
    let jobs = cancel.unless_cancelled(read).await?;
    beside::check_left_over(&left, &args.table, &COLUMNS)?;
    let terms = terms(&dirs, args).await?;
    let results = Journal::<ResultLine>::open(&path)?;
    let dirs = beside::writable_state(ui, dirs, &path)?;
    let run = Run::open(&dirs, terms.relay.clone(), run_name(args, &path)?.as_encoded_bytes())?;
    if results.all_known().any(|line| line.is_sent() && !line.run.is_empty() && line.run != run.tag()) {
        return Err(Error::usage(fl!("batch-other-run", path = shown(&path))).hint(fl!("batch-other-run-hint")));
    }
    let words = Words::open(words, run.tag().to_owned())?;
    let (at_once, derivations) = at_once(args.rows.jobs);
    let batch = Batch {
        context: Context::new(Arc::new(Quiet), dirs, cancel.clone(), derivations),
        run,
        jobs,
        terms,
        words,
        results,
        at_once,
        tally: Tally::new(ui, at_once, args.rows.fail_fast),
    };
    Ok((Arc::new(batch), left, deadline))
}

/// A batch under way.
struct Batch {
    context: Context,
    run: Run,
    jobs: Jobs,
    terms: Terms,
    words: Words,
    results: Journal<ResultLine>,
    at_once: usize,
    tally: Tally,
}

impl Batch {
    /// Works on all rows. Gives what kept it from beginning.
    async fn work(self: Arc<Self>) -> Option<Error> {
        let (context, terms) = (&self.context, &self.terms);
        let begin = async {
            relay_info(context, &terms.relay, terms.token.as_ref(), terms.patience).await?;
            send::tidy(context).await
        };
        // As line 0, so that it ends at the deadline, too.
        let began = self.tally.stop.begun(0).unless_cancelled(begin).await;
        self.tally.stop.ended(0);
        if let Err(error) = began {
            self.tally.not_begun(self.jobs.rows().map(|row| row.line));
            let is_stopped = matches!(error, ClientLibraryError::Interrupted) && !self.tally.stop.may_begin();
            return if is_stopped { None } else { Some(error.into()) };
        }
        self.tally.ui.begin_rows(self.jobs.count);
        let rows = stream::iter(self.jobs.rows());
        rows.for_each_concurrent(self.at_once, |row| Arc::clone(&self).row(row)).await;
        self.tally.ui.end_rows();
        None
    }

    /// Works on one row, and notes what became of it.
    async fn row(self: Arc<Self>, row: Row) {
        let (key, job) = self.jobs.job(&row);
        let work = async |cancel| match job {
            Ok(job) => Arc::clone(&self).job(job, cancel).await,
            Err(error) => {
                // Its key may be that of another row, or of one that was sent, whose line stays as it is.
                let has_line = self.results.known(&key).is_some_and(ResultLine::is_sent);
                if !has_line && is_plain(&key) && ![KEY_TWICE, MALFORMED].contains(&error.code()) {
                    self.note(&ResultLine::failed(&Job { key: key.clone(), ..Job::default() }, &error))?;
                }
                Err(error)
            }
        };
        self.tally.row(row.line, &key, Some(&self.terms.relay), work).await;
    }

    /// Sends what a row asks for, unless it was sent before, and sees to its words.
    async fn job(self: Arc<Self>, job: Job, cancel: Cancel) -> Result<Done<impl Serialize + use<>>> {
        let (line, source, before) = match self.results.known(&job.key).filter(|line| line.is_sent()) {
            Some(line) => {
                let mut line = line.clone();
                if line.is_open() && self.was_taken_back(&line) {
                    line.status = "revoked".to_owned();
                    self.note(&line)?;
                }
                (line, self.source(&job).await, true)
            }
            None => match Arc::clone(&self).send(&job, cancel).await {
                Ok((line, source, before)) => {
                    self.note(&line)?;
                    (line, source, before)
                }
                Err(error) => {
                    if error.kind() != Kind::Interrupted {
                        self.note(&ResultLine::failed(&job, &error))?;
                    }
                    return Err(error);
                }
            },
        };
        if before && source.is_some_and(|source| line.is_of_other(&source)) {
            let changed = Error::new(Kind::Changed, CHANGED_SINCE_SENT, fl!("batch-row-changed"));
            return Err(changed.hint(fl!("batch-row-changed-hint")));
        }
        self.deliver_words(&job, &line).await?;
        Ok(done(&line, before))
    }

    /// Whether somebody has taken the share back with `share revoke`.
    fn was_taken_back(&self, line: &ResultLine) -> bool {
        let ledger = Ledger::of_user(&self.context.dirs).ok();
        let entry = Link::parse(&line.link).ok().and_then(|link| ledger?.get(&link.id).ok());
        entry.is_some_and(|entry| entry.revoked)
    }

    /// Sends a row. Gives its line of results, what it looks like now, and whether it had been sent before.
    async fn send(self: Arc<Self>, job: &Job, cancel: Cancel) -> Result<(ResultLine, Option<SourceState>, bool)> {
        self.words.plan.check(job)?;
        let (batch, asked) = (Arc::clone(&self), job.clone());
        let request = blocking(move || asked.request(&batch.jobs, &batch.terms)).await?;
        let source = SourceState::of(&request).await?;
        let host = |attempt| {
            let (batch, job) = (Arc::clone(&self), job.clone());
            let ui = self.tally.ui.about(&job.key);
            Arc::new(RowHost { batch, job, attempt, ui }) as Arc<dyn Host>
        };
        let context = self.context.with_host(host(0), cancel);
        match self.run.send_once(&context, &job.key, request, host).await {
            Ok(sent) => Ok((ResultLine::sent(job, &sent, source.as_ref()), source, sent.before)),
            Err(error) => {
                let concerns_all = concerns_all_rows(&error);
                let error = Error::from(error);
                if concerns_all {
                    let copy = Error::new(error.kind(), error.code(), with_causes(&error));
                    self.tally.end_with(match error.next_step() {
                        Some(hint) => copy.hint(hint),
                        None => copy,
                    });
                }
                Err(error)
            }
        }
    }

    /// What a row that was sent looks like now. Its files may be gone, and that is no change.
    async fn source(self: &Arc<Self>, job: &Job) -> Option<SourceState> {
        let (batch, job) = (Arc::clone(self), job.clone());
        let request = blocking(move || job.request(&batch.jobs, &batch.terms)).await.ok()?;
        SourceState::of(&request).await.ok()?
    }

    /// Delivers the words of a row that was sent, once. What a program began to take is never given to it again.
    async fn deliver_words(self: &Arc<Self>, job: &Job, line: &ResultLine) -> Result<()> {
        let plan = &self.words.plan;
        // Of a row that was sent before, words may be kept elsewhere.
        if !job.has_words() || !line.is_open() || !plan.has_table() {
            return Ok(());
        }
        let Some(words) = self.words.of(job, line.attempt.unwrap_or_default()) else {
            let lost = Error::new(Kind::LocalFile, WORDS_LOST, fl!("batch-words-lost"));
            return Err(lost.hint(fl!("batch-words-lost-hint", link = line.link.as_str())));
        };
        let state = self.words.handed_over(job);
        if !plan.are_delivered() || state == "done" {
            return Ok(());
        }
        if state == "begun" {
            let unknown = Error::new(Kind::LocalFile, WORDS_UNKNOWN, fl!("batch-words-unknown"));
            return Err(unknown.hint(fl!("batch-words-unknown-hint")));
        }
        let mut result = self.words.write_file(job, &words);
        if result.is_ok() {
            self.words.note_handed_over(job, "begun")?;
            let (batch, job) = (Arc::clone(self), job.clone());
            result = blocking(move || batch.words.hand_over(&job, &words)).await;
        }
        match &result {
            Ok(()) => self.words.note_handed_over(job, "done")?,
            // It stays begun: nobody knows whether the words have arrived.
            Err(error) if error.code() == WORDS_UNKNOWN => {}
            Err(_) => self.words.note_handed_over(job, "failed")?,
        }
        if result.is_err() || !line.code.is_empty() {
            self.note(&line.with_words_error(result.as_ref().err()))?;
        }
        result
    }

    /// Adds a line to the results. Without them nothing more may be sent.
    fn note(&self, line: &ResultLine) -> Result<()> {
        self.results.note(&ResultLine { run: self.run.tag().to_owned(), ..line.clone() }, &self.tally.stop)
    }

    /// Leaves one line for each key, writes the rows that are not done, and sums up.
    fn conclude(&self, left_over: &Path, error: Option<Error>) -> (Summary, Option<Error>) {
        let ui = &self.tally.ui;
        if let Err(error) = self.results.compact().and(self.words.compact()) {
            ui.warn(with_causes(&error));
        }
        let left = self.tally.left();
        let rows = self.jobs.rows().filter_map(|row| {
            let error = left.get(&row.line)?;
            Some(self.jobs.left_over(row, error))
        });
        if let Err(error) = beside::write_left_over(left_over, &COLUMN_ORDER, rows) {
            ui.warn(with_causes(&error));
        }
        self.tally.conclude(self.jobs.count, left_over, error)
    }
}

/// What there is to tell of a row that was sent, now or before.
fn done(line: &ResultLine, before: bool) -> Done<impl Serialize + use<>> {
    let key = line.key.as_str();
    let sentence = if before { fl!("batch-row-before", key = key) } else { fl!("batch-row-sent", key = key) };
    let bytes = (!before).then(|| line.bytes.unwrap_or_default());
    Done { bytes, event: line.event(before), sentence }
}

/// Hears of one attempt at a row.
struct RowHost {
    batch: Arc<Batch>,
    job: Job,
    attempt: u32,
    ui: Ui,
}

impl ProgressSink for RowHost {
    fn progress(&self, progress: Progress<'_>) {
        self.batch.tally.progress(progress);
    }
}

impl Host for RowHost {
    fn sending(&self, event: Event<'_>) -> share_client::Result<()> {
        match event {
            Event::Created(created) => match created.words {
                Some(words) => self.batch.words.keep(&self.job, self.attempt, words).map_err(through_library),
                None => Ok(()),
            },
            // Only its beginning would have been sent.
            Event::Grown([(path, _), ..]) => Err(FilesError::Changed(path.clone()).into()),
            Event::Ready(_) | Event::Kept { .. } | Event::GoingOn { .. } | Event::TakingBack => Ok(()),
            event => send_command::tell(&self.ui, event).map_err(through_library),
        }
    }
}

/// What is the same for all rows.
pub async fn terms(dirs: &Dirs, args: &args::BatchRun) -> Result<Terms> {
    let terms = Terms::new(dirs, args.relay.clone(), args.from.clone(), args.word_list, &args.patience).await?;
    Ok(Terms { rename: args.rename, ..terms })
}

/// What tells this run from others.
fn run_name(args: &args::BatchRun, results: &Path) -> Result<OsString> {
    match &args.run {
        Some(name) => Ok(name.into()),
        None => Ok(fs::canonicalize(results).or_else(|_| beside::absolute(results))?.into_os_string()),
    }
}
