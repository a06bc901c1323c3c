//! What is said of failed calls: those that never reached a relay, and what a relay said.

use std::{ops::RangeInclusive, time::Duration};

use share_client::api::{ClientError, Proxy};
use share_format::{LinkError, quote::quoted};
use share_relay_api::{Code, Problem};

use super::{percent, size};
use crate::{
    error::{Error, Kind},
    i18n::fl,
    time,
};

/// Why a call failed.
pub fn call(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable(_) => fl!("client-unreachable"),
        ClientError::Stalled => fl!("client-stalled"),
        ClientError::Untrusted(why) => fl!("client-untrusted", why = why.as_str()),
        ClientError::NoTls(why) => fl!("client-no-tls", why = why.as_str()),
        ClientError::ProxyPassword => fl!("client-proxy-password"),
        &ClientError::BadProxy(variable) => fl!("client-bad-proxy", variable = variable),
        ClientError::ThroughProxy { proxy, error } => {
            fl!("client-through-proxy", what = call(error), proxy = self::proxy(proxy))
        }
        ClientError::Problem { problem, .. } => match problem.code {
            Code::NotReady => {
                let there = percent(problem.stored_bytes.unwrap_or_default(), problem.total_bytes.unwrap_or_default());
                fl!("client-waiting-for-sender", percent = there.to_string())
            }
            Code::StorageMissing => fl!("relay-storage-missing"),
            Code::StorageFailing => fl!("relay-storage-failing"),
            code => fl!("client-problem", code = code.as_str()),
        },
        ClientError::Status { status: 413, .. } => fl!("client-status-too-large"),
        ClientError::Status { status, .. } => fl!("client-status", status = status.to_string()),
        ClientError::Redirected => fl!("client-redirected"),
        ClientError::Intercepted => fl!("client-intercepted"),
        &ClientError::BadAnswer(what) => fl!("client-bad-answer", what = what),
        ClientError::ContentChanged => fl!("client-content-changed"),
        ClientError::NotTheContent => fl!("transfer-not-the-content"),
    }
}

/// Why a monitoring service could not be told of a job. Never its address, which is a secret.
pub fn ping(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable(why) => fl!("ping-unreachable", why = quoted(&why.to_string())),
        ClientError::Stalled => fl!("ping-stalled"),
        ClientError::Untrusted(why) => fl!("ping-untrusted", why = why.as_str()),
        ClientError::Status { status, .. } => fl!("ping-status", status = status.to_string()),
        ClientError::ThroughProxy { proxy, error } => {
            fl!("client-through-proxy", what = ping(error), proxy = self::proxy(proxy))
        }
        other => call(other),
    }
}

/// The address of a proxy, and where it comes from.
fn proxy(proxy: &Proxy) -> String {
    let address = quoted(proxy.address());
    match proxy.variable() {
        Some(variable) => fl!("proxy-of-variable", address = address, variable = variable),
        None => fl!("proxy-of-system", address = address),
    }
}

/// Waits asked for by whoever answered that are worth telling: shorter ones are over by then, longer ones mean nothing.
const WAITS_TOLD: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(7 * 24 * 3600);

/// A failed call.
pub(super) fn error(error: ClientError) -> Error {
    let later = error.retry_after().filter(|wait| error.is_passing() && WAITS_TOLD.contains(wait));
    let kind = error.kind();
    let (code, hint) = match &error {
        ClientError::Unreachable(_) | ClientError::Stalled => ("unreachable", fl!("client-unreachable-hint")),
        ClientError::Status { status: 413, .. } => ("too_large", fl!("client-status-too-large-hint")),
        ClientError::Status { .. } if error.is_passing() => ("unreachable", fl!("client-unreachable-hint")),
        ClientError::Untrusted(_) => ("untrusted", fl!("client-untrusted-hint")),
        ClientError::NoTls(_) => ("no_tls", fl!("client-no-tls-hint")),
        ClientError::ProxyPassword => ("proxy_password", fl!("client-proxy-password-hint")),
        ClientError::BadProxy(_) => ("proxy", fl!("client-bad-proxy-hint")),
        ClientError::ContentChanged => ("content_changed", fl!("corrupt-hint")),
        ClientError::NotTheContent => ("corrupt", fl!("corrupt-hint")),
        _ => ("bad_answer", fl!("client-bad-answer-hint")),
    };
    let told = match error {
        ClientError::Problem { problem, .. } => self::problem(kind, *problem),
        ClientError::ThroughProxy { proxy, error } => through(self::error(*error), &proxy),
        error => Error::new(kind, code, call(&error)).hint(hint).because(error),
    };
    match later {
        Some(wait) => told.hint(fl!("client-later-hint", wait = time::lifetime_text(wait.as_secs()))),
        None => told,
    }
}

