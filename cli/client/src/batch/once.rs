//! Sending a row exactly once. The relay, the upload journals and the ledger tell what became of earlier tries.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use aws_lc_rs::digest::{self, SHA256};
use serde::Serialize;
use share_format::link::{Link, RelayUrl};
use share_relay_api::{Bytes32, Code, EventKind, Events, Problem, RelayInfo, State};

use super::Run;
use crate::{
    api::ClientError,
    clock,
    error::{Error, Result},
    error_kind::ErrorKind,
    files::walk::walk,
    host::{Context, Host},
    patience::Patience,
    secret::Secret,
    send::{self, Content, Event, SendRequest, ShareIdentity, unfinished},
    state::{
        StateError,
        ledger::{Entry, Ledger},
        upload_journal::{UploadJournal, UploadJournals},
    },
    threads::blocking,
};

/// More attempts of one row are a sign of something else.
const MAX_ATTEMPTS: u32 = 100;
/// Attempts that are looked for in the ledger where the relay does not know one.
const LOOKED_AHEAD: u32 = 8;

/// The share of a row.
pub struct Sent {
    /// Its link.
    pub link: Link,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// Where it is in its life.
    pub state: State,
    /// When it was created, by the relay's clock, in seconds since 1970, where that is known.
    pub created_at: Option<u64>,
    /// What the ledger of this computer holds of it, if it does.
    pub entry: Option<Entry>,
    /// Whether an earlier try had sent it already.
    pub before: bool,
}

/// What became of a row so far.
enum Found {
    /// It was sent.
    Sent(Box<Sent>),
    /// It is to be sent, in this attempt, or gone on with.
    ToDo { attempt: u32, identity: ShareIdentity, journal: Option<Arc<UploadJournal>> },
}

impl Run {
    /// Sends the row of this key, goes on with it, or tells that it was sent before. `host` gives the host for an attempt.
    ///
    /// # Errors
    /// As [`send_one`](crate::send::send_one), but for what to do next, which is this call again. What was sent of files that
    /// changed meanwhile is taken back.
    pub async fn send_once(
        &self,
        context: &Context,
        row: &str,
        mut request: SendRequest,
        host: impl Fn(u32) -> Arc<dyn Host>,
    ) -> Result<Sent> {
        let patience = Patience::new(request.patience, Arc::clone(&context.host) as _);
        let journals = UploadJournals::of_user(&context.dirs)?;
        loop {
            let find = self.find(context, row, &request, &patience);
            let (attempt, identity, journal) = match context.cancel.unless_cancelled(find).await? {
                Found::Sent(sent) => return Ok(*sent),
                Found::ToDo { attempt, identity, journal } => (attempt, identity, journal),
            };
            let context = context.with_host(host(attempt), context.cancel.clone());
            let id = identity.id;
            let went = match &journal {
                Some(journal) => send::go_on_as(&context, journal, &request).await,
                None => {
                    request.identity = Some(identity);
                    send::send_new(&context, &request).await
                }
            };
            match went {
                // What was begun before has ended on the relay meanwhile, and its journal is gone.
                Err(error) if journal.is_some() && error.kind() == ErrorKind::Gone && !journals.has(&id) => {}
                // Nobody was told of what was begun, so its files are sent as they are now.
                Err(Error::ChangedSince { .. }) if let Some(journal) = &journal => give_up(&context, journal).await?,
                Err(error) => {
                    if error.kind() == ErrorKind::Changed
                        && let Some(unfinished) = journals.find(&id)
                        && let Ok(Some(journal)) = unfinished::open(unfinished)
                    {
                        // It will be sent as something else. If this fails, the next call does it.
                        let _ = give_up(&context, &journal).await;
                    }
                    return Err(match error {
                        Error::Unfinished { error } => error.error,
                        error => error,
                    });
                }
                Ok(entry) => {
                    let (link, created_at) = (Link::parse(&entry.link)?, Some(entry.created_at));
                    let entry = Some(entry);
                    return Ok(Sent { link, attempt, state: State::Ready, created_at, entry, before: false });
                }
            }
        }
    }

    /// Looks for the share of a row. Unfinished ones that cannot be gone on with are taken back: without its journal
    /// nobody knows the keys of an upload any more.
    async fn find(&self, context: &Context, row: &str, request: &SendRequest, patience: &Patience) -> Result<Found> {
        let (journals, ledger) = (UploadJournals::of_user(&context.dirs)?, Ledger::of_user(&context.dirs)?);
        let client = context.client(&self.relay, patience.limits())?;
        for attempt in 1..=MAX_ATTEMPTS {
            let identity = self.identity(row, attempt);
            let link = Link { relay: self.relay.clone(), id: identity.id };
            if let Some(unfinished) = journals.find(&identity.id)
                && let Some(journal) = unfinished::open(unfinished)?
            {
                if journal.record.resume_key == request.resume_key()? {
                    let journal = Some(Arc::new(journal));
                    return Ok(Found::ToDo { attempt, identity, journal });
                }
                // The row was corrected since.
                give_up(context, &journal).await?;
                continue;
            }
            let entry = match ledger.get(&identity.id) {
                Err(StateError::NotSentFromHere) => None,
                entry => Some(entry?),
            };
            let events = patience.with(async || client.events(&identity.id, &identity.manage).await).await;
            let events = match events {
                Ok(events) => events,
                Err(error) if error.code() == Some(Code::NotFound) => match entry {
                    Some(entry) if entry.fingerprint.is_some() && entry.expires_at >= clock::now() => {
                        return Err(Error::OwnShare(error));
                    }
                    Some(entry) if entry.fingerprint.is_some() => {
                        let created_at = Some(entry.created_at);
                        let (state, entry) = (State::Expired, Some(entry));
                        return Ok(Found::Sent(Box::new(Sent {
                            link,
                            attempt,
                            state,
                            created_at,
                            entry,
                            before: true,
                        })));
                    }
                    // The relay forgets an attempt that was taken back before the one that followed.
                    _ if (attempt + 1..=attempt + LOOKED_AHEAD)
                        .any(|later| ledger.get(&self.identity(row, later).id).is_ok()) =>
                    {
                        continue;
                    }
                    _ => return Ok(Found::ToDo { attempt, identity, journal: None }),
                },
                Err(error) => return Err(error.into()),
            };
            let by_somebody = entry.as_ref().is_some_and(|entry| entry.revoked);
            match events.state {
                State::Uploading => {
                    take_back(context, &link, &identity.manage).await?;
                    ledger.forget(&identity.id);
                }
                State::Expired if !was_ready(&events) && !by_somebody => {}
                // Given up by a program, which forgets what it gives up; `share revoke` remembers it.
                State::Revoked if !by_somebody && (entry.is_none() || !was_ready(&events)) => {}
                state => {
                    let created_at = events.events.iter().find(|event| event.kind == EventKind::Created);
                    let created_at = created_at.map(|event| event.at);
                    return Ok(Found::Sent(Box::new(Sent { link, attempt, state, created_at, entry, before: true })));
                }
            }
        }
        Err(Error::TooManyAttempts)
    }
}

