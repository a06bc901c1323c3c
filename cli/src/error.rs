//! What went wrong, as the user is told: a kind (the exit code), a fixed name for programs, a sentence, a hint, and the
//! causes behind it. [`messages`](crate::messages) makes it from the typed errors of the libraries.

use std::{error::Error as StdError, fmt, io};

pub use share_client::ErrorKind as Kind;

use crate::i18n::fl;

/// An error ready to be shown.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    code: &'static str,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    told: bool,
}

/// What commands return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind; `code` is its fixed name for programs.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), hint: None, source: None, told: false }
    }

    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "usage", message)
    }

    /// A problem with a file or folder on this computer, with the system's reason.
    pub fn local(message: impl Into<String>, source: io::Error) -> Self {
        Self::new(Kind::LocalFile, "local_file", message).because(source)
    }

    /// A problem with what is kept in the user's home folder, and the way on.
    pub fn at_home(message: impl Into<String>, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => fl!("home-full-hint"),
            _ => fl!("home-hint"),
        };
        Self::local(message, source).hint(hint)
    }

    /// A mistake of ours.
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Kind::Unexpected, "unexpected", message).hint(fl!("unexpected-hint"))
    }

    /// Something that every system gives, and this one does not.
    pub fn system(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::LocalFile, code, message).hint(fl!("system-hint"))
    }

    /// Standard output that cannot be written.
    pub fn printing(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Kind::ReaderGone, "reader_gone", fl!("ui-cannot-print")),
            _ => Self::local(fl!("ui-cannot-print"), source),
        }
    }

    /// A question that could not be asked, or that the user stopped instead of answering.
    pub fn unanswered(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::Interrupted => Self::interrupted(fl!("ui-stopped")),
            _ => Self::local(fl!("ui-cannot-ask"), source),
        }
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

    /// Adds what to do after that, or else next.
    pub fn and_hint(self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        let both = self.hint.as_ref().map(|first| format!("{}. {hint}", first.trim_end_matches('.')));
        self.hint(both.unwrap_or(hint))
    }

    /// The same with another sentence, made of this one.
    pub fn reworded(self, sentence: impl FnOnce(&str) -> String) -> Self {
        Self { message: sentence(&self.message), ..self }
    }

    /// Adds the cause.
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The same, of which the user has been told already.
    pub fn told(self) -> Self {
        Self { told: true, ..self }
    }

    /// Whether the user has been told already.
    pub fn is_told(&self) -> bool {
        self.told
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
