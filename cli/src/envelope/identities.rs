//! Private keys to open with: age identity files, also passphrase-encrypted ones, and ssh private keys.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use age::{Decryptor, armor::ArmoredReader, secrecy::SecretString, ssh};
use zeroize::Zeroizing;

use super::{
    EnvelopeError, KeyError,
    header::{open_error, scrypt_identity},
    recipients::{key_lines, start_of},
};

/// The largest identity file; an RSA key of 16,384 bits takes 13 KB.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The largest log₂ N for a passphrase-encrypted identity file. It is the user's own, made by a tool that may have
/// tuned itself to a fast computer; stock age goes as far.
const MAX_FILE_WORK_FACTOR: u8 = 22;

/// Private keys, tried in turn.
pub struct Identities(Vec<Box<dyn age::Identity + Send + Sync>>);

impl Identities {
    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0.iter().map(|identity| &**identity as _)
    }

    /// Adds those of another file.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Reads an identity file. `ask` is called at most once, if the file is protected by a passphrase.
pub fn read_identities(
    path: &Path,
    ask: &mut dyn FnMut() -> Option<Zeroizing<String>>,
) -> Result<Identities, KeyError> {
    let file = File::open(path).map_err(KeyError::Unreadable)?;
    let bytes = read_bounded(file).map_err(KeyError::Unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(KeyError::FileTooLarge);
    }
    if bytes.starts_with(b"age-encryption.org/") || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        return parse_age(text_of(&decrypt_file(&bytes, ask)?)?);
    }
    let text = text_of(&bytes)?.trim_start();
    if text.starts_with("-----BEGIN ") { parse_ssh(text, ask) } else { parse_age(text) }
}

/// At most one byte more than allowed, so that too much is noticed. The buffer never moves, so it leaves no copy.
fn read_bounded(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES as usize + 1024));
    source.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text_of(bytes: &[u8]) -> Result<&str, KeyError> {
    std::str::from_utf8(bytes).map_err(|_| KeyError::NotAnIdentity)
}

fn decrypt_file(
    bytes: &[u8],
    ask: &mut dyn FnMut() -> Option<Zeroizing<String>>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed = |_| KeyError::Encrypted(EnvelopeError::HeaderMalformed);
    let decryptor = Decryptor::new(ArmoredReader::new(bytes)).map_err(malformed)?;
    if !decryptor.is_scrypt() {
        return Err(KeyError::Encrypted(EnvelopeError::NeedsKeys));
    }
    let passphrase = ask().ok_or(KeyError::PassphraseNeeded)?;
    let identity = scrypt_identity(&passphrase, MAX_FILE_WORK_FACTOR);
    let plain = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|error| {
        match open_error(error, EnvelopeError::WrongWords, MAX_FILE_WORK_FACTOR) {
            EnvelopeError::WrongWords => KeyError::PassphraseWrong,
            other => KeyError::Encrypted(other),
        }
    })?;
    read_bounded(plain).map_err(KeyError::Unreadable)
}

fn parse_age(text: &str) -> Result<Identities, KeyError> {
    let identities = key_lines(text)
        .map(|(line, key)| parse_age_line(key).map_err(|error| KeyError::Line { line, source: Box::new(error) }))
        .collect::<Result<Vec<_>, _>>()?;
    if identities.is_empty() { Err(KeyError::NoKeys) } else { Ok(Identities(identities)) }
}

fn parse_age_line(line: &str) -> Result<Box<dyn age::Identity + Send + Sync>, KeyError> {
    if let Ok(identity) = line.parse::<age::x25519::Identity>() {
        return Ok(Box::new(identity));
    }
    let upper = Zeroizing::new(line.to_ascii_uppercase());
    if let Some((name, _)) = upper.strip_prefix("AGE-PLUGIN-").and_then(|rest| rest.split_once("-1")) {
        return Err(KeyError::Plugin { name: start_of(&name.to_ascii_lowercase()) });
    }
    if upper.starts_with("AGE-SECRET-KEY-PQ-1") {
        return Err(KeyError::Unsupported { kind: "AGE-SECRET-KEY-PQ".into() });
    }
    Err(KeyError::NotAnIdentity)
}

fn parse_ssh(text: &str, ask: &mut dyn FnMut() -> Option<Zeroizing<String>>) -> Result<Identities, KeyError> {
    let identity = ssh::Identity::from_buffer(text.as_bytes(), None).map_err(|_| KeyError::NotAnIdentity)?;
    // The public half tells the kind even of a protected key, so nobody is asked in vain.
    match ssh::Recipient::try_from(identity.clone()) {
        Err(ssh::ParseRecipientKeyError::Unsupported(kind)) => {
            return Err(KeyError::Unsupported { kind: start_of(&kind) });
        }
        Err(ssh::ParseRecipientKeyError::Ignore) => return Err(KeyError::Unsupported { kind: "PEM".into() }),
        _ => {}
    }
    let identity = match identity {
        ssh::Identity::Encrypted(key) => {
            let passphrase = ask().ok_or(KeyError::PassphraseNeeded)?;
            let key = key.decrypt(SecretString::from(passphrase.as_str())).map_err(|_| KeyError::PassphraseWrong)?;
            ssh::Identity::from(key)
        }
        open => open,
    };
    Ok(Identities(vec![Box::new(identity)]))
}
