//! Moves what was unpacked and verified to its final names. Nothing that is there is overwritten unless asked.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use share_format::{entry::Entry, quote::quoted};

use super::error::{FilesError, shown};
use crate::system;

/// A file or folder in its final place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Where it was to go.
    pub wanted: PathBuf,
    /// Where it went: a free name, if the wanted one was taken.
    pub actual: PathBuf,
}

/// What follows the last dot of a name is an extension, and kept when the name is shortened, up to this length.
const MAX_EXTENSION_BYTES: usize = 32;
/// Names up to this length fit wherever names do; some encrypted file systems end at 143.
const MODEST_BYTES: usize = 128;
/// Free names that are tried before giving up.
const ATTEMPTS: u32 = 10_000;
/// Names told when only a part could be saved.
const NAMES_TOLD: usize = 20;

/// Renames what is in `staging` into `output`, which is on the same file system: these names, or everything. A name
/// that is taken gets a number (`name (2).ext`); with `force` files are replaced instead and folders merged, and what
/// cannot take its place gets a number after all. Symbolic links are never followed. The names survive power loss when
/// this returns.
///
/// If `staging` lies in `output`, its name must be one the sender cannot know.
pub fn place(staging: &Path, names: Option<&[String]>, output: &Path, force: bool) -> Result<Vec<Placed>, FilesError> {
    let names = match names {
        Some(names) => names.iter().map(OsString::from).collect(),
        None => names_in(staging)?,
    };
    let mut placed = Vec::new();
    let placing =
        names.iter().try_for_each(|name| place_one(&staging.join(name), output.join(name), force, &mut placed));
    let synced = placing.and_then(|()| system::sync_dir(output).map_err(FilesError::write(output)));
    match synced {
        Err(error) if !placed.is_empty() => Err(FilesError::Partly(some_of(&placed), Box::new(error))),
        result => result.map(|()| placed),
    }
}

/// Where [`place`] will put these names, or all, as things are now.
pub fn plan(staging: &Path, names: Option<&[String]>, output: &Path, force: bool) -> Result<Vec<Placed>, FilesError> {
    let names = match names {
        Some(names) => names.iter().map(OsString::from).collect(),
        None => names_in(staging)?,
    };
    let planned = names.iter().map(|name| {
        let wanted = output.join(name);
        let folder = is_folder(&staging.join(name))?;
        let free = |to: &PathBuf| fs::symlink_metadata(to).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        let actual = if force { Some(wanted.clone()) } else { candidates(&wanted, folder).find(free) };
        let actual = actual.ok_or_else(|| FilesError::InTheWay(shown(&wanted)))?;
        Ok(Placed { wanted, actual })
    });
    planned.collect()
}

/// Gives one file or folder its final name, or a free one, as [`place`] does.
pub fn place_one(from: &Path, wanted: PathBuf, force: bool, placed: &mut Vec<Placed>) -> Result<(), FilesError> {
    if force {
        let merges = is_folder(from)? && is_folder(&wanted).unwrap_or(false);
        let replaced = replace(from, &wanted);
        if merges || replaced.is_ok() {
            placed.push(Placed { wanted: wanted.clone(), actual: wanted.clone() });
        }
        if replaced.is_ok() {
            return Ok(());
        }
        // What was verified is kept, under a name that is free.
    }
    let actual = place_beside(from, &wanted)?;
    placed.push(Placed { wanted, actual });
    Ok(())
}

/// Finds that files and folders in a folder of this program's own get new names there, and keep them, as [`place`] does
/// it, and leaves nothing.
pub fn try_placing(folder: &Path) -> Result<(), FilesError> {
    let (from, to) = (folder.join("try"), folder.join("tried"));
    let tried = File::create_new(&from)
        .and_then(|_| move_file(&from, &to))
        .and_then(|()| fs::remove_file(&to))
        .and_then(|()| fs::create_dir(&from))
        .and_then(|()| move_folder(&from, &to))
        .and_then(|()| fs::remove_dir(&to))
        .and_then(|()| system::sync_dir(folder));
    tried.map_err(FilesError::write(folder))
}

/// Fails if something in `output` would keep [`place`] with `force` from giving each entry its name.
pub fn find_in_the_way(entries: &[Entry], output: &Path) -> Result<(), FilesError> {
    let mut free: Option<&str> = None;
    for Entry { path, folder, .. } in entries {
        // Nothing lies below what is not there, or is a link that will be replaced.
        if free.is_some_and(|free| path.strip_prefix(free).is_some_and(|rest| rest.starts_with('/'))) {
            continue;
        }
        let place = output.join(path);
        match fs::symlink_metadata(&place) {
            Ok(there) if !there.is_symlink() && there.is_dir() != *folder => {
                return Err(FilesError::InTheWay(shown(&place)));
            }
            Ok(there) if !there.is_symlink() => {}
            _ => free = Some(path),
        }
    }
    Ok(())
}

/// The first of them, for people.
fn some_of(placed: &[Placed]) -> String {
    let names: Vec<_> = placed.iter().take(NAMES_TOLD).map(|placed| quoted(&placed.actual.to_string_lossy())).collect();
    names.join(", ")
}

