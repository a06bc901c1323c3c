//! The subcommands, one file each.

mod doctor;
mod get;
mod manage;
mod send;
mod settings;

use std::{fs, io, path::Path};

use share_relay_api::ShareId;

use crate::{
    args::{Cli, Command},
    config::Dirs,
    error::{Error, Result},
    i18n::fl,
    ledger::Ledger,
    system::{self, StopSignal},
    transfer::journal::Journals,
    ui::Ui,
};

/// What every command works with.
pub struct Context {
    /// The terminal.
    pub ui: Ui,
    /// Where things are kept.
    pub dirs: Dirs,
}

impl Context {
    fn ledger(&self) -> Result<Ledger> {
        Ledger::of_user(&self.dirs)
    }

    /// Forgets a share that was never finished, as [`Ledger::forget`] does.
    fn forget(&self, id: &ShareId) {
        if let Ok(ledger) = self.ledger() {
            ledger.forget(id);
        }
    }

    /// The journals of unfinished uploads; what is of no use among them has just been removed.
    fn journals(&self) -> Result<Journals> {
        let journals = Journals::of_user(&self.dirs)?;
        journals.sweep();
        Ok(journals)
    }
}

/// Runs the command that was asked for.
pub async fn run(ui: &Ui, cli: Cli) -> Result<()> {
    let context = Context { ui: ui.clone(), dirs: Dirs::of_user() };
    match cli.command {
        Command::Send(args) => send::run(&context, args).await,
        Command::Resume(args) => send::resume(&context, args).await,
        Command::Get(args) => get::run(&context, args).await,
        Command::Status(args) => manage::status(&context, args).await,
        Command::Revoke(args) => manage::revoke(&context, args).await,
        Command::Unlock(args) => manage::unlock(&context, args).await,
        Command::List => manage::list(&context),
        Command::Login(args) => settings::login(&context, args).await,
        Command::Doctor(args) => doctor::run(&context, args).await,
        Command::Config(args) => settings::config(&context, args),
    }
}

fn refuse_existing(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(Error::exists(path)),
        Err(_) => Ok(()),
    }
}

fn no_randomness(error: getrandom::Error) -> Error {
    let cause = io::Error::other(error.to_string());
    Error::system("no_randomness", fl!("no-randomness")).because(cause)
}

fn random_id() -> Result<ShareId> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(no_randomness)?;
    Ok(ShareId::from_random(bytes))
}

/// Listens for the wish to stop, from now on.
fn stop_signal() -> Result<StopSignal> {
    system::stop_signal().map_err(|error| Error::system("signals", fl!("no-signals")).because(error))
}

/// The result of the work, or an error with this sentence once asked to stop.
async fn unless_stopped<T>(
    stop: &mut StopSignal,
    sentence: String,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        result = work => result,
        () = stop.recv() => Err(Error::interrupted(sentence)),
    }
}
