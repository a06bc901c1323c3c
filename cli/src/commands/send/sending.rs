//! A share on its way: created, announced, uploaded, sealed; or taken back.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use serde::Serialize;
use share_relay_api::{Bytes32, CreateShare, Created, SealShare, ShareId, State, limits::PART_BYTES};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{
    super::{Context, manage::judge, no_randomness, random_id, unless_stopped},
    Route, Terms,
    audience::Audience,
    outgoing::Outgoing,
};
use crate::{
    args,
    client::Client,
    envelope::{self, FileKey, NONCE, PendingHeader, ReceiptKey, Stream},
    error::{Error, Kind, Result},
    i18n::fl,
    ledger::{Entry, NewEntry},
    link::Link,
    secret::{Secret, sha256},
    system::StopSignal,
    threads::blocking,
    time,
    transfer::{
        backoff::Patience,
        upload::{Room, Upload, Uploaded},
    },
};

/// How long taking back may take.
const TAKE_BACK_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the share is asked whether it has been collected.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A share on its way.
pub struct Sending {
    client: Client,
    link: Link,
    manage: Secret,
    audience: Audience,
    file_key: FileKey,
    nonce: [u8; NONCE],
    request: CreateShare,
    created: OnceLock<Created>,
    patience: Patience,
}

impl Sending {
    /// A share that the relay does not know yet, and its header, on which scrypt may still work.
    pub async fn new(
        route: &Route,
        terms: Terms,
        audience: Audience,
        outgoing: &Outgoing,
    ) -> Result<(Self, PendingHeader)> {
        let link = Link { relay: route.relay.clone(), id: random_id()? };
        let manage = Secret::random().map_err(no_randomness)?;
        let proof_hash = proof_hash(&audience, link.id).await?;
        // Only now, so that the memory of two scrypt runs is never in use at once.
        let header = audience.header()?;
        let request = CreateShare {
            manage_key_hash: manage.hash(),
            proof_hash,
            header_bytes: header.len + NONCE as u64,
            payload_bytes: outgoing.length().map(envelope::sealed_len),
            part_bytes: PART_BYTES,
            expires_in: terms.lifetime.as_secs(),
            // From this computer it is served until it has been fetched: once, if nothing else was said.
            downloads: terms.downloads.or(route.here.as_ref().map(|_| 1)),
        };
        let sending = Self {
            client: Client::new(&link.relay)?,
            link,
            manage,
            audience,
            file_key: header.file_key.clone(),
            nonce: envelope::random_nonce()?,
            request,
            created: OnceLock::new(),
            patience: terms.patience,
        };
        Ok((sending, header))
    }

    /// Creates, announces, uploads and seals the share. Gives what the ledger holds of it.
    pub async fn deliver(
        &self,
        context: &Context,
        args: &args::Send,
        outgoing: Outgoing,
        header: PendingHeader,
        route: &Route,
    ) -> Result<Entry> {
        let times = self.create(route).await?;
        let mut entry = self.entry(&outgoing, times);
        context.ledger().put(&self.link.id, &entry)?;
        self.announce(context, args, &entry)?;
        let uploaded = self.upload(context, outgoing, header).await?;
        entry.bytes = entry.bytes.or(Some(uploaded.plain_bytes));
        entry.fingerprint = Some(uploaded.fingerprint);
        context.ledger().put(&self.link.id, &entry)?;
        self.seal(&uploaded).await?;
        Ok(entry)
    }

    /// Says that it can be fetched.
    pub fn tell_ready(&self, context: &Context, entry: &Entry) -> Result<()> {
        context.ui.note(fl!("send-ready", until = time::local(entry.expires_at)));
        context.ui.event(&Ready { event: "ready", id: self.link.id, bytes: entry.bytes })
    }

    /// Serves it from this computer until it has been collected. If that ends in another way, it is gone.
    pub async fn serve(&self, context: &Context, route: &Route, entry: &Entry, stop: &mut StopSignal) -> Result<()> {
        if route.here.is_none() {
            return Ok(());
        }
        let served = unless_stopped(stop, fl!("here-stopped"), self.until_collected(context, entry)).await;
        if served.is_err() {
            context.ledger().forget(&self.link.id);
        }
        served
    }

    /// Waits until the last allowed download has been received, telling of each receipt.
    async fn until_collected(&self, context: &Context, entry: &Entry) -> Result<()> {
        context.ui.note(fl!("here-waiting"));
        let mut told = 0;
        loop {
            let now = self.client.events(&self.link.id, &self.manage).await?;
            let receipts: Vec<bool> = judge(entry, now.events).iter().filter_map(|told| told.verified).collect();
            for genuine in receipts.iter().skip(told) {
                match genuine {
                    true => context.ui.note(fl!("here-received")),
                    false => context.ui.warn(fl!("event-receipt-unverified")),
                }
            }
            told = receipts.len();
            match now.state {
                State::Uploading | State::Ready => tokio::time::sleep(LOOK_EVERY).await,
                State::Collected => return Ok(()),
                State::Expired => return Err(Error::new(Kind::Gone, "expired", fl!("here-expired"))),
                State::Revoked => return Err(Error::new(Kind::Gone, "revoked", fl!("here-revoked"))),
            }
        }
    }

    async fn create(&self, route: &Route) -> Result<&Created> {
        let call = async || self.client.create(&self.link.id, route.token.as_ref(), &self.request).await;
        let created = self.patience.with(call).await?;
        Ok(self.created.get_or_init(|| created))
    }

