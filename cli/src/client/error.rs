//! Why a call failed, in words, and whether it may work a little later.

use std::{error::Error as StdError, fmt, io, sync::Arc, time::Duration};

use share_relay_api::{Code, Problem};

use super::Proxy;
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
    /// The other side cannot have a secure connection with us, for this reason.
    NoTls(String),
    /// The proxy wants a name and a password, or others than it was given.
    ProxyPassword,
    /// This environment variable is to name a proxy, and does not.
    BadProxy(&'static str),
    /// This happened on the way through a proxy.
    ThroughProxy {
        /// The proxy.
        proxy: Arc<Proxy>,
        /// What happened.
        error: Box<ClientError>,
    },
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
    /// An answer of something else on the way, such as the login page of a network, though the relay answered before.
    Intercepted,
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
            Self::NoTls(why) => fl!("client-no-tls", why = why.as_str()),
            Self::ProxyPassword => fl!("client-proxy-password"),
            &Self::BadProxy(variable) => fl!("client-bad-proxy", variable = variable),
            Self::ThroughProxy { proxy, error } => {
                fl!("client-through-proxy", what = error.to_string(), proxy = proxy.to_string())
            }
            Self::Problem { problem, .. } => match problem.code {
                Code::NotReady => waiting_for_sender(problem),
                Code::StorageMissing => fl!("relay-storage-missing"),
                Code::StorageFailing => fl!("relay-storage-failing"),
                code => fl!("client-problem", code = code.as_str()),
            },
            Self::Status { status: 413, .. } => fl!("client-status-too-large"),
            Self::Status { status, .. } => fl!("client-status", status = status.to_string()),
            Self::Redirected => fl!("client-redirected"),
            Self::Intercepted => fl!("client-intercepted"),
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
            Self::ThroughProxy { error, .. } => error.source(),
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
            Cause::Tls(why) if error.is_connect() => Self::NoTls(why),
            Cause::ProxyPassword => Self::ProxyPassword,
            Cause::Tls(why) | Cause::Other(why) => Self::Unreachable(why.into()),
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
