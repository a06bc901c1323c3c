//! `share get`: prove, look inside, download, verify, save, send the receipt.

mod folder;
mod kept;
mod land;
mod open;
mod receipt;
mod save;
mod show;
mod ticket;

use std::{fs, io, mem, path::Path};

use bytes::Bytes;
use share_format::{envelope::ReceiptKey, link::Link, manifest, text};
use share_relay_api::{Bytes32, Code, Kind as ShareKind, Saved as SavedTo, ShareStatus, State, TakeTicket};

pub(super) use self::receipt::send_kept;
use self::{
    open::Opened,
    receipt::{Before, Note, Unsent},
    save::{Digest, Saved, Target},
    ticket::{TicketFile, unless_busy},
};
use super::{Context, no_randomness, unless_stopped};
use crate::{
    args,
    client::Client,
    content::{ContentError, Placed},
    error::{Error, Kind, Result},
    i18n::fl,
    secret::Secret,
    system::StopSignal,
    time,
    transfer::{backoff::Patience, download::Download},
    ui::{Progress, printable, shown, with_causes},
};

/// From so many seconds on it is told that the clocks of relay and recipient differ.
const CLOCKS_DIFFER_SECONDS: u64 = 10 * 60;

/// Runs `share get`.
pub async fn run(context: &Context, args: args::Get) -> Result<()> {
    check_arguments(context, &args)?;
    // From the start: a question puts the terminal into another mode, and a program killed there would leave it so.
    let mut stop = super::stop_signal()?;
    let link = Link::parse(&args.link)?;
    let kept = async {
        send_kept(context, Some(&link)).await;
        Ok(())
    };
    unless_stopped(&mut stop, fl!("get-interrupted"), kept).await?;
    let Some(there) = there_before(context, &args, &link, &mut stop).await? else { return Ok(()) };
    let share = unless_stopped(&mut stop, fl!("get-interrupted"), Incoming::find(context, &args, link, there)).await?;
    match &args.ciphertext {
        Some(path) => share.keep_ciphertext(path, &mut stop).await,
        None => share.open_and_keep(&mut stop).await,
    }
}

/// Refuses what cannot be had together.
fn check_arguments(context: &Context, args: &args::Get) -> Result<()> {
    let dash = Path::new("-");
    if args.ciphertext.as_deref() == Some(dash) {
        return Err(Error::usage(fl!("get-ciphertext-needs-file")));
    }
    let read = args.identity.iter().chain(&args.passphrase_file);
    if read.filter(|path| text::is_stdin(path)).count() > 1 {
        return Err(Error::usage(fl!("stdin-twice")));
    }
    if args.output == dash && context.ui.is_json() {
        return Err(Error::usage(fl!("get-stdout-or-json")));
    }
    Ok(())
}

/// Finishes what an earlier run of the same command has saved whole, and was stopped before the relay had its receipt:
/// then nothing is left to do. Otherwise gives what is there of it, which is not saved once more.
async fn there_before(
    context: &Context,
    args: &args::Get,
    link: &Link,
    stop: &mut StopSignal,
) -> Result<Option<There>> {
    if !to_files(args) {
        return Ok(Some(There::default()));
    }
    let find = async { Ok(Before::find(context, link, &args.output, args.force).await) };
    let before = unless_stopped(stop, fl!("get-interrupted"), find).await?;
    let Some(before) = before else { return Ok(Some(There::default())) };
    let (there, lost) = before.there_and_lost();
    if !before.is_all(&there) {
        context.ui.warn_all(lost.iter().map(|path| fl!("get-gone-since", path = shown(path))));
        before.reduce(&there);
        return Ok(Some(there));
    }
    before.clear();
    let (received, sender) = before.received(there);
    if let Some(unsent) = before.unsent() {
        let patience = context.ui.patience(time::duration(&args.patience)?);
        let client = Client::with_limits(&link.relay, patience.limits())?;
        send_receipt(context, link, &client, &patience, unsent, stop).await;
    }
    context.ui.note(fl!("get-saved-before"));
    show::report(&context.ui, &received, sender.as_deref()).map(|()| None)
}

fn to_files(args: &args::Get) -> bool {
    !args.list && args.ciphertext.is_none() && args.output != Path::new("-")
}

