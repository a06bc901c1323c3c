//! `share`: sends a large or private file to one particular person.
//!
//! How a file travels: `content` reads and packs it, `envelope` seals it, `transfer` moves it through `client`
//! to a relay; and back the same way. `commands` has a file for each subcommand that reads like its story.

use std::process::ExitCode;

use clap::Parser;

pub mod args;
pub mod client;
pub mod commands;
pub mod config;
pub mod content;
pub mod envelope;
pub mod error;
#[cfg(feature = "embedded")]
pub mod here;
#[cfg(not(feature = "embedded"))]
#[path = "not_here.rs"]
pub mod here;
pub mod i18n;
pub mod ledger;
pub mod link;
pub mod secret;
pub mod system;
pub mod threads;
pub mod time;
pub mod transfer;
pub mod ui;

/// How long unfinished work may take after an interruption.
const LAST_WORK: std::time::Duration = std::time::Duration::from_secs(5);

/// The whole program: reads the command line, runs the command, shows an error if there is one.
pub fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ui::command_line(&error),
    };
    i18n::choose(cli.lang);
    let ui = ui::Ui::new(cli.json, cli.quiet);
    match run(&ui, cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.exit())
        }
    }
}

fn run(ui: &ui::Ui, cli: args::Cli) -> error::Result<()> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        error::Error::new(error::Kind::Unexpected, "runtime", i18n::fl!("no-threads")).because(error)
    })?;
    let result = runtime.block_on(commands::run(ui, cli));
    // Threads that still write finish and clean up.
    runtime.shutdown_timeout(LAST_WORK);
    result
}
