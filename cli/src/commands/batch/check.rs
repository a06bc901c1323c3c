//! `share batch run --check-only`: whether every row could be sent, and the relay would take it. Nothing is sent.

use std::{fs::File, sync::Arc};

use share_client::{
    Cancel, Context, Error as ClientLibraryError,
    batch::relay_info,
    files::{ContentReader, FilesError, walk},
    send::{Content, Lifetime, SendRequest},
    state::Dirs,
    threads::blocking,
};
use share_format::envelope::sealed_len;
use share_relay_api::RelayLimits;

use super::{
    results::ResultLine,
    rows::{Job, Jobs, Terms},
    run::terms,
    tally::Quiet,
    words::WordsPlan,
};
use crate::{
    args,
    commands::unless_stopped,
    error::{Error, Kind, Result},
    i18n::fl,
    messages::{size, with_causes_and_hint},
    time,
    ui::Ui,
};

/// Runs `share batch run --check-only`.
pub async fn run(ui: &Ui, dirs: Arc<Dirs>, args: args::BatchRun) -> Result<()> {
    unless_stopped(check(ui, dirs, args)).await
}

async fn check(ui: &Ui, dirs: Arc<Dirs>, args: args::BatchRun) -> Result<()> {
    let jobs = Arc::new(Jobs::read(&args.table)?);
    let terms = Arc::new(terms(&dirs, &args).await?);
    let words = WordsPlan::of(&args)?;
    let context = Context::new(Arc::new(Quiet), dirs, Cancel::default(), 1);
    let info = relay_info(&context, &terms.relay, terms.token.as_ref(), terms.patience).await?;
    let (mut bytes, mut failed) = (0u64, 0u64);
    for row in jobs.rows() {
        let (key, job) = jobs.job(&row);
        let checked = async {
            let job = job?;
            words.check(&job)?;
            let (jobs, terms, limits) = (Arc::clone(&jobs), Arc::clone(&terms), info.limits.clone());
            blocking(move || check_row(&job, &jobs, &terms, &limits)).await
        };
        let line = match checked.await {
            Ok(length) => {
                bytes = bytes.saturating_add(length);
                ui.note(fl!("batch-row-ok", key = key.as_str()));
                ResultLine { key, status: "ok".to_owned(), bytes: Some(length), ..ResultLine::default() }
            }
            Err(error) => {
                failed += 1;
                ui.about(&key).warn(with_causes_and_hint(&error));
                ResultLine { key, ..ResultLine::failed(&Job::default(), &error) }
            }
        };
        ui.event(&line.event(false))?;
    }
    let room = info.limits.room_bytes.filter(|room| bytes > *room);
    let checked = Checked { event: "checked", rows: jobs.count, failed, bytes };
    ui.event(&checked)?;
    ui.say(fl!("batch-check-done", rows = jobs.count, failed = failed, size = size(bytes)))?;
    match (failed, room) {
        (0, None) => Ok(()),
        (_, Some(room)) => {
            let message = fl!("batch-no-room", needed = size(bytes), free = size(room));
            Err(Error::new(Kind::SomeFailed, "storage_full", message))
        }
        _ => Err(Error::new(Kind::SomeFailed, "some_failed", fl!("batch-check-failed"))),
    }
}

#[derive(serde::Serialize)]
struct Checked {
    event: &'static str,
    rows: u64,
    failed: u64,
    bytes: u64,
}

/// Whether a row could be sent now. Gives its bytes of content.
fn check_row(job: &Job, jobs: &Jobs, terms: &Terms, limits: &RelayLimits) -> Result<u64> {
    let request = job.request(jobs, terms)?;
    let SendRequest { content: Content::Paths { paths, follow }, lifetime, .. } = &request else {
        unreachable!("rows have paths")
    };
    let mut walked = walk(paths, *follow).map_err(ClientLibraryError::Files)?;
    if let Some(refused) = walked.refused.pop() {
        return Err(ClientLibraryError::Files(refused.error).into());
    }
    if !walked.renamed.is_empty() && !terms.rename {
        return Err(ClientLibraryError::NamesRefused { count: walked.renamed.len(), wished: false }.into());
    }
    for source in walked.sources.iter().filter(|source| source.path.is_file()) {
        let readable = File::open(&source.path).map_err(FilesError::read(&source.path));
        readable.map_err(ClientLibraryError::Files)?;
    }
    let length = ContentReader::new(walked.sources).map_err(ClientLibraryError::Files)?.length();
    if sealed_len(length) > limits.content_bytes {
        return Err(Error::new(
            Kind::Refused,
            "too_large",
            fl!("batch-row-too-large", limit = size(limits.content_bytes)),
        ));
    }
    let seconds = match *lifetime {
        Lifetime::For(seconds) => seconds,
        Lifetime::Until(end) => end.saturating_sub(share_client::clock::now()),
    };
    if seconds > limits.expiry_seconds {
        let limit = time::lifetime_text(limits.expiry_seconds);
        return Err(Error::new(Kind::Refused, "expiry_too_long", fl!("batch-row-too-long", limit = limit)));
    }
    Ok(length)
}
