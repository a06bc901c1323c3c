//! Uploads that were cut off: which there are, which of them to go on with, and whether that is possible.

use std::{io, path::Path, time::Duration};

use tokio::time::timeout;

use super::{
    super::{Context, unless_stopped},
    audience::WordsFile,
    order::{Destination, IfUnfinished, Order},
    outgoing::Outgoing,
};
use crate::{
    client::Client,
    content::Manifest,
    envelope::{header_len, open_bytes},
    error::{Error, Kind, Result},
    i18n::fl,
    link::Link,
    system::StopSignal,
    transfer::journal::{Journal, Unfinished},
};

/// How long taking back may take.
const TAKE_BACK_TIMEOUT: Duration = Duration::from_secs(10);

/// The unfinished upload of the same order that is to go on. Those that cannot, or are not wanted, are taken back.
pub async fn of_order(context: &Context, order: &Order, stop: &mut StopSignal) -> Result<Option<Journal>> {
    if matches!(order.destination, Destination::Here) {
        return Ok(None);
    }
    let (mut found, mut busy) = (Vec::new(), None);
    for unfinished in context.journals().list().into_iter().filter(|found| found.record.asked == order.asked) {
        match open(context, unfinished, stop).await {
            Ok(journal) => found.extend(journal),
            Err(error) => busy = Some(error),
        }
    }
    let go_on = match (found.first(), order.unfinished) {
        (None, IfUnfinished::GoOn) => return busy.map_or(Ok(None), Err),
        (None, _) => return Ok(None),
        (Some(_), IfUnfinished::GoOn) => true,
        (Some(_), IfUnfinished::BeginAnew) => false,
        (Some(newest), IfUnfinished::Ask) if context.ui.is_interactive() => {
            context.ui.confirm(&fl!("resume-ask", link = newest.record.link.as_str()), "--resume")?
        }
        (Some(newest), IfUnfinished::Ask) => {
            context.ui.warn(fl!("resume-not-asked", link = newest.record.link.as_str()));
            return Ok(None);
        }
    };
    if go_on {
        return Ok(Some(found.swap_remove(0)));
    }
    for journal in &found {
        take_back(context, journal, stop).await;
    }
    Ok(None)
}

/// The unfinished upload of this link, or the only one there is.
pub async fn named(context: &Context, link: Option<&str>, stop: &mut StopSignal) -> Result<Journal> {
    let mut found = context.journals().list();
    if let Some(link) = link {
        let id = Link::parse(link)?.id;
        found.retain(|unfinished| Link::parse(&unfinished.record.link).is_ok_and(|link| link.id == id));
    }
    let links: Vec<_> = found.iter().map(|unfinished| unfinished.record.link.clone()).collect();
    match (found.pop(), links.len()) {
        (Some(only), 1) => open(context, only, stop).await?.ok_or_else(none),
        (None, _) => Err(none()),
        _ => Err(Error::usage(fl!("resume-several")).hint(fl!("resume-several-hint", links = links.join("\n  ")))),
    }
}

fn none() -> Error {
    Error::new(Kind::LocalFile, "nothing_unfinished", fl!("resume-none")).hint(fl!("resume-none-hint"))
}

/// Takes up an unfinished upload. One that was cut off before its header was made cannot go on, and is taken back.
async fn open(context: &Context, unfinished: Unfinished, stop: &mut StopSignal) -> Result<Option<Journal>> {
    let resumable = unfinished.has_header();
    let link = unfinished.record.link.clone();
    let journal = match unfinished.open() {
        Ok(journal) => journal,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            return Err(Error::new(Kind::LocalFile, "upload_running", fl!("resume-running", link = link.as_str())));
        }
        Err(error) => return Err(unreadable(error)),
    };
    if resumable {
        return Ok(Some(journal));
    }
    take_back(context, &journal, stop).await;
    Ok(None)
}

/// Refuses to go on with files or folders that are not as they were.
pub fn check_unchanged(journal: &Journal, outgoing: &Outgoing) -> Result<()> {
    if journal.record.sources == outgoing.digest() {
        return Ok(());
    }
    let manifest = journal.manifest().map_err(unreadable)?.unwrap_or_default();
    let difference = manifest_of(journal, &manifest).and_then(|manifest| outgoing.first_difference(&manifest));
    let sentence = match difference {
        Some(path) => fl!("resume-changed", path = crate::ui::printable(&path)),
        None => fl!("resume-changed-somewhere"),
    };
    Err(Error::new(Kind::Changed, "file_changed", sentence).hint(fl!("resume-changed-hint")))
}

fn manifest_of(journal: &Journal, sealed: &[u8]) -> Option<Manifest> {
    let after_header = sealed.get(header_len(sealed).ok()??..)?;
    Manifest::parse(&open_bytes(&journal.record.file_key, after_header).ok()?).ok()
}

/// Asks whether to send anew what cannot go on; then the unfinished upload is taken back.
pub async fn offer_anew(context: &Context, journal: &Journal, stop: &mut StopSignal) -> Result<()> {
    if !context.ui.confirm(&fl!("resume-ask-anew"), "--new")? {
        return Err(Error::interrupted(fl!("send-interrupted")));
    }
    take_back(context, journal, stop).await;
    Ok(())
}

/// Takes an unfinished upload back, as well as that can be done, and forgets it.
async fn take_back(context: &Context, journal: &Journal, stop: &mut StopSignal) {
    let revoke = async {
        let link = Link::parse(&journal.record.link)?;
        Client::new(&link.relay)?.revoke(&link.id, &journal.record.manage_key).await?;
        context.ledger().forget(&link.id);
        Ok(())
    };
    let revoked = timeout(TAKE_BACK_TIMEOUT, unless_stopped(stop, fl!("send-interrupted"), revoke)).await;
    let link = journal.record.link.as_str();
    match revoked {
        Ok(Ok(())) => context.ui.warn(fl!("resume-taken-back", link = link)),
        _ => context.ui.warn(fl!("resume-not-taken-back", link = link)),
    }
    if let (Some(path), Some(words)) = (&journal.record.words_file, &journal.record.words) {
        drop(WordsFile::of(Path::new(path), words));
    }
    journal.remove();
}

fn unreadable(error: io::Error) -> Error {
    Error::local(fl!("transfer-journal"), error)
}
