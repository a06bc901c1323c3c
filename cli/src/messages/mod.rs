//! The only place that turns the typed errors of the libraries into what a user reads: a sentence, a hint, and the fixed
//! name that programs see.

mod client;
mod files;
mod format;

use std::{error::Error as StdError, io, path::Path};

use indicatif::BinaryBytes;
use share_client::{
    Error as ClientLibraryError,
    api::ClientError,
    batch::table::TableError,
    error::NextStep,
    files::{FilesError, shown},
    state::{Item, StateError},
};
use share_format::{
    FormatError, LinkError, RelayUrlError, WordsError,
    envelope::{EnvelopeError, KeyError},
    quote::quoted,
};
use share_relay_api::{Code, State};

pub use self::{
    client::{call, locked, not_ready, ping},
    files::{renamed, skipped},
    format::words_for_typist,
};
use crate::{
    error::{Error, Kind},
    i18n::fl,
    time,
};

/// The sentence for any error: one of ours in the user's language, another one's as it is.
pub fn sentence(error: &(dyn StdError + 'static)) -> String {
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return sentence(inner);
    }
    None.or_else(|| error.downcast_ref().map(format::envelope))
        .or_else(|| error.downcast_ref().map(format::key))
        .or_else(|| error.downcast_ref().map(format::format))
        .or_else(|| error.downcast_ref().map(format::fault))
        .or_else(|| error.downcast_ref().map(format::name))
        .or_else(|| error.downcast_ref().map(format::words))
        .or_else(|| error.downcast_ref().map(format::link))
        .or_else(|| error.downcast_ref().map(format::relay_url))
        .or_else(|| error.downcast_ref().map(files::files))
        .or_else(|| error.downcast_ref().map(call))
        .unwrap_or_else(|| error.to_string())
}

