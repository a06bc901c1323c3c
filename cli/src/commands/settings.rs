//! `share login` and `share config`.

use share_client::{
    api::Client,
    secret::Secret,
    state::{Dirs, secret_store::SecretStore, settings::Settings},
    threads::detached,
};
use share_format::{link::RelayUrl, quote::quoted, text};

use super::unless_stopped;
use crate::{
    args,
    error::{Error, Result},
    i18n::fl,
    ui::Ui,
};

/// Bytes of a file with a token, which has 64 characters.
const MAX_TOKEN_FILE: usize = 4096;

/// Checks that the relay answers and takes the token, then remembers both.
pub async fn login(ui: &Ui, dirs: &Dirs, args: args::Login) -> Result<()> {
    unless_stopped(check_in(ui, dirs, args)).await
}

async fn check_in(ui: &Ui, dirs: &Dirs, args: args::Login) -> Result<()> {
    let mut settings = Settings::load(dirs)?;
    let relay = RelayUrl::parse(&args.url)?;
    let client = Client::new(&relay)?;
    if client.info(None).await?.token_required {
        let token = token(ui, &args).await?;
        client.info(Some(&token)).await.map_err(|error| share_client::Error::of_sender(error, true))?;
        let mut secrets = SecretStore::load(dirs)?;
        secrets.set_token(&relay, &token);
        secrets.save(dirs)?;
    }
    settings.set_relay(&relay);
    settings.save(dirs)?;
    ui.event(&serde_json::json!({ "event": "login", "relay": relay.as_str() }))?;
    ui.say(fl!("login-done", relay = relay.as_str()))
}

async fn token(ui: &Ui, args: &args::Login) -> Result<Secret> {
    let text = match args.token_file.clone() {
        Some(path) => {
            let unreadable = |error| Error::local(fl!("login-token-unreadable"), error);
            detached(move || text::read(&path, MAX_TOKEN_FILE).map_err(unreadable)).await?
        }
        None => ui.ask_secret(&fl!("login-ask-token"), "--token-file FILE")?,
    };
    Secret::parse(&text).ok_or_else(|| Error::usage(fl!("login-token-malformed")))
}

/// Shows or changes the settings.
pub fn config(ui: &Ui, dirs: &Dirs, args: args::Config) -> Result<()> {
    let (mut settings, secrets) = (Settings::load(dirs)?, SecretStore::load(dirs)?);
    let shown = |settings: &Settings| {
        let tokens: Vec<&str> = secrets.relays().collect();
        ui.event(&serde_json::json!({ "event": "config", "relay": settings.relay(), "tokens_for": tokens }))
    };
    match args {
        args::Config::Show => {
            shown(&settings)?;
            match settings.relay() {
                Some(relay) => ui.say(fl!("config-relay", relay = quoted(relay)))?,
                None => ui.say(fl!("config-no-relay"))?,
            }
            secrets.relays().try_for_each(|relay| ui.say(fl!("config-token", relay = quoted(relay))))
        }
        args::Config::Set(args::Setting::Relay { url }) => {
            let relay = RelayUrl::parse(&url)?;
            settings.set_relay(&relay);
            settings.save(dirs)?;
            shown(&settings)?;
            ui.say(fl!("config-relay-set", relay = relay.as_str()))
        }
    }
}
