//! Receiving, step by step: prove to know the words, look inside, download, verify, save, send the receipt.
//!
//! [`get_one`] tells it from beginning to end. `open` is about words and keys, `folder` and `download` about where the
//! plaintext goes, `ciphertext` about who wants none, `receipts` about telling the sender.

mod ciphertext;
mod download;
pub mod event;
mod folder;
mod open;
mod receipts;

use std::{
    fs, io, mem,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use share_format::{
    envelope::ReceiptKey,
    link::Link,
    manifest::{self, Manifest},
    names::is_staging,
};
use share_relay_api::{Bytes32, Code, Kind as ShareKind, Problem, Saved, State, TakeTicket};

use self::download::FolderDownload;
pub use self::{
    event::{Event, Question},
    receipts::{keep_receipt, send_kept_receipts},
};
use crate::{
    api::{Client, ClientError, ClientResult},
    clock,
    error::{Error, Result},
    error_kind::ErrorKind,
    files::Placed,
    host::{Context, Working},
    patience::Patience,
    progress::Work,
    secret::Secret,
    state::{
        Item, StateError,
        partial_download::{DownloadJournal, PartialDownload},
        receipts::PendingReceipt,
        tickets::{Ticket, TicketFile, unless_busy},
    },
    transfer::download::Download,
};

/// Clocks of relay and recipient that differ by more seconds are reported.
const CLOCKS_DIFFER_SECONDS: u64 = 10 * 60;

/// What to fetch, and where to.
pub struct GetRequest {
    /// The share to fetch.
    pub link: Link,
    /// Files, standard output, list or ciphertext.
    pub wanted: Wanted,
    /// The folder to save in.
    pub folder: PathBuf,
    /// Whether what has the same name is replaced.
    pub force: bool,
    /// Whether to refuse a folder with anything in it that no earlier download of this link has left.
    pub only_into_empty: bool,
    /// Whether to give SHA-256 of the content.
    pub digest: bool,
    /// How long to keep trying without any progress.
    pub patience: Duration,
}

/// What is wanted of a share.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Its files, in the folder.
    Files,
    /// Its single file, on standard output.
    StandardOutput,
    /// To know what is inside, as [`Event::Opened`] tells it.
    List,
    /// Its content as it is, still sealed, under this name.
    Ciphertext(PathBuf),
}

/// What was received, and where it is.
#[derive(Debug, Default)]
pub struct Received {
    /// Where it is; nothing of a list, or of what went to standard output.
    pub placed: Vec<Placed>,
    /// How many files there are, where that is known.
    pub files: Option<u64>,
    /// Bytes of all files together, or of the ciphertext.
    pub bytes: u64,
    /// SHA-256 of the content, if it was asked for when that was saved.
    pub sha256: Option<Bytes32>,
    /// The fingerprint of the ciphertext; nothing of a list, or of ciphertext that was not opened.
    pub fingerprint: Option<Bytes32>,
    /// What the sender calls themselves.
    pub sender: Option<String>,
    /// When all of it was verified, in seconds since 1970.
    pub verified_at: u64,
}

/// Fetches a share, after receipts that earlier runs have kept are sent.
///
/// # Errors
/// What has arrived by then is kept if it can be gone on with: the same request does so.
pub async fn get_one(context: &Context, request: &GetRequest) -> Result<Received> {
    let send_receipts = async {
        send_kept_receipts(context, Some(&request.link)).await;
        Ok(())
    };
    context.cancel.unless_cancelled(send_receipts).await?;
    get_one_of_many(context, request).await
}

