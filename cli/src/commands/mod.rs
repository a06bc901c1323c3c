//! The subcommands: what was typed becomes a request to `share-client`, and what it tells becomes text.

mod batch;
mod doctor;
mod get;
mod identities;
mod manage;
mod send;
mod settings;
mod token;

use std::{env, sync::Arc};

use share_client::{
    Cancel, Context, Host,
    state::{Dirs, settings::Settings},
};
use share_format::RelayUrl;

use crate::{
    args::{Cli, Command},
    error::{Error, Result},
    i18n::fl,
    system,
    ui::Ui,
};

/// Runs the command that was asked for.
pub async fn run(ui: &Ui, cli: Cli) -> Result<()> {
    let dirs = Arc::new(Dirs::of_user());
    match cli.command {
        Command::Send(args) => send::run(ui, dirs, args).await,
        Command::Resume(args) => send::resume(ui, dirs, args).await,
        Command::Get(args) => get::run(ui, dirs, args).await,
        Command::Batch(args) => batch::run(ui, dirs, args).await,
        Command::Status(args) => manage::status(ui, &dirs, args).await,
        Command::Revoke(args) => manage::revoke(ui, &dirs, args).await,
        Command::Unlock(args) => manage::unlock(ui, &dirs, args).await,
        Command::List => manage::list(ui, &dirs),
        Command::Login(args) => settings::login(ui, &dirs, args).await,
        Command::Doctor(args) => doctor::run(ui, &dirs, args).await,
        Command::Config(args) => settings::config(ui, &dirs, args),
    }
}

/// What the work of a command is done with. From now on the user's wish to stop ends a step of it, and no longer the
/// program: a question puts the terminal into another mode, and a program killed there would leave it so.
fn context(host: impl Host + 'static, dirs: Arc<Dirs>) -> Result<Context> {
    let cancel = cancel_on_signal()?;
    Ok(Context::new(Arc::new(host), dirs, cancel, 1))
}

/// Hears the user's wish to stop, from now on.
fn cancel_on_signal() -> Result<Cancel> {
    let no_signals = |error| Error::system("signals", fl!("no-signals")).because(error);
    let mut signal = system::stop_signal().map_err(no_signals)?;
    let cancel = Cancel::default();
    let cancelled = cancel.clone();
    tokio::spawn(async move {
        loop {
            signal.recv().await;
            cancelled.cancel();
        }
    });
    Ok(cancel)
}

/// The result of the work, or an error once the user wishes to stop.
async fn unless_stopped<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let cancel = cancel_on_signal()?;
    Ok(cancel.unless_cancelled(async { work.await.map_err(through_library) }).await?)
}

/// An error of this program, on its way through the library.
fn through_library(error: Error) -> share_client::Error {
    share_client::Error::Host(Box::new(error))
}

/// The relay that is named on the command line, else by `SHARE_RELAY`, else in the settings, if one is.
fn chosen_relay(dirs: &Dirs, named: Option<String>) -> Result<Option<RelayUrl>> {
    let chosen = match named.or_else(|| variable("SHARE_RELAY")) {
        Some(named) => Some(named),
        None => Settings::load(dirs)?.relay().map(str::to_owned),
    };
    Ok(chosen.as_deref().map(RelayUrl::parse).transpose()?)
}

/// What a variable of the environment holds, if it holds anything.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}
