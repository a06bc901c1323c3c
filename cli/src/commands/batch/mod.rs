//! `share batch`: many shares by a table, for scripts and jobs. `share_client::batch` sees to it that each is sent once.

mod address;
mod beside;
mod check;
mod fetch;
mod journal;
mod monitoring;
mod results;
mod rows;
mod run;
mod stop;
mod summary;
mod tally;
mod watch;
mod words;

use std::{fs, path::Path, sync::Arc, thread};

use share_client::{
    batch::table::{self, Fields},
    state::Dirs,
};

use self::rows::COLUMN_ORDER;
use crate::{args, error::Result, i18n::fl, ui::Ui};

/// Runs `share batch …`.
pub async fn run(ui: &Ui, dirs: Arc<Dirs>, args: args::Batch) -> Result<()> {
    match args {
        args::Batch::New(args) => new(ui, &args.file),
        args::Batch::Run(args) if args.check_only => check::run(ui, dirs, args).await,
        args::Batch::Run(args) => run::run(ui, dirs, args).await,
        args::Batch::Fetch(args) => fetch::run(ui, dirs, args).await,
        args::Batch::Watch(args) => watch::run(ui, dirs, args).await,
    }
}

/// How many rows to work on at the same time: as many as was said, or twice the processors. And for how many of them keys
/// may be derived from words at the same time.
fn at_once(jobs: Option<u16>) -> (usize, usize) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let at_once = jobs.map_or(2 * cores, usize::from);
    (at_once, cores.min(at_once))
}

/// Writes a template with one row, which fails as long as its file is not there.
fn new(ui: &Ui, path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(share_client::Error::OutputExists(path.to_owned()).into());
    }
    let example = [
        ("paths", fl!("batch-template-path")),
        ("key", "2026-0001".to_owned()),
        ("name", fl!("batch-template-name")),
        ("to", "j.jansen@example.nl".to_owned()),
        ("message", fl!("batch-template-message")),
        ("expires", "7d".to_owned()),
        ("downloads", "1".to_owned()),
        ("case", "Z-2026-0001".to_owned()),
    ];
    let row: Fields = example.into_iter().map(|(name, value)| (name.to_owned(), vec![value])).collect();
    table::write(path, &COLUMN_ORDER, [Ok(row)].into_iter())
        .map_err(|error| share_client::Error::writing(path, error))?;
    ui.event(&serde_json::json!({ "event": "template", "path": path.to_string_lossy() }))?;
    ui.say(fl!("batch-template-written", path = share_client::files::shown(path)))
}
