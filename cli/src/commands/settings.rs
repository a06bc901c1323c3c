//! `share login` and `share config`.

use share_format::{link::RelayUrl, text};

use super::{Context, unless_stopped};
use crate::{
    args,
    client::Client,
    config::Config,
    error::{Error, Result},
    i18n::fl,
    quote::quoted,
    secret::Secret,
    threads::detached,
};

/// Bytes of a file with a token, which has 64 characters.
const MAX_TOKEN_FILE: usize = 4096;

/// Checks that the relay answers and takes the token, then remembers both.
pub async fn login(context: &Context, args: args::Login) -> Result<()> {
    // From the start, as with `get`: the token is asked for in another mode of the terminal.
    let mut stop = super::stop_signal()?;
    unless_stopped(&mut stop, fl!("ui-stopped"), check_in(context, args)).await
}

async fn check_in(context: &Context, args: args::Login) -> Result<()> {
    let mut config = Config::load(&context.dirs)?;
    let relay = RelayUrl::parse(&args.url)?;
    let client = Client::new(&relay)?;
    if client.info(None).await?.token_required {
        let token = token(context, &args).await?;
        client.info(Some(&token)).await.map_err(|error| Error::of_sender(error, true))?;
        config.set_token(&relay, &token);
    }
    config.set_relay(&relay);
    config.save(&context.dirs)?;
    context.ui.event(&serde_json::json!({ "event": "login", "relay": relay.as_str() }))?;
    context.ui.say(fl!("login-done", relay = relay.as_str()))
}

async fn token(context: &Context, args: &args::Login) -> Result<Secret> {
    let text = match args.token_file.clone() {
        Some(path) => {
            let unreadable = |error| Error::local(fl!("login-token-unreadable"), error);
            detached(move || text::read(&path, MAX_TOKEN_FILE).map_err(unreadable)).await?
        }
        None => context.ui.ask_secret(&fl!("login-ask-token"), "--token-file FILE")?,
    };
    Secret::parse(&text).ok_or_else(|| Error::usage(fl!("login-token-malformed")))
}

/// Shows or changes the settings.
pub fn config(context: &Context, args: args::Config) -> Result<()> {
    let mut config = Config::load(&context.dirs)?;
    match args {
        args::Config::Show => show(context, &config),
        args::Config::Set(args::Setting::Relay { url }) => {
            let relay = RelayUrl::parse(&url)?;
            config.set_relay(&relay);
            config.save(&context.dirs)?;
            context.ui.event(&event(&config))?;
            context.ui.say(fl!("config-relay-set", relay = relay.as_str()))
        }
    }
}

fn show(context: &Context, config: &Config) -> Result<()> {
    context.ui.event(&event(config))?;
    match config.relay() {
        Some(relay) => context.ui.say(fl!("config-relay", relay = quoted(relay)))?,
        None => context.ui.say(fl!("config-no-relay"))?,
    }
    config.relays_with_token().try_for_each(|relay| context.ui.say(fl!("config-token", relay = quoted(relay))))
}

fn event(config: &Config) -> serde_json::Value {
    let tokens: Vec<&str> = config.relays_with_token().collect();
    serde_json::json!({ "event": "config", "relay": config.relay(), "tokens_for": tokens })
}