/// What an earlier run has saved, and is there.
#[derive(Default)]
struct There {
    placed: Vec<Placed>,
    /// Of the content that it is from.
    fingerprint: Option<Bytes32>,
}

/// A share being fetched.
struct Incoming<'a> {
    context: &'a Context,
    args: &'a args::Get,
    link: Link,
    client: Client,
    about: About,
    patience: Patience,
    /// What has its final name already.
    there: There,
}

/// What is known of a share before it is opened.
struct About {
    kind: ShareKind,
    expires_at: u64,
    /// The latest time by the relay's clock that is known, in seconds since 1970.
    now: u64,
    /// Bytes of the age file, as far as the relay knows.
    content_bytes: Option<u64>,
    /// How many bytes of how many the relay holds, while the sender still sends.
    sending: Option<(u64, u64)>,
    /// The manifest's age file, if the relay gives it out no more.
    kept_manifest: Option<Bytes>,
}

impl About {
    /// What the relay tells; an error if nothing can be fetched now.
    fn of(status: &ShareStatus) -> Result<Self> {
        let sending = match (status.state, status.payload_bytes) {
            (State::Uploading, Some(total)) => Some((status.stored_bytes, total)),
            (State::Uploading, None) => return Err(Error::not_ready(status.stored_bytes, None)),
            _ => None,
        };
        if let Some(until) = status.locked_until {
            return Err(Error::locked(fl!("share-locked", until = time::local(until))));
        }
        let content_bytes = status.payload_bytes.map(|payload| status.header_bytes.saturating_add(payload));
        let (kind, expires_at, now) = (status.kind, status.expires_at, status.now);
        Ok(Self { kind, expires_at, now, content_bytes, sending, kept_manifest: None })
    }
}

impl<'a> Incoming<'a> {
    /// Asks the relay, and refuses what cannot be fetched now before anybody is asked for words.
    async fn find(context: &'a Context, args: &'a args::Get, link: Link, there: There) -> Result<Self> {
        let patience = context.ui.patience(time::duration(&args.patience)?);
        let client = Client::with_limits(&link.relay, patience.limits())?;
        let about = match patience.with(async || client.status(&link.id).await).await {
            Ok(status) => {
                tell_if_clocks_differ(context, status.now);
                About::of(&status)?
            }
            Err(error) => kept_of_ended(context, args, &link, error.into())?,
        };
        if about.sending.is_some() {
            context.ui.note(fl!("get-still-sending"));
        }
        Ok(Self { context, args, link, client, about, patience, there })
    }

    async fn open_and_keep(&self, stop: &mut StopSignal) -> Result<()> {
        let ready = unless_stopped(stop, fl!("get-interrupted"), self.get_ready()).await?;
        let Some(Ready { opened, target, ticket }) = ready else { return Ok(()) };
        let receipt_key = ReceiptKey::derive(&opened.file_key);
        let manifest = opened.manifest.clone();
        let verified = ticket.use_for(self.receive(opened, target, &ticket, stop)).await?;
        let receipt = receipt_key.sign(&ticket.secret.hash(), verified.fingerprint, time::now(), SavedTo::Disk);
        let ends_at = self.about.expires_at.max(ticket.expires_at);
        let note = Note::new(&self.link, &manifest, &ticket, ends_at, receipt, verified.digest);
        let sender = manifest.sender.clone();
        let (received, unsent) = self.place(verified, manifest, Unsent::new(ticket, note)).await?;
        // First of all: what is printed may not find its reader.
        send_receipt(self.context, &self.link, &self.client, &self.patience, unsent, stop).await;
        show::report(&self.context.ui, &received, sender.as_deref())
    }

    /// Opens and shows it; then, unless only a list is wanted, makes ready to download it.
    async fn get_ready(&self) -> Result<Option<Ready>> {
        let opened = self.open().await?;
        self.show(&opened.manifest)?;
        if self.args.list {
            return Ok(None);
        }
        self.check_output(&opened)?;
        self.confirm()?;
        // Before a ticket is spent: a folder that has no room, or no place, should not cost a download.
        let target = self.target(&opened).await?;
        match self.take_ticket(opened.proof).await {
            Ok(ticket) => Ok(Some(Ready { opened, target, ticket })),
            Err(error) => Err(self.give_up(target, error)),
        }
    }