/// Fetches one of several shares, and leaves the receipts of others alone.
///
/// # Errors
/// As [`get_one`].
pub async fn get_one_of_many(context: &Context, request: &GetRequest) -> Result<Received> {
    let (cancel, link) = (&context.cancel, &request.link);
    let patience = Patience::new(request.patience, context.host.clone());
    let client = context.client(&link.relay, patience.limits())?;

    // What an earlier run has saved, and was stopped before the relay had its receipt, is not saved once more.
    let earlier = async {
        match (&request.wanted, context.dirs.tickets()) {
            (Wanted::Files, Ok(tickets)) => {
                Ok(PendingReceipt::find(&tickets, link, &request.folder, request.force).await)
            }
            _ => Ok(None),
        }
    };
    let mut saved_before = None;
    if let Some(pending) = cancel.unless_cancelled(earlier).await? {
        let (saved, lost) = pending.saved_and_lost(&request.folder);
        if pending.is_all(&saved) {
            pending.remove_working_folder();
            let received = received(&pending, saved);
            context.host.receiving(Event::Saved(&received))?;
            receipts::deliver(context, link, &client, &patience, pending).await;
            context.report(Event::SavedBefore);
            return Ok(received);
        }
        context.report(Event::Lost(&lost));
        saved_before = Some((pending.note.receipt.fingerprint, saved.clone()));
        pending.reduce(&saved);
    } else if request.only_into_empty && holds_something(&request.folder) {
        return Err(Error::FolderNotEmpty(request.folder.clone()));
    }

    let find = Fetch::find(context, request, client, patience);
    let mut fetch = cancel.unless_cancelled(find).await?;
    fetch.saved_before = saved_before;
    if let Wanted::Ciphertext(path) = &request.wanted {
        return ciphertext::save(&fetch, path).await;
    }
    let ready = async {
        let opened = open::open(&fetch).await?;
        context.host.receiving(Event::Opened { manifest: &opened.manifest, expires_at: fetch.expires_at })?;
        if request.wanted == Wanted::List {
            return Ok(None);
        }
        fetch.confirm(&opened.manifest)?;
        // Before a ticket is spent: a folder that has no room, or no place, should not cost a download.
        let mut target = match request.wanted {
            Wanted::Files => Some(FolderDownload::prepare(&fetch, &opened).await?),
            _ => None,
        };
        match (fetch.take_ticket(opened.proof).await, &mut target) {
            (Ok(ticket), _) => Ok(Some((opened, target, ticket))),
            (Err(error), Some(target)) => Err(target.without_ticket(&fetch, error)),
            (Err(error), None) => Err(error),
        }
    };
    let Some((opened, mut target, ticket)) = cancel.unless_cancelled(ready).await? else {
        return Ok(Received::default());
    };

    let verified = match &mut target {
        Some(target) => target.run(&fetch, &opened, &ticket).await,
        None => download::write_out(&fetch, &opened, &ticket).await.map(|fingerprint| (fingerprint, None)),
    };
    let (fingerprint, sha256) = verified.inspect_err(|error| forget_if_over(&ticket, error))?;

    let key = ReceiptKey::derive(&opened.file_key);
    let receipt = key.sign(&ticket.secret.hash(), fingerprint, clock::now(), Saved::Disk);
    let ends_at = fetch.expires_at.max(ticket.expires_at);
    let mut pending = PendingReceipt::new(link, &opened.manifest, ticket, ends_at, receipt, sha256);
    let mut placed = Vec::new();
    if let Some(target) = target {
        (placed, pending) = target.place(&fetch, opened, pending).await?;
    }
    let received = received(&pending, placed);
    context.host.receiving(Event::Saved(&received))?;
    // Before anything is printed: standard output may be closed, and the receipt must not depend on it.
    receipts::deliver(context, link, &fetch.client, &fetch.patience, pending).await;
    Ok(received)
}

fn received(pending: &PendingReceipt, placed: Vec<Placed>) -> Received {
    let note = &pending.note;
    Received {
        placed,
        files: note.files,
        bytes: note.bytes,
        sha256: note.sha256,
        fingerprint: Some(note.receipt.fingerprint),
        sender: note.sender.clone(),
        verified_at: note.receipt.time,
    }
}

/// Whether there is anything in this folder but downloads that were cut off.
fn holds_something(folder: &Path) -> bool {
    let mut items = fs::read_dir(folder).into_iter().flatten().flatten();
    items.any(|item| item.file_name().to_str().is_none_or(|name| !is_staging(name)))
}

