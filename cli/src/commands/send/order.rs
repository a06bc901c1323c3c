//! What the command line orders, read once: what is sent, to whom, where to, and on which terms.

use std::{env, path::PathBuf};

use share_format::{envelope::Recipient, link::RelayUrl};

use super::{super::Context, audience::Audience, outgoing};
use crate::{
    args,
    config::Config,
    error::Result,
    secret::{Secret, sha256},
    time::{self, Lifetime},
    transfer::{backoff::Patience, journal::Asked},
};

/// An order to send something.
pub struct Order {
    /// Files and folders as they were named; nothing for standard input.
    pub paths: Vec<PathBuf>,
    pub message: Option<String>,
    pub audience: Audience,
    pub destination: Destination,
    pub lifetime: Lifetime,
    pub downloads: Option<u32>,
    pub patience: Patience,
    pub words_file: Option<PathBuf>,
    pub unfinished: IfUnfinished,
    pub names: Names,
    pub not_whole: NotWhole,
    /// What the same order has too.
    pub asked: Asked,
}

/// Where the share goes.
#[derive(Clone)]
pub enum Destination {
    /// To a relay, with the token that there is for it.
    Relay(RelayUrl, Option<Secret>),
    /// To a relay inside this process.
    Here,
}

/// What to do if the same was begun before and not finished.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum IfUnfinished {
    Ask,
    GoOn,
    BeginAnew,
}

/// What to do about names that not every computer can use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Ask whether to change them; refuse where nobody can answer.
    Ask,
    Change,
    Exact,
}

/// What to do about files in a folder that cannot be sent whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NotWhole {
    /// Ask whether to leave them out; refuse where nobody can answer.
    Ask,
    LeaveOut,
}

impl Order {
    pub async fn read(context: &Context, args: args::Send) -> Result<Self> {
        outgoing::check_stdin(&args)?;
        let lifetime = Lifetime::read(&args.expires)?;
        let patience = context.ui.patience(time::duration(&args.patience)?);
        let downloads = if args.once { Some(1) } else { args.downloads };
        let audience = Audience::choose(&args).await?;
        let sender = outgoing::sender(&args)?;
        let message = outgoing::message(&args).await?;
        let (absolute, name) = outgoing::paths(&args)?;
        let destination = Destination::choose(context, &args)?;
        let asked = Asked {
            paths: absolute,
            follow: args.follow,
            name,
            sender,
            message: message.as_ref().map(|text| sha256(text.as_bytes())),
            relay: destination.name().to_owned(),
            expires: args.expires,
            downloads,
            words: audience.words(),
            recipients: audience.keys().iter().map(Recipient::as_str).map(str::to_owned).collect(),
        };
        let unfinished = match (args.resume, args.new) {
            (true, _) => IfUnfinished::GoOn,
            (_, true) => IfUnfinished::BeginAnew,
            _ => IfUnfinished::Ask,
        };
        let names = match (args.rename, args.exact_names) {
            (true, _) => Names::Change,
            (_, true) => Names::Exact,
            _ => Names::Ask,
        };
        let not_whole = if args.skip_changed { NotWhole::LeaveOut } else { NotWhole::Ask };
        Ok(Self {
            paths: args.paths,
            message,
            audience,
            destination,
            lifetime,
            downloads,
            patience,
            words_file: args.passphrase_file,
            unfinished,
            names,
            not_whole,
            asked,
        })
    }
}

impl Destination {
    fn choose(context: &Context, args: &args::Send) -> Result<Self> {
        if args.here {
            return Ok(Self::Here);
        }
        let config = Config::load(&context.dirs)?;
        let named = args.relay.clone().or_else(relay_of_environment);
        let Some(relay) = named.as_deref().or(config.relay()) else { return Ok(Self::Here) };
        let relay = RelayUrl::parse(relay)?;
        Ok(Self::Relay(relay.clone(), config.token(&relay)))
    }

    fn name(&self) -> &str {
        match self {
            Self::Relay(relay, _) => relay.as_str(),
            Self::Here => "",
        }
    }
}

/// The relay that `SHARE_RELAY` names; set to nothing it names none.
pub fn relay_of_environment() -> Option<String> {
    of_environment("SHARE_RELAY")
}

/// What a variable holds, if it holds anything.
pub(super) fn of_environment(variable: &str) -> Option<String> {
    let value = env::var_os(variable)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}
