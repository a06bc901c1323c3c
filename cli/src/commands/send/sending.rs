//! A share on its way: created, announced, uploaded, sealed.

mod ending;
mod serving;

use std::{
    ffi::OsString,
    io,
    path::Path,
    pin::pin,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use futures_util::future::{Either, select};
use serde::Serialize;
use share_format::{
    envelope::{self, FileKey, NONCE, PendingHeader, ReceiptKey, SEALED_CHUNK, Stream},
    link::Link,
};
use share_relay_api::{
    Bytes32, Code, CreateShare, Created, Kind as ShareKind, SealShare, ShareId, ShareStatus, State, limits::PART_BYTES,
};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::{
    super::{Context, manage::told, no_randomness, random_id},
    Route,
    order::Order,
    outgoing::Outgoing,
};
use crate::{
    client::{Client, ClientError},
    content::renaming::Renamed,
    error::{Error, Kind, Result},
    i18n::fl,
    ledger::{Entry, NewEntry},
    quote::quoted,
    secret::{Secret, sha256},
    threads::blocking,
    time::{self, Lifetime},
    transfer::{
        backoff::Patience,
        journal::{Journal, Record},
        parts::Parts,
        tags::TagFile,
        upload::{self, Upload, Uploaded, unless_collected},
    },
    ui::size,
};

/// A share on its way.
pub struct Sending {
    client: Client,
    link: Link,
    manage: Secret,
    kind: ShareKind,
    /// The words, where they are told on the terminal.
    told: Option<Zeroizing<String>>,
    file_key: FileKey,
    nonce: [u8; NONCE],
    request: CreateShare,
    patience: Patience,
    /// What it takes to go on later; not for a share that is served from here.
    journal: Option<Arc<Journal>>,
    /// Whether this goes on with what was begun before.
    resumed: bool,
    created: OnceLock<Created>,
    /// Link and words are out.
    announced: OnceLock<()>,
}

/// A share's id, and how the relay is to know those who know the words.
pub struct Identity {
    id: ShareId,
    proof_hash: Option<Bytes32>,
}

impl Identity {
    pub async fn new(words: Option<&str>) -> Result<Self> {
        let id = random_id()?;
        let Some(words) = words else { return Ok(Self { id, proof_hash: None }) };
        let words = Zeroizing::new(words.to_owned());
        let proof = blocking(move || Ok(envelope::proof(&words, &id))).await?;
        Ok(Self { id, proof_hash: Some(sha256(&proof.0)) })
    }
}

impl Sending {
    /// A share that the relay does not know yet. On its header scrypt may still work.
    pub async fn new(
        context: &Context,
        order: &Order,
        route: &Route,
        identity: Identity,
        words: Option<&str>,
        outgoing: &Outgoing,
        header: &PendingHeader,
    ) -> Result<Self> {
        let link = Link { relay: route.relay.clone(), id: identity.id };
        let client = Client::with_limits(&link.relay, order.patience.limits())?;
        let manage = Secret::random().map_err(no_randomness)?;
        let nonce = envelope::random_nonce()?;
        let request = CreateShare {
            manage_key_hash: manage.hash(),
            proof_hash: identity.proof_hash,
            header_bytes: header.len + NONCE as u64,
            payload_bytes: outgoing.length().map(envelope::sealed_len),
            part_bytes: PART_BYTES,
            expires_in: lifetime(order, &client).await?,
            // From this computer it is served until it has been fetched: once, if nothing else was said.
            downloads: order.downloads.or(route.here.as_ref().map(|_| 1)),
        };
        let words = words.map(|words| Zeroizing::new(words.to_owned()));
        let record = Record {
            link: link.to_string(),
            manage_key: manage.clone(),
            words: words.clone(),
            words_file: order.words_file.as_deref().map(absolute).transpose()?,
            file_key: header.file_key.clone(),
            nonce,
            request: request.clone(),
            asked: order.asked.clone(),
            began_at: time::now(),
        };
        let journals = context.journals()?;
        let journal = match route.here {
            Some(_) => None,
            None => {
                let (id, sources, header) = (identity.id, outgoing.sources()?, header.ready().map(<[u8]>::to_vec));
                Some(blocking(move || journals.create(&id, record, sources.as_deref(), header.as_deref())).await?)
            }
        };
        Ok(Self {
            client,
            kind: request.kind(),
            link,
            manage,
            told: words.filter(|_| order.words_file.is_none()),
            file_key: header.file_key.clone(),
            nonce,
            request,
            patience: order.patience.clone(),
            journal: journal.map(Arc::new),
            resumed: false,
            created: OnceLock::new(),
            announced: OnceLock::new(),
        })
    }

    /// A share that was begun before, and its header; if that was never kept, so never sent, a new one.
    pub fn resumed(
        journal: &Arc<Journal>,
        link: Link,
        words_file: Option<&Path>,
        patience: Patience,
    ) -> Result<(Self, PendingHeader)> {
        let record = &journal.record;
        let header = match (journal.header().map_err(journal_failed)?, &record.words) {
            (Some(header), _) => PendingHeader::known(record.file_key.clone(), header),
            (None, Some(words)) => PendingHeader::for_words(record.file_key.clone(), words)?,
            (None, None) => return Err(journal_failed(io::ErrorKind::NotFound.into())),
        };
        if header.len + NONCE as u64 != record.request.header_bytes {
            return Err(journal_failed(io::ErrorKind::InvalidData.into()));
        }
        let sending = Self {
            client: Client::with_limits(&link.relay, patience.limits())?,
            kind: record.request.kind(),
            link,
            manage: record.manage_key.clone(),
            told: record.words.clone().filter(|_| words_file.is_none()),
            file_key: record.file_key.clone(),
            nonce: record.nonce,
            request: record.request.clone(),
            patience,
            journal: Some(Arc::clone(journal)),
            resumed: true,
            created: OnceLock::new(),
            announced: OnceLock::new(),
        };
        Ok((sending, header))
    }

    /// What the ledger holds of the share, if all of it was sent and only this computer had not heard of it: then files
    /// and folders need not be as they were, nor be there at all. The relay is asked once; `deliver` asks in earnest.
    pub async fn ready_before(&self, context: &Context) -> Result<Option<Entry>> {
        let Ok(mut entry) = context.ledger()?.get(&self.link.id) else { return Ok(None) };
        if entry.fingerprint.is_none() {
            entry.fingerprint = self.sealed_before().await?;
        }
        if entry.fingerprint.is_none() || !self.is_ready().await {
            return Ok(None);
        }
        context.ledger()?.put(&self.link.id, &entry)?;
        self.forget();
        Ok(Some(entry))
    }

    /// Names all that was sealed, if that is the whole.
    async fn sealed_before(&self) -> Result<Option<Bytes32>> {
        let (tags, Some(payload)) = (self.tags()?, self.request.payload_bytes) else { return Ok(None) };
        let chunks = payload.div_ceil(SEALED_CHUNK as u64);
        blocking(move || tags.fingerprint(chunks).map_err(journal_failed)).await
    }

    async fn is_ready(&self) -> bool {
        match self.client.status(&self.link.id).await {
            Ok(status) => status.state == State::Ready,
            // A recipient may be done before the sender is.
            Err(error) => error.code() == Some(Code::Collected),
        }
    }

    /// Creates, announces, uploads and seals the share. Gives what the ledger holds of it.
    pub async fn deliver(
        &self,
        context: &Context,
        outgoing: &Outgoing,
        header: PendingHeader,
        route: &Route,
    ) -> Result<Entry> {
        let standing = self.stand(route).await?;
        let mut entry = self.entry(outgoing, self.created.get_or_init(|| standing.times));
        context.ledger()?.put(&self.link.id, &entry)?;
        self.announce(context, &entry, Some(outgoing))?;
        if self.resumed {
            context.ui.note(fl!("resume-going-on", size = size(standing.stored)));
        }
        let uploaded = self.upload(context, outgoing, header, standing.parts, route).await?;
        entry.bytes = entry.bytes.or(Some(uploaded.plain_bytes));
        entry.fingerprint = Some(uploaded.fingerprint);
        context.ledger()?.put(&self.link.id, &entry)?;
        context.ui.warn_all(
            outgoing
                .grown()
                .into_iter()
                .map(|(path, bytes)| fl!("send-grown", path = quoted(&path), size = size(bytes))),
        );
        self.seal(&uploaded).await?;
        self.forget();
        Ok(entry)
    }

    /// There is nothing left to go on with.
    pub fn forget(&self) {
        if let Some(journal) = &self.journal {
            journal.remove();
        }
    }

    /// Says that it can be fetched.
    pub fn tell_ready(&self, context: &Context, entry: &Entry) -> Result<()> {
        context.ui.note(fl!("send-ready", until = time::local(entry.expires_at)));
        context.ui.event(&Ready { event: "ready", id: self.link.id, bytes: entry.bytes })
    }

    /// Has the relay create the share, or tell what it has of it.
    async fn stand(&self, route: &Route) -> Result<Standing> {
        if self.resumed {
            match self.patience.with(async || self.client.status(&self.link.id).await).await {
                Ok(status) => return self.found(status).await,
                // Cut off before it was created, or the relay has lost it: what was sent is sent to it again.
                Err(error) if error.code() == Some(Code::NotFound) => {}
                Err(error) => {
                    let error = told(error);
                    return Err(if error.kind() == Kind::Gone { error.hint(fl!("resume-gone-hint")) } else { error });
                }
            }
        }
        // A relay that has no room for it, or cannot write, and has nothing of it yet, is not waited for.
        let call = async || match self.client.create(&self.link.id, route.token.as_ref(), &self.request).await {
            Err(error) if matches!(error.code(), Some(Code::StorageFull | Code::StorageFailing)) => Ok(Err(error)),
            created => created.map(Ok),
        };
        let created = self.patience.with(call).await.flatten();
        let times = created.map_err(|error| Error::of_sender(error, route.token.is_some()))?;
        Ok(Standing { times, parts: parts(&self.request, Vec::new())?, stored: 0 })
    }

    async fn found(&self, status: ShareStatus) -> Result<Standing> {
        let times = Created { created_at: status.created_at, expires_at: status.expires_at };
        // The relay knows best, should parts have become smaller.
        let request = CreateShare { part_bytes: status.part_bytes, ..self.request.clone() };
        let held = self.patience.with(async || self.client.parts(&self.link.id, &self.manage).await).await?.held;
        Ok(Standing { times, parts: parts(&request, held)?, stored: status.stored_bytes })
    }

    fn entry(&self, outgoing: &Outgoing, times: &Created) -> Entry {
        Entry::new(NewEntry {
            link: &self.link,
            kind: self.kind,
            names: outgoing.names(),
            files: outgoing.files_count(),
            bytes: outgoing.file_bytes(),
            times,
            manage: &self.manage,
            receipt_key: ReceiptKey::derive(&self.file_key).to_bytes(),
        })
    }

    /// Tells link and words, before the first byte is sent, and to programs what is not sent as it is here.
    pub fn announce(&self, context: &Context, entry: &Entry, outgoing: Option<&Outgoing>) -> Result<()> {
        let words = self.told.as_ref().map(|words| words.as_str());
        context.ui.event(&Announced {
            event: "created",
            id: self.link.id,
            link: self.link.to_string(),
            words,
            expires: time::rfc3339(entry.expires_at),
            bytes: entry.bytes,
            resumed: self.resumed,
            renamed: outgoing.map_or(&[][..], |outgoing| &outgoing.renamed).iter().map(NewName::from).collect(),
            left_out: outgoing.map_or(&[][..], |outgoing| &outgoing.left_out),
        })?;
        context.ui.say(fl!("send-link", link = self.link.to_string()))?;
        if let Some(words) = words {
            context.ui.say(fl!("send-words", words = words.replace('-', " ")))?;
            context.ui.note(fl!("send-advice"));
        }
        self.announced.get_or_init(|| ());
        Ok(())
    }

    /// Uploads header, manifest and parts. Parts do not wait for scrypt; for a stream the manifest comes last.
    async fn upload(
        &self,
        context: &Context,
        outgoing: &Outgoing,
        header: PendingHeader,
        parts: Parts,
        route: &Route,
    ) -> Result<Uploaded> {
        let progress = context.ui.upload_progress(outgoing.length().map(envelope::sealed_len));
        let upload = Upload {
            client: self.client.clone(),
            id: self.link.id,
            manage: self.manage.clone(),
            token: route.token.clone(),
            request: self.request.clone(),
            stream: Arc::new(Stream::new(&self.file_key, &self.nonce)),
            tags: self.tags()?,
            resumed: self.resumed,
            // Where parts are held, their size is known to pass.
            first: OnceCell::new_with(parts.any_held().then_some(None)),
            parts,
            patience: progress.told(&self.patience),
            progress: progress.clone(),
            room: upload::room(),
        };
        let (run, describe) = (pin!(upload.run(outgoing.plain())), pin!(self.put_header(header, outgoing, &upload)));
        let (uploaded, header) = match select(run, describe).await {
            Either::Left((uploaded, describe)) => {
                // Even if the parts failed: what is put down is not done behind the back of whoever ends this.
                let header = describe.await;
                (uploaded?, header?)
            }
            Either::Right((header, run)) => {
                let header = header?;
                (run.await?, header)
            }
        };
        if outgoing.length().is_none() {
            let manifest = self.manifest(&header, outgoing, uploaded.plain_bytes)?;
            let kept = manifest.clone();
            self.keep(move |journal| journal.keep_manifest(&kept)).await?;
            self.put_manifest(manifest, &upload).await?;
        }
        progress.done();
        Ok(uploaded)
    }

    fn tags(&self) -> Result<Arc<TagFile>> {
        match &self.journal {
            Some(journal) => Ok(Arc::clone(&journal.tags)),
            None => Ok(Arc::new(TagFile::temporary().map_err(journal_failed)?)),
        }
    }

    /// Waits for scrypt, and uploads the header with the content's nonce, and with it the manifest where that can be
    /// made. Both are in the journal before, so that there is never another of either.
    async fn put_header(&self, pending: PendingHeader, outgoing: &Outgoing, upload: &Upload) -> Result<Bytes> {
        let header = Bytes::from(blocking(move || Ok(pending.finish()?)).await?);
        upload.room.widen();
        let start = Bytes::from([&header[..], &self.nonce].concat());
        let manifest = outgoing.length().map(|length| self.manifest(&header, outgoing, length)).transpose()?;
        let kept = (header.clone(), manifest.clone());
        self.keep(move |journal| journal.keep_header(&kept.0, kept.1.as_deref())).await?;
        let put_header =
            async || unless_collected(self.client.put_header(&self.link.id, &self.manage, start.clone()).await);
        let put_manifest = async {
            match manifest.clone() {
                Some(manifest) => self.put_manifest(manifest, upload).await,
                None => Ok(()),
            }
        };
        tokio::try_join!(async { Ok(upload.patience.with(put_header).await?) }, put_manifest)?;
        Ok(header)
    }

    async fn keep(&self, put_down: impl FnOnce(&Journal) -> io::Result<()> + Send + 'static) -> Result<()> {
        let Some(journal) = self.journal.clone() else { return Ok(()) };
        blocking(move || put_down(&journal).map_err(journal_failed)).await
    }

    /// The manifest's age file: the one that may have been sent before, or else a new one.
    fn manifest(&self, header: &[u8], outgoing: &Outgoing, length: u64) -> Result<Bytes> {
        let before = self.journal.as_ref().map_or(Ok(None), |journal| journal.manifest()).map_err(journal_failed)?;
        if let Some(before) = before {
            return Ok(before.into());
        }
        let json = outgoing.manifest(self.nonce, length)?.to_json();
        Ok(envelope::seal_bytes(header, &envelope::other_nonce(&self.nonce)?, &self.file_key, &json).into())
    }

    async fn put_manifest(&self, manifest: Bytes, upload: &Upload) -> Result<()> {
        let put =
            async || unless_collected(self.client.put_manifest(&self.link.id, &self.manage, manifest.clone()).await);
        Ok(upload.patience.with(put).await?)
    }

    async fn seal(&self, uploaded: &Uploaded) -> Result<()> {
        let seal = SealShare { payload_bytes: uploaded.payload_bytes };
        let call = async || unless_collected(self.client.seal(&self.link.id, &self.manage, &seal).await);
        Ok(self.patience.with(call).await?)
    }
}

/// The seconds that the share is to live. To a date they are counted by the relay's clock, which ends it.
async fn lifetime(order: &Order, client: &Client) -> Result<u64> {
    let end = match order.lifetime {
        Lifetime::For(seconds) => return Ok(seconds),
        Lifetime::Until(end) => end,
    };
    let now = order.patience.with(async || client.info(None).await).await?.now;
    end.checked_sub(now).filter(|seconds| *seconds > 0).ok_or_else(|| {
        let over = fl!("time-over", text = order.asked.expires.as_str(), now = time::local(now));
        Error::usage(over).hint(fl!("time-not-a-lifetime-hint"))
    })
}

/// What the relay has of the share.
struct Standing {
    times: Created,
    parts: Parts,
    /// Bytes of the payload that it has.
    stored: u64,
}

fn parts(request: &CreateShare, held: Vec<(u64, u64)>) -> Result<Parts> {
    Ok(Parts::new(request.part_bytes, held).ok_or(ClientError::BadAnswer("part_bytes"))?)
}

fn absolute(path: &Path) -> Result<OsString> {
    Ok(std::path::absolute(path).map_err(|error| Error::writing(path, error))?.into_os_string())
}

fn journal_failed(error: io::Error) -> Error {
    Error::local(fl!("transfer-journal"), error)
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

impl<'a> From<&'a Renamed> for NewName<'a> {
    fn from(renamed: &'a Renamed) -> Self {
        Self { path: &renamed.path, name: &renamed.name }
    }
}

#[derive(Serialize)]
struct Ready {
    event: &'static str,
    id: ShareId,
    bytes: Option<u64>,
}
