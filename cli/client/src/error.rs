//! What can go wrong between two ends of a transfer. Typed: the program around this library says it in a language.

use std::{
    error::Error as StdError,
    io,
    path::{Path, PathBuf},
};

use share_format::{
    FormatError, Link, LinkError, RelayUrlError, WordsError,
    envelope::{EnvelopeError, KeyError},
};
use share_relay_api::{Code, State};

use crate::{api::ClientError, batch::table::TableError, error_kind::ErrorKind, files::FilesError, state::StateError};

/// What the functions of this library give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call to the relay failed.
    #[error(transparent)]
    Api(#[from] ClientError),
    /// Files could not be read, or content could not be written.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Something could not be sealed or opened.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A key or a file with keys is of no use.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A text is no link.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A text is no relay's address.
    #[error(transparent)]
    RelayUrl(#[from] RelayUrlError),
    /// A text is no passphrase.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// What this computer remembers cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// Whoever uses this library wants it to stop, or the program ends.
    #[error("interrupted")]
    Interrupted,
    /// Something has to be answered, and the program around this library has nobody to answer it.
    #[error("nobody is there to answer")]
    NobodyAnswers,
    /// The program around this library failed at what it was told or asked.
    #[error(transparent)]
    Host(Box<dyn StdError + Send + Sync>),
    /// The system gives no thread.
    #[error("the system gives no thread")]
    NoThreads(#[source] io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness(#[source] io::Error),
    /// Standard input cannot be read.
    #[error("standard input cannot be read")]
    StandardInput(#[source] io::Error),
    /// What is sealed now is not what was sealed before in its place, so it must not be sent.
    #[error("the content is not what was sent of it before")]
    SealedDifferently,
    /// What has arrived cannot be noted.
    #[error("what has arrived cannot be noted")]
    Tags(#[source] io::Error),
    /// Something has the name already that is to be written.
    #[error("{} is there already", .0.display())]
    OutputExists(PathBuf),

    // Of sending.
    /// A call about a share that was sent from here failed: who sent it is told of its end, and whom to ask.
    #[error(transparent)]
    OwnShare(ClientError),
    /// The relay does not know the sender token that it was given.
    #[error("the relay does not know the sender token")]
    TokenUnknown,
    /// A call about an unfinished upload failed before anything was sent.
    #[error(transparent)]
    CannotResume(ClientError),
    /// Names that not every computer can use may not be changed.
    #[error("{count} names are not possible everywhere")]
    NamesRefused {
        /// How many.
        count: usize,
        /// Whether the user said so; else nobody could be asked.
        wished: bool,
    },
    /// Files or folders cannot be sent.
    #[error("{count} files or folders cannot be sent")]
    FilesRefused {
        /// How many.
        count: usize,
        /// Why, if it is one.
        only: Option<FilesError>,
        /// Whether the rest could be sent without them.
        can_be_left_out: bool,
        /// Whether all of them are paths that cannot travel.
        are_paths: bool,
    },
    /// The lifetime ends before it begins, by the relay's clock.
    #[error("{text} is over")]
    LifetimeOver {
        /// As the user wrote it.
        text: String,
        /// The relay's clock, in seconds since 1970.
        now: u64,
    },
    /// Files or folders changed since the upload began that is to go on; the first of them, if it is known.
    #[error("files changed since the upload began")]
    ChangedSince {
        /// Its path.
        path: Option<PathBuf>,
    },
    /// An unfinished share of a row could not be taken back, so the row is not sent again.
    #[error("{0} could not be taken back")]
    NotTakenBack(Link),
    /// A row of a batch was begun again and again, and never finished.
    #[error("too many attempts")]
    TooManyAttempts,
    /// There is no unfinished upload.
    #[error("there is no unfinished upload")]
    NothingUnfinished,
    /// There are several unfinished uploads, of these links.
    #[error("there are several unfinished uploads")]
    SeveralUnfinished {
        /// The links.
        links: Vec<String>,
    },
    /// An upload came from standard input, which has to be given again.
    #[error("the upload came from standard input")]
    ResumeNeedsInput,
    /// A share that was served from this computer ended before it had been fetched.
    #[error("the share has ended")]
    ServedShareEnded(State),
    /// The program stopped serving a share from this computer.
    #[error("serving was stopped")]
    ServingStopped,
    /// An upload failed; what there is to do next.
    #[error(transparent)]
    Unfinished {
        /// Why.
        #[from]
        error: Box<Unfinished>,
    },

    // Of fetching.
    /// Standard output takes a single file, and the share holds several.
    #[error("the share holds several files")]
    SeveralFiles,
    /// The user does not want what is inside.
    #[error("declined")]
    Declined,
    /// The folder holds something that no earlier download of the link has left.
    #[error("{} is not empty", .0.display())]
    FolderNotEmpty(PathBuf),
    /// The folder has too little room.
    #[error("no room in {}", folder.display())]
    NoRoom {
        /// The folder.
        folder: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// With the names in the share, paths in this folder are longer than the system follows.
    #[error("{} lies too deep", .0.display())]
    TooDeep(PathBuf),
    /// Somebody has put another folder in the place of the working folder in this one.
    #[error("the working folder in {} was swapped", folder.display())]
    WorkingFolderSwapped {
        /// The folder that holds it.
        folder: PathBuf,
        /// Why it cannot be looked at, if that is so.
        source: Option<io::Error>,
    },
    /// A table of a batch cannot be read or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Standard output cannot be written.
    #[error("standard output cannot be written")]
    StandardOutput(#[source] io::Error),
    /// The download failed after some of the content may have been written to standard output.
    #[error(transparent)]
    PartlyWritten(Box<Error>),
    /// The download was stopped; what has arrived is kept.
    #[error("stopped; what has arrived is kept")]
    DownloadKept {
        /// Bytes of content that have arrived.
        arrived: u64,
        /// Of so many.
        of: u64,
        /// The working folder.
        folder: PathBuf,
    },
    /// The relay says that the share has expired, and this computer's clock does not: what has arrived is kept.
    #[error("{error}")]
    ClocksDisagree {
        /// What the relay said.
        #[source]
        error: Box<Error>,
        /// The working folder.
        folder: PathBuf,
    },
}

/// An upload that failed and is kept.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unfinished {
    /// Why it failed.
    #[source]
    pub error: Error,
    /// What to do next.
    pub next: NextStep,
}

/// What to do about an upload that is kept.
#[derive(Debug, Clone)]
pub enum NextStep {
    /// Go on.
    Resume,
    /// Make room on this computer, or the like, and go on.
    MakeRoomAndResume,
    /// Put the one file back as it was, and go on; or send it as it is now.
    RestoreFileAndResume,
    /// Put the files back as they were, and go on; or send the rest.
    RestoreFilesAndResume,
    /// Pipe the same bytes into the same command.
    PipeAgain,
    /// Find out whose clock is right: the relay says that the share of this link has expired, and this computer's does not.
    CompareClocks {
        /// The link.
        link: Link,
    },
}

impl Error {
    /// A file or folder that cannot be written.
    pub fn writing(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::OutputExists(path.to_owned()),
            _ => FilesError::write(path)(error).into(),
        }
    }

    /// What a call with a sender token, or without one, failed with: the relay's answer to both is one and the same.
    pub fn of_sender(error: ClientError, token_given: bool) -> Self {
        match error.code() {
            Some(Code::TokenRequired) if token_given => Self::TokenUnknown,
            _ => error.into(),
        }
    }

    /// The same with what there is to do next.
    pub(crate) fn then(self, next: NextStep) -> Self {
        Self::Unfinished { error: Box::new(Unfinished { error: self, next }) }
    }

    /// The same as whoever sent the share is told it: a share that its relay does not know may come back.
    pub(crate) fn into_sender_error(self) -> Self {
        match self {
            Self::Api(error) if error.code() == Some(Code::NotFound) => Self::OwnShare(error),
            other => other,
        }
    }

    /// The failed call, if it was one.
    pub fn call(&self) -> Option<&ClientError> {
        match self {
            Self::Api(error) | Self::OwnShare(error) | Self::CannotResume(error) => Some(error),
            Self::Unfinished { error } => error.error.call(),
            Self::PartlyWritten(error) | Self::ClocksDisagree { error, .. } => error.call(),
            _ => None,
        }
    }

    /// What the relay said, if it was the relay.
    pub fn code(&self) -> Option<Code> {
        self.call().and_then(ClientError::code)
    }

    /// Whether the share has ended in a way that no clock decides, so that nothing of it will ever come.
    pub(crate) fn is_taken_away(&self) -> bool {
        matches!(self.code(), Some(Code::Revoked | Code::Collected))
    }

    /// Whether it is of what this program itself keeps on this computer.
    pub(crate) fn is_of_own_files(&self) -> bool {
        matches!(self, Self::State(_) | Self::Tags(_))
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        use ErrorKind as K;
        match self {
            Self::Api(error) | Self::OwnShare(error) | Self::CannotResume(error) => error.kind(),
            Self::Files(error) => error.kind(),
            Self::Envelope(error) => of_envelope(error),
            Self::Link(LinkError::Damaged) => K::LinkDamaged,
            Self::Link(_) | Self::RelayUrl(_) => K::Usage,
            Self::Words(_) => K::WordsWrong,
            Self::Unfinished { error } => error.error.kind(),
            Self::Table(TableError::InUse(_)) => K::AlreadyRunning,
            Self::Table(TableError::Column { .. } | TableError::NoColumn { .. } | TableError::Quote { .. }) => K::Usage,
            Self::NotTakenBack(_) => K::Unreachable,
            Self::Interrupted | Self::ServingStopped => K::Interrupted,
            Self::ServedShareEnded(_) => K::Gone,
            Self::TokenUnknown => K::Refused,
            Self::SealedDifferently | Self::ChangedSince { .. } => K::Changed,
            Self::NobodyAnswers | Self::LifetimeOver { .. } | Self::SeveralUnfinished { .. } => K::Usage,
            Self::ResumeNeedsInput | Self::SeveralFiles => K::Usage,
            Self::Declined | Self::DownloadKept { .. } => K::Interrupted,
            Self::PartlyWritten(error) | Self::ClocksDisagree { error, .. } => error.kind(),
            Self::StandardOutput(error) if error.kind() == io::ErrorKind::BrokenPipe => K::ReaderGone,
            Self::FilesRefused { only: Some(error), .. } => error.kind(),
            Self::Key(_)
            | Self::State(_)
            | Self::Host(_)
            | Self::NoThreads(_)
            | Self::NoRandomness(_)
            | Self::StandardInput(_)
            | Self::Tags(_)
            | Self::OutputExists(_)
            | Self::NamesRefused { .. }
            | Self::FilesRefused { only: None, .. }
            | Self::TooManyAttempts
            | Self::Table(_)
            | Self::NothingUnfinished
            | Self::FolderNotEmpty(_)
            | Self::NoRoom { .. }
            | Self::TooDeep(_)
            | Self::WorkingFolderSwapped { .. }
            | Self::StandardOutput(_) => K::LocalFile,
        }
    }
}

fn of_envelope(error: &EnvelopeError) -> ErrorKind {
    use EnvelopeError as E;
    match error {
        E::System(_) => ErrorKind::LocalFile,
        E::Library(_) => ErrorKind::Unexpected,
        E::WrongWords | E::NoIdentityFits => ErrorKind::WordsWrong,
        E::NoRecipients | E::TooManyRecipients | E::RecipientsDoNotMix => ErrorKind::Usage,
        E::HeaderMalformed
        | E::HeaderTampered
        | E::Tampered { .. }
        | E::Truncated
        | E::TrailingData
        | E::TooMuchWork { .. }
        | E::NeedsWords
        | E::NeedsKeys => ErrorKind::Corrupt,
    }
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        Self::Files(error.into())
    }
}

impl From<getrandom::Error> for Error {
    fn from(error: getrandom::Error) -> Self {
        Self::NoRandomness(io::Error::other(error.to_string()))
    }
}
