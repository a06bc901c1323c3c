//! `share get`: prove, look inside, download, verify, save, send the receipt.

mod folder;
mod open;
mod save;
mod show;
mod ticket;

use std::{fs, path::Path};

use share_relay_api::{Bytes32, Receipt, ShareStatus, State, TakeTicket};

use self::{
    open::Opened,
    save::{Digest, Saved, Verified},
    ticket::TicketFile,
};
use super::{Context, no_randomness, unless_stopped};
use crate::{
    args,
    client::Client,
    content::{self, ContentError},
    envelope::ReceiptKey,
    error::{Error, Kind, Result},
    i18n::fl,
    link::Link,
    secret::Secret,
    system::StopSignal,
    time,
    transfer::{backoff::Patience, download::Download},
    ui::printable,
};

/// Runs `share get`.
pub async fn run(context: &Context, args: args::Get) -> Result<()> {
    check_arguments(context, &args)?;
    // From the start: a question puts the terminal into another mode, and a program killed there would leave it so.
    let mut stop = super::stop_signal()?;
    let share = unless_stopped(&mut stop, fl!("get-interrupted"), Incoming::find(context, &args)).await?;
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
    if args.output == dash && context.ui.is_json() {
        return Err(Error::usage(fl!("get-stdout-or-json")));
    }
    Ok(())
}

/// A share being fetched.
struct Incoming<'a> {
    context: &'a Context,
    args: &'a args::Get,
    link: Link,
    client: Client,
    status: ShareStatus,
    patience: Patience,
}

impl<'a> Incoming<'a> {
    /// Asks the relay, and refuses what cannot be fetched now before anybody is asked for words.
    async fn find(context: &'a Context, args: &'a args::Get) -> Result<Self> {
        let patience = context.ui.patience(time::duration(&args.patience)?);
        let link = Link::parse(&args.link)?;
        let client = Client::new(&link.relay)?;
        let status = patience.with(async || client.status(&link.id).await).await?;
        if status.state == State::Uploading {
            return Err(Error::not_ready(status.stored_bytes, status.payload_bytes));
        }
        if let Some(until) = status.locked_until {
            return Err(Error::locked(fl!("share-locked", until = time::local(until))));
        }
        Ok(Self { context, args, link, client, status, patience })
    }

    async fn open_and_keep(&self, stop: &mut StopSignal) -> Result<()> {
        let fetched = unless_stopped(stop, fl!("get-interrupted"), self.fetch()).await?;
        let Some(Fetched { ticket, receipt_key, verified }) = fetched else { return Ok(()) };
        let received = verified.place().await?;
        // First of all: what is printed may not find its reader.
        self.send_receipt(ticket, &receipt_key, received.fingerprint, stop).await;
        self.report(&received)
    }

    /// Opens and shows it; then downloads and verifies it, unless only a list is wanted.
    async fn fetch(&self) -> Result<Option<Fetched>> {
        let opened = self.open().await?;
        self.show(&opened.manifest)?;
        if self.args.list {
            return Ok(None);
        }
        self.check_output(&opened)?;
        self.confirm()?;
        // Before a ticket is spent: a folder that has no room, or no place, should not cost a download.
        let target = self.target(&opened.manifest).await?;
        let receipt_key = ReceiptKey::derive(&opened.file_key);
        let fetch = self.with_ticket(opened.proof, async |ticket| self.receive(opened, target, ticket).await);
        let (ticket, verified) = fetch.await?;
        Ok(Some(Fetched { ticket, receipt_key, verified }))
    }

    /// Saves the age file as it is. Nothing is verified, so there is no receipt.
    async fn keep_ciphertext(&self, path: &Path, stop: &mut StopSignal) -> Result<()> {
        match path.is_dir() {
            true => return Err(ContentError::InTheWay(printable(&path.display().to_string())).into()),
            false if self.args.force => {}
            false => super::refuse_existing(path)?,
        }
        let fetch = async {
            let proof = self.proof_if_needed().await?;
            let folder = self.ciphertext_folder(path).await?;
            self.with_ticket(proof, async |ticket| self.save_ciphertext(path, folder, ticket).await).await
        };
        let (_, staged) = unless_stopped(stop, fl!("get-interrupted"), fetch).await?;
        let (bytes, placed) = staged.place(path, self.args.force).await?;
        self.report_ciphertext(&placed, bytes)
    }

    fn check_output(&self, opened: &Opened) -> Result<()> {
        match self.to_stdout() && opened.manifest.kind != content::Kind::File {
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

    /// Takes one of the allowed downloads, or goes on with the one that an earlier try took, and does this with it.
    async fn with_ticket<T>(
        &self,
        proof: Option<Bytes32>,
        fetch: impl AsyncFnOnce(&Secret) -> Result<T>,
    ) -> Result<(Held, T)> {
        let ticket = self.ticket()?;
        let take = TakeTicket { proof, ticket_hash: ticket.secret.hash() };
        let taken = self.patience.with(async || self.client.take_ticket(&self.link.id, &take).await).await;
        let fetched = match taken {
            Ok(_) => fetch(&ticket.secret).await,
            Err(error) => Err(error.into()),
        };
        match fetched {
            Err(error) => {
                if error.kind() == Kind::Gone {
                    ticket.forget();
                }
                Err(error)
            }
            Ok(fetched) => Ok((ticket, fetched)),
        }
    }

    /// A ticket, made here, so that asking for it again takes no second one.
    fn ticket(&self) -> Result<Held> {
        let fresh = Secret::random().map_err(no_randomness)?;
        match TicketFile::take(&self.context.dirs.tickets(), &self.link, fresh.clone()) {
            Ok((secret, file)) => Ok(Held { secret, file }),
            Err(error) => {
                self.context.ui.warn(fl!("get-ticket-not-kept", why = error.to_string()));
                Ok(Held { secret: fresh, file: None })
            }
        }
    }

    fn download(&self, ticket: &Secret) -> Download {
        let header_and_payload =
            self.status.payload_bytes.map(|payload| self.status.header_bytes.saturating_add(payload));
        let progress = self.context.ui.progress(header_and_payload);
        Download {
            client: self.client.clone(),
            id: self.link.id,
            ticket: ticket.clone(),
            patience: progress.told(&self.patience),
            progress,
        }
    }

    /// Tells the relay, and so the sender, that all was received. What was saved stays saved if that fails.
    async fn send_receipt(&self, held: Held, key: &ReceiptKey, fingerprint: Bytes32, stop: &mut StopSignal) {
        let (ticket, time) = (&held.secret, time::now());
        let receipt = Receipt { fingerprint, time, mac: key.mac(&ticket.hash(), &fingerprint, time) };
        let call = async || self.client.receipt(&self.link.id, ticket, &receipt).await;
        let send = async { Ok(self.patience.with(call).await?) };
        match unless_stopped(stop, fl!("get-receipt-interrupted"), send).await {
            Ok(()) => held.forget(),
            Err(error) => self.context.ui.warn(fl!("get-no-receipt", why = error.to_string())),
        }
    }
}

/// The ticket of this download, and where it is kept.
struct Held {
    secret: Secret,
    file: Option<TicketFile>,
}

impl Held {
    fn forget(self) {
        if let Some(file) = self.file {
            file.forget();
        }
    }
}

/// A download that is complete and verified, and what its receipt needs.
struct Fetched {
    ticket: Held,
    receipt_key: ReceiptKey,
    verified: Verified,
}

/// What was received and where it went.
struct Received {
    fingerprint: Bytes32,
    saved: Saved,
    bytes: u64,
    digest: Digest,
}