impl From<ClientLibraryError> for Error {
    fn from(error: ClientLibraryError) -> Self {
        use ClientLibraryError as E;
        let kind = error.kind();
        let told = |code, message: String| Self::new(kind, code, message);
        match error {
            E::Api(error) => client::error(error),
            E::OwnShare(error) => client::sender_error(error),
            E::CannotResume(error) => {
                let told = client::sender_error(error);
                if told.kind() == Kind::Gone { told.hint(fl!("resume-gone-hint")) } else { told }
            }
            E::Files(error) => files::error(error),
            E::Envelope(error) => error.into(),
            E::Key(error) => told("key_file", format::key(&error)).because(error),
            E::Link(error) => error.into(),
            E::RelayUrl(error) => error.into(),
            E::Words(error) => error.into(),
            E::State(error) => error.into(),
            E::Host(error) => match error.downcast() {
                Ok(own) => *own,
                Err(other) => Self::unexpected(other.to_string()),
            },
            E::Interrupted => Self::interrupted(fl!("ui-stopped")),
            E::NobodyAnswers => Self::usage(fl!("ui-no-terminal")),
            E::NoThreads(cause) => Self::system("no_threads", fl!("no-threads")).because(cause),
            E::NoRandomness(cause) => Self::system("no_randomness", fl!("no-randomness")).because(cause),
            E::StandardInput(cause) => Self::local(fl!("transfer-stdin"), cause),
            E::Tags(cause) => Self::local(fl!("transfer-tags"), cause),
            E::OutputExists(path) => {
                told("output_exists", fl!("output-exists", path = quoted(&path.to_string_lossy())))
                    .hint(fl!("output-exists-hint"))
            }
            E::TokenUnknown => {
                told(Code::TokenRequired.as_str(), fl!("relay-token-unknown")).hint(fl!("relay-needs-token-hint"))
            }
            E::NamesRefused { count, wished } => {
                let hint = if wished { fl!("send-names-exact-hint") } else { fl!("send-names-hint") };
                told("name_not_possible", fl!("send-names-refused", count = count)).hint(hint)
            }
            E::FilesRefused { count, only, can_be_left_out, are_paths } => {
                let error = match only {
                    Some(error) => files::error(error),
                    None => told("local_file", fl!("send-refused", count = count)),
                };
                match (can_be_left_out, are_paths) {
                    (true, _) => error.hint(fl!("send-refused-hint")),
                    (_, true) => error.hint(fl!("send-refused-path-hint")),
                    _ => error,
                }
            }
            E::LifetimeOver { text, now } => {
                Self::usage(fl!("time-over", text = text, now = time::local(now))).hint(fl!("time-not-a-lifetime-hint"))
            }
            E::SealedDifferently => told("file_changed", fl!("transfer-sealed-differently")),
            E::ChangedSince { path } => {
                told("file_changed", changed_since(path.as_deref())).hint(fl!("resume-changed-hint"))
            }
            E::NothingUnfinished => told("nothing_unfinished", fl!("resume-none")).hint(fl!("resume-none-hint")),
            E::SeveralUnfinished { links } => {
                Self::usage(fl!("resume-several")).hint(fl!("resume-several-hint", links = links.join("\n  ")))
            }
            E::ResumeNeedsInput => Self::usage(fl!("resume-stdin")).hint(fl!("resume-stdin-hint")),
            E::ServedShareEnded(State::Revoked) => told("revoked", fl!("here-revoked")),
            E::ServedShareEnded(_) => told("expired", fl!("here-expired")),
            E::ServingStopped => Self::interrupted(fl!("here-stopped")),
            E::Table(error) => table(kind, error),
            E::NotTakenBack(link) => told("not_taken_back", fl!("batch-not-taken-back", link = link.to_string()))
                .hint(fl!("batch-not-taken-back-hint")),
            E::TooManyAttempts => {
                told("too_many_attempts", fl!("batch-too-many-attempts")).hint(fl!("batch-too-many-attempts-hint"))
            }
            E::SeveralFiles => Self::usage(fl!("get-stdout-needs-one-file")),
            E::Declined => Self::interrupted(fl!("get-declined")),
            E::FolderNotEmpty(folder) => {
                told("folder_not_empty", fl!("get-not-empty", folder = shown(&folder))).hint(fl!("get-not-empty-hint"))
            }
            E::NoRoom { folder, needed, free } => {
                let path = shown(&folder);
                told("disk_full", fl!("get-no-room", path = path, needed = size(needed), free = size(free)))
                    .hint(fl!("disk-full-hint"))
            }
            E::TooDeep(folder) => told("name_not_possible", fl!("get-too-deep", path = shown(&folder)))
                .hint(fl!("name-not-possible-hint")),
            E::WorkingFolderSwapped { folder, source } => {
                let swapped = told("staging_swapped", fl!("get-staging-swapped", path = shown(&folder)))
                    .hint(fl!("get-staging-swapped-hint"));
                match source {
                    Some(cause) => swapped.because(cause),
                    None => swapped,
                }
            }
            E::StandardOutput(cause) => Self::printing(cause),
            E::PartlyWritten(error) => {
                let error = Self::from(*error);
                if error.kind() == Kind::Corrupt { error.hint(fl!("get-stdout-corrupt-hint")) } else { error }
            }
            E::DownloadKept { arrived, of, folder } => {
                let there = percent(arrived, of).to_string();
                Self::interrupted(fl!("get-interrupted-kept", percent = there))
                    .hint(fl!("get-interrupted-kept-hint", folder = shown(&folder)))
            }
            E::ClocksDisagree { error, folder } => {
                Self::from(*error).hint(fl!("get-kept-clocks-hint", folder = shown(&folder)))
            }
            E::Unfinished { error } => {
                let told = Self::from(error.error);
                match error.next {
                    NextStep::Resume => told.and_hint(fl!("send-kept-hint")),
                    NextStep::MakeRoomAndResume => told.hint(fl!("send-kept-home-hint")),
                    NextStep::RestoreFileAndResume => told.hint(fl!("send-kept-changed-hint")),
                    NextStep::RestoreFilesAndResume => told.hint(fl!("send-kept-not-whole-hint")),
                    NextStep::PipeAgain => told.and_hint(fl!("send-kept-stdin-hint")),
                    NextStep::CompareClocks { link } => told.hint(fl!("resume-clocks-hint", link = link.to_string())),
                }
            }
        }
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        client::error(error)
    }
}

