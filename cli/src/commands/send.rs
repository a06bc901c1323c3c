//! `share send`: pack, seal, upload; print the link and the words. `share resume`: go on with it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use share_client::{
    Host, Progress, ProgressSink,
    files::{renaming::Renamed, shown, walk::SkipReason},
    secret::Secret,
    send::{
        Access, Content, Created, Event, IfUnfinished, NamePolicy, NotWhole, Question, SendRequest, resume_one,
        send_one,
    },
    state::{Dirs, ledger::Entry},
    threads::detached,
};
use share_format::{
    FormatError, RelayUrl,
    envelope::{self, Recipient},
    manifest::{self, MAX_MESSAGE_BYTES},
    names::printable,
    quote::quoted,
    text,
};
use share_relay_api::ShareId;

use super::{chosen_relay, context, through_library, token, variable};
use crate::{
    args,
    embedded_relay::EmbeddedRelay,
    error::{Error, Result},
    i18n::{self, fl},
    messages::{self, key_file, size, with_causes},
    time,
    ui::Ui,
};

/// Runs `share send`.
pub async fn run(ui: &Ui, dirs: Arc<Dirs>, args: args::Send) -> Result<()> {
    let context = context(Sender(ui.clone()), dirs)?;
    let read = async { request(ui, &context.dirs, args).await.map_err(through_library) };
    let (request, embedded) = context.cancel.unless_cancelled(read).await?;
    let sent = send_one(&context, &request).await;
    if let Some(relay) = embedded {
        relay.end().await;
    }
    sent?;
    Ok(())
}

/// Runs `share resume`.
pub async fn resume(ui: &Ui, dirs: Arc<Dirs>, args: args::Resume) -> Result<()> {
    let context = context(Sender(ui.clone()), dirs)?;
    let patience = time::duration(&args.patience)?;
    let token = async { token::of_environment().await.map_err(through_library) };
    let token = context.cancel.unless_cancelled(token).await?;
    resume_one(&context, args.link.as_deref(), token, patience).await?;
    Ok(())
}

/// What was asked for, and the relay inside this process if it goes through none other.
async fn request(ui: &Ui, dirs: &Dirs, args: args::Send) -> Result<(SendRequest, Option<EmbeddedRelay>)> {
    check_stdin(&args)?;
    let lifetime = time::lifetime(&args.expires)?;
    let patience = time::duration(&args.patience)?;
    let access = access(&args).await?;
    let sender = args.from.clone().or_else(|| variable("SHARE_FROM"));
    let sender = sender.map(|name| manifest::clean_sender(&name)).transpose()?;
    let message = message(&args).await?;
    let content = content(&args)?;
    let (relay, token, embedded) = relay(ui, dirs, &args).await?;
    let downloads = if args.once { Some(1) } else { args.downloads };
    let request = SendRequest {
        content,
        message,
        sender,
        access,
        words_file: args.passphrase_file,
        relay,
        token,
        lifetime,
        lifetime_text: args.expires,
        // From this computer it is served until it has been fetched: once, if nothing else was said.
        downloads: downloads.or(embedded.as_ref().map(|_| 1)),
        patience,
        unfinished: match (args.resume, args.new) {
            (true, _) => IfUnfinished::GoOn,
            (_, true) => IfUnfinished::BeginAnew,
            _ => IfUnfinished::Ask,
        },
        names: match (args.rename, args.exact_names) {
            (true, _) => NamePolicy::Change,
            (_, true) => NamePolicy::Exact,
            _ => NamePolicy::Ask,
        },
        not_whole: if args.skip_changed { NotWhole::LeaveOut } else { NotWhole::Ask },
        identity: None,
        served_from_here: embedded.is_some(),
    };
    Ok((request, embedded))
}

/// Refuses to read standard input for two purposes, and to write words to it.
fn check_stdin(args: &args::Send) -> Result<()> {
    let stdin = |path: &PathBuf| text::is_stdin(path);
    let is_message = args.message.as_deref() == Some("@-");
    let uses = [&args.paths, &args.recipients_file].into_iter().flatten().filter(|path| stdin(path)).count();
    match args.passphrase_file.as_ref().is_some_and(stdin) {
        true => Err(Error::usage(fl!("send-words-need-file"))),
        false if uses + usize::from(is_message) > 1 => Err(Error::usage(fl!("stdin-twice"))),
        false => Ok(()),
    }
}

