//! One share on its way: created or resumed, uploaded, made ready by the relay (the call `seal`).

use std::{
    ffi::OsString,
    io,
    path::{Path, absolute},
    pin::pin,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use futures_util::future::{Either, select};
use share_format::{
    envelope::{self, FileKey, NONCE, PendingHeader, ReceiptKey, SEALED_CHUNK, Stream},
    link::Link,
    words::Passphrase,
};
use share_relay_api::{Bytes32, Code, CreateShare, Created, SealShare, ShareId, State, limits::PART_BYTES};
use tokio::sync::{OnceCell, OwnedSemaphorePermit};

use super::{Access, Event, Lifetime, SendRequest, ShareIdentity, content::Outgoing, event, words_file::WordsFile};
use crate::{
    api::{Client, ClientError},
    clock,
    error::{Error, Result},
    host::Context,
    patience::Patience,
    progress::Work,
    secret::{Secret, random_id, sha256},
    state::{
        StateError,
        ledger::{Entry, Ledger, NAMES_KEPT},
        tag_file::TagFile,
        upload_journal::{Record, UploadJournal, UploadJournals},
    },
    threads::blocking,
    transfer::{
        parts::Parts,
        upload::{self, Upload, Uploaded, unless_collected},
    },
};

/// What only the sender knows of a share: all made at random, but for an identity that was given.
pub(super) struct ShareSecrets {
    id: ShareId,
    words: Option<Passphrase>,
    proof_hash: Option<Bytes32>,
    manage: Secret,
    nonce: [u8; NONCE],
    derivation: Option<OwnedSemaphorePermit>,
}

/// A header on which scrypt may still work, and the place that this takes up.
pub(super) struct HeaderInWork {
    header: PendingHeader,
    _derivation: Option<OwnedSemaphorePermit>,
}

impl ShareSecrets {
    /// Those of a new share. For words this computes their proof, which takes a moment and 32 MiB.
    pub(super) async fn new(context: &Context, request: &SendRequest) -> Result<Self> {
        let ShareIdentity { id, manage } = match request.identity.clone() {
            Some(identity) => identity,
            None => ShareIdentity { id: random_id()?, manage: Secret::random()? },
        };
        let words = request.access.new_words()?;
        let derivation = match &words {
            Some(_) => Some(context.derivation().await),
            None => None,
        };
        let proof_hash = match words.clone() {
            Some(words) => {
                Some(blocking(move || Ok::<_, Error>(sha256(&envelope::proof(words.as_str(), &id).0))).await?)
            }
            None => None,
        };
        Ok(Self { id, words, proof_hash, manage, nonce: envelope::random_nonce()?, derivation })
    }

    /// Begins the header. For words scrypt goes to work at once, on a thread of its own.
    fn header(&mut self, access: &Access) -> Result<HeaderInWork> {
        let header = match (access, &self.words) {
            (Access::Keys(keys), _) => PendingHeader::for_keys(keys)?,
            (Access::Words { .. }, Some(words)) => PendingHeader::for_words(FileKey::random()?, words)?,
            (Access::Words { .. }, None) => unreachable!("words are made for whoever is to be told some"),
        };
        Ok(HeaderInWork { header, _derivation: self.derivation.take() })
    }
}

/// A share on its way.
pub(super) struct OutgoingShare {
    context: Context,
    client: Client,
    patience: Patience,
    token: Option<Secret>,
    pub(super) link: Link,
    pub(super) manage: Secret,
    words: Option<Passphrase>,
    file_key: FileKey,
    nonce: [u8; NONCE],
    request: CreateShare,
    pub(super) content: Outgoing,
    pub(super) words_file: WordsFile,
    /// What it takes to go on later; not for a share that is served from this computer.
    pub(super) journal: Option<Arc<UploadJournal>>,
    /// Whether this goes on with what was begun before.
    pub(super) resumed: bool,
    created: OnceLock<Created>,
    announced: OnceLock<()>,
}

/// What the relay has of a share.
struct RemoteShare {
    times: Created,
    parts: Parts,
    /// Bytes of the payload that it has.
    stored: u64,
}

impl OutgoingShare {
    /// A share that the relay does not know yet, and its header, on which scrypt may still work.
    pub(super) async fn new(
        context: &Context,
        request: &SendRequest,
        mut secrets: ShareSecrets,
        content: impl Future<Output = Result<Outgoing>>,
    ) -> Result<(Self, HeaderInWork)> {
        // Only after the proof, so that the memory of two scrypt runs is never in use at once; it goes on beside all that
        // follows.
        let in_work = secrets.header(&request.access)?;
        let header = &in_work.header;
        let content = content.await?;
        let link = Link { relay: request.relay.clone(), id: secrets.id };
        let patience = Patience::new(request.patience, context.host.clone());
        let client = context.client(&link.relay, patience.limits())?;
        let create = CreateShare {
            manage_key_hash: secrets.manage.hash(),
            proof_hash: secrets.proof_hash,
            header_bytes: header.len + NONCE as u64,
            payload_bytes: content.length().map(envelope::sealed_len),
            part_bytes: PART_BYTES,
            expires_in: lifetime(request, &client, &patience).await?,
            downloads: request.downloads,
        };
        let words_file = request.words_file.as_deref();
        let record = Record {
            link: link.to_string(),
            manage_key: secrets.manage.clone(),
            words: secrets.words.clone(),
            words_file: words_file.map(whole).transpose()?,
            file_key: header.file_key.clone(),
            nonce: secrets.nonce,
            request: create.clone(),
            resume_key: request.resume_key()?,
            began_at: clock::now(),
        };
        let journal = match request.served_from_here {
            true => None,
            false => {
                let (journals, id) = (UploadJournals::of_user(&context.dirs)?, secrets.id);
                let (sources, header) = (content.sources()?, header.ready().map(<[u8]>::to_vec));
                let create = move || Ok(journals.create(&id, record, sources.as_deref(), header.as_deref())?);
                Some(Arc::new(blocking::<_, Error>(create).await?))
            }
        };
        // The journal names the file, so that whoever goes on, or begins anew, knows of it.
        let words_file = WordsFile::create(words_file, secrets.words.as_ref()).inspect_err(|_| {
            journal.iter().for_each(|journal| journal.remove());
        })?;
        let share = Self {
            context: context.clone(),
            client,
            patience,
            token: request.token.clone(),
            link,
            manage: secrets.manage,
            words: secrets.words.filter(|_| request.words_file.is_none()),
            file_key: header.file_key.clone(),
            nonce: secrets.nonce,
            request: create,
            content,
            words_file,
            journal,
            resumed: false,
            created: OnceLock::new(),
            announced: OnceLock::new(),
        };
        Ok((share, in_work))
    }

    /// A share that was begun before, and its header; if that was never kept, so never sent, a new one.
    pub(super) async fn resumed(
        context: &Context,
        journal: &Arc<UploadJournal>,
        token: Option<Secret>,
        content: Outgoing,
        words_file: Option<&Path>,
        patience: Patience,
    ) -> Result<(Self, HeaderInWork)> {
        let record = &journal.record;
        let link = Link::parse(&record.link)?;
        let (header, _derivation) = match (journal.header().map_err(StateError::Journal)?, &record.words) {
            (Some(header), _) => (PendingHeader::known(record.file_key.clone(), header), None),
            (None, Some(words)) => {
                let derivation = context.derivation().await;
                (PendingHeader::for_words(record.file_key.clone(), words)?, Some(derivation))
            }
            (None, None) => return Err(StateError::Journal(io::ErrorKind::NotFound.into()).into()),
        };
        if header.len + NONCE as u64 != record.request.header_bytes {
            return Err(StateError::Journal(io::ErrorKind::InvalidData.into()).into());
        }
        let share = Self {
            context: context.clone(),
            client: context.client(&link.relay, patience.limits())?,
            patience,
            token,
            link,
            manage: record.manage_key.clone(),
            words: record.words.clone().filter(|_| words_file.is_none()),
            file_key: record.file_key.clone(),
            nonce: record.nonce,
            request: record.request.clone(),
            content,
            words_file: WordsFile::again(words_file, record.words.as_ref())?,
            journal: Some(Arc::clone(journal)),
            resumed: true,
            created: OnceLock::new(),
            announced: OnceLock::new(),
        };
        Ok((share, HeaderInWork { header, _derivation }))
    }

    /// Whether the relay knows the share.
    pub(super) fn is_created(&self) -> bool {
        self.created.get().is_some()
    }

    /// Whether link and words are out.
    pub(super) fn is_announced(&self) -> bool {
        self.announced.get().is_some()
    }

    /// Creates, announces, uploads and seals the share. Gives what the ledger holds of it.
    pub(super) async fn deliver(&self, header: HeaderInWork) -> Result<Entry> {
        let (host, ledger) = (&self.context.host, Ledger::of_user(&self.context.dirs)?);
        let remote = self.create_or_resume().await?;
        let mut entry = self.entry(self.created.get_or_init(|| remote.times));
        ledger.put(&self.link.id, &entry)?;
        host.sending(Event::Created(event::Created {
            link: &self.link,
            words: self.words.as_ref(),
            entry: &entry,
            resumed: self.resumed,
            renamed: &self.content.renamed,
            left_out: &self.content.left_out,
        }))?;
        self.announced.get_or_init(|| ());
        if self.resumed {
            host.sending(Event::GoingOn { stored: remote.stored })?;
        }
        let uploaded = self.upload(header, remote.parts).await?;
        entry.bytes = entry.bytes.or(Some(uploaded.plain_bytes));
        entry.fingerprint = Some(uploaded.fingerprint);
        ledger.put(&self.link.id, &entry)?;
        host.sending(Event::Grown(&self.content.grown()))?;
        let seal = SealShare { payload_bytes: uploaded.payload_bytes };
        let seal = async || unless_collected(self.client.seal(&self.link.id, &self.manage, &seal).await);
        self.patience.with(seal).await?;
        self.forget();
        Ok(entry)
    }

    /// Removes the journal: there is nothing left to go on with.
    pub(super) fn forget(&self) {
        self.journal.iter().for_each(|journal| journal.remove());
    }

    /// Has the relay create the share, or tell what it has of it.
    async fn create_or_resume(&self) -> Result<RemoteShare> {
        if self.resumed {
            match self.patience.with(async || self.client.status(&self.link.id).await).await {
                Ok(status) => {
                    let times = Created { created_at: status.created_at, expires_at: status.expires_at };
                    let held = async || self.client.parts(&self.link.id, &self.manage).await;
                    let held = self.patience.with(held).await?.held;
                    // The relay knows best, should parts have become smaller.
                    return Ok(RemoteShare {
                        times,
                        parts: parts(status.part_bytes, held)?,
                        stored: status.stored_bytes,
                    });
                }
                // Cut off before it was created, or the relay has lost it: what was sent is sent to it again.
                Err(error) if error.code() == Some(Code::NotFound) => {}
                Err(error) => return Err(Error::CannotResume(error)),
            }
        }
        // A relay that has no room for it, or cannot write, and has nothing of it yet, is not waited for.
        let call = async || match self.client.create(&self.link.id, self.token.as_ref(), &self.request).await {
            Err(error) if matches!(error.code(), Some(Code::StorageFull | Code::StorageFailing)) => Ok(Err(error)),
            created => created.map(Ok),
        };
        let created = self.patience.with(call).await.flatten();
        let times = created.map_err(|error| Error::of_sender(error, self.token.is_some()))?;
        Ok(RemoteShare { times, parts: parts(self.request.part_bytes, Vec::new())?, stored: 0 })
    }

    fn entry(&self, times: &Created) -> Entry {
        Entry {
            link: self.link.to_string(),
            kind: self.request.kind(),
            names: self.content.names(NAMES_KEPT),
            files: self.content.count(),
            bytes: self.content.file_bytes(),
            created_at: times.created_at,
            expires_at: times.expires_at,
            manage_key: self.manage.clone(),
            receipt_key: ReceiptKey::derive(&self.file_key).to_bytes(),
            fingerprint: None,
            revoked: false,
        }
    }

    /// Uploads header, manifest and parts. Parts do not wait for scrypt; for a stream the manifest comes last.
    async fn upload(&self, header: HeaderInWork, parts: Parts) -> Result<Uploaded> {
        let bytes = self.content.length().map(envelope::sealed_len);
        let _working = self.context.begin(Work::Upload, bytes);
        let upload = Upload {
            client: self.client.clone(),
            id: self.link.id,
            manage: self.manage.clone(),
            token: self.token.clone(),
            request: self.request.clone(),
            stream: Arc::new(Stream::new(&self.file_key, &self.nonce)),
            tags: match &self.journal {
                Some(journal) => Arc::clone(&journal.tags),
                None => Arc::new(TagFile::temporary().map_err(StateError::Journal)?),
            },
            resumed: self.resumed,
            // Where parts are held, their size is known to pass.
            first: OnceCell::new_with(parts.any_held().then_some(None)),
            parts,
            patience: self.patience.clone(),
            buffers: upload::buffers(bytes),
        };
        let (run, describe) = (pin!(upload.run(self.content.plaintext())), pin!(self.put_header(header, &upload)));
        let (uploaded, header) = match select(run, describe).await {
            Either::Left((uploaded, describe)) => {
                // Also if the parts failed, so that nothing writes to the journal after this has returned.
                let header = describe.await;
                (uploaded?, header?)
            }
            Either::Right((header, run)) => {
                let header = header?;
                (run.await?, header)
            }
        };
        if self.content.length().is_none() {
            let manifest = self.manifest(&header, uploaded.plain_bytes)?;
            let kept = manifest.clone();
            self.keep(move |journal| journal.keep_manifest(&kept)).await?;
            self.put_manifest(manifest).await?;
        }
        Ok(uploaded)
    }

    /// Waits for scrypt, and uploads the header with the content's nonce, and with it the manifest where that can be
    /// made. Both are in the journal before, so that there is never another of either.
    async fn put_header(&self, in_work: HeaderInWork, upload: &Upload) -> Result<Bytes> {
        let header = Bytes::from(blocking(move || Ok::<_, Error>(in_work.header.finish()?)).await?);
        upload.buffers.widen();
        let manifest = self.content.length().map(|length| self.manifest(&header, length)).transpose()?;
        let kept = (header.clone(), manifest.clone());
        self.keep(move |journal| journal.keep_header(&kept.0, kept.1.as_deref())).await?;
        let start = Bytes::from([&header[..], &self.nonce].concat());
        let put_header =
            async || unless_collected(self.client.put_header(&self.link.id, &self.manage, start.clone()).await);
        let put_manifest = async {
            match manifest.clone() {
                Some(manifest) => self.put_manifest(manifest).await,
                None => Ok(()),
            }
        };
        tokio::try_join!(async { Ok(self.patience.with(put_header).await?) }, put_manifest)?;
        Ok(header)
    }

    async fn keep(&self, write: impl FnOnce(&UploadJournal) -> io::Result<()> + Send + 'static) -> Result<()> {
        let Some(journal) = self.journal.clone() else { return Ok(()) };
        blocking(move || Ok(write(&journal).map_err(StateError::Journal)?)).await
    }

    /// The manifest's age file: the one that may have been sent before, or else a new one.
    fn manifest(&self, header: &[u8], length: u64) -> Result<Bytes> {
        let before = self.journal.as_ref().map_or(Ok(None), |journal| journal.manifest());
        if let Some(before) = before.map_err(StateError::Journal)? {
            return Ok(before.into());
        }
        let json = self.content.manifest(self.nonce, length)?.to_json();
        Ok(envelope::seal_bytes(header, &envelope::other_nonce(&self.nonce)?, &self.file_key, &json).into())
    }

    async fn put_manifest(&self, manifest: Bytes) -> Result<()> {
        let put =
            async || unless_collected(self.client.put_manifest(&self.link.id, &self.manage, manifest.clone()).await);
        Ok(self.patience.with(put).await?)
    }
}

/// What the ledger holds of an unfinished share, if all of it was sent and only this computer had not heard of it: then
/// files and folders need not be as they were, nor be there at all. The relay is asked once;
/// [`OutgoingShare::deliver`] asks in earnest.
pub(super) async fn ready_before(
    context: &Context,
    journal: &UploadJournal,
    patience: &Patience,
) -> Result<Option<Entry>> {
    let link = Link::parse(&journal.record.link)?;
    let ledger = Ledger::of_user(&context.dirs)?;
    let Ok(mut entry) = ledger.get(&link.id) else { return Ok(None) };
    if let (None, Some(payload)) = (entry.fingerprint, journal.record.request.payload_bytes) {
        let (tags, chunks) = (Arc::clone(&journal.tags), payload.div_ceil(SEALED_CHUNK as u64));
        let sealed = blocking(move || Ok::<_, Error>(tags.fingerprint(chunks).map_err(StateError::Journal)?));
        entry.fingerprint = sealed.await?;
    }
    if entry.fingerprint.is_none() {
        return Ok(None);
    }
    let is_ready = match context.client(&link.relay, patience.limits())?.status(&link.id).await {
        Ok(status) => status.state == State::Ready,
        // A recipient may be done before the sender is.
        Err(error) => error.code() == Some(Code::Collected),
    };
    if !is_ready {
        return Ok(None);
    }
    ledger.put(&link.id, &entry)?;
    journal.remove();
    Ok(Some(entry))
}

/// The seconds that the share is to live. To a date they are counted by the relay's clock, which ends it.
async fn lifetime(request: &SendRequest, client: &Client, patience: &Patience) -> Result<u64> {
    let end = match request.lifetime {
        Lifetime::For(seconds) => return Ok(seconds),
        Lifetime::Until(end) => end,
    };
    let now = patience.with(async || client.info(None).await).await?.now;
    let left = end.checked_sub(now).filter(|seconds| *seconds > 0);
    left.ok_or_else(|| Error::LifetimeOver { text: request.lifetime_text.clone(), now })
}

fn parts(part_bytes: u64, held: Vec<(u64, u64)>) -> Result<Parts> {
    Ok(Parts::new(part_bytes, held).ok_or(ClientError::BadAnswer("part_bytes"))?)
}

fn whole(path: &Path) -> Result<OsString> {
    Ok(absolute(path).map_err(|error| Error::writing(path, error))?.into_os_string())
}
