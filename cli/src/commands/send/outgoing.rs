//! What is sent: files and folders, or standard input, and a message.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use share_relay_api::Bytes32;

use super::super::Context;
use crate::{
    args,
    content::{self, ContentError, Manifest, Packed, manifest::MAX_MESSAGE_BYTES, walk},
    envelope::NONCE,
    error::{Error, Result},
    i18n::fl,
    text,
    threads::{blocking, detached},
    transfer::{journal::Asked, upload},
    ui::printable,
};

/// What is sent.
pub struct Outgoing {
    source: Source,
    message: Option<String>,
}

/// Where plaintext comes from, and what it is called.
enum Source {
    Packed(Arc<Packed>),
    StandardInput { name: String },
}

impl Outgoing {
    /// Files and folders as they are now, or standard input under this name.
    pub async fn pack(context: &Context, paths: Vec<PathBuf>, asked: &Asked, message: Option<String>) -> Result<Self> {
        let source = match &asked.name {
            None => Self::files(context, paths, asked.follow).await?,
            Some(name) => Source::StandardInput { name: content::stream_name(name)? },
        };
        Ok(Self { source, message })
    }

    async fn files(context: &Context, paths: Vec<PathBuf>, follow: bool) -> Result<Source> {
        let walked = blocking(move || Ok(walk(&paths, follow)?)).await?;
        for skipped in &walked.skipped {
            context.ui.warn(fl!("send-skipped", path = skipped.path.as_str(), reason = skipped.reason.to_string()));
        }
        Ok(Source::Packed(Arc::new(Packed::new(walked.sources)?)))
    }

    /// What tells whether files and folders have changed; nothing of standard input.
    pub fn digest(&self) -> Option<Bytes32> {
        match &self.source {
            Source::Packed(packed) => Some(packed.digest()),
            Source::StandardInput { .. } => None,
        }
    }

    /// The first file or folder that is not as this manifest has it, as far as that can be told.
    pub fn first_difference(&self, manifest: &Manifest) -> Option<String> {
        let Source::Packed(packed) = &self.source else { return None };
        let (mut now, mut then) = (packed.entries(), manifest.entries.iter());
        loop {
            match (now.next(), then.next()) {
                (Some(now), Some(then)) if now == then => {}
                (now, then) => return now.or(then).filter(|_| !manifest.entries.is_empty()).map(|e| e.path.clone()),
            }
        }
    }

    /// Bytes of content, where known.
    pub fn length(&self) -> Option<u64> {
        match &self.source {
            Source::Packed(packed) => Some(packed.length()),
            Source::StandardInput { .. } => None,
        }
    }

    /// Bytes of all files together, where known.
    pub fn file_bytes(&self) -> Option<u64> {
        match &self.source {
            Source::Packed(packed) => Some(packed.file_bytes()),
            Source::StandardInput { .. } => None,
        }
    }

    pub fn names(&self) -> Vec<String> {
        match &self.source {
            Source::Packed(packed) => packed.top_names().map(str::to_owned).collect(),
            Source::StandardInput { name } => vec![name.clone()],
        }
    }

    pub fn files_count(&self) -> u64 {
        match &self.source {
            Source::Packed(packed) => packed.files(),
            Source::StandardInput { .. } => 1,
        }
    }

    pub fn plain(&self) -> upload::Source {
        match &self.source {
            Source::Packed(packed) => upload::Source::Packed(Arc::clone(packed)),
            Source::StandardInput { .. } => upload::Source::Stream(Box::new(io::stdin())),
        }
    }

    pub fn manifest(&self, nonce: [u8; NONCE], length: u64) -> Result<Manifest> {
        let message = self.message.clone();
        Ok(match &self.source {
            Source::Packed(packed) => packed.manifest(nonce, message),
            Source::StandardInput { name } => Manifest::of_stream(name, length, nonce, message)?,
        })
    }
}

/// Files and folders by their absolute paths; or nothing for standard input, and the name that it gets.
pub fn paths(args: &args::Send) -> Result<(Vec<OsString>, Option<String>)> {
    let stdin = args.paths.iter().any(|path| text::is_stdin(path));
    match (stdin, &args.name) {
        (false, None) => {
            let absolute = |path: &PathBuf| std::path::absolute(path).map(PathBuf::into_os_string);
            let paths = args.paths.iter().map(|path| absolute(path).map_err(ContentError::read(path)));
            Ok((paths.collect::<std::result::Result<_, _>>()?, None))
        }
        (false, Some(_)) => Err(Error::usage(fl!("send-name-without-stdin"))),
        (true, Some(name)) if args.paths.len() == 1 => Ok((Vec::new(), Some(name.clone()))),
        (true, _) => Err(Error::usage(fl!("send-stdin-needs-name"))),
    }
}

/// Refuses to read standard input for two purposes, and to write words to it.
pub fn check_stdin(args: &args::Send) -> Result<()> {
    let stdin = |path: &PathBuf| text::is_stdin(path);
    let is_message = args.message.as_deref() == Some("@-");
    let uses = [&args.paths, &args.recipients_file].into_iter().flatten().filter(|path| stdin(path)).count();
    match args.passphrase_file.as_ref().is_some_and(stdin) {
        true => Err(Error::usage(fl!("send-words-need-file"))),
        false if uses + usize::from(is_message) > 1 => Err(Error::usage(fl!("stdin-twice"))),
        false => Ok(()),
    }
}

/// The message as given, or from the file that `@FILE` names.
pub async fn message(args: &args::Send) -> Result<Option<String>> {
    match args.message.clone() {
        Some(text) => Ok(Some(detached(move || read_message(&text)).await?)),
        None => Ok(None),
    }
}

fn read_message(text: &str) -> Result<String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(content::clean_message(text)?) };
    // Twice as much, as UTF-16 takes that; what is too long is told when the text is known.
    match text::read(Path::new(path), 2 * MAX_MESSAGE_BYTES) {
        Ok(text) => Ok(content::clean_message(&text)?),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(ContentError::MessageLong.into()),
        Err(error) => Err(Error::local(fl!("send-message-unreadable", path = printable(path)), error)),
    }
}
