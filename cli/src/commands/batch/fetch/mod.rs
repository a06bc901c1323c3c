//! `share batch fetch`: the share of each row, into a folder of its own, several at the same time.

mod links;
mod results;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use share_client::{
    Cancel, Context, Host, Progress, ProgressSink,
    batch::table::Row,
    get::{Event, GetRequest, Question, Wanted, get_one_of_many, keep_receipt, send_kept_receipts},
    progress::Work,
    state::Dirs,
    threads::detached,
};
use share_format::{envelope::Identities, link::Link, text};
use share_relay_api::Kind as ShareKind;

use self::{
    links::{COLUMN_ORDER, Links},
    results::{ResultLine, RowEvent},
};
use super::{
    at_once, beside,
    journal::Journal,
    monitoring::Monitoring,
    rows::KEY_TWICE,
    summary::Summary,
    tally::{self, Done, Quiet, Tally},
};
use crate::{
    args,
    commands::{cancel_on_signal, get as get_command, identities, through_library},
    error::{Error, Kind, Result},
    i18n::fl,
    messages::with_causes,
    time,
    ui::Ui,
};

/// The share of this link cannot be saved where that of another one is.
const OTHER_LINK: &str = "key_of_other_link";

/// Runs `share batch fetch`.
pub async fn run(ui: &Ui, dirs: Arc<Dirs>, args: args::BatchFetch) -> Result<()> {
    let monitoring = Monitoring::new(&args.monitoring, "fetch")?;
    let began = tally::Began::now();
    let cancel = cancel_on_signal()?;
    let (batch, left, deadline) = match prepare(ui, dirs, args, &cancel).await {
        Ok(prepared) => prepared,
        Err(error) => return tally::could_not_begin(ui, &monitoring, error).await,
    };
    monitoring.started(ui, began.time).await;
    batch.tally.until_stopped(&cancel, deadline, batch.work()).await;
    let (summary, error) = batch.conclude(&left);
    tally::tell(ui, &monitoring, &began.ended(summary), error).await
}

/// Reads and opens all that a batch needs. Gives it with the file for the rows that are not done, and the deadline.
async fn prepare(
    ui: &Ui,
    dirs: Arc<Dirs>,
    args: args::BatchFetch,
    cancel: &Cancel,
) -> Result<(Arc<Batch>, PathBuf, Option<Duration>)> {
    if args.identity.iter().chain([&args.table]).filter(|path| text::is_stdin(path)).count() > 1 {
        return Err(Error::usage(fl!("stdin-twice")));
    }
    let patience = time::duration(&args.patience)?;
    let deadline = args.rows.deadline.as_deref().map(time::until).transpose()?;
    let output = beside::absolute(&args.output)?;
    let left = args.rows.failed.unwrap_or_else(|| beside::left_over(&args.results, &args.table));
    beside::check_files(&[Some(&args.table), Some(&args.results)])?;
    beside::check_files(&[Some(&left), Some(&args.results)])?;
    let table = args.table.clone();
    let read = detached(move || Links::read(&table).map_err(through_library));
    let links = cancel.unless_cancelled(read).await?;
    beside::check_left_over(&left, &args.table, &links::COLUMNS)?;
    // Whoever is asked for a passphrase answers before anything else ends the program.
    let identities = identities(ui, args.identity).await?;
    let results = Journal::open(&args.results)?;
    let dirs = beside::writable_state(ui, dirs, &args.results)?;
    // Made by no row, so that none removes it while another saves in it.
    fs::create_dir_all(&output).map_err(|error| share_client::Error::writing(&output, error))?;
    let (at_once, derivations) = at_once(args.rows.jobs);
    let batch = Batch {
        context: Context::new(Arc::new(Quiet), dirs, cancel.clone(), derivations),
        links,
        output,
        identities,
        patience,
        results,
        at_once,
        tally: Tally::new(ui, at_once, args.rows.fail_fast),
    };
    Ok((Arc::new(batch), left, deadline))
}

/// The keys in these files.
async fn identities(ui: &Ui, files: Vec<PathBuf>) -> Result<Identities> {
    let asking = ui.clone();
    let read = move || identities::read(&files, |prompt| asking.ask_secret(prompt, "--identity FILE"));
    detached(read).await?.ok_or_else(identities::needed)
}

/// A batch under way.
struct Batch {
    context: Context,
    links: Links,
    /// The folder of all rows, from the root.
    output: PathBuf,
    identities: Identities,
    patience: Duration,
    results: Journal<ResultLine>,
    at_once: usize,
    tally: Tally,
}

impl Batch {
    /// Works on all rows. Receipts that were kept are sent last: what was saved and not noted is found by them.
    async fn work(self: &Arc<Self>) {
        self.tally.ui.begin_rows(self.links.count);
        stream::iter(self.links.rows()).for_each_concurrent(self.at_once, |row| self.row(row)).await;
        self.tally.ui.end_rows();
        send_kept_receipts(&self.context, None).await;
    }

