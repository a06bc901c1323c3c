//! What can go wrong with an envelope, and with the key files a user names.

use std::io;

/// Why an envelope could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not an age v1 header.
    #[error("the header is not that of an age file")]
    HeaderMalformed,
    /// The header's MAC does not fit, or a stanza for this very key does not open: it was changed.
    #[error("the header was changed")]
    HeaderTampered,
    /// It was sealed with words, and keys were given.
    #[error("it was sealed with words")]
    NeedsWords,
    /// It was sealed to keys, and words were given.
    #[error("it was sealed to keys")]
    NeedsKeys,
    /// The words do not open it.
    #[error("the words do not open it")]
    WrongWords,
    /// None of the identities opens it.
    #[error("no identity opens it")]
    NoIdentityFits,
    /// The words would take too much work to try: scrypt with N above 2^`max`.
    #[error("it asks for scrypt with 2^{found}, and at most 2^{max} is done")]
    TooMuchWork {
        /// log₂ N the header asks for.
        found: u8,
        /// The most that is done.
        max: u8,
    },
    /// This chunk of the payload is not what was sealed: changed, moved, or followed by what does not belong there.
    #[error("chunk {chunk} is not what was sealed")]
    Tampered {
        /// Its number, from 0.
        chunk: u64,
    },
    /// The payload ends too early.
    #[error("it ends too early")]
    Truncated,
    /// The payload goes on after its end.
    #[error("something follows its end")]
    TrailingData,
    /// No recipient was given.
    #[error("no recipient was given")]
    NoRecipients,
    /// More recipients than a header has room for.
    #[error("too many recipients were given")]
    TooManyRecipients,
    /// Post-quantum and classic recipients in one header, which would void the former's promise.
    #[error("post-quantum and classic recipients do not mix")]
    RecipientsDoNotMix,
    /// The operating system failed: no randomness, no thread.
    #[error("the system failed")]
    System(#[source] io::Error),
    /// The age library did what it never does.
    #[error("the age library failed: {0}")]
    Library(String),
}

/// Why a recipient, a recipients file or an identity file is of no use. The caller adds which file it was.
///
/// Texts come from the user's files and are cut to a few plain ASCII characters; secrets are never repeated.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read as text.
    #[error("the file cannot be read")]
    Unreadable(#[source] io::Error),
    /// The file is larger than a file of keys can sensibly be.
    #[error("the file is too large")]
    FileTooLarge,
    /// A line of a file is of no use; the source says why.
    #[error("line {line} is of no use")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        source: Box<KeyError>,
    },
    /// Not a public key.
    #[error("{start} is no public key")]
    NotARecipient {
        /// How the text begins.
        start: String,
    },
    /// A private key where a public one belongs.
    #[error("this is a private key")]
    SecretKey,
    /// A key that only another program could use; `share` starts none.
    #[error("the key needs age-plugin-{name}")]
    Plugin {
        /// The plugin's name.
        name: String,
    },
    /// A kind of key `share` cannot use.
    #[error("keys of the kind {kind} are not supported")]
    Unsupported {
        /// The kind.
        kind: String,
    },
    /// An RSA key below 2048 bits.
    #[error("the RSA key is too small")]
    RsaTooSmall,
    /// An RSA key above 4096 bits.
    #[error("the RSA key is too large")]
    RsaTooLarge,
    /// No key in the file.
    #[error("there is no key in the file")]
    NoKeys,
    /// Not a private key, or a damaged one.
    #[error("this is no private key")]
    NotAnIdentity,
    /// The file is protected by a passphrase, and none was given.
    #[error("a passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase does not open the file.
    #[error("the passphrase does not open the file")]
    PassphraseWrong,
    /// The encrypted identity file itself does not open.
    #[error("the encrypted file does not open")]
    Encrypted(#[source] EnvelopeError),
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
