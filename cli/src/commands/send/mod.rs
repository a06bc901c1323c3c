//! `share send`: pack, seal, upload; print the link and the words.

mod audience;
mod outgoing;
mod sending;

use std::{env, time::Duration};

use self::{
    audience::{Audience, WordsFile},
    outgoing::Outgoing,
    sending::Sending,
};
use super::{Context, unless_stopped};
use crate::{
    args, config::Config, error::Result, here::Here, i18n::fl, link::RelayUrl, secret::Secret, time,
    transfer::backoff::Patience,
};

/// Runs `share send`.
pub async fn run(context: &Context, args: args::Send) -> Result<()> {
    let mut stop = super::stop_signal()?;
    let prepare = async {
        let terms = Terms::read(context, &args)?;
        let audience = Audience::choose(&args).await?;
        let outgoing = Outgoing::pack(context, &args).await?;
        let words_file = WordsFile::create(&args, &audience)?;
        let route = Route::choose(context, &args).await?;
        let (sending, header) = Sending::new(&route, terms, audience, &outgoing).await?;
        Ok((outgoing, words_file, route, sending, header))
    };
    let (outgoing, words_file, route, sending, header) =
        unless_stopped(&mut stop, fl!("send-interrupted"), prepare).await?;
    let deliver = sending.deliver(context, &args, outgoing, header, &route);
    let (result, usable) = match unless_stopped(&mut stop, fl!("send-interrupted"), deliver).await {
        // From here on it can be fetched, and nothing takes it back.
        Ok(sealed) => {
            let told = sending.tell_ready(context, &sealed);
            let served = sending.serve(context, &route, &sealed, &mut stop).await;
            let usable = served.is_ok();
            (served.and(told), usable)
        }
        Err(error) => {
            let gone = sending.take_back(context, &error, &mut stop).await;
            (Err(error), !gone)
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

/// How long and how often the share may be fetched, and how long the sender tries.
struct Terms {
    lifetime: Duration,
    downloads: Option<u32>,
    patience: Patience,
}

impl Terms {
    fn read(context: &Context, args: &args::Send) -> Result<Self> {
        let downloads = if args.once { Some(1) } else { args.downloads };
        Ok(Self {
            lifetime: time::lifetime(&args.expires)?,
            downloads,
            patience: context.ui.patience(time::duration(&args.patience)?),
        })
    }
}

/// Where the share goes: a relay, or one inside this process.
struct Route {
    relay: RelayUrl,
    token: Option<Secret>,
    here: Option<Here>,
}

impl Route {
    async fn choose(context: &Context, args: &args::Send) -> Result<Self> {
        if !args.here {
            let config = Config::load(&context.dirs)?;
            let named = args.relay.clone().or_else(relay_of_environment);
            if let Some(relay) = named.as_deref().or(config.relay()) {
                let relay = RelayUrl::parse(relay)?;
                return Ok(Self { token: config.token(&relay), relay, here: None });
            }
        }
        let here = Here::start(&context.dirs).await?;
        context.ui.note(match here.is_loopback() {
            true => fl!("send-here-loopback", relay = here.relay().as_str()),
            false => fl!("send-here", relay = here.relay().as_str()),
        });
        Ok(Self { relay: here.relay().clone(), token: Some(here.token().clone()), here: Some(here) })
    }
}

/// The relay that `SHARE_RELAY` names; set to nothing it names none.
pub(super) fn relay_of_environment() -> Option<String> {
    let relay = env::var_os("SHARE_RELAY")?.to_string_lossy().into_owned();
    (!relay.is_empty()).then_some(relay)
}
