//! `share get`: prove, look inside, download, verify, save, send the receipt.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use ring::digest;
use serde::Serialize;
use share_relay_api::{
    Bytes32, Code, Kind as ShareKind, OpenShare, Receipt, ShareStatus, State, TakeTicket,
};
use zeroize::Zeroizing;

use super::{Context, send::patience};
use crate::{
    args,
    client::{Client, ClientError, Secret},
    content::{Kind as ContentKind, Manifest, Placed, place, unpack},
    envelope::{self, FileKey, Identities, Opener, ReceiptKey, Stream, words::Passphrase},
    error::{Error, Kind, Result},
    i18n::fl,
    link::Link,
    system, time,
    transfer::{
        backoff::Patience,
        download::{Download, DownloadError, Expected},
        plain::{self, PlainReader},
        staging::Staging,
        upload::blocking,
    },
    ui::printable,
};

/// Names shown before "and so many more".
const NAMES_SHOWN: usize = 20;

/// Runs `share get`.
pub async fn run(context: &Context, args: args::Get) -> Result<()> {
    let patience = Patience::silent(time::duration(&args.patience)?);
    let link = Link::parse(&args.link)?;
    let client = Client::new(&link.relay)?;
    let status = patience.with(async || client.status(&link.id).await).await?;
    if status.state == State::Uploading {
        return Err(Error::not_ready(status.stored_bytes, status.payload_bytes));
    }
    let share = Incoming { context, args: &args, link, client, patience };
    if let Some(path) = &args.ciphertext {
        return share.save_ciphertext(path, &status).await;
    }
    let opened = share.open(&status).await?;
    share.show(&opened.manifest, &status)?;
    if args.list {
        return Ok(());
    }
    share.confirm()?;
    share.receive(opened).await
}

/// A share being fetched.
struct Incoming<'a> {
    context: &'a Context,
    args: &'a args::Get,
    link: Link,
    client: Client,
    patience: Patience,
}

/// What the words, or a key, opened.
struct Opened {
    proof: Option<Bytes32>,
    header: Bytes,
    file_key: FileKey,
    manifest: Manifest,
}

/// What was received.
struct Received {
    fingerprint: Bytes32,
    saved: Saved,
}

/// Where it was saved.
enum Saved {
    Files(Vec<Placed>),
    StandardOutput,
}

