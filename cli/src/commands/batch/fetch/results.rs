//! The results of `share batch fetch`: a line for each row, which is what a later run goes by.

use std::path::Path;

use serde::{Deserialize, Serialize};
use share_client::{batch::log::Line, get::Received};
use share_format::names::printable;

use super::super::results::{is_retryable, loosely};
use crate::{error::Error, messages::with_causes, time};

/// What became of a row, as it stands in the results. The last line of a key counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResultLine {
    /// The row's key.
    pub key: String,
    /// `received` or `failed`.
    pub status: String,
    pub link: String,
    /// Where the files are, from the root.
    pub directory: String,
    pub files: Option<u64>,
    /// Bytes of all files together.
    pub bytes: Option<u64>,
    /// SHA-256 of the content that was decrypted and verified, as `share get --json` gives it.
    pub sha256: String,
    /// SHA-256 over the tags of the ciphertext, as the receipt has it.
    pub fingerprint: String,
    /// What the sender calls themselves, as it can be shown.
    pub sender: String,
    /// When it was verified, RFC 3339.
    pub received: String,
    /// Why it failed: the fixed name, whether running it again as it is may help, and the sentence.
    pub code: String,
    #[serde(deserialize_with = "loosely")]
    pub retryable: Option<bool>,
    pub message: String,
}

impl Line for ResultLine {
    const MARK: &'static str = "status";

    fn key(&self) -> &str {
        &self.key
    }
}

/// The row as programs are told of it.
#[derive(Serialize)]
pub struct RowEvent {
    event: &'static str,
    key: String,
    status: String,
    before: bool,
    link: String,
    directory: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    sha256: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    fingerprint: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sender: String,
    received: String,
}

impl ResultLine {
    /// A row whose files are in this folder now.
    pub fn received(key: &str, link: &str, directory: &Path, received: &Received) -> Self {
        Self {
            key: key.to_owned(),
            status: "received".to_owned(),
            link: link.to_owned(),
            directory: directory.to_string_lossy().into_owned(),
            files: received.files,
            bytes: Some(received.bytes),
            sha256: received.sha256.map(|sha256| sha256.to_string()).unwrap_or_default(),
            fingerprint: received.fingerprint.map(|fingerprint| fingerprint.to_string()).unwrap_or_default(),
            sender: received.sender.as_deref().map(printable).unwrap_or_default(),
            received: time::rfc3339(received.verified_at),
            ..Self::default()
        }
    }

    /// A row that failed.
    pub fn failed(key: &str, link: &str, error: &Error) -> Self {
        Self {
            key: key.to_owned(),
            status: "failed".to_owned(),
            link: link.to_owned(),
            code: error.code().to_owned(),
            retryable: Some(is_retryable(error)),
            message: with_causes(error),
            ..Self::default()
        }
    }

    /// Whether its files are there.
    pub fn is_received(&self) -> bool {
        self.status == "received"
    }

    /// A row that was received, now or `before`, as programs are told of it.
    pub fn event(self, before: bool) -> RowEvent {
        RowEvent {
            event: "row",
            key: self.key,
            status: self.status,
            before,
            link: self.link,
            directory: self.directory,
            files: self.files,
            bytes: self.bytes,
            sha256: self.sha256,
            fingerprint: self.fingerprint,
            sender: self.sender,
            received: self.received,
        }
    }
}
