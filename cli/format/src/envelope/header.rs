//! Headers: the `age` crate makes those for keys and opens all; we take the file key as it passes by. For words, which
//! take long, only their stanza is the crate's, so that a header can be made for a file key that is in use already.

use std::{cell::RefCell, collections::HashSet, io, iter, sync::mpsc, thread};

use age::{DecryptError, Decryptor, EncryptError, Encryptor, Recipient as _, secrecy::SecretString};
use age_core::format::{FileKey as AgeFileKey, Stanza};
use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use share_relay_api::limits::MAX_HEADER_BYTES;
use zeroize::Zeroizing;

use super::{EnvelopeError, FileKey, Identities, NONCE, Recipient};
use crate::words::Passphrase;

/// log₂ of scrypt's N when sealing: fixed, so that a phone can open what a workstation sealed.
pub const WORK_FACTOR: u8 = 17;

/// The largest log₂ N that is tried when opening: 1 GiB of memory and some seconds.
pub const MAX_WORK_FACTOR: u8 = 20;

/// scrypt's r, which age fixes: each of the N blocks takes 128 times as many bytes.
const SCRYPT_BLOCK: usize = 8;

/// The first line of every header.
const VERSION_LINE: &str = "age-encryption.org/v1";

/// Bytes of a header with one scrypt stanza of a two-digit work factor. All its fields have fixed lengths.
const WORDS_HEADER_LEN: u64 = 150;

/// The longest header: with its nonce, it fits the limit both sides agree on.
const MAX_LEN: usize = MAX_HEADER_BYTES as usize - NONCE;

/// The most stanzas read: more than fit with real keys in them. The `age` crate begins again at each line it lacks, so
/// ten thousand empty stanzas would keep it busy for many seconds.
const MAX_STANZAS: usize = 1000;

/// A header of which file key and length are known, while scrypt may still run.
pub struct PendingHeader {
    /// The key the header hides.
    pub file_key: FileKey,
    /// Bytes of the header, without nonce.
    pub len: u64,
    state: State,
}

enum State {
    Ready(Vec<u8>),
    Working(thread::JoinHandle<Result<Vec<u8>, EnvelopeError>>),
}

impl PendingHeader {
    /// Starts a header for words that hides this file key; scrypt runs on a thread of its own. Each one is
    /// another, so once a header may have been sent, no other is made for its file key.
    pub fn for_words(file_key: FileKey, words: &Passphrase) -> Result<Self, EnvelopeError> {
        find_memory(WORK_FACTOR)?;
        let (key, passphrase) = (file_key.clone(), SecretString::from(words.as_str()));
        let work = move || words_header(&key, passphrase);
        let thread = thread::Builder::new().name("scrypt".into()).spawn(work).map_err(EnvelopeError::System)?;
        Ok(Self { file_key, len: WORDS_HEADER_LEN, state: State::Working(thread) })
    }

    /// Makes a header for public keys.
    pub fn for_keys(recipients: &[Recipient]) -> Result<Self, EnvelopeError> {
        let (first, rest) = recipients.split_first().ok_or(EnvelopeError::NoRecipients)?;
        let (taken, file_key) = mpsc::channel();
        let first = TakeOnWrap { inner: first.as_age(), taken };
        let header = make(iter::once(&first as _).chain(rest.iter().map(Recipient::as_age)))?;
        if header.len() > MAX_LEN {
            return Err(EnvelopeError::TooManyRecipients);
        }
        let file_key = file_key.recv().map_err(|_| unlike_age("made a header without a file key"))?;
        Ok(Self { file_key, len: header.len() as u64, state: State::Ready(header) })
    }

    /// A header that was made before.
    pub fn known(file_key: FileKey, header: Vec<u8>) -> Self {
        Self { file_key, len: header.len() as u64, state: State::Ready(header) }
    }

    /// The header, where no scrypt is waited for.
    pub fn ready(&self) -> Option<&[u8]> {
        match &self.state {
            State::Ready(header) => Some(header),
            State::Working(_) => None,
        }
    }

    /// The header. Waits for scrypt if it still runs.
    pub fn finish(self) -> Result<Vec<u8>, EnvelopeError> {
        let header = match self.state {
            State::Ready(header) => header,
            State::Working(thread) => join(thread)?,
        };
        if header.len() as u64 != self.len {
            return Err(unlike_age("made a header of another length than foretold"));
        }
        Ok(header)
    }
}

