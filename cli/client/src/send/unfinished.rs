//! Uploads that were cut off: which there are, which of them to go on with, and what becomes of the others.

use std::{io, sync::Arc, time::Duration};

use share_format::link::Link;
use share_relay_api::Code;
use tokio::time::timeout;

use super::{Event, IfUnfinished, NotWhole, Question, SendRequest, words_file::WordsFile};
use crate::{
    api::{ClientError, Limits},
    error::{Error, Result},
    host::Context,
    secret::Secret,
    state::{
        StateError,
        ledger::Ledger,
        remote_state::RemoteState,
        upload_journal::{UnfinishedUpload, UploadJournal, UploadJournals},
    },
};

/// How long taking a share back may take.
const REVOKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The unfinished upload of the same request that is to go on. Those that are not wanted are taken back.
pub(super) async fn of_request(context: &Context, request: &SendRequest) -> Result<Option<Arc<UploadJournal>>> {
    if request.served_from_here {
        return Ok(None);
    }
    let (key, host) = (request.resume_key()?, &context.host);
    let (mut found, mut busy) = (Vec::new(), None);
    for unfinished in journals(context)?.list().into_iter().filter(|found| found.record.resume_key == key) {
        match open(unfinished) {
            Ok(journal) => found.extend(journal),
            Err(error) => busy = Some(error),
        }
    }
    let go_on = match (found.first(), request.unfinished) {
        (None, IfUnfinished::GoOn) => return busy.map_or(Ok(None), Err),
        (None, _) => return Ok(None),
        (Some(_), IfUnfinished::GoOn) => true,
        (Some(_), IfUnfinished::BeginAnew) => false,
        (Some(newest), IfUnfinished::Ask) if host.can_answer() => {
            host.ask_sender(Question::GoOn { link: &newest.record.link })?
        }
        (Some(newest), IfUnfinished::Ask) => {
            host.sending(Event::NotResumed { link: &newest.record.link })?;
            return Ok(None);
        }
    };
    if go_on {
        return Ok(Some(Arc::new(found.swap_remove(0))));
    }
    for journal in &found {
        take_back(context, journal).await?;
    }
    Ok(None)
}

/// The unfinished upload of this link, or the only one there is.
pub(super) fn named(context: &Context, link: Option<&str>) -> Result<Arc<UploadJournal>> {
    let mut found = journals(context)?.list();
    if let Some(link) = link {
        let id = Link::parse(link)?.id;
        found.retain(|unfinished| Link::parse(&unfinished.record.link).is_ok_and(|link| link.id == id));
    }
    let links: Vec<_> = found.iter().map(|unfinished| unfinished.record.link.clone()).collect();
    match (found.pop(), links.len()) {
        (Some(only), 1) => open(only)?.map(Arc::new).ok_or(Error::NothingUnfinished),
        (None, _) => Err(Error::NothingUnfinished),
        _ => Err(Error::SeveralUnfinished { links }),
    }
}

/// Removes those that are over, as this computer's clock and their relays both say.
pub(super) async fn remove_over(context: &Context) -> Result<()> {
    let old = journals(context)?.old();
    let links = old.iter().map(|unfinished| unfinished.record.link.clone()).collect();
    for (unfinished, remote) in old.iter().zip(RemoteState::of_all(links).await) {
        if matches!(remote, RemoteState::Gone | RemoteState::Expired) || unfinished.postpone(remote) {
            unfinished.remove();
        }
    }
    Ok(())
}

/// Asks whether to send anew what cannot go on, unless that is wished; if so, the unfinished upload is taken back.
pub(super) async fn offer_anew(context: &Context, request: &SendRequest, journal: &UploadJournal) -> Result<bool> {
    let anew = request.not_whole == NotWhole::LeaveOut || context.host.ask_sender(Question::SendAnew)?;
    if anew {
        take_back(context, journal).await?;
    }
    Ok(anew)
}

/// Whether nothing of the share is on the relay any more, as it says in time; an error if interrupted meanwhile. What the
/// relay does not know now may come back, or come to be created by a request that is still on its way.
pub(crate) async fn revoke(context: &Context, link: &Link, manage: &Secret) -> Result<bool> {
    let revoke = async { context.client(&link.relay, Limits::default())?.revoke(&link.id, manage).await };
    let answer = context.cancel.unless_cancelled(async { Ok(timeout(REVOKE_TIMEOUT, revoke).await) }).await?;
    let is_gone = |error: &ClientError| matches!(error.code(), Some(Code::Expired | Code::Revoked));
    Ok(answer.is_ok_and(|answer| answer.as_ref().err().is_none_or(is_gone)))
}

/// Takes an unfinished upload back, as well as that can be done, and forgets it. An interruption keeps it.
async fn take_back(context: &Context, journal: &UploadJournal) -> Result<()> {
    let (record, link) = (&journal.record, Link::parse(&journal.record.link)?);
    let done = revoke(context, &link, &record.manage_key).await?;
    if done {
        Ledger::of_user(&context.dirs)?.forget(&link.id);
    }
    context.host.sending(Event::UnfinishedTakenBack { link: &record.link, done })?;
    drop(WordsFile::of(record));
    journal.remove();
    Ok(())
}

/// The journals; what is of no use among them has just been removed.
fn journals(context: &Context) -> Result<UploadJournals> {
    let journals = UploadJournals::of_user(&context.dirs)?;
    journals.sweep();
    Ok(journals)
}

/// Takes up an unfinished upload, unless it has just been finished.
pub(crate) fn open(unfinished: UnfinishedUpload) -> Result<Option<UploadJournal>> {
    let link = unfinished.record.link.clone();
    match unfinished.open() {
        Ok(journal) => Ok(Some(journal)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(StateError::UploadRunning { link }.into()),
        Err(error) => Err(StateError::Journal(error).into()),
    }
}
