//! The results of a batch: a line for each row, which is what a later run goes by.

use serde::{Deserialize, Deserializer, Serialize};
use share_client::{
    batch::{Sent, SourceState, log::Line},
    error::Error as ClientLibraryError,
};
use share_relay_api::State;

use super::rows::Job;
use crate::{
    error::{Error, Kind},
    messages::with_causes,
    time,
};

/// How far the clocks of relay and file system may be apart.
const CLOCKS_DIFFER_SECONDS: u64 = 10 * 60;

/// What became of a row, as it stands in the results. The last line of a key counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResultLine {
    /// The row's key.
    pub key: String,
    /// `ready`, `collected`, `expired` or `revoked` for a row that was sent, else `failed`.
    pub status: String,
    /// The paths, as they stand in the table.
    pub paths: String,
    pub name: String,
    pub to: String,
    pub case: String,
    pub link: String,
    /// When the share was created and when it expires, RFC 3339.
    pub created: String,
    pub expires: String,
    pub files: Option<u64>,
    /// Bytes of all files together.
    pub bytes: Option<u64>,
    /// Which attempt at the row this is, from 1.
    pub attempt: Option<u32>,
    /// Why it failed: the fixed name, whether running it again as it is may help, and the sentence.
    pub code: String,
    #[serde(deserialize_with = "loosely")]
    pub retryable: Option<bool>,
    pub message: String,
    /// Tells the run from others.
    pub run: String,
    /// Names what was sent, so that a change is noticed.
    pub source: String,
}

impl Line for ResultLine {
    const MARK: &'static str = "status";

    fn key(&self) -> &str {
        &self.key
    }

    fn is_whole(&self) -> bool {
        self.source.is_empty() || self.source.len() == 64
    }
}

/// What spreadsheets make of true and false in any language; only `true` is taken for it, and nothing depends on that.
pub fn loosely<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Cell {
        Bool(bool),
        Text(String),
    }
    Ok(Option::<Cell>::deserialize(deserializer)?.map(|cell| match cell {
        Cell::Bool(value) => value,
        Cell::Text(text) => text.eq_ignore_ascii_case("true"),
    }))
}

impl ResultLine {
    /// A row that was sent, now or before.
    pub fn sent(job: &Job, sent: &Sent, source: Option<&SourceState>) -> Self {
        let entry = sent.entry.as_ref();
        Self {
            status: state_name(sent.state).to_owned(),
            link: sent.link.to_string(),
            created: sent.created_at.map(time::rfc3339).unwrap_or_default(),
            expires: entry.map(|entry| time::rfc3339(entry.expires_at)).unwrap_or_default(),
            files: entry.map(|entry| entry.files),
            bytes: entry.and_then(|entry| entry.bytes),
            attempt: Some(sent.attempt),
            // What it looks like now may not be what was sent then.
            source: source.filter(|_| !sent.before).map(|source| source.digest.to_string()).unwrap_or_default(),
            ..Self::of(job)
        }
    }

    /// A row that failed.
    pub fn failed(job: &Job, error: &Error) -> Self {
        Self {
            status: "failed".to_owned(),
            code: error.code().to_owned(),
            retryable: Some(is_retryable(error)),
            message: with_causes(error),
            ..Self::of(job)
        }
    }

    fn of(job: &Job) -> Self {
        Self {
            key: job.key.clone(),
            paths: job.paths.join("|"),
            name: job.name.clone(),
            to: job.to.clone(),
            case: job.case.clone(),
            ..Self::default()
        }
    }

    /// The line of a row that was sent, and whose words could not be delivered for this reason; or could after all.
    pub fn with_words_error(&self, error: Option<&Error>) -> Self {
        Self {
            code: error.map(|error| error.code().to_owned()).unwrap_or_default(),
            retryable: error.map(is_retryable),
            message: error.map(|error| with_causes(error)).unwrap_or_default(),
            ..self.clone()
        }
    }

    /// Whether what a row looks like now is not what was sent. Where only the relay knew that it was sent, length and time
    /// tell: files that were changed after it.
    pub fn is_of_other(&self, source: &SourceState) -> bool {
        if !self.source.is_empty() {
            return self.source != source.digest.to_string();
        }
        let created = time::seconds(&self.created);
        let is_newer = created.is_some_and(|created| source.modified > created + CLOCKS_DIFFER_SECONDS);
        is_newer || self.bytes.is_some_and(|bytes| bytes != source.bytes)
    }

    /// Whether its share can still be fetched, as far as is known.
    pub fn is_open(&self) -> bool {
        self.status == "ready"
    }

    /// The row as programs are told of it.
    pub fn event(&self, before: bool) -> impl Serialize + use<> {
        #[derive(Serialize)]
        struct RowEvent {
            event: &'static str,
            key: String,
            status: String,
            before: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            link: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            expires: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            bytes: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            retryable: Option<bool>,
            #[serde(skip_serializing_if = "Option::is_none")]
            message: Option<String>,
        }
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        RowEvent {
            event: "row",
            key: self.key.clone(),
            status: self.status.clone(),
            before,
            link: text(&self.link),
            expires: text(&self.expires),
            bytes: self.bytes,
            code: text(&self.code),
            retryable: self.retryable,
            message: text(&self.message),
        }
    }

    /// Whether a share was sent for the row.
    pub fn is_sent(&self) -> bool {
        matches!(&*self.status, "ready" | "collected" | "expired" | "revoked")
    }
}

/// The name of a share's state for programs.
fn state_name(state: State) -> &'static str {
    match state {
        State::Uploading | State::Ready => "ready",
        State::Collected => "collected",
        State::Expired => "expired",
        State::Revoked => "revoked",
    }
}

/// Whether running the row again as it is may help.
pub fn is_retryable(error: &Error) -> bool {
    match error.kind() {
        Kind::Unreachable | Kind::NotReady | Kind::Interrupted | Kind::AlreadyRunning => true,
        Kind::Changed => error.code() != CHANGED_SINCE_SENT,
        Kind::Refused => matches!(error.code(), "storage_full" | "storage_failing" | "storage_missing" | "too_busy"),
        _ => error.code() == WORDS_NOT_HANDED_OVER,
    }
}

/// The files of a row that was sent have changed.
pub const CHANGED_SINCE_SENT: &str = "changed_since_sent";
/// The words of a row that was sent are not where words are kept.
pub const WORDS_LOST: &str = "words_lost";
/// A run ended while a program was taking words.
pub const WORDS_UNKNOWN: &str = "words_unknown";
/// The program that takes words has failed.
pub const WORDS_NOT_HANDED_OVER: &str = "words_not_handed_over";

/// Whether the relay refuses every row alike.
pub fn concerns_all_rows(error: &ClientLibraryError) -> bool {
    use share_relay_api::Code;
    matches!(error, ClientLibraryError::TokenUnknown) || error.code() == Some(Code::TokenRequired)
}
