//! `share send`: pack, seal, upload; print the link and the words. `share resume`: go on with it.

mod audience;
mod order;
mod outgoing;
mod sending;
mod taking_back;
mod unfinished;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use share_format::{
    envelope::PendingHeader,
    link::{Link, RelayUrl},
};

pub(super) use self::order::relay_of_environment;
use self::{
    audience::WordsFile,
    order::{Destination, NotWhole, Order},
    outgoing::Outgoing,
    sending::{Identity, Sending},
};
use super::{Context, unless_stopped};
use crate::{
    args,
    config::Config,
    error::{Error, Kind, Result},
    here::Here,
    i18n::fl,
    secret::Secret,
    system::StopSignal,
    time,
    transfer::{backoff::Patience, journal::Journal},
};

/// Runs `share send`.
pub async fn run(context: &Context, args: args::Send) -> Result<()> {
    let mut stop = super::stop_signal()?;
    let read = async {
        tidy(context).await?;
        Order::read(context, args).await
    };
    let order = unless_stopped(&mut stop, fl!("send-interrupted"), read).await?;
    let Some(journal) = unfinished::of_order(context, &order, &mut stop).await? else {
        return begin(context, order, &mut stop).await;
    };
    let (journal, message) = (Arc::new(journal), order.message.clone());
    let went = go_on(context, &journal, message, order.words_file.as_deref(), order.patience.clone(), &mut stop).await;
    match went {
        Err(error)
            if error.kind() == Kind::Changed
                && (order.not_whole == NotWhole::LeaveOut || context.ui.is_interactive()) =>
        {
            context.ui.warn(error.to_string());
            match unfinished::offer_anew(context, &order, &journal, &mut stop).await? {
                true => begin(context, order, &mut stop).await,
                false => Err(error),
            }
        }
        went => went,
    }
}

/// Runs `share resume`.
pub async fn resume(context: &Context, args: args::Resume) -> Result<()> {
    let mut stop = super::stop_signal()?;
    let patience = context.ui.patience(time::duration(&args.patience)?);
    unless_stopped(&mut stop, fl!("send-interrupted"), tidy(context)).await?;
    let journal = Arc::new(unfinished::named(context, args.link.as_deref())?);
    if journal.record.asked.name.is_some() {
        return Err(Error::usage(fl!("resume-stdin")).hint(fl!("resume-stdin-hint")));
    }
    let words_file = journal.record.words_file.as_deref().map(Path::new);
    go_on(context, &journal, None, words_file, patience, &mut stop).await
}

/// Removes uploads that are over, and sends receipts that were kept.
async fn tidy(context: &Context) -> Result<()> {
    let ((), removed) = tokio::join!(super::get::send_kept(context, None), unfinished::remove_over(context));
    removed
}

/// Sends something anew; as often as it takes, if what turns out not to be sendable whole may be left out. Layout and
/// manifest of what was begun cannot change any more, so that takes another share.
async fn begin(context: &Context, order: Order, stop: &mut StopSignal) -> Result<()> {
    let mut left_out = BTreeSet::new();
    loop {
        let prepare = Delivery::prepare(context, &order, &left_out);
        let delivery = unless_stopped(stop, fl!("send-interrupted"), prepare).await?;
        match delivery.carry_out(context, Some(order.not_whole), stop).await? {
            Carried::Delivered => return Ok(()),
            Carried::NotWhole(paths) => left_out.extend(paths),
        }
    }
}

/// Goes on with what was begun before. The message is in the manifest already, but for a stream that had not ended.
async fn go_on(
    context: &Context,
    journal: &Arc<Journal>,
    message: Option<String>,
    words_file: Option<&Path>,
    patience: Patience,
    stop: &mut StopSignal,
) -> Result<()> {
    let record = &journal.record;
    let words = record.words.as_ref().map(|words| words.as_str());
    let link = Link::parse(&record.link)?;
    let token = Config::load(&context.dirs)?.token(&link.relay);
    let route = Route { relay: link.relay.clone(), token, here: None };
    let (sending, header) = Sending::resumed(journal, link, words_file, patience)?;
    if let Some(entry) = unless_stopped(stop, fl!("send-interrupted"), sending.ready_before(context)).await? {
        WordsFile::again(words_file, words)?.keep();
        return sending.announce(context, &entry, None).and_then(|()| sending.tell_ready(context, &entry));
    }
    let outgoing = unless_stopped(stop, fl!("send-interrupted"), Outgoing::again(journal, message)).await?;
    let words_file = WordsFile::again(words_file, words)?;
    Delivery { sending, outgoing, header, words_file, route }.carry_out(context, None, stop).await.map(drop)
}