/// Files and folders, or standard input and the name that it gets.
fn content(args: &args::Send) -> Result<Content> {
    let stdin = args.paths.iter().any(|path| text::is_stdin(path));
    match (stdin, &args.name) {
        (false, None) => Ok(Content::Paths { paths: args.paths.clone(), follow: args.follow }),
        (false, Some(_)) => Err(Error::usage(fl!("send-name-without-stdin"))),
        (true, Some(name)) if args.paths.len() == 1 => Ok(Content::StandardInput { name: name.clone() }),
        (true, _) => Err(Error::usage(fl!("send-stdin-needs-name"))),
    }
}

/// Who is to open it.
async fn access(args: &args::Send) -> Result<Access> {
    let mut keys = Vec::new();
    for text in &args.recipient {
        let key = envelope::parse_recipient(text);
        keys.push(key.map_err(|error| Error::usage(fl!("send-bad-recipient")).because(error))?);
    }
    for path in args.recipients_file.clone() {
        keys.extend(detached(move || recipients(&path)).await?);
    }
    match (keys.is_empty(), &args.passphrase_file) {
        (true, _) => {
            let list = args.word_list.unwrap_or_else(i18n::current).word_list();
            Ok(Access::Words { count: args.words, list, list_named: args.word_list.is_some() })
        }
        (false, None) => Ok(Access::Keys(keys)),
        (false, Some(_)) => Err(Error::usage(fl!("send-keys-need-no-words"))),
    }
}

fn recipients(path: &Path) -> Result<Vec<Recipient>> {
    let unusable = |error| key_file(fl!("send-bad-recipients-file", path = shown(path)), error);
    envelope::read_recipients(path).map_err(unusable)
}

