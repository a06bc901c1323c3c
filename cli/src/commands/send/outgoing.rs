//! What is sent: files and folders, or standard input, and a message.

use std::{fs, io, io::Read, path::Path, sync::Arc};

use super::super::Context;
use crate::{
    args,
    content::{self, ContentError, Manifest, Packed, manifest::MAX_MESSAGE_BYTES, walk},
    envelope::NONCE,
    error::{Error, Result},
    i18n::fl,
    threads::{blocking, detached},
    transfer::upload,
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
    pub async fn pack(context: &Context, args: &args::Send) -> Result<Self> {
        let message = match args.message.clone() {
            Some(text) => Some(detached(move || message(&text)).await?),
            None => None,
        };
        let stdin = args.paths.iter().any(|path| path == Path::new("-"));
        let source = match (stdin, &args.name) {
            (false, None) => Self::files(context, args).await?,
            (false, Some(_)) => return Err(Error::usage(fl!("send-name-without-stdin"))),
            (true, Some(name)) if args.paths.len() == 1 => Source::StandardInput { name: content::stream_name(name)? },
            (true, _) => return Err(Error::usage(fl!("send-stdin-needs-name"))),
        };
        Ok(Self { source, message })
    }

    async fn files(context: &Context, args: &args::Send) -> Result<Source> {
        let (paths, follow) = (args.paths.clone(), args.follow);
        let walked = blocking(move || Ok(walk(&paths, follow)?)).await?;
        for skipped in &walked.skipped {
            context.ui.warn(fl!("send-skipped", path = skipped.path.as_str(), reason = skipped.reason.to_string()));
        }
        Ok(Source::Packed(Arc::new(Packed::new(walked.sources)?)))
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

/// The message as given, or from the file that `@FILE` names.
fn message(text: &str) -> Result<String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(content::clean_message(text)?) };
    let unreadable = |error| Error::local(fl!("send-message-unreadable", path = printable(path)), error);
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_MESSAGE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(ContentError::MessageLong.into());
    }
    let text = String::from_utf8(bytes).map_err(|error| unreadable(io::Error::other(error)))?;
    Ok(content::clean_message(&text)?)
}
