//! What went wrong, as the user is told: a kind (the exit code), a sentence, a hint, and the causes behind it.
//!
//! Each module has an error type of its own; this file is the one place that maps them to exit codes and hints.

use std::{error::Error as StdError, fmt, ops::RangeInclusive, path::Path, time::Duration};

use share_format::{
    FormatError,
    envelope::{EnvelopeError, KeyError},
    link::{LinkError, RelayUrlError},
    words::WordsError,
};
use share_relay_api::{Code, Problem};

use crate::{
    client::{ClientError, Proxy},
    content::ContentError,
    i18n::fl,
    messages,
    quote::quoted,
    time, ui,
};

/// The exit codes of `share` (docs/architecture.md, "Exit codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A mistake of ours, or of a library we use: never what a relay, a sender, a disk or a system can bring about.
    Unexpected = 1,
    /// The command line asks for something impossible.
    Usage = 2,
    /// The relay or the network cannot be reached, or does not answer as a relay does.
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
    /// A problem with a file or folder on this computer, or with what its system gives.
    LocalFile = 10,
    /// The link is damaged.
    LinkDamaged = 11,
    /// A file changed while it was being sent.
    Changed = 12,
    /// Stopped by the user.
    Interrupted = 130,
    /// Whoever read standard output went away: as of a program that SIGPIPE ended.
    ReaderGone = 141,
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

    /// A problem with what is kept in the user's home folder, and the way on.
    pub fn at_home(message: impl Into<String>, source: std::io::Error) -> Self {
        let hint = match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => fl!("home-full-hint"),
            _ => fl!("home-hint"),
        };
        Self::local(message, source).hint(hint)
    }

    /// A file or folder that cannot be written.
    pub fn writing(path: &Path, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::AlreadyExists => Self::exists(path),
            _ => ContentError::write(path)(source).into(),
        }
    }

    /// Something has the name already.
    pub fn exists(path: &Path) -> Self {
        let path = quoted(&path.to_string_lossy());
        Self::new(Kind::LocalFile, "output_exists", fl!("output-exists", path = path)).hint(fl!("output-exists-hint"))
    }

    /// What is said to somebody who gave a sender token, or none: the relay's answer is one and the same.
    pub fn of_sender(error: ClientError, token_given: bool) -> Self {
        match error.code() {
            Some(code @ Code::TokenRequired) if token_given => {
                let unknown = Self::new(Kind::Refused, code.as_str(), fl!("relay-token-unknown"));
                unknown.hint(fl!("relay-needs-token-hint"))
            }
            _ => error.into(),
        }
    }

    /// A mistake of ours.
    pub fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Kind::Unexpected, "unexpected", message).hint(fl!("unexpected-hint"))
    }

    /// Something that every system gives, and this one does not.
    pub fn system(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::LocalFile, code, message).hint(fl!("system-hint"))
    }

    /// A key file that is of no use.
    pub fn key(message: impl Into<String>, source: KeyError) -> Self {
        Self::new(Kind::LocalFile, "key_file", message).because(source)
    }

    /// Standard output that cannot be written.
    pub fn printing(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Kind::ReaderGone, "reader_gone", fl!("ui-cannot-print")),
            _ => Self::local(fl!("ui-cannot-print"), source),
        }
    }

    /// A question that could not be asked, or that the user stopped instead of answering.
    pub fn unanswered(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::Interrupted => Self::interrupted(fl!("ui-stopped")),
            _ => Self::local(fl!("ui-cannot-ask"), source),
        }
    }

    /// The sender's upload has not finished.
    pub fn not_ready(stored: u64, total: Option<u64>) -> Self {
        let message = match total.filter(|total| *total > 0) {
            Some(total) => fl!("share-not-ready-percent", percent = ui::percent(stored, total).to_string()),
            None => fl!("share-not-ready"),
        };
        Self::new(Kind::NotReady, "not_ready", message).hint(fl!("share-not-ready-hint"))
    }

    /// Locked after too many wrong words; `message` tells until when.
    pub fn locked(message: impl Into<String>) -> Self {
        Self::new(Kind::Locked, Code::Locked.as_str(), message).hint(fl!("share-locked-hint"))
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

    /// Adds which proxy the connection went through.
    fn through(self, proxy: &Proxy) -> Self {
        let message = fl!("client-through-proxy", what = self.message.as_str(), proxy = proxy.to_string());
        let hint = if self.code == "unreachable" { Some(fl!("client-through-proxy-hint")) } else { self.hint };
        Self { message, hint, ..self }
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

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Self {
        let kind = match error {
            LinkError::Damaged => Kind::LinkDamaged,
            LinkError::NotALink | LinkError::Hidden { .. } | LinkError::Insecure { .. } => Kind::Usage,
        };
        let code = if kind == Kind::LinkDamaged { "link_damaged" } else { "not_a_link" };
        Self::new(kind, code, messages::link(&error)).hint(messages::link_hint(&error))
    }
}

impl From<WordsError> for Error {
    fn from(error: WordsError) -> Self {
        Self::new(Kind::WordsWrong, "words_malformed", messages::words(&error)).hint(fl!("words-hint"))
    }
}

impl From<EnvelopeError> for Error {
    fn from(error: EnvelopeError) -> Self {
        use EnvelopeError as E;
        let (kind, code) = match error {
            E::System(_) => return Self::system("system", messages::envelope(&error)).because(error),
            E::Library(_) => return Self::unexpected(messages::envelope(&error)),
            E::HeaderMalformed | E::HeaderTampered | E::Tampered { .. } | E::Truncated | E::TrailingData => {
                (Kind::Corrupt, "corrupt")
            }
            E::TooMuchWork { .. } => (Kind::Corrupt, "too_much_work"),
            E::WrongWords => (Kind::WordsWrong, "words_wrong"),
            E::NoIdentityFits => (Kind::WordsWrong, "key_wrong"),
            E::NeedsWords | E::NeedsKeys => (Kind::Corrupt, "other_kind"),
            E::NoRecipients | E::TooManyRecipients | E::RecipientsDoNotMix => (Kind::Usage, "recipients"),
        };
        let hinted = Self::new(kind, code, messages::envelope(&error));
        let hinted = if kind == Kind::Corrupt { hinted.hint(fl!("corrupt-hint")) } else { hinted };
        hinted.because(error)
    }
}

impl From<ContentError> for Error {
    fn from(error: ContentError) -> Self {
        use ContentError as C;
        let (kind, code, hint) = match &error {
            C::Changed(_) => (Kind::Changed, "file_changed", Some(fl!("content-changed-hint"))),
            C::NothingToSend | C::Nameless(_) => (Kind::Usage, "usage", None),
            C::Format(error) => of_format(error),
            C::DiskFull(_) => (Kind::LocalFile, "disk_full", Some(fl!("disk-full-hint"))),
            C::NameTaken(_) => (Kind::LocalFile, "name_not_possible", Some(fl!("content-name-taken-hint"))),
            C::NoPermission(_) => (Kind::LocalFile, "no_permission", Some(fl!("no-permission-hint"))),
            C::TooLarge(_) => (Kind::LocalFile, "file_too_large", Some(fl!("file-too-large-hint"))),
            C::Unnameable(..) => (Kind::LocalFile, "name_not_possible", Some(fl!("name-not-possible-hint"))),
            C::NotFound(_)
            | C::Unreadable(..)
            | C::Special(_)
            | C::TooMany
            | C::InTheWay(_)
            | C::Partly(..)
            | C::Write(..) => (Kind::LocalFile, "local_file", None),
        };
        let told = Self { hint, ..Self::new(kind, code, error.to_string()) };
        told.because(error)
    }
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        ContentError::from(error).into()
    }
}

