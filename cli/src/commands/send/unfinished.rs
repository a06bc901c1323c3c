//! Uploads that were cut off: which there are, which of them to go on with, and whether that is possible.

use std::io;

use share_format::link::Link;

use super::{
    super::Context,
    audience::WordsFile,
    order::{Destination, IfUnfinished, NotWhole, Order},
    taking_back,
};
use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    system::StopSignal,
    transfer::{
        journal::{Journal, Unfinished},
        leftover::Standing,
    },
};

/// The unfinished upload of the same order that is to go on. Those that are not wanted are taken back.
pub async fn of_order(context: &Context, order: &Order, stop: &mut StopSignal) -> Result<Option<Journal>> {
    if matches!(order.destination, Destination::Here) {
        return Ok(None);
    }
    let (mut found, mut busy) = (Vec::new(), None);
    for unfinished in context.journals()?.list().into_iter().filter(|found| found.record.asked == order.asked) {
        match open(unfinished) {
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
        take_back(context, journal, stop).await?;
    }
    Ok(None)
}

/// Removes those that are over, as this computer's clock and their relays both say.
pub async fn remove_over(context: &Context) -> Result<()> {
    let old = context.journals()?.old();
    let standings = Standing::of_all(old.iter().map(|unfinished| unfinished.record.link.clone()).collect()).await;
    for (unfinished, standing) in old.iter().zip(standings) {
        if matches!(standing, Standing::Gone | Standing::Expired) || unfinished.postpone(standing) {
            unfinished.remove();
        }
    }
    Ok(())
}

/// The unfinished upload of this link, or the only one there is.
pub fn named(context: &Context, link: Option<&str>) -> Result<Journal> {
    let mut found = context.journals()?.list();
    if let Some(link) = link {
        let id = Link::parse(link)?.id;
        found.retain(|unfinished| Link::parse(&unfinished.record.link).is_ok_and(|link| link.id == id));
    }
    let links: Vec<_> = found.iter().map(|unfinished| unfinished.record.link.clone()).collect();
    match (found.pop(), links.len()) {
        (Some(only), 1) => open(only)?.ok_or_else(none),
        (None, _) => Err(none()),
        _ => Err(Error::usage(fl!("resume-several")).hint(fl!("resume-several-hint", links = links.join("\n  ")))),
    }
}

fn none() -> Error {
    Error::new(Kind::LocalFile, "nothing_unfinished", fl!("resume-none")).hint(fl!("resume-none-hint"))
}

/// Takes up an unfinished upload, unless it has just been finished.
fn open(unfinished: Unfinished) -> Result<Option<Journal>> {
    let link = unfinished.record.link.clone();
    match unfinished.open() {
        Ok(journal) => Ok(Some(journal)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(Error::new(Kind::LocalFile, "upload_running", fl!("resume-running", link = link.as_str())))
        }
        Err(error) => Err(unreadable(error)),
    }
}

/// Asks whether to send anew what cannot go on, unless that is wanted; if so, the unfinished upload is taken back.
pub async fn offer_anew(context: &Context, order: &Order, journal: &Journal, stop: &mut StopSignal) -> Result<bool> {
    let anew = match order.not_whole {
        NotWhole::LeaveOut => true,
        NotWhole::Ask => context.ui.confirm(&fl!("resume-ask-anew"), "--new")?,
    };
    if anew {
        take_back(context, journal, stop).await?;
    }
    Ok(anew)
}

/// Takes an unfinished upload back, as well as that can be done, and forgets it. Whoever wants to stop meanwhile keeps it.
async fn take_back(context: &Context, journal: &Journal, stop: &mut StopSignal) -> Result<()> {
    let record = &journal.record;
    let (link, shown) = (Link::parse(&record.link)?, record.link.as_str());
    match taking_back::revoke(&link, &record.manage_key, stop).await? {
        true => {
            context.forget(&link.id);
            context.ui.tell(fl!("resume-taken-back", link = shown));
        }
        false => context.ui.warn(fl!("resume-not-taken-back", link = shown)),
    }
    drop(WordsFile::of(record));
    journal.remove();
    Ok(())
}

fn unreadable(error: io::Error) -> Error {
    Error::local(fl!("transfer-journal"), error)
}
