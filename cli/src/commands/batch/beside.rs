//! What a batch writes beside its results: the rows that are not done, and state where there is no home for it.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use share_client::{
    batch::table::{self, Columns, Fields, Table, TableError},
    files::shown,
    state::Dirs,
};

use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
    ui::Ui,
};

/// `results.failed.csv` beside `results.csv`, in the form of the table of rows.
pub fn left_over(results: &Path, table: &Path) -> PathBuf {
    let mut name = results.file_stem().unwrap_or_default().to_owned();
    name.push(".failed.");
    name.push(table.extension().unwrap_or(OsStr::new("csv")));
    results.with_file_name(name)
}

/// Writes the rows that are not done to a table that can be corrected and run; without any, there is none.
pub fn write_left_over(
    path: &Path,
    columns: &[&str],
    rows: impl Iterator<Item = std::result::Result<Fields, String>>,
) -> Result<()> {
    let mut rows = rows.peekable();
    let written = match rows.peek() {
        Some(_) => table::write(path, columns, rows),
        None => match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    };
    written.map_err(|error| share_client::Error::writing(path, error).into())
}

/// The user's state; or, where there is no home that can be written, one beside these results, from then on.
pub fn writable_state(ui: &Ui, dirs: Arc<Dirs>, results: &Path) -> Result<Arc<Dirs>> {
    let mut name = results.file_name().unwrap_or_default().to_owned();
    name.push(".state");
    let folder = absolute(&results.with_file_name(name))?;
    let beside = Dirs::of_user().with_state_in(folder.clone());
    // Never another secret than the one before: everything would be sent once more.
    let has_secret = |dirs: &Dirs| dirs.batch_secret().is_ok_and(|secret| fs::symlink_metadata(secret).is_ok());
    match (has_secret(&beside), dirs.is_state_writable()) {
        (false, true) => Ok(dirs),
        (false, false) if has_secret(&dirs) => {
            Err(Error::new(Kind::LocalFile, "state_not_writable", fl!("batch-state")).hint(fl!("batch-state-hint")))
        }
        (is_known, _) => {
            if !is_known {
                ui.warn(fl!("batch-state-beside", path = shown(&folder)));
            }
            Ok(Arc::new(beside))
        }
    }
}

/// Refuses to write the rows that are not done over what is something else; they may be the table itself.
pub fn check_left_over(path: &Path, table: &Path, columns: &'static Columns) -> Result<()> {
    if whole(path)? == whole(table)? {
        return Ok(());
    }
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(share_client::Error::OutputExists(path.to_owned()).into());
    }
    match Table::read(path, columns) {
        Ok(table) if table.has_column("error") => Ok(()),
        Err(TableError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => Err(share_client::Error::OutputExists(path.to_owned()).into()),
    }
}

/// Refuses one file for two things.
pub fn check_files(paths: &[Option<&PathBuf>]) -> Result<()> {
    let mut files = BTreeSet::new();
    for path in paths.iter().flatten() {
        if !files.insert(whole(path)?) {
            return Err(Error::usage(fl!("batch-one-file-twice", path = shown(path))));
        }
    }
    Ok(())
}

/// The path from the root, without links where it is there.
pub fn whole(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).or_else(|_| absolute(path))
}

/// The path from the root.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::local(fl!("no-working-folder"), error))
}