/// Forgets a ticket with which nothing can be fetched any more, whatever the relay's clock says.
fn forget_if_over(ticket: &Ticket, error: &Error) {
    if error.is_taken_away() {
        ticket.forget();
    }
}

/// A share being fetched.
struct Fetch<'a> {
    context: &'a Context,
    request: &'a GetRequest,
    client: Client,
    patience: Patience,
    kind: ShareKind,
    /// In seconds since 1970 by the relay's clock.
    expires_at: u64,
    /// The latest time by that clock that is known.
    now: u64,
    /// Bytes of the age file, as far as the relay knows.
    content_bytes: Option<u64>,
    /// How many bytes of how many the relay holds, while the sender still sends.
    sending: Option<(u64, u64)>,
    /// The manifest's age file, if the relay gives it out no more.
    kept_manifest: Option<Bytes>,
    /// What has its final name already, and the fingerprint of the content that it is from.
    saved_before: Option<(Bytes32, Vec<Placed>)>,
}

impl<'a> Fetch<'a> {
    /// Asks the relay, and refuses what cannot be fetched now before anybody is asked for words.
    async fn find(context: &'a Context, request: &'a GetRequest, client: Client, patience: Patience) -> Result<Self> {
        let answer = patience.with(async || client.status(&request.link.id).await).await;
        let fetch = |kind, expires_at, now| Self {
            context,
            request,
            client,
            patience,
            kind,
            expires_at,
            now,
            content_bytes: None,
            sending: None,
            kept_manifest: None,
            saved_before: None,
        };
        let fetch = match answer {
            Ok(status) => {
                let here = clock::now();
                if here.abs_diff(status.now) > CLOCKS_DIFFER_SECONDS {
                    context.report(Event::ClocksDiffer { relay: status.now, here });
                }
                let sending = match (status.state, status.payload_bytes) {
                    (State::Uploading, Some(total)) => Some((status.stored_bytes, total)),
                    (State::Uploading, None) => {
                        let stored_bytes = Some(status.stored_bytes);
                        return Err(refusal(Problem { stored_bytes, ..Problem::new(Code::NotReady) }));
                    }
                    _ => None,
                };
                if let locked_until @ Some(_) = status.locked_until {
                    return Err(refusal(Problem { locked_until, ..Problem::new(Code::Locked) }));
                }
                let content_bytes = status.payload_bytes.map(|payload| status.header_bytes.saturating_add(payload));
                Self { content_bytes, sending, ..fetch(status.kind, status.expires_at, status.now) }
            }
            Err(error) => {
                let (partial, manifest) = begun_before_the_end(context, request, error.into())?;
                let fetch = fetch(partial.kind, partial.expires_at, partial.ticket_expires_at);
                Self { kept_manifest: Some(manifest), ..fetch }
            }
        };
        if fetch.sending.is_some() {
            context.report(Event::StillSending);
        }
        context.host.receiving(Event::Found(fetch.kind))?;
        Ok(fetch)
    }

    fn confirm(&self, manifest: &Manifest) -> Result<()> {
        let question = match self.request.wanted {
            Wanted::StandardOutput if manifest.kind != manifest::Kind::File => return Err(Error::SeveralFiles),
            Wanted::StandardOutput => Question::WriteToStandardOutput,
            _ => Question::Save(&self.request.folder),
        };
        if self.context.host.ask_recipient(question)? { Ok(()) } else { Err(Error::Declined) }
    }

    /// Takes one of the allowed downloads, or goes on with the one that an earlier try took. The ticket is made here, so
    /// that asking for it again takes no second one.
    async fn take_ticket(&self, proof: Option<Bytes32>) -> Result<Ticket> {
        let fresh = Secret::random()?;
        let mut ticket = self.kept_ticket(&fresh).await;
        let mut taken = self.ask_for_ticket(&ticket, proof).await;
        let is_earlier = ticket.secret.hash() != fresh.hash();
        if is_earlier && taken.as_ref().is_err_and(|error| error.code() == Some(Code::TicketInvalid)) {
            // Its receipt has come although its answer was lost, somebody with the words has taken its place, or a clock
            // has ended it.
            let ended = mem::replace(&mut ticket.secret, fresh);
            self.keep_ticket(&mut ticket);
            taken = self.ask_for_ticket(&ticket, proof).await;
            if taken.as_ref().is_err_and(|error| error.kind() == ErrorKind::Gone) {
                // The relay's clock may be wrong, so that one stays.
                ticket.secret = ended;
                self.keep_ticket(&mut ticket);
            }
        }
        ticket.expires_at = taken.map_err(Error::from).inspect_err(|error| forget_if_over(&ticket, error))?;
        Ok(ticket)
    }