fn join(thread: thread::JoinHandle<Result<Vec<u8>, EnvelopeError>>) -> Result<Vec<u8>, EnvelopeError> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The age crate did what it never does.
fn unlike_age(what: &str) -> EnvelopeError {
    EnvelopeError::Library(format!("the age crate {what}"))
}

/// The header with a scrypt stanza alone (C2SP age.md, "Header").
fn words_header(file_key: &FileKey, passphrase: SecretString) -> Result<Vec<u8>, EnvelopeError> {
    let mut recipient = age::scrypt::Recipient::new(passphrase);
    recipient.set_work_factor(WORK_FACTOR);
    let wrapped = recipient.wrap_file_key(&AgeFileKey::new(Box::new(*file_key.expose())));
    let (stanzas, _) = wrapped.map_err(|error| EnvelopeError::Library(error.to_string()))?;
    let [Stanza { tag, args, body }] = &stanzas[..] else { return Err(unlike_age("made other than one stanza")) };
    let (args, body) = (args.join(" "), BASE64_STANDARD_NO_PAD.encode(body));
    let header = format!("{VERSION_LINE}\n-> {tag} {args}\n{body}\n---");
    let mut key = Zeroizing::new([0; 32]);
    file_key.derive(&[], b"header", &mut key);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*key), header.as_bytes());
    Ok(format!("{header} {}\n", BASE64_STANDARD_NO_PAD.encode(mac)).into())
}

fn make<'a>(recipients: impl Iterator<Item = &'a dyn age::Recipient>) -> Result<Vec<u8>, EnvelopeError> {
    let encryptor = Encryptor::with_recipients(recipients).map_err(|error| match error {
        EncryptError::MissingRecipients => EnvelopeError::NoRecipients,
        EncryptError::IncompatibleRecipients { .. } => EnvelopeError::RecipientsDoNotMix,
        EncryptError::Io(error) => EnvelopeError::System(error),
        other => EnvelopeError::Library(other.to_string()),
    })?;
    let mut header = Vec::new();
    // Unfinished, the writer adds nothing to header and nonce; the nonce is ours to choose.
    drop(encryptor.wrap_output(&mut header).map_err(EnvelopeError::System)?);
    header.truncate(header.len().saturating_sub(NONCE));
    Ok(header)
}

/// Bytes of the header at the beginning of an age file, or `None` if `prefix` does not reach its end yet.
///
/// Checks the outline (C2SP age.md, "Header") more strictly than the `age` crate, which lets some old stanzas pass.
pub fn header_len(prefix: &[u8]) -> Result<Option<usize>, EnvelopeError> {
    enum Expect {
        Version,
        Stanza,
        Body,
    }
    let mut expect = Expect::Version;
    let (mut len, mut stanzas) = (0, 0);
    for line in prefix[..prefix.len().min(MAX_LEN)].split_inclusive(|&byte| byte == b'\n') {
        let Some(text) = line.strip_suffix(b"\n") else { break };
        len += line.len();
        expect = match expect {
            Expect::Version if text == VERSION_LINE.as_bytes() => Expect::Stanza,
            Expect::Stanza if text.starts_with(b"-> ") && stanzas < MAX_STANZAS => {
                stanzas += 1;
                Expect::Body
            }
            Expect::Stanza if text.starts_with(b"--- ") => return Ok(Some(len)),
            Expect::Body if text.len() == 64 && text.iter().all(is_base64) => Expect::Body,
            Expect::Body if text.len() < 64 && text.iter().all(is_base64) => Expect::Stanza,
            _ => return Err(EnvelopeError::HeaderMalformed),
        };
    }
    if prefix.len() < MAX_LEN { Ok(None) } else { Err(EnvelopeError::HeaderMalformed) }
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// What a recipient opens a header with.
pub enum Opener {
    /// The words, joined by `-`.
    Passphrase(Zeroizing<String>),
    /// Private keys.
    Identities(Identities),
}

/// The file key in a header (exactly [`header_len`] bytes), whose MAC is checked. Runs scrypt once if it has words.
pub fn open_header(header: &[u8], opener: &Opener) -> Result<FileKey, EnvelopeError> {
    if header_len(header)? != Some(header.len()) {
        return Err(EnvelopeError::HeaderMalformed);
    }
    // The crate wants to see a nonce too; no payload is opened with it.
    let with_nonce = [header, &[0; NONCE]].concat();
    let decryptor = Decryptor::new_buffered(&with_nonce[..]).map_err(|_| EnvelopeError::HeaderMalformed)?;
    match (opener, decryptor.is_scrypt()) {
        (Opener::Passphrase(_), false) => Err(EnvelopeError::NeedsKeys),
        (Opener::Identities(_), true) => Err(EnvelopeError::NeedsWords),
        (Opener::Passphrase(passphrase), true) => {
            work_factor(header).filter(|log_n| *log_n <= MAX_WORK_FACTOR).map_or(Ok(()), find_memory)?;
            let identity = scrypt_identity(passphrase, MAX_WORK_FACTOR);
            take_file_key(decryptor, iter::once(&identity as _))
                .map_err(|error| open_error(error, EnvelopeError::WrongWords, MAX_WORK_FACTOR))
        }
        (Opener::Identities(identities), false) => take_file_key(decryptor, identities.iter())
            // An ssh stanza names its key, so one that does not open with it was changed.
            .map_err(|error| open_error(error, EnvelopeError::HeaderTampered, MAX_WORK_FACTOR)),
    }
}

/// The work factor that a header with a scrypt stanza asks for.
fn work_factor(header: &[u8]) -> Option<u8> {
    let stanza = header.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"-> scrypt "))?;
    std::str::from_utf8(stanza).ok()?.split(' ').nth(1)?.parse().ok()
}

