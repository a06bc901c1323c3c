//! `share get`: prove, look inside, download, verify, save, send the receipt.

mod open;
mod save;
mod show;

use std::path::Path;

use share_relay_api::{Bytes32, Receipt, ShareStatus, State, TakeTicket};

use self::{
    open::Opened,
    save::{Digest, Saved},
};
use super::{Context, no_randomness, unless_stopped};
use crate::{
    args,
    client::{Client, Secret},
    content,
    envelope::ReceiptKey,
    error::{Error, Result},
    i18n::fl,
    link::Link,
    system::StopSignal,
    time,
    transfer::{backoff::Patience, download::Download},
};

/// Runs `share get`.
pub async fn run(context: &Context, args: args::Get) -> Result<()> {
    let patience = Patience::silent(time::duration(&args.patience)?);
    let link = Link::parse(&args.link)?;
    let client = Client::new(&link.relay)?;
    let status = patience.with(async || client.status(&link.id).await).await?;
    if status.state == State::Uploading {
        return Err(Error::not_ready(status.stored_bytes, status.payload_bytes));
    }
    let share = Incoming { context, args: &args, link, client, status, patience };
    match &args.ciphertext {
        Some(path) => share.keep_ciphertext(path).await,
        None => share.open_and_keep().await,
    }
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

impl Incoming<'_> {
    async fn open_and_keep(&self) -> Result<()> {
        let opened = self.open().await?;
        self.show(&opened.manifest)?;
        if self.args.list {
            return Ok(());
        }
        self.check_output(&opened)?;
        self.confirm()?;
        let mut stop = super::stop_signal()?;
        // Before a ticket is spent: a folder that cannot be written to should not cost a download.
        let target = self.target()?;
        let receipt_key = ReceiptKey::derive(&opened.file_key);
        let fetch = async {
            let ticket = self.take_ticket(opened.proof).await?;
            let verified = self.receive(opened, target, &ticket).await?;
            Ok((ticket, verified))
        };
        let (ticket, verified) = unless_stopped(&mut stop, fl!("get-interrupted"), fetch).await?;
        let received = verified.place().await?;
        self.report(&received)?;
        self.send_receipt(&ticket, &receipt_key, received.fingerprint, &mut stop).await;
        Ok(())
    }

    /// Saves the age file as it is. Nothing is verified, so there is no receipt.
    async fn keep_ciphertext(&self, path: &Path) -> Result<()> {
        if !self.args.force {
            super::refuse_existing(path)?;
        }
        let proof = self.proof_if_needed().await?;
        let mut stop = super::stop_signal()?;
        let staging = save::stage_beside(path)?;
        let fetch = async {
            let ticket = self.take_ticket(proof).await?;
            self.save_ciphertext(path, staging, &ticket).await
        };
        let staged = unless_stopped(&mut stop, fl!("get-interrupted"), fetch).await?;
        let bytes = staged.place(path, self.args.force).await?;
        self.report_ciphertext(path, bytes)
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
        if self.args.yes || self.context.ui.confirm(&fl!("get-confirm"), "--yes")? {
            return Ok(());
        }
        Err(Error::interrupted(fl!("get-declined")))
    }

    /// Takes one of the allowed downloads. The ticket is made here, so asking again takes no second one.
    async fn take_ticket(&self, proof: Option<Bytes32>) -> Result<Secret> {
        let ticket = Secret::random().map_err(no_randomness)?;
        let take = TakeTicket { proof, ticket_hash: ticket.hash() };
        self.patience.with(async || self.client.take_ticket(&self.link.id, &take).await).await?;
        Ok(ticket)
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
    async fn send_receipt(&self, ticket: &Secret, key: &ReceiptKey, fingerprint: Bytes32, stop: &mut StopSignal) {
        let time = time::now();
        let receipt = Receipt { fingerprint, time, mac: key.mac(&ticket.hash(), &fingerprint, time) };
        let call = async || self.client.receipt(&self.link.id, ticket, &receipt).await;
        let send = async { Ok(self.patience.with(call).await?) };
        if let Err(error) = unless_stopped(stop, fl!("get-receipt-interrupted"), send).await {
            self.context.ui.warn(fl!("get-no-receipt", why = error.to_string()));
        }
    }
}

/// What was received and where it went.
struct Received {
    fingerprint: Bytes32,
    saved: Saved,
    bytes: u64,
    digest: Digest,
}
