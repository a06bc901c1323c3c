//! Where the plaintext, or the ciphertext, goes.

use std::{
    fs, io,
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest;
use share_relay_api::Bytes32;

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
    /// Reads the plaintext to its verified end, and only then gives anything its final name.
    fn save(self, manifest: &Manifest, mut reader: Digesting) -> Result<(Saved, Digest)> {
        let saved = match self {
            Self::StandardOutput => to_standard_output(&mut reader)?,
            Self::Folder { staging, output, force } => {
                unpack(&mut reader, manifest, &staging.files())?;
                Saved::Files(place(&staging.files(), &output, force)?)
            }
        };
        Ok((saved, reader.finish()))
    }
}

impl Incoming<'_> {
    /// Downloads, verifies and saves; nothing has its final name before the last chunk has been verified.
    pub(super) async fn receive(&self, opened: Opened, target: Target, ticket: &Secret) -> Result<Received> {
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
        let saving = move || target.save(&manifest, reader);
        let (fingerprint, saved) = tokio::join!(download.open_into(expected, writer), blocking(saving));
        progress.done();
        let (fingerprint, (saved, digest)) = settle(fingerprint, saved)?;
        Ok(Received { fingerprint, saved, bytes: opened.manifest.bytes, digest })
    }

    /// Where the plaintext will go; the folder is made and found writable.
    pub(super) fn target(&self) -> Result<Target> {
        if self.to_stdout() {
            return Ok(Target::StandardOutput);
        }
        let output = self.args.output.clone();
        Ok(Target::Folder { staging: stage(&output)?, output, force: self.args.force })
    }

    /// Saves the content's age file as it is. Gives its length.
    pub(super) async fn save_ciphertext(&self, path: &Path, staging: Staging, ticket: &Secret) -> Result<u64> {
        let (writer, mut reader) = plain::pipe();
        let download = self.download(ticket);
        let progress = download.progress.clone();
        let (target, force) = (path.to_owned(), self.args.force);
        let saving = move || save_as(&mut reader, &staging, &target, force);
        let (fetched, saved) = tokio::join!(download.save_into(writer), blocking(saving));
        progress.done();
        settle(fetched, saved).map(|(bytes, ())| bytes)
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

fn to_standard_output(reader: &mut impl Read) -> Result<Saved> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, io::stdout().lock());
    let copied = io::copy(reader, &mut out).and_then(|_| out.flush());
    copied.map_err(|error| Error::local(fl!("ui-cannot-print"), error))?;
    Ok(Saved::StandardOutput)
}

fn save_as(reader: &mut PlainReader, staging: &Staging, target: &Path, force: bool) -> Result<()> {
    let mut write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(staging.files())?;
        io::copy(reader, &mut BufWriter::with_capacity(WRITE_BYTES, file.as_file_mut()))?;
        file.as_file().sync_all()?;
        match force {
            true => file.persist(target)?,
            false => file.persist_noclobber(target)?,
        };
        Ok(())
    };
    write().map_err(|error| Error::writing(target, error))
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
