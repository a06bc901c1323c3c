//! `share send`: pack, seal, upload; print the link and the words.

use std::{
    env, fs, io,
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use serde::Serialize;
use share_relay_api::{CreateShare, Created, Kind as ShareKind, SealShare, ShareId, limits::PART_BYTES};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{Context, no_randomness, unless_stopped};
use crate::{
    args,
    client::{Client, Secret, sha256},
    config::Config,
    content::{self, ContentError, Manifest, Packed, manifest::MAX_MESSAGE_BYTES, walk},
    envelope::{
        self, FileKey, NONCE, PendingHeader, ReceiptKey, Recipient, Stream,
        words::{Passphrase, WordList},
    },
    error::{Error, Kind, Result},
    here::Here,
    i18n::{self, Language, fl},
    ledger::{Entry, NewEntry},
    link::{Link, RelayUrl},
    system::{self, StopSignal},
    threads::{blocking, detached},
    time,
    transfer::{
        backoff::Patience,
        upload::{self, Room, Upload, Uploaded},
    },
    ui::{printable, shown},
};

/// How long taking back may take.
const TAKE_BACK_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs `share send`.
pub async fn run(context: &Context, args: args::Send) -> Result<()> {
    let mut stop = super::stop_signal()?;
    let prepare = async {
        let terms = Terms::read(context, &args)?;
        let audience = Audience::choose(&args).await?;
        let outgoing = Outgoing::pack(context, &args).await?;
        let words_file = WordsFile::create(&args, &audience)?;
        let route = Route::choose(context, &args).await?;
        let sending = Sending::new(&route, terms, audience, &outgoing).await?;
        Ok((outgoing, words_file, route, sending))
    };
    let (outgoing, words_file, route, sending) = unless_stopped(&mut stop, fl!("send-interrupted"), prepare).await?;
    let deliver = sending.deliver(context, &args, outgoing, &route);
    let (result, usable) = match unless_stopped(&mut stop, fl!("send-interrupted"), deliver).await {
        // From here on it can be fetched, and nothing takes it back.
        Ok(sealed) => {
            let told = sending.tell_ready(context, &sealed);
            let served = sending.serve(context, &route, &sealed, &mut stop).await;
            let usable = served.is_ok();
            (served.and(told), usable)
        }
        Err(error) => {
            let gone = sending.take_back(context, &error, &mut stop).await;
            (Err(error), !gone)
        }
    };
    if usable {
        words_file.keep();
    }
    if let Some(here) = route.here {
        here.end().await;
    }
    result
}

/// How long and how often the share may be fetched, and how long the sender tries.
struct Terms {
    lifetime: Duration,
    downloads: Option<u32>,
    patience: Patience,
}

impl Terms {
    fn read(context: &Context, args: &args::Send) -> Result<Self> {
        let downloads = if args.once { Some(1) } else { args.downloads };
        Ok(Self {
            lifetime: time::lifetime(&args.expires)?,
            downloads,
            patience: context.ui.patience(time::duration(&args.patience)?),
        })
    }
}

/// Who can open the share.
enum Audience {
    Words(Passphrase),
    Keys(Vec<Recipient>),
}

impl Audience {
    async fn choose(args: &args::Send) -> Result<Self> {
        let mut keys = Vec::new();
        for text in &args.recipient {
            let key = envelope::parse_recipient(text);
            keys.push(key.map_err(|error| Error::usage(fl!("send-bad-recipient")).because(error))?);
        }
        for path in &args.recipients_file {
            let path = path.clone();
            keys.extend(detached(move || recipients(&path)).await?);
        }
        if keys.is_empty() {
            let list = args.word_list.unwrap_or(match i18n::current() {
                Language::En => WordList::En,
                Language::Nl => WordList::Nl,
            });
            return Ok(Self::Words(Passphrase::generate(list, args.words.into()).map_err(no_randomness)?));
        }
        if args.passphrase_file.is_some() {
            return Err(Error::usage(fl!("send-keys-need-no-words")));
        }
        Ok(Self::Keys(keys))
    }

    fn kind(&self) -> ShareKind {
        match self {
            Self::Words(_) => ShareKind::Words,
            Self::Keys(_) => ShareKind::Keys,
        }
    }

    fn header(&self) -> Result<PendingHeader> {
        Ok(match self {
            Self::Words(words) => PendingHeader::for_words(words.as_str())?,
            Self::Keys(keys) => PendingHeader::for_keys(keys)?,
        })
    }
}

fn recipients(path: &Path) -> Result<Vec<Recipient>> {
    let file = shown(path);
    envelope::read_recipients(path).map_err(|error| Error::key(fl!("send-bad-recipients-file", path = file), error))
}

/// The file that `--passphrase-file` names. Removed again when its words open nothing.
struct WordsFile(Option<PathBuf>);

impl WordsFile {
    /// Writes the words, if there are any to write, to a new file that only this user can read.
    fn create(args: &args::Send, audience: &Audience) -> Result<Self> {
        let (Some(path), Audience::Words(words)) = (&args.passphrase_file, audience) else { return Ok(Self(None)) };
        let mut file = system::create_private(path).map_err(|error| Error::writing(path, error))?;
        let guard = Self(Some(path.clone()));
        let written = writeln!(file, "{}", words.as_str()).and_then(|()| file.sync_all());
        written.map_err(|error| Error::writing(path, error))?;
        Ok(guard)
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for WordsFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Words that open nothing do no harm if they stay.
            let _ = fs::remove_file(path);
        }
    }
}