/// The exit code, the name for programs and the hint.
fn of_format(error: &FormatError) -> (Kind, &'static str, Option<String>) {
    use FormatError as F;
    match error {
        F::MessageLong | F::MessageCharacter(_) | F::SenderLength | F::SenderCharacter(_) | F::SenderSpaces => {
            (Kind::Usage, "usage", None)
        }
        F::Newer => (Kind::Corrupt, "newer_version", Some(fl!("content-newer-hint"))),
        // Authenticated, so only who sealed it can have made it so.
        F::Manifest(_) | F::Archive(..) => (Kind::Corrupt, "corrupt", Some(fl!("corrupt-sender-hint"))),
        F::Input(_) | F::ForbiddenName(..) => (Kind::LocalFile, "local_file", None),
    }
}

/// Waits asked for by whoever answered that are worth telling: shorter ones are over by then, longer ones mean nothing.
const WAITS_TOLD: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(7 * 24 * 3600);

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        let later = error.retry_after().filter(|wait| error.is_passing() && WAITS_TOLD.contains(wait));
        let told = match error {
            ClientError::Problem { problem, .. } => (*problem).into(),
            ClientError::Unreachable(source) => Self {
                source: Some(source),
                ..Self::new(Kind::Unreachable, "unreachable", fl!("client-unreachable"))
                    .hint(fl!("client-unreachable-hint"))
            },
            ClientError::ContentChanged => {
                Self::new(Kind::Corrupt, "content_changed", error.to_string()).hint(fl!("corrupt-hint"))
            }
            ClientError::NotTheContent => {
                Self::new(Kind::Corrupt, "corrupt", error.to_string()).hint(fl!("corrupt-hint"))
            }
            ClientError::Status { status: 413, .. } => {
                Self::new(Kind::Refused, "too_large", error.to_string()).hint(fl!("client-status-too-large-hint"))
            }
            ClientError::Stalled => {
                Self::new(Kind::Unreachable, "unreachable", error.to_string()).hint(fl!("client-unreachable-hint"))
            }
            ClientError::Status { .. } if error.is_passing() => {
                Self::new(Kind::Unreachable, "unreachable", error.to_string()).hint(fl!("client-unreachable-hint"))
            }
            ClientError::Untrusted(_) => {
                Self::new(Kind::Unreachable, "untrusted", error.to_string()).hint(fl!("client-untrusted-hint"))
            }
            ClientError::NoTls(_) => {
                Self::new(Kind::Unreachable, "no_tls", error.to_string()).hint(fl!("client-no-tls-hint"))
            }
            ClientError::ProxyPassword => Self::new(Kind::Unreachable, "proxy_password", error.to_string())
                .hint(fl!("client-proxy-password-hint")),
            ClientError::BadProxy(_) => {
                Self::new(Kind::Usage, "proxy", error.to_string()).hint(fl!("client-bad-proxy-hint"))
            }
            ClientError::Redirected
            | ClientError::Intercepted
            | ClientError::BadAnswer(_)
            | ClientError::Status { .. } => {
                Self::new(Kind::Unreachable, "bad_answer", error.to_string()).hint(fl!("client-bad-answer-hint"))
            }
            ClientError::ThroughProxy { proxy, error } => Self::from(*error).through(&proxy),
        };
        match later {
            Some(wait) => told.hint(fl!("client-later-hint", wait = time::lifetime_text(wait.as_secs()))),
            None => told,
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let at = time::local(problem.at.unwrap_or_default());
        let until = time::local(problem.locked_until.unwrap_or_default());
        let told = |kind, message| Self::new(kind, problem.code.as_str(), message);
        match problem.code {
            Code::WrongProof if problem.locked_until.is_some() => {
                Self::locked(fl!("share-words-wrong-locked", until = until))
            }
            Code::WrongProof => match problem.tries_left {
                Some(left) => told(Kind::WordsWrong, fl!("share-words-wrong", left = left)),
                None => told(Kind::WordsWrong, fl!("envelope-wrong-words")),
            }
            .hint(fl!("words-hint")),
            Code::Locked => Self::locked(fl!("share-locked", until = until)),
            Code::NotFound => told(Kind::Gone, fl!("share-unknown")).hint(fl!("share-unknown-hint")),
            Code::Expired => told(Kind::Gone, fl!("share-expired", at = at)).hint(fl!("share-gone-hint")),
            Code::Revoked => told(Kind::Gone, fl!("share-revoked", at = at)).hint(fl!("share-gone-hint")),
            Code::Collected => told(Kind::Gone, fl!("share-collected", at = at)).hint(fl!("share-gone-hint")),
            Code::DownloadsTaken => {
                told(Kind::Gone, fl!("share-downloads-taken")).hint(fl!("share-downloads-taken-hint"))
            }
            Code::TicketInvalid => told(Kind::Gone, fl!("share-ticket-ended")).hint(fl!("share-ticket-ended-hint")),
            Code::NotReady => Self::not_ready(problem.stored_bytes.unwrap_or_default(), problem.total_bytes),
            Code::DamagedId => Self::from(LinkError::Damaged),
            Code::TokenRequired => told(Kind::Refused, fl!("relay-needs-token")).hint(fl!("relay-needs-token-hint")),
            Code::TooLarge => {
                let limit = ui::size(problem.total_bytes.unwrap_or_default());
                told(Kind::Refused, fl!("relay-too-large", limit = limit)).hint(fl!("relay-too-large-hint"))
            }
            Code::ExpiryTooLong => {
                let limit = time::lifetime_text(problem.expiry_seconds.unwrap_or_default());
                told(Kind::Refused, fl!("relay-expiry-too-long")).hint(fl!("relay-expiry-too-long-hint", limit = limit))
            }
            Code::ContentDamaged => {
                told(Kind::Corrupt, fl!("relay-content-damaged")).hint(fl!("relay-content-damaged-hint"))
            }
            Code::StorageFull => told(Kind::Refused, fl!("relay-storage-full")).hint(fl!("relay-storage-full-hint")),
            Code::PartsMissing => told(Kind::Corrupt, fl!("relay-lost-parts")).hint(fl!("relay-lost-parts-hint")),
            Code::NotManager => told(Kind::Refused, fl!("relay-not-manager")),
            Code::TooBusy | Code::Timeout => {
                told(Kind::Unreachable, fl!("relay-busy")).hint(fl!("client-unreachable-hint"))
            }
            Code::Internal => told(Kind::Unreachable, fl!("relay-failed")).hint(fl!("relay-failed-hint")),
            Code::StorageMissing => {
                told(Kind::Unreachable, fl!("relay-storage-missing")).hint(fl!("relay-storage-hint"))
            }
            Code::StorageFailing => {
                told(Kind::Unreachable, fl!("relay-storage-failing")).hint(fl!("relay-storage-hint"))
            }
            Code::RecordDamaged => {
                told(Kind::Corrupt, fl!("relay-record-damaged")).hint(fl!("relay-record-damaged-hint"))
            }
            Code::Conflict => told(Kind::Corrupt, fl!("relay-conflict")).hint(fl!("relay-conflict-hint")),
            // To what we ask, only what is no relay of this protocol says these.
            Code::BadRequest
            | Code::NoSuchPath
            | Code::MethodNotAllowed
            | Code::WrongLength
            | Code::RangeNotSatisfiable
            | Code::Unknown => told(Kind::Unreachable, fl!("client-problem", code = problem.code.as_str()))
                .hint(fl!("client-problem-hint")),
        }
    }
}

impl From<RelayUrlError> for Error {
    fn from(error: RelayUrlError) -> Self {
        Self::new(Kind::Usage, "relay_url", messages::relay_url(&error)).hint(messages::relay_url_hint(&error))
    }
}