impl From<FilesError> for Error {
    fn from(error: FilesError) -> Self {
        files::error(error)
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        let damaged = |code, message| Self::new(Kind::LocalFile, code, message);
        match error {
            StateError::NoHome => damaged("no_home", fl!("config-no-home")).hint(fl!("config-no-home-hint")),
            StateError::Unreadable { item, path, source } => {
                let path = shown(&path);
                let message = match item {
                    Item::Settings | Item::Secrets => fl!("config-unreadable", path = path),
                    Item::Ledger => fl!("ledger-unreadable", path = path),
                    Item::Uploads => fl!("transfer-journal"),
                    Item::BatchSecret => fl!("batch-secret-unreadable", path = path),
                    Item::Tickets => fl!("get-ticket-unwritable", path = path),
                };
                Self::at_home(message, source)
            }
            StateError::Unwritable { item, path, source } => {
                let path = shown(&path);
                let message = match item {
                    Item::Settings | Item::Secrets => fl!("config-unwritable", path = path),
                    Item::Ledger => fl!("ledger-unwritable", path = path),
                    Item::Uploads => fl!("transfer-journal-unwritable", path = path),
                    Item::BatchSecret => fl!("batch-secret-unwritable", path = path),
                    Item::Tickets => fl!("get-ticket-unwritable", path = path),
                };
                Self::at_home(message, source)
            }
            StateError::Damaged { item: Item::Settings | Item::Secrets, path } => {
                damaged("config_damaged", fl!("config-damaged", path = shown(&path)))
            }
            StateError::Damaged { item: Item::BatchSecret, path } => {
                damaged("batch_secret_damaged", fl!("batch-secret-damaged", path = shown(&path)))
                    .hint(fl!("batch-secret-damaged-hint"))
            }
            StateError::Damaged { .. } => damaged("ledger_damaged", fl!("ledger-damaged")),
            StateError::Journal(source) => Self::local(fl!("transfer-journal"), source),
            StateError::NotSentFromHere => {
                damaged("not_sent_from_here", fl!("ledger-not-here")).hint(fl!("ledger-not-here-hint"))
            }
            StateError::UploadRunning { link } => damaged("upload_running", fl!("resume-running", link = link)),
        }
    }
}

impl From<EnvelopeError> for Error {
    fn from(error: EnvelopeError) -> Self {
        use EnvelopeError as E;
        let message = format::envelope(&error);
        let code = match &error {
            E::System(_) => return Self::system("system", message).because(error),
            E::Library(_) => return Self::unexpected(message),
            E::HeaderMalformed | E::HeaderTampered | E::Tampered { .. } | E::Truncated | E::TrailingData => "corrupt",
            E::TooMuchWork { .. } => "too_much_work",
            E::WrongWords => "words_wrong",
            E::NoIdentityFits => "key_wrong",
            E::NeedsWords | E::NeedsKeys => "other_kind",
            E::NoRecipients | E::TooManyRecipients | E::RecipientsDoNotMix => "recipients",
        };
        let error = ClientLibraryError::Envelope(error);
        let told = Self::new(error.kind(), code, message);
        let told = if error.kind() == Kind::Corrupt { told.hint(fl!("corrupt-hint")) } else { told };
        told.because(error)
    }
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        files::error(error.into())
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Self {
        let (kind, code) = match error {
            LinkError::Damaged => (Kind::LinkDamaged, "link_damaged"),
            LinkError::NotALink | LinkError::Hidden { .. } | LinkError::Insecure { .. } => (Kind::Usage, "not_a_link"),
        };
        Self::new(kind, code, format::link(&error)).hint(format::link_hint(&error))
    }
}

impl From<WordsError> for Error {
    fn from(error: WordsError) -> Self {
        Self::new(Kind::WordsWrong, "words_malformed", format::words(&error)).hint(fl!("words-hint"))
    }
}

impl From<RelayUrlError> for Error {
    fn from(error: RelayUrlError) -> Self {
        Self::new(Kind::Usage, "relay_url", format::relay_url(&error)).hint(format::relay_url_hint(&error))
    }
}