    /// Saves the age file as it is. Nothing is verified, so there is no receipt, and nothing to go on with.
    async fn keep_ciphertext(&self, path: &Path, stop: &mut StopSignal) -> Result<()> {
        match path.is_dir() {
            true => return Err(ContentError::InTheWay(printable(&path.display().to_string())).into()),
            false if self.args.force => {}
            false => super::refuse_existing(path)?,
        }
        let fetch = async {
            let proof = self.proof_if_needed().await?;
            let folder = self.ciphertext_folder(path).await?;
            let ticket = self.take_ticket(proof).await?;
            ticket.use_for(self.save_ciphertext(path, folder, &ticket.secret)).await
        };
        let staged = unless_stopped(stop, fl!("get-interrupted"), fetch).await?;
        let (bytes, placed) = staged.place(path, self.args.force).await?;
        self.report_ciphertext(&placed, bytes)
    }

    fn check_output(&self, opened: &Opened) -> Result<()> {
        match self.to_stdout() && opened.manifest.kind != manifest::Kind::File {
            true => Err(Error::usage(fl!("get-stdout-needs-one-file"))),
            false => Ok(()),
        }
    }

    fn to_stdout(&self) -> bool {
        self.args.output == Path::new("-")
    }

    fn confirm(&self) -> Result<()> {
        let question = match self.to_stdout() {
            true => fl!("get-confirm-stdout"),
            false => fl!("get-confirm", folder = self.output_for_people()),
        };
        if self.args.yes || self.context.ui.confirm(&question, "--yes")? {
            return Ok(());
        }
        Err(Error::interrupted(fl!("get-declined")))
    }

    /// The whole path of the folder: a dot says little.
    fn output_for_people(&self) -> String {
        let output = &self.args.output;
        let whole = fs::canonicalize(output).or_else(|_| std::path::absolute(output));
        printable(&whole.as_ref().unwrap_or(output).display().to_string())
    }

    /// Takes one of the allowed downloads, or goes on with the one that an earlier try took. The ticket is made here, so
    /// that asking for it again takes no second one.
    async fn take_ticket(&self, proof: Option<Bytes32>) -> Result<Held> {
        let fresh = Secret::random().map_err(no_randomness)?;
        let (secret, file) = match self.kept_ticket(fresh.clone()).await {
            Ok(taken) => taken,
            Err(error) => {
                self.ticket_not_kept(&error);
                (fresh.clone(), None)
            }
        };
        let mut held = Held { secret, file, expires_at: 0 };
        let taken = held.use_for(self.ask_for(&held.secret, proof)).await;
        held.expires_at = match taken {
            // Its receipt has come although its answer was lost, somebody with the words has taken its place, or a clock
            // has ended it.
            Err(error) if error.code() == Code::TicketInvalid.as_str() && held.secret.hash() != fresh.hash() => {
                self.replace_ended(&mut held, fresh, proof).await?
            }
            taken => taken?,
        };
        Ok(held)
    }

    /// The ticket that an earlier try has kept, or this one, which is kept from now on; see [`TicketFile::take`].
    async fn kept_ticket(&self, fresh: Secret) -> Result<(Secret, Option<TicketFile>)> {
        let folder = self.context.dirs.tickets()?;
        match unless_busy(|| TicketFile::take(&folder, &self.link, fresh.clone(), self.about.now)).await {
            Ok((ticket, file)) => Ok((ticket, Some(file))),
            // It is fetching the same share: its ticket is not ours.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok((fresh, None)),
            Err(error) => Err(Error::at_home(fl!("get-ticket-unwritable", path = shown(&folder)), error)),
        }
    }

    /// Takes a new ticket in place of one that has ended. If none is given that one stays: the relay's clock may be wrong.
    async fn replace_ended(&self, held: &mut Held, fresh: Secret, proof: Option<Bytes32>) -> Result<u64> {
        let ended = mem::replace(&mut held.secret, fresh);
        self.keep_ticket(held);
        let taken = held.use_for(self.ask_for(&held.secret, proof)).await;
        if taken.as_ref().is_err_and(|error| error.kind() == Kind::Gone) {
            held.secret = ended;
            self.keep_ticket(held);
        }
        taken
    }

