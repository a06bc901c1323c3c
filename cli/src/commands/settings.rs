//! `share login` and `share config`.

use share_client::{
    api::Client,
    secret::Secret,
    state::{Dirs, secret_store::SecretStore, settings::Settings},
};
use share_format::{link::RelayUrl, quote::quoted};

use super::{token, unless_stopped};
use crate::{
    args,
    error::{Error, Result},
    i18n::fl,
    ui::Ui,
};

/// Checks that the relay answers and takes the token, then remembers both.
pub async fn login(ui: &Ui, dirs: &Dirs, args: args::Login) -> Result<()> {
    unless_stopped(check_in(ui, dirs, args)).await
}

async fn check_in(ui: &Ui, dirs: &Dirs, args: args::Login) -> Result<()> {
    let mut settings = Settings::load(dirs)?;
    let relay = RelayUrl::parse(&args.url)?;
    let client = Client::new(&relay)?;
    if client.info(None).await?.token_required {
        let token = given_token(ui, &args).await?;
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

/// From the file that is named, the environment, or whoever is at the terminal.
async fn given_token(ui: &Ui, args: &args::Login) -> Result<Secret> {
    if let Some(path) = args.token_file.clone() {
        return token::of_file(path, "--token-file").await;
    }
    if let Some(token) = token::of_environment().await? {
        return Ok(token);
    }
    let typed = ui.ask_secret(&fl!("login-ask-token"), "--token-file FILE")?;
    Secret::parse(&typed).ok_or_else(|| Error::usage(fl!("login-token-malformed")))
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
