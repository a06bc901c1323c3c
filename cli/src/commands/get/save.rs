//! Where the plaintext, or the ciphertext, goes.

use std::{
    fs, io,
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest;
use share_relay_api::Bytes32;
use tempfile::NamedTempFile;

use super::{Incoming, Received, open::Opened};
use crate::{
    client::Secret,
    content::{Manifest, Placed, place, unpack},
    envelope::Stream,
    error::{Error, Kind, Result},
    i18n::fl,
    transfer::{
        download::{DownloadError, Expected},
        plain::{self, PlainReader},
        staging::Staging,
        upload::blocking,
    },
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
    Folder { staging: Staging, output: PathBuf, force: bool },
    StandardOutput,
}

impl Target {
    /// Reads the plaintext to its verified end. In a folder nothing has its final name yet.
    fn fill(&self, manifest: &Manifest, mut reader: Digesting) -> Result<Digest> {
        match self {
            Self::StandardOutput => to_standard_output(&mut reader)?,
            Self::Folder { staging, .. } => unpack(&mut reader, manifest, &staging.files())?,
        }
        Ok(reader.finish())
    }

    fn place(self) -> Result<Saved> {
        match self {
            Self::StandardOutput => Ok(Saved::StandardOutput),
            Self::Folder { staging, output, force } => Ok(Saved::Files(place(&staging.files(), &output, force)?)),
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
    file: NamedTempFile,
    // Dropped last: the file lies in it.
    _staging: Staging,
    bytes: u64,
}

impl StagedCiphertext {
    /// Gives it its final name, and its length.
    pub async fn place(self, target: &Path, force: bool) -> Result<u64> {
        let path = target.to_owned();
        let placed = blocking(move || {
            let placed = match force {
                true => self.file.persist(&path),
                false => self.file.persist_noclobber(&path),
            };
            placed.map_err(|failed| Error::writing(&path, failed.error))?;
            Ok(self.bytes)
        });
        placed.await
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
        let (fingerprint, (target, digest)) = settle(fingerprint, saved)?;
        Ok(Verified { target, fingerprint, bytes: opened.manifest.bytes, digest })
    }

    /// Where the plaintext will go; the folder is made and found writable.
    pub(super) fn target(&self) -> Result<Target> {
        if self.to_stdout() {
            return Ok(Target::StandardOutput);
        }
        let output = self.args.output.clone();
        Ok(Target::Folder { staging: stage(&output)?, output, force: self.args.force })
    }

    /// Downloads the content's age file as it is.
    pub(super) async fn save_ciphertext(
        &self,
        path: &Path,
        staging: Staging,
        ticket: &Secret,
    ) -> Result<StagedCiphertext> {
        let (writer, mut reader) = plain::pipe();
        let download = self.download(ticket);
        let progress = download.progress.clone();
        let target = path.to_owned();
        let saving = move || match spool(&mut reader, &staging) {
            Ok(file) => Ok((file, staging)),
            Err(error) => Err(Error::writing(&target, error)),
        };
        let (fetched, saved) = tokio::join!(download.save_into(writer), blocking(saving));
        progress.done();
        let (bytes, (file, staging)) = settle(fetched, saved)?;
        Ok(StagedCiphertext { file, _staging: staging, bytes })
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

/// A staging folder on the file system of a file to be written.
pub fn stage_beside(path: &Path) -> Result<Staging> {
    stage(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

fn stage(output: &Path) -> Result<Staging> {
    let staged = fs::create_dir_all(output).and_then(|()| Staging::create(output));
    staged.map_err(|error| Error::writing(output, error))
}

fn to_standard_output(reader: &mut impl Read) -> Result<()> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, io::stdout().lock());
    let copied = io::copy(reader, &mut out).and_then(|_| out.flush());
    copied.map_err(|error| Error::local(fl!("ui-cannot-print"), error))
}

fn spool(reader: &mut PlainReader, staging: &Staging) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(staging.files())?;
    let mut out = BufWriter::with_capacity(WRITE_BYTES, file.as_file_mut());
    io::copy(reader, &mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    Ok(file)
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
