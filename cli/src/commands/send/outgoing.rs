//! What is sent: files and folders, or standard input, a message, and the name of the sender.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    mem::take,
    path::{Path, PathBuf, absolute},
    sync::Arc,
};

use share_format::{
    FormatError,
    envelope::NONCE,
    manifest::{self, MAX_MESSAGE_BYTES, Manifest},
    text,
};

use super::{
    super::Context,
    order::{Names, NotWhole, Order, of_environment},
};
use crate::{
    args,
    content::{
        ContentError, Packed,
        renaming::Renamed,
        walk::{self, Refused, SkipReason, walk},
    },
    error::{Error, Kind, Result},
    i18n::fl,
    quote::quoted,
    threads::{blocking, detached},
    transfer::{journal::Journal, upload},
    ui::{printable, shown, with_causes},
};

/// What is sent.
pub struct Outgoing {
    source: Source,
    sender: Option<String>,
    message: Option<String>,
    /// What is sent under another name than it has.
    pub renamed: Vec<Renamed>,
    /// What is not sent though it was to be, printable.
    pub left_out: Vec<String>,
}

/// Where plaintext comes from, and what it is called.
enum Source {
    Packed(Arc<Packed>),
    StandardInput { name: String },
}

impl Outgoing {
    /// Files and folders as they are now, but for those that an earlier try could not send whole; or standard input.
    pub async fn pack(context: &Context, order: &Order, not_whole: &BTreeSet<PathBuf>) -> Result<Self> {
        let (sender, message) = (order.asked.sender.clone(), order.message.clone());
        if let Some(name) = &order.asked.name {
            let source = Source::StandardInput { name: manifest::stream_name(name)? };
            return Ok(Self { source, sender, message, renamed: Vec::new(), left_out: Vec::new() });
        }
        let (paths, follow) = (order.paths.clone(), order.asked.follow);
        let mut walked = blocking(move || Ok(walk(&paths, follow)?)).await?;
        for skipped in &walked.skipped {
            context.ui.warn(fl!("send-skipped", path = skipped.path.as_str(), reason = skipped.reason.to_string()));
        }
        tell_changed_names(context, &walked.renamed);
        let mut left_out = leave_out(context, order, take(&mut walked.refused))?;
        agree_to_names(context, order.names, &walked.renamed)?;
        walked.sources.retain(|source| {
            let leave = !not_whole.is_empty() && absolute(&source.path).is_ok_and(|path| not_whole.contains(&path));
            if leave {
                left_out.push(shown(&source.path));
            }
            !leave
        });
        if walked.sources.is_empty() {
            return Err(ContentError::NothingToSend.into());
        }
        context.ui.warn_all(left_out.iter().map(|path| {
            let reason = SkipReason::NotWhole.to_string();
            fl!("send-skipped", path = quoted(path), reason = reason)
        }));
        let source = Source::Packed(Arc::new(Packed::new(walked.sources)?));
        Ok(Self { source, sender, message, renamed: walked.renamed, left_out })
    }

    /// What was sent in part before: files and folders as they were found then, or standard input.
    pub async fn again(journal: &Arc<Journal>, message: Option<String>) -> Result<Self> {
        let sender = journal.record.asked.sender.clone();
        let source = match &journal.record.asked.name {
            Some(name) => Source::StandardInput { name: manifest::stream_name(name)? },
            None => {
                let journal = Arc::clone(journal);
                let unreadable = |error| Error::local(fl!("transfer-journal"), error);
                let sources = blocking(move || journal.sources().map_err(unreadable)).await?;
                Source::Packed(Arc::new(Packed::new(sources)?))
            }
        };
        Ok(Self { source, sender, message, renamed: Vec::new(), left_out: Vec::new() })
    }

    /// The files and folders, where they are on this computer and as they were found; none for standard input.
    pub fn sources(&self) -> Result<Option<Vec<walk::Source>>> {
        let Source::Packed(packed) = &self.source else { return Ok(None) };
        let found = packed.sources().iter().map(|source| {
            let path = absolute(&source.path).map_err(ContentError::read(&source.path))?;
            Ok(walk::Source { path, ..source.clone() })
        });
        found.collect::<Result<_>>().map(Some)
    }

    /// Files that turned out while they were sent not to be sendable whole, by their absolute paths. If there are any,
    /// all are looked at again, so that those that are gone are known together.
    pub async fn not_whole(&self) -> Result<Vec<PathBuf>> {
        let Source::Packed(packed) = &self.source else { return Ok(Vec::new()) };
        let packed = Arc::clone(packed);
        blocking(move || {
            if !packed.lost().is_empty() {
                packed.look_again();
            }
            // It was absolute for the journal already; without one, the working folder may be gone now.
            let whole = |source: &walk::Source| absolute(&source.path).unwrap_or_else(|_| source.path.clone());
            Ok(packed.lost().into_iter().map(whole).collect())
        })
        .await
    }

    /// Whether the rest is to be sent without these files: there is a rest, and it is wanted, or whoever is asked agrees.
    pub fn may_do_without(&self, context: &Context, not_whole: &[PathBuf], leave_out: Option<NotWhole>) -> bool {
        if not_whole.is_empty() || !self.is_more_than(not_whole) {
            return false;
        }
        let tell =
            || context.ui.warn_all(not_whole.iter().map(|path| fl!("send-not-whole", path = quoted(&shown(path)))));
        match leave_out {
            Some(NotWhole::LeaveOut) => {
                tell();
                true
            }
            Some(NotWhole::Ask) if context.ui.is_interactive() => {
                tell();
                // Who stops at the question keeps what was sent, as who says no does.
                context.ui.confirm(&fl!("send-ask-anew-without"), "--skip-changed").is_ok_and(|yes| yes)
            }
            _ => false,
        }
    }