fn names_in(folder: &Path) -> Result<Vec<OsString>, FilesError> {
    let children = fs::read_dir(folder).map_err(FilesError::write(folder))?;
    let names = children.map(|child| child.map(|child| child.file_name())).collect::<io::Result<Vec<_>>>();
    let mut names = names.map_err(FilesError::write(folder))?;
    names.sort();
    Ok(names)
}

/// Moves to the wanted name, or the first numbered one that is free.
fn place_beside(from: &Path, wanted: &Path) -> Result<PathBuf, FilesError> {
    let folder = is_folder(from)?;
    for to in candidates(wanted, folder) {
        match if folder { move_folder(from, &to) } else { move_file(from, &to) } {
            Ok(()) => return Ok(to),
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(FilesError::write(&to)(error)),
        }
    }
    Err(FilesError::InTheWay(shown(wanted)))
}

/// Gives a file or folder a name that nothing has; fails with `AlreadyExists` or `DirectoryNotEmpty` if something has it.
/// The name survives power loss once its folder is synced.
pub fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(from)?.is_dir() { move_folder(from, to) } else { move_file(from, to) }
}

/// The wanted name, and numbered ones: `name (2).ext`.
pub fn candidates(wanted: &Path, folder: bool) -> impl Iterator<Item = PathBuf> {
    (1..ATTEMPTS).map(move |number| if number == 1 { wanted.to_owned() } else { numbered(wanted, number, folder) })
}

/// By a rename that replaces nothing, or a hard link, or else a claim.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    let moved = tempfile::TempPath::try_from_path(from)?.persist_noclobber(to).map_err(|failed| {
        // The working folder is cleared by its owner; a file that could not be moved must stay until then.
        match failed.path.keep() {
            Ok(_) => failed.error,
            Err(kept) => kept.error,
        }
    });
    match moved {
        Err(error) if !is_taken(&error) => move_file_onto_claim(from, to),
        moved => moved,
    }
}

/// Where the file system knows neither (FAT, SMB, many by FUSE), an empty file claims the name first.
fn move_file_onto_claim(from: &Path, to: &Path) -> io::Result<()> {
    File::create_new(to)?;
    fs::rename(from, to).or_else(|_| {
        // It may rename onto nothing that is there. What is not empty any more is somebody else's.
        match fs::symlink_metadata(to)?.len() {
            0 => fs::remove_file(to)?,
            _ => return Err(io::ErrorKind::AlreadyExists.into()),
        }
        fs::rename(from, to)
    })
}

/// By a rename that replaces nothing, or else a claim.
fn move_folder(from: &Path, to: &Path) -> io::Result<()> {
    match system::rename_new(from, to) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => move_folder_onto_claim(from, to),
        result => result,
    }
}

/// Where the file system does not know it, an empty folder claims the name first.
fn move_folder_onto_claim(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::rename(from, to).or_else(|_| {
        // As with files. If someone put something into it meanwhile, it stays and is theirs.
        fs::remove_dir(to)?;
        fs::rename(from, to)
    })
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}

/// `name (2).ext`, no longer than the name itself where that is long: it may be as long as this file system allows.
fn numbered(wanted: &Path, number: u32, folder: bool) -> PathBuf {
    let name = wanted.file_name().unwrap_or_default().to_string_lossy();
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && !folder && name.len() - dot <= MAX_EXTENSION_BYTES => name.split_at(dot),
        _ => (&*name, ""),
    };
    let mark = format!(" ({number})");
    let room = name.len().max(MODEST_BYTES).saturating_sub(mark.len() + extension.len());
    let stem = &stem[..stem.floor_char_boundary(room)];
    wanted.with_file_name(format!("{stem}{mark}{extension}"))
}

/// Moves to the wanted name in place of what is there: files are replaced, folders merged.
fn replace(from: &Path, wanted: &Path) -> Result<PathBuf, FilesError> {
    match (is_folder(from)?, fs::symlink_metadata(wanted)) {
        (true, Ok(there)) if there.is_dir() => {
            for name in names_in(from)? {
                replace(&from.join(&name), &wanted.join(&name))?;
            }
            system::sync_dir(wanted).map_err(FilesError::write(wanted))?;
            // What is still there when the program is killed has not been placed.
            let _ = fs::remove_dir(from);
        }
        (true, Ok(there)) if !there.is_symlink() => return Err(FilesError::InTheWay(shown(wanted))),
        (false, Ok(there)) if there.is_dir() => return Err(FilesError::InTheWay(shown(wanted))),
        (true, there) => {
            if there.is_ok() {
                fs::remove_file(wanted).map_err(FilesError::write(wanted))?;
            }
            move_folder(from, wanted).map_err(FilesError::write(wanted))?;
        }
        (false, _) => fs::rename(from, wanted).map_err(FilesError::write(wanted))?,
    }
    Ok(wanted.to_owned())
}

/// Anything but a file or folder is refused: it was not unpacked, but put there by somebody else.
fn is_folder(path: &Path) -> Result<bool, FilesError> {
    let metadata = fs::symlink_metadata(path).map_err(FilesError::write(path))?;
    match metadata.is_dir() || metadata.is_file() {
        true => Ok(metadata.is_dir()),
        false => Err(FilesError::InTheWay(shown(path))),
    }
}