/// What is sent.
struct Outgoing {
    source: Source,
    message: Option<String>,
}

/// Where plaintext comes from, and what it is called.
enum Source {
    Packed(Arc<Packed>),
    StandardInput { name: String },
}

impl Outgoing {
    async fn pack(context: &Context, args: &args::Send) -> Result<Self> {
        let message = match args.message.clone() {
            Some(text) => Some(detached(move || message(&text)).await?),
            None => None,
        };
        let stdin = args.paths.iter().any(|path| path == Path::new("-"));
        let source = match (stdin, &args.name) {
            (false, None) => Self::files(context, args).await?,
            (false, Some(_)) => return Err(Error::usage(fl!("send-name-without-stdin"))),
            (true, Some(name)) if args.paths.len() == 1 => Source::StandardInput { name: content::stream_name(name)? },
            (true, _) => return Err(Error::usage(fl!("send-stdin-needs-name"))),
        };
        Ok(Self { source, message })
    }

    async fn files(context: &Context, args: &args::Send) -> Result<Source> {
        let (paths, follow) = (args.paths.clone(), args.follow);
        let walked = blocking(move || Ok(walk(&paths, follow)?)).await?;
        for skipped in &walked.skipped {
            context.ui.warn(fl!("send-skipped", path = skipped.path.as_str(), reason = skipped.reason.to_string()));
        }
        Ok(Source::Packed(Arc::new(Packed::new(walked.sources)?)))
    }

    /// Bytes of content, where known.
    fn length(&self) -> Option<u64> {
        match &self.source {
            Source::Packed(packed) => Some(packed.length()),
            Source::StandardInput { .. } => None,
        }
    }

    /// Bytes of all files together, where known.
    fn file_bytes(&self) -> Option<u64> {
        match &self.source {
            Source::Packed(packed) => Some(packed.file_bytes()),
            Source::StandardInput { .. } => None,
        }
    }

    fn names(&self) -> Vec<String> {
        match &self.source {
            Source::Packed(packed) => packed.top_names().map(str::to_owned).collect(),
            Source::StandardInput { name } => vec![name.clone()],
        }
    }

    fn files_count(&self) -> u64 {
        match &self.source {
            Source::Packed(packed) => packed.files(),
            Source::StandardInput { .. } => 1,
        }
    }

    fn plain(&self) -> upload::Source {
        match &self.source {
            Source::Packed(packed) => upload::Source::Packed(Arc::clone(packed)),
            Source::StandardInput { .. } => upload::Source::Stream(Box::new(io::stdin())),
        }
    }

    fn manifest(&self, nonce: [u8; NONCE], length: u64) -> Result<Manifest> {
        let message = self.message.clone();
        Ok(match &self.source {
            Source::Packed(packed) => packed.manifest(nonce, message),
            Source::StandardInput { name } => Manifest::of_stream(name, length, nonce, message)?,
        })
    }
}

/// The message as given, or from the file that `@FILE` names.
fn message(text: &str) -> Result<String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(content::clean_message(text)?) };
    let unreadable = |error| Error::local(fl!("send-message-unreadable", path = printable(path)), error);
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_MESSAGE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(ContentError::MessageLong.into());
    }
    let text = String::from_utf8(bytes).map_err(|error| unreadable(io::Error::other(error)))?;
    Ok(content::clean_message(&text)?)
}

/// Where the share goes: a relay, or one inside this process.
struct Route {
    relay: RelayUrl,
    token: Option<Secret>,
    here: Option<Here>,
}

