//! `share`: sends a large or private file to one particular person.
//!
//! This is the program: what is typed and what is said. How a file travels is in `share-client`, and what travels in
//! `share-format`. `commands` has the subcommands; `messages` makes sentences of typed errors; `ui` alone prints.

use std::{io, process::ExitCode, sync::Mutex, thread, time::SystemTime};

use clap::Parser;
use tokio::runtime::Runtime;

pub mod args;
pub mod commands;
#[cfg(feature = "embedded")]
pub mod embedded_relay;
#[cfg(not(feature = "embedded"))]
#[path = "no_embedded_relay.rs"]
pub mod embedded_relay;
pub mod error;
pub mod i18n;
pub mod messages;
pub mod panics;
pub mod system;
pub mod time;
pub mod ui;

/// How long unfinished work may take after an interruption.
const LAST_WORK: std::time::Duration = std::time::Duration::from_secs(5);

/// Threads that may wait for a disk, a pipe or a terminal while others have to go on.
const BLOCKING_THREADS: usize = 4;

/// The whole program: reads the command line, runs the command, shows an error if there is one.
pub fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ui::command_line(&error),
    };
    i18n::choose(cli.lang);
    let ui = ui::Ui::new(cli.json, cli.quiet);
    panics::note();
    match panics::as_errors(|| run(&ui, cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_told() {
                ui.error(&error);
            }
            ExitCode::from(error.exit())
        }
    }
}

fn run(ui: &ui::Ui, cli: args::Cli) -> error::Result<()> {
    if SystemTime::now() < SystemTime::UNIX_EPOCH {
        // Libraries count on that this cannot be.
        return Err(error::Error::system("clock", i18n::fl!("clock-before-1970")).hint(i18n::fl!("clock-hint")));
    }
    let runtime = runtime().map_err(share_client::Error::NoThreads)?;
    let result = panics::as_errors(|| runtime.block_on(commands::run(ui, cli)));
    // Threads that still write finish and clean up.
    runtime.shutdown_timeout(LAST_WORK);
    result
}

/// Threads for tasks, which the system is asked for at once: where it gives too few, the library panics, or waits for ever.
fn runtime() -> io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let _closed = gate.lock();
        let wait = || drop(gate.lock());
        (0..workers + BLOCKING_THREADS).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, wait).map(drop))
    })?;
    Runtime::new()
}
