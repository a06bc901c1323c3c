//! What is sent: files and folders as they were found, or standard input.

use std::{
    collections::BTreeSet,
    io,
    mem::take,
    path::{Path, PathBuf, absolute},
    sync::Arc,
};

use share_format::{
    FormatError,
    envelope::NONCE,
    manifest::{self, Manifest},
};

use super::{Content, Event, NamePolicy, NotWhole, Question, SendRequest};
use crate::{
    error::{Error, Result},
    files::{
        ContentReader, FilesError,
        renaming::Renamed,
        shown,
        walk::{self, Refused, walk},
    },
    host::{Context, Host},
    state::{StateError, upload_journal::UploadJournal},
    threads::blocking,
    transfer::upload,
};

/// What is sent.
pub(super) struct Outgoing {
    source: Source,
    sender: Option<String>,
    message: Option<String>,
    /// What is sent under another name than it has.
    pub(super) renamed: Vec<Renamed>,
    /// What is not sent though it was to be, printable.
    pub(super) left_out: Vec<String>,
}

enum Source {
    Files(Arc<ContentReader>),
    StandardInput { name: String },
}

impl Outgoing {
    /// Files and folders as they are now, but for those that an earlier try could not send whole; or standard input.
    pub(super) async fn find(context: &Context, request: &SendRequest, but: &BTreeSet<PathBuf>) -> Result<Self> {
        let (sender, message) = (request.sender.clone(), request.message.clone());
        let (paths, follow) = match &request.content {
            Content::Paths { paths, follow } => (paths.clone(), *follow),
            Content::StandardInput { name } => {
                let source = Source::StandardInput { name: manifest::stream_name(name)? };
                return Ok(Self { source, sender, message, renamed: Vec::new(), left_out: Vec::new() });
            }
        };
        let host = &*context.host;
        let mut walked = blocking(move || Ok::<_, Error>(walk(&paths, follow)?)).await?;
        walked.skipped.iter().try_for_each(|skipped| host.sending(Event::Skipped(skipped)))?;
        if !walked.renamed.is_empty() {
            host.sending(Event::Renamed(&walked.renamed))?;
        }
        let mut left_out = leave_out(host, request, take(&mut walked.refused))?;
        agree_to_names(host, request.names, walked.renamed.len())?;
        walked.sources.retain(|source| {
            let leave = !but.is_empty() && absolute(&source.path).is_ok_and(|path| but.contains(&path));
            if leave {
                left_out.push(shown(&source.path));
            }
            !leave
        });
        if walked.sources.is_empty() {
            return Err(FilesError::NothingToSend.into());
        }
        host.sending(Event::LeftOut(&left_out))?;
        let source = Source::Files(Arc::new(ContentReader::new(walked.sources)?));
        Ok(Self { source, sender, message, renamed: walked.renamed, left_out })
    }

    /// What was sent in part before: files and folders as they were found then, or standard input.
    pub(super) async fn again(journal: &Arc<UploadJournal>, message: Option<String>) -> Result<Self> {
        let key = &journal.record.resume_key;
        let source = match &key.name {
            Some(name) => Source::StandardInput { name: manifest::stream_name(name)? },
            None => {
                let journal = Arc::clone(journal);
                let sources = blocking(move || Ok::<_, Error>(journal.sources().map_err(StateError::Journal)?));
                Source::Files(Arc::new(ContentReader::new(sources.await?)?))
            }
        };
        Ok(Self { source, sender: key.sender.clone(), message, renamed: Vec::new(), left_out: Vec::new() })
    }

    fn files(&self) -> Option<&Arc<ContentReader>> {
        match &self.source {
            Source::Files(files) => Some(files),
            Source::StandardInput { .. } => None,
        }
    }

    /// The files and folders, where they are on this computer and as they were found; none for standard input.
    pub(super) fn sources(&self) -> Result<Option<Vec<walk::Source>>> {
        let Some(files) = self.files() else { return Ok(None) };
        let found = files.sources().iter().map(|source| {
            let path = absolute(&source.path).map_err(FilesError::read(&source.path))?;
            Ok(walk::Source { path, ..source.clone() })
        });
        found.collect::<Result<_>>().map(Some)
    }

    /// Files that turned out while they were sent not to be sendable whole, by their absolute paths. If there are any,
    /// all are looked at again, so that those that are gone are known together.
    pub(super) async fn not_whole(&self) -> Result<Vec<PathBuf>> {
        let Some(files) = self.files().cloned() else { return Ok(Vec::new()) };
        blocking(move || {
            if !files.lost().is_empty() {
                files.look_again();
            }
            // It was absolute for the journal already; without one, the working folder may be gone now.
            let whole = |source: &walk::Source| absolute(&source.path).unwrap_or_else(|_| source.path.clone());
            Ok(files.lost().into_iter().map(whole).collect())
        })
        .await
    }