/// Takes back an upload that nobody goes on with. If that fails it is kept: there must not be two shares of one row.
async fn give_up(context: &Context, journal: &UploadJournal) -> Result<()> {
    let link = Link::parse(&journal.record.link)?;
    take_back(context, &link, &journal.record.manage_key).await?;
    Ledger::of_user(&context.dirs)?.forget(&link.id);
    journal.remove();
    context.host.sending(Event::UnfinishedTakenBack { link: &journal.record.link, done: true })
}

async fn take_back(context: &Context, link: &Link, manage: &Secret) -> Result<()> {
    if unfinished::revoke(context, link, manage).await? { Ok(()) } else { Err(Error::NotTakenBack(link.clone())) }
}

/// Asks the relay what it takes, and whether it takes shares from whoever has this token.
pub async fn relay_info(
    context: &Context,
    relay: &RelayUrl,
    token: Option<&Secret>,
    patience: Duration,
) -> Result<RelayInfo> {
    let patience = Patience::new(patience, Arc::clone(&context.host) as _);
    let client = context.client(relay, patience.limits())?;
    let info = patience.with(async || client.info(token).await).await;
    let info = info.map_err(|error| Error::of_sender(error, token.is_some()))?;
    match token {
        None if info.token_required => {
            let problem = Box::new(Problem::new(Code::TokenRequired));
            Err(ClientError::Problem { problem, retry_after: None }.into())
        }
        _ => Ok(info),
    }
}

/// Whether an upload was complete before it ended. Where the oldest events have been dropped, it counts as complete:
/// better reported than sent twice.
fn was_ready(events: &Events) -> bool {
    let from_the_beginning = events.events.first().is_some_and(|event| event.kind == EventKind::Created);
    !from_the_beginning || events.events.iter().any(|event| event.kind == EventKind::Ready)
}

/// Bytes of files up to which their content is read to tell whether they have changed; beyond that their times tell.
const READ_BYTES: u64 = 64 * 1024 * 1024;

/// What a request would send now.
pub struct SourceState {
    /// Names it, and to whom it goes: message, public keys, names, sizes, and content of all files; the times in its place
    /// where it has more than 64 MiB.
    pub digest: Bytes32,
    /// Bytes of all files together.
    pub bytes: u64,
    /// When the last of it was changed, in seconds since 1970.
    pub modified: u64,
}

impl SourceState {
    /// Looks at all files of a request; nothing if they cannot be read now.
    pub async fn of(request: &SendRequest) -> Result<Option<Self>> {
        let Content::Paths { paths, follow } = &request.content else { return Ok(None) };
        let (paths, follow, key) = (paths.clone(), *follow, request.resume_key()?);
        blocking(move || {
            let Ok(walked) = walk(&paths, follow) else { return Ok(None) };
            if !walked.refused.is_empty() {
                return Ok(None);
            }
            let bytes: u64 = walked.sources.iter().map(|source| source.entry.size).sum();
            let is_read = bytes <= READ_BYTES;
            let (mut digest, mut latest) = (digest::Context::new(&SHA256), Duration::ZERO);
            add_json(&mut digest, &(key.message, key.recipients));
            for source in &walked.sources {
                let (entry, modified) = (&source.entry, source.modified.duration_since(UNIX_EPOCH).unwrap_or_default());
                latest = latest.max(modified);
                let time = if is_read { 0 } else { modified.as_nanos() };
                add_json(&mut digest, &(&entry.path, entry.size, entry.folder, time));
                if is_read && !entry.folder && add_content(&mut digest, &source.path, entry.size).is_err() {
                    return Ok(None);
                }
            }
            let digest = Bytes32(digest.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes"));
            Ok(Some(Self { digest, bytes, modified: latest.as_secs() }))
        })
        .await
    }
}

fn add_json(digest: &mut digest::Context, value: &impl Serialize) {
    digest.update(&serde_json::to_vec(value).expect("texts and numbers always become JSON"));
}

/// Adds what is in a file of this length; an error if it has another one, or is no file any more.
fn add_content(digest: &mut digest::Context, path: &Path, length: u64) -> io::Result<()> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let (mut file, mut buffer, mut read) = (File::open(path)?.take(length + 1), vec![0; 64 * 1024], 0);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return if read == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        digest.update(&buffer[..count]);
        read += count as u64;
    }
}
