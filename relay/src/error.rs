//! What can go wrong with a call: refusals by the rules, which are told, and failures of the relay, which are logged.

use share_relay_api::{Code, Problem, State};

use crate::{auth::TokenError, store::StoreError};

/// How a share ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// The last allowed download was received.
    Collected,
    /// The sender took it back.
    Revoked,
    /// Its time was over, or its upload was never finished.
    Expired,
}

impl From<Ending> for State {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Collected => Self::Collected,
            Ending::Revoked => Self::Revoked,
            Ending::Expired => Self::Expired,
        }
    }
}

impl From<Ending> for Code {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Collected => Self::Collected,
            Ending::Revoked => Self::Revoked,
            Ending::Expired => Self::Expired,
        }
    }
}

/// Why the rules refuse a call. All of it is told to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A code that needs no further word.
    Plain(Code),
    /// The share has ended.
    Gone {
        /// How.
        ending: Ending,
        /// When.
        at: u64,
    },
    /// The proof is wrong.
    WrongProof {
        /// Wrong proofs that may still be made; 0 locks the share.
        tries_left: u32,
        /// Until when the share is locked, if this was the last try.
        locked_until: Option<u64>,
    },
    /// The share is locked.
    Locked {
        /// Until when.
        until: u64,
    },
    /// The upload has not come far enough.
    NotReady {
        /// Bytes of payload held.
        stored: u64,
        /// Bytes of payload in all, where known.
        total: Option<u64>,
    },
    /// Larger than allowed.
    TooLarge {
        /// What is allowed.
        limit: u64,
    },
    /// For longer than allowed.
    ExpiryTooLong {
        /// How many seconds are allowed.
        limit: u64,
    },
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Plain(code)
    }
}

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

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules refuse it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The store failed; the caller learns only whether it is full or busy.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The list of sender tokens cannot be read.
    #[error("nobody can be admitted")]
    Tokens(#[source] TokenError),
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
        match self {
            Self::Refused(refusal) => (*refusal).into(),
            Self::Store(StoreError::Busy) => Problem::new(Code::TooBusy),
            Self::Store(StoreError::Full) => Problem::new(Code::StorageFull),
            Self::Store(_) | Self::Tokens(_) | Self::Task(_) => Problem::new(Code::Internal),
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
        assert_eq!(error.problem().code, Code::Internal);
        assert_eq!(Error::from(StoreError::Full).problem().status, 507);
    }

    #[test]
    fn the_last_wrong_proof_tells_of_the_lock() {
        let problem = Problem::from(Refusal::WrongProof { tries_left: 0, locked_until: Some(9) });
        assert_eq!((problem.code, problem.tries_left, problem.locked_until), (Code::WrongProof, Some(0), Some(9)));
    }
}
