//! Where the plaintext, or the ciphertext, goes.

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use share_format::{envelope::CHUNK, manifest::Manifest};
use share_relay_api::Bytes32;

use super::{
    Held, Incoming, Received,
    folder::Folder,
    land::{Landed, is_end, prepare},
    open::Opened,
    receipt::Unsent,
};
use crate::{
    commands::unless_stopped,
    content::{ContentError, Placed, find_in_the_way, holes::try_end, place, place_one, plan},
    error::{Error, Kind, Result},
    i18n::fl,
    secret::Secret,
    system::{self, StopSignal},
    threads::blocking,
    transfer::{
        download::DownloadError,
        landing::Landing,
        plain::{self, PlainReader},
        segments::Runs,
    },
    ui::shown,
};

/// Bytes written at once.
const WRITE_BYTES: usize = 1024 * 1024;

/// SHA-256 of the plaintext, where somebody wants to know it.
pub type Digest = Option<Bytes32>;

/// Where it went.
pub enum Saved {
    /// Into these files and folders.
    Files(Vec<Placed>),
    /// To standard output.
    StandardOutput,
}

/// Where the plaintext will go.
pub enum Target {
    Folder { landing: Arc<Landing>, folder: Folder, names: Option<Vec<String>>, force: bool },
    StandardOutput,
}

impl Target {
    /// The folder, for people, that stays if something goes wrong now.
    fn kept(&self) -> Option<String> {
        match self {
            Self::Folder { folder, .. } if folder.staging().is_kept() => Some(shown(folder.staging().path())),
            _ => None,
        }
    }

    /// Gives everything its final name but what is there already, and notes that before.
    fn place(self, there: Vec<Placed>, manifest: &Manifest, unsent: &mut Unsent) -> Result<Saved> {
        let Self::Folder { landing, mut folder, names, force } = self else { return Ok(Saved::StandardOutput) };
        // A file that is open when it is removed keeps its folder on network file systems.
        drop(landing);
        folder.check()?;
        let staged = folder.staged();
        let names = all_but(&there, names, &staged).map_err(|error| Error::writing(&staged, error))?;
        let planned = plan(&staged, names.as_deref(), folder.path(), force)?;
        // Where it cannot be noted, a program killed from here on downloads again what it has saved.
        let _ = unsent.plan(&folder, manifest, &[&there[..], &planned].concat());
        // What cannot be placed now stays: it need not be fetched again.
        let placed = place(&staged, names.as_deref(), folder.path(), force)?;
        let all = [there, placed].concat();
        let _ = unsent.placed(&all);
        folder.staging_mut().keep(false);
        Ok(Saved::Files(all))
    }
}