impl Incoming<'_> {
    /// Proves to know the words, or finds the key, and opens the manifest.
    async fn open(&self, status: &ShareStatus) -> Result<Opened> {
        let (proof, sealed, opener) = match status.kind {
            ShareKind::Words => {
                let (passphrase, proof, sealed) = self.prove().await?;
                (Some(proof), sealed, Opener::Passphrase(passphrase))
            }
            ShareKind::Keys => {
                let identities = self.identities()?;
                let sealed = self.manifest_for(None).await?;
                (None, sealed, Opener::Identities(identities))
            }
        };
        blocking(move || open_manifest(proof, sealed, opener)).await
    }

    /// Asks for the words until the relay accepts them. Gives them, the proof, and the manifest's age file.
    async fn prove(&self) -> Result<(Zeroizing<String>, Bytes32, Bytes)> {
        if !self.args.identity.is_empty() {
            return Err(Error::usage(fl!("get-needs-words")));
        }
        loop {
            let words = self.words()?;
            let (words, proof) = self.proof(words).await?;
            match self.manifest_for(Some(proof)).await {
                Ok(sealed) => return Ok((words, proof, sealed)),
                Err(error) if self.may_ask_again(&error) => self.context.ui.warn(error.to_string()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn proof(&self, words: Zeroizing<String>) -> Result<(Zeroizing<String>, Bytes32)> {
        let id = self.link.id;
        blocking(move || {
            let proof = envelope::proof(&words, &id);
            Ok((words, proof))
        })
        .await
    }

    fn may_ask_again(&self, error: &Error) -> bool {
        error.kind() == Kind::WordsWrong && self.args.passphrase_file.is_none()
    }

    /// The words, from the file or the terminal, checked before a try is spent.
    fn words(&self) -> Result<Zeroizing<String>> {
        if let Some(path) = &self.args.passphrase_file {
            let shown = printable(&path.display().to_string());
            let text = fs::read_to_string(path).map(Zeroizing::new);
            let text = text.map_err(|error| Error::local(fl!("get-words-unreadable", path = shown), error))?;
            return Ok(Zeroizing::new(Passphrase::read(&text)?.as_str().to_owned()));
        }
        loop {
            let text = self.context.ui.ask_secret(&fl!("get-ask-words"), "--passphrase-file FILE")?;
            match Passphrase::read(&text) {
                Ok(words) => return Ok(Zeroizing::new(words.as_str().to_owned())),
                Err(error) => self.context.ui.warn(error.to_string()),
            }
        }
    }

    fn identities(&self) -> Result<Identities> {
        let mut all: Option<Identities> = None;
        for path in &self.args.identity {
            let shown = printable(&path.display().to_string());
            let prompt = fl!("get-ask-identity", path = shown.as_str());
            // Without a terminal there is no answer, and the error says that one was needed.
            let mut ask = || self.context.ui.ask_secret(&prompt, "--identity FILE").ok();
            let found = envelope::read_identities(path, &mut ask)
                .map_err(|error| Error::key(fl!("get-bad-identity", path = shown), error))?;
            match &mut all {
                Some(all) => all.extend(found),
                None => all = Some(found),
            }
        }
        all.ok_or_else(|| Error::usage(fl!("get-needs-identity")).hint(fl!("get-needs-identity-hint")))
    }

    async fn manifest_for(&self, proof: Option<Bytes32>) -> Result<Bytes> {
        let open = OpenShare { proof };
        Ok(self.patience.with(async || self.client.open(&self.link.id, &open).await).await?)
    }

    fn show(&self, manifest: &Manifest, status: &ShareStatus) -> Result<()> {
        let ui = &self.context.ui;
        if self.args.list {
            ui.event(&Listed::of(manifest, status))?;
        }
        let lines = description(manifest, status);
        // With --list this is the result; otherwise it may not mix with a file on standard output.
        lines.into_iter().try_for_each(|line| if self.args.list { ui.say(line) } else { Ok(ui.note(line)) })
    }

    fn confirm(&self) -> Result<()> {
        if self.args.yes || self.context.ui.confirm(&fl!("get-confirm"), "--yes")? {
            return Ok(());
        }
        Err(Error::interrupted(fl!("get-declined")))
    }

    /// Takes a ticket, downloads, verifies, saves, and sends the receipt.
    async fn receive(&self, opened: Opened) -> Result<()> {
        let to_stdout = self.args.output == Path::new("-");
        if to_stdout && opened.manifest.kind != ContentKind::File {
            return Err(Error::usage(fl!("get-stdout-needs-one-file")));
        }
        let receipt_key = ReceiptKey::derive(&opened.file_key);
        let ticket = self.take_ticket(opened.proof).await?;
        let manifest = Arc::new(opened.manifest.clone());
        let digest = Digesting::default();
        let received = tokio::select! {
            received = async {
                if to_stdout { self.to_stdout(opened, &ticket, &digest).await } else { self.to_folder(opened, &ticket, &digest).await }
            } => received?,
            signal = system::interrupted() => return Err(interrupted(signal)),
        };
        self.report(&received.saved, &manifest, &digest)?;
        self.send_receipt(&ticket, &receipt_key, received.fingerprint).await;
        Ok(())
    }

    async fn take_ticket(&self, proof: Option<Bytes32>) -> Result<Secret> {
        let ticket = Secret::random()
            .map_err(|error| Error::new(Kind::Unexpected, "no_randomness", fl!("no-randomness")).because(io::Error::other(error.to_string())))?;
        let take = TakeTicket { proof, ticket_hash: ticket.hash() };
        self.patience.with(async || self.client.take_ticket(&self.link.id, &take).await).await?;
        Ok(ticket)
    }
}