/// A table of a batch that is of no use.
fn table(kind: Kind, error: TableError) -> Error {
    use TableError as T;
    let told = |code, message: String| Error::new(kind, code, message);
    match error {
        T::Unreadable { path, source } if source.kind() == io::ErrorKind::InvalidData => {
            told("table", fl!("batch-table-no-text", path = shown(&path))).hint(fl!("batch-table-no-text-hint"))
        }
        T::Unreadable { path, source } => Error::local(fl!("batch-table-unreadable", path = shown(&path)), source),
        T::Unwritable { path, source } => Error::local(fl!("batch-table-unwritable", path = shown(&path)), source),
        T::Column { path, column, known } => {
            told("table", fl!("batch-table-column", path = shown(&path), column = quoted(&column)))
                .hint(fl!("batch-table-column-hint", columns = known.join(", ")))
        }
        T::Quote { path, line } => told("table", fl!("batch-table-quote", path = shown(&path), line = line))
            .hint(fl!("batch-table-quote-hint")),
        T::NoColumn { path, column } => {
            told("table", fl!("batch-table-no-column", path = shown(&path), column = column))
        }
        T::Damaged { path, line } => told("table", fl!("batch-table-damaged", path = shown(&path), line = line))
            .hint(fl!("batch-table-damaged-hint")),
        T::InUse(path) => {
            told("already_running", fl!("batch-in-use", path = shown(&path))).hint(fl!("batch-in-use-hint"))
        }
    }
}

/// Why an upload that was begun before cannot go on.
pub fn changed_since(path: Option<&Path>) -> String {
    match path {
        Some(path) => fl!("resume-changed", path = quoted(&shown(path))),
        None => fl!("resume-changed-somewhere"),
    }
}

/// A key file that is of no use, with a sentence that names it.
pub fn key_file(message: String, error: KeyError) -> Error {
    Error::new(Kind::LocalFile, "key_file", message).because(error)
}

/// An error and its causes, in a line, in the user's language.
pub fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = sentence(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let sentence = sentence(error);
        if !text.ends_with(&sentence) {
            text = format!("{}: {sentence}", text.trim_end_matches('.'));
        }
        cause = error.source();
    }
    text
}

/// The same, and what to do next.
pub fn with_causes_and_hint(error: &Error) -> String {
    let text = with_causes(error);
    match error.next_step() {
        Some(hint) => format!("{}. {hint}", text.trim_end_matches('.')),
        None => text,
    }
}

/// A size for people: `1.50 MiB`.
pub fn size(bytes: u64) -> String {
    BinaryBytes(bytes).to_string()
}

/// How much of the whole that is, from 0 to 100; all of nothing.
pub fn percent(part: u64, whole: u64) -> u64 {
    match whole {
        0 => 100,
        _ => (u128::from(part.min(whole)) * 100 / u128::from(whole)) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::{format::*, *};

    #[test]
    fn only_who_typed_the_words_is_shown_one() {
        let error = share_format::words::Passphrase::read("secretly apple apple apple apple apple").unwrap_err();
        assert!(words_for_typist(&error).contains("secretly"));
        assert!(!words(&error).contains("secretly") && !sentence(&error).contains("secretly"));
    }

    #[test]
    fn an_error_has_its_sentence_inside_that_of_a_reader_too() {
        let inside = io::Error::other(EnvelopeError::Truncated);
        assert_eq!(sentence(&inside), envelope(&EnvelopeError::Truncated));
        assert_eq!(sentence(&io::Error::other("anything")), "anything");
        assert_eq!(sentence(&io::Error::from_raw_os_error(5)), io::Error::from_raw_os_error(5).to_string());
    }

    #[test]
    fn errors_are_sentences_and_name_their_cause() {
        crate::i18n::choose(Some(crate::i18n::Language::En));
        let fault = share_format::Fault::Name(share_format::NameError::Device);
        let error = Error::from(FormatError::Archive("a".to_owned(), fault));
        let told = with_causes(&error);
        assert!(told.contains("“a”: it holds a forbidden name") && told.contains("Windows"), "{told}");
    }
}
