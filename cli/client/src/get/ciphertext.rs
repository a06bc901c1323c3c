//! The content's age file, saved as it is. Nothing is verified, so there is no receipt, and nothing to go on with.

use std::{
    fs::{self, File},
    io::{Seek, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use share_relay_api::Kind as ShareKind;

use super::{Fetch, Received, folder::OutputFolder, forget_if_over, open::prove};
use crate::{
    error::{Error, Result},
    files::{FilesError, holes::try_end, place_one, shown},
    system,
    threads::blocking,
};

/// Fetches it, and gives it this name, or a free one.
pub async fn save(fetch: &Fetch<'_>, path: &Path) -> Result<Received> {
    let force = fetch.request.force;
    if path.is_dir() {
        return Err(FilesError::InTheWay(shown(path)).into());
    }
    if !force && fs::symlink_metadata(path).is_ok() {
        return Err(Error::OutputExists(path.to_owned()));
    }
    let (folder, bytes) = fetch.context.cancel.unless_cancelled(download(fetch, path)).await?;
    let wanted = path.to_owned();
    let placing = move || {
        folder.check_not_swapped()?;
        let mut placed = Vec::new();
        place_one(&staged(&folder, &wanted), wanted, force, &mut placed)?;
        system::sync_dir(folder.path()).map_err(|error| Error::writing(folder.path(), error))?;
        Ok(Received { placed, bytes, ..Received::default() })
    };
    blocking(placing).await
}

/// Downloads it into a working folder. Gives its length too.
async fn download(fetch: &Fetch<'_>, path: &Path) -> Result<(OutputFolder, u64)> {
    let proof = match fetch.kind {
        ShareKind::Words => Some(prove(fetch).await?.1),
        ShareKind::Keys => None,
    };
    let (target, needed) = (path.to_owned(), fetch.content_bytes.unwrap_or_default());
    let (folder, file) = blocking(move || prepare(&target, needed)).await?;
    let ticket = fetch.take_ticket(proof).await?;
    let (mut out, target) = (Arc::clone(&file), path.to_owned());
    let write = move |piece: &[u8]| out.write_all(piece).map_err(|error| Error::writing(&target, error));
    let (download, working) = fetch.download(&ticket, fetch.content_bytes);
    let saved = download.save_into(Box::new(write)).await;
    drop(working);
    saved.inspect_err(|error| forget_if_over(&ticket, error))?;
    let target = path.to_owned();
    blocking(move || {
        let length = file.as_ref().stream_position();
        let saved = length.and_then(|length| file.set_len(length).and_then(|()| file.sync_all()).map(|()| length));
        Ok((folder, saved.map_err(|error| Error::writing(&target, error))?))
    })
    .await
}

/// The folder that the file will lie in, made, found writable and large enough; and the file, made in its working folder.
fn prepare(path: &Path, needed: u64) -> Result<(OutputFolder, Arc<File>)> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = OutputFolder::create(parent)?;
    folder.check_room(needed)?;
    let staged = staged(&folder, path);
    system::create_private(&staged).map_err(FilesError::create(path))?;
    let file = system::open_regular(&staged).and_then(|file| {
        file.set_len(needed)?;
        try_end(&file, needed).map(|()| file)
    });
    let file = file.map_err(FilesError::write(path))?;
    Ok((folder, Arc::new(file)))
}

/// Where it grows: under its final name, so that one that the file system does not take is known beforehand.
fn staged(folder: &OutputFolder, path: &Path) -> PathBuf {
    folder.working.files().join(path.file_name().unwrap_or_default())
}
