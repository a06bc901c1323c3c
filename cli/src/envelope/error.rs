//! What can go wrong with an envelope, and with the key files a user names.

use std::{error::Error, fmt, io};

use crate::{i18n::fl, quote::quoted};

/// Why an envelope could not be made or opened.
#[derive(Debug)]
pub enum EnvelopeError {
    /// Not an age v1 header.
    HeaderMalformed,
    /// The header's MAC does not fit, or a stanza for this very key does not open: it was changed.
    HeaderTampered,
    /// It was sealed with words, and keys were given.
    NeedsWords,
    /// It was sealed to keys, and words were given.
    NeedsKeys,
    /// The words do not open it.
    WrongWords,
    /// None of the identities opens it.
    NoIdentityFits,
    /// The words would take too much work to try: scrypt with N above 2^`max`.
    TooMuchWork {
        /// log₂ N the header asks for.
        found: u8,
        /// The most that is done.
        max: u8,
    },
    /// This chunk of the payload is not what was sealed: changed, moved, or followed by what does not belong there.
    Tampered {
        /// Its number, from 0.
        chunk: u64,
    },
    /// The payload ends too early.
    Truncated,
    /// The payload goes on after its end.
    TrailingData,
    /// No recipient was given.
    NoRecipients,
    /// More recipients than a header has room for.
    TooManyRecipients,
    /// Post-quantum and classic recipients in one header, which would void the former's promise.
    RecipientsDoNotMix,
    /// The operating system failed: no randomness, no thread.
    System(io::Error),
    /// The age library did what it never does.
    Library(String),
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::HeaderMalformed => fl!("envelope-header-malformed"),
            Self::HeaderTampered => fl!("envelope-header-tampered"),
            Self::NeedsWords => fl!("envelope-needs-words"),
            Self::NeedsKeys => fl!("envelope-needs-keys"),
            Self::WrongWords => fl!("envelope-wrong-words"),
            Self::NoIdentityFits => fl!("envelope-no-identity-fits"),
            Self::TooMuchWork { found, max } => {
                fl!("envelope-too-much-work", found = found.to_string(), max = max.to_string())
            }
            Self::Tampered { chunk } => fl!("envelope-tampered", chunk = chunk.to_string()),
            Self::Truncated => fl!("envelope-truncated"),
            Self::TrailingData => fl!("envelope-trailing-data"),
            Self::NoRecipients => fl!("envelope-no-recipients"),
            Self::TooManyRecipients => fl!("envelope-too-many-recipients"),
            Self::RecipientsDoNotMix => fl!("envelope-recipients-do-not-mix"),
            Self::System(_) => fl!("envelope-system"),
            Self::Library(what) => fl!("envelope-library", what = quoted(what)),
        })
    }
}

impl Error for EnvelopeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a recipient, a recipients file or an identity file is of no use. The caller adds which file it was.
///
/// Texts come from the user's files and are cut to a few plain ASCII characters; secrets are never repeated.
#[derive(Debug)]
pub enum KeyError {
    /// The file cannot be read as text.
    Unreadable(io::Error),
    /// The file is larger than a file of keys can sensibly be.
    FileTooLarge,
    /// A line of a file is of no use; the source says why.
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        source: Box<KeyError>,
    },
    /// Not a public key.
    NotARecipient {
        /// How the text begins.
        start: String,
    },
    /// A private key where a public one belongs.
    SecretKey,
    /// A key that only another program could use; `share` starts none.
    Plugin {
        /// The plugin's name.
        name: String,
    },
    /// A kind of key `share` cannot use.
    Unsupported {
        /// The kind.
        kind: String,
    },
    /// An RSA key below 2048 bits.
    RsaTooSmall,
    /// An RSA key above 4096 bits.
    RsaTooLarge,
    /// No key in the file.
    NoKeys,
    /// Not a private key, or a damaged one.
    NotAnIdentity,
    /// The file is protected by a passphrase, and none was given.
    PassphraseNeeded,
    /// The passphrase does not open the file.
    PassphraseWrong,
    /// The encrypted identity file itself does not open.
    Encrypted(EnvelopeError),
}

impl KeyError {
    /// A file that cannot be read, or only in part.
    pub(super) fn reading(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::FileTooLarge => Self::FileTooLarge,
            _ => Self::Unreadable(error),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Unreadable(_) => fl!("key-unreadable"),
            Self::FileTooLarge => fl!("key-file-too-large"),
            Self::Line { line, .. } => fl!("key-line", line = line.to_string()),
            Self::NotARecipient { start } => fl!("key-not-a-recipient", start = start.as_str()),
            Self::SecretKey => fl!("key-secret"),
            Self::Plugin { name } => fl!("key-plugin", name = name.as_str()),
            Self::Unsupported { kind } => fl!("key-unsupported", kind = kind.as_str()),
            Self::RsaTooSmall => fl!("key-rsa-too-small"),
            Self::RsaTooLarge => fl!("key-rsa-too-large"),
            Self::NoKeys => fl!("key-none"),
            Self::NotAnIdentity => fl!("key-not-an-identity"),
            Self::PassphraseNeeded => fl!("key-passphrase-needed"),
            Self::PassphraseWrong => fl!("key-passphrase-wrong"),
            Self::Encrypted(_) => fl!("key-encrypted"),
        })
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Line { source, .. } => Some(source),
            Self::Encrypted(error) => Some(error),
            _ => None,
        }
    }
}
