//! What can go wrong with a call: refusals by the rules, which are told, and failures of the relay, which are logged.

use share_relay_api::{Code, Problem};

use crate::{
    admission::tokens::TokenError,
    domain::Refusal,
    line,
    storage::{StoreError, disk},
};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Plain(code) => Self::new(code),
            Refusal::Gone { ending, at } => Self { at: Some(at), ..Self::new(ending.into()) },
            Refusal::WrongProof { tries_left, locked_until } => {
                Self { tries_left: Some(tries_left), locked_until, ..Self::new(Code::WrongProof) }
            }
            Refusal::Locked { until } => Self { locked_until: Some(until), ..Self::new(Code::Locked) },
            Refusal::NotReady { stored, total } => {
                Self { stored_bytes: Some(stored), total_bytes: total, ..Self::new(Code::NotReady) }
            }
            Refusal::TooLarge { limit } => Self { total_bytes: Some(limit), ..Self::new(Code::TooLarge) },
            Refusal::ExpiryTooLong { limit } => Self { expiry_seconds: Some(limit), ..Self::new(Code::ExpiryTooLong) },
        }
    }
}

/// What a call gives, or why it failed.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules refuse it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The store failed; the caller learns only in which way.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The list of sender tokens cannot be read.
    #[error("nobody can be admitted")]
    Tokens(#[from] TokenError),
    /// A part of the relay panicked.
    #[error("a task of the relay failed")]
    Task(#[from] tokio::task::JoinError),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl Error {
    /// What the caller is told; causes stay here.
    pub fn problem(&self) -> Problem {
        Problem::new(match self {
            Self::Refused(refusal) => return (*refusal).into(),
            Self::Store(error) => error.code(),
            Self::Tokens(TokenError::Away | TokenError::Gone(_)) => Code::StorageMissing,
            Self::Tokens(TokenError::Io(_, error)) if disk::is_too_many_open(error) => Code::TooBusy,
            Self::Task(_) | Self::Tokens(TokenError::Task(_)) => Code::Internal,
            Self::Tokens(_) => Code::StorageFailing,
        })
    }

    /// Whether the operator has to look at it. What the rules refuse is no failure, and neither is a store that is busy.
    /// That its folder is not there is told once, when that begins.
    pub fn is_failure(&self) -> bool {
        !matches!(
            self,
            Self::Refused(_) | Self::Store(StoreError::Busy | StoreError::Away) | Self::Tokens(TokenError::Away)
        )
    }

    /// Tells the operator of what failed while no caller waited for it.
    pub fn log(&self, share: &str, doing: &'static str) {
        let error = line::of_error(self);
        if self.is_failure() {
            tracing::error!(share, error, doing, "failed");
        } else {
            tracing::warn!(share, error, doing, "not now");
        }
    }
}

impl StoreError {
    fn code(&self) -> Code {
        match self {
            Self::Busy => Code::TooBusy,
            Self::Full => Code::StorageFull,
            Self::Away => Code::StorageMissing,
            Self::Missing | Self::Io(_) | Self::Uncertain(_) => Code::StorageFailing,
            Self::Damaged(_) => Code::RecordDamaged,
            Self::Length => Code::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_never_told() {
        let error = Error::from(StoreError::Io(std::io::Error::other("/secret/path")));
        let told = serde_json::to_string(&error.problem()).unwrap();
        assert!(!told.contains("secret"), "{told}");
        assert_eq!(error.problem().code, Code::StorageFailing);
        assert_eq!(Error::from(StoreError::Full).problem().status, 507);
    }

    #[test]
    fn what_passes_by_itself_is_no_failure() {
        let (busy, away) = (Error::from(StoreError::Busy), Error::from(StoreError::Away));
        assert_eq!((busy.problem().status, away.problem().status), (503, 503));
        assert!(!busy.is_failure() && !away.is_failure() && !Error::from(Code::NotFound).is_failure());
        assert!(Error::from(StoreError::Full).is_failure());
    }

    #[test]
    fn the_last_wrong_proof_tells_of_the_lock() {
        let problem = Problem::from(Refusal::WrongProof { tries_left: 0, locked_until: Some(9) });
        assert_eq!((problem.code, problem.tries_left, problem.locked_until), (Code::WrongProof, Some(0), Some(9)));
    }
}
