//! What an error answer says: an RFC 9457 problem document with a fixed code.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Body of every error answer, sent as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:share:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// One English sentence for people who read logs.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for programs. [`Code::Unknown`] stands for a code of a newer relay.
    pub code: Code,
    /// When a share was collected, revoked or expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// Wrong proofs that may still be made, with [`Code::WrongProof`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u32>,
    /// Until when, with [`Code::Locked`], and with the [`Code::WrongProof`] that brought the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<u64>,
    /// Bytes held so far, with [`Code::NotReady`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_bytes: Option<u64>,
    /// Bytes expected in all, with [`Code::NotReady`], where known; the limit, with [`Code::TooLarge`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// The longest life in seconds, with [`Code::ExpiryTooLong`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_seconds: Option<u64>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $title:literal;)*) => {
        /// The fixed codes of [`Problem`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
            /// A code this version does not know.
            #[serde(other)]
            Unknown,
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)* Self::Unknown];

            /// The code as it travels.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown => "unknown_code",
                }
            }

            /// The HTTP status it travels with.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                    Self::Unknown => 500,
                }
            }

            /// One English sentence.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                    Self::Unknown => "The relay gave an error this version does not know.",
                }
            }
        }
    };
}

codes! {
    /// The body is not what the call takes, or its numbers make no sense.
    BadRequest = "bad_request", 400, "The request is malformed.";
    /// No such path.
    NoSuchPath = "no_such_path", 404, "There is nothing at this path.";
    /// The path has no such method; `Allow` lists those it has.
    MethodNotAllowed = "method_not_allowed", 405, "This path does not have this method.";
    /// The sender token is missing or not valid.
    TokenRequired = "token_required", 401, "Sending through this relay needs a valid sender token.";
    /// The manage key is missing or wrong.
    NotManager = "not_manager", 403, "The manage key does not fit this share.";
    /// The ticket is missing, wrong or has ended.
    TicketInvalid = "ticket_invalid", 403, "The ticket is not valid for this share, or has ended.";
    /// No share has this id.
    NotFound = "not_found", 404, "No share has this id.";
    /// The id's check character does not fit.
    DamagedId = "damaged_id", 404, "The id in this link is damaged.";
    /// The proof is wrong.
    WrongProof = "wrong_proof", 403, "The words are wrong.";
    /// Too many wrong proofs.
    Locked = "locked", 423, "The share is locked after too many wrong words.";
    /// The upload has not finished.
    NotReady = "not_ready", 409, "The upload has not finished.";
    /// The last allowed download was received.
    Collected = "collected", 410, "The share was collected.";
    /// The sender took it back.
    Revoked = "revoked", 410, "The sender took the share back.";
    /// Its time is over.
    Expired = "expired", 410, "The share has expired.";
    /// Every allowed download is taken, and not all have ended.
    DownloadsTaken = "downloads_taken", 409, "Every allowed download is taken.";
    /// Another request has set this otherwise.
    Conflict = "conflict", 409, "This was already set, and differently.";
    /// Seal came before all parts did.
    PartsMissing = "parts_missing", 409, "Parts are missing.";
    /// Larger than this relay allows.
    TooLarge = "too_large", 413, "This is larger than the relay allows.";
    /// It is to live longer than this relay allows.
    ExpiryTooLong = "expiry_too_long", 400, "This is for longer than the relay allows.";
    /// A body without `Content-Length`, or of another length than it must have.
    WrongLength = "wrong_length", 411, "The body does not have the length it must have.";
    /// The asked range lies outside the content.
    RangeNotSatisfiable = "range_not_satisfiable", 416, "The range lies outside the content.";
    /// Too slow.
    Timeout = "timeout", 408, "The body came too slowly, or not whole.";
    /// Too many requests; `Retry-After` says when.
    TooBusy = "too_busy", 503, "The relay is busy; try again later.";
    /// The disk is full.
    StorageFull = "storage_full", 507, "The relay has no space left.";
    /// The data folder is not there, or is another one than this relay began with.
    StorageMissing = "storage_missing", 503, "The relay's storage is not there; what it holds may come back.";
    /// The disk fails, or can only be read: what must be written down cannot be done.
    StorageFailing = "storage_failing", 503, "The relay's storage cannot be written to.";
    /// What the relay has written down of this share cannot be read. Trying again does not help.
    RecordDamaged = "record_damaged", 500, "The relay cannot read what it keeps of this share.";
    /// What is stored is not whole any more. Trying again does not help.
    ContentDamaged = "content_damaged", 500, "What the relay has stored is damaged.";
    /// Anything else; the cause is in the relay's log only.
    Internal = "internal", 500, "The relay failed.";
}

impl Problem {
    /// A problem with its code's status and title.
    pub fn new(code: Code) -> Self {
        Self {
            kind: format!("urn:share:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            at: None,
            tries_left: None,
            locked_until: None,
            stored_bytes: None,
            total_bytes: None,
            expiry_seconds: None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_back_and_leaves_out_what_it_lacks() {
        let problem = Problem { tries_left: Some(9), ..Problem::new(Code::WrongProof) };
        let json = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            json,
            r#"{"type":"urn:share:problem:wrong_proof","title":"The words are wrong.","status":403,"code":"wrong_proof","tries_left":9}"#
        );
        assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
    }

    #[test]
    fn a_code_from_the_future_is_read_as_unknown() {
        let json = r#"{"type":"urn:x","title":"t","status":499,"code":"moon_phase"}"#;
        assert_eq!(serde_json::from_str::<Problem>(json).unwrap().code, Code::Unknown);
    }
}
