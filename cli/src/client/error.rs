//! Why a call failed, in words, and whether it may work a little later.

use std::{error::Error as StdError, fmt, io, time::Duration};

use share_relay_api::{Code, Problem};

use crate::{i18n::fl, quote::quoted, ui::percent};

/// Why a call failed.
#[derive(Debug)]
pub enum ClientError {
    /// No connection, or it broke.
    Unreachable(Box<dyn StdError + Send + Sync>),
    /// Nothing moved for too long.
    Stalled,
    /// The other side's certificate is not accepted, for this reason.
    Untrusted(String),
    /// The relay answered with an error of its own.
    Problem {
        /// What it said.
        problem: Box<Problem>,
        /// Seconds it asks to wait (`Retry-After`).
        retry_after: Option<u64>,
    },
    /// An error answer that is not the relay's: of a proxy, say.
    Status {
        /// Its number.
        status: u16,
        /// Seconds it asks to wait (`Retry-After`).
        retry_after: Option<u64>,
    },
    /// An answer that sends elsewhere.
    Redirected,
    /// An answer that breaks the protocol.
    BadAnswer(&'static str),
    /// The content is not the one this download began with.
    ContentChanged,
    /// The content is not the one that the manifest describes.
    NotTheContent,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Unreachable(_) => fl!("client-unreachable"),
            Self::Stalled => fl!("client-stalled"),
            Self::Untrusted(why) => fl!("client-untrusted", why = why.as_str()),
            Self::Problem { problem, .. } if problem.code == Code::NotReady => waiting_for_sender(problem),
            Self::Problem { problem, .. } => fl!("client-problem", code = problem.code.as_str()),
            Self::Status { status: 413, .. } => fl!("client-status-too-large"),
            Self::Status { status, .. } => fl!("client-status", status = status.to_string()),
            Self::Redirected => fl!("client-redirected"),
            &Self::BadAnswer(what) => fl!("client-bad-answer", what = what),
            Self::ContentChanged => fl!("client-content-changed"),
            Self::NotTheContent => fl!("transfer-not-the-content"),
        })
    }
}

impl StdError for ClientError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Unreachable(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::Stalled;
        }
        match root_cause(&error) {
            Cause::Certificate(why) => Self::Untrusted(why),
            Cause::Other(why) => Self::Unreachable(why.into()),
        }
    }
}

fn waiting_for_sender(problem: &Problem) -> String {
    let (stored, total) = (problem.stored_bytes.unwrap_or_default(), problem.total_bytes.unwrap_or_default());
    fl!("client-waiting-for-sender", percent = percent(stored, total).to_string())
}

/// What the system or TLS said; names in a certificate are the other side's.
enum Cause {
    Certificate(String),
    Other(String),
}

/// The layers above the cause only repeat that a request failed.
fn root_cause(error: &reqwest::Error) -> Cause {
    let mut cause: &dyn StdError = error;
    loop {
        // An error of the system that only wraps another does not name it as its source.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(why @ rustls::Error::InvalidCertificate(_)) = wrapped.and_then(|inner| inner.downcast_ref()) {
            return Cause::Certificate(quoted(&why.to_string()));
        }
        match cause.source() {
            Some(source) => cause = source,
            None => return Cause::Other(quoted(&cause.to_string())),
        }
    }
}

impl ClientError {
    /// What the relay said, if it was the relay.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem { problem, .. } => Some(problem.code),
            _ => None,
        }
    }

    /// Whether the same call may work a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Stalled => true,
            Self::Status { status, .. } => status_is_passing(*status),
            Self::Problem { problem, .. } => problem_is_passing(problem),
            Self::Untrusted(_) | Self::Redirected | Self::BadAnswer(_) | Self::ContentChanged | Self::NotTheContent => {
                false
            }
        }
    }

    /// The status of an error answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem { problem, .. } => Some(problem.status),
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long whoever answered asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem { retry_after, .. } | Self::Status { retry_after, .. } => {
                retry_after.map(Duration::from_secs)
            }
            _ => None,
        }
    }
}

fn problem_is_passing(problem: &Problem) -> bool {
    match problem.code {
        // Of what is still being uploaded with a known size, there will be more.
        Code::NotReady => problem.total_bytes.is_some(),
        Code::Timeout | Code::TooBusy | Code::Internal | Code::StorageFull => true,
        Code::Unknown => status_is_passing(problem.status),
        Code::BadRequest
        | Code::NoSuchPath
        | Code::MethodNotAllowed
        | Code::TokenRequired
        | Code::NotManager
        | Code::TicketInvalid
        | Code::NotFound
        | Code::DamagedId
        | Code::WrongProof
        | Code::Locked
        | Code::Collected
        | Code::Revoked
        | Code::Expired
        | Code::DownloadsTaken
        | Code::Conflict
        | Code::PartsMissing
        | Code::TooLarge
        | Code::ExpiryTooLong
        | Code::WrongLength
        | Code::RangeNotSatisfiable
        | Code::ContentDamaged => false,
    }
}

fn status_is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 507)
}