/// The message as given, or from the file that `@FILE` names.
async fn message(args: &args::Send) -> Result<Option<String>> {
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

/// The relay that it goes to, the token for it, and the relay itself if it is one inside this process.
async fn relay(ui: &Ui, dirs: &Dirs, args: &args::Send) -> Result<(RelayUrl, Option<Secret>, Option<EmbeddedRelay>)> {
    if !args.here {
        if let Some(relay) = chosen_relay(dirs, args.relay.clone())? {
            let token = token::token(dirs, &relay).await?;
            return Ok((relay, token, None));
        }
        // Nobody would see that this computer now waits for a recipient.
        if !ui.is_interactive() {
            return Err(Error::usage(fl!("send-no-relay")).hint(fl!("send-no-relay-hint")));
        }
    }
    let embedded = EmbeddedRelay::start(dirs).await?;
    ui.note(match embedded.is_loopback() {
        true => fl!("send-here-loopback", relay = embedded.relay().as_str()),
        false => fl!("send-here", relay = embedded.relay().as_str()),
    });
    Ok((embedded.relay().clone(), Some(embedded.token().clone()), Some(embedded)))
}

/// Tells and asks the sender.
struct Sender(Ui);

impl ProgressSink for Sender {
    fn progress(&self, progress: Progress<'_>) {
        self.0.progress(progress);
    }
}

impl Host for Sender {
    fn sending(&self, event: Event<'_>) -> share_client::Result<()> {
        tell(&self.0, event).map_err(through_library)
    }

    fn receiving(&self, event: share_client::get::Event<'_>) -> share_client::Result<()> {
        super::get::tell(&self.0, event).map_err(through_library)
    }

    fn can_answer(&self) -> bool {
        self.0.is_interactive()
    }

    fn ask_sender(&self, question: Question<'_>) -> share_client::Result<bool> {
        let (question, otherwise) = match question {
            Question::ChangeNames => (fl!("send-ask-names"), "--rename"),
            Question::LeaveOut => (fl!("send-ask-without"), "--skip-changed"),
            Question::SendAnewWithout => (fl!("send-ask-anew-without"), "--skip-changed"),
            Question::GoOn { link } => (fl!("resume-ask", link = link), "--resume"),
            Question::SendAnew => (fl!("resume-ask-anew"), "--new"),
        };
        self.0.confirm(&question, otherwise).map_err(through_library)
    }
}

pub(super) fn tell(ui: &Ui, event: Event<'_>) -> Result<()> {
    match event {
        Event::Skipped(skipped) => {
            let reason = messages::skipped(skipped.reason);
            ui.warn(fl!("send-skipped", path = skipped.path.as_str(), reason = reason));
        }
        Event::Renamed(renamed) => {
            ui.warn(fl!("send-names", count = renamed.len()));
            ui.warn_all(renamed.iter().map(|Renamed { path, name, why }| {
                fl!("send-renamed", path = quoted(path), name = quoted(name), why = messages::renamed(why))
            }));
        }
        Event::Refused(refused) => ui.warn_all(refused.iter().map(|refused| with_causes(&refused.error))),
        Event::LeftOut(paths) => ui.warn_all(
            paths
                .iter()
                .map(|path| fl!("send-skipped", path = quoted(path), reason = messages::skipped(SkipReason::NotWhole))),
        ),
        Event::NotResumed { link } => ui.warn(fl!("resume-not-asked", link = link)),
        Event::CannotGoOn { path } => ui.warn(messages::changed_since(path)),
        Event::Created(created) => announce(ui, &created)?,
        Event::GoingOn { stored } => ui.note(fl!("resume-going-on", size = size(stored))),
        Event::Grown(files) => {
            ui.warn_all(files.iter().map(|(path, bytes)| fl!("send-grown", path = quoted(path), size = size(*bytes))))
        }
        Event::Ready(entry) => {
            ui.note(fl!("send-ready", until = time::local(entry.expires_at)));
            ui.event(&Ready { event: "ready", id: id_of(entry)?, bytes: entry.bytes })?;
        }
        Event::NotWhole(paths) => {
            ui.warn_all(paths.iter().map(|path| fl!("send-not-whole", path = quoted(&shown(path)))));
        }
        Event::SendingAnew => ui.warn(fl!("send-anew-without")),
        Event::Kept { link, by_choice } => end(ui, by_choice, fl!("send-kept", link = link.to_string())),
        Event::TakingBack => ui.note(fl!("send-taking-back")),
        Event::TakenBack { by_choice } => end(ui, by_choice, fl!("send-taken-back")),
        Event::NotTakenBack { link } => ui.warn(fl!("send-not-taken-back", link = link.to_string())),
        Event::UnfinishedTakenBack { link, done: true } => ui.outcome(fl!("resume-taken-back", link = link)),
        Event::UnfinishedTakenBack { link, done: false } => ui.warn(fl!("resume-not-taken-back", link = link)),
        Event::WaitingForRecipient => ui.note(fl!("here-waiting")),
        Event::Received => ui.note(fl!("here-received")),
        Event::GivenToBrowser { until } => ui.note(fl!("here-given-to-browser", until = time::local(until))),
        Event::FalseReceipt => ui.warn(fl!("event-receipt-unverified")),
    }
    Ok(())
}

/// Tells link and words, and to programs what is not sent as it is here.
fn announce(ui: &Ui, created: &Created<'_>) -> Result<()> {
    let (words, link) = (created.words.map(|words| words.as_str()), created.link.to_string());
    ui.event(&Announced {
        event: "created",
        id: created.link.id,
        link: &link,
        words,
        expires: time::rfc3339(created.entry.expires_at),
        bytes: created.entry.bytes,
        resumed: created.resumed,
        renamed: created.renamed.iter().map(|Renamed { path, name, .. }| NewName { path, name }).collect(),
        left_out: created.left_out,
    })?;
    ui.say(fl!("send-link", link = link))?;
    if let Some(words) = words {
        ui.say(fl!("send-words", words = words.replace('-', " ")))?;
        ui.note(fl!("send-advice"));
    }
    Ok(())
}

/// What became of a share is a warning, unless whoever sends it chose to stop.
fn end(ui: &Ui, by_choice: bool, sentence: String) {
    match by_choice {
        true => ui.outcome(sentence),
        false => ui.warn(sentence),
    }
}

fn id_of(entry: &Entry) -> Result<ShareId> {
    Ok(share_format::Link::parse(&entry.link)?.id)
}

#[derive(Serialize)]
struct Announced<'a> {
    event: &'static str,
    id: ShareId,
    link: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<&'a str>,
    expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resumed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    renamed: Vec<NewName<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    left_out: &'a [String],
}

#[derive(Serialize)]
struct NewName<'a> {
    path: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Ready {
    event: &'static str,
    id: ShareId,
    bytes: Option<u64>,
}
