//! Where the plaintext, or the ciphertext, goes.

use std::{
    io,
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest;
use share_relay_api::Bytes32;

use super::{Incoming, Received, folder::Folder, open::Opened};
use crate::{
    content::{Manifest, Placed, find_in_the_way, place, place_one, unpack},
    envelope::Stream,
    error::{Error, Kind, Result},
    i18n::fl,
    secret::Secret,
    system,
    threads::blocking,
    transfer::{
        download::{DownloadError, Expected},
        plain::{self, PlainReader},
    },
};

/// Bytes written at once.
const WRITE_BYTES: usize = 1024 * 1024;

/// What a file or folder takes on disk beyond its bytes.
const BLOCK_BYTES: u64 = 4096;

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
    Folder { folder: Folder, names: Option<Vec<String>>, force: bool },
    StandardOutput,
}

impl Target {
    /// Reads the plaintext to its verified end. In a folder nothing has its final name yet.
    fn fill(&self, manifest: &Manifest, mut reader: Digesting) -> Result<Digest> {
        match self {
            Self::StandardOutput => to_standard_output(&mut reader)?,
            Self::Folder { folder, .. } => {
                folder.check()?;
                unpack(&mut reader, manifest, &folder.staged())?;
            }
        }
        Ok(reader.finish())
    }

    fn place(self) -> Result<Saved> {
        match self {
            Self::StandardOutput => Ok(Saved::StandardOutput),
            Self::Folder { folder, names, force } => {
                folder.check()?;
                let placed = place(&folder.staged(), names.as_deref(), folder.path(), force)?;
                Ok(Saved::Files(placed))
            }
        }
    }
}

/// Content that has been verified to its end, without its final name yet.
pub struct Verified {
    target: Target,
    fingerprint: Bytes32,
    bytes: u64,
    digest: Digest,
}

impl Verified {
    /// Gives everything its final name. Never interrupted: short, and otherwise some of several files would stay.
    pub async fn place(self) -> Result<Received> {
        let Self { target, fingerprint, bytes, digest } = self;
        let saved = blocking(move || target.place()).await?;
        Ok(Received { fingerprint, saved, bytes, digest })
    }
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
            place_one(&spooled(&self.folder), wanted, force, &mut placed)?;
            let output = self.folder.path();
            system::sync_dir(output).map_err(|error| Error::writing(output, error))?;
            Ok((self.bytes, placed.pop().expect("a file that was placed has a place")))
        };
        blocking(placing).await
    }
}

impl Incoming<'_> {
    /// Downloads and verifies to the last chunk.
    pub(super) async fn receive(&self, opened: Opened, target: Target, ticket: &Secret) -> Result<Verified> {
        let (writer, reader) = plain::pipe();
        let manifest = opened.manifest.clone();
        let expected = Expected {
            header: opened.header,
            nonce: manifest.nonce,
            length: manifest.length,
            stream: Arc::new(Stream::new(&opened.file_key, &manifest.nonce)),
        };
        let download = self.download(ticket);
        let progress = download.progress.clone();
        let reader = Digesting::new(reader, self.context.ui.is_json());
        let saving = move || target.fill(&manifest, reader).map(|digest| (target, digest));
        let (fingerprint, saved) = tokio::join!(download.open_into(expected, writer), blocking(saving));
        progress.done();
        let (fingerprint, (target, digest)) = settle(fingerprint, saved).map_err(|error| self.unusable(error))?;
        Ok(Verified { target, fingerprint, bytes: opened.manifest.bytes, digest })
    }

    /// What was written to standard output before the corruption was found cannot be taken back.
    fn unusable(&self, error: Error) -> Error {
        match self.to_stdout() && error.kind() == Kind::Corrupt {
            true => error.hint(fl!("get-stdout-corrupt-hint")),
            false => error,
        }
    }

    /// Where the plaintext will go; the folder is made, found writable and large enough, with nothing in the way.
    pub(super) async fn target(&self, manifest: &Manifest) -> Result<Target> {
        if self.to_stdout() {
            return Ok(Target::StandardOutput);
        }
        let (output, force, manifest) = (self.args.output.clone(), self.args.force, manifest.clone());
        blocking(move || {
            if force {
                find_in_the_way(&manifest.entries, &output)?;
            }
            let blocks = manifest.files.saturating_add(manifest.folders).saturating_mul(BLOCK_BYTES);
            let folder = Folder::create(&output, Some(manifest.bytes.saturating_add(blocks)))?;
            Ok(Target::Folder { folder, names: manifest.top_level(), force })
        })
        .await
    }

    /// The folder that a ciphertext file will lie in, made, found writable and large enough.
    pub(super) async fn ciphertext_folder(&self, path: &Path) -> Result<Folder> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        let needed = self.status.payload_bytes.map(|payload| self.status.header_bytes.saturating_add(payload));
        blocking(move || Folder::create(&parent, needed)).await
    }

    /// Downloads the content's age file as it is.
    pub(super) async fn save_ciphertext(
        &self,
        path: &Path,
        folder: Folder,
        ticket: &Secret,
    ) -> Result<StagedCiphertext> {
        let (writer, mut reader) = plain::pipe();
        let download = self.download(ticket);
        let progress = download.progress.clone();
        let target = path.to_owned();
        let saving = move || match spool(&mut reader, &folder) {
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
    match (fetched, saved) {
        (Ok(fetched), Ok(saved)) => Ok((fetched, saved)),
        (Err(DownloadError::Failed(error)), _) | (_, Err(error)) => Err(error),
        (Err(DownloadError::ReaderGone), Ok(_)) => {
            Err(Error::new(Kind::Corrupt, "trailing_data", fl!("get-more-than-promised")))
        }
    }
}

fn to_standard_output(reader: &mut impl Read) -> Result<()> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, io::stdout().lock());
    let copied = io::copy(reader, &mut out).and_then(|_| out.flush());
    copied.map_err(|error| Error::local(fl!("ui-cannot-print"), error))
}

/// Where a ciphertext grows.
fn spooled(folder: &Folder) -> PathBuf {
    folder.staged().join("ciphertext")
}

fn spool(reader: &mut PlainReader, folder: &Folder) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, system::create_private(&spooled(folder))?);
    io::copy(reader, &mut out)?;
    out.into_inner()?.sync_all()
}

/// A reader that also hashes what passes, if that is wanted.
pub struct Digesting {
    reader: PlainReader,
    context: Option<digest::Context>,
}

impl Digesting {
    fn new(reader: PlainReader, wanted: bool) -> Self {
        Self { reader, context: wanted.then(|| digest::Context::new(&digest::SHA256)) }
    }

    fn finish(self) -> Digest {
        let digest = self.context?.finish();
        Some(Bytes32(digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")))
    }
}

impl Read for Digesting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(context) = &mut self.context {
            context.update(&buffer[..count]);
        }
        Ok(count)
    }
}
