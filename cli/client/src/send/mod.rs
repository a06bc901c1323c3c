//! Sending, step by step: find what is sent, seal it, have the relay create a share, upload, and make it ready; or go on with
//! what was cut off.
//!
//! `content` is what is sent, `share` the share on its way, `failure` what becomes of one that fails, `unfinished` which
//! uploads were cut off, `serve` the wait for a recipient of a share that is served from this computer.

mod content;
pub mod event;
mod failure;
mod receipts;
mod request;
mod serve;
mod share;
pub(crate) mod unfinished;
mod words_file;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use share_format::link::Link;

use self::{
    content::Outgoing,
    share::{HeaderInWork, OutgoingShare, ShareSecrets},
    words_file::WordsFile,
};
pub use self::{
    event::{Created, Event, Question},
    receipts::{VerifiedEvent, verify_receipts},
    request::{Access, Content, IfUnfinished, Lifetime, NamePolicy, NotWhole, SendRequest, ShareIdentity},
};
use crate::{
    error::{Error, Result},
    error_kind::ErrorKind,
    get::send_kept_receipts,
    host::Context,
    patience::Patience,
    secret::Secret,
    state::{ledger::Entry, secret_store::SecretStore, upload_journal::UploadJournal},
};

/// Sends something, or goes on with it if the same was cut off before. Gives what the ledger holds of the share, once it
/// can be fetched; one that is served from this computer, once it has been fetched.
///
/// # Errors
/// What was sent before it failed is kept on the relay to go on with, or taken back; the events tell which.
pub async fn send_one(context: &Context, request: &SendRequest) -> Result<Entry> {
    context.cancel.unless_cancelled(tidy(context)).await?;
    let Some(journal) = unfinished::of_request(context, request).await? else {
        return send_new(context, request).await;
    };
    match go_on_as(context, &journal, request).await {
        Err(Error::ChangedSince { path }) if request.not_whole == NotWhole::LeaveOut || context.host.can_answer() => {
            context.host.sending(Event::CannotGoOn { path: path.as_deref() })?;
            match unfinished::offer_anew(context, request, &journal).await? {
                true => send_new(context, request).await,
                false => Err(Error::ChangedSince { path }),
            }
        }
        went => went,
    }
}

/// Goes on with the unfinished upload of this link, or the only one there is; with this sender token, or else the one that
/// is remembered for its relay.
///
/// # Errors
/// As with [`send_one`]; and what came from standard input cannot be gone on with here.
pub async fn resume_one(
    context: &Context,
    link: Option<&str>,
    token: Option<Secret>,
    patience: Duration,
) -> Result<Entry> {
    context.cancel.unless_cancelled(tidy(context)).await?;
    let journal = unfinished::named(context, link)?;
    if journal.record.resume_key.name.is_some() {
        return Err(Error::ResumeNeedsInput);
    }
    let words_file = journal.record.words_file.as_deref().map(Path::new);
    let token = match token {
        Some(token) => Some(token),
        None => SecretStore::load(&context.dirs)?.token(&Link::parse(&journal.record.link)?.relay),
    };
    go_on(context, &journal, token, None, words_file, patience).await
}

/// Removes uploads that are over, and sends receipts that were kept.
pub async fn tidy(context: &Context) -> Result<()> {
    let ((), removed) = tokio::join!(send_kept_receipts(context, None), unfinished::remove_over(context));
    removed
}

/// Sends something anew; as often as it takes, if what turns out not to be sendable whole may be left out. Layout and
/// manifest of what was begun cannot change any more, so that takes another share.
pub(crate) async fn send_new(context: &Context, request: &SendRequest) -> Result<Entry> {
    let mut left_out = BTreeSet::new();
    loop {
        let begin = async {
            let secrets = ShareSecrets::new(context, request).await?;
            OutgoingShare::new(context, request, secrets, Outgoing::find(context, request, &left_out)).await
        };
        let (share, header) = context.cancel.unless_cancelled(begin).await?;
        match carry_out(context, share, header, Some(request.not_whole), request.served_from_here).await? {
            Outcome::Sent(entry) => return Ok(entry),
            Outcome::NotWhole(paths) => left_out.extend(paths),
        }
    }
}

/// Goes on with what was begun before by the same request.
pub(crate) async fn go_on_as(context: &Context, journal: &Arc<UploadJournal>, request: &SendRequest) -> Result<Entry> {
    let (token, message) = (request.token.clone(), request.message.clone());
    go_on(context, journal, token, message, request.words_file.as_deref(), request.patience).await
}

/// Goes on with what was begun before. The message is in the manifest already, but for a stream that had not ended.
async fn go_on(
    context: &Context,
    journal: &Arc<UploadJournal>,
    token: Option<Secret>,
    message: Option<String>,
    words_file: Option<&Path>,
    patience: Duration,
) -> Result<Entry> {
    let (record, patience) = (&journal.record, Patience::new(patience, context.host.clone()));
    let link = Link::parse(&record.link)?;
    let ready = share::ready_before(context, journal, &patience);
    if let Some(entry) = context.cancel.unless_cancelled(ready).await? {
        WordsFile::again(words_file, record.words.as_ref())?.keep();
        let words = record.words.as_ref().filter(|_| words_file.is_none());
        let created = Created { link: &link, words, entry: &entry, resumed: true, renamed: &[], left_out: &[] };
        context.host.sending(Event::Created(created))?;
        context.host.sending(Event::Ready(&entry))?;
        return Ok(entry);
    }
    let content = context.cancel.unless_cancelled(Outgoing::again(journal, message)).await?;
    let resumed = OutgoingShare::resumed(context, journal, token, content, words_file, patience);
    let (share, header) = context.cancel.unless_cancelled(resumed).await?;
    match carry_out(context, share, header, None, false).await? {
        Outcome::Sent(entry) => Ok(entry),
        Outcome::NotWhole(_) => unreachable!("nothing is left out of what was begun before"),
    }
}

/// What became of a share.
enum Outcome {
    Sent(Entry),
    /// Taken back, to be sent again without these files.
    NotWhole(Vec<PathBuf>),
}

/// Delivers a share, and waits for its recipient if it is served from here. What cannot be sent whole may be left out, if
/// that is said here.
async fn carry_out(
    context: &Context,
    share: OutgoingShare,
    header: HeaderInWork,
    leave_out: Option<NotWhole>,
    served_from_here: bool,
) -> Result<Outcome> {
    let error = match context.cancel.unless_cancelled(share.deliver(header)).await {
        // From here on it can be fetched, and nothing takes it back.
        Ok(entry) => {
            let told = context.host.sending(Event::Ready(&entry));
            let served = if served_from_here { serve::until_collected(context, &entry).await } else { Ok(()) };
            if served.is_ok() {
                share.words_file.keep();
            }
            return served.and(told).map(|()| Outcome::Sent(entry));
        }
        Err(error) => error,
    };
    let not_whole = match error.kind() {
        ErrorKind::Changed | ErrorKind::LocalFile => share.content.not_whole().await?,
        _ => Vec::new(),
    };
    if share.content.may_do_without(&*context.host, &not_whole, leave_out)? {
        context.host.sending(Event::SendingAnew)?;
        failure::give_up(context, &share, false).await?;
        return Ok(Outcome::NotWhole(not_whole));
    }
    let (error, usable) = failure::conclude(context, &share, error, not_whole).await?;
    if usable {
        share.words_file.keep();
    }
    Err(error)
}