impl Route {
    async fn choose(context: &Context, args: &args::Send) -> Result<Self> {
        if !args.here {
            let config = Config::load(&context.dirs)?;
            let named = args.relay.clone().or_else(relay_of_environment);
            if let Some(relay) = named.as_deref().or(config.relay()) {
                let relay = RelayUrl::parse(relay)?;
                return Ok(Self { token: config.token(&relay), relay, here: None });
            }
        }
        let here = Here::start(&context.dirs).await?;
        context.ui.note(match here.is_loopback() {
            true => fl!("send-here-loopback", relay = here.relay().as_str()),
            false => fl!("send-here", relay = here.relay().as_str()),
        });
        Ok(Self { relay: here.relay().clone(), token: Some(here.token().clone()), here: Some(here) })
    }
}

/// The relay that `SHARE_RELAY` names; set to nothing it names none.
fn relay_of_environment() -> Option<String> {
    let relay = env::var_os("SHARE_RELAY")?.to_string_lossy().into_owned();
    (!relay.is_empty()).then_some(relay)
}

/// A share on its way.
struct Sending {
    client: Client,
    link: Link,
    manage: Secret,
    audience: Audience,
    file_key: FileKey,
    header: std::sync::Mutex<Option<PendingHeader>>,
    nonce: [u8; NONCE],
    request: CreateShare,
    created: OnceLock<Created>,
    patience: Patience,
}

impl Sending {
    async fn new(route: &Route, terms: Terms, audience: Audience, outgoing: &Outgoing) -> Result<Self> {
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
        Ok(Self {
            client: Client::new(&link.relay)?,
            link,
            manage,
            audience,
            file_key: header.file_key.clone(),
            header: Some(header).into(),
            nonce: envelope::random_nonce()?,
            request,
            created: OnceLock::new(),
            patience: terms.patience,
        })
    }

    /// Creates, announces, uploads and seals the share. Gives what the ledger holds of it.
    async fn deliver(&self, context: &Context, args: &args::Send, outgoing: Outgoing, route: &Route) -> Result<Entry> {
        let times = self.create(route).await?;
        let mut entry = self.entry(&outgoing, times);
        context.ledger().put(&self.link.id, &entry)?;
        self.announce(context, args, &entry)?;
        let uploaded = self.upload(context, outgoing).await?;
        entry.bytes = entry.bytes.or(Some(uploaded.plain_bytes));
        entry.fingerprint = Some(uploaded.fingerprint);
        context.ledger().put(&self.link.id, &entry)?;
        self.seal(&uploaded).await?;
        Ok(entry)
    }

    fn tell_ready(&self, context: &Context, entry: &Entry) -> Result<()> {
        context.ui.note(fl!("send-ready", until = time::local(entry.expires_at)));
        context.ui.event(&Ready { event: "ready", id: self.link.id, bytes: entry.bytes })
    }

    /// Serves it from this computer until it has been collected. If that ends in another way, it is gone.
    async fn serve(&self, context: &Context, route: &Route, entry: &Entry, stop: &mut StopSignal) -> Result<()> {
        let Some(here) = &route.here else { return Ok(()) };
        let collected = here.until_collected(context, &self.client, &self.link.id, entry);
        let served = unless_stopped(stop, fl!("here-stopped"), collected).await;
        if served.is_err() {
            context.ledger().forget(&self.link.id);
        }
        served
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
    async fn upload(&self, context: &Context, outgoing: Outgoing) -> Result<Uploaded> {
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
                    let header = self.put_header(&upload).await?;
                    self.put_manifest(&header, &outgoing, length, &upload).await
                };
                tokio::try_join!(parts, describe)?.0
            }
            None => {
                let (uploaded, header) = tokio::try_join!(parts, self.put_header(&upload))?;
                self.put_manifest(&header, &outgoing, uploaded.plain_bytes, &upload).await?;
                uploaded
            }
        };
        progress.done();
        Ok(uploaded)
    }

    /// Waits for scrypt, and uploads the header with the content's nonce.
    async fn put_header(&self, upload: &Upload) -> Result<Vec<u8>> {
        let pending = self.header.lock().expect("nothing panics while it holds the lock").take();
        let pending = pending.expect("a share has one header");
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
    async fn take_back(&self, context: &Context, error: &Error, stop: &mut StopSignal) -> bool {
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

async fn proof_hash(audience: &Audience, id: ShareId) -> Result<Option<share_relay_api::Bytes32>> {
    let Audience::Words(words) = audience else { return Ok(None) };
    let words = Zeroizing::new(words.as_str().to_owned());
    let proof = blocking(move || Ok(envelope::proof(&words, &id))).await?;
    Ok(Some(sha256(&proof.0)))
}

fn random_id() -> Result<ShareId> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(no_randomness)?;
    Ok(ShareId::from_random(bytes))
}