/// What the relay said.
fn problem(kind: Kind, problem: Problem) -> Error {
    let at = time::local(problem.at.unwrap_or_default());
    let until = time::local(problem.locked_until.unwrap_or_default());
    let told = |message| Error::new(kind, problem.code.as_str(), message);
    match problem.code {
        Code::WrongProof if problem.locked_until.is_some() => locked(fl!("share-words-wrong-locked", until = until)),
        Code::WrongProof => match problem.tries_left {
            Some(left) => told(fl!("share-words-wrong", left = left)),
            None => told(fl!("envelope-wrong-words")),
        }
        .hint(fl!("words-hint")),
        Code::Locked => locked(fl!("share-locked", until = until)),
        Code::NotFound => told(fl!("share-unknown")).hint(fl!("share-unknown-hint")),
        Code::Expired => told(fl!("share-expired", at = at)).hint(fl!("share-gone-hint")),
        Code::Revoked => told(fl!("share-revoked", at = at)).hint(fl!("share-gone-hint")),
        Code::Collected => told(fl!("share-collected", at = at)).hint(fl!("share-gone-hint")),
        Code::DownloadsTaken => told(fl!("share-downloads-taken")).hint(fl!("share-downloads-taken-hint")),
        Code::TicketInvalid => told(fl!("share-ticket-ended")).hint(fl!("share-ticket-ended-hint")),
        Code::NotReady => not_ready(problem.stored_bytes.unwrap_or_default(), problem.total_bytes),
        Code::DamagedId => LinkError::Damaged.into(),
        Code::TokenRequired => told(fl!("relay-needs-token")).hint(fl!("relay-needs-token-hint")),
        Code::TooLarge => {
            let limit = size(problem.total_bytes.unwrap_or_default());
            told(fl!("relay-too-large", limit = limit)).hint(fl!("relay-too-large-hint"))
        }
        Code::ExpiryTooLong => {
            let limit = time::lifetime_text(problem.expiry_seconds.unwrap_or_default());
            told(fl!("relay-expiry-too-long")).hint(fl!("relay-expiry-too-long-hint", limit = limit))
        }
        Code::ContentDamaged => told(fl!("relay-content-damaged")).hint(fl!("relay-content-damaged-hint")),
        Code::StorageFull => told(fl!("relay-storage-full")).hint(fl!("relay-storage-full-hint")),
        Code::PartsMissing => told(fl!("relay-lost-parts")).hint(fl!("relay-lost-parts-hint")),
        Code::NotManager => told(fl!("relay-not-manager")),
        Code::TooBusy | Code::Timeout => told(fl!("relay-busy")).hint(fl!("client-unreachable-hint")),
        Code::Internal => told(fl!("relay-failed")).hint(fl!("relay-failed-hint")),
        Code::StorageMissing => told(fl!("relay-storage-missing")).hint(fl!("relay-storage-hint")),
        Code::StorageFailing => told(fl!("relay-storage-failing")).hint(fl!("relay-storage-hint")),
        Code::RecordDamaged => told(fl!("relay-record-damaged")).hint(fl!("relay-record-damaged-hint")),
        Code::Conflict => told(fl!("relay-conflict")).hint(fl!("relay-conflict-hint")),
        // To what we ask, only what is no relay of this protocol says these.
        Code::BadRequest
        | Code::NoSuchPath
        | Code::MethodNotAllowed
        | Code::WrongLength
        | Code::RangeNotSatisfiable
        | Code::Unknown => told(fl!("client-problem", code = problem.code.as_str())).hint(fl!("client-problem-hint")),
    }
}

/// Adds which proxy the connection went through.
fn through(error: Error, proxy: &Proxy) -> Error {
    let hint = (error.code() == "unreachable").then(|| fl!("client-through-proxy-hint"));
    let error = error.reworded(|what| fl!("client-through-proxy", what = what, proxy = self::proxy(proxy)));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// The sender's upload has not finished.
pub fn not_ready(stored: u64, total: Option<u64>) -> Error {
    let message = match total.filter(|total| *total > 0) {
        Some(total) => fl!("share-not-ready-percent", percent = percent(stored, total).to_string()),
        None => fl!("share-not-ready"),
    };
    Error::new(Kind::NotReady, "not_ready", message).hint(fl!("share-not-ready-hint"))
}

/// Locked after too many wrong words; `message` tells until when.
pub fn locked(message: String) -> Error {
    Error::new(Kind::Locked, Code::Locked.as_str(), message).hint(fl!("share-locked-hint"))
}

/// What is said of a failed call to whoever sent the share: there is nobody else to ask for it.
pub(super) fn sender_error(error: ClientError) -> Error {
    let ClientError::Problem { problem, .. } = &error else { return self::error(error) };
    let at = time::local(problem.at.unwrap_or_default());
    let gone = |message| Error::new(Kind::Gone, problem.code.as_str(), message);
    match problem.code {
        Code::NotFound => gone(fl!("sent-unknown")).hint(fl!("sent-unknown-hint")),
        Code::Expired => gone(fl!("sent-expired", at = at)),
        Code::Revoked => gone(fl!("sent-revoked", at = at)),
        Code::Collected => gone(fl!("sent-collected", at = at)),
        _ => self::error(error),
    }
}