    /// The ticket that an earlier try has kept, or this one, which is kept from now on; see [`TicketFile::take`].
    async fn kept_ticket(&self, fresh: &Secret) -> Ticket {
        let (link, mut ticket) = (&self.request.link, Ticket { secret: fresh.clone(), expires_at: 0, file: None });
        let taken = match self.context.dirs.tickets() {
            Ok(folder) => unless_busy(|| TicketFile::take(&folder, link, fresh.clone(), self.now))
                .await
                .map_err(|source| StateError::Unwritable { item: Item::Tickets, path: folder, source }),
            Err(error) => Err(error),
        };
        match taken {
            Ok((secret, file)) => (ticket.secret, ticket.file) = (secret, Some(file)),
            // It is fetching the same share: its ticket is not ours.
            Err(StateError::Unwritable { source, .. }) if source.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.context.report(Event::TicketNotKept(error)),
        }
        ticket
    }

    fn keep_ticket(&self, ticket: &mut Ticket) {
        if let Some(file) = &mut ticket.file
            && let Err(source) = file.write(&self.request.link, &ticket.secret, self.now)
        {
            let path = file.path().to_owned();
            self.context.report(Event::TicketNotKept(StateError::Unwritable { item: Item::Tickets, path, source }));
        }
    }

    /// When the ticket ends.
    async fn ask_for_ticket(&self, ticket: &Ticket, proof: Option<Bytes32>) -> ClientResult<u64> {
        let take = TakeTicket { proof, ticket_hash: ticket.secret.hash() };
        let taken = self.patience.with(async || self.client.take_ticket(&self.request.link.id, &take).await).await?;
        Ok(taken.expires_at)
    }

    /// A download with this ticket, of content of this many bytes if that is known.
    fn download(&self, ticket: &Ticket, total: Option<u64>) -> (Download, Working) {
        let working = self.context.begin(Work::Download, total.or(self.content_bytes));
        let (client, patience) = (self.client.clone(), self.patience.clone());
        let download = Download::new(client, self.request.link.id, ticket.secret.clone(), total, patience);
        if let Some((stored, total)) = self.sending {
            download.still_sending(stored, total);
        }
        (download, working)
    }
}

/// The error that the relay would answer to the next call.
fn refusal(problem: Problem) -> Error {
    Error::Api(ClientError::Problem { problem: Box::new(problem), retry_after: None })
}

/// What an earlier download knows of a share that has ended, whose ticket the relay may honour past the end. Of a share
/// that was taken back or collected, what was left is removed.
fn begun_before_the_end(context: &Context, request: &GetRequest, error: Error) -> Result<(DownloadJournal, Bytes)> {
    let looks = match error.code() {
        Some(Code::NotFound) => true,
        Some(Code::Expired | Code::Collected | Code::Revoked) => request.wanted == Wanted::Files,
        _ => false,
    };
    let partial = if looks { PartialDownload::find(&request.link, &request.folder) } else { None };
    match (partial, error.code()) {
        (Some(partial), Some(Code::NotFound)) => context.report(Event::PartialKept(partial.folder.path())),
        (Some(partial), Some(Code::Expired)) => {
            if let Ok(manifest) = partial.manifest() {
                return Ok((partial.journal, manifest));
            }
        }
        (Some(partial), _) => {
            partial.remove();
            context.report(Event::PartialRemoved);
        }
        (None, _) => {}
    }
    Err(error)
}