    fn entry(&self, outgoing: &Outgoing, times: &Created) -> Entry {
        Entry::new(NewEntry {
            link: &self.link,
            kind: self.audience.kind(),
            names: outgoing.names(),
            files: outgoing.files_count(),
            bytes: outgoing.file_bytes(),
            times,
            manage: &self.manage,
            receipt_key: ReceiptKey::derive(&self.file_key).to_bytes(),
        })
    }

    /// Tells link and words, before the first byte is sent.
    fn announce(&self, context: &Context, args: &args::Send, entry: &Entry) -> Result<()> {
        let shown = match &self.audience {
            Audience::Words(words) if args.passphrase_file.is_none() => Some(words.as_str()),
            _ => None,
        };
        context.ui.event(&Announced {
            event: "created",
            id: self.link.id,
            link: self.link.to_string(),
            words: shown,
            expires: time::rfc3339(entry.expires_at),
            bytes: entry.bytes,
        })?;
        context.ui.say(fl!("send-link", link = self.link.to_string()))?;
        if let Some(words) = shown {
            context.ui.say(fl!("send-words", words = words.replace('-', " ")))?;
            context.ui.note(fl!("send-advice"));
        }
        Ok(())
    }

    /// Uploads header, manifest and parts. Parts do not wait for scrypt; for a stream the manifest comes last.
    async fn upload(&self, context: &Context, outgoing: Outgoing, header: PendingHeader) -> Result<Uploaded> {
        let progress = context.ui.progress(outgoing.length().map(envelope::sealed_len));
        let upload = Upload {
            client: self.client.clone(),
            id: self.link.id,
            manage: self.manage.clone(),
            stream: Arc::new(Stream::new(&self.file_key, &self.nonce)),
            patience: progress.told(&self.patience),
            progress: progress.clone(),
            room: Room::narrow(),
        };
        let parts = upload.run(outgoing.plain());
        let uploaded = match outgoing.length() {
            Some(length) => {
                let describe = async {
                    let header = self.put_header(header, &upload).await?;
                    self.put_manifest(&header, &outgoing, length, &upload).await
                };
                tokio::try_join!(parts, describe)?.0
            }
            None => {
                let (uploaded, header) = tokio::try_join!(parts, self.put_header(header, &upload))?;
                self.put_manifest(&header, &outgoing, uploaded.plain_bytes, &upload).await?;
                uploaded
            }
        };
        progress.done();
        Ok(uploaded)
    }

    /// Waits for scrypt, and uploads the header with the content's nonce.
    async fn put_header(&self, pending: PendingHeader, upload: &Upload) -> Result<Vec<u8>> {
        let header = blocking(move || Ok(pending.finish()?)).await?;
        upload.room.widen();
        let start = Bytes::from([&header[..], &self.nonce].concat());
        let call = async || self.client.put_header(&self.link.id, &self.manage, start.clone()).await;
        upload.patience.with(call).await?;
        Ok(header)
    }

    async fn put_manifest(&self, header: &[u8], outgoing: &Outgoing, length: u64, upload: &Upload) -> Result<()> {
        let json = outgoing.manifest(self.nonce, length)?.to_json();
        let sealed = Bytes::from(envelope::seal_bytes(header, &envelope::random_nonce()?, &self.file_key, &json));
        let call = async || self.client.put_manifest(&self.link.id, &self.manage, sealed.clone()).await;
        Ok(upload.patience.with(call).await?)
    }

    async fn seal(&self, uploaded: &Uploaded) -> Result<()> {
        let seal = SealShare { payload_bytes: uploaded.payload_bytes };
        Ok(self.patience.with(async || self.client.seal(&self.link.id, &self.manage, &seal).await).await?)
    }

    /// After a failure nothing half-sent stays on the relay. Asked to stop once more, it stays. Tells whether, as far
    /// as anyone knows, the words open nothing now.
    pub async fn take_back(&self, context: &Context, error: &Error, stop: &mut StopSignal) -> bool {
        let created = self.created.get().is_some();
        if !created && error.kind() != Kind::Interrupted {
            return true;
        }
        context.ui.note(fl!("send-taking-back"));
        let revoke = async { Ok(self.client.revoke(&self.link.id, &self.manage).await?) };
        let revoke = timeout(TAKE_BACK_TIMEOUT, unless_stopped(stop, fl!("send-interrupted"), revoke));
        let taken_back = matches!(revoke.await, Ok(Ok(())));
        if taken_back {
            context.ledger().forget(&self.link.id);
            context.ui.warn(fl!("send-taken-back"));
        } else if created {
            context.ui.warn(fl!("send-not-taken-back", link = self.link.to_string()));
        }
        taken_back || !created
    }
}

#[derive(Serialize)]
struct Announced<'a> {
    event: &'static str,
    id: ShareId,
    link: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<&'a str>,
    expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

#[derive(Serialize)]
struct Ready {
    event: &'static str,
    id: ShareId,
    bytes: Option<u64>,
}

async fn proof_hash(audience: &Audience, id: ShareId) -> Result<Option<Bytes32>> {
    let Audience::Words(words) = audience else { return Ok(None) };
    let words = Zeroizing::new(words.as_str().to_owned());
    let proof = blocking(move || Ok(envelope::proof(&words, &id))).await?;
    Ok(Some(sha256(&proof.0)))
}