    fn keep_ticket(&self, held: &mut Held) {
        if let Some(file) = &mut held.file
            && let Err(error) = file.write(&self.link, &held.secret, self.about.now)
        {
            self.ticket_not_kept(&Error::at_home(fl!("get-ticket-unwritable", path = shown(file.path())), error));
        }
    }

    fn ticket_not_kept(&self, error: &Error) {
        self.context.ui.warn(fl!("get-ticket-not-kept", why = with_causes(error)));
    }

    /// When the ticket ends.
    async fn ask_for(&self, ticket: &Secret, proof: Option<Bytes32>) -> Result<u64> {
        let take = TakeTicket { proof, ticket_hash: ticket.hash() };
        let taken = self.patience.with(async || self.client.take_ticket(&self.link.id, &take).await).await?;
        Ok(taken.expires_at)
    }

    /// A download with this ticket, of content of this many bytes if that is known, that shows how far it is.
    fn download(&self, ticket: &Secret, total: Option<u64>) -> (Download, Progress) {
        let progress = self.context.ui.progress(total.or(self.about.content_bytes));
        let told = (progress.told(&self.patience), progress.clone());
        let download = Download::new(self.client.clone(), self.link.id, ticket.clone(), total, told);
        if let Some((stored, total)) = self.about.sending {
            download.still_sending(stored, total);
        }
        (download, progress)
    }
}

/// Tells the relay, and so the sender, that all was received. What was saved stays saved if that fails, and the receipt
/// is kept for a later run.
async fn send_receipt(
    context: &Context,
    link: &Link,
    client: &Client,
    patience: &Patience,
    mut unsent: Unsent,
    stop: &mut StopSignal,
) {
    let send = async { Ok(patience.with(async || unsent.send(client, link).await).await?) };
    match unless_stopped(stop, fl!("get-receipt-interrupted"), send).await {
        Ok(()) => unsent.forget(),
        Err(error) if unsent.is_refused(error.code()) => {
            unsent.forget();
            context.ui.warn(fl!("get-no-receipt", why = error.to_string()));
        }
        Err(error) => context.ui.warn(match unsent.keep() {
            Ok(true) => fl!("get-receipt-kept", why = error.to_string()),
            _ => fl!("get-no-receipt", why = error.to_string()),
        }),
    }
}

/// Tells both times if they are too far apart for an answer that was long on its way.
fn tell_if_clocks_differ(context: &Context, relay: u64) {
    let here = time::now();
    if here.abs_diff(relay) > CLOCKS_DIFFER_SECONDS {
        context.ui.note(fl!("get-clocks-differ", now = time::local(relay), here = time::local(here)));
    }
}

/// What a share that has ended can still be fetched with: a download that was begun before, whose ticket the relay may
/// honour past the end. Of one that was taken back or collected, what was left is removed.
fn kept_of_ended(context: &Context, args: &args::Get, link: &Link, error: Error) -> Result<About> {
    let expired = error.code() == Code::Expired.as_str();
    if error.code() == Code::NotFound.as_str()
        && let Some(kept) = folder::find_kept(&args.output, link)
    {
        context.ui.note(fl!("get-still-kept", folder = shown(kept.staging.path())));
        return Err(error);
    }
    if !to_files(args) || !expired && !land::is_taken_away(&error) {
        return Err(error);
    }
    match folder::find_kept(&args.output, link) {
        Some(kept) if expired => kept.about().ok_or(error),
        Some(kept) => {
            kept.remove();
            context.ui.note(fl!("get-kept-removed"));
            Err(error)
        }
        None => Err(error),
    }
}

/// All that is needed to download.
struct Ready {
    opened: Opened,
    target: Target,
    ticket: Held,
}

/// The ticket of this download, and where it is kept.
struct Held {
    secret: Secret,
    file: Option<TicketFile>,
    /// When it ends, in seconds since 1970 by the relay's clock.
    expires_at: u64,
}

impl Held {
    /// Does this with it; forgets it if nothing can be fetched with it any more, whatever the relay's clock says.
    async fn use_for<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let result = work.await;
        if let (Err(error), Some(file)) = (&result, &self.file)
            && land::is_taken_away(error)
        {
            file.forget(&self.secret);
        }
        result
    }
}

/// What was received and where it went.
struct Received {
    saved: Saved,
    bytes: u64,
    digest: Digest,
}