    /// Whether the rest is to be sent without these files: there is a rest, and it is wanted, or whoever is asked agrees.
    pub(super) fn may_do_without(&self, host: &dyn Host, files: &[PathBuf], policy: Option<NotWhole>) -> Result<bool> {
        let ask = match policy {
            _ if files.is_empty() || !self.is_more_than(files) => return Ok(false),
            Some(NotWhole::LeaveOut) => false,
            Some(NotWhole::Ask) if host.can_answer() => true,
            _ => return Ok(false),
        };
        host.sending(Event::NotWhole(files))?;
        // Who stops at the question keeps what was sent, as who says no does.
        Ok(!ask || host.ask_sender(Question::SendAnewWithout).is_ok_and(|yes| yes))
    }

    /// Whether there are other files than these.
    pub(super) fn is_more_than(&self, files: &[PathBuf]) -> bool {
        self.count() > files.len() as u64
    }

    /// Files of which only the beginning is sent, as they have grown since, and the bytes of each that are sent.
    pub(super) fn grown(&self) -> Vec<(String, u64)> {
        let grown = self.files().map(|files| files.grown()).unwrap_or_default();
        grown.into_iter().map(|source| (shown(&source.path), source.entry.size)).collect()
    }

    /// Bytes of content, where known.
    pub(super) fn length(&self) -> Option<u64> {
        self.files().map(|files| files.length())
    }

    /// Bytes of all files together, where known.
    pub(super) fn file_bytes(&self) -> Option<u64> {
        self.files().map(|files| files.file_bytes())
    }

    /// How many files there are.
    pub(super) fn count(&self) -> u64 {
        self.files().map_or(1, |files| files.files())
    }

    /// The first names in it, for people.
    pub(super) fn names(&self, most: usize) -> Vec<String> {
        match &self.source {
            Source::Files(files) => files.top_names().take(most).map(str::to_owned).collect(),
            Source::StandardInput { name } => vec![name.clone()],
        }
    }

    /// The plaintext.
    pub(super) fn plaintext(&self) -> upload::Source {
        match &self.source {
            Source::Files(files) => upload::Source::Files(Arc::clone(files)),
            Source::StandardInput { .. } => upload::Source::Stream(Box::new(io::stdin())),
        }
    }

    /// What is inside, sealed with this nonce, in so many bytes of content.
    pub(super) fn manifest(&self, nonce: [u8; NONCE], length: u64) -> Result<Manifest> {
        let message = self.message.clone();
        let manifest = match &self.source {
            Source::Files(files) => files.manifest(nonce, message),
            Source::StandardInput { name } => Manifest::of_stream(name, length, nonce, message)?,
        };
        Ok(Manifest { sender: self.sender.clone(), ..manifest })
    }
}

/// Makes sure that names which had to be changed may be.
fn agree_to_names(host: &dyn Host, policy: NamePolicy, count: usize) -> Result<()> {
    let refused = |wished| Err(Error::NamesRefused { count, wished });
    match policy {
        _ if count == 0 => Ok(()),
        NamePolicy::Change => Ok(()),
        NamePolicy::Ask if !host.can_answer() => refused(false),
        NamePolicy::Ask if host.ask_sender(Question::ChangeNames)? => Ok(()),
        NamePolicy::Ask | NamePolicy::Exact => refused(true),
    }
}

/// Leaves out what cannot be read, if that is wished and nothing else is wrong. Gives what it is.
fn leave_out(host: &dyn Host, request: &SendRequest, refused: Vec<Refused>) -> Result<Vec<String>> {
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    let is_named = |path: &Path| match &request.content {
        Content::Paths { paths, .. } => paths.iter().any(|named| named == path),
        Content::StandardInput { .. } => false,
    };
    let is_optional =
        |refused: &Refused| matches!(refused.error, FilesError::Unreadable(..)) && !is_named(&refused.source);
    let can_be_left_out = refused.iter().all(is_optional);
    if refused.len() > 1 || can_be_left_out {
        host.sending(Event::Refused(&refused))?;
    }
    let leave = can_be_left_out
        && match request.not_whole {
            NotWhole::LeaveOut => true,
            NotWhole::Ask => host.can_answer() && host.ask_sender(Question::LeaveOut)?,
        };
    if leave {
        return Ok(refused.iter().map(|refused| shown(&refused.source)).collect());
    }
    let is_path = |refused: &Refused| matches!(refused.error, FilesError::Format(FormatError::ForbiddenName(..)));
    let are_paths = refused.iter().all(is_path);
    let count = refused.len();
    let only = <[Refused; 1]>::try_from(refused).ok().map(|[only]| only.error);
    Err(Error::FilesRefused { count, only, can_be_left_out, are_paths })
}
