//! Why a call failed, and whether it may work a little later.

use std::{error::Error as StdError, io, sync::Arc, time::Duration};

use share_format::quote::quoted;
use share_relay_api::{Code, Problem};

use super::proxy::Proxy;
use crate::error_kind::ErrorKind;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error("the relay cannot be reached")]
    Unreachable(#[source] Box<dyn StdError + Send + Sync>),
    /// Nothing moved for too long.
    #[error("the relay does not answer")]
    Stalled,
    /// The other side's certificate is not accepted, for this reason.
    #[error("the certificate is not accepted: {0}")]
    Untrusted(String),
    /// The other side cannot have a secure connection with us, for this reason.
    #[error("no secure connection: {0}")]
    NoTls(String),
    /// The proxy wants a name and a password, or others than it was given.
    #[error("the proxy wants a name and a password")]
    ProxyPassword,
    /// This environment variable is to name a proxy, and does not.
    #[error("{0} names no proxy")]
    BadProxy(&'static str),
    /// This happened on the way through a proxy.
    #[error("through the proxy {}: {error}", proxy.address())]
    ThroughProxy {
        /// The proxy.
        proxy: Arc<Proxy>,
        /// What happened. Its own cause is this one's.
        error: Box<ClientError>,
    },
    /// The relay answered with an error of its own.
    #[error("the relay answered {}", problem.code.as_str())]
    Problem {
        /// What it said.
        problem: Box<Problem>,
        /// Seconds it asks to wait (`Retry-After`).
        retry_after: Option<u64>,
    },
    /// An error answer that is not the relay's: of a proxy, say.
    #[error("answered with status {status}")]
    Status {
        /// Its number.
        status: u16,
        /// Seconds it asks to wait (`Retry-After`).
        retry_after: Option<u64>,
    },
    /// An answer that sends elsewhere.
    #[error("the answer sends elsewhere")]
    Redirected,
    /// An answer of something else on the way, such as the login page of a network, though the relay answered before.
    #[error("something on the way answered in the relay's place")]
    Intercepted,
    /// An answer that breaks the protocol.
    #[error("an answer breaks the protocol: {0}")]
    BadAnswer(&'static str),
    /// The content is not the one this download began with.
    #[error("the content has changed during the download")]
    ContentChanged,
    /// The content is not the one that the manifest describes.
    #[error("the content is not what the manifest describes")]
    NotTheContent,
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::Stalled;
        }
        match root_cause(&error) {
            Cause::Certificate(why) => Self::Untrusted(why),
            Cause::Tls(why) if error.is_connect() => Self::NoTls(why),
            Cause::ProxyPassword => Self::ProxyPassword,
            Cause::Tls(why) | Cause::Other(why) => Self::Unreachable(why.into()),
        }
    }
}

/// What the system or TLS said; names in a certificate are the other side's.
enum Cause {
    Certificate(String),
    Tls(String),
    ProxyPassword,
    Other(String),
}

/// What hyper-util's error says of a proxy's answer 407; its type is not public.
const PROXY_PASSWORD: &str = "tunnel error: proxy authorization required";

/// The layers above the cause only repeat that a request failed.
fn root_cause(error: &reqwest::Error) -> Cause {
    let mut cause: &dyn StdError = error;
    loop {
        let text = cause.to_string();
        match cause.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(_)) => return Cause::Certificate(quoted(&text)),
            Some(error) if is_lasting(error) => return Cause::Tls(quoted(&text)),
            _ if text == PROXY_PASSWORD => return Cause::ProxyPassword,
            _ => {}
        }
        // An error of the system that only wraps another does not name it as its source.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref).map(|inner| inner as _);
        match wrapped.or_else(|| cause.source()) {
            Some(source) => cause = source,
            None => return Cause::Other(quoted(&text)),
        }
    }
}

/// Whether a handshake fails like this each time: the other side speaks no TLS, or none that we speak.
fn is_lasting(error: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error, InvalidMessage};
    matches!(
        error,
        Error::InvalidMessage(InvalidMessage::InvalidContentType)
            | Error::PeerIncompatible(_)
            | Error::AlertReceived(Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::UnrecognisedName)
    )
}