    /// Whether there are other files than these.
    pub fn is_more_than(&self, files: &[PathBuf]) -> bool {
        self.files_count() > files.len() as u64
    }

    /// Files of which only the beginning is sent, as they have grown since, and the bytes of each that are sent.
    pub fn grown(&self) -> Vec<(String, u64)> {
        let Source::Packed(packed) = &self.source else { return Vec::new() };
        packed.grown().into_iter().map(|source| (shown(&source.path), source.entry.size)).collect()
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
        let manifest = match &self.source {
            Source::Packed(packed) => packed.manifest(nonce, message),
            Source::StandardInput { name } => Manifest::of_stream(name, length, nonce, message)?,
        };
        Ok(Manifest { sender: self.sender.clone(), ..manifest })
    }
}

fn tell_changed_names(context: &Context, renamed: &[Renamed]) {
    if renamed.is_empty() {
        return;
    }
    context.ui.warn(fl!("send-names", count = renamed.len()));
    context.ui.warn_all(renamed.iter().map(|Renamed { path, name, why }| {
        fl!("send-renamed", path = quoted(path), name = quoted(name), why = why.to_string())
    }));
}

/// Makes sure that names which had to be changed may be.
fn agree_to_names(context: &Context, names: Names, renamed: &[Renamed]) -> Result<()> {
    let hint = match names {
        _ if renamed.is_empty() => return Ok(()),
        Names::Change => return Ok(()),
        Names::Ask if !context.ui.is_interactive() => fl!("send-names-hint"),
        Names::Ask if context.ui.confirm(&fl!("send-ask-names"), "--rename")? => return Ok(()),
        Names::Ask | Names::Exact => fl!("send-names-exact-hint"),
    };
    Err(Error::new(Kind::LocalFile, "name_not_possible", fl!("send-names-refused", count = renamed.len())).hint(hint))
}

/// Leaves out what cannot be read, if that is wanted and nothing else is wrong. Gives what it is.
fn leave_out(context: &Context, order: &Order, refused: Vec<Refused>) -> Result<Vec<String>> {
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    let named = |refused: &Refused| order.paths.contains(&refused.source);
    let optional = |refused: &Refused| matches!(refused.error, ContentError::Unreadable(..)) && !named(refused);
    let can_be_left_out = refused.iter().all(optional);
    if refused.len() > 1 || can_be_left_out {
        context.ui.warn_all(refused.iter().map(|refused| with_causes(&refused.error)));
    }
    let leave = can_be_left_out
        && match order.not_whole {
            NotWhole::LeaveOut => true,
            NotWhole::Ask if context.ui.is_interactive() => {
                context.ui.confirm(&fl!("send-ask-without"), "--skip-changed")?
            }
            NotWhole::Ask => false,
        };
    if leave {
        return Ok(refused.iter().map(|refused| shown(&refused.source)).collect());
    }
    let is_path = |refused: &Refused| matches!(refused.error, ContentError::Format(FormatError::ForbiddenName(..)));
    let are_paths = refused.iter().all(is_path);
    let count = refused.len();
    let error = match <[Refused; 1]>::try_from(refused) {
        Ok([only]) => Error::from(only.error),
        Err(_) => Error::new(Kind::LocalFile, "local_file", fl!("send-refused", count = count)),
    };
    Err(if can_be_left_out {
        error.hint(fl!("send-refused-hint"))
    } else if are_paths {
        error.hint(fl!("send-refused-path-hint"))
    } else {
        error
    })
}

/// Files and folders by their absolute paths; or nothing for standard input, and the name that it gets.
pub fn paths(args: &args::Send) -> Result<(Vec<OsString>, Option<String>)> {
    let stdin = args.paths.iter().any(|path| text::is_stdin(path));
    match (stdin, &args.name) {
        (false, None) => {
            let whole = |path: &PathBuf| absolute(path).map(PathBuf::into_os_string);
            let paths = args.paths.iter().map(|path| whole(path).map_err(ContentError::read(path)));
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

/// The name by which the sender wants to be known; `SHARE_FROM` set to nothing names nobody.
pub fn sender(args: &args::Send) -> Result<Option<String>> {
    let name = args.from.clone().or_else(|| of_environment("SHARE_FROM"));
    Ok(name.map(|name| manifest::clean_sender(&name)).transpose()?)
}

/// The message as given, or from the file that `@FILE` names.
pub async fn message(args: &args::Send) -> Result<Option<String>> {
    match args.message.clone() {
        Some(text) => Ok(Some(detached(move || read_message(&text)).await?)),
        None => Ok(None),
    }
}

fn read_message(text: &str) -> Result<String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(manifest::clean_message(text)?) };
    // Twice as much, as UTF-16 takes that; what is too long is told when the text is known.
    match text::read(Path::new(path), 2 * MAX_MESSAGE_BYTES) {
        Ok(text) => Ok(manifest::clean_message(&text)?),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(FormatError::MessageLong.into()),
        Err(error) => Err(Error::local(fl!("send-message-unreadable", path = printable(path)), error)),
    }
}
