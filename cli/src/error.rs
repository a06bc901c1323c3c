//! What went wrong, as the user is told: a kind (the exit code), a sentence, a hint, and the causes behind it.
//!
//! Each module has an error type of its own; this file is the one place that maps them to exit codes and hints.

use std::{error::Error as StdError, fmt};

use share_relay_api::{Code, Problem};

use crate::{
    client::ClientError,
    content::ContentError,
    envelope::{EnvelopeError, words::WordsError},
    i18n::fl,
    link::LinkError,
    ui,
};

/// The exit codes of `share` (docs/architecture.md, "Exit codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A failure nobody foresaw.
    Unexpected = 1,
    /// The command line asks for something impossible.
    Usage = 2,
    /// The relay or the network cannot be reached.
    Unreachable = 3,
    /// The words, or the key, do not open the share.
    WordsWrong = 4,
    /// Expired, revoked, collected or unknown.
    Gone = 5,
    /// Locked after too many wrong words.
    Locked = 6,
    /// The sender's upload has not finished.
    NotReady = 7,
    /// The data is corrupt or was tampered with.
    Corrupt = 8,
    /// The relay refuses: token, quota, size, space.
    Refused = 9,
    /// A problem with a file or folder on this computer.
    LocalFile = 10,
    /// The link is damaged.
    LinkDamaged = 11,
    /// A file changed while it was being sent.
    Changed = 12,
    /// Stopped by the user.
    Interrupted = 130,
}

/// An error ready to be shown.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    code: &'static str,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What commands return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind; `code` is its fixed name for programs.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), hint: None, source: None }
    }

    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "usage", message)
    }

    /// A problem with a file or folder on this computer, with the system's reason.
    pub fn local(message: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(Kind::LocalFile, "local_file", message).because(source)
    }

    /// The user stopped the program.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new(Kind::Interrupted, "interrupted", message)
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The exit code.
    pub fn exit(&self) -> u8 {
        self.kind as u8
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The fixed name for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What to do next, if there is something to say.
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