/// The names that are still to be given; removes in the staging folder what is there already.
fn all_but(there: &[Placed], names: Option<Vec<String>>, staged: &Path) -> io::Result<Option<Vec<String>>> {
    let there: Vec<_> = there.iter().filter_map(|placed| placed.wanted.file_name()).collect();
    for name in &there {
        let path = staged.join(name);
        match fs::symlink_metadata(&path) {
            Ok(staged) if staged.is_dir() => fs::remove_dir_all(path)?,
            Ok(_) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names.map(|names| names.into_iter().filter(|name| !there.contains(&OsStr::new(name))).collect()))
}

/// Content that has been verified to its end, without its final name yet.
pub struct Verified {
    pub target: Target,
    pub fingerprint: Bytes32,
    pub bytes: u64,
    pub digest: Digest,
}

/// A whole age file, without its final name yet.
pub struct StagedCiphertext {
    folder: Folder,
    bytes: u64,
}

impl StagedCiphertext {
    /// Gives it its final name, or a free one. Gives its length too.
    pub async fn place(self, target: &Path, force: bool) -> Result<(u64, Placed)> {
        let wanted = target.to_owned();
        let placing = move || {
            self.folder.check()?;
            let mut placed = Vec::new();
            place_one(&spooled(&self.folder, &wanted), wanted, force, &mut placed)?;
            let output = self.folder.path();
            system::sync_dir(output).map_err(|error| Error::writing(output, error))?;
            Ok((self.bytes, placed.pop().expect("a file that was placed has a place")))
        };
        blocking(placing).await
    }
}

impl Incoming<'_> {
    /// Downloads and verifies to the last chunk.
    pub(super) async fn receive(
        &self,
        opened: Opened,
        target: Target,
        ticket: &Held,
        stop: &mut StopSignal,
    ) -> Result<Verified> {
        let bytes = opened.manifest.bytes;
        match target {
            Target::StandardOutput => {
                let fetch = self.to_standard_output(opened, &ticket.secret);
                let fingerprint = unless_stopped(stop, fl!("get-interrupted"), fetch).await?;
                Ok(Verified { target, fingerprint, bytes, digest: None })
            }
            Target::Folder { folder, landing, names, force } => {
                let Landed { folder, fingerprint, digest } = self.land(opened, folder, &landing, ticket, stop).await?;
                let target = Target::Folder { folder, landing, names, force };
                Ok(Verified { target, fingerprint, bytes, digest })
            }
        }
    }

    /// Gives everything its final name. Never interrupted: short, and otherwise some of several files would stay.
    pub(super) async fn place(
        &self,
        verified: Verified,
        manifest: Manifest,
        mut unsent: Unsent,
    ) -> Result<(Received, Unsent)> {
        let Verified { target, fingerprint, bytes, digest } = verified;
        let there = if self.there.fingerprint == Some(fingerprint) { self.there.placed.clone() } else { Vec::new() };
        let kept = target.kept();
        let placing = move || Ok((target.place(there, &manifest, &mut unsent)?, unsent));
        let (saved, unsent) = blocking(placing).await.inspect_err(|error| {
            if let Some(folder) = kept.filter(|_| !is_end(error)) {
                self.context.ui.note(fl!("get-not-placed", folder = folder));
            }
        })?;
        Ok((Received { saved, bytes, digest }, unsent))
    }

    /// In order, so on one connection.
    async fn to_standard_output(&self, opened: Opened, ticket: &Secret) -> Result<Bytes32> {
        let (writer, mut reader) = plain::pipe();
        let expected = opened.expected();
        let (download, progress) = self.download(ticket, Some(expected.total()));
        let writing = blocking(move || write_out(&mut reader));
        let (fingerprint, written) = tokio::join!(download.open_into(expected, writer), writing);
        progress.done();
        let (fingerprint, ()) = settle(fingerprint, written).map_err(unusable)?;
        Ok(fingerprint)
    }

    /// Where the plaintext will go. A folder is made, found writable and large enough, with nothing in the way, and all
    /// files and folders are made in it: one that it cannot hold costs no download.
    pub(super) async fn target(&self, opened: &Opened) -> Result<Target> {
        if self.to_stdout() {
            return Ok(Target::StandardOutput);
        }
        let (output, force, manifest) = (self.args.output.clone(), self.args.force, opened.manifest.clone());
        let (link, sealed, removable) = (self.link.clone(), opened.sealed.clone(), self.removable());
        let stream = opened.expected().stream;
        let (folder, landing, names, others) = blocking(move || {
            if force {
                find_in_the_way(&manifest.entries, &output)?;
            }
            let mut folder = Folder::create(&output)?;
            let chunks = Runs::of(manifest.length).chunks();
            folder.resume(&link, &sealed, chunks);
            let room = manifest.room().saturating_sub(folder.noted(chunks).saturating_mul(CHUNK as u64));
            folder.check_room(room)?;
            let others = folder.left_of_others(&link, removable);
            let landing = Arc::new(prepare(&manifest, &sealed, stream, &mut folder)?);
            folder.check_depth(&manifest.entries)?;
            Ok((folder, landing, manifest.top_level(), others))
        })
        .await?;
        if landing.scatter().is_open_to_others()? {
            self.context.ui.warn(fl!("get-not-private", folder = shown(folder.path())));
        }
        self.offer_removal(others).await?;
        Ok(Target::Folder { folder, landing, names, force })
    }

    /// The folder that a ciphertext file will lie in, made, found writable and large enough; the file is made in its
    /// staging folder.
    pub(super) async fn ciphertext_folder(&self, path: &Path) -> Result<Folder> {
        let target = path.to_owned();
        let needed = self.about.content_bytes.unwrap_or_default();
        blocking(move || {
            let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = Folder::create(parent)?;
            folder.check_room(needed)?;
            let staged = spooled(&folder, &target);
            system::create_private(&staged).map_err(ContentError::create(&target))?;
            let file = system::open_regular(&staged);
            let fits = file.and_then(|file| file.set_len(needed).and_then(|()| try_end(&file, needed)));
            fits.map_err(ContentError::write(&target))?;
            Ok(folder)
        })
        .await
    }

    /// Downloads the content's age file as it is.
    pub(super) async fn save_ciphertext(
        &self,
        path: &Path,
        folder: Folder,
        ticket: &Secret,
    ) -> Result<StagedCiphertext> {
        let (writer, mut reader) = plain::pipe();
        let (download, progress) = self.download(ticket, self.about.content_bytes);
        let target = path.to_owned();
        let saving = move || match spool(&mut reader, &spooled(&folder, &target)) {
            Ok(()) => Ok(folder),
            Err(error) => Err(Error::writing(&target, error)),
        };
        let (fetched, saved) = tokio::join!(download.save_into(writer), blocking(saving));
        progress.done();
        let (bytes, folder) = settle(fetched, saved)?;
        Ok(StagedCiphertext { folder, bytes })
    }
}

/// Both results, or the error that came first: if the download failed, the pipe's reader only saw the pipe break.
fn settle<F, S>(fetched: std::result::Result<F, DownloadError>, saved: Result<S>) -> Result<(F, S)> {
    match fetched {
        Ok(fetched) => Ok((fetched, saved?)),
        Err(DownloadError::Failed(error)) => Err(error),
        Err(DownloadError::ReaderGone) => Err(saved.err().expect("who reads to the end does not go away")),
    }
}

fn write_out(reader: &mut impl Read) -> Result<()> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, io::stdout().lock());
    let copied = io::copy(reader, &mut out).and_then(|_| out.flush());
    copied.map_err(Error::printing)
}

/// What was written to standard output before the corruption was found cannot be taken back.
fn unusable(error: Error) -> Error {
    match error.kind() {
        Kind::Corrupt => error.hint(fl!("get-stdout-corrupt-hint")),
        _ => error,
    }
}

/// Where a ciphertext grows: under its final name, so that one that the file system does not take is known beforehand.
fn spooled(folder: &Folder, target: &Path) -> PathBuf {
    folder.staged().join(target.file_name().unwrap_or_default())
}

fn spool(reader: &mut PlainReader, file: &Path) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, system::open_regular(file)?);
    let length = io::copy(reader, &mut out)?;
    let file = out.into_inner()?;
    file.set_len(length)?;
    file.sync_all()
}