/// A share on its way, and all that goes with it.
struct Delivery {
    sending: Sending,
    outgoing: Outgoing,
    header: PendingHeader,
    words_file: WordsFile,
    route: Route,
}

/// What became of a delivery.
enum Carried {
    Delivered,
    /// Taken back, to be sent again without these files.
    NotWhole(Vec<PathBuf>),
}

impl Delivery {
    /// A new share, of all but the files that are to be left out.
    async fn prepare(context: &Context, order: &Order, left_out: &BTreeSet<PathBuf>) -> Result<Self> {
        let words = order.audience.new_words()?;
        let words = words.as_ref().map(|words| words.as_str());
        let identity = Identity::new(words).await?;
        // Only now, so that the memory of two scrypt runs is never in use at once; it goes on beside all that follows.
        let header = order.audience.header(words)?;
        let outgoing = Outgoing::pack(context, order, left_out).await?;
        let route = Route::open(context, &order.destination).await?;
        let sending = Sending::new(context, order, &route, identity, words, &outgoing, &header).await?;
        // The journal names the file, so that whoever goes on, or begins anew, knows of it.
        let words_file = WordsFile::create(order.words_file.as_deref(), words).inspect_err(|_| sending.forget())?;
        Ok(Self { sending, outgoing, header, words_file, route })
    }

    /// Delivers it. What cannot be sent whole may be left out, if that is said here.
    async fn carry_out(self, context: &Context, leave_out: Option<NotWhole>, stop: &mut StopSignal) -> Result<Carried> {
        let Self { sending, outgoing, header, words_file, route } = self;
        let deliver = sending.deliver(context, &outgoing, header, &route);
        let (result, usable) = match unless_stopped(stop, fl!("send-interrupted"), deliver).await {
            // From here on it can be fetched, and nothing takes it back.
            Ok(sealed) => {
                let told = sending.tell_ready(context, &sealed);
                let served = sending.serve(context, &route, &sealed, stop).await;
                let usable = served.is_ok();
                (served.and(told).map(|()| Carried::Delivered), usable)
            }
            Err(error) => {
                let not_whole = match error.kind() {
                    Kind::Changed | Kind::LocalFile => outgoing.not_whole().await?,
                    _ => Vec::new(),
                };
                if outgoing.may_do_without(context, &not_whole, leave_out) {
                    context.ui.warn(fl!("send-anew-without"));
                    sending.give_up(context, &error, stop).await;
                    (Ok(Carried::NotWhole(not_whole)), false)
                } else {
                    let (error, usable) = sending.fail(context, error, &outgoing, &not_whole, stop).await;
                    (Err(error), usable)
                }
            }
        };
        if usable {
            words_file.keep();
        }
        if let Some(here) = route.here {
            here.end().await;
        }
        result
    }
}

/// Where the share goes: a relay, or one inside this process.
struct Route {
    relay: RelayUrl,
    token: Option<Secret>,
    here: Option<Here>,
}

impl Route {
    async fn open(context: &Context, destination: &Destination) -> Result<Self> {
        if let Destination::Relay(relay, token) = destination.clone() {
            return Ok(Self { relay, token, here: None });
        }
        let here = Here::start(&context.dirs).await?;
        context.ui.note(match here.is_loopback() {
            true => fl!("send-here-loopback", relay = here.relay().as_str()),
            false => fl!("send-here", relay = here.relay().as_str()),
        });
        Ok(Self { relay: here.relay().clone(), token: Some(here.token().clone()), here: Some(here) })
    }
}