impl ClientError {
    /// What happened, wherever it happened.
    pub fn inner(&self) -> &Self {
        match self {
            Self::ThroughProxy { error, .. } => error.inner(),
            other => other,
        }
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Problem { problem, .. } => of_problem(problem),
            Self::Status { status: 413, .. } => ErrorKind::Refused,
            Self::ContentChanged | Self::NotTheContent => ErrorKind::Corrupt,
            Self::BadProxy(_) => ErrorKind::Usage,
            Self::ThroughProxy { error, .. } => error.kind(),
            _ => ErrorKind::Unreachable,
        }
    }

    /// What the relay said, if it was the relay.
    pub fn code(&self) -> Option<Code> {
        match self.inner() {
            Self::Problem { problem, .. } => Some(problem.code),
            _ => None,
        }
    }

    /// Whether the same call may work a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Stalled | Self::Intercepted => true,
            Self::Status { status, .. } => status_is_passing(*status),
            Self::Problem { problem, .. } => problem_is_passing(problem),
            Self::ThroughProxy { error, .. } => error.is_passing(),
            Self::Untrusted(_)
            | Self::NoTls(_)
            | Self::ProxyPassword
            | Self::BadProxy(_)
            | Self::Redirected
            | Self::BadAnswer(_)
            | Self::ContentChanged
            | Self::NotTheContent => false,
        }
    }

    /// The status of an error answer.
    pub fn status(&self) -> Option<u16> {
        match self.inner() {
            Self::Problem { problem, .. } => Some(problem.status),
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long whoever answered asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.inner() {
            Self::Problem { retry_after, .. } | Self::Status { retry_after, .. } => {
                retry_after.map(Duration::from_secs)
            }
            _ => None,
        }
    }
}

fn of_problem(problem: &Problem) -> ErrorKind {
    match problem.code {
        Code::WrongProof if problem.locked_until.is_some() => ErrorKind::Locked,
        Code::WrongProof => ErrorKind::WordsWrong,
        Code::Locked => ErrorKind::Locked,
        Code::NotFound | Code::Expired | Code::Revoked | Code::Collected => ErrorKind::Gone,
        Code::DownloadsTaken | Code::TicketInvalid => ErrorKind::Gone,
        Code::NotReady => ErrorKind::NotReady,
        Code::DamagedId => ErrorKind::LinkDamaged,
        Code::TokenRequired | Code::TooLarge | Code::ExpiryTooLong | Code::StorageFull | Code::NotManager => {
            ErrorKind::Refused
        }
        Code::ContentDamaged | Code::PartsMissing | Code::RecordDamaged | Code::Conflict => ErrorKind::Corrupt,
        Code::TooBusy
        | Code::Timeout
        | Code::Internal
        | Code::StorageMissing
        | Code::StorageFailing
        | Code::BadRequest
        | Code::NoSuchPath
        | Code::MethodNotAllowed
        | Code::WrongLength
        | Code::RangeNotSatisfiable
        | Code::Unknown => ErrorKind::Unreachable,
    }
}

fn problem_is_passing(problem: &Problem) -> bool {
    match problem.code {
        // Of what is still being uploaded with a known size, there will be more.
        Code::NotReady => problem.total_bytes.is_some(),
        Code::Timeout | Code::TooBusy | Code::Internal => true,
        Code::StorageFull | Code::StorageMissing | Code::StorageFailing => true,
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
        | Code::RecordDamaged
        | Code::ContentDamaged => false,
    }
}

/// Statuses of gateways besides those of RFC 9110 and RFC 6585: Cloudflare's 520 to 524 when it did not reach the server
/// for a moment, and 529 of a busy service.
fn status_is_passing(status: u16) -> bool {
    matches!(status, 408 | 421 | 425 | 429 | 500 | 502..=504 | 507 | 511 | 520..=524 | 529)
}