/// Finds that there is the memory that scrypt takes: where it gets none, it ends the program.
fn find_memory(log_n: u8) -> Result<(), EnvelopeError> {
    let bytes = (128 * SCRYPT_BLOCK) << log_n;
    let found = Vec::<u8>::new().try_reserve_exact(bytes);
    found.map_err(|_| EnvelopeError::System(io::ErrorKind::OutOfMemory.into()))
}

/// The age identity for a passphrase, with a bound on the work it does.
pub(super) fn scrypt_identity(passphrase: &str, max_work_factor: u8) -> age::scrypt::Identity {
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(max_work_factor);
    identity
}

fn take_file_key<'a, R: io::BufRead>(
    decryptor: Decryptor<R>,
    identities: impl Iterator<Item = &'a dyn age::Identity>,
) -> Result<FileKey, DecryptError> {
    let taken = RefCell::new(None);
    let takers: Vec<_> = identities.map(|inner| TakeOnUnwrap { inner, taken: &taken }).collect();
    decryptor.decrypt(takers.iter().map(|taker| taker as _))?;
    taken.take().ok_or(DecryptError::NoMatchingKeys)
}

/// Our name for the crate's error; `undecryptable` says what it means that a stanza for us does not decrypt.
pub(super) fn open_error(error: DecryptError, undecryptable: EnvelopeError, max: u8) -> EnvelopeError {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => undecryptable,
        DecryptError::ExcessiveWork { required, .. } => EnvelopeError::TooMuchWork { found: required, max },
        DecryptError::NoMatchingKeys => EnvelopeError::NoIdentityFits,
        DecryptError::InvalidMac => EnvelopeError::HeaderTampered,
        _ => EnvelopeError::HeaderMalformed,
    }
}

/// A recipient that tells the file key before the real recipient goes to work.
struct TakeOnWrap<'a> {
    inner: &'a dyn age::Recipient,
    taken: mpsc::Sender<FileKey>,
}

impl age::Recipient for TakeOnWrap<'_> {
    fn wrap_file_key(&self, file_key: &AgeFileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        // Nobody listens only if the caller is gone, and then nobody wants the header either.
        let _ = self.taken.send(FileKey::from(file_key));
        self.inner.wrap_file_key(file_key)
    }
}

/// An identity that remembers the file key the real identity found.
struct TakeOnUnwrap<'a> {
    inner: &'a dyn age::Identity,
    taken: &'a RefCell<Option<FileKey>>,
}

impl TakeOnUnwrap<'_> {
    fn take(&self, found: Option<Result<AgeFileKey, DecryptError>>) -> Option<Result<AgeFileKey, DecryptError>> {
        if let Some(Ok(file_key)) = &found {
            self.taken.replace(Some(FileKey::from(file_key)));
        }
        found
    }
}

impl age::Identity for TakeOnUnwrap<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<AgeFileKey, DecryptError>> {
        self.take(self.inner.unwrap_stanza(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<AgeFileKey, DecryptError>> {
        self.take(self.inner.unwrap_stanzas(stanzas))
    }
}
