//! Removes one share for the operator, whether or not a relay is running: one whose record is damaged, or that must go.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use share_relay_api::ShareId;

use crate::storage::{
    disk::Disk,
    folder::{Folder, FolderError},
};

/// Characters of an id that a log shows, and that name a share here.
const SHORTEST: usize = 6;

/// Why a share was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It is not the folder of a relay.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The beginning of the id is too short.
    #[error("give the share's id, or its first {SHORTEST} characters at least, as the log shows them")]
    Short,
    /// There is no such share.
    #[error("there is no share whose id begins with {0:?}")]
    Unknown(String),
    /// Several ids begin like this.
    #[error("the ids of several shares begin with {0:?}; give more of it")]
    Ambiguous(String),
    /// It cannot be removed.
    #[error("cannot remove the share from {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
}

/// Removes the share whose id begins so, with its record and its content. A relay that runs knows it no more.
///
/// # Errors
/// Unless it is exactly one share, and is gone for good.
pub fn remove_share(dir: &Path, beginning: &str) -> Result<(), RemoveError> {
    let folder = Folder::open(dir)?;
    if beginning.len() < SHORTEST {
        return Err(RemoveError::Short);
    }
    let failed = |error| RemoveError::Io(dir.to_owned(), error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.path().join("shares")).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let id: Option<ShareId> =
            name.to_str().filter(|name| name.starts_with(beginning)).and_then(|name| name.parse().ok());
        found.extend(id);
    }
    match found[..] {
        [id] => remove(folder.path(), id).map_err(failed),
        [] => Err(RemoveError::Unknown(beginning.to_owned())),
        _ => Err(RemoveError::Ambiguous(beginning.to_owned())),
    }
}

fn remove(dir: &Path, id: ShareId) -> io::Result<()> {
    let (disk, shares) = (Disk::default(), dir.join("shares"));
    let away = dir.join("tmp").join(format!("removed-{}-{}", id.as_str(), std::process::id()));
    disk.rename(&shares.join(id.as_str()), &away)?;
    disk.sync_dir(&shares)?;
    disk.remove_all_if_there(&away)
}