    /// Works on one row, and notes what became of it.
    async fn row(self: &Arc<Self>, row: Row) {
        let (key, link) = self.links.link(&row);
        let (link, bad) = match link {
            Ok(link) => (Some(link), None),
            Err(error) => (None, Some(error)),
        };
        let work = async |cancel| {
            let fetched = match (&link, bad) {
                (Some(link), _) => self.fetch(&key, link, cancel).await,
                (None, bad) => Err(bad.expect("a row without a link is a bad one")),
            };
            fetched.or_else(|error| {
                // Of these, the line of this key is another one's.
                if error.kind() != Kind::Interrupted && ![KEY_TWICE, OTHER_LINK].contains(&error.code()) {
                    let link = link.as_ref().map(Link::to_string).unwrap_or_default();
                    self.note(&ResultLine::failed(&key, &link, &error))?;
                }
                Err(error)
            })
        };
        self.tally.row(row.line, &key, link.as_ref().map(|link| &link.relay), work).await;
    }

    /// Fetches the share of a row, unless an earlier run has received it.
    async fn fetch(self: &Arc<Self>, key: &str, link: &Link, cancel: Cancel) -> Result<Done<RowEvent>> {
        if let Some(line) = self.results.known(key).filter(|line| line.is_received()) {
            if line.link != link.to_string() {
                let other = fl!("batch-fetch-other-link", link = line.link.as_str());
                let other = Error::new(Kind::Usage, OTHER_LINK, other);
                return Err(other.hint(fl!("batch-fetch-other-link-hint")));
            }
            keep_receipt(&self.context, link, Path::new(&line.directory)).await;
            let sentence = fl!("batch-fetch-before", key = key);
            return Ok(Done { bytes: None, event: line.clone().event(true), sentence });
        }
        let recipient = Arc::new(Recipient::new(Arc::clone(self), key, link));
        let request = GetRequest {
            link: link.clone(),
            wanted: Wanted::Files,
            folder: recipient.directory.clone(),
            force: false,
            only_into_empty: true,
            digest: true,
            patience: self.patience,
        };
        let context = self.context.with_host(Arc::clone(&recipient) as _, cancel);
        let received = get_one_of_many(&context, &request).await?;
        let event = ResultLine::received(key, &recipient.link, &recipient.directory, &received).event(false);
        Ok(Done { bytes: Some(received.bytes), event, sentence: fl!("batch-fetch-received", key = key) })
    }

    /// Adds a line to the results. Without them nothing more may be fetched.
    fn note(&self, line: &ResultLine) -> Result<()> {
        self.results.note(line, &self.tally.stop)
    }

    /// Leaves one line for each key, writes the rows that are not done, and sums up.
    fn conclude(&self, left_over: &Path) -> (Summary, Option<Error>) {
        let compacted = self.results.compact();
        let left = self.tally.left();
        let rows = self.links.rows().filter_map(|row| {
            let error = left.get(&row.line)?;
            Some(self.links.left_over(row, error))
        });
        let written = beside::write_left_over(left_over, &COLUMN_ORDER, rows);
        for error in [compacted, written].into_iter().filter_map(Result::err) {
            self.tally.ui.warn(with_causes(&error));
        }
        self.tally.conclude(self.links.count, left_over, None)
    }
}

/// Hears of one row, and opens its share.
struct Recipient {
    batch: Arc<Batch>,
    key: String,
    link: String,
    /// Where its files go.
    directory: PathBuf,
    ui: Ui,
    /// Whether what moves comes from the relay, and is not read from disk.
    downloading: AtomicBool,
}

impl Recipient {
    fn new(batch: Arc<Batch>, key: &str, link: &Link) -> Self {
        let (directory, ui) = (batch.output.join(key), batch.tally.ui.about(key));
        let downloading = AtomicBool::new(false);
        Self { batch, key: key.to_owned(), link: link.to_string(), directory, ui, downloading }
    }
}

impl ProgressSink for Recipient {
    fn progress(&self, progress: Progress<'_>) {
        match progress {
            Progress::Begin { work, .. } => self.downloading.store(work == Work::Download, Ordering::Relaxed),
            Progress::Moved(_) | Progress::Lost(_) if !self.downloading.load(Ordering::Relaxed) => {}
            progress => self.batch.tally.progress(progress),
        }
    }
}

impl Host for Recipient {
    fn receiving(&self, event: Event<'_>) -> share_client::Result<()> {
        let told = match event {
            Event::Found(ShareKind::Words) => {
                let words = Error::new(Kind::WordsWrong, "needs_words", fl!("batch-fetch-words"));
                Err(words.hint(fl!("batch-fetch-words-hint", link = self.link.as_str())))
            }
            Event::Saved(received) => {
                self.batch.note(&ResultLine::received(&self.key, &self.link, &self.directory, received))
            }
            Event::Lost(_)
            | Event::NotPrivate(_)
            | Event::TicketNotKept(_)
            | Event::ReceiptKept(_)
            | Event::NoReceipt(_) => get_command::tell(&self.ui, event),
            _ => Ok(()),
        };
        told.map_err(through_library)
    }

    fn ask_recipient(&self, question: Question<'_>) -> share_client::Result<bool> {
        Ok(matches!(question, Question::Save(_)))
    }

    fn identities(&self) -> share_client::Result<Identities> {
        Ok(self.batch.identities.clone())
    }
}
